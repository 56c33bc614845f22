"""The page of calls to make: who, why, by when, in which language, and a button for each thing that can come of it."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.care.models import Episode
from monitor.checkins.call_models import Call, CallOutcome
from monitor.checkins.models import CancelReason
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag, FlagEvent, FlagEventKind
from monitor.messaging.models import Message, MessageState
from monitor.people.models import Channel, Patient, Role, StaffMember
from monitor.people.needs import Needs, state_needs
from monitor.people.needs_models import TimeOfDay
from tests.builders import NOW, InCare, a_check_in, a_staff_member, a_text
from tests.flags.calls import DAY, HOUR, Ringing
from tests.staff_browser import Browser, StaffApp, words

PATH = "/calls"


class Desk(Ringing):
    """The North team at their screens."""

    def __init__(self, sessions: Sessions, settings: Settings) -> None:
        super().__init__(sessions)
        self.app = StaffApp(settings, sessions)
        self.maren_s = self.app.browser("maren@example.org")

    def cora_s(self) -> Browser:
        return self.app.browser("cora@example.org")

    def send(self, care: InCare, browser: Browser | None = None, **fields: Any) -> Any:
        return (browser or self.maren_s).post(f"/patients/{care.patient.id}/calls", **fields)

    def row(self, **query: str) -> str:
        """What the list says below its head."""
        return self.maren_s.text(PATH, **query).partition("Calls so far Owner Call ")[2]


@pytest.fixture
def desk(sqlite_sessions: Sessions, settings: Settings) -> Desk:
    return Desk(sqlite_sessions, settings)


def test_nobody_to_ring_says_who_would_stand_here(desk: Desk) -> None:
    desk.patient()

    assert "Nobody to call now." in desk.maren_s.text(PATH)


def test_a_row_says_all_that_whoever_rings_has_to_know(desk: Desk) -> None:
    care = desk.patient(language="ar", zone="Europe/Berlin")
    desk.flag(care, FlagKind.MISSED_CHECK_INS, opened_at=NOW - DAY, due_at=NOW + 2 * DAY)
    desk.flag(care, FlagKind.SAFETY)
    needs = Needs(TimeOfDay.EVENING, interpreter=True, words="Her son may pick up.")
    desk.do(care, lambda session, patient: state_needs(session, patient, needs, by=desk.maren.id, now=NOW))
    desk.do(care, lambda session, patient: setattr(patient, "access_needs", "Hard of hearing."))
    desk.rings(care, CallOutcome.COULD_NOT_REACH, NOW - HOUR, words="Rang out.")

    said = desk.row()

    assert said.startswith("Noor Arabic · Interpreter for Arabic 11:00 there now Best time to call: In the evening")
    assert "Her son may pick up. Hard of hearing." in said
    assert "Check-ins not answered Safety answer tomorrow" in said
    assert "Another day, another time of day" in said
    assert "today 9:00 Could not reach them, Cora Bell . Rang out." in said
    assert "Maren Okafor North team Call +44 7700 900001" in said
    assert 'href="tel:+447700900001"' in desk.maren_s.get(PATH).text


def test_after_three_calls_it_names_whom_to_decide_with_and_what_can_be_done(desk: Desk) -> None:
    care = desk.patient()
    desk.flag(care, FlagKind.MISSED_CHECK_INS, opened_at=NOW - 5 * DAY)
    for day in (3, 2, 1):
        desk.rings(care, CallOutcome.COULD_NOT_REACH, NOW - day * DAY)

    said = desk.row()

    assert "Decide with Maren Okafor: a letter, a visit, the emergency contact, or go on trying." in said


def test_the_list_can_be_ones_own_and_of_one_language(desk: Desk) -> None:
    desk.flag(desk.patient("Noor"), FlagKind.MISSED_CHECK_INS)
    desk.flag(desk.patient("Mateo", language="es"), FlagKind.UNREACHABLE, owner_id=desk.cora.id)

    assert "Team 2 Mine 1" in desk.maren_s.text(PATH)
    assert "Mateo" not in desk.row(view="mine")
    assert "Noor" not in desk.row(spoken="es")
    assert "Every language English 1 Spanish 1" in desk.maren_s.text(PATH)
    assert "Noor" in desk.row(spoken="xx")


def test_what_came_of_a_call_is_recorded_from_its_own_page(desk: Desk) -> None:
    care = desk.patient()
    flag_id = desk.flag(care, FlagKind.MISSED_CHECK_INS)

    page = desk.maren_s.text(PATH, patient=str(care.patient.id))
    assert "Record a call Noor North team" in page
    sent = desk.send(care, outcome="reached", words="He lost his phone.", view="mine")

    assert (sent.status_code, sent.location) == (303, "/calls?view=mine")
    with desk.sessions() as session:
        assert session.get_one(Flag, flag_id).reason == "He lost his phone."
    assert [call.words for call in all_calls(desk)] == ["He lost his phone."]
    assert [entry.subject_id for entry in desk.app.audit("call reached")] == [care.episode.id]


def all_calls(desk: Desk) -> list[Call]:
    with desk.sessions() as session:
        found = session.scalars(sa.select(Call).order_by(Call.at)).all()
        for call in found:
            assert call.words is None or call.patient
        return list(found)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Choose what came of the call."),
        ({"outcome": "died"}, "Choose what came of the call."),
        ({"outcome": "reached"}, "Write what you talked about"),
        ({"outcome": "call_later"}, "Write the day and the time to call again"),
        ({"outcome": "call_later", "on": "2026-11-24", "at": "09:00"}, "Write the day and the time to call again"),
        ({"outcome": "call_later", "on": "2027-11-24", "at": "09:00"}, "Write the day and the time to call again"),
        ({"outcome": "call_later", "on": "2026-11-25", "at": "soon"}, "Write a time of day as 09:30."),
        ({"outcome": "reached", "words": "x" * 2001}, "At most 2000 characters"),
    ],
)
def test_what_is_missing_is_said_beside_its_field_and_nothing_is_recorded(
    desk: Desk, fields: dict[str, str], said: str
) -> None:
    care = desk.patient()
    desk.flag(care, FlagKind.MISSED_CHECK_INS)
    before = desk.app.rows()

    page = desk.send(care, **fields)

    assert page.status_code == 422
    assert said in words(page)
    assert desk.app.rows() == before


def test_what_was_typed_is_not_lost(desk: Desk) -> None:
    page = desk.send(desk.patient(), outcome="call_later", words="In the car.", on="2026-11-24", at="08:15")

    assert "In the car." in page.text
    assert 'value="2026-11-24"' in page.text
    assert 'value="08:15"' in page.text


def test_whoever_asks_to_be_rung_later_is_promised_a_time_on_the_teams_clock(desk: Desk) -> None:
    care = desk.patient()
    desk.flag(care, FlagKind.MISSED_CHECK_INS, opened_at=NOW - DAY)

    assert desk.send(care, outcome="call_later", on="2026-11-26", at="15:30").status_code == 303

    assert "Thu 26 Nov 15:30 Promised" in desk.row()


def test_two_who_ring_at_once_learn_of_each_other_before_the_second_records(desk: Desk) -> None:
    care = desk.patient()
    desk.flag(care, FlagKind.MISSED_CHECK_INS)
    read_to = (NOW - timedelta(minutes=2)).isoformat()
    cora = desk.cora_s()
    desk.send(care, cora, outcome="could_not_reach", read_to=read_to)
    desk.app.wait(minutes=1)

    page = desk.send(care, outcome="could_not_reach", words="No answer.", read_to=read_to)

    assert page.status_code == 409
    assert "today 10:00: Could not reach them, Cora Bell" in words(page)
    assert "No answer." in page.text
    assert len(all_calls(desk)) == 1
    fresh = page.text.partition('name="read_to" value="')[2].partition('"')[0]
    assert desk.send(care, outcome="could_not_reach", read_to=fresh).status_code == 303
    assert len(all_calls(desk)) == 2


def test_evidence_that_came_in_takes_back_the_whole_call(desk: Desk) -> None:
    care = desk.patient()
    desk.flag(care, FlagKind.CALL_REQUESTED)
    missed = desk.flag(care, FlagKind.MISSED_CHECK_INS)
    with unit_of_work(desk.sessions) as session:
        patient = session.get_one(Patient, care.patient.id)
        joined = {"at": NOW, "kind": FlagEventKind.EVIDENCE, "rule": "M2", "evidence": []}
        session.add(FlagEvent(flag_id=missed, patient=patient, patient_id=patient.id, **joined))
    before = desk.app.rows()

    page = desk.send(care, outcome="reached", words="We spoke.", read_to=(NOW - HOUR).isoformat())

    assert page.status_code == 422
    assert "Something new came in while this page was open." in words(page)
    assert desk.app.rows() == before


def test_whoever_agrees_gets_a_link_or_is_asked_at_once(desk: Desk) -> None:
    texted, rung = desk.patient("Noor"), desk.patient("Mateo", by=Channel.PHONE)

    assert desk.send(texted, outcome="agreed_to_check_in").location == "/calls"
    assert "A new link is on its way to them." in desk.maren_s.text(PATH)
    assert desk.send(rung, outcome="agreed_to_check_in").location == f"/patients/{rung.patient.id}/answers"
    with desk.sessions() as session:
        assert {each.patient_id for each in session.scalars(sa.select(Message))} == {texted.patient.id}


def test_a_wrong_number_leads_to_where_it_is_corrected(desk: Desk) -> None:
    care = desk.patient()

    sent = desk.send(care, outcome="wrong_number")

    assert sent.location == f"/patients/{care.patient.id}#reach"
    assert "Change the number" in desk.maren_s.text(sent.location.partition("#")[0])


def test_nobody_without_the_right_to_record_records_a_call(desk: Desk) -> None:
    care = desk.patient()
    desk.flag(care, FlagKind.MISSED_CHECK_INS)
    with unit_of_work(desk.sessions) as session:
        a_staff_member(session, desk.team, "manager@example.org", name="Mia Manager", role=Role.MANAGER)
    manager = desk.app.browser("manager@example.org")

    assert "What came of it" not in manager.text(PATH)
    assert "What came of the call" not in manager.text(PATH, patient=str(care.patient.id))
    assert desk.send(care, manager, outcome="could_not_reach").status_code == 404
    assert all_calls(desk) == []


def test_another_teams_patient_is_not_there(desk: Desk) -> None:
    care = desk.patient(here=False)

    assert desk.maren_s.get(PATH, patient=str(care.patient.id)).status_code == 404
    assert desk.send(care, outcome="could_not_reach").status_code == 404


def test_care_that_has_ended_takes_no_call(desk: Desk) -> None:
    care = desk.patient()
    with unit_of_work(desk.sessions) as session:
        session.execute(
            sa.update(Episode).values(closed_at=NOW, close_reason="moved", accountable_id=None, next_review_at=None)
        )

    page = desk.send(care, outcome="could_not_reach")

    assert page.status_code == 422
    assert "Care has ended, so no call is recorded any more." in words(page)


def test_check_ins_by_phone_that_nobody_rang_about_are_told_for_four_weeks(desk: Desk) -> None:
    def ended(session: Session, care: InCare, days: int) -> Any:
        at = NOW - timedelta(days=days)
        return a_check_in(session, care, due_at=at - 7 * DAY, cancelled_at=at, cancel_reason=CancelReason.NOT_SENT)

    rung, texted = desk.patient(by=Channel.PHONE), desk.patient("Mateo")
    with unit_of_work(desk.sessions) as session:
        ended(session, rung, 2)
        ended(session, rung, 29)
        unsent = ended(session, texted, 3)
        session.add(a_text(texted.patient.id, NOW - 10 * DAY, MessageState.QUEUED, check_in_id=unsent.id))
        tried = ended(session, rung, 4)
        member, patient = session.get_one(StaffMember, desk.maren.id), session.get_one(Patient, rung.patient.id)
        call = {"episode_id": rung.episode.id, "at": NOW - 5 * DAY, "outcome": CallOutcome.WRONG_NUMBER}
        session.add(
            Call(patient=patient, patient_id=patient.id, staff_member_id=member.id, check_in_id=tried.id, **call)
        )

    assert "1 check-in by phone has closed without a call in the last four weeks." in desk.maren_s.text(PATH)


def test_looking_at_the_list_and_at_one_patient_leaves_a_trail(desk: Desk) -> None:
    care = desk.patient()
    desk.maren_s.get(PATH)
    desk.maren_s.get(PATH, patient=str(care.patient.id))

    assert [entry.subject_id for entry in desk.app.audit("viewed calls")] == [desk.team.id]
    assert [entry.subject_id for entry in desk.app.audit("viewed patient")] == [care.patient.id]
