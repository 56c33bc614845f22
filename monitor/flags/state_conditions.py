"""The rules as conditions on the state rows: quick, since each row holds what the rules look at."""

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from monitor.care.flag_policy import FlagPolicy
from monitor.care.intake_models import TreatmentStart
from monitor.care.kinds import Step, Treatment
from monitor.care.models import Episode, StepAssignment
from monitor.checkins.models import CheckIn, MeasureState
from monitor.flags.row_conditions import (
    SILENCE,
    Condition,
    Conditions,
    all_within,
    near,
    newest_total_by,
    review_is_due,
    score_then,
)
from monitor.flags.score_rules import DEPRESSION
from monitor.measures import catalogue
from monitor.measures.instrument import TrackedSpec

state = MeasureState
compared, rise, fall = state.count >= 2, state.last - state.baseline, state.baseline - state.last
_of_the_course = state.instrument.in_(catalogue.TRACKED)


def from_states(policy: FlagPolicy) -> Conditions:
    """Return when each rule holds, by the state rows."""
    at_caseness = _each(lambda spec: spec.caseness)
    recent = (state.third_last, state.second_last, state.last)[-policy.plateau_check_ins :]
    started = (
        state.instrument == DEPRESSION,
        compared,
        state.baseline >= catalogue.tracked(DEPRESSION).caseness,
    )
    cut_points = (
        sa.and_(state.last >= cut_point, near(state.last_at, state.baseline_at, (week, week), policy))
        for week, cut_point in policy.cut_points
    )
    return Conditions(
        worse=_among(compared, rise >= _each(lambda spec: spec.reliable_change)),
        titration=_among(
            *started,
            fall < policy.titration_fall,
            near(state.last_at, state.baseline_at, policy.titration_weeks, policy),
        ),
        above_cut_point=_among(*started, sa.or_(sa.false(), *cut_points)),
        no_fall=_no_fall(policy),
        review=sa.and_(
            review_is_due(policy),
            _among(state.baseline >= at_caseness),
            ~_among(compared, fall >= _each(lambda spec: spec.minimal_difference)),
            ~_among(~compared),
        ),
        flat=_among(state.last >= at_caseness, all_within(recent, policy.plateau_spread)),
        silent=Episode.id.in_(sa.select(_SILENT.c.episode_id)),
        missed=Episode.id.in_(sa.select(_SILENT.c.episode_id).where(_SILENT.c.missed >= policy.missed_review)),
        stepped_down=Episode.id.in_(sa.select(_STEPPED_DOWN.c.episode_id)),
    )


def _among(*conditions: Condition) -> Condition:
    return Episode.id.in_(sa.select(state.episode_id).where(_of_the_course, *conditions))


def _each(of: Callable[[TrackedSpec], int]) -> sa.Case[int]:
    """A published number of the measure that a state row is about."""
    return sa.case({code: of(catalogue.tracked(code)) for code in catalogue.TRACKED}, value=state.instrument)


def _no_fall(policy: FlagPolicy) -> Condition:
    """From the treatments, which few episodes have, to their state rows."""
    begun, later = TreatmentStart, aliased(TreatmentStart)
    is_newest = ~sa.exists().where(
        later.episode_id == begun.episode_id,
        later.treatment == begun.treatment,
        sa.tuple_(later.at, later.id) > sa.tuple_(begun.at, begun.id),
    )
    in_time = (
        sa.and_(begun.treatment == Treatment(each), near(state.last_at, begun.started_on, (week, week), policy))
        for each, week in policy.no_response_weeks.items()
    )
    by_the_day = newest_total_by(begun.episode_id, begun.started_on)
    then = score_then(by_the_day, state.baseline, state.baseline_at, begun.started_on, policy)
    return Episode.id.in_(
        sa.select(begun.episode_id)
        .join(state, sa.and_(state.episode_id == begun.episode_id, state.instrument == DEPRESSION))
        .where(is_newest, compared, sa.or_(*in_time))
        .where(then.between(catalogue.tracked(DEPRESSION).caseness, state.last))
    )


def _silent() -> sa.CTE:
    answered = aliased(CheckIn)
    after_all_answered = ~sa.exists().where(
        answered.episode_id == CheckIn.episode_id,
        answered.due_at >= CheckIn.due_at,
        answered.completed_at.is_not(None),
    )
    return (
        sa.select(CheckIn.episode_id, sa.func.count(CheckIn.missed_at).label("missed"))
        .where(SILENCE, after_all_answered)
        .group_by(CheckIn.episode_id)
        .cte("silent")
    )


_SILENT = _silent()
"""Made once: every policy in one query asks the same."""


def _stepped_down() -> sa.CTE:
    later = aliased(StepAssignment)
    is_newest = ~sa.exists().where(
        later.episode_id == StepAssignment.episode_id, later.from_at > StepAssignment.from_at
    )
    return (
        sa.select(StepAssignment.episode_id)
        .where(StepAssignment.step == Step.STEPPED_DOWN, is_newest)
        .cte("stepped_down")
    )


_STEPPED_DOWN = _stepped_down()
"""Made once, as the one before."""
