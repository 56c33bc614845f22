"""A service that patients can text, for tests: what they send, what goes out in reply, and what is kept."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from monitor import texting
from monitor.checkins.models import CheckIn
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag
from monitor.ids import new_id
from monitor.messaging.gateway import RecordedText, RecordingGateway
from monitor.messaging.models import InboundText, Message, Understood
from monitor.messaging.replies import Voice
from monitor.messaging.reports import TextReport, keep_text
from monitor.messaging.texts import TextKind
from monitor.people.models import Channel, Party, Patient, Purpose
from monitor.people.service import newest_consent, prefer
from monitor.worker import make_courier, tick
from tests.builders import NOW, InCare, a_check_in, a_patient, a_staff_member, a_team

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NUMBER = "+447700900001"


class Texting:
    """A service that patients can text."""

    def __init__(self, sessions: Sessions, settings: Settings) -> None:
        self.sessions, self.settings, self.gateway = sessions, settings, RecordingGateway()
        with unit_of_work(sessions) as session:
            self.team = a_team(session)
            self.clinician = a_staff_member(session, self.team)

    def patient(self, *, by_text: bool = True, shared: bool = False, **about: Any) -> InCare:
        """A patient whose number is NUMBER unless told otherwise, and who answers by text."""
        with unit_of_work(self.sessions) as session:
            care = a_patient(session, self.team, self.clinician, **{"number": NUMBER, **about})
            care.patient.number_is_shared = shared
            if by_text:
                self._prefer(session, care.patient, by_text=True)
        return care

    def _prefer(self, session: Any, patient: Patient, **wishes: Any) -> None:
        terms: dict[str, Any] = {"weekday": 0, "at": NOW.time(), "channel": Channel.TEXT}
        prefer(session, patient, set_by=Party.PATIENT, now=NOW - DAY, **terms | wishes)

    def by_phone(self, care: InCare) -> None:
        """Agree to ring instead of texting."""
        with unit_of_work(self.sessions) as session:
            self._prefer(session, session.get_one(Patient, care.patient.id), channel=Channel.PHONE)

    def asked(self, care: InCare) -> CheckIn:
        """Open a check-in."""
        with unit_of_work(self.sessions) as session:
            return a_check_in(session, care, due_at=NOW - HOUR)

    def keep(
        self, body: str, at: datetime = NOW, *, number: str = NUMBER, opt_out: str | None = None, sid: str | None = None
    ) -> UUID | None:
        """Store a text as the provider's call does."""
        report = TextReport(sid or f"SM{new_id().hex}", number, body, opt_out)
        with unit_of_work(self.sessions) as session:
            return keep_text(session, report, at)

    def take(self, inbound_id: UUID, at: datetime = NOW) -> Understood:
        """Understand a stored text."""
        with unit_of_work(self.sessions) as session:
            inbound = session.get_one(InboundText, inbound_id)
            return texting.receive(session, inbound, settings=self.settings, now=at)

    def text(self, body: str, at: datetime = NOW, **more: Any) -> Understood:
        """Text the service; what it queued in reply goes out when the clock next ticks."""
        inbound_id = self.keep(body, at, **more)
        assert inbound_id is not None
        return self.take(inbound_id, at)

    def tick(self, at: datetime = NOW) -> list[RecordedText]:
        """Let the clock tick; return what went out."""
        before = len(self.gateway.sent)
        tick(make_courier(self.settings, self.sessions, lambda: at, self.gateway))
        return self.gateway.sent[before:]

    def all(self, model: type[Any], *options: Any) -> list[Any]:
        with self.sessions() as session:
            return list(session.scalars(sa.select(model).options(*options).order_by(model.id)).unique())

    @property
    def messages(self) -> list[Message]:
        """The outbox in the order in which its texts are due."""
        return sorted(self.all(Message, joinedload(Message.patient)), key=lambda message: message.due_at)

    @property
    def queued(self) -> list[tuple[TextKind, str]]:
        """Kind and words of each text in the outbox."""
        return [(message.purpose, message.prepared) for message in self.messages]

    @property
    def flags(self) -> list[FlagKind]:
        return [flag.kind for flag in self.all(Flag)]

    def agrees(self, care: InCare) -> bool | None:
        with self.sessions() as session:
            return newest_consent(session, care.patient.id, Purpose.TEXTS)

    def voice(self, language: str = "en") -> Voice:
        return Voice(self.settings.sender_name, language, "GB", self.team.phone)

    def begin(self, care: InCare) -> CheckIn:
        """Open a check-in by text and bring it to its second question."""
        check_in = self.asked(care)
        number = care.patient.number
        assert self.text("1", NOW, number=number) is Understood.BEGIN
        self.tick(NOW + MINUTE)
        assert self.text("2", NOW + 2 * MINUTE, number=number) is Understood.ANSWER
        self.tick(NOW + 3 * MINUTE)
        return check_in


def prompt(care: InCare, check_in: CheckIn, at: datetime = NOW) -> Message:
    """The text that asks for a check-in."""
    return Message(
        patient_id=care.patient.id,
        check_in_id=check_in.id,
        purpose=TextKind.BY_TEXT,
        dedupe_key=str(new_id()),
        language="en",
        due_at=at,
        expires_at=at + DAY,
        created_at=at,
    )
