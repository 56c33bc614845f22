"""The daily proof: each flag that the rules call for is there, and each state row is what the answers make of it.

Flags are raised where something happens: an answer, a window that closes, an appointment. Once a day one query asks all
open episodes at once, so that what went wrong on the way does not stay unseen.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from monitor.care.models import LOW_INTENSITY, Appointment, Episode, StepAssignment
from monitor.checkins.closing import hold
from monitor.checkins.models import Answer, CancelReason, CheckIn, MeasureState, Score, Submission
from monitor.checkins.service import advance, states_of
from monitor.clock import Clock
from monitor.db import Sessions, reading, table, unit_of_work
from monitor.flags.kinds import FlagKind, Rule
from monitor.flags.models import Flag
from monitor.flags.service import POLICY, evaluate
from monitor.measures import catalogue
from monitor.measures.instrument import Spec

log = logging.getLogger(__name__)

Wanted = tuple[UUID, FlagKind]
"""An open episode that ought to have an open flag of this kind, unless a person's decision holds it back."""

RULES: Mapping[FlagKind, tuple[Rule, ...]] = {
    FlagKind.DETERIORATING: (Rule.N1,),
    FlagKind.NOT_IMPROVING: (Rule.N5, Rule.N6),
    FlagKind.MISSED_CHECK_INS: (Rule.M1, Rule.M2),
}
"""What stored facts alone decide. The other kinds follow from what somebody has just said, or from the network."""

BATCH = 500
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_SILENCE = sa.or_(CheckIn.missed_at.is_not(None), CheckIn.cancel_reason == CancelReason.NOT_DELIVERED)


def sweep(session: Session) -> list[Wanted]:
    """Return what the rules N1, N5, N6, M1 and M2 call for, from the state rows and the check-ins, in one query."""
    return _wanted(session, _SWEEP)


def best_query(session: Session) -> list[Wanted]:
    """Return the same from the scores themselves, by index seeks: what `sweep` is held against, and must equal."""
    return _wanted(session, _BY_SEEKS)


def _wanted(session: Session, query: sa.CompoundSelect[tuple[UUID, str]]) -> list[Wanted]:
    return [(episode_id, FlagKind(kind)) for episode_id, kind in session.execute(query)]


# ---- the rules as conditions on rows; their sources stand beside them in `monitor.flags.rules` and `.policy` ----


def _each(of: Callable[[Spec], int]) -> sa.Case[int]:
    """A published number of the measure that a state row is about."""
    return sa.case({code: of(catalogue.spec(code)) for code in catalogue.CODES}, value=MeasureState.instrument)


def _all_within(totals: Sequence[sa.ColumnElement[int]]) -> sa.ColumnElement[bool]:
    """Whether totals lie within the plateau's spread of one another; a missing one makes it untrue."""
    return sa.and_(*(sa.func.abs(one - other) <= POLICY.plateau_spread for one, other in combinations(totals, 2)))


def _open(kind: FlagKind, *conditions: sa.ColumnElement[bool]) -> sa.Select[tuple[UUID, str]]:
    return sa.select(Episode.id, sa.literal(kind.value)).where(Episode.closed_at.is_(None), *conditions)


def _has_state(*conditions: sa.ColumnElement[bool]) -> sa.Exists:
    return sa.exists().where(MeasureState.episode_id == Episode.id, *conditions)


def _attended() -> sa.ScalarSelect[int]:
    """Contacts attended since care at low intensity began."""
    intensive_until = (
        sa.select(sa.func.max(StepAssignment.from_at))
        .where(StepAssignment.episode_id == Episode.id, StepAssignment.step.not_in(LOW_INTENSITY))
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


def _review_is_due() -> sa.ColumnElement[bool]:
    step = (
        sa.select(StepAssignment.step)
        .where(StepAssignment.episode_id == Episode.id)
        .order_by(StepAssignment.from_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    return sa.and_(_attended() >= POLICY.review_contact, step.in_(POLICY.low_intensity_steps))


def _sweep() -> sa.CompoundSelect[tuple[UUID, str]]:
    state, answered = MeasureState, aliased(CheckIn)
    silent = (
        sa.select(CheckIn.episode_id, sa.func.count(CheckIn.missed_at).label("missed"))
        .where(
            _SILENCE,
            ~sa.exists().where(
                answered.episode_id == CheckIn.episode_id,
                answered.due_at >= CheckIn.due_at,
                answered.completed_at.is_not(None),
            ),
        )
        .group_by(CheckIn.episode_id)
        .cte("silent")
    )
    is_silent = Episode.id.in_(sa.select(silent.c.episode_id))
    compared, change = state.count >= 2, state.last - state.baseline
    recent = (state.third_last, state.second_last, state.last)[-POLICY.plateau_check_ins :]
    worse = Episode.id.in_(
        sa.select(state.episode_id).where(compared, change >= _each(lambda spec: spec.reliable_change))
    )
    flat = Episode.id.in_(
        sa.select(state.episode_id).where(_all_within(recent), state.last >= _each(lambda spec: spec.caseness))
    )
    queries = {
        Rule.N1: _open(FlagKind.DETERIORATING, worse),
        Rule.N5: _open(
            FlagKind.NOT_IMPROVING,
            _review_is_due(),
            ~is_silent,
            ~_has_state(compared, -change >= _each(lambda spec: spec.minimal_difference)),
            ~_has_state(~compared),
            _has_state(state.baseline >= _each(lambda spec: spec.caseness)),
        ),
        Rule.N6: _open(FlagKind.NOT_IMPROVING, flat, ~is_silent),
        Rule.M1: _open(
            FlagKind.MISSED_CHECK_INS,
            Episode.id.in_(sa.select(silent.c.episode_id).where(silent.c.missed >= POLICY.missed_review)),
        ),
    }
    return sa.union(*(query for rule, query in queries.items() if rule not in POLICY.off))


def _total(code: str, nth: int = 0, *, newest: bool = True) -> sa.ScalarSelect[int | None]:
    """The nth newest or oldest total of a measure of the episode at hand, by one seek."""
    order = (Score.at.desc(), Score.id.desc()) if newest else (Score.at, Score.id)
    return (
        sa.select(Score.total)
        .where(Score.episode_id == Episode.id, Score.instrument == code, Score.total.is_not(None))
        .order_by(*order)
        .limit(1)
        .offset(nth)
        .scalar_subquery()
    )


def _by_seeks() -> sa.CompoundSelect[tuple[UUID, str]]:
    specs = [catalogue.spec(code) for code in catalogue.CODES]
    answered = aliased(CheckIn)
    last_answered = (
        sa.select(answered.due_at)
        .where(answered.episode_id == Episode.id, answered.completed_at.is_not(None))
        .order_by(answered.due_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    since = (CheckIn.episode_id == Episode.id, CheckIn.due_at > sa.func.coalesce(last_answered, _LONG_AGO))
    missed = sa.select(sa.func.count(CheckIn.missed_at)).where(*since).scalar_subquery()
    is_silent = sa.exists().where(*since, _SILENCE)

    def last(spec: Spec) -> sa.ScalarSelect[int | None]:
        return _total(spec.code)

    def first(spec: Spec) -> sa.ScalarSelect[int | None]:
        return _total(spec.code, newest=False)

    def flat(spec: Spec) -> sa.ColumnElement[bool]:
        recent = [_total(spec.code, nth) for nth in range(POLICY.plateau_check_ins)]
        return sa.and_(last(spec) >= spec.caseness, _all_within(recent))

    def lacking(spec: Spec) -> sa.ColumnElement[bool]:
        asked = sa.exists().where(Score.episode_id == Episode.id, Score.instrument == spec.code)
        return sa.and_(asked, _total(spec.code, 1).is_(None))

    queries = {
        Rule.N1: _open(
            FlagKind.DETERIORATING, sa.or_(*(last(spec) - first(spec) >= spec.reliable_change for spec in specs))
        ),
        Rule.N5: _open(
            FlagKind.NOT_IMPROVING,
            _review_is_due(),
            sa.or_(*(first(spec) >= spec.caseness for spec in specs)),
            *(sa.func.coalesce(first(spec) - last(spec), 0) < spec.minimal_difference for spec in specs),
            *(~lacking(spec) for spec in specs),
            ~is_silent,
        ),
        Rule.N6: _open(FlagKind.NOT_IMPROVING, sa.or_(*(flat(spec) for spec in specs)), ~is_silent),
        Rule.M1: _open(FlagKind.MISSED_CHECK_INS, missed >= POLICY.missed_review),
    }
    return sa.union(*(query for rule, query in queries.items() if rule not in POLICY.off))


_SWEEP, _BY_SEEKS = _sweep(), _by_seeks()
