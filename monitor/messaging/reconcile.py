"""What became of a text whose receipt was lost, and of one that nobody has spoken of since: the provider is asked.

Its own list decides. A text that is in it was sent; one that is missing from it twice, with time between, was not and
may go again; one that may be in it but cannot be told from others is given up, unless it says where help is.
"""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from unicodedata import normalize
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.db import reading, unit_of_work
from monitor.messaging import spend, statuses
from monitor.messaging.delivery import LEASED, Courier, mark_lost
from monitor.messaging.gateway import NotTold, ProviderRecord
from monitor.messaging.models import Message, MessageState
from monitor.messaging.texts import TextKind

log = logging.getLogger(__name__)

CLOCKS_DIFFER = timedelta(minutes=2)
"""By as much the provider's clock may be before or behind ours."""
MOST_LOOKS = 2
"""A text that the list has missed as often is not in it."""
SILENT_AFTER, ASKED_EVERY, ASKED_UNTIL = timedelta(minutes=10), timedelta(hours=6), timedelta(hours=72)
"""A text without a final word is asked after then; some carriers never give one, and it stays sent (research 1.2)."""
BATCH = 100
"""As many are asked after in one pass, each by a request of its own."""


class Found(StrEnum):
    """What one question came to."""

    ADOPTED = "adopted"
    """It was in the list: it was sent."""
    REQUEUED = "requeued"
    ABANDONED = "abandoned"
    CONFIRMED = "confirmed"
    """A text that was known to be sent has moved on."""
    NOTHING = "nothing"
    NOT_TOLD = "not_told"


@dataclass(frozen=True)
class ReconcileReport:
    """What one pass came to, in texts."""

    adopted: int = 0
    requeued: int = 0
    abandoned: int = 0
    confirmed: int = 0


@dataclass(frozen=True)
class _Question:
    """A text as it stood when it was asked after; the answer counts only while it stands so."""

    message_id: UUID
    asked_at: datetime
    since: datetime
    provider_id: str | None
    number: str = field(repr=False)


def reconcile(courier: Courier) -> ReconcileReport:
    """Ask after every text that it is time to ask after, one at a time; stop when the provider does not answer."""
    with unit_of_work(courier.sessions) as session:
        mark_lost(session, courier.clock())
    with reading(courier.sessions) as session:
        now = courier.clock()
        questions = [(_look_for, text) for text in unknown_due(session, now, courier.settle)]
        questions += [(_look_up, text) for text in silent_due(session, now)]
    found: Counter[Found] = Counter()
    for ask, message_id in questions:
        answer = _one(courier, ask, message_id)
        found[answer] += 1
        if answer is Found.NOT_TOLD:
            break
    return ReconcileReport(
        adopted=found[Found.ADOPTED],
        requeued=found[Found.REQUEUED],
        abandoned=found[Found.ABANDONED],
        confirmed=found[Found.CONFIRMED],
    )


def unknown_due(session: Session, now: datetime, settle: timedelta, limit: int = BATCH) -> Sequence[UUID]:
    """Return unknown texts that the provider's list must know of by now, and was not asked about since."""
    is_unknown = Message.state == sa.literal(MessageState.UNKNOWN, Message.state.type, literal_execute=True)
    settled = Message.intent_at <= now - settle, _not_since(now - settle)
    return session.scalars(
        sa.select(Message.id).where(is_unknown, LEASED, *settled).order_by(Message.intent_at, Message.id).limit(limit)
    ).all()


def silent_due(session: Session, now: datetime, limit: int = BATCH) -> Sequence[UUID]:
    """Return texts that were sent and of which no final word has come."""
    is_sent = Message.state == sa.literal(MessageState.SENT, Message.state.type, literal_execute=True)
    lately = Message.sent_at.between(now - ASKED_UNTIL, now - SILENT_AFTER)
    return session.scalars(
        sa.select(Message.id)
        .where(is_sent, lately, _not_since(now - ASKED_EVERY))
        .order_by(Message.sent_at, Message.id)
        .limit(limit)
    ).all()


def _not_since(moment: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(Message.looked_up_at.is_(None), Message.looked_up_at <= moment)


def _one(courier: Courier, ask: "_Ask", message_id: UUID) -> Found:
    """Take up one text, ask after it without a transaction, and record the answer."""
    try:
        question = _take_up(courier, message_id)
        answer = Found.NOTHING if question is None else ask(courier, question)
    except NotTold as error:
        log.warning("text %s: %s", message_id, error)
        return Found.NOT_TOLD
    except Exception as error:  # one bad row must not stop the others; its text may be in the message, so not that
        log.error("text %s: %s", message_id, type(error).__name__)
        return Found.NOTHING
    if answer is not Found.NOTHING:
        log.info("text %s: %s", message_id, answer)
    return answer


def _take_up(courier: Courier, message_id: UUID) -> _Question | None:
    """Note that a text is asked after, so that nobody else does; None when it is no longer to be asked after."""
    now = courier.clock()
    with unit_of_work(courier.sessions) as session:
        message = statuses.hold(session, message_id)
        gap = courier.settle if message.state is MessageState.UNKNOWN else ASKED_EVERY
        asked_lately = message.looked_up_at is not None and message.looked_up_at > now - gap
        if message.state not in (MessageState.UNKNOWN, MessageState.SENT) or asked_lately or message.intent_at is None:
            return None
        message.looked_up_at = now
        since = message.intent_at - CLOCKS_DIFFER
        return _Question(message.id, now, since, message.provider_id, message.sent_to)


def _look_for(courier: Courier, question: _Question) -> Found:
    """Look for an unknown text among those that the provider has taken for its number."""
    records = courier.gateway.sent_to(question.number, question.since)
    with unit_of_work(courier.sessions) as session:
        message = statuses.hold(session, question.message_id)
        if message.state is not MessageState.UNKNOWN or message.looked_up_at != question.asked_at:
            return Found.NOTHING
        now, free = courier.clock(), _free(session, message, records, courier.lease)
        match = next((record for record in free if _wording(record.body).endswith(_wording(message.body))), None)
        if match is not None:
            _tell(session, courier, message, match, now)
            return Found.ADOPTED
        message.lookups += 1
        if message.lookups < MOST_LOOKS:
            return Found.NOTHING
        in_doubt = any(_may_be(message, record, courier.base_url) for record in free)
        return _settle(session, courier, message, in_doubt, now)


def _look_up(courier: Courier, question: _Question) -> Found:
    """Ask after one text by the id that the provider gave it."""
    record = courier.gateway.look_up(question.provider_id or "")
    if record is None:
        return Found.NOTHING
    with unit_of_work(courier.sessions) as session:
        message = statuses.hold(session, question.message_id)
        moved = _tell(session, courier, message, record, courier.clock())
        return Found.CONFIRMED if moved else Found.NOTHING


_Ask = Callable[[Courier, _Question], Found]


def _tell(session: Session, courier: Courier, message: Message, record: ProviderRecord, now: datetime) -> bool:
    return statuses.apply(
        session,
        courier.followers,
        message,
        provider_id=record.provider_id,
        status=record.status,
        error_code=record.error_code,
        now=now,
    )


def _free(
    session: Session, message: Message, records: Sequence[ProviderRecord], lease: timedelta
) -> list[ProviderRecord]:
    """Return the records that no text of ours has and that this one's request can have made, nearest to it first."""
    made = message.intent_at
    if made is None or not records:
        return []
    known = sa.select(Message.provider_id).where(Message.provider_id.in_([each.provider_id for each in records]))
    owned = set(session.scalars(known))
    latest = made + lease + CLOCKS_DIFFER
    free = [each for each in records if each.provider_id not in owned and each.created_at <= latest]
    return sorted(free, key=lambda each: abs(each.created_at - made))


def _may_be(message: Message, record: ProviderRecord, base_url: str) -> bool:
    """Return whether a record whose words are not this text's may still be it: they are gone, or carry its link."""
    links = [word for word in (message.body or "").split() if word.startswith(base_url)]
    return not record.body or any(link in record.body for link in links)


def _wording(body: str | None) -> str:
    """Return the letters and digits of a text: providers exchange quotes, dashes and spaces, and may add a heading."""
    return "".join(sign for sign in normalize("NFKD", body or "").casefold() if sign.isalnum())


def _settle(session: Session, courier: Courier, message: Message, in_doubt: bool, now: datetime) -> Found:
    """Let a text that is missing from the list go again while it is of use; guard and caps are asked as ever.

    When a second copy is possible only what tells where help is goes again: there a copy is the lesser harm.
    """
    sends_again = message.purpose is TextKind.SUPPORT or not in_doubt
    if not sends_again or now >= message.expires_at:
        statuses.lose(session, courier.followers, message, MessageState.ABANDONED, None, now)
        return Found.ABANDONED
    spend.count_out(session, message)
    message.state, message.owner, message.lease_until, message.due_at = MessageState.QUEUED, None, None, now
    return Found.REQUEUED
