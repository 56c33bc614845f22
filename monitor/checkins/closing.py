"""How a check-in ends: completed, missed, or cancelled with a reason. Once, and never by a score."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.attributes import set_committed_value

from monitor.care.models import Episode
from monitor.checkins.calls import was_asked_by_phone
from monitor.checkins.models import OPEN, CancelReason, CheckIn, CheckInKind, CheckInState
from monitor.db import table
from monitor.messaging.models import ACCEPTED, WAITING, Message, MessageState
from monitor.prepared import Prepared

FROM_A_PLAN = (CheckInKind.SCHEDULED, CheckInKind.BEFORE_APPOINTMENT)
"""An invitation, and a link that the patient asked for, do not depend on day, hour or measures."""

_HOLD = sa.select(Episode.id).where(Episode.id == sa.bindparam("episode_id")).with_for_update(key_share=True)
_ROWS = table(CheckIn).columns
_ENDS = sa.select(_ROWS.completed_at, _ROWS.missed_at, _ROWS.cancelled_at, _ROWS.cancel_reason).where(
    _ROWS.id == sa.bindparam("check_in_id")
)
_COMPLETE = Prepared(
    sa.update(table(CheckIn))
    .where(_ROWS.id == sa.bindparam("check_in_id"), sa.text(OPEN))
    .where(_ROWS.opens_at <= sa.bindparam("now"), _ROWS.closes_at > sa.bindparam("now"))
    .values(completed_at=sa.bindparam("now"))
)


def hold(session: Session, episode_id: UUID) -> None:
    """Make whatever else moves this episode's check-ins, course or flags wait until our transaction ends.

    Always the first lock taken, so that no two transactions wait for each other. SQLite has one writer anyway.
    """
    if session.get_bind().dialect.name != "sqlite":
        session.execute(_HOLD, {"episode_id": episode_id})


def lock(session: Session, check_in: CheckIn) -> CheckIn:
    """Hold the episode and return the check-in with its end as it stands in the database now."""
    session.flush()
    hold(session, check_in.episode_id)
    for name, value in session.connection().execute(_ENDS, {"check_in_id": check_in.id}).mappings().one().items():
        set_committed_value(check_in, name, value)
    return check_in


def complete(session: Session, check_in: CheckIn, now: datetime) -> bool:
    """Hold the episode and note that a check-in was sent. False when it is not open: it was sent before, or has ended.

    The update itself looks, so that two copies of one form cannot both find the check-in open.
    """
    session.flush()
    hold(session, check_in.episode_id)
    was_open = _COMPLETE.run(session, check_in_id=check_in.id, now=now) == 1
    if was_open:
        set_committed_value(check_in, "completed_at", now)
    return was_open


def due_to_close(session: Session, now: datetime, limit: int = 500) -> list[CheckIn]:
    """Return check-ins whose time is up, oldest first, with what closing them needs; found by the partial index."""
    return list(
        session.scalars(
            sa.select(CheckIn)
            .where(sa.text(OPEN), CheckIn.closes_at <= now)
            .order_by(CheckIn.closes_at, CheckIn.id)
            .limit(limit)
            .options(
                joinedload(CheckIn.patient),
                joinedload(CheckIn.episode).joinedload(Episode.care_team),  # its patient is the check-in's own
            )
        )
    )


def close(session: Session, check_in: CheckIn, now: datetime) -> None:
    """Close a check-in whose time is up. Closing twice changes nothing."""
    check_in = lock(session, check_in)
    if check_in.state(now) is not CheckInState.OVERDUE:
        return
    if check_in.episode.closed_at is not None:
        _cancel(check_in, CancelReason.EPISODE_CLOSED, now)
        return
    states = _prompt_states(session, check_in.id)
    if states & ACCEPTED or was_asked_by_phone(session, check_in.id):
        check_in.missed_at = now
    elif states & {MessageState.FAILED, MessageState.UNDELIVERED, MessageState.UNKNOWN, MessageState.ABANDONED}:
        _cancel(check_in, CancelReason.NOT_DELIVERED, now)
    else:
        _cancel(check_in, CancelReason.NOT_SENT, now)


def cancel_open(session: Session, episode_id: UUID, reason: CancelReason, now: datetime) -> None:
    """Cancel every check-in of an episode that has not ended."""
    hold(session, episode_id)
    rows = session.scalars(sa.select(CheckIn).where(CheckIn.episode_id == episode_id, sa.text(OPEN)))
    for check_in in rows:
        _cancel(check_in, reason, now)
    session.flush()


def cancel_planned(session: Session, episode_id: UUID, reason: CancelReason, now: datetime) -> None:
    """Cancel the check-ins that a plan has made and that nobody has been asked for yet.

    One without a text is for a call: it stays once its time to ring has begun.
    """
    hold(session, episode_id)
    text = sa.select(Message.id).where(Message.check_in_id == CheckIn.id)
    to_be_rung = sa.and_(CheckIn.due_at <= now, ~text.exists())
    asked = sa.select(Message.check_in_id).where(
        Message.check_in_id == CheckIn.id, Message.state.not_in(WAITING), Message.state != MessageState.CANCELLED
    )
    rows = session.scalars(
        sa.select(CheckIn).where(
            CheckIn.episode_id == episode_id, CheckIn.kind.in_(FROM_A_PLAN), sa.text(OPEN), ~asked.exists(), ~to_be_rung
        )
    )
    for check_in in rows:
        _cancel(check_in, reason, now)
    session.flush()


def _cancel(check_in: CheckIn, reason: CancelReason, now: datetime) -> None:
    check_in.cancelled_at, check_in.cancel_reason = now, reason


def _prompt_states(session: Session, check_in_id: UUID) -> set[MessageState]:
    return set(session.scalars(sa.select(Message.state).where(Message.check_in_id == check_in_id)))
