"""What both ways of asking the tables share: the rules as conditions on rows, and how they make up a query.

The rules themselves are in `rules` and `score_rules`, with their sources; their numbers are a pathway's and `measures`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import combinations
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from monitor.care.flag_policy import FlagPolicy
from monitor.care.intake_models import TreatmentStart
from monitor.care.kinds import Treatment
from monitor.care.models import LOW_INTENSITY, Appointment, Episode, StepAssignment
from monitor.checkins.models import CancelReason, CheckIn, Score
from monitor.flags.day_numbers import day_number
from monitor.flags.kinds import FlagKind, Rule
from monitor.flags.score_rules import DEPRESSION, Weeks

RULES: Mapping[FlagKind, tuple[Rule, ...]] = {
    FlagKind.DETERIORATING: (Rule.N1,),
    FlagKind.NOT_IMPROVING: (Rule.N2, Rule.N3, Rule.N4, Rule.N5, Rule.N6),
    FlagKind.MISSED_CHECK_INS: (Rule.M1, Rule.M2),
}
"""What stored facts alone decide. The other kinds follow from what somebody has just said, or from the network."""

Condition = sa.ColumnElement[bool]
LONG_AGO = datetime.min.replace(tzinfo=UTC)
SILENCE = sa.or_(CheckIn.missed_at.is_not(None), CheckIn.cancel_reason == CancelReason.NOT_DELIVERED)


@dataclass(frozen=True)
class Conditions:
    """When each rule holds for an episode, under one policy."""

    worse: Condition
    titration: Condition
    above_cut_point: Condition
    no_fall: Condition
    review: Condition
    flat: Condition
    silent: Condition
    """The latest check-in is unanswered: then nothing is said about not improving."""
    missed: Condition
    stepped_down: Condition
    """Then the rules of the relapse plan watch, and these are silent."""

    def by_kind(self, policy: FlagPolicy) -> Mapping[FlagKind, Condition]:
        """Return when an episode ought to have an open flag of each kind in RULES."""
        stuck = {
            Rule.N2: self.titration,
            Rule.N3: self.above_cut_point,
            Rule.N4: self.no_fall,
            Rule.N5: self.review,
            Rule.N6: self.flat,
        }
        not_improving = sa.or_(sa.false(), *(holds for rule, holds in stuck.items() if rule not in policy.off))
        return {
            FlagKind.DETERIORATING: sa.and_(self.worse, ~self.stepped_down),
            FlagKind.NOT_IMPROVING: sa.and_(not_improving, ~self.silent, ~self.stepped_down),
            FlagKind.MISSED_CHECK_INS: sa.and_(self.missed, ~self.stepped_down),
        }


def select_called_for(codes: Sequence[str], policy: FlagPolicy, conditions: Conditions) -> list[sa.Select[UUID, str]]:
    """Return one query a kind for the open episodes on some pathways that all go by one policy."""
    holds = conditions.by_kind(policy)
    return [
        sa.select(Episode.id, sa.literal(kind.value)).where(
            Episode.closed_at.is_(None), Episode.pathway.in_(codes), holds[kind]
        )
        for kind in RULES
    ]


def all_within(totals: Sequence[sa.SQLColumnExpression[int | None]], spread: int) -> Condition:
    """Whether totals lie within `spread` points of one another; a missing one makes it untrue."""
    return sa.and_(*(sa.func.abs(one - other) <= spread for one, other in combinations(totals, 2)))


def near(
    at: sa.SQLColumnExpression[datetime | None],
    start: sa.SQLColumnExpression[Any],
    weeks: Weeks,
    policy: FlagPolicy,
) -> Condition:
    """Whether a moment lies within some weeks after a start, or near enough to them, and after the start itself."""
    first, last = weeks
    days = day_number(at) - day_number(start)
    return days.between(max(1, 7 * first - policy.window_days), 7 * last + policy.window_days)


def newest_total_by(
    episode_id: sa.SQLColumnExpression[UUID], day: sa.SQLColumnExpression[Any]
) -> sa.ScalarSelect[int | None]:
    """The newest total of the PHQ-9 from a day or before it."""
    return (
        sa.select(Score.total)
        .where(Score.episode_id == episode_id, Score.instrument == DEPRESSION, Score.total.is_not(None))
        .where(day_number(Score.at) <= day_number(day))
        .order_by(Score.at.desc())
        .limit(1)
        .scalar_subquery()
    )


def score_then(
    by_the_day: sa.SQLColumnExpression[int | None],
    baseline: sa.SQLColumnExpression[int | None],
    baseline_at: sa.SQLColumnExpression[datetime | None],
    day: sa.SQLColumnExpression[Any],
    policy: FlagPolicy,
) -> sa.Function[int | None]:
    """The score when a treatment began, or soon enough afterwards."""
    is_soon = day_number(baseline_at) - day_number(day) <= policy.window_days
    return sa.func.coalesce(by_the_day, sa.case((is_soon, baseline)))


def started_on(treatment: Treatment) -> sa.ScalarSelect[date | None]:
    """Since when a treatment is under way in an episode."""
    return (
        sa.select(TreatmentStart.started_on)
        .where(TreatmentStart.episode_id == Episode.id, TreatmentStart.treatment == treatment)
        .order_by(TreatmentStart.at.desc(), TreatmentStart.id.desc())
        .limit(1)
        .correlate(Episode)
        .scalar_subquery()
    )


def review_is_due(policy: FlagPolicy) -> Condition:
    """Whether the contact has been attended at which care of low intensity is looked at."""
    return sa.and_(_attended() >= policy.review_contact, present_step().in_(policy.low_intensity_steps))


def present_step() -> sa.ScalarSelect[Any]:
    """The step that an episode is on."""
    return (
        sa.select(StepAssignment.step)
        .where(StepAssignment.episode_id == Episode.id)
        .order_by(StepAssignment.from_at.desc())
        .limit(1)
        .scalar_subquery()
    )


def _attended() -> sa.ScalarSelect[int]:
    """Contacts attended since care at low intensity began."""
    intensive_until = (
        sa.select(sa.func.max(StepAssignment.from_at))
        .where(StepAssignment.episode_id == Episode.id, StepAssignment.step.not_in(LOW_INTENSITY))
        .correlate(Episode)
        .scalar_subquery()
    )
    return (
        sa.select(sa.func.count())
        .select_from(Appointment)
        .where(
            Appointment.episode_id == Episode.id,
            Appointment.attended_at.is_not(None),
            Appointment.starts_at >= sa.func.coalesce(intensive_until, Episode.opened_at),
        )
        .scalar_subquery()
    )
