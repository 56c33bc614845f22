"""How a text leaves the building: claim, guard and intent, post, record. Nothing else talks to a gateway.

Intent is committed before the request is made, so whatever is killed or cut off, a text is requested at most once for
each time that the provider is known not to have it; one whose fate nobody knows waits as `unknown`.
Locks are taken in one order, patient before message; whoever else locks both must do the same.
"""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.clock import Clock
from monitor.config import ITEMS_PER_WEEK
from monitor.db import Sessions, unit_of_work
from monitor.messaging import caps, outages, spend, statuses
from monitor.messaging.followers import Followers, Obstacle, Postpone
from monitor.messaging.gateway import (
    NotAccepted,
    OutcomeUnknown,
    Receipt,
    RefusalKind,
    Refused,
    SendingFailed,
    SmsGateway,
)
from monitor.messaging.links import check_in_link
from monitor.messaging.models import Message, MessageState, SkipReason
from monitor.messaging.quiet_hours import allowed, next_opening
from monitor.messaging.segments import count
from monitor.messaging.spend import Limits
from monitor.messaging.texts import ANSWERS_A_TEXT, TextKind, render

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
"""How long a sender may hold a text: several times what a gateway may take over one request."""
SETTLE = timedelta(minutes=5)
"""How long the provider's list may lag behind what it has taken: looked at sooner, it could make us send twice.

Several times what a request may take here (two times 10 s) and at Twilio (about half a minute).
"""
FIRST_RETRY, LONGEST_RETRY = timedelta(seconds=30), timedelta(minutes=15)
LEASED = sa.text("state IN ('claimed', 'sending', 'unknown')")
"""Word for word the condition of an index: SQLite uses a partial index only for a query that repeats it."""


@dataclass(frozen=True)
class Courier:
    """What every text needs on its way."""

    sessions: Sessions
    gateway: SmsGateway
    clock: Clock
    followers: Followers
    base_url: str
    sender_name: str
    limits: Limits = field(default_factory=Limits)
    lease: timedelta = LEASE
    settle: timedelta = SETTLE
    items_per_week: int = ITEMS_PER_WEEK
    """Questions a week beyond which slower measures wait for another one."""
    take_in: Callable[[], int] = lambda: 0
    """Understands what patients have texted and nobody has taken up; returns how many texts that was."""
    tell: Callable[[], object] = lambda: None
    """Sends the notices to staff that are due."""
    breaker: outages.Breaker = field(default_factory=outages.Breaker, compare=False)


class Outcome(StrEnum):
    """What one attempt came to."""

    SENT = "sent"
    SKIPPED = "skipped"
    FAILED = "failed"
    UNKNOWN = "unknown"
    POSTPONED = "postponed"
    LOST = "lost"
    """The text is no longer this sender's: cancelled, or its lease ran out."""


@dataclass(frozen=True)
class _Intent:
    """All that the request and its record need, out of the committed row."""

    message_id: UUID
    owner: UUID
    attempt: int
    to: str = field(repr=False)
    body: str = field(repr=False)
    lease_until: datetime
    expires_at: datetime
    is_try: bool
    """Whether it is let through to see if an outage is over."""


def claim(
    session: Session,
    owner: UUID,
    now: datetime,
    *,
    limit: int = 20,
    lease: timedelta = LEASE,
    only: Collection[TextKind] = tuple(TextKind),
) -> list[UUID]:
    """Take up to `limit` due texts for `owner` until the lease ends; return their ids, longest due first.

    Nothing has left the building by a claim, so one whose lease ran out is simply free again.
    """
    _let_go(session, MessageState.CLAIMED, MessageState.QUEUED, now)
    due = _free(MessageState.QUEUED).where(Message.due_at <= now).order_by(Message.due_at, Message.id).limit(limit)
    if len(only) < len(TextKind):
        due = due.where(Message.purpose.in_(only))
    taken = (
        sa.update(Message)
        .where(Message.id.in_(sa.select(due.cte("due").c.id)))
        .values(state=MessageState.CLAIMED, owner=owner, lease_until=now + lease, attempt=Message.attempt + 1)
        .returning(Message.due_at, Message.id)
    )
    return [message_id for _, message_id in sorted(session.execute(taken))]


def mark_lost(session: Session, now: datetime) -> int:
    """Mark as unknown what a sender left behind between intent and record; return how many texts that were."""
    return _let_go(session, MessageState.SENDING, MessageState.UNKNOWN, now)


def deliver(courier: Courier, message_id: UUID, owner: UUID) -> Outcome:
    """Take one claimed text as far as it goes. Raises what the database raises; the row then stays as committed."""
    decided = _decide(courier, message_id, owner)
    outcome = decided if isinstance(decided, Outcome) else _record(courier, decided, _post(courier, decided))
    log.info("text %s: %s", message_id, outcome)
    return outcome


def _decide(courier: Courier, message_id: UUID, owner: UUID) -> Outcome | _Intent:
    with unit_of_work(courier.sessions) as session:
        message = statuses.hold(session, message_id)
        now = courier.clock()  # only now: waiting for the locks may have taken the lease
        if message.state is not MessageState.CLAIMED or message.owner != owner or not _live(message.lease_until, now):
            return Outcome.LOST
        match _obstacle(session, courier, message, now) or _way_out(session, now):
            case None | True as is_try:
                return _intend(session, courier, message, owner, now, is_try=bool(is_try))
            case Postpone(until) if until < message.expires_at:
                _put_back(message, max(until, now + FIRST_RETRY))  # never at once: a pass must come to an end
                return Outcome.POSTPONED
            case obstacle:
                return _skip(message, obstacle if isinstance(obstacle, SkipReason) else SkipReason.EXPIRED)


def _obstacle(session: Session, courier: Courier, message: Message, now: datetime) -> Obstacle:
    if now >= message.expires_at:
        return SkipReason.EXPIRED
    unwanted = courier.followers.guard(session, message, now)
    if unwanted is not None or message.purpose in ANSWERS_A_TEXT:
        return unwanted  # the patient is at the phone and has just used it: its number, hour and caps are no question
    if message.patient.number_failed_at is not None:
        return SkipReason.NUMBER_FAILED
    if not allowed(now, message.patient.time_zone):
        return Postpone(next_opening(now, message.patient.time_zone))
    return caps.obstacle(session, message, now)


def _way_out(session: Session, now: datetime) -> Postpone | bool | None:
    """Return None while texts go as ever, True for the one that may try in an outage, and for others when to wait."""
    outage = outages.open_outage(session)
    if outage is None:
        return None
    return outages.let_one_try(session, now) or Postpone(outage.try_at)


def _intend(
    session: Session, courier: Courier, message: Message, owner: UUID, now: datetime, *, is_try: bool
) -> Outcome | _Intent:
    """Write down what is about to be sent, to whom and in which language, in the patient's words of this moment."""
    patient, body = message.patient, _body(courier, message)
    segments = count(body).segments
    if not spend.count_in(session, message, segments, now, courier.limits):
        return _skip(message, SkipReason.OVER_SPEND)
    message.language, message.body, message.sent_to = patient.language, body, patient.number
    message.segments = segments
    message.state, message.intent_at, message.error_code = MessageState.SENDING, now, None
    message.lookups, message.looked_up_at = 0, None
    message.lease_until = lease_until = now + courier.lease
    return _Intent(message.id, owner, message.attempt, patient.number, body, lease_until, message.expires_at, is_try)


def _body(courier: Courier, message: Message) -> str:
    if message.prepared is not None:
        return str(message.prepared)
    if message.check_in_id is None:
        raise ValueError("a text without a check-in has no link to carry")
    link = check_in_link(courier.base_url, message.check_in_id, message.patient.link_generation)
    return render(message.purpose, message.patient.language, sender=courier.sender_name, link=link)


def _post(courier: Courier, intent: _Intent) -> Receipt | SendingFailed:
    now = courier.clock()
    if now >= min(intent.lease_until, intent.expires_at):
        return NotAccepted("late")  # held up since the intent: others may have given this text up
    valid_for = intent.expires_at - now
    try:
        return courier.gateway.send(intent.to, intent.body, intent.message_id, valid_for=valid_for)
    except SendingFailed as failure:
        return failure
    except Exception as error:
        return OutcomeUnknown(type(error).__name__)


def _record(courier: Courier, intent: _Intent, result: Receipt | SendingFailed) -> Outcome:
    """Record the result if the row still stands as this sender left it; lost in the meantime is no obstacle to news."""
    with unit_of_work(courier.sessions) as session:
        message = statuses.hold(session, intent.message_id)
        now = courier.clock()
        courier.breaker.take_note(session, result, now, is_try=intent.is_try)
        is_ours = (message.owner, message.attempt) == (intent.owner, intent.attempt)
        if isinstance(result, Receipt):
            return _record_receipt(session, courier, message, result, now) if is_ours else Outcome.LOST
        if not is_ours or message.state not in (MessageState.SENDING, MessageState.UNKNOWN):
            return Outcome.LOST
        return _record_failure(session, courier, message, result, now)


def _record_receipt(session: Session, courier: Courier, message: Message, receipt: Receipt, now: datetime) -> Outcome:
    statuses.apply(
        session,
        courier.followers,
        message,
        provider_id=receipt.provider_id,
        status=receipt.status,
        error_code=None,
        now=now,
    )
    return Outcome.SENT if message.provider_id == receipt.provider_id else Outcome.LOST


def _record_failure(
    session: Session, courier: Courier, message: Message, failure: SendingFailed, now: datetime
) -> Outcome:
    log.warning("text %s: %s", message.id, failure)
    message.error_code = failure.code[:16]
    message.lease_until = None
    if isinstance(failure, Refused | NotAccepted):
        spend.count_out(session, message)
    if isinstance(failure, Refused) and failure.kind is not RefusalKind.CONFIGURATION:
        statuses.lose(session, courier.followers, message, MessageState.FAILED, failure.code, now)
        return Outcome.FAILED
    if isinstance(failure, Refused | NotAccepted):
        message.body = message.sent_to = message.segments = message.intent_at = None  # nobody has it
        _put_back(message, now + _backoff(message))
        return Outcome.POSTPONED
    message.state = MessageState.UNKNOWN
    return Outcome.UNKNOWN


def _put_back(message: Message, due_at: datetime) -> None:
    """Let the text wait on, as if it had never been taken up: when it expires first, that ends it."""
    message.state, message.owner, message.lease_until = MessageState.QUEUED, None, None
    message.due_at = min(due_at, message.expires_at)


def _skip(message: Message, reason: SkipReason) -> Outcome:
    message.state, message.skip_reason, message.lease_until = MessageState.SKIPPED, reason, None
    return Outcome.SKIPPED


def _backoff(message: Message) -> timedelta:
    """Return 30 s, 60 s ... 15 min by attempt, and up to half as much again so that not all come back at once."""
    doublings = min(message.attempt - 1, 10)
    wait = min(FIRST_RETRY * (1 << doublings), LONGEST_RETRY)
    return wait * (1 + message.id.int % 1000 / 2000)


def _live(lease_until: datetime | None, now: datetime) -> bool:
    return lease_until is not None and now < lease_until


def _free(state: MessageState) -> sa.Select[UUID]:
    """Select texts in a state that nobody else is taking; the state is spelt out in the SQL, as the indexes have it."""
    spelt_out = sa.literal(state, Message.state.type, literal_execute=True)
    return sa.select(Message.id).where(Message.state == spelt_out).with_for_update(skip_locked=True)


def _let_go(session: Session, held: MessageState, then: MessageState, now: datetime) -> int:
    late = _free(held).where(Message.lease_until <= now, LEASED).cte("late")
    freed = sa.update(Message).where(Message.id.in_(sa.select(late.c.id))).values(state=then).returning(Message.id)
    return len(session.scalars(freed).all())
