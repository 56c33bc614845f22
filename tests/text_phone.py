"""A phone that opens no links, for tests: it texts and is texted, and that is all."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from monitor import texting
from monitor.checkins.models import CheckIn
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.ids import new_id
from monitor.messaging.gateway import RecordingGateway
from monitor.messaging.jobs import dispatch
from monitor.messaging.models import InboundText, Understood
from monitor.people.models import Channel, Party, Patient
from monitor.people.service import prefer
from monitor.worker import make_courier
from tests.builders import NOW, a_check_in, a_patient, a_staff_member, a_team


@dataclass
class TextPhone:
    """The phone of one patient, and the service at the other end."""

    sessions: Sessions
    settings: Settings
    patient_id: UUID
    check_in_id: UUID
    now: datetime = NOW
    gateway: RecordingGateway = field(default_factory=RecordingGateway)

    def __post_init__(self) -> None:
        self.courier = make_courier(self.settings, self.sessions, lambda: self.now, self.gateway)

    def send(self, body: str, *, received_at: datetime | None = None) -> Understood:
        """Text the service, which understands it but sends nothing yet."""
        with unit_of_work(self.sessions) as session:
            patient = session.get_one(Patient, self.patient_id)
            inbound = InboundText(
                provider_id=str(new_id()),
                patient=patient,
                patient_id=patient.id,
                number_hash=patient.number_hash,
                body=body,
                received_at=received_at or self.now,
            )
            session.add(inbound)
            session.flush()
            return texting.receive(session, inbound, settings=self.settings, now=self.now)

    def read(self) -> list[str]:
        """Let the service send what it has to say; return what arrives."""
        before = len(self.gateway.sent)
        dispatch(self.courier)
        return [text.body for text in self.gateway.sent[before:]]

    def ask(self, body: str) -> str:
        """Text the service and return the one reply."""
        self.send(body)
        (reply,) = self.read()
        self.wait(seconds=20)
        return reply

    def answer(self, digits: str) -> list[str]:
        """Text one digit after the other, each once its question is there; return the replies."""
        return [self.ask(digit) for digit in digits]

    def wait(self, **time: float) -> None:
        """Let time pass."""
        self.now += timedelta(**time)


def a_text_phone(
    sessions: Sessions,
    settings: Settings,
    *,
    by_text: bool = True,
    instruments: tuple[str, ...] = ("phq9", "gad7"),
    number: str = "+447700900001",
    team: str = "North team",
    covered: bool = True,
    **patient: object,
) -> TextPhone:
    """Put a patient into care who wants the questions by text, with a check-in that opened an hour ago."""
    with unit_of_work(sessions) as session:
        clinic = a_team(session, team, covered=covered)
        clinician = a_staff_member(session, clinic, f"{team.split()[0].lower()}@example.org")
        care = a_patient(session, clinic, clinician, number=number, **patient)  # type: ignore[arg-type]
        prefer(
            session,
            care.patient,
            weekday=0,
            at=NOW.time(),
            channel=Channel.TEXT,
            by_text=by_text,
            set_by=Party.PATIENT,
            now=NOW - timedelta(days=30),
        )
        check_in = a_check_in(session, care, instruments=instruments)
        return TextPhone(sessions, settings, care.patient.id, check_in.id)


def check_in_of(phone: TextPhone) -> CheckIn:
    """Return the phone's check-in as it stands."""
    with phone.sessions() as session:
        return session.scalars(sa.select(CheckIn).where(CheckIn.id == phone.check_in_id)).one()
