"""What the tables know about somebody since they stepped down, gathered as facts for the watching rules."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from monitor.care.kinds import Step
from monitor.care.models import Episode, StepAssignment
from monitor.checkins.models import SIGNS_BY_TEXT, Answer, CheckIn, MeasureState, Mode, Score, Submission
from monitor.db import UTCDateTime
from monitor.flags.kinds import FlagKind, Rule
from monitor.flags.models import Flag, FlagEvent
from monitor.flags.row_conditions import LONG_AGO
from monitor.measures import catalogue
from monitor.relapse.facts import SignsNoticed, SinceThen, Total, WatchFacts, since_then
from monitor.relapse.models import RelapsePlan, SignAnswer, StepDown, WarningSign


@dataclass(frozen=True)
class Since:
    """When help became less, and the scores of that day; None where there were none."""

    at: datetime
    phq9: int | None = None
    gad7: int | None = None


@dataclass(frozen=True)
class Said:
    """The newest answers since then: which check-in they came from, and the signs that were noticed in it."""

    check_in_id: UUID
    noticed: SignsNoticed | None


# Whoever answers a check-in waits on these: made once, SQLAlchemy knows their SQL without looking at them again.
_EPISODE = sa.bindparam("episode_id", type_=sa.Uuid())
_SINCE = sa.bindparam("since", type_=UTCDateTime())
_ONE: sa.ColumnClause[int] = sa.literal_column("1")
_INSTRUMENT, _ITEM = SIGNS_BY_TEXT

_STEP = (
    sa.select(StepAssignment.step, StepAssignment.from_at)
    .where(StepAssignment.episode_id == _EPISODE)
    .order_by(StepAssignment.from_at.desc())
    .limit(_ONE)
)
_OTHER_UNTIL = sa.select(sa.func.max(StepAssignment.from_at)).where(
    StepAssignment.episode_id == _EPISODE, StepAssignment.step != Step.STEPPED_DOWN
)
_STEP_DOWN = (
    sa.select(StepDown.at, StepDown.phq9, StepDown.gad7)
    .where(StepDown.episode_id == _EPISODE, StepDown.to_step == Step.STEPPED_DOWN)
    .where(StepDown.at > sa.func.coalesce(_OTHER_UNTIL.scalar_subquery(), LONG_AGO))
    .order_by(StepDown.at.desc(), StepDown.id.desc())
    .limit(_ONE)
)
_NEWEST_ANSWERS = (
    sa.select(Submission.id, Submission.check_in_id, Submission.mode, Submission.submitted_at)
    .join(CheckIn, CheckIn.id == Submission.check_in_id)
    .where(CheckIn.episode_id == _EPISODE, Submission.submitted_at > _SINCE)
    .order_by(Submission.submitted_at.desc(), Submission.id.desc())
    .limit(_ONE)
)
_SAID = (
    sa.select(WarningSign.position, RelapsePlan.version, SignAnswer.noticed)
    .join(SignAnswer, SignAnswer.sign_id == WarningSign.id)
    .join(RelapsePlan, RelapsePlan.id == WarningSign.plan_id)
    .where(SignAnswer.submission_id == sa.bindparam("submission_id", type_=sa.Uuid()))
    .order_by(RelapsePlan.version, WarningSign.position)
)
_OF_ANY = (
    sa.select(Answer.value)
    .where(Answer.check_in_id == sa.bindparam("check_in_id", type_=sa.Uuid()), Answer.submission_id.is_(None))
    .where(Answer.instrument == _INSTRUMENT, Answer.item == _ITEM)
    .order_by(Answer.id.desc())
    .limit(_ONE)
)
_TOTALS = (
    sa.select(Score.instrument, Score.total, Score.at)
    .where(Score.episode_id == _EPISODE, Score.at > _SINCE, Score.total.is_not(None))
    .order_by(Score.at, Score.id)
)


def _standing() -> sa.Select[int, int | None, bool]:
    """Check-ins since then and since the last answer that were not answered; the last item 9; an open worsening."""
    earlier = aliased(CheckIn)
    answered = sa.select(sa.func.max(earlier.due_at)).where(
        earlier.episode_id == _EPISODE, earlier.completed_at.is_not(None)
    )
    missed = sa.select(sa.func.count(CheckIn.missed_at)).where(
        CheckIn.episode_id == _EPISODE,
        CheckIn.due_at > _SINCE,
        CheckIn.due_at > sa.func.coalesce(answered.scalar_subquery(), LONG_AGO),
    )
    safety = sa.select(sa.func.max(MeasureState.safety_answer)).where(MeasureState.episode_id == _EPISODE)
    worsening = sa.exists().where(
        Flag.episode_id == _EPISODE, Flag.kind == FlagKind.DETERIORATING, Flag.closed_at.is_(None)
    )
    return sa.select(missed.scalar_subquery(), safety.scalar_subquery(), worsening)


_STANDING = _standing()


def stepped_down_since(session: Session, episode: Episode) -> Since | None:
    """Return since when an episode has been on the step `stepped_down`; None while it is on another, or has ended."""
    if episode.closed_at is not None:
        return None
    of_this = {"episode_id": episode.id}
    now_on = session.execute(_STEP, of_this).one_or_none()
    if now_on is None or now_on.step is not Step.STEPPED_DOWN:
        return None
    newest = session.execute(_STEP_DOWN, of_this).one_or_none()
    return Since(now_on.from_at) if newest is None else Since(newest.at, newest.phq9, newest.gad7)


def newest_answers(session: Session, episode: Episode, since: Since) -> Said | None:
    """Return what the newest check-in that was answered since then said about signs; None where none was answered."""
    newest = session.execute(_NEWEST_ANSWERS, {"episode_id": episode.id, "since": since.at}).one_or_none()
    if newest is None:
        return None
    on = newest.submitted_at.date()
    of_each = session.execute(_SAID, {"submission_id": newest.id}).all()
    noticed = [row for row in of_each if row.noticed]
    if noticed:
        found = SignsNoticed("check_in", on, tuple(row.position for row in noticed), noticed[-1].version)
        return Said(newest.check_in_id, found)
    said_so = not of_each and noticed_one(session, newest.check_in_id, newest.mode)
    by = "text" if newest.mode is Mode.TEXT else "check_in"
    return Said(newest.check_in_id, SignsNoticed(by, on) if said_so else None)


def noticed_one(session: Session, check_in_id: UUID, mode: Mode) -> bool:
    """Whether a check-in said that one of several signs was noticed, in a way that does not say which one."""
    return mode in (Mode.TEXT, Mode.LINK) and bool(session.scalar(_OF_ANY, {"check_in_id": check_in_id}))


def was_told(session: Session, episode: Episode, check_in_id: UUID) -> bool:
    """Whether the signs of a check-in have been raised already, in a flag that is open or closed."""
    told = (
        sa.select(FlagEvent.id)
        .join(Flag, Flag.id == FlagEvent.flag_id)
        .where(Flag.episode_id == episode.id, Flag.kind == FlagKind.RELAPSE_SIGNAL)
        .where(FlagEvent.rule == Rule.W1, FlagEvent.check_in_id == check_in_id)
    )
    return session.scalar(sa.select(told.exists())) is True


def watch_facts(session: Session, episode: Episode, since: Since, noticed: SignsNoticed | None) -> WatchFacts:
    """Return everything that the watching rules may know about an episode."""
    of_this = {"episode_id": episode.id, "since": since.at}
    missed, safety_answer, worsening = session.execute(_STANDING, of_this).one()
    return WatchFacts(
        measures=_measures(session, episode.id, since),
        noticed=noticed,
        missed_in_a_row=missed,
        last_safety_answer=safety_answer,
        had_open_worsening=worsening,
    )


def _measures(session: Session, episode_id: UUID, since: Since) -> tuple[SinceThen, ...]:
    rows = session.execute(_TOTALS, {"episode_id": episode_id, "since": since.at}).all()
    then = {"phq9": since.phq9, "gad7": since.gad7}
    return tuple(
        since_then(
            code,
            then[code],
            since.at.date(),
            tuple(Total(total, at.date()) for each, total, at in rows if each == code and total is not None),
        )
        for code in catalogue.TRACKED
    )
