"""Help becomes less only when all eleven guardrails stand: by a review, by an intake, and never by a crafted form."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.care.kinds import Step
from monitor.care.models import CloseReason, Episode, StepAssignment
from monitor.checkins.choosing import Chosen, choose
from monitor.checkins.models import CancelReason, CheckIn, MonitoringPlan
from monitor.checkins.planning import open_plan
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.models import Flag, FlagEvent
from monitor.messaging.models import MessageState
from monitor.people.models import Party, Purpose, Role, StaffMember
from monitor.people.service import state_consent
from monitor.relapse.cadence import follow_up
from monitor.relapse.cadence_rules import FollowUp, follow_up_of
from monitor.relapse.counts import StepDownCounts, step_down_counts
from monitor.relapse.gate import GuardrailsMissing, checklist, require
from monitor.relapse.guardrail_rules import State, Why
from monitor.relapse.guardrails import countersign, let_go, withdraw
from monitor.relapse.jobs import ease_due
from monitor.relapse.kinds import Guardrail, How
from monitor.relapse.models import Reentry, StepDown
from monitor.reviews import less_help
from monitor.reviews.kinds import Decision, Lack
from monitor.reviews.models import Review
from monitor.reviews.service import DecisionRefused
from tests.builders import NOW, InCare, a_check_in, a_staff_member, a_text
from tests.plans import stepped_down
from tests.reviews.courses import PATHWAY
from tests.reviews.ward import DAY, DEPARTING, GO_ON, WEEK, Ward

DOWN = {"decision": Decision.STEP_DOWN, "next_review_on": None, "deviation_reason": DEPARTING}
TO_FOLLOW_UP = {**DOWN, "to_step": Step.STEPPED_DOWN}
ENDED = {**DOWN, "decision": Decision.DISCHARGE, "close_reason": CloseReason.COMPLETED}
ELEVEN = tuple(Guardrail)


@pytest.fixture
def ward(sessions: Sessions, settings: Settings) -> Ward:
    return Ward(sessions, settings)


@pytest.fixture
def one_ward(sqlite_sessions: Sessions, settings: Settings) -> Ward:
    return Ward(sqlite_sessions, settings)


def rows(ward: Ward) -> dict[str, list[str]]:
    """Every row that less help may touch."""
    models = (StepDown, Review, StepAssignment, MonitoringPlan, Episode, CheckIn, Flag, FlagEvent)
    with ward.sessions() as session:
        return {each.__name__: sorted(map(repr, session.execute(sa.select(each.__table__)))) for each in models}


def refused(ward: Ward, **wanted: Any) -> tuple[Guardrail, ...]:
    """The guardrails that a decision is refused for; nothing is written."""
    before = rows(ward)
    with pytest.raises(DecisionRefused) as told:
        ward.decides(GO_ON, **wanted)
    assert rows(ward) == before
    assert told.value.lacks == (Lack.GUARDRAILS,)
    return told.value.missing


def here(ward: Ward, session: Session) -> InCare:
    """Who is in care, in a session of the test's own."""
    episode = ward.within(session)
    return replace(ward.care, episode=episode, patient=episode.patient)


def downs(ward: Ward) -> list[StepDown]:
    with ward.sessions() as session:
        return list(session.scalars(sa.select(StepDown).order_by(StepDown.at)))


def lets_go(ward: Ward, guardrail: Guardrail, *, signed: bool, at: datetime = NOW - timedelta(minutes=2)) -> None:
    with unit_of_work(ward.sessions) as session:
        by = session.get_one(StaffMember, ward.clinician.id)
        exception = let_go(session, ward.within(session), guardrail, "It cannot be had here.", by=by, now=at)
        if signed:
            supervisor = session.scalars(sa.select(StaffMember).where(StaffMember.role == Role.SUPERVISOR)).one()
            later = at + timedelta(minutes=1)
            countersign(session, ward.within(session), guardrail, exception.id, by=supervisor, now=later)


def takes_back(ward: Ward, guardrail: Guardrail, at: datetime = NOW - timedelta(minutes=2)) -> None:
    with unit_of_work(ward.sessions) as session:
        by = session.get_one(StaffMember, ward.clinician.id)
        withdraw(session, ward.within(session), guardrail, by=by, now=at)


# ---- reviews ----


@pytest.mark.parametrize("to_step", [Step.ONE, Step.STEPPED_DOWN])
def test_without_a_guardrail_no_review_makes_help_less(ward: Ward, to_step: Step) -> None:
    assert refused(ward, **DOWN, to_step=to_step) == (*ELEVEN[:8], Guardrail.LANGUAGE)


def test_with_all_eleven_it_does_and_they_are_kept_as_they_stood(ward: Ward) -> None:
    ward.answers(14, 10, at=NOW - 5 * WEEK)
    ward.answers(4, 3, at=NOW - DAY)
    ward.meets_the_guardrails()
    ward.decides(GO_ON, **TO_FOLLOW_UP)
    (row,) = downs(ward)
    assert (row.from_step, row.to_step, row.step_assignment_id) == (Step.TWO, Step.STEPPED_DOWN, ward.steps[-1].id)
    assert (row.phq9, row.gad7, row.at, row.decided_by_id) == (4, 3, NOW, ward.clinician.id)
    assert row.guardrails == [{"guardrail": each.value, "state": "met"} for each in Guardrail]
    assert row.plan_id is not None


@pytest.mark.parametrize("guardrail", [Guardrail.STABILITY, Guardrail.PRIMARY_CARE, Guardrail.LANGUAGE])
def test_ten_are_not_enough_and_an_exception_counts_once_it_is_signed(one_ward: Ward, guardrail: Guardrail) -> None:
    one_ward.meets_the_guardrails()
    takes_back(one_ward, guardrail, at=NOW - timedelta(minutes=4))
    assert refused(one_ward, **TO_FOLLOW_UP) == (guardrail,)
    lets_go(one_ward, guardrail, signed=False, at=NOW - timedelta(minutes=3))
    assert refused(one_ward, **TO_FOLLOW_UP) == (guardrail,)
    lets_go(one_ward, guardrail, signed=True)
    one_ward.decides(GO_ON, **TO_FOLLOW_UP)
    assert downs(one_ward)[0].guardrails[guardrail.number - 1] == {"guardrail": guardrail, "state": "excepted"}


def test_a_step_down_without_a_plan_is_possible_with_four_signed_exceptions_and_says_so(one_ward: Ward) -> None:
    for guardrail in checklist_of(one_ward):
        lets_go(one_ward, guardrail, signed=True)
    one_ward.decides(GO_ON, **TO_FOLLOW_UP)
    (row,) = downs(one_ward)
    assert (row.plan_id, row.phq9) == (None, None)


def checklist_of(ward: Ward, at: datetime = NOW, **asked: Any) -> tuple[Guardrail, ...]:
    with ward.sessions() as session:
        return checklist(session, ward.within(session), at, **asked).missing


def test_what_was_confirmed_is_too_old_after_four_weeks(one_ward: Ward) -> None:
    one_ward.meets_the_guardrails(NOW - 28 * DAY)
    assert checklist_of(one_ward, NOW - timedelta(minutes=6)) == ()
    assert checklist_of(one_ward) == tuple(each for each in ELEVEN if each.number in (1, 5, 6, 7, 11))


def test_the_next_step_down_owes_what_people_confirm_anew(one_ward: Ward) -> None:
    one_ward.meets_the_guardrails()
    one_ward.decides(GO_ON, **DOWN, to_step=Step.ONE)
    assert checklist_of(one_ward, NOW + DAY) == tuple(each for each in ELEVEN if each.number in (1, 5, 6, 7, 11))


def test_item_9_above_0_even_if_only_begun_owes_a_safety_plan(one_ward: Ward) -> None:
    one_ward.meets_the_guardrails(NOW - 2 * DAY)
    assert checklist_of(one_ward) == ()
    one_ward.answers(6, 4, item9=1, at=NOW - DAY)
    assert checklist_of(one_ward) == (Guardrail.SAFETY_PLAN,)
    one_ward.meets_the_guardrails(NOW)
    assert checklist_of(one_ward) == ()


def test_who_takes_no_texts_and_no_calls_cannot_be_followed(one_ward: Ward) -> None:
    one_ward.meets_the_guardrails()
    with unit_of_work(one_ward.sessions) as session:
        patient = one_ward.within(session).patient
        state_consent(session, patient, (Purpose.TEXTS,), False, said_by=Party.PATIENT, now=NOW - timedelta(minutes=1))
    assert refused(one_ward, **TO_FOLLOW_UP) == (Guardrail.FOLLOW_UP,)


def test_an_owner_who_has_left_is_no_owner(one_ward: Ward) -> None:
    with unit_of_work(one_ward.sessions) as session:
        leaver = a_staff_member(session, one_ward.care.team, "leaver@example.org", name="Leaver")
    one_ward.meets_the_guardrails(owner_id=leaver.id)
    with unit_of_work(one_ward.sessions) as session:
        session.get_one(StaffMember, leaver.id).ended_at = NOW - timedelta(minutes=1)
        line = checklist(session, one_ward.within(session), NOW).line(Guardrail.OWNER)
        assert (line.state, line.why) == (State.MISSING, Why.OWNER_LEFT)


@pytest.mark.parametrize(
    "wanted",
    [
        {"decision": Decision.CONTINUE},
        {"decision": Decision.SIDEWAYS, "deviation_reason": DEPARTING},
        {"decision": Decision.STEP_UP, "to_step": Step.THREE, "next_review_on": None, "deviation_reason": DEPARTING},
        {**ENDED, "close_reason": CloseReason.MOVED},
        {**ENDED, "close_reason": CloseReason.DECLINED},
    ],
)
def test_nobody_else_is_held_back(one_ward: Ward, wanted: dict[str, Any]) -> None:
    one_ward.decides(GO_ON, **wanted)
    assert downs(one_ward) == []


def test_ending_care_as_completed_owes_a_signature_that_nobody_is_asked_afterwards(ward: Ward) -> None:
    ward.meets_the_guardrails()
    assert refused(ward, **ENDED) == (Guardrail.FOLLOW_UP,)
    lets_go(ward, Guardrail.FOLLOW_UP, signed=True)
    ward.decides(GO_ON, **ENDED)
    (row,) = downs(ward)
    assert (row.from_step, row.to_step, row.step_assignment_id) == (Step.TWO, None, None)
    assert ward.episode.closed_at == NOW


def test_after_follow_up_care_ends_without_another_gate(sqlite_sessions: Sessions, settings: Settings) -> None:
    ward = Ward(sqlite_sessions, settings)
    with unit_of_work(ward.sessions) as session:
        stepped_down(session, here(ward, session))
    ward.decides(GO_ON, **ENDED)
    assert ward.episode.closed_at == NOW
    assert len(downs(ward)) == 1


@pytest.mark.parametrize("breaks", ["record_step_down", "follow_up"])
def test_nothing_is_written_when_the_last_of_it_breaks(
    one_ward: Ward, monkeypatch: pytest.MonkeyPatch, breaks: str
) -> None:
    one_ward.meets_the_guardrails()
    before = rows(one_ward)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the machine went down")

    monkeypatch.setattr(less_help, breaks, broken)
    with pytest.raises(RuntimeError):
        one_ward.decides(GO_ON, **TO_FOLLOW_UP)
    assert rows(one_ward) == before


def test_require_names_everything_and_returns_what_stands(one_ward: Ward) -> None:
    with one_ward.sessions() as session, pytest.raises(GuardrailsMissing) as told:
        require(session, one_ward.within(session), NOW)
    assert told.value.missing == (*ELEVEN[:8], Guardrail.LANGUAGE)
    one_ward.meets_the_guardrails()
    with one_ward.sessions() as session:
        assert require(session, one_ward.within(session), NOW).standing == 11


# ---- how often they are asked then ----


@pytest.mark.parametrize(
    ("phq9", "expected"),
    [
        (None, FollowUp(4)),
        (0, FollowUp(4)),
        (4, FollowUp(4)),
        (5, FollowUp(2, 13, 4)),
        (9, FollowUp(2, 13, 4)),
        (10, FollowUp(4)),
    ],
)
def test_residual_symptoms_are_followed_more_closely_at_first(phq9: int | None, expected: FollowUp) -> None:
    assert follow_up_of(PATHWAY, phq9) == expected


def plans(ward: Ward) -> list[MonitoringPlan]:
    with ward.sessions() as session:
        return list(session.scalars(sa.select(MonitoringPlan).order_by(MonitoringPlan.from_at)))


def test_a_step_down_changes_the_check_ins_once(ward: Ward) -> None:
    ward.answers(7, 4, at=NOW - DAY)
    ward.meets_the_guardrails()
    ward.decides(GO_ON, **TO_FOLLOW_UP)
    before, after = plans(ward)
    assert (before.until_at, after.from_at, after.until_at) == (NOW, NOW, None)
    assert (after.every_weeks, after.eases_on, after.eases_to) == (2, date(2027, 2, 23), 4)


def test_without_them_it_is_every_four_weeks(one_ward: Ward) -> None:
    one_ward.answers(3, 2, at=NOW - DAY)
    one_ward.meets_the_guardrails()
    one_ward.decides(GO_ON, **TO_FOLLOW_UP)
    after = plans(one_ward)[-1]
    assert (after.every_weeks, after.eases_on, after.eases_to) == (4, None, None)


def test_at_its_date_the_check_ins_move_apart_once_and_nothing_asked_is_cancelled(ward: Ward) -> None:
    with unit_of_work(ward.sessions) as session:
        follow_up(session, ward.within(session), PATHWAY, 7, NOW)
        asked = a_check_in(session, ward.care, due_at=NOW + 90 * DAY)
        session.add(a_text(ward.care.patient.id, asked.due_at, MessageState.SENT, check_in_id=asked.id))
        later = a_check_in(session, ward.care, due_at=NOW + 93 * DAY)
        session.add(a_text(ward.care.patient.id, later.due_at, MessageState.QUEUED, check_in_id=later.id))
    almost, then = datetime(2027, 2, 22, 23, 59, tzinfo=NOW.tzinfo), datetime(2027, 2, 23, tzinfo=NOW.tzinfo)
    assert ease_due(ward.sessions, lambda: almost) == 0
    assert ease_due(ward.sessions, lambda: then) == 1
    assert ease_due(ward.sessions, lambda: then) == 0
    after = plans(ward)[-1]
    assert (after.every_weeks, after.eases_on, after.eases_to, after.until_at) == (4, None, None, None)
    with ward.sessions() as session:
        assert session.get_one(CheckIn, asked.id).cancelled_at is None
        assert session.get_one(CheckIn, later.id).cancel_reason is CancelReason.PLAN_CHANGED


def test_the_date_is_the_patient_s_own(one_ward: Ward) -> None:
    with unit_of_work(one_ward.sessions) as session:
        one_ward.within(session).patient.time_zone = "Pacific/Auckland"
        follow_up(session, one_ward.within(session), PATHWAY, 7, NOW)
    there_already = datetime(2027, 2, 22, 11, 0, tzinfo=NOW.tzinfo)  # midnight of the 23rd in Auckland
    assert ease_due(one_ward.sessions, lambda: there_already - timedelta(minutes=1)) == 0
    assert ease_due(one_ward.sessions, lambda: there_already) == 1


def test_one_who_cannot_be_eased_does_not_stop_the_others(
    one_ward: Ward, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from monitor.relapse import jobs

    with unit_of_work(one_ward.sessions) as session:
        follow_up(session, one_ward.within(session), PATHWAY, 7, NOW)

    def broken(*_: object) -> bool:
        raise RuntimeError("their name")

    monkeypatch.setattr(jobs, "ease", broken)
    assert ease_due(one_ward.sessions, lambda: NOW + 200 * DAY) == 0
    assert "their name" not in caplog.text


def test_other_measures_keep_the_date_on_which_the_check_ins_move_apart(one_ward: Ward) -> None:
    with unit_of_work(one_ward.sessions) as session:
        follow_up(session, one_ward.within(session), PATHWAY, 7, NOW)
    with unit_of_work(one_ward.sessions) as session:
        episode, plan = one_ward.within(session), open_plan(session, one_ward.episode_id)
        assert plan is not None
        chosen = Chosen(("phq9", "gad7", "who5"), {})
        choose(session, episode, chosen, made_from=plan.id, by=one_ward.clinician.id, now=NOW + DAY)
    after = plans(one_ward)[-1]
    assert (after.instruments, after.every_weeks, after.eases_to) == (["phq9", "gad7", "who5"], 2, 4)


def test_where_nobody_is_asked_nothing_begins_by_itself(one_ward: Ward) -> None:
    with unit_of_work(one_ward.sessions) as session:
        session.execute(sa.update(MonitoringPlan).values(until_at=NOW - DAY))
        follow_up(session, one_ward.within(session), PATHWAY, 7, NOW)
    assert len(plans(one_ward)) == 1


# ---- following the numbers ----


def counts(ward: Ward, at: datetime) -> StepDownCounts:
    with ward.sessions() as session:
        return step_down_counts(session, [ward.care.team.id], at)


def heavier(ward: Ward, at: datetime) -> None:
    with unit_of_work(ward.sessions) as session:
        newest = ward.within(session).steps[-1]
        again = {"step": Step.TWO, "from_at": at, "decided_by_id": ward.clinician.id}
        kept = {"episode_id": newest.episode_id, "pathway_version_id": newest.pathway_version_id}
        session.add(StepAssignment(**again, **kept, patient_id=ward.care.patient.id))


def came_back(ward: Ward, at: datetime) -> None:
    with unit_of_work(ward.sessions) as session:
        episode = ward.within(session)
        about = {"episode_id": episode.id, "patient_id": episode.patient_id, "step_assignment_id": episode.steps[0].id}
        session.add(Reentry(**about, at=at, how=How.CALL, due_at=at + WEEK))


@pytest.mark.parametrize("returns", [heavier, came_back])
@pytest.mark.parametrize(
    ("after", "asked_after", "followed", "back"),
    [(89, 90, 1, 1), (90, 90, 1, 1), (91, 120, 1, 0), (10, 89, 0, 0)],
)
def test_who_was_soon_back_is_counted_once_their_ninety_days_are_over(
    one_ward: Ward, returns: Callable[[Ward, datetime], None], after: int, asked_after: int, followed: int, back: int
) -> None:
    with unit_of_work(one_ward.sessions) as session:
        stepped_down(session, here(one_ward, session), at=NOW)
    returns(one_ward, NOW + after * DAY)
    found = counts(one_ward, NOW + asked_after * DAY)
    assert (found.met, found.excepted, found.followed, found.back) == (1, 0, followed, back)


def test_a_step_down_with_an_exception_is_counted_as_one(one_ward: Ward) -> None:
    one_ward.meets_the_guardrails()
    takes_back(one_ward, Guardrail.LINKS, at=NOW - timedelta(minutes=4))
    lets_go(one_ward, Guardrail.LINKS, signed=True)
    one_ward.decides(GO_ON, **TO_FOLLOW_UP)
    assert counts(one_ward, NOW + DAY) == StepDownCounts(met=0, excepted=1, followed=0, back=0)
    with one_ward.sessions() as session:
        assert step_down_counts(session, [], NOW) == StepDownCounts(0, 0, 0, 0)
