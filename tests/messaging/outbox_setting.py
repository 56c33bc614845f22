"""The setting of the outbox tests: a database with patients in it, a clock on the wall, and texts that wait."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session, sessionmaker

import monitor.audit
import monitor.beats
import monitor.care.models
import monitor.checkins.models
import monitor.flags.models
import monitor.messaging.models
import monitor.people.models  # noqa: F401  # every table, so that foreign keys find theirs
from monitor.crypto import Keyring
from monitor.db import Base, Sessions, configure_keys, make_engine, unit_of_work
from monitor.ids import new_id
from monitor.messaging import outbox
from monitor.messaging.delivery import Courier, Outcome, claim, deliver
from monitor.messaging.gateway import RecordingGateway
from monitor.messaging.models import Message
from monitor.messaging.texts import TextKind
from monitor.people.models import Patient

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
"""A Wednesday; in London the clock shows the same."""
BASE_URL = "https://texts.example"
SENDER_NAME = "Riverside"
TWO_DAYS = timedelta(days=2)


def open_database(url: str) -> Sessions:
    """Open a database that has its tables."""
    configure_keys(Keyring({"k1": bytes(range(32))}, bytes(range(32, 64))))
    return sessionmaker(make_engine(url), expire_on_commit=False)


def create_tables(sessions: Sessions) -> None:
    """Make all tables in an empty database."""
    with sessions() as session:
        Base.metadata.create_all(session.get_bind())


@dataclass
class WallClock:
    """A clock that moves when somebody moves it."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **time: float) -> None:
        """Move it on."""
        self.now += timedelta(**time)


def add_patient(session: Session, *, number: str = "+447700900001", **known: Any) -> Patient:
    """Add a fictional patient in London who reads English."""
    known = {"language": "en", "region": "GB", "time_zone": "Europe/London", "opened_at": NOON} | known
    patient = Patient(preferred_name="Sam", **known)
    patient.set_number(number)
    session.add(patient)
    return patient


def queue_text(session: Session, patient: Patient, **wanted: Any) -> Message:
    """Queue a reminder that is due at noon and of use for two days."""
    terms = {"purpose": TextKind.REMINDER, "check_in_id": new_id(), "dedupe_key": str(new_id())}
    terms |= {"due_at": NOON, "expires_at": NOON + TWO_DAYS, "now": NOON} | wanted
    message = outbox.queue(session, patient=patient, **terms)
    assert message is not None
    return message


def wanted(session: Session, message: Message, now: datetime) -> None:
    """Guard nothing: every text is still wanted."""


def nothing_more(session: Session, message: Message, now: datetime) -> None:
    """Follow up nothing."""


@dataclass
class Outbox:
    """One service's outbox, and a sender at work on it."""

    sessions: Sessions
    clock: WallClock = field(default_factory=WallClock)
    gateway: RecordingGateway = field(default_factory=RecordingGateway)
    courier: Courier = field(init=False)
    owner: UUID = field(default_factory=new_id)

    def __post_init__(self) -> None:
        self.courier = Courier(
            self.sessions, self.gateway, self.clock, wanted, nothing_more, base_url=BASE_URL, sender_name=SENDER_NAME
        )

    def with_courier(self, **changes: Any) -> "Outbox":
        """Change what the courier is given."""
        self.courier = replace(self.courier, **changes)
        return self

    def patient(self, **known: Any) -> Patient:
        """Add a patient."""
        with unit_of_work(self.sessions) as session:
            return add_patient(session, **known)

    def text(self, patient: Patient | None = None, **terms: Any) -> UUID:
        """Queue a text, to a new patient if none is given; return its id."""
        with unit_of_work(self.sessions) as session:
            if patient is None:
                patient = add_patient(session, number=f"+4477009{new_id().int % 10**5:05}")
            return queue_text(session, patient, **terms).id

    def claim(self, owner: UUID | None = None, **terms: Any) -> list[UUID]:
        """Claim what is due."""
        with unit_of_work(self.sessions) as session:
            return claim(session, owner or self.owner, self.clock(), **terms)

    def deliver(self, message_id: UUID, owner: UUID | None = None) -> Outcome:
        """Take one claimed text on."""
        return deliver(self.courier, message_id, owner or self.owner)

    def send(self, message_id: UUID) -> Outcome:
        """Claim what is due, and take this one text on."""
        assert message_id in self.claim()
        return self.deliver(message_id)

    def row(self, message_id: UUID) -> Message:
        """Read a text, and its patient with it."""
        with self.sessions() as session:
            message = session.get_one(Message, message_id)
            assert message.patient
            return message

    @property
    def references(self) -> list[UUID]:
        """The ids of the texts that went out, in order."""
        return [text.reference for text in self.gateway.sent]
