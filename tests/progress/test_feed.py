"""The calendar that a staff member subscribes to: their dates, neutral, behind an address that only they know."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from icalendar import Calendar

from monitor.care.middle_models import BurstExtension, SlotBooking
from monitor.care.models import Appointment, CloseReason, Episode
from monitor.checkins.call_models import Call, CallOutcome
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.people.models import Absence, StaffMember, TeamMembership
from tests.builders import NOW, InCare, a_patient
from tests.plans import an_agreed_plan
from tests.progress.feeds import Desk, an_appointment, fill

DAY, WEEK = timedelta(days=1), timedelta(weeks=1)


@pytest.fixture
def desk(sqlite_sessions: Sessions, settings: Settings) -> Desk:
    return Desk(sqlite_sessions, settings)


# ---- what stands in it ----


def test_it_holds_every_kind_of_date_and_any_program_can_read_it(sessions: Sessions, settings: Settings) -> None:
    desk = Desk(sessions, settings)
    with unit_of_work(sessions) as session:
        fill(session, desk)

    reply = desk.read(desk.address())
    made = Calendar.from_ical(reply.data)

    assert reply.mimetype == "text/calendar"
    assert made["VERSION"] == "2.0"
    assert not made.walk("VTIMEZONE")
    assert [(str(each["SUMMARY"]), each["DTSTART"].dt) for each in made.walk("VEVENT")] == [
        ("Call", NOW + timedelta(hours=3)),
        ("Call", NOW + timedelta(hours=6)),
        ("Appointment", NOW + DAY),
        ("Review", NOW + 2 * DAY),
        ("Burst ends", date(2026, 12, 22)),
        ("Plan review", date(2027, 2, 16)),
    ]
    for line in reply.text.splitlines():
        assert not line.startswith("DTSTART:") or line.endswith("Z"), line


def test_nothing_in_it_tells_who_it_is_about(desk: Desk) -> None:
    with unit_of_work(desk.sessions) as session:
        fill(session, desk)

    reply = desk.read(desk.address())
    text = reply.text.replace("\r\n ", "")

    for secret in ("Noor", "447700900001", "North", "Maren", "maren@", "relapse", "stepped", "PHQ"):
        assert secret.casefold() not in text.casefold()
    with unit_of_work(desk.sessions) as session:
        ids = {
            str(row.id)
            for table in (Episode, Appointment, SlotBooking, Call, StaffMember)
            for row in session.query(table)
        }
        ids |= {str(episode.patient_id) for episode in session.query(Episode)}
    assert not [each for each in ids if each in text or each.replace("-", "") in text]
    for event in Calendar.from_ical(reply.data).walk("VEVENT"):
        assert set(event) == {"UID", "DTSTAMP", "DTSTART", "SUMMARY", "URL", "CLASS", "TRANSP"}
        assert event["URL"] == "http://127.0.0.1:8000/staff/"
        assert event["CLASS"] == "PRIVATE"


def test_what_has_not_changed_looks_the_same_an_hour_later(desk: Desk) -> None:
    with unit_of_work(desk.sessions) as session:
        fill(session, desk)
    path = desk.address()
    before = desk.read(path).data

    desk.app.wait(hours=1)

    assert desk.read(path).data == before


def test_a_date_that_moves_is_another_entry(desk: Desk) -> None:
    path = desk.address()
    with unit_of_work(desk.sessions) as session:
        session.get_one(Episode, desk.noor.episode.id).next_review_at = NOW + DAY
    [before] = desk.dates(path)
    with unit_of_work(desk.sessions) as session:
        session.get_one(Episode, desk.noor.episode.id).next_review_at = NOW + 2 * DAY

    [after] = desk.dates(path)

    assert after["UID"] != before["UID"]


@pytest.mark.parametrize(("at", "stands"), [(-8, False), (-6, True), (0, True), (89, True), (91, False)])
def test_it_reaches_ninety_days_ahead_and_a_week_back(desk: Desk, at: int, stands: bool) -> None:
    with unit_of_work(desk.sessions) as session:
        session.get_one(Episode, desk.noor.episode.id).next_review_at = NOW + at * DAY

    assert (desk.titles(desk.address()) == ["Review"]) is stands


@pytest.mark.parametrize("became", ["attended_at", "missed_at", "cancelled_at"])
def test_an_appointment_that_is_over_leaves_it(desk: Desk, became: str) -> None:
    with unit_of_work(desk.sessions) as session:
        desk.no_review(session)
    path = desk.address()
    desk.add(an_appointment(desk.noor))
    assert desk.titles(path) == ["Appointment"]

    with unit_of_work(desk.sessions) as session:
        setattr(session.query(Appointment).one(), became, NOW)

    assert desk.titles(path) == []


def test_a_call_that_was_made_leaves_it(desk: Desk) -> None:
    with unit_of_work(desk.sessions) as session:
        desk.no_review(session)
        episode = session.get_one(Episode, desk.noor.episode.id)
        about = {"episode_id": episode.id, "patient_id": episode.patient_id, "staff_member_id": desk.maren.id}
        later = {"outcome": CallOutcome.CALL_LATER, "call_at": NOW + DAY}
        session.add(Call(**about, patient=episode.patient, at=NOW, **later))
    path = desk.address()
    assert desk.titles(path) == ["Call"]

    with unit_of_work(desk.sessions) as session:
        patient = session.get_one(Episode, desk.noor.episode.id).patient
        session.add(Call(**about, patient=patient, at=NOW + timedelta(hours=1), outcome=CallOutcome.REACHED))

    assert desk.titles(path) == []


def test_a_burst_that_was_lengthened_ends_later(desk: Desk) -> None:
    with unit_of_work(desk.sessions) as session:
        fill(session, desk)
        booking = session.query(SlotBooking).one()
        session.add(
            BurstExtension(
                booking_id=booking.id,
                at=NOW,
                until_on=date(2027, 1, 12),
                decided_by_id=desk.maren.id,
                patient=session.get_one(Episode, desk.noor.episode.id).patient,
                patient_id=desk.noor.patient.id,
                reason="Two more weeks of exposure.",
            )
        )

    ends = [each["DTSTART"].dt for each in desk.dates(desk.address()) if each["SUMMARY"] == "Burst ends"]

    assert ends == [date(2027, 1, 12)]


def test_only_the_plan_that_counts_is_looked_at_again(desk: Desk) -> None:
    with unit_of_work(desk.sessions) as session:
        desk.no_review(session)
        episode = session.get_one(Episode, desk.noor.episode.id)
        care = InCare(episode.patient, episode, desk.noor.plan, desk.team, desk.maren)
        an_agreed_plan(session, care, NOW - 2 * DAY, review_on=date(2027, 1, 11))
        an_agreed_plan(session, care, NOW - DAY, review_on=date(2027, 2, 1))

    assert [each["DTSTART"].dt for each in desk.dates(desk.address())] == [date(2027, 2, 1)]


def test_titles_speak_the_staff_member_s_language_where_it_has_one(desk: Desk) -> None:
    with unit_of_work(desk.sessions) as session:
        session.get_one(StaffMember, desk.maren.id).language = "de"
        session.get_one(Episode, desk.noor.episode.id).next_review_at = NOW + DAY

    assert desk.titles(desk.address()) == ["Review"]


def test_it_costs_as_many_statements_with_many_patients_as_with_one(desk: Desk) -> None:
    path = desk.address()

    def statements() -> int:
        seen: list[str] = []
        listener = lambda *args: seen.append(args[2])  # noqa: E731
        engine = desk.sessions.kw["bind"]
        sa.event.listen(engine, "before_cursor_execute", listener)
        desk.dates(path)
        sa.event.remove(engine, "before_cursor_execute", listener)
        return len(seen)

    one = statements()
    with unit_of_work(desk.sessions) as session:
        for number in range(2, 12):
            care = a_patient(session, desk.team, desk.maren, number=f"+44770090{number:04}")
            session.add(an_appointment(care))

    assert len(desk.dates(path)) == 10
    assert statements() == one


# ---- whose dates ----


def test_nobody_else_s_dates_stand_in_it(desk: Desk) -> None:
    with unit_of_work(desk.sessions) as session:
        session.get_one(Episode, desk.noor.episode.id).accountable_id = desk.ana.id
        session.add(an_appointment(desk.noor))

    assert desk.titles(desk.address()) == []


def test_whoever_stands_in_has_the_other_s_dates_meanwhile(desk: Desk) -> None:
    with unit_of_work(desk.sessions) as session:
        session.get_one(Episode, desk.noor.episode.id).accountable_id = desk.ana.id
        session.get_one(Episode, desk.noor.episode.id).next_review_at = NOW + DAY
        session.add(
            Absence(
                staff_member_id=desk.ana.id,
                from_at=NOW - DAY,
                until_at=NOW + WEEK,
                cover_id=desk.maren.id,
                recorded_by_id=desk.maren.id,
            )
        )
    path = desk.address()
    assert desk.titles(path) == ["Review"]

    desk.app.wait(days=8)

    assert desk.titles(path) == []


def test_a_team_that_was_left_takes_its_dates_along(desk: Desk) -> None:
    path = desk.address()
    with unit_of_work(desk.sessions) as session:
        for each in session.query(TeamMembership).filter_by(staff_member_id=desk.maren.id):
            each.until_at = NOW

    assert desk.titles(path) == []


def test_care_that_has_ended_has_no_dates(desk: Desk) -> None:
    path = desk.address()
    desk.add(an_appointment(desk.noor))
    with unit_of_work(desk.sessions) as session:
        episode = session.get_one(Episode, desk.noor.episode.id)
        episode.closed_at, episode.close_reason = NOW, CloseReason.MOVED

    assert desk.titles(path) == []
