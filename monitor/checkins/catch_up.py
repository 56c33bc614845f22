"""After a time in which nothing went: only what is newest, each patient in their turn, and nobody the worse for it."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.checkins.models import CheckIn
from monitor.checkins.planning import REMINDER_IS_USEFUL
from monitor.messaging.followers import Postpone
from monitor.messaging.models import ACCEPTED, WAITING, Message, MessageState
from monitor.messaging.quiet_hours import next_opening
from monitor.messaging.texts import PROMPTS, TextKind

ASKING = frozenset({TextKind.INVITATION, TextKind.REMINDER, TextKind.BY_TEXT})
"""The texts that say that questions are ready."""
LATE = timedelta(minutes=10)
"""Local protocol: a text this long past its time has been held up, by an outage or by a clock that stood still."""
HANDFUL = 20
"""So many late texts leave at once; of more, each patient's has its own minute."""
SPREAD_MINUTES = 30
"""A sender carries about one segment a second: in half an hour 900 patients get two each."""
MOVES_THE_END = timedelta(hours=1)
"""Of a window of days nobody misses less."""
_COME_OR_COMING = WAITING | ACCEPTED | {MessageState.SENDING, MessageState.UNKNOWN}


def is_stale(session: Session, message: Message, check_in: CheckIn, now: datetime) -> bool:
    """Return whether a text that asks for a later check-in has taken this one's place.

    The invitation introduces us, so nothing takes its place.
    """
    if message.purpose is TextKind.INVITATION:
        return False
    later = (
        sa.select(CheckIn.id)
        .join(Message, Message.check_in_id == CheckIn.id)
        .where(
            CheckIn.episode_id == check_in.episode_id,
            CheckIn.due_at > check_in.due_at,
            CheckIn.due_at <= now,
            CheckIn.cancelled_at.is_(None),
            Message.purpose.in_(ASKING),
            Message.state.in_(_COME_OR_COMING),
        )
    )
    return bool(session.scalar(sa.select(later.exists())))


def turn(session: Session, message: Message, now: datetime) -> Postpone | None:
    """Return when it is this patient's turn, if many texts are late; None when it is now.

    Each patient has a minute of every half hour, always the same, so that it does not matter who put off the text last.
    """
    if _was_due(message) > now - LATE:
        return None
    minute = message.patient_id.int % SPREAD_MINUTES
    put_off_until = message.due_at if now - message.due_at < LATE else now
    if minute in {each.minute % SPREAD_MINUTES for each in (put_off_until, now)} or not _are_many_late(session, now):
        return None
    zone = message.patient.time_zone
    opening = next_opening(now, zone).replace(second=0, microsecond=0)
    until = next_opening(opening + timedelta(minutes=(minute - opening.minute) % SPREAD_MINUTES), zone)
    return Postpone(until) if until < message.expires_at else None


def make_up_for(check_in: CheckIn, asked_at: datetime) -> None:
    """Keep a check-in open for as much longer as it was asked for late, at most as long again as it was meant to be."""
    late = asked_at - check_in.due_at
    if late >= MOVES_THE_END:
        check_in.closes_at += min(late, check_in.closes_at - check_in.due_at)


def _was_due(message: Message) -> datetime:
    """Return when a text was due at first; `due_at` moves on with every try."""
    return message.expires_at - REMINDER_IS_USEFUL


def _are_many_late(session: Session, now: datetime) -> bool:
    """Count those that wait, and those that a sender holds: the conditions are, word for word, those of two indexes."""
    late = sa.select(Message.id).where(
        Message.due_at <= now + timedelta(minutes=SPREAD_MINUTES),
        Message.expires_at <= now - LATE + REMINDER_IS_USEFUL,
        Message.purpose.in_(PROMPTS),
    )
    waiting = late.where(sa.text("messages.state = 'queued'"))
    held = late.where(sa.text("messages.state IN ('claimed', 'sending', 'unknown')"), Message.lease_until > now)
    return sum(len(session.scalars(each.limit(HANDFUL + 1)).all()) for each in (waiting, held)) > HANDFUL
