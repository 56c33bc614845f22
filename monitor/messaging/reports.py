"""What the provider's calls bring, written down: what became of a text, a text from a patient, a call not believed."""

import logging
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from monitor.crypto import seal
from monitor.db import Sessions, keyring, unit_of_work
from monitor.ids import new_id
from monitor.messaging import statuses
from monitor.messaging.followers import Followers
from monitor.messaging.models import DeliveryEvent, InboundText, Message, RefusedCall
from monitor.messaging.signatures import Doubt
from monitor.people.models import Patient

log = logging.getLogger(__name__)

WRITE_EVERY = timedelta(seconds=1)
"""Refused calls are counted in memory and written together: however many come, the database has one write to do."""


@dataclass(frozen=True)
class StatusReport:
    """Where the provider says that a text stands."""

    reference: UUID | None
    """Our own id of the text, out of the address that was called."""
    provider_id: str
    status: str
    error_code: str | None


@dataclass(frozen=True)
class TextReport:
    """A text that somebody sent to the service."""

    provider_id: str
    number: str = field(repr=False)
    body: str = field(repr=False)
    opt_out: str | None
    """STOP, START or HELP where the provider has answered it already."""


def is_noted(session: Session, report: StatusReport) -> bool:
    """Return whether the provider has said just this before: a copy needs no lock, on which others would wait."""
    noted = sa.select(DeliveryEvent.id).where(
        DeliveryEvent.provider_id == report.provider_id, DeliveryEvent.status == report.status
    )
    return session.scalar(noted) is not None


def note_status(session: Session, followers: Followers, report: StatusReport, now: datetime) -> None:
    """Keep a status and move its text on by it. Said before, or of a text that is not ours, it moves nothing.

    The text is held first and the event written after, as whoever else reports about texts does it.
    """
    message_id = session.scalar(sa.select(Message.id).where(_is_meant(report)))
    message = None if message_id is None else statuses.hold(session, message_id)
    if is_noted(session, report):
        return
    moved = message is not None and statuses.apply(
        session,
        followers,
        message,
        provider_id=report.provider_id,
        status=report.status,
        error_code=report.error_code,
        now=now,
    )
    session.add(
        DeliveryEvent(
            message_id=message_id,
            provider_id=report.provider_id,
            status=report.status,
            error_code=report.error_code,
            received_at=now,
            applied=moved,
        )
    )


def _is_meant(report: StatusReport) -> sa.ColumnElement[bool]:
    if report.reference is not None:
        return Message.id == report.reference
    return Message.provider_id == report.provider_id


def keep_text(session: Session, report: TextReport, now: datetime) -> UUID | None:
    """Keep a text until it is understood, and return its id; None for a copy of one that is there.

    What a patient writes is sealed with their key; what strangers write is not kept, only that they did.
    """
    number_hash = keyring().digest("number", report.number)
    patient = session.scalars(
        sa.select(Patient)
        .where(Patient.number_hash == number_hash, Patient.closed_at.is_(None))
        .order_by(Patient.id)
        .limit(1)
    ).first()
    inbound_id = new_id()
    key = patient.data_key if patient else None
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(InboundText).values(
        id=inbound_id,
        provider_id=report.provider_id,
        patient_id=patient.id if patient else None,
        number_hash=number_hash,
        _body=seal(key, "inbound_texts.body", inbound_id, report.body) if key else None,
        opt_out=report.opt_out,
        received_at=now,
    )
    absent_only = statement.on_conflict_do_nothing(index_elements=["provider_id"])
    return session.scalars(absent_only.returning(InboundText.id)).one_or_none()


class RefusedCalls:
    """The calls that this process did not believe: counted at once, written at most once a second.

    A process that dies takes at most a second's count with it.
    """

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._counted: Counter[tuple[str, Doubt]] = Counter()
        self._write_at: datetime | None = None
        self._lock = threading.Lock()

    def count(self, hook: str, why: Doubt, now: datetime) -> None:
        """Count one, and write if it is time to."""
        with self._lock:
            self._counted[hook, why] += 1
            if self._write_at is not None and now < self._write_at <= now + WRITE_EVERY:
                return
            self._write_at = now + WRITE_EVERY
            counted, self._counted = self._counted, Counter()
        log.warning("calls refused: %s", sum(counted.values()))
        with unit_of_work(self._sessions) as session:
            for (hook, why), count in sorted(counted.items()):
                _add(session, hook, why, count, now)


def _add(session: Session, hook: str, why: Doubt, count: int, now: datetime) -> None:
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(RefusedCall).values(on=now.date(), hook=hook, why=why, count=count)
    key = [RefusedCall.on, RefusedCall.hook, RefusedCall.why]
    session.execute(statement.on_conflict_do_update(index_elements=key, set_={"count": RefusedCall.count + count}))
