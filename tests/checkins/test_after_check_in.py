"""What a patient reads once a check-in is in: what happens with it, what was promised, and when the next one comes."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import icalendar
import pytest

from monitor.care.models import Episode
from monitor.checkins.afterwards import SinceLastTime, says_otherwise
from monitor.checkins.kinds import Compared
from monitor.checkins.models import MonitoringPlan
from monitor.checkins.next_one import next_one
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.ids import new_id
from monitor.people.models import MONITORING, Channel, Party, Patient, SafetyCover
from monitor.people.service import change_preference, preference, state_consent
from monitor.relapse.watching import watched_signs
from tests.builders import NOW, a_check_in
from tests.phones import Asked, Phone, an_open_check_in, every_row, form_of
from tests.plans import an_agreed_plan, stepped_down

DAY = timedelta(days=1)
MONDAY = datetime(2026, 11, 30, 10, tzinfo=UTC)
"""The next time of the builders' plan: each Monday at 10."""


@pytest.fixture
def asked(sqlite_sessions: Sessions) -> Asked:
    """A patient whose plan goes on: what comes next is not written down yet."""
    return an_open_check_in(sqlite_sessions, planned_until=NOW)


@pytest.fixture
def phone(sqlite_sessions: Sessions, settings: Settings) -> Phone:
    return Phone(sqlite_sessions, settings)


def send(phone: Phone, asked: Asked, **answers: str) -> tuple[str, dict[str, str]]:
    """Send the check-in; return the page that answers and what its forms carry along."""
    page = phone.post(asked.path, phone.fill_in(asked.path, **answers)).text
    return page, form_of(page).sent


# ---- when the next one comes ----


def test_the_page_says_when_the_next_check_in_comes_though_it_is_not_planned_yet(phone: Phone, asked: Asked) -> None:
    page, _ = send(phone, asked)

    assert "Monday 30 November, 10:00" in page
    assert "Your next check-in comes by text." in page


def test_a_check_in_that_is_planned_comes_before_what_the_plan_will_bring(
    sqlite_sessions: Sessions, phone: Phone, asked: Asked
) -> None:
    with unit_of_work(sqlite_sessions) as session:
        a_check_in(session, asked.care, due_at=NOW + 2 * DAY, sequence=2)

    assert "Thursday 26 November, 10:00" in send(phone, asked)[0]


def changed(sessions: Sessions, asked: Asked, **values: Any) -> None:
    with unit_of_work(sessions) as session:
        patient = session.get_one(Patient, asked.care.patient.id)
        before = preference(session, patient.id)
        assert before is not None
        change_preference(session, patient, before, set_by=Party.PATIENT, now=NOW, **values)


def coming(sessions: Sessions, asked: Asked) -> datetime | None:
    with unit_of_work(sessions) as session:
        found = next_one(session, session.get_one(Episode, asked.care.episode.id), NOW)
        return found.at if found else None


def test_nothing_comes_during_a_break(sqlite_sessions: Sessions, asked: Asked) -> None:
    changed(sqlite_sessions, asked, paused_until_on=date(2026, 12, 8))

    assert coming(sqlite_sessions, asked) == MONDAY + 14 * DAY


def test_once_it_asks_less_often_the_date_is_counted_that_way(sqlite_sessions: Sessions, asked: Asked) -> None:
    with unit_of_work(sqlite_sessions) as session:
        plan = session.get_one(MonitoringPlan, asked.care.plan.id)
        plan.eases_on, plan.eases_to, plan.starts_on = date(2026, 11, 26), 4, date(2026, 11, 23)

    assert coming(sqlite_sessions, asked) == MONDAY + 21 * DAY


def test_an_hour_on_the_wall_stays_that_hour_when_the_clocks_change(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    asked = an_open_check_in(sqlite_sessions, planned_until=NOW, every_weeks=12, opened_at=NOW - 7 * DAY)

    found = coming(sqlite_sessions, asked)

    assert found == datetime(2027, 2, 15, 10, tzinfo=UTC)


def test_whoever_has_stopped_the_texts_is_promised_nothing(sqlite_sessions: Sessions, asked: Asked) -> None:
    with unit_of_work(sqlite_sessions) as session:
        patient = session.get_one(Patient, asked.care.patient.id)
        state_consent(session, patient, MONITORING, False, said_by=Party.PATIENT, now=NOW)

    assert coming(sqlite_sessions, asked) is None


def test_whoever_is_rung_is_not_told_of_a_text(sqlite_sessions: Sessions, phone: Phone, asked: Asked) -> None:
    changed(sqlite_sessions, asked, channel=Channel.PHONE)

    page, _ = send(phone, asked)

    assert "Your next check-in comes by phone." in page
    assert "by text" not in page


# ---- in the patient's own calendar ----


def test_the_date_goes_into_a_calendar_without_a_word_about_health(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    asked = an_open_check_in(sqlite_sessions, planned_until=NOW, zone="Europe/Warsaw")
    phone = Phone(sqlite_sessions, settings)
    _, carried = send(phone, asked)
    before = every_row(sqlite_sessions)

    reply = phone.post(f"{asked.path}/after", carried | {"calendar": "1"})

    assert reply.mimetype == "text/calendar"
    assert reply.headers["Content-Disposition"] == 'attachment; filename="check-in.ics"'
    (event,) = icalendar.Calendar.from_ical(reply.data).walk("VEVENT")
    assert str(event["SUMMARY"]) == "Riverside · Check-in"
    assert event["DTSTART"].params["TZID"] == "Europe/Warsaw"
    assert event["DTSTART"].dt.isoformat() == "2026-11-30T10:00:00+01:00"
    assert event["DTEND"].dt - event["DTSTART"].dt == timedelta(minutes=10)
    assert {*event} == {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "CLASS", "TRANSP"}
    assert not event.walk("VALARM")
    for private in (asked.token, asked.care.patient.preferred_name, "http", settings.service_name):
        assert private not in reply.text
    assert every_row(sqlite_sessions) == before


def test_the_same_date_keeps_its_name_and_another_has_its_own(
    sqlite_sessions: Sessions, phone: Phone, asked: Asked
) -> None:
    _, carried = send(phone, asked)

    def name() -> str:
        text = phone.post(f"{asked.path}/after", carried | {"calendar": "1"}).text
        return next(line for line in text.splitlines() if line.startswith("UID:"))

    first = name()
    phone.wait(days=1)
    assert name() == first
    with unit_of_work(sqlite_sessions) as session:
        planned = a_check_in(session, asked.care, due_at=MONDAY, sequence=2)
    assert name() == first
    with unit_of_work(sqlite_sessions) as session:
        session.merge(planned).due_at = MONDAY + DAY
    assert name() != first


def test_the_calendar_answers_only_the_page_after_ones_own_sending(
    sqlite_sessions: Sessions, phone: Phone, asked: Asked
) -> None:
    unsent = phone.post(f"{asked.path}/after", {"key": new_id().hex, "calendar": "1"})
    _, carried = send(phone, asked)

    assert unsent.status_code == 404
    assert phone.post(f"{asked.path}/after", {"key": new_id().hex, "calendar": "1"}).status_code == 404
    assert phone.post("/c/unknown/after", carried | {"calendar": "1"}).status_code == 404


def test_after_a_safety_answer_there_is_help_and_no_calendar(phone: Phone, asked: Asked) -> None:
    page, _ = send(phone, asked, phq9_9="1")

    assert "You deserve support" in page
    assert 'name="calendar"' not in page
    assert "Your next check-in comes on" in page


# ---- a sign that was noticed ----


def signs_of(sessions: Sessions, asked: Asked) -> list[str]:
    """Let the patient have stepped down with a plan; return the names of its questions."""
    with unit_of_work(sessions) as session:
        session.add_all((asked.care.episode, asked.care.patient, asked.care.clinician))
        stepped_down(session, asked.care, an_agreed_plan(session, asked.care))
        return [f"sign_{sign.id.hex}" for sign in watched_signs(session, asked.care.episode.id)]


def test_a_sign_that_was_noticed_is_answered_with_the_call_that_the_plan_promises(
    sqlite_sessions: Sessions, phone: Phone, asked: Asked
) -> None:
    signs_of(sqlite_sessions, asked)

    page, _ = send(phone, asked, signs_1="1")

    assert "Your team knows that you noticed a sign" in page
    assert "Somebody rings you by" in page
    assert asked.care.clinician.name not in page


def test_a_call_that_nobody_can_keep_is_not_promised(sqlite_sessions: Sessions, phone: Phone, asked: Asked) -> None:
    signs_of(sqlite_sessions, asked)
    with unit_of_work(sqlite_sessions) as session:
        session.query(SafetyCover).delete()

    page, _ = send(phone, asked, signs_1="1")

    assert "We cannot promise when they ring." in page
    assert "Somebody rings you by" not in page


@pytest.mark.parametrize("said", ["0", ""])
def test_without_a_sign_the_page_says_nothing_of_one(
    sqlite_sessions: Sessions, phone: Phone, asked: Asked, said: str
) -> None:
    signs_of(sqlite_sessions, asked)

    assert "noticed a sign" not in send(phone, asked, signs_1=said)[0]


# ---- the patient's own word beside the scores ----


@pytest.mark.parametrize(
    ("said", "scores", "otherwise"),
    [
        (None, SinceLastTime.HEAVIER, False),
        (Compared.BETTER, SinceLastTime.LIGHTER, False),
        (Compared.SAME, SinceLastTime.ABOUT_THE_SAME, False),
        (Compared.WORSE, SinceLastTime.HEAVIER, False),
        (Compared.BETTER, SinceLastTime.HEAVIER, True),
        (Compared.BETTER, SinceLastTime.ABOUT_THE_SAME, True),
        (Compared.WORSE, SinceLastTime.LIGHTER, True),
        (Compared.SAME, SinceLastTime.BOTH, True),
    ],
)
def test_a_patients_own_word_is_never_set_against_their_scores(
    said: Compared | None, scores: SinceLastTime, otherwise: bool
) -> None:
    assert says_otherwise(said, scores) is otherwise
