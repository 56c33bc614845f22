"""How a check-in ends: completed, missed, or cancelled with a reason. Once, and never by a score."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.care.models import Episode
from monitor.checkins.models import OPEN, CancelReason, CheckIn, CheckInKind, CheckInState
from monitor.messaging.models import ACCEPTED, WAITING, Message, MessageState

FROM_A_PLAN = (CheckInKind.SCHEDULED, CheckInKind.BEFORE_APPOINTMENT)
"""An invitation, and a link that the patient asked for, do not depend on day, hour or measures."""


def hold(session: Session, episode_id: UUID) -> None:
    """Make whatever else moves this episode's check-ins, course or flags wait until our transaction ends.

    Always the first lock taken, so that no two transactions wait for each other. SQLite has one writer anyway.
    """
    session.execute(sa.select(Episode.id).where(Episode.id == episode_id).with_for_update(key_share=True))


def lock(session: Session, check_in: CheckIn) -> CheckIn:
    """Hold the episode and return the check-in as it stands in the database now."""
    hold(session, check_in.episode_id)
    return session.scalars(
        sa.select(CheckIn).where(CheckIn.id == check_in.id).execution_options(populate_existing=True)
    ).one()


def complete(check_in: CheckIn, now: datetime) -> None:
    """Note that it was sent."""
    check_in.completed_at = now


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
                joinedload(CheckIn.episode).options(joinedload(Episode.patient), joinedload(Episode.care_team)),
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
    if states & ACCEPTED:
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
    """Cancel the check-ins that a plan has made and that nobody has been asked for yet."""
    hold(session, episode_id)
    asked = sa.select(Message.check_in_id).where(
        Message.check_in_id == CheckIn.id, Message.state.not_in(WAITING), Message.state != MessageState.CANCELLED
    )
    rows = session.scalars(
        sa.select(CheckIn).where(
            CheckIn.episode_id == episode_id, CheckIn.kind.in_(FROM_A_PLAN), sa.text(OPEN), ~asked.exists()
        )
    )
    for check_in in rows:
        _cancel(check_in, reason, now)
    session.flush()


def _cancel(check_in: CheckIn, reason: CancelReason, now: datetime) -> None:
    check_in.cancelled_at, check_in.cancel_reason = now, reason


def _prompt_states(session: Session, check_in_id: UUID) -> set[MessageState]:
    return set(session.scalars(sa.select(Message.state).where(Message.check_in_id == check_in_id)))
