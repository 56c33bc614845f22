"""What the clock does about reviews: a date that has come without a decision becomes a flag, and stays one."""

import logging
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.care.models import Episode
from monitor.checkins.closing import hold
from monitor.clock import Clock
from monitor.db import Sessions, reading, unit_of_work
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag
from monitor.flags.reviewed import open_flag, review_due
from monitor.flags.service import raise_flags
from monitor.messaging.quiet_hours import to_local

log = logging.getLogger(__name__)

BATCH = 200


def raise_due(sessions: Sessions, clock: Clock) -> int:
    """Raise a flag for each review whose date has passed without a decision; return how many. One commit each."""
    raised, after = 0, None
    while True:
        with reading(sessions) as session:
            due = _breached(session, clock(), after)
        for _, episode_id in due:
            try:
                with unit_of_work(sessions) as session:
                    raised += _raise(session, episode_id, clock())
            except Exception as error:  # one bad row must not stop the others
                log.error("episode %s: review not raised: %s", episode_id, type(error).__name__)
        if len(due) < BATCH:
            return raised
        after = due[-1]


def _breached(session: Session, now: datetime, after: tuple[datetime, UUID] | None) -> Sequence[tuple[datetime, UUID]]:
    """Return open episodes past their review without a flag that says so, the longest overdue first."""
    flagged = sa.select(Flag.id).where(
        Flag.episode_id == Episode.id, Flag.kind == FlagKind.REVIEW_DUE, Flag.closed_at.is_(None)
    )
    found = (
        sa.select(Episode.next_review_at, Episode.id)
        .where(Episode.closed_at.is_(None), Episode.next_review_at <= now, ~flagged.exists())
        .order_by(Episode.next_review_at, Episode.id)
        .limit(BATCH)
    )
    if after is not None:
        found = found.where(sa.tuple_(Episode.next_review_at, Episode.id) > sa.tuple_(*after))
    return [(at, episode_id) for at, episode_id in session.execute(found) if at is not None]


def _raise(session: Session, episode_id: UUID, now: datetime) -> bool:
    hold(session, episode_id)
    episode = session.scalars(
        sa.select(Episode)
        .where(Episode.id == episode_id)
        .options(joinedload(Episode.patient), joinedload(Episode.care_team))
    ).one()
    due = episode.next_review_at
    if episode.closed_at is not None or due is None or due > now:
        return False  # decided between our look and our hold
    if open_flag(session, episode, FlagKind.REVIEW_DUE) is not None:
        return False
    due_on = to_local(due, episode.care_team.time_zone).date()
    raise_flags(session, episode, (review_due(episode.next_review_kind, due_on),), now=now)
    return True
