"""What the provider says about a text, taken in whatever order it comes: forward only, and each piece of news once.

A text that was taken is never untaken, one that was lost is never found by an older word, and an id that it has stays.
"""

import logging
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from monitor.messaging import outages
from monitor.messaging.error_codes import Remedy, remedy
from monitor.messaging.followers import Followers
from monitor.messaging.models import Message, MessageState
from monitor.messaging.quiet_hours import to_local
from monitor.messaging.texts import TextKind
from monitor.people.models import Patient

log = logging.getLogger(__name__)

RANKS = {
    "accepted": 1,
    "scheduled": 1,
    "queued": 2,
    "sending": 3,
    "sent": 4,
    "partially_delivered": 4,
    "delivered": 5,
    "undelivered": 5,
    "failed": 5,
    "canceled": 5,
    "read": 6,
}
"""Twilio's words in the order in which a text comes to them (API reference, Message status). Any other ranks 0."""
_ENDS = {
    "delivered": MessageState.DELIVERED,
    "read": MessageState.DELIVERED,
    "undelivered": MessageState.UNDELIVERED,
    "failed": MessageState.FAILED,
    "canceled": MessageState.FAILED,
}
LOST = frozenset({MessageState.FAILED, MessageState.UNDELIVERED, MessageState.ABANDONED})
"""It did not arrive, as far as anybody knows."""

AGAIN_AFTER = timedelta(hours=2)
"""How much later a text that did not arrive is tried once more: a phone may be on again by then. Local protocol."""
_AGAIN = frozenset({Remedy.TRANSIENT_BEFORE, Remedy.TRANSIENT_AFTER, Remedy.CONFIGURATION})
_OF_THE_MOMENT = frozenset({TextKind.QUESTION, TextKind.REPLY})
"""Out of place two hours later."""
_LATELY = 20
"""As many of a patient's texts tell whether their number works."""


def hold(session: Session, message_id: UUID) -> Message:
    """Lock the patient and then the text, and return it. Rows that point at the patient can be added meanwhile."""
    patient = session.scalars(_HOLD_PATIENT, {"message_id": message_id}).one()
    message = session.scalars(_HOLD_MESSAGE, {"message_id": message_id}).one()
    set_committed_value(message, "patient", patient)
    return message


# Made once: every text waits on them twice.
_HOLD_PATIENT = (
    sa.select(Patient)
    .join(Message, Message.patient_id == Patient.id)
    .where(Message.id == sa.bindparam("message_id"))
    .with_for_update(key_share=True, of=Patient)
)
_HOLD_MESSAGE = (
    sa.select(Message)
    .where(Message.id == sa.bindparam("message_id"))
    .with_for_update()
    .execution_options(populate_existing=True)
)


def apply(
    session: Session,
    followers: Followers,
    message: Message,
    *,
    provider_id: str,
    status: str,
    error_code: str | None,
    now: datetime,
) -> bool:
    """Move a text that is held by the provider's word for it; return whether that moved it.

    A text whose receipt was lost learns its provider id here. One that has an id ignores any other.
    """
    adopted = message.provider_id is None and _adopt(session, followers, message, provider_id, status, now)
    if message.provider_id != provider_id:
        log.warning("text %s: the provider names another id for it", message.id)
        return False
    message.reported_at = now
    if adopted:
        _end(session, followers, message, status, error_code, now)
        return True
    if RANKS.get(status, 0) <= RANKS.get(message.provider_status or "", 0) or message.state in LOST:
        return False
    message.provider_status = status
    _end(session, followers, message, status, error_code, now)
    return True


def _adopt(
    session: Session, followers: Followers, message: Message, provider_id: str, status: str, now: datetime
) -> bool:
    """Take an id as proof that the text was taken; not for one that was never posted, or was refused at once.

    A text that waits to be posted again has been posted before, and one given up may have gone.
    """
    if message.intent_at is None or message.state is MessageState.FAILED:
        return False
    message.provider_id, message.provider_status = provider_id, status[:32]
    message.state, message.sent_at = MessageState.SENT, now
    message.skip_reason = message.error_code = message.lease_until = None
    followers.on_sent(session, message, now)
    return True


def _end(
    session: Session, followers: Followers, message: Message, status: str, error_code: str | None, now: datetime
) -> None:
    match _ENDS.get(status):
        case None:
            pass
        case MessageState.DELIVERED:
            message.state = MessageState.DELIVERED
            failed_at = message.patient.number_failed_at
            if failed_at and message.intent_at and message.intent_at > failed_at and _goes_to_the_number(message):
                message.patient.number_failed_at = None  # it was posted after the failure, and arrived
        case lost:
            lose(session, followers, message, lost, error_code or status, now)


def lose(
    session: Session, followers: Followers, message: Message, state: MessageState, code: str | None, now: datetime
) -> None:
    """Record that a text did not arrive, do what its error code asks for, and tell who follows it."""
    message.state, message.lease_until = state, None
    message.error_code = code[:16] if code else message.error_code
    log.warning("text %s: %s: %s", message.id, state, message.error_code)
    wanted = remedy(message.error_code)
    if wanted is Remedy.NUMBER or (wanted is Remedy.NUMBER_AFTER_TWO and _failed_before(session, message)):
        if _goes_to_the_number(message):
            message.patient.number_failed_at = now
    elif wanted in _AGAIN and message.provider_id is not None:
        _try_again(session, message, now)
    if wanted is Remedy.CONFIGURATION and message.provider_id is not None:
        outages.begin(session, message.error_code or "", now)
    followers.on_lost(session, message, now)


def _goes_to_the_number(message: Message) -> bool:
    """Return whether the patient still has the number that the text went to."""
    return bool(message.sent_to == message.patient.number)


def _failed_before(session: Session, message: Message) -> bool:
    """Return whether this number has failed like that on another of the patient's days, and nothing arrived since."""
    zone = message.patient.time_zone
    lately = (
        sa.select(Message)
        .where(Message.patient_id == message.patient_id, Message.id != message.id, Message.intent_at.is_not(None))
        .order_by(Message.intent_at.desc())
        .limit(_LATELY)
    )
    for other in session.scalars(lately):
        if other.sent_to != message.sent_to or other.state is MessageState.DELIVERED:
            return False
        if (
            other.state in LOST
            and remedy(other.error_code) is Remedy.NUMBER_AFTER_TWO
            and _day(other, zone) != _day(message, zone)
        ):
            return True
    return False


def _day(message: Message, zone: str) -> object:
    return to_local(message.intent_at, zone).date() if message.intent_at else None


def _try_again(session: Session, message: Message, now: datetime) -> None:
    """Queue the one later attempt, as a text of its own; guard, quiet hours and caps hold for it as for any other."""
    due_at = now + AGAIN_AFTER
    if message.again_for_id is not None or message.purpose in _OF_THE_MOMENT or due_at >= message.expires_at:
        return
    session.add(
        Message(
            patient=message.patient,
            patient_id=message.patient_id,
            check_in_id=message.check_in_id,
            appointment_id=message.appointment_id,
            again_for_id=message.id,
            purpose=message.purpose,
            dedupe_key=f"{message.dedupe_key}:again",
            language=message.language,
            prepared=message.prepared,
            due_at=due_at,
            expires_at=message.expires_at,
            created_at=now,
        )
    )
