"""Calls about check-ins: whoever is asked by phone has the same check-ins, and somebody rings instead of a text.

Only a call that asked makes a check-in without answers a missed one: what nobody asked is held against nobody.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.care.models import Episode
from monitor.checkins.call_models import Call, CallOutcome
from monitor.checkins.models import OPEN, CancelReason, CheckIn
from monitor.messaging.models import Message

ASKED = (CallOutcome.COULD_NOT_REACH, CallOutcome.REACHED, CallOutcome.AGREED_TO_CHECK_IN)
"""Not a wrong number, and not a call that they asked us to make later: then nobody has asked them yet."""


def was_asked_by_phone(session: Session, check_in_id: UUID) -> bool:
    """Return whether somebody rang about a check-in so that its patient could have answered."""
    asked = sa.select(Call.id).where(Call.check_in_id == check_in_id, Call.outcome.in_(ASKED))
    return session.scalar(sa.select(asked.exists())) is True


def newest_call(session: Session, episode_id: UUID) -> Call | None:
    """Return the last call to a patient, with who made it."""
    return session.scalars(
        sa.select(Call)
        .where(Call.episode_id == episode_id)
        .order_by(Call.at.desc(), Call.id.desc())
        .limit(1)
        .options(joinedload(Call.staff_member))
    ).first()


def calls_of(session: Session, episode_ids: Collection[UUID], since: datetime) -> Mapping[UUID, Sequence[Call]]:
    """Return the calls of some episodes from a moment on, oldest first, with who made them."""
    found: dict[UUID, list[Call]] = {}
    for call in session.scalars(
        sa.select(Call)
        .where(Call.episode_id.in_(episode_ids), Call.at >= since)
        .order_by(Call.at, Call.id)
        .options(joinedload(Call.staff_member), joinedload(Call.patient))
    ):
        found.setdefault(call.episode_id, []).append(call)
    return found


def open_check_in(session: Session, episode_id: UUID, check_in_id: UUID, now: datetime) -> CheckIn | None:
    """Return a check-in of this very episode that is open now."""
    return session.scalars(
        sa.select(CheckIn).where(
            CheckIn.id == check_in_id,
            CheckIn.episode_id == episode_id,
            sa.text(OPEN),
            CheckIn.opens_at <= now,
            CheckIn.closes_at > now,
        )
    ).first()


def count_not_called(session: Session, episodes: sa.Select[Episode], since: datetime) -> int:
    """Return how many check-ins closed because nobody rang: they have neither a text nor a call."""
    text = sa.select(Message.id).where(Message.check_in_id == CheckIn.id)
    call = sa.select(Call.id).where(Call.check_in_id == CheckIn.id)
    return (
        session.scalar(
            sa.select(sa.func.count(CheckIn.id)).where(
                CheckIn.episode_id.in_(episodes.with_only_columns(Episode.id)),
                CheckIn.cancel_reason == CancelReason.NOT_SENT,
                CheckIn.cancelled_at > since,
                ~text.exists(),
                ~call.exists(),
            )
        )
        or 0
    )
