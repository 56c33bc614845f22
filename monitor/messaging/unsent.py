"""Texts that should have gone yesterday and did not, through no wish of the patient: there must be none."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.messaging.models import IS_WAITING, Message, MessageState, SkipReason


class Unsent(StrEnum):
    """Why a text did not go that should have."""

    WAITING = "waiting"
    """It is due and has not gone yet."""
    EXPIRED = "expired"
    """It was of no use any more before it could go."""
    STALE = "stale"
    """A newer one has taken its place: it had waited too long."""
    NO_SAFETY_COVER = "no_safety_cover"
    OVER_SPEND = "over_spend"


_OF_A_SKIP = {
    SkipReason.EXPIRED: Unsent.EXPIRED,
    SkipReason.STALE: Unsent.STALE,
    SkipReason.NO_SAFETY_COVER: Unsent.NO_SAFETY_COVER,
    SkipReason.OVER_SPEND: Unsent.OVER_SPEND,
}
"""The others are as the patient wants them (answered, paused, no consent, enough texts), or a contact problem."""


def unsent_by_reason(session: Session, now: datetime) -> Mapping[Unsent, int]:
    """Return how many texts of yesterday, the UTC day before that of `now`, did not go, by reason; the whole service.

    A text that expired counts on the day on which it did; one that still waits counts on every day until it goes.
    """
    today = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
    yesterday = today - timedelta(days=1)
    ended = sa.case((Message.skip_reason == SkipReason.EXPIRED, Message.expires_at), else_=Message.due_at)
    skipped = (
        sa.select(Message.skip_reason, sa.func.count())
        .where(
            sa.text(f"messages.state = '{MessageState.SKIPPED}'"),  # spelt out, as the condition of an index would be
            Message.due_at > yesterday - timedelta(days=7),
            Message.skip_reason.in_(_OF_A_SKIP),
            ended >= yesterday,
            ended < today,
        )
        .group_by(Message.skip_reason)
    )
    waiting = sa.select(sa.func.count()).select_from(Message).where(sa.text(IS_WAITING), Message.due_at < today)
    found = {_OF_A_SKIP[reason]: count for reason, count in session.execute(skipped) if reason is not None}
    found[Unsent.WAITING] = session.scalar(waiting) or 0
    return {reason: found[reason] for reason in Unsent if found.get(reason)}


def unsent_yesterday(session: Session, now: datetime) -> int:
    """Return how many texts of yesterday did not go that should have."""
    return sum(unsent_by_reason(session, now).values())
