"""A burst of the middle step: its beginning, its contacts, its reviews, and that only a decision ends it."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from monitor.care.kinds import DeviationReason, MiddleReason, RequestEnd, ReviewKind, Step
from monitor.care.middle_models import SlotBooking, StepRequest
from monitor.care.middle_step import CannotBeAsked, NobodyWaits, request_of
from monitor.care.models import Appointment, AppointmentState, CloseReason, Episode, StepAssignment
from monitor.care.pathways import USUAL_PATHWAY, shipped
from monitor.checkins.planning import open_plan
from monitor.db import Sessions, unit_of_work
from monitor.people.models import CareTeam, Role, StaffMember
from monitor.reviews.bursts import (
    AlreadyLengthened,
    BurstRefused,
    NoBurst,
    NotAClinician,
    Owed,
    borrow,
    give_back,
    lengthen,
)
from monitor.reviews.dates import Burst, of_burst
from monitor.reviews.kinds import Decision
from monitor.reviews.seen import seen
from monitor.reviews.service import Wanted, decide
from tests.builders import HOURS, NOW, InCare, a_staff_member
from tests.care.clinic_of_slots import OUT, WHY, Clinic
from tests.reviews.test_dates import HOURS as WORKING_HOURS

DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
LONDON = ZoneInfo("Europe/London")
PATHWAY = shipped(USUAL_PATHWAY).pathway
WEEK_TWO = datetime(2026, 12, 8, 17, tzinfo=UTC)
LAST_DAY = datetime(2027, 1, 4, 17, tzinfo=UTC)
"""The close of the last working day of six weeks that began on Tuesday, 24 November."""


@pytest.fixture
def clinic(sqlite_sessions: Sessions) -> Clinic:
    return Clinic(sqlite_sessions, protected=2, open_to_all=1)


def contacts(clinic: Clinic, care: InCare, state: AppointmentState = AppointmentState.PLANNED) -> list[datetime]:
    with clinic.sessions() as session:
        found = sa.select(Appointment).where(Appointment.episode_id == care.episode.id).order_by(Appointment.starts_at)
        return [each.starts_at.astimezone(LONDON) for each in session.scalars(found) if each.state is state]


def review_of(clinic: Clinic, care: InCare) -> tuple[ReviewKind, datetime | None]:
    with clinic.sessions() as session:
        episode = clinic.episode(care, session)
        return episode.next_review_kind, episode.next_review_at


def lengthens(clinic: Clinic, care: InCare, weeks: int, *, at: datetime = NOW, by: StaffMember | None = None) -> None:
    with unit_of_work(clinic.sessions) as session:
        member = session.get_one(StaffMember, (by or clinic.maren).id)
        lengthen(session, clinic.episode(care, session), weeks, "The flat is not settled.", time(14), by=member, now=at)


def borrows(clinic: Clinic, care: InCare, slot: int = 1, *, at: datetime = NOW, **changed: Any) -> SlotBooking:
    said = {"until_on": date(2026, 12, 22), "words": "Her therapist is ill for four weeks.", **changed}
    slot_id = clinic.slots()[slot - 1].id
    with unit_of_work(clinic.sessions) as session:
        member = session.get_one(StaffMember, clinic.maren.id)
        return borrow(session, clinic.episode(care, session), slot_id, by=member, now=at, **said)


def decides(clinic: Clinic, care: InCare, decision: Decision, at: datetime = NOW, **of: Any) -> None:
    wanted = Wanted(decision, WHY, deviation_reason=DeviationReason.CLINICAL_JUDGEMENT, **of)
    with unit_of_work(clinic.sessions) as session:
        episode, member = clinic.episode(care, session), session.get_one(StaffMember, clinic.maren.id)
        decide(session, episode.id, wanted, by=member, now=at, read_to=seen(session, episode))


def waits(clinic: Clinic, care: InCare) -> StepRequest:
    with clinic.sessions() as session:
        found = sa.select(StepRequest).where(StepRequest.episode_id == care.episode.id)
        request = session.scalars(found).one()
        session.refresh(request, ["patient"])
        return request


# ---- the beginning ----


def test_a_burst_has_its_slot_its_way_out_and_the_step(clinic: Clinic) -> None:
    care = clinic.waits(at=NOW - 3 * DAY)

    booking = clinic.begins(care, slot=2)

    assert (booking.from_on, booking.until_on) == (date(2026, 11, 24), date(2027, 1, 5))
    assert (booking.exit_step, booking.reason, booking.is_borrowed) == (Step.TWO, OUT, False)
    request = waits(clinic, care)
    assert (request.ended, request.ended_at, request.booking_id) == (RequestEnd.STARTED, NOW, booking.id)
    assert request.out_of_turn is None
    with clinic.sessions() as session:
        step: StepAssignment = clinic.episode(care, session).steps[-1]
        assert (step.step, step.decided_by_id) == (Step.MIDDLE, clinic.ines.id)
        assert step.fired == [{"rule": "middle_step", "step": "middle"}]
        plan = open_plan(session, care.episode.id)
        assert plan
        assert plan.every_weeks == PATHWAY.plan(Step.MIDDLE).check_in_every_weeks


def test_contacts_are_twice_a_week_to_the_end_on_the_team_s_wall_clock(clinic: Clinic) -> None:
    care = clinic.waits()

    clinic.begins(care, weeks=4)

    assert contacts(clinic, care) == [
        datetime(year, month, day, 14, tzinfo=LONDON)
        for year, month, day in (
            (2026, 11, 24),
            (2026, 11, 27),
            (2026, 12, 1),
            (2026, 12, 4),
            (2026, 12, 8),
            (2026, 12, 11),
            (2026, 12, 15),
            (2026, 12, 18),
        )
    ]


def test_a_holiday_and_what_was_agreed_before_are_left_out(clinic: Clinic) -> None:
    with unit_of_work(clinic.sessions) as session:
        team = session.get_one(CareTeam, clinic.team.id)
        team.service_hours = {**HOURS, "holidays": ["2026-12-25", "2027-01-01"]}
    care, at = clinic.waits(), datetime(2026, 12, 1, 14, tzinfo=UTC)
    with unit_of_work(clinic.sessions) as session:
        session.add(Appointment(episode_id=care.episode.id, starts_at=at))

    clinic.begins(care)

    found = contacts(clinic, care)
    assert len(found) == 10
    assert found.count(at.astimezone(LONDON)) == 1
    assert {date(2026, 12, 25), date(2027, 1, 1)}.isdisjoint(each.date() for each in found)


def test_an_hour_that_has_passed_today_is_not_agreed_again(clinic: Clinic) -> None:
    care = clinic.waits()
    clinic.begins(care, now=NOW + timedelta(hours=5), weeks=4)
    assert contacts(clinic, care)[0].date() == date(2026, 11, 27)


@pytest.mark.parametrize(
    ("changed", "owed"),
    [
        ({"words": " "}, Owed.WORDS),
        ({"weeks": 3}, Owed.WEEKS),
        ({"weeks": 9}, Owed.WEEKS),
        ({"exit_step": Step.MIDDLE}, Owed.EXIT_STEP),
        ({"days": (1,)}, Owed.DAYS),
        ({"days": (1, 3, 4)}, Owed.DAYS),
        ({"days": (4, 5)}, Owed.CLOSED_THEN),
        ({"at": time(17)}, Owed.CLOSED_THEN),
    ],
)
def test_what_is_owed_is_named_and_nothing_is_written(clinic: Clinic, changed: dict[str, Any], owed: Owed) -> None:
    care = clinic.waits()

    with pytest.raises(BurstRefused) as told:
        clinic.begins(care, **changed)

    assert told.value.owed == (owed,)
    assert clinic.holder(care) is None
    assert contacts(clinic, care) == []


def test_nobody_is_given_a_slot_for_whom_nobody_asked(clinic: Clinic) -> None:
    with pytest.raises(NobodyWaits):
        clinic.begins(clinic.patient())


def test_out_of_turn_owes_a_reason_that_is_kept(clinic: Clinic) -> None:
    clinic.waits("Dirk", at=NOW - 2 * DAY)
    later = clinic.waits("Rania", at=NOW - DAY)

    with pytest.raises(BurstRefused) as told:
        clinic.begins(later)
    assert (told.value.owed, told.value.ahead) == ((Owed.OUT_OF_TURN,), "Dirk")

    clinic.begins(later, out_of_turn="Dirk is away until Monday.")
    assert waits(clinic, later).out_of_turn == "Dirk is away until Monday."


# ---- its reviews ----


@pytest.mark.parametrize(
    ("weeks", "held_on", "held", "kind", "latest"),
    [
        (6, date(2026, 11, 24), ReviewKind.FIRST, ReviewKind.MID_BURST, date(2026, 12, 8)),
        (6, date(2026, 12, 7), ReviewKind.REQUESTED, ReviewKind.MID_BURST, date(2026, 12, 8)),
        (6, date(2026, 12, 7), ReviewKind.MID_BURST, ReviewKind.END_OF_BURST, date(2027, 1, 4)),
        (6, date(2026, 12, 8), ReviewKind.MID_BURST, ReviewKind.END_OF_BURST, date(2027, 1, 4)),
        (4, date(2026, 12, 9), ReviewKind.MID_BURST, ReviewKind.END_OF_BURST, date(2026, 12, 21)),
        (8, date(2026, 12, 8), ReviewKind.MID_BURST, ReviewKind.ROUTINE, date(2027, 1, 5)),
        (8, date(2027, 1, 5), ReviewKind.ROUTINE, ReviewKind.END_OF_BURST, date(2027, 1, 18)),
        (6, date(2027, 1, 4), ReviewKind.END_OF_BURST, ReviewKind.END_OF_BURST, date(2027, 1, 11)),
        (6, date(2027, 2, 1), ReviewKind.END_OF_BURST, ReviewKind.END_OF_BURST, date(2027, 2, 8)),
    ],
)
def test_week_two_then_the_last_working_day_and_past_it_every_week(
    weeks: int, held_on: date, held: ReviewKind, kind: ReviewKind, latest: date
) -> None:
    began = date(2026, 11, 24)
    now = datetime.combine(held_on, time(10), UTC)
    after = of_burst(Burst(began, began + weeks * WEEK), PATHWAY, now=now, hours=WORKING_HOURS, held=held)
    assert (after.kind, after.latest) == (kind, latest)


def test_the_first_review_is_in_week_two_and_the_next_at_the_end(clinic: Clinic) -> None:
    care = clinic.waits()
    clinic.begins(care)
    assert review_of(clinic, care) == (ReviewKind.MID_BURST, WEEK_TWO)

    decides(clinic, care, Decision.CONTINUE, at=WEEK_TWO, next_review_on=LAST_DAY.date())

    assert review_of(clinic, care) == (ReviewKind.END_OF_BURST, LAST_DAY)


def test_a_review_that_comes_sooner_stays_and_one_that_is_overdue_is_not_hidden(clinic: Clinic) -> None:
    sooner, overdue = clinic.waits("Dirk"), clinic.waits("Rania")
    for care, days in ((sooner, 3), (overdue, -3)):
        with unit_of_work(clinic.sessions) as session:
            clinic.episode(care, session).next_review_at = NOW + days * DAY
        clinic.begins(care, slot=2 if days < 0 else 1)

    assert review_of(clinic, sooner) == (ReviewKind.FIRST, NOW + 3 * DAY)
    assert review_of(clinic, overdue) == (ReviewKind.FIRST, NOW - 3 * DAY)


# ---- lengthening ----


def test_a_clinician_lengthens_once_and_contacts_and_review_follow(clinic: Clinic) -> None:
    care = clinic.waits()
    clinic.begins(care)
    decides(clinic, care, Decision.CONTINUE, at=WEEK_TWO, next_review_on=LAST_DAY.date())

    lengthens(clinic, care, 8, at=datetime(2026, 12, 22, 10, tzinfo=UTC))

    booking = clinic.holder(care)
    assert booking is not None
    assert booking.extension is not None
    assert (booking.ends_on, booking.extension.decided_by_id) == (date(2027, 1, 19), clinic.maren.id)
    assert contacts(clinic, care)[-1].date() == date(2027, 1, 15)
    assert len(contacts(clinic, care)) == 16
    assert review_of(clinic, care) == (ReviewKind.END_OF_BURST, datetime(2027, 1, 18, 17, tzinfo=UTC))
    with pytest.raises(AlreadyLengthened):
        lengthens(clinic, care, 9)


def test_nobody_but_a_clinician_lengthens(clinic: Clinic) -> None:
    care = clinic.waits()
    clinic.begins(care)
    with unit_of_work(clinic.sessions) as session:
        others = [
            clinic.ines,
            a_staff_member(session, clinic.team, "sofia@example.org", name="Sofia Lindqvist", role=Role.SUPERVISOR),
        ]
    for member in others:
        with pytest.raises(NotAClinician):
            lengthens(clinic, care, 8, by=member)


@pytest.mark.parametrize("weeks", [6, 13])
def test_a_burst_is_lengthened_by_a_week_at_least_and_never_beyond_twelve(clinic: Clinic, weeks: int) -> None:
    care = clinic.waits()
    clinic.begins(care)
    with pytest.raises(BurstRefused) as told:
        lengthens(clinic, care, weeks)
    assert told.value.owed == (Owed.WEEKS,)


def test_an_overdue_review_stays_overdue_when_the_burst_is_lengthened(clinic: Clinic) -> None:
    care = clinic.waits()
    clinic.begins(care)
    decides(clinic, care, Decision.CONTINUE, at=WEEK_TWO, next_review_on=LAST_DAY.date())

    lengthens(clinic, care, 8, at=LAST_DAY + 2 * DAY)

    assert review_of(clinic, care) == (ReviewKind.END_OF_BURST, LAST_DAY)


# ---- the end ----


def test_time_ends_no_burst(clinic: Clinic) -> None:
    care = clinic.waits()
    clinic.begins(care, weeks=4)
    decides(clinic, care, Decision.CONTINUE, at=WEEK_TWO, next_review_on=date(2026, 12, 21))

    decides(clinic, care, Decision.CONTINUE, at=NOW + 20 * WEEK, next_review_on=(NOW + 20 * WEEK + 6 * DAY).date())

    assert clinic.holder(care) is not None
    assert review_of(clinic, care)[0] is ReviewKind.END_OF_BURST


def test_a_decision_to_another_step_ends_the_burst_by_that_person_and_its_contacts(clinic: Clinic) -> None:
    care = clinic.waits()
    booking = clinic.begins(care)
    with unit_of_work(clinic.sessions) as session:
        monday = datetime(2026, 12, 14, 9, tzinfo=UTC)
        session.add(Appointment(episode_id=care.episode.id, starts_at=monday))

    decides(clinic, care, Decision.STEP_UP, at=WEEK_TWO, to_step=Step.THREE)

    with clinic.sessions() as session:
        ended = session.get_one(SlotBooking, booking.id)
        assert (ended.ended_at, ended.ended_by_id) == (WEEK_TWO, clinic.maren.id)
    assert contacts(clinic, care) == [
        *(
            datetime(2026, month, day, 14, tzinfo=LONDON)
            for month, day in ((11, 24), (11, 27), (12, 1), (12, 4), (12, 8))
        ),
        monday,
    ]
    assert len(contacts(clinic, care, AppointmentState.CANCELLED)) == 7
    clinic.begins(clinic.waits("Dirk"))


def test_the_end_of_care_ends_the_burst(clinic: Clinic) -> None:
    care = clinic.waits()
    clinic.begins(care)

    decides(clinic, care, Decision.DISCHARGE, at=NOW + DAY, close_reason=CloseReason.MOVED)

    assert clinic.holder(care) is None


# ---- what decisions ask for, and how they end a wait ----


def test_a_review_that_leads_to_the_middle_step_asks_for_a_slot(clinic: Clinic) -> None:
    care = clinic.patient()

    decides(clinic, care, Decision.STEP_UP, to_step=Step.MIDDLE)

    request = waits(clinic, care)
    assert (request.asked_by_id, request.words, request.reasons) == (
        clinic.maren.id,
        WHY,
        [MiddleReason.COORDINATOR_REQUEST.value],
    )
    clinic.begins(care, now=NOW + 5 * DAY)
    assert review_of(clinic, care) == (ReviewKind.MID_BURST, datetime(2026, 12, 11, 17, tzinfo=UTC))
    with clinic.sessions() as session:
        assert [each.step for each in clinic.episode(care, session).steps] == [Step.TWO, Step.MIDDLE]


@pytest.mark.parametrize(
    ("decision", "of", "ended"),
    [
        (Decision.STEP_UP, {"to_step": Step.THREE}, RequestEnd.OTHER_STEP),
        (Decision.DISCHARGE, {"close_reason": CloseReason.DECLINED}, RequestEnd.CARE_ENDED),
    ],
)
def test_another_step_or_the_end_of_care_ends_the_wait(
    clinic: Clinic, decision: Decision, of: dict[str, Any], ended: RequestEnd
) -> None:
    care = clinic.waits()

    decides(clinic, care, decision, at=NOW + DAY, **of)

    request = waits(clinic, care)
    assert (request.ended, request.ended_at, request.ended_by_id) == (ended, NOW + DAY, clinic.maren.id)


def test_going_on_as_it_is_leaves_the_wait(clinic: Clinic) -> None:
    care = clinic.waits()
    decides(clinic, care, Decision.CONTINUE, next_review_on=date(2026, 12, 8))
    assert waits(clinic, care).ended is None


# ---- borrowing ----


def test_a_slot_is_borrowed_in_a_name_with_a_reason_and_given_back(clinic: Clinic) -> None:
    care = clinic.patient(step=Step.THREE)

    booking = borrows(clinic, care)

    assert (booking.is_borrowed, booking.borrowed_for, booking.exit_step) == (True, Step.THREE, None)
    assert (booking.booked_by_id, booking.reason) == (clinic.maren.id, "Her therapist is ill for four weeks.")
    assert contacts(clinic, care) == []
    with unit_of_work(clinic.sessions) as session:
        member = session.get_one(StaffMember, clinic.ines.id)
        give_back(session, clinic.episode(care, session), by=member, now=NOW + DAY)
    with clinic.sessions() as session:
        given = session.get_one(SlotBooking, booking.id)
        assert (given.ended_at, given.ended_by_id) == (NOW + DAY, clinic.ines.id)


@pytest.mark.parametrize(
    ("changed", "owed"),
    [
        ({"words": ""}, Owed.WORDS),
        ({"until_on": date(2026, 11, 24)}, Owed.UNTIL),
        ({"until_on": date(2027, 1, 20)}, Owed.UNTIL),
    ],
)
def test_a_borrowed_slot_owes_a_reason_and_a_date(clinic: Clinic, changed: dict[str, Any], owed: Owed) -> None:
    with pytest.raises(BurstRefused) as told:
        borrows(clinic, clinic.patient(step=Step.THREE), **changed)
    assert told.value.owed == (owed,)


def test_a_burst_is_no_borrowing_and_is_not_given_back(clinic: Clinic) -> None:
    care = clinic.waits()
    clinic.begins(care)
    with unit_of_work(clinic.sessions) as session:
        member = session.get_one(StaffMember, clinic.maren.id)
        with pytest.raises(NoBurst):
            give_back(session, clinic.episode(care, session), by=member, now=NOW)
    with pytest.raises(CannotBeAsked):
        borrows(clinic, clinic.patient("Dirk", Step.MIDDLE), slot=2)


def test_who_borrowed_a_slot_and_comes_to_the_middle_step_gives_it_back_and_waits(clinic: Clinic) -> None:
    care = clinic.patient()
    borrows(clinic, care)

    decides(clinic, care, Decision.STEP_UP, at=NOW + DAY, to_step=Step.MIDDLE)

    assert clinic.holder(care) is None
    with clinic.sessions() as session:
        assert request_of(session, care.episode.id) is not None
        assert session.get_one(Episode, care.episode.id).step is Step.MIDDLE
