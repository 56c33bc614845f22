"""What the tables know about one episode, gathered as facts for the rules."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.care.models import LOW_INTENSITY, Appointment, Episode, StepAssignment
from monitor.checkins.models import CancelReason, CheckIn, MeasureState
from monitor.db import UTCDateTime
from monitor.flags.facts import EpisodeFacts, MeasureFacts, SafetyFacts, Thresholds
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag
from monitor.measures import catalogue


def _known() -> sa.Select[str, int, int, int, FlagKind]:
    """One row: the present step, contacts attended at low intensity, what stayed unanswered, the kind of the last flag.

    Made once, since every patient who sends a check-in waits on it.
    """
    episode_id, opened_at = sa.bindparam("episode_id", type_=sa.Uuid()), sa.bindparam("opened_at", type_=UTCDateTime())
    answered = (
        sa.select(sa.func.max(CheckIn.due_at))
        .where(CheckIn.episode_id == episode_id, CheckIn.completed_at.is_not(None))
        .scalar_subquery()
    )
    step = sa.select(StepAssignment.step).where(StepAssignment.episode_id == episode_id)
    intensive_until = (
        sa.select(sa.func.max(StepAssignment.from_at))
        .where(StepAssignment.episode_id == episode_id, StepAssignment.step.not_in(LOW_INTENSITY))
        .scalar_subquery()
    )
    attended = sa.select(sa.func.count(Appointment.attended_at)).where(
        Appointment.episode_id == episode_id,
        Appointment.starts_at >= sa.func.coalesce(intensive_until, opened_at),
    )
    last_flag = sa.select(Flag.kind).where(Flag.episode_id == episode_id)
    return sa.select(
        step.order_by(StepAssignment.from_at.desc()).limit(1).scalar_subquery().label("step"),
        attended.scalar_subquery().label("attended"),
        sa.func.count(CheckIn.missed_at).label("missed"),
        sa.func.count(sa.case((CheckIn.cancel_reason == CancelReason.NOT_DELIVERED, 1))).label("undelivered"),
        last_flag.order_by(Flag.closed_at.is_(None).desc(), Flag.opened_at.desc())
        .limit(1)
        .scalar_subquery()
        .label("last_flag"),
    ).where(CheckIn.episode_id == episode_id, sa.or_(answered.is_(None), CheckIn.due_at > answered))


_KNOWN = _known()


def facts_of(
    session: Session,
    episode: Episode,
    states: Mapping[str, MeasureState],
    now: datetime,
    safety: SafetyFacts | None,
    *,
    opted_out: bool,
    call_requested: bool,
) -> EpisodeFacts:
    """Return everything that the rules may know about an episode at `now`."""
    session.flush()
    of_this = {"episode_id": episode.id, "opened_at": episode.opened_at}
    known = session.connection().execute(_KNOWN, of_this).one()
    safety_answers = [state.safety_answer for state in states.values() if state.safety_answer is not None]
    return EpisodeFacts(
        step=known.step,
        week=(now - episode.opened_at).days // 7,
        measures=tuple(_measure(state) for _, state in sorted(states.items(), reverse=True)),
        attended_contacts=known.attended,
        missed_in_a_row=known.missed,
        undelivered_in_a_row=known.undelivered,
        number_failed=episode.patient.number_failed_at is not None,
        last_safety_answer=max(safety_answers, default=None),
        had_open_worsening=known.last_flag == FlagKind.DETERIORATING,
        safety=safety,
        opted_out=opted_out,
        call_requested=call_requested,
    )


def _measure(state: MeasureState) -> MeasureFacts:
    spec = catalogue.spec(state.instrument)
    recent = (state.third_last, state.second_last, state.last)
    return MeasureFacts(
        code=state.instrument,
        thresholds=Thresholds(spec.caseness, spec.reliable_change, spec.minimal_difference),
        baseline=state.baseline,
        baseline_on=state.baseline_at.date() if state.baseline_at else None,
        last=state.last,
        last_on=state.last_at.date() if state.last_at else None,
        best=state.best,
        worst=state.worst,
        count=state.count,
        recent=tuple(total for total in recent if total is not None),
    )
