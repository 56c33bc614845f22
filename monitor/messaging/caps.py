"""How many texts a patient gets at most; what is one too many waits for their next day."""

from datetime import datetime, time, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.messaging.followers import Obstacle, Postpone
from monitor.messaging.models import Message, MessageState, SkipReason
from monitor.messaging.quiet_hours import next_opening, to_local, to_utc
from monitor.messaging.texts import ANSWERS_A_TEXT, PROMPTS, TextKind

TEXTS_A_WEEK = 5
"""Local protocol: the most texts of all kinds in seven of the patient's days. One a day asks for a check-in."""
LEFT = frozenset({MessageState.SENDING, MessageState.UNKNOWN, MessageState.SENT, MessageState.DELIVERED})
"""The patient has such a text, or may have."""


def obstacle(session: Session, message: Message, now: datetime) -> Obstacle:
    """Say whether a text is one too many today, and when it may go instead. The patient's lock makes the count hold."""
    if not _is_one_too_many(session, message, now):
        return None
    zone = message.patient.time_zone
    midnight = to_utc(to_local(now, zone).date() + timedelta(days=1), time(), zone)
    tomorrow = next_opening(midnight, zone)
    return Postpone(tomorrow) if tomorrow < message.expires_at else SkipReason.OVER_CAP


def _is_one_too_many(session: Session, message: Message, now: datetime) -> bool:
    if message.purpose is TextKind.NEW_LINK:
        return False  # the patient asked for this one, and asking has a limit of its own
    zone = message.patient.time_zone
    today = to_local(now, zone).date()
    lately = sa.select(Message.purpose, Message.intent_at).where(
        Message.patient_id == message.patient_id,
        Message.state.in_(LEFT),
        Message.intent_at > now - timedelta(days=8),
        Message.purpose.not_in(ANSWERS_A_TEXT),
    )
    left = [(purpose, to_local(at, zone).date()) for purpose, at in session.execute(lately) if at]
    this_week = sum(day > today - timedelta(days=7) for _, day in left)
    twice_today = message.purpose in PROMPTS and any(kind in PROMPTS and day == today for kind, day in left)
    return twice_today or this_week >= TEXTS_A_WEEK
