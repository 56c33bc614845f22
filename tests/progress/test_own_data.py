"""A patient takes along what is theirs: every table is in the file or named as left out, and nobody else's is there."""

import json
from typing import Any

import pytest
import sqlalchemy as sa

from monitor.audit import AuditEntry
from monitor.checkins.models import Answer
from monitor.config import Settings
from monitor.db import Base, Sessions, unit_of_work
from monitor.i18n import LANGUAGES
from monitor.measures import catalogue
from monitor.messaging.models import InboundText
from monitor.people import devices
from monitor.people.life_models import LifeEvent
from monitor.people.models import Patient
from monitor.progress.own_data import OF_AN_EPISODE, OF_THE_PATIENT
from tests.builders import NOW
from tests.integrity.records import Written, a_record
from tests.phones import Phone

PIN = "284915"

ELSEWHERE_IN_THE_FILE = {
    "patients",
    "episodes",
    "check_ins",
    "submissions",
    "answers",
    "scores",
    "sign_answers",
    "relapse_plans",
    "warning_signs",
    "step_assignments",
    "reviews",
    "slot_bookings",
    "care_role_assignments",
    "handoffs",
    "flags",
    "staff_members",
    "care_teams",
}
"""Told in sections of several tables, some of them in part."""
WRITTEN_BY_STAFF = {"caseload_looks", "flag_events", "guardrails", "step_requests", "burst_extensions"}
ONLY_WORKED_OUT = {"measure_states"}
TECHNICAL = {"device_enrolments", "delivery_events", "notices", "attempts", "audit_entries"}
NOT_ABOUT_PATIENTS = {
    "absences",
    "audit_head",
    "calendar_feeds",
    "job_beats",
    "middle_slots",
    "outages",
    "pathway_publications",
    "pathway_versions",
    "refused_calls",
    "safety_cover",
    "spend_counters",
    "staff_sessions",
    "team_memberships",
}


def test_every_table_is_in_the_file_or_left_out_for_a_reason() -> None:
    in_the_file = {each.model.__tablename__ for each in (*OF_THE_PATIENT, *OF_AN_EPISODE)}
    found = [in_the_file, ELSEWHERE_IN_THE_FILE, WRITTEN_BY_STAFF, ONLY_WORKED_OUT, TECHNICAL, NOT_ABOUT_PATIENTS]

    assert set.union(*found) == set(Base.metadata.tables)
    assert sum(map(len, found)) == len(Base.metadata.tables), "each once"


@pytest.fixture
def written(sessions: Sessions, settings: Settings) -> Written:
    """Somebody with a row in every table, and somebody else with one too."""
    with unit_of_work(sessions) as session:
        a_record(session, settings, number="+447700900002", team="South team")
        found = a_record(session, settings)
        patient = session.get_one(Patient, found.care.patient.id)
        event = {"patient_id": patient.id, "patient": patient, "happened_on": NOW.date(), "added_at": NOW}
        session.add(LifeEvent(**event, words="My sister moved in"))
        session.add(
            InboundText(
                provider_id="one",
                patient_id=patient.id,
                patient=patient,
                number_hash=patient.number_hash,
                body="Thank you",
                received_at=NOW,
            )
        )
    return found


def download(sessions: Sessions, settings: Settings, written: Written, lang: str = "en") -> dict[str, Any]:
    phone = Phone(sessions, settings)
    with unit_of_work(sessions) as session:
        patient = session.get_one(Patient, written.care.patient.id)
        token = devices.begin_enrolment(session, patient, None, phone.now).token
    phone.post(f"/set-up/{token}", {"pin": PIN, "again": PIN})
    reply = phone.post(f"/me/settings?lang={LANGUAGES[lang].html}", {"do": "download"})
    assert reply.mimetype == "application/json"
    assert reply.headers["Content-Disposition"] == 'attachment; filename="my-data.json"'
    return json.loads(reply.data)  # type: ignore[no-any-return]


def test_the_file_holds_what_the_patient_said_was_asked_and_was_decided(
    sessions: Sessions, settings: Settings, written: Written
) -> None:
    found = download(sessions, settings, written)

    assert found["you"]["preferred_name"] == written.care.patient.preferred_name
    assert found["you"]["number"] == "+447700900001"
    assert {each["purpose"] for each in found["agreed_to"]} >= {"check_ins", "texts"}
    assert [each["weekday"] for each in found["wishes"]] == [0, 2]
    assert found["needs"][0]["large_text"] is True
    assert found["life_events"][0]["words"] == "My sister moved in"
    assert found["texts_from_us"][0]["purpose"] == "reminder"
    assert found["texts_from_you"][0]["body"] == "Thank you"
    assert found["calls"][0]["outcome"] == "could_not_reach"
    assert found["plans"][0]["signs"][0]["sign"].startswith("I wake before four")
    assert found["plans"][0]["words"]["keeps"] == "Choir on Tuesdays"
    care = found["care"][0]
    assert care["team"] == "North team"
    assert care["reviews"]
    assert care["appointments"]
    assert care["steps"][0]["step"] == "Guided self-help"
    assert all(found[each.name] for each in OF_THE_PATIENT if each.name in ("phones", "came_back", "less_help"))


def test_answers_stand_beside_the_questions_as_they_were_asked(
    sessions: Sessions, settings: Settings, written: Written
) -> None:
    (asked,) = (each for each in download(sessions, settings, written)["check_ins"] if each["sent"])
    (sent,) = asked["sent"]

    assert sent["note"] == "A note."
    assert sent["compared"] is None
    assert [(each["measure"], each["total"], each["highest"]) for each in sent["scores"]] == [
        ("PHQ-9", 12, 27),
        ("GAD-7", 8, 21),
    ]
    item = next(each for each in sent["answers"] if each["measure"] == "PHQ-9")
    wording = catalogue.load("phq9", "en")
    assert item["question"] == f"{wording.stem} {wording.items[0]}"
    assert (item["value"], item["answer"]) == (3, "Nearly every day")
    assert len(sent["answers"]) == 16
    assert sent["early_signs"][0]["noticed"] is True


def test_what_was_begun_and_not_sent_is_theirs_too(sessions: Sessions, settings: Settings, written: Written) -> None:
    with unit_of_work(sessions) as session:
        session.add(
            Answer(
                check_in_id=written.check_in_id,
                instrument="signs",
                item=1,
                value=None,
                declined=True,
                answered_at=NOW,
            )
        )

    (asked,) = (each for each in download(sessions, settings, written)["check_ins"] if each["sent"])

    assert asked["begun_and_not_sent"] == [
        {"measure": "signs", "question": 1, "value": None, "answer": None, "declined": True}
    ]


def test_nothing_of_anybody_else_is_in_it_nor_what_staff_wrote_for_each_other(
    sessions: Sessions, settings: Settings, written: Written
) -> None:
    text = json.dumps(download(sessions, settings, written))

    for private in ("+447700900002", "South team", "Rang.", "No open need.", "http", "@example.org", written.token):
        assert private not in text


def test_the_file_says_what_is_not_in_it_and_how_to_ask(
    sessions: Sessions, settings: Settings, written: Written
) -> None:
    about = download(sessions, settings, written)["about"]

    assert about["made_at"] == "2026-11-24T10:00+00:00"
    assert "Notes that people in your team wrote for each other." in about["what_is_not_here"]
    assert about["how_to_ask"].endswith("+44 1632 960123.")


def test_taking_it_along_is_written_down_and_needs_the_pin(
    sessions: Sessions, settings: Settings, written: Written
) -> None:
    download(sessions, settings, written)

    with unit_of_work(sessions) as session:
        newest = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.sequence.desc())).first()
        assert newest is not None
        assert (newest.action, newest.actor_id) == ("took own data along", written.care.patient.id)
    assert Phone(sessions, settings).post("/me/settings", {"do": "download"}).status_code == 303
