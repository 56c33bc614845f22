"""The rules as conditions on the scores themselves, by index seeks: what the state rows are held against."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from monitor.care.flag_policy import FlagPolicy
from monitor.care.kinds import Step, Treatment
from monitor.care.models import Episode
from monitor.checkins.models import CheckIn, Score
from monitor.flags.row_conditions import (
    LONG_AGO,
    SILENCE,
    Condition,
    Conditions,
    all_within,
    near,
    newest_total_by,
    present_step,
    review_is_due,
    score_then,
    started_on,
)
from monitor.flags.score_rules import DEPRESSION
from monitor.measures import catalogue
from monitor.measures.instrument import TrackedSpec


def from_scores(policy: FlagPolicy) -> Conditions:
    """Return when each rule holds, by the scores."""
    specs = [catalogue.tracked(code) for code in catalogue.TRACKED]
    since = _since_the_last_answer()
    return Conditions(
        worse=sa.or_(*(_total(spec, 0) - _first(spec) >= spec.reliable_change for spec in specs)),
        titration=_titration(policy),
        above_cut_point=_above_cut_point(policy),
        no_fall=_no_fall(policy),
        review=sa.and_(
            review_is_due(policy),
            sa.or_(*(_first(spec) >= spec.caseness for spec in specs)),
            *(sa.func.coalesce(_first(spec) - _total(spec, 0), 0) < spec.minimal_difference for spec in specs),
            *(~_lacks(spec) for spec in specs),
        ),
        flat=sa.or_(*(_flat(spec, policy) for spec in specs)),
        silent=sa.exists().where(*since, SILENCE),
        missed=sa.select(sa.func.count(CheckIn.missed_at)).where(*since).scalar_subquery() >= policy.missed_review,
        stepped_down=sa.func.coalesce(present_step() == Step.STEPPED_DOWN, sa.false()),
    )


def _seek(column: Any, spec: TrackedSpec, nth: int, *, newest: bool = True) -> sa.ScalarSelect[Any]:
    """What stands beside the nth newest or oldest total of a measure."""
    rows = sa.select(column).where(Score.episode_id == Episode.id, Score.instrument == spec.code)
    order = Score.at.desc() if newest else Score.at
    return rows.where(Score.total.is_not(None)).order_by(order).limit(1).offset(nth).scalar_subquery()


def _total(spec: TrackedSpec, nth: int) -> sa.ScalarSelect[int | None]:
    return _seek(Score.total, spec, nth)


def _first(spec: TrackedSpec) -> sa.ScalarSelect[int | None]:
    return _seek(Score.total, spec, 0, newest=False)


def _lacks(spec: TrackedSpec) -> Condition:
    asked = sa.exists().where(Score.episode_id == Episode.id, Score.instrument == spec.code)
    return sa.and_(asked, _total(spec, 1).is_(None))


def _flat(spec: TrackedSpec, policy: FlagPolicy) -> Condition:
    recent = [_total(spec, nth) for nth in range(policy.plateau_check_ins)]
    return sa.and_(recent[0] >= spec.caseness, all_within(recent, policy.plateau_spread))


def _titration(policy: FlagPolicy) -> Condition:
    spec = catalogue.tracked(DEPRESSION)
    return sa.and_(
        _first(spec) >= spec.caseness,
        _first(spec) - _total(spec, 0) < policy.titration_fall,
        near(_seek(Score.at, spec, 0), _seek(Score.at, spec, 0, newest=False), policy.titration_weeks, policy),
    )


def _above_cut_point(policy: FlagPolicy) -> Condition:
    spec = catalogue.tracked(DEPRESSION)
    last_at, first_at = _seek(Score.at, spec, 0), _seek(Score.at, spec, 0, newest=False)
    above = (
        sa.and_(_total(spec, 0) >= cut_point, near(last_at, first_at, (week, week), policy))
        for week, cut_point in policy.cut_points
    )
    return sa.and_(_first(spec) >= spec.caseness, sa.or_(sa.false(), *above))


def _no_fall(policy: FlagPolicy) -> Condition:
    spec = catalogue.tracked(DEPRESSION)
    first, first_at = _first(spec), _seek(Score.at, spec, 0, newest=False)
    last, last_at = _total(spec, 0), _seek(Score.at, spec, 0)

    def unchanged(treatment: Treatment, weeks: int) -> Condition:
        day = started_on(treatment)
        then = score_then(newest_total_by(Episode.id, day), first, first_at, day, policy)
        return sa.and_(near(last_at, day, (weeks, weeks), policy), then.between(spec.caseness, last))

    each = (unchanged(Treatment(treatment), weeks) for treatment, weeks in policy.no_response_weeks.items())
    return sa.and_(_total(spec, 1).is_not(None), sa.or_(*each))


def _since_the_last_answer() -> tuple[Condition, Condition]:
    answered = aliased(CheckIn)
    last_answered = (
        sa.select(answered.due_at)
        .where(answered.episode_id == Episode.id, answered.completed_at.is_not(None))
        .order_by(answered.due_at.desc())
        .limit(1)
        .correlate(Episode)
        .scalar_subquery()
    )
    return CheckIn.episode_id == Episode.id, CheckIn.due_at > sa.func.coalesce(last_answered, LONG_AGO)
