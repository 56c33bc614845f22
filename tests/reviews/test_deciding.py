"""A review ends in a decision with a reason and a next date: all of it is written, or nothing."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from monitor.audit import AuditEntry
from monitor.care.kinds import DeviationReason, ReviewKind, Step
from monitor.care.models import CloseReason, Episode, StepAssignment
from monitor.care.pathways import USUAL_PATHWAY, shipped
from monitor.checkins.models import CancelReason, CheckIn, MonitoringPlan
from monitor.config import Settings
from monitor.db import Sessions, table, unit_of_work
from monitor.flags.kinds import FlagKind, Outcome
from monitor.flags.models import Flag, FlagEvent
from monitor.messaging.models import Message, MessageState
from monitor.people.models import StaffMember
from monitor.reviews import service
from monitor.reviews.kinds import Decision, Lack
from monitor.reviews.models import Review
from monitor.reviews.service import DecisionRefused, Wanted
from tests.builders import NOW, a_check_in, a_flag, a_text
from tests.reviews.ward import DAY, DEPARTING, GO_ON, STEP_UP, WEEK, WHY, Ward


@pytest.fixture
def ward(sessions: Sessions, settings: Settings) -> Ward:
    return Ward(sessions, settings)


@pytest.fixture
def no_better(ward: Ward) -> Ward:
    """Severe scores at low intensity: the criteria propose a step up."""
    ward.answers(17, 12, at=NOW - 3 * WEEK)
    ward.answers(18, 12, at=NOW - DAY)
    return ward


def at(day: int, month: int = 12, hour: int = 17) -> datetime:
    """A moment of this winter, at the close of the service unless told otherwise."""
    return datetime(2026, month, day, hour, tzinfo=UTC)


def everything(ward: Ward) -> dict[str, list[str]]:
    """Every row that a decision may touch."""
    models = (Review, Episode, StepAssignment, MonitoringPlan, CheckIn, Flag, FlagEvent)
    with ward.sessions() as session:
        return {each.__name__: sorted(map(repr, session.execute(sa.select(table(each))))) for each in models}


def refused(ward: Ward, wanted: Wanted = GO_ON, **changed: Any) -> tuple[Lack, ...]:
    """What a decision is refused for; nothing is written."""
    before = everything(ward)
    with pytest.raises(DecisionRefused) as told:
        ward.decides(wanted, **changed)
    assert everything(ward) == before
    return told.value.lacks


def test_going_on_keeps_the_step_and_sets_the_next_date(ward: Ward) -> None:
    review = ward.decides(GO_ON)
    assert (review.decision, review.proposal, review.to_step) == (Decision.CONTINUE, Decision.CONTINUE, None)
    assert (review.next_review_at, review.understood) == (at(8), True)
    assert (ward.episode.next_review_at, ward.episode.next_review_kind) == (at(8), ReviewKind.ROUTINE)
    assert [step.step for step in ward.steps] == [Step.TWO]
    assert ward.reviews()[0].words == WHY


def test_a_step_up_is_one_thing_with_its_reason_review_date_and_clock(no_better: Ward) -> None:
    review = no_better.decides(STEP_UP)
    step = no_better.steps[-1]
    assert (review.proposal, review.deviation_reason, review.step_assignment_id) == (Decision.STEP_UP, None, step.id)
    assert (step.step, step.proposed_step) == (Step.MIDDLE, Step.MIDDLE)
    assert step.fired == [{"rule": "severe_at_low_intensity", "step": "middle"}]
    assert step.pathway_version_id == review.pathway_version_id == shipped(USUAL_PATHWAY).version_id
    assert (no_better.episode.next_review_at, no_better.episode.next_review_kind) == (at(8), ReviewKind.MID_BURST)
    (waiting,) = no_better.flags(FlagKind.FIRST_CONTACT_DUE)
    assert (waiting.closed_at, waiting.due_at) == (None, NOW + 14 * DAY)


def test_what_was_seen_is_kept_sealed_with_every_criterion_that_was_met(no_better: Ward) -> None:
    no_better.decides(STEP_UP)
    (review,) = no_better.reviews()
    assert {"criterion": "severe_at_low_intensity", "points_to": "step_up"} in review.criteria
    seen = json.loads(review.seen)
    assert [score["total"] for score in seen["facts"]["phq9"]["scores"]] == [17, 18]
    assert {each["judgement"] for each in seen["judged"]} == {"met", "not_met", "unknown"}
    assert b"total" not in bytes(review._seen)


def test_check_ins_follow_the_pace_of_the_new_step(ward: Ward) -> None:
    ward.meets_the_guardrails()
    ward.decides(GO_ON, decision=Decision.STEP_DOWN, to_step=Step.ONE, next_review_on=None, deviation_reason=DEPARTING)
    with ward.sessions() as session:
        before, after = session.scalars(sa.select(MonitoringPlan).order_by(MonitoringPlan.from_at))
        assert (before.every_weeks, before.until_at) == (1, NOW)
        assert (after.every_weeks, after.until_at, after.instruments) == (2, None, ["phq9", "gad7"])


def test_stepping_down_has_its_own_review(ward: Ward) -> None:
    ward.meets_the_guardrails()
    wanted = {"decision": Decision.STEP_DOWN, "to_step": Step.STEPPED_DOWN, "next_review_on": None}
    ward.decides(GO_ON, **wanted, deviation_reason=DEPARTING)
    assert ward.steps[-1].step is Step.STEPPED_DOWN
    assert (ward.episode.next_review_at, ward.episode.next_review_kind) == (at(22), ReviewKind.AFTER_STEP_DOWN)
    assert ward.flags(FlagKind.FIRST_CONTACT_DUE) == []


def test_other_help_on_the_same_step_keeps_the_step(ward: Ward) -> None:
    review = ward.decides(GO_ON, decision=Decision.SIDEWAYS, deviation_reason=DeviationReason.PREFERENCE)
    assert (review.to_step, len(ward.steps)) == (None, 1)
    assert review.deviation_reason is DeviationReason.PREFERENCE


def test_a_decision_as_proposed_keeps_no_deviation_whatever_the_form_said(no_better: Ward) -> None:
    assert no_better.decides(STEP_UP, deviation_reason=DEPARTING).deviation_reason is None


@pytest.mark.parametrize("words", ["", "  ", "ok", "no change", "\n\n"])
def test_a_reason_in_words_is_always_owed(ward: Ward, words: str) -> None:
    assert refused(ward, words=words) == (Lack.WORDS,)


@pytest.mark.parametrize(
    "changed",
    [
        {"decision": Decision.CONTINUE},
        {"decision": Decision.SIDEWAYS},
        {"decision": Decision.STEP_UP, "to_step": Step.THREE, "next_review_on": None},  # up, but to another step
        {"decision": Decision.STEP_DOWN, "to_step": Step.ONE, "next_review_on": None},
        {"decision": Decision.DISCHARGE, "close_reason": CloseReason.MOVED},
    ],
)
def test_departing_from_the_proposal_owes_a_reason_with_a_code(no_better: Ward, changed: dict[str, Any]) -> None:
    no_better.meets_the_guardrails()
    assert refused(no_better, GO_ON, **changed) == (Lack.DEVIATION_REASON,)
    review = no_better.decides(GO_ON, **changed, deviation_reason=DEPARTING)
    assert (review.proposal, review.deviation_reason) == (Decision.STEP_UP, DEPARTING)


@pytest.mark.parametrize(
    ("on", "lack"),
    [
        (None, Lack.NEXT_REVIEW),
        (date(2026, 11, 23), Lack.NEXT_REVIEW_NOT_AHEAD),
        (date(2026, 11, 24), Lack.NEXT_REVIEW_NOT_AHEAD),
        (date(2026, 12, 16), Lack.NEXT_REVIEW_TOO_LATE),
        (date(2036, 12, 16), Lack.NEXT_REVIEW_TOO_LATE),
    ],
)
def test_going_on_needs_a_date_within_what_the_step_allows(ward: Ward, on: date | None, lack: Lack) -> None:
    assert refused(ward, next_review_on=on) == (lack,)
    assert ward.decides(GO_ON, next_review_on=date(2026, 12, 15)).next_review_at == at(15)


def test_a_change_of_step_is_reviewed_when_the_pathway_says_or_sooner(no_better: Ward) -> None:
    assert refused(no_better, STEP_UP, next_review_on=date(2026, 12, 9)) == (Lack.NEXT_REVIEW_TOO_LATE,)
    assert no_better.decides(STEP_UP, next_review_on=date(2026, 12, 1)).next_review_at == at(1)


@pytest.mark.parametrize(
    ("decision", "to_step"),
    [
        (Decision.STEP_UP, None),
        (Decision.STEP_UP, Step.ONE),
        (Decision.STEP_UP, Step.TWO),
        (Decision.STEP_UP, Step.STEPPED_DOWN),
        (Decision.STEP_DOWN, Step.THREE),
        (Decision.CONTINUE, Step.THREE),
        (Decision.DISCHARGE, Step.THREE),
    ],
)
def test_a_step_must_lie_the_way_of_the_decision(ward: Ward, decision: Decision, to_step: Step | None) -> None:
    assert refused(ward, decision=decision, to_step=to_step, deviation_reason=DEPARTING) == (Lack.TO_STEP,)


def test_the_middle_step_ends_when_its_weeks_are_over(sessions: Sessions, settings: Settings) -> None:
    ward = Ward(sessions, settings, step=Step.MIDDLE)  # since 25 September, so its eight weeks ended on the 20th
    ward.decides(GO_ON, next_review_on=date(2026, 12, 22))
    assert ward.episode.next_review_kind is ReviewKind.END_OF_BURST


def test_going_on_in_the_middle_step_is_reviewed_at_its_end(no_better: Ward) -> None:
    no_better.decides(STEP_UP)
    later = {"at": NOW + 5 * WEEK, "deviation_reason": DEPARTING}  # three weeks are left of eight
    assert refused(no_better, GO_ON, **later, next_review_on=date(2027, 1, 20)) == (Lack.NEXT_REVIEW_TOO_LATE,)
    no_better.decides(GO_ON, **later, next_review_on=date(2027, 1, 19))
    assert no_better.episode.next_review_kind is ReviewKind.END_OF_BURST


def test_ending_care_stops_everything_that_was_to_come(ward: Ward) -> None:
    with unit_of_work(ward.sessions) as session:
        check_in = a_check_in(session, ward.care, due_at=NOW + DAY)
        session.add(a_text(ward.care.patient.id, NOW + DAY, MessageState.QUEUED))
    coming = ward.agrees(NOW + 2 * DAY)
    end = {"decision": Decision.DISCHARGE, "close_reason": CloseReason.MOVED, "next_review_on": None}
    review = ward.decides(GO_ON, **end, deviation_reason=DEPARTING)
    assert (ward.episode.closed_at, ward.episode.close_reason) == (NOW, CloseReason.MOVED)
    assert (review.next_review_at, ward.episode.next_review_at) == (None, None)
    with ward.sessions() as session:
        assert session.get_one(CheckIn, check_in.id).cancel_reason is CancelReason.EPISODE_CLOSED
        assert session.scalars(sa.select(Message.state)).all() == [MessageState.CANCELLED]
        assert session.get_one(type(coming), coming.id).cancelled_at == NOW
        assert session.scalars(sa.select(MonitoringPlan.until_at)).all() == [NOW]


def test_care_does_not_end_without_saying_why_nor_while_a_safety_answer_is_open(ward: Ward) -> None:
    end = {"decision": Decision.DISCHARGE, "next_review_on": None, "deviation_reason": DEPARTING}
    assert refused(ward, **end) == (Lack.CLOSE_REASON,)
    assert refused(ward, **end, close_reason=CloseReason.DIED) == (Lack.CLOSE_REASON,)  # no decision of a review
    with unit_of_work(ward.sessions) as session:
        session.add(a_flag(ward.care, FlagKind.SAFETY))
    assert refused(ward, **end, close_reason=CloseReason.MOVED) == (Lack.SAFETY_FLAG_OPEN,)


def test_after_care_has_ended_there_is_nothing_to_decide(ward: Ward) -> None:
    with unit_of_work(ward.sessions) as session:
        episode = ward.within(session)
        episode.closed_at, episode.close_reason = NOW - DAY, CloseReason.COMPLETED
    assert refused(ward) == (Lack.CARE_HAS_ENDED,)


def test_a_decision_answers_the_flags_that_asked_for_it_and_no_others(ward: Ward) -> None:
    asked = (FlagKind.DETERIORATING, FlagKind.NOT_IMPROVING, FlagKind.REVIEW_REQUESTED, FlagKind.REVIEW_DUE)
    others = (FlagKind.SAFETY, FlagKind.MISSED_CHECK_INS, FlagKind.UNREACHABLE, FlagKind.CALL_REQUESTED)
    with unit_of_work(ward.sessions) as session:
        session.add_all(a_flag(ward.care, kind) for kind in asked + others)
    ward.decides(GO_ON)
    for flag in ward.flags():
        assert (flag.closed_at is None) == (flag.kind in others), flag.kind
        if flag.kind in asked:
            assert (flag.outcome, flag.reason, flag.closed_by_id) == (Outcome.REVIEWED, WHY, ward.clinician.id)


def test_a_second_step_up_starts_its_own_clock(no_better: Ward) -> None:
    no_better.decides(STEP_UP)
    with unit_of_work(no_better.sessions) as session:
        (flag,) = no_better.flags(FlagKind.FIRST_CONTACT_DUE)
        flag = session.merge(flag)
        member = session.get_one(StaffMember, no_better.clinician.id)
        service.close_reviewed(
            session,
            no_better.within(session),
            member,
            "Seen.",
            NOW + DAY,
            kinds=(FlagKind.FIRST_CONTACT_DUE,),
            outcome=Outcome.FIRST_CONTACT_HELD,
        )
    again = {"to_step": Step.THREE, "deviation_reason": DEPARTING, "at": NOW + 2 * DAY}
    no_better.decides(STEP_UP, **again)
    waiting = no_better.flags(FlagKind.FIRST_CONTACT_DUE)
    assert [flag.closed_at is None for flag in waiting] == [False, True]


def test_a_review_held_early_may_keep_its_date_and_the_next_one_still_counts(ward: Ward) -> None:
    ward.review_is(at(8))
    ward.decides(GO_ON)
    assert timedelta(0) < at(8) - (ward.episode.next_review_at or NOW) <= timedelta(minutes=1)
    ward.decides(GO_ON, at=at(8), next_review_on=date(2026, 12, 22))
    assert len(ward.reviews()) == 2


def test_nothing_is_written_when_anything_of_it_breaks(no_better: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    before = everything(no_better)
    for name in ("ask_every", "close_reviewed", "raise_flags", "record"):

        def breaks(*_: object, **__: object) -> None:
            raise RuntimeError("the machine went down")

        with monkeypatch.context() as patch:
            patch.setattr(service, name, breaks)
            with pytest.raises(RuntimeError):
                no_better.decides(STEP_UP)
        assert everything(no_better) == before, name
    no_better.decides(STEP_UP)
    assert everything(no_better) != before


def test_who_decided_is_in_the_trail(ward: Ward) -> None:
    ward.decides(GO_ON)
    with ward.sessions() as session:
        entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "review continue")).one()
        assert (entry.actor_id, entry.subject_id) == (ward.clinician.id, ward.care.patient.id)
