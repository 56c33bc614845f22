"""Which open episodes the rules call for flags on, asked of the tables in one query: once quickly, once to check on it.

The rules themselves are in `monitor.flags.rules`, their numbers and sources there and in `policy` and `measures`; here
they are conditions on rows, so that a whole service can be asked at once. Tests hold all three against one another.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import combinations
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from monitor.care.flag_policy import FlagPolicy
from monitor.care.models import LOW_INTENSITY, Appointment, Episode, StepAssignment
from monitor.checkins.models import CancelReason, CheckIn, MeasureState, Score
from monitor.flags.kinds import FlagKind, Rule
from monitor.measures import catalogue
from monitor.measures.instrument import Spec

POLICY = FlagPolicy()

Wanted = tuple[UUID, FlagKind]
"""An open episode that ought to have an open flag of this kind, unless a person's decision holds it back."""

RULES: Mapping[FlagKind, tuple[Rule, ...]] = {
    FlagKind.DETERIORATING: (Rule.N1,),
    FlagKind.NOT_IMPROVING: (Rule.N5, Rule.N6),
    FlagKind.MISSED_CHECK_INS: (Rule.M1, Rule.M2),
}
"""What stored facts alone decide. The other kinds follow from what somebody has just said, or from the network."""

Condition = sa.ColumnElement[bool]
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_SILENCE = sa.or_(CheckIn.missed_at.is_not(None), CheckIn.cancel_reason == CancelReason.NOT_DELIVERED)


def sweep(session: Session) -> list[Wanted]:
    """Return what the rules N1, N5, N6, M1 and M2 call for, from the state rows and the check-ins, in one query."""
    return _wanted(session, _FROM_STATES)


def best_query(session: Session) -> list[Wanted]:
    """Return the same from the scores themselves, by index seeks: what `sweep` is held against, and must equal."""
    return _wanted(session, _FROM_SCORES)


def _wanted(session: Session, query: sa.CompoundSelect[UUID, str]) -> list[Wanted]:
    return [(episode_id, FlagKind(kind)) for episode_id, kind in session.execute(query)]


# ---- the rules as conditions on rows; their sources stand beside them in `monitor.flags.rules` and `.policy` ----


def _each(of: Callable[[Spec], int]) -> sa.Case[int]:
    """A published number of the measure that a state row is about."""
    return sa.case({code: of(catalogue.spec(code)) for code in catalogue.CODES}, value=MeasureState.instrument)


def _all_within(totals: Sequence[sa.SQLColumnExpression[int | None]]) -> Condition:
    """Whether totals lie within the plateau's spread of one another; a missing one makes it untrue."""
    return sa.and_(*(sa.func.abs(one - other) <= POLICY.plateau_spread for one, other in combinations(totals, 2)))


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


def _review_is_due() -> Condition:
    step = (
        sa.select(StepAssignment.step)
        .where(StepAssignment.episode_id == Episode.id)
        .order_by(StepAssignment.from_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    return sa.and_(_attended() >= POLICY.review_contact, step.in_(POLICY.low_intensity_steps))


def _called_for(
    *, worse: Condition, review: Condition, flat: Condition, silent: Condition, missed: Condition
) -> sa.CompoundSelect[UUID, str]:
    """Put the rules' conditions on an episode together into one query."""
    stuck = {Rule.N5: review, Rule.N6: flat}
    not_improving = sa.or_(sa.false(), *(holds for rule, holds in stuck.items() if rule not in POLICY.off))
    holds = {
        FlagKind.DETERIORATING: worse,
        FlagKind.NOT_IMPROVING: sa.and_(not_improving, ~silent),
        FlagKind.MISSED_CHECK_INS: missed,
    }
    return sa.union_all(
        *(
            sa.select(Episode.id, sa.literal(kind.value)).where(Episode.closed_at.is_(None), holds[kind])
            for kind in RULES
        )
    )


def _from_states() -> sa.CompoundSelect[UUID, str]:
    state, answered = MeasureState, aliased(CheckIn)
    after_all_answered = ~sa.exists().where(
        answered.episode_id == CheckIn.episode_id,
        answered.due_at >= CheckIn.due_at,
        answered.completed_at.is_not(None),
    )
    silent = (
        sa.select(CheckIn.episode_id, sa.func.count(CheckIn.missed_at).label("missed"))
        .where(_SILENCE, after_all_answered)
        .group_by(CheckIn.episode_id)
        .cte("silent")
    )
    compared, change = state.count >= 2, state.last - state.baseline
    recent = (state.third_last, state.second_last, state.last)[-POLICY.plateau_check_ins :]
    at_caseness = _each(lambda spec: spec.caseness)

    def among(*conditions: Condition) -> Condition:
        return Episode.id.in_(sa.select(state.episode_id).where(*conditions))

    return _called_for(
        worse=among(compared, change >= _each(lambda spec: spec.reliable_change)),
        review=sa.and_(
            _review_is_due(),
            among(state.baseline >= at_caseness),
            ~among(compared, -change >= _each(lambda spec: spec.minimal_difference)),
            ~among(~compared),
        ),
        flat=among(state.last >= at_caseness, _all_within(recent)),
        silent=Episode.id.in_(sa.select(silent.c.episode_id)),
        missed=Episode.id.in_(sa.select(silent.c.episode_id).where(silent.c.missed >= POLICY.missed_review)),
    )


def _from_scores() -> sa.CompoundSelect[UUID, str]:
    specs = [catalogue.spec(code) for code in catalogue.CODES]
    answered = aliased(CheckIn)
    last_answered = (
        sa.select(answered.due_at)
        .where(answered.episode_id == Episode.id, answered.completed_at.is_not(None))
        .order_by(answered.due_at.desc())
        .limit(1)
        .correlate(Episode)
        .scalar_subquery()
    )
    since = (CheckIn.episode_id == Episode.id, CheckIn.due_at > sa.func.coalesce(last_answered, _LONG_AGO))

    def total(spec: Spec, nth: int, *, newest: bool = True) -> sa.ScalarSelect[int | None]:
        """The nth newest or oldest total of a measure, by one seek."""
        order = Score.at.desc() if newest else Score.at
        totals = sa.select(Score.total).where(Score.episode_id == Episode.id, Score.instrument == spec.code)
        return totals.where(Score.total.is_not(None)).order_by(order).limit(1).offset(nth).scalar_subquery()

    def first(spec: Spec) -> sa.ScalarSelect[int | None]:
        return total(spec, 0, newest=False)

    def lacking(spec: Spec) -> Condition:
        asked = sa.exists().where(Score.episode_id == Episode.id, Score.instrument == spec.code)
        return sa.and_(asked, total(spec, 1).is_(None))

    def flat(spec: Spec) -> Condition:
        recent = [total(spec, nth) for nth in range(POLICY.plateau_check_ins)]
        return sa.and_(recent[0] >= spec.caseness, _all_within(recent))

    return _called_for(
        worse=sa.or_(*(total(spec, 0) - first(spec) >= spec.reliable_change for spec in specs)),
        review=sa.and_(
            _review_is_due(),
            sa.or_(*(first(spec) >= spec.caseness for spec in specs)),
            *(sa.func.coalesce(first(spec) - total(spec, 0), 0) < spec.minimal_difference for spec in specs),
            *(~lacking(spec) for spec in specs),
        ),
        flat=sa.or_(*(flat(spec) for spec in specs)),
        silent=sa.exists().where(*since, _SILENCE),
        missed=sa.select(sa.func.count(CheckIn.missed_at)).where(*since).scalar_subquery() >= POLICY.missed_review,
    )


_FROM_STATES, _FROM_SCORES = _from_states(), _from_scores()
