"""The setting of the outbox tests: a database with patients in it, a clock on the wall, and texts that wait."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session, sessionmaker

import monitor.audit
import monitor.beats
import monitor.care.intake_models
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
from monitor.messaging.followers import Followers
from monitor.messaging.gateway import NotTold, OutcomeUnknown, ProviderRecord, Receipt, RecordingGateway
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


NUMBERS = count(1)
"""Nobody has the number of somebody else."""


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
    message_id = outbox.queue(session, patient=patient, **terms)
    assert message_id is not None
    return session.get_one(Message, message_id)


def wanted(session: Session, message: Message, now: datetime) -> None:
    """Guard nothing: every text is still wanted."""


def nothing_more(session: Session, message: Message, now: datetime) -> None:
    """Follow up nothing."""


@dataclass
class News:
    """Notes what followers are told, in order: which text, and whether it was sent or lost."""

    told: list[tuple[str, UUID]] = field(default_factory=list)

    @property
    def followers(self) -> Followers:
        """Followers who want every text and note what becomes of it."""
        return Followers(
            guard=wanted,
            on_sent=lambda session, message, now: self.told.append(("sent", message.id)),
            on_lost=lambda session, message, now: self.told.append(("lost", message.id)),
        )

    def of(self, message_id: UUID) -> list[str]:
        """Return the news of one text."""
        return [what for what, which in self.told if which == message_id]


@dataclass
class Provider:
    """A gateway with a memory: takes texts, loses receipts when told to, and lists what it took, perhaps late."""

    clock: Callable[[], datetime]
    lag: timedelta = timedelta(0)
    records: list[ProviderRecord] = field(default_factory=list)
    faults: deque[tuple[bool, Exception]] = field(default_factory=deque)
    tells: bool = True

    def lose_receipts(self, many: int = 1) -> None:
        """Take the next texts without saying so."""
        self.faults.extend([(True, OutcomeUnknown("no reply"))] * many)

    def lose_requests(self, many: int = 1) -> None:
        """Get nothing of the next texts, and nobody can tell."""
        self.faults.extend([(False, OutcomeUnknown("no reply"))] * many)

    def send(self, to: str, body: str, reference: UUID, *, valid_for: timedelta) -> Receipt:
        """Take it, and fail as told."""
        takes, fault = self.faults.popleft() if self.faults else (True, None)
        if takes:
            provider_id = f"SM{len(self.records) + 1}"
            self.records.append(ProviderRecord(provider_id, "queued", None, to, body, self.clock()))
        if fault is not None:
            raise fault
        return Receipt(provider_id, "queued")

    def look_up(self, provider_id: str) -> ProviderRecord | None:
        """Return one."""
        self._tell()
        return next((record for record in self.records if record.provider_id == provider_id), None)

    def sent_to(self, number: str, since: datetime) -> list[ProviderRecord]:
        """List what it took for a number; of what it took lately it does not know yet."""
        self._tell()
        shown = [each for each in self.records if each.to == number and each.created_at >= since]
        return [each for each in reversed(shown) if each.created_at <= self.clock() - self.lag]

    def _tell(self) -> None:
        if not self.tells:
            raise NotTold("20503")


FOLLOWERS = Followers(guard=wanted, on_sent=nothing_more, on_lost=nothing_more)


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
            self.sessions, self.gateway, self.clock, FOLLOWERS, base_url=BASE_URL, sender_name=SENDER_NAME
        )

    def with_courier(self, **changes: Any) -> "Outbox":
        """Change what the courier is given."""
        self.courier = replace(self.courier, **changes)
        return self

    def with_provider(self, **terms: Any) -> Provider:
        """Send through a gateway with a memory."""
        provider = Provider(self.clock, **terms)
        self.with_courier(gateway=provider)
        return provider

    def with_news(self) -> News:
        """Note what becomes of texts."""
        news = News()
        self.with_courier(followers=news.followers)
        return news

    def with_followers(self, **changes: Any) -> "Outbox":
        """Change who follows the texts."""
        return self.with_courier(followers=replace(self.courier.followers, **changes))

    def patient(self, **known: Any) -> Patient:
        """Add a patient."""
        with unit_of_work(self.sessions) as session:
            return add_patient(session, **known)

    def text(self, patient: Patient | None = None, **terms: Any) -> UUID:
        """Queue a text, to a new patient if none is given; return its id."""
        with unit_of_work(self.sessions) as session:
            if patient is None:
                patient = add_patient(session, number=f"+4477008{next(NUMBERS):05}")
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

    def row_of(self, patient: Patient) -> Patient:
        """Read a patient as they stand now."""
        with self.sessions() as session:
            return session.get_one(Patient, patient.id)

    @property
    def references(self) -> list[UUID]:
        """The ids of the texts that went out, in order."""
        return [text.reference for text in self.gateway.sent]
