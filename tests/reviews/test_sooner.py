"""What brings a review nearer: a wish, the fourth appointment at low intensity. Nothing makes one later."""

from datetime import UTC, datetime

import pytest

from monitor.care.kinds import ReviewKind, Step
from monitor.care.models import AppointmentState
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.appointments import end
from monitor.flags.kinds import FlagKind, Outcome
from monitor.flags.wishes import Wish
from monitor.people.models import StaffMember
from monitor.reviews.service import after_contact, pull_nearer
from monitor.workflows import ask
from tests.builders import NOW, a_flag
from tests.reviews.ward import DAY, GO_ON, HOUR, STEP_UP, WEEK, Ward

LATER = NOW + 20 * DAY
TODAY_17 = datetime(2026, 11, 24, 17, tzinfo=UTC)


@pytest.fixture
def ward(sessions: Sessions, settings: Settings) -> Ward:
    ward = Ward(sessions, settings)
    ward.review_is(LATER)
    return ward


def attends(ward: Ward, starts_at: datetime = NOW - HOUR, at: datetime = NOW) -> None:
    """Let an appointment be written down as attended."""
    appointment = ward.agrees(starts_at)
    with unit_of_work(ward.sessions) as session:
        episode, member = ward.within(session), session.get_one(StaffMember, ward.clinician.id)
        end(session, episode, appointment.id, AppointmentState.ATTENDED, staff_member_id=member.id, now=at)
        after_contact(session, episode, appointment.id, by=member, now=at)


def stands(ward: Ward) -> tuple[datetime | None, ReviewKind]:
    return ward.episode.next_review_at, ward.episode.next_review_kind


def test_the_fourth_appointment_brings_the_review_to_the_end_of_the_working_day(ward: Ward) -> None:
    for weeks in (4, 3, 2):
        attends(ward, NOW - weeks * WEEK)
        assert stands(ward) == (LATER, ReviewKind.ROUTINE)
    attends(ward)
    assert stands(ward) == (TODAY_17, ReviewKind.AT_CONTACT)


def test_the_fifth_does_not_once_the_review_was_held(ward: Ward) -> None:
    for weeks in (4, 3, 2, 1):
        attends(ward, NOW - weeks * WEEK)
    ward.decides(GO_ON)
    after = stands(ward)
    attends(ward, NOW + DAY, NOW + 2 * DAY)
    assert stands(ward) == after


def test_a_review_that_is_due_sooner_stays_as_it_is(ward: Ward) -> None:
    ward.review_is(NOW - DAY, ReviewKind.FIRST)
    for weeks in (4, 3, 2, 1):
        attends(ward, NOW - weeks * WEEK)
    assert stands(ward) == (NOW - DAY, ReviewKind.FIRST)


def test_appointments_of_heavier_steps_bring_no_review(sessions: Sessions, settings: Settings) -> None:
    ward = Ward(sessions, settings, step=Step.THREE)
    ward.review_is(LATER)
    for weeks in (4, 3, 2, 1):
        attends(ward, NOW - weeks * WEEK)
    assert stands(ward) == (LATER, ReviewKind.ROUTINE)


def test_the_first_appointment_after_a_step_up_stops_its_clock(ward: Ward) -> None:
    ward.answers(18, 12, at=NOW - DAY)
    ward.decides(STEP_UP)
    attends(ward, NOW - DAY, NOW + HOUR)  # one from before, written down late
    (waiting,) = ward.flags(FlagKind.FIRST_CONTACT_DUE)
    assert waiting.closed_at is None
    attends(ward, NOW + 3 * DAY, NOW + 3 * DAY + HOUR)
    (waiting,) = ward.flags(FlagKind.FIRST_CONTACT_DUE)
    assert (waiting.outcome, waiting.closed_by_id) == (Outcome.FIRST_CONTACT_HELD, ward.clinician.id)


def test_a_missed_appointment_stops_no_clock(ward: Ward) -> None:
    with unit_of_work(ward.sessions) as session:
        session.add(a_flag(ward.care, FlagKind.FIRST_CONTACT_DUE))
    appointment = ward.agrees(NOW + DAY)
    with unit_of_work(ward.sessions) as session:
        member = session.get_one(StaffMember, ward.clinician.id)
        after_contact(session, ward.within(session), appointment.id, by=member, now=NOW + 2 * DAY)
    assert ward.flags(FlagKind.FIRST_CONTACT_DUE)[0].closed_at is None


def test_a_wish_brings_the_review_within_five_working_days(ward: Ward) -> None:
    with unit_of_work(ward.sessions) as session:
        ask(session, ward.within(session), Wish.REVIEW, NOW)
    assert stands(ward) == (datetime(2026, 12, 1, 17, tzinfo=UTC), ReviewKind.REQUESTED)


def test_a_wish_for_a_call_leaves_the_review_where_it_is(ward: Ward) -> None:
    with unit_of_work(ward.sessions) as session:
        ask(session, ward.within(session), Wish.CALL, NOW)
    assert stands(ward) == (LATER, ReviewKind.ROUTINE)


def test_a_wish_never_makes_it_later(ward: Ward) -> None:
    for due in (NOW - DAY, NOW + DAY):
        ward.review_is(due)
        with unit_of_work(ward.sessions) as session:
            pull_nearer(session, ward.within(session), NOW)
        assert stands(ward) == (due, ReviewKind.ROUTINE)
