"""The middle step's slots and its queue: who waits, why, in which order, and by when somebody answers."""

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from monitor.audit import AuditEntry
from monitor.care.intake_kinds import Need
from monitor.care.kinds import MiddleReason, RequestEnd, Step
from monitor.care.middle_models import MiddleSlot, StepRequest
from monitor.care.middle_rules import Known, is_fast, longer, median_wait, suggested, week_of
from monitor.care.middle_slots import HasASlot, SlotsInUse
from monitor.care.middle_step import AlreadyWaiting, CannotBeAsked, ask, burst_of, end_request, queue
from monitor.care.models import CloseReason, Episode
from monitor.care.pathways import USUAL_PATHWAY, shipped
from monitor.db import Sessions, unit_of_work
from tests.builders import NOW
from tests.care.clinic_of_slots import WHY, Clinic

DAY = timedelta(days=1)
URGENT, NO_HELP, FUNCTION, NEEDS, ASKED = MiddleReason
PATHWAY = shipped(USUAL_PATHWAY).pathway


@pytest.fixture
def clinic(sqlite_sessions: Sessions) -> Clinic:
    return Clinic(sqlite_sessions)


# ---- why ----


@pytest.mark.parametrize(
    ("known", "reasons"),
    [
        (Known(Step.TWO), ()),
        (Known(Step.TWO, wsas=20, needs=(Need.FOOD,)), ()),
        (Known(Step.TWO, wsas=21), (FUNCTION,)),
        (Known(Step.TWO, needs=(Need.FOOD, Need.TRANSPORT)), (NEEDS,)),
        (Known(Step.TWO, needs=(Need.HOUSING,)), (URGENT,)),
        (Known(Step.TWO, needs=(Need.SAFETY, Need.FOOD)), (URGENT, NEEDS)),
        (Known(Step.TWO, no_better=True), (NO_HELP,)),
        (Known(Step.MIDDLE, no_better=True), ()),
        (Known(Step.ONE, wsas=40, needs=tuple(Need), no_better=True), (URGENT, NO_HELP, FUNCTION, NEEDS)),
    ],
)
def test_the_facts_give_the_reasons(known: Known, reasons: tuple[MiddleReason, ...]) -> None:
    assert suggested(known, PATHWAY) == reasons


def test_only_an_unmet_need_of_safety_or_housing_is_the_fast_track() -> None:
    assert [is_fast((each,)) for each in MiddleReason] == [True, False, False, False, False]


# ---- the wait ----


def test_whoever_asks_is_kept_with_reasons_words_and_a_clock_of_two_working_days(clinic: Clinic) -> None:
    friday = datetime(2026, 11, 27, 15, tzinfo=UTC)

    request = clinic.asks(clinic.patient(), {ASKED, NEEDS}, friday)

    assert (request.reasons, request.is_fast, request.words) == (["unmet_needs", "coordinator_request"], False, WHY)
    assert (request.asked_by_id, request.asked_at) == (clinic.ines.id, friday)
    assert request.answer_due_at == datetime(2026, 12, 1, 17, tzinfo=UTC)


def test_the_fast_track_goes_first_and_then_the_longest_wait(clinic: Clinic) -> None:
    clinic.waits("Paulo", FUNCTION, at=NOW - DAY)
    clinic.waits("Dirk", NO_HELP, at=NOW - 6 * DAY)
    clinic.waits("Oksana", URGENT, at=NOW)
    clinic.waits("Leila", URGENT, NEEDS, at=NOW - 2 * DAY)
    clinic.waits("Rania", NEEDS, ASKED, at=NOW - 4 * DAY)

    with clinic.sessions() as session:
        served = [each.patient.preferred_name for each in queue(session, (clinic.team.id,))]

    assert served == ["Leila", "Oksana", "Dirk", "Rania", "Paulo"]


def test_nobody_is_asked_in_twice_and_the_second_learns_who_asked(clinic: Clinic) -> None:
    care = clinic.waits(at=NOW - DAY)

    with unit_of_work(clinic.sessions) as session:
        episode = clinic.episode(care, session)
        with pytest.raises(AlreadyWaiting) as told:
            ask(session, episode, {URGENT}, WHY, pathway=PATHWAY, by=clinic.maren.id, now=NOW)
        assert (told.value.request.asked_by.name, told.value.request.asked_at) == ("Inês Carvalho", NOW - DAY)


def test_nobody_waits_who_is_in_a_burst(clinic: Clinic) -> None:
    care = clinic.waits()
    clinic.begins(care)

    with pytest.raises(HasASlot):
        clinic.asks(care, {URGENT})


@pytest.mark.parametrize("step", [Step.THREE, Step.FOUR])
def test_from_a_heavier_step_the_way_down_is_a_review_s_to_decide(clinic: Clinic, step: Step) -> None:
    with pytest.raises(CannotBeAsked):
        clinic.asks(clinic.patient(step=step), {ASKED})


def test_nobody_waits_whose_care_has_ended(clinic: Clinic) -> None:
    care = clinic.patient()
    with unit_of_work(clinic.sessions) as session:
        episode = session.get_one(Episode, care.episode.id)
        episode.closed_at, episode.close_reason = NOW, CloseReason.MOVED

    with pytest.raises(CannotBeAsked):
        clinic.asks(care, {ASKED})


def test_a_wait_ends_by_a_person_and_says_how(clinic: Clinic) -> None:
    care = clinic.waits()
    request = clinic.wait_of(care)
    assert request is not None
    with unit_of_work(clinic.sessions) as session:
        end_request(
            session, session.get_one(StepRequest, request.id), RequestEnd.DECLINED, by=clinic.maren.id, now=NOW + DAY
        )

    ended = clinic.request(request.id)
    assert (ended.ended, ended.ended_at, ended.ended_by_id) == (RequestEnd.DECLINED, NOW + DAY, clinic.maren.id)
    assert clinic.wait_of(care) is None
    with clinic.sessions() as session:
        actions = session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.sequence)).all()
    assert actions[-2:] == ["asked for the middle step", "middle-step wait declined"]


# ---- the slots ----


def test_more_slots_are_new_numbers_and_fewer_are_withdrawn_and_kept(clinic: Clinic) -> None:
    assert clinic.set_slots(3, 2) == [(1, True), (2, False), (3, True), (4, True), (5, False)]
    assert clinic.set_slots(1, 2) == [(1, True), (2, False), (5, False)]
    assert clinic.set_slots(2, 2) == [(1, True), (2, False), (5, False), (6, True)]
    with clinic.sessions() as session:
        withdrawn = session.scalars(sa.select(MiddleSlot.number).where(MiddleSlot.withdrawn_at.is_not(None))).all()
    assert sorted(withdrawn) == [3, 4]


def test_a_slot_in_use_is_not_withdrawn_but_a_free_one_of_its_kind_is(clinic: Clinic) -> None:
    clinic.set_slots(3, 0)
    clinic.begins(clinic.waits(), slot=1)

    assert clinic.set_slots(1, 0) == [(1, True)]
    with pytest.raises(SlotsInUse) as told:
        clinic.set_slots(0, 4)
    assert told.value.numbers == (1,)
    assert [(each.number, each.is_protected) for each in clinic.slots()] == [(1, True)]


def test_a_slot_of_a_burst_that_ended_is_free_again(clinic: Clinic) -> None:
    care = clinic.waits()
    clinic.begins(care)
    with unit_of_work(clinic.sessions) as session:
        booking = burst_of(session, care.episode.id)
        assert booking is not None
        booking.ended_at, booking.ended_by_id = NOW + DAY, clinic.maren.id

    other = clinic.waits("Dirk")
    clinic.begins(other, slot=1)

    assert clinic.holder(care) is None
    assert clinic.holder(other) is not None


# ---- lengths and waits ----


def test_a_burst_may_be_lengthened_to_twelve_weeks_in_all() -> None:
    assert list(longer(date(2026, 11, 24), date(2027, 1, 5), PATHWAY)) == [7, 8, 9, 10, 11, 12]


@pytest.mark.parametrize(("days", "week"), [(0, 1), (6, 1), (7, 2), (41, 6), (42, 7)])
def test_weeks_are_counted_from_one(days: int, week: int) -> None:
    assert week_of(date(2026, 11, 24), date(2026, 11, 24) + days * DAY) == week


@pytest.mark.parametrize(("waits", "middle"), [((), None), ((5,), 5), ((2, 9, 4), 4), ((3, 6), 4)])
def test_the_median_wait_is_in_days(waits: tuple[int, ...], middle: int | None) -> None:
    assert median_wait([each * DAY for each in waits]) == middle
