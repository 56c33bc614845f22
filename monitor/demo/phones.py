"""The phones of the demonstration: what is on them, and how a visitor writes on one of them."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.config import Gateway, Settings
from monitor.demo.guide import device_token
from monitor.demo.phone_network_control import Remote
from monitor.i18n import LANGUAGES, Language
from monitor.messaging.links import PATH, check_in_token
from monitor.messaging.models import InboundText, Message, MessageState
from monitor.people.models import Patient

TEXTS_SHOWN = 60
ON_ONE_PHONE = 8
_BECAME = {
    MessageState.SENT: "on its way",
    MessageState.DELIVERED: "arrived",
    MessageState.UNDELIVERED: "did not arrive",
    MessageState.FAILED: "did not arrive",
}


@dataclass(frozen=True)
class ShownText:
    """A text as a phone shows it."""

    at: datetime
    words: str
    link: str | None
    """Made anew, since the address may have changed."""
    became: str | None
    """What became of one of ours; None for the patient's own."""


@dataclass(frozen=True)
class Phone:
    """A patient's phone with its latest texts, oldest first."""

    token: str
    first_name: str
    language: Language
    zone: str
    texts: tuple[ShownText, ...]


def latest_phones(session: Session) -> list[Phone]:
    """Return the phones with the latest texts, to them or from them; the one with the newest first."""
    sent = sa.select(Message).where(Message.sent_at.is_not(None)).order_by(Message.sent_at.desc(), Message.id.desc())
    written = sa.select(InboundText).where(InboundText.patient_id.is_not(None))
    written = written.order_by(InboundText.received_at.desc(), InboundText.id.desc())
    texts: dict[UUID, list[ShownText]] = defaultdict(list)
    patients: dict[UUID, Patient] = {}
    for message in session.scalars(sent.limit(TEXTS_SHOWN).options(joinedload(Message.patient))):
        patients[message.patient_id] = message.patient
        texts[message.patient_id].append(_ours(message))
    for inbound in session.scalars(written.limit(TEXTS_SHOWN).options(joinedload(InboundText.patient))):
        if inbound.patient is not None:
            patients[inbound.patient.id] = inbound.patient
            texts[inbound.patient.id].append(ShownText(inbound.received_at, inbound.body or "", None, None))
    phones = [_phone(patient, texts[patient.id]) for patient in patients.values()]
    return sorted(phones, key=lambda phone: phone.texts[-1].at, reverse=True)


def number_of(session: Session, token: str) -> str | None:
    """Return the number of a phone, whether its patient came with the demonstration or was added by a visitor."""
    patients = session.scalars(sa.select(Patient).where(Patient.closed_at.is_(None)))
    return next((patient.number for patient in patients if device_token(patient) == token), None)


def network_of(settings: Settings) -> Remote | None:
    """Return the stand-in for the phone network that the settings name, or None where texts go another way."""
    token = settings.twilio_auth_token
    if settings.gateway is not Gateway.TWILIO or settings.twilio_base_url is None or token is None:
        return None
    return Remote(str(settings.twilio_base_url), settings.twilio_account_sid or "", token.get_secret_value())


def _phone(patient: Patient, texts: list[ShownText]) -> Phone:
    return Phone(
        token=device_token(patient),
        first_name=patient.preferred_name.split()[0],
        language=LANGUAGES[patient.language],
        zone=patient.time_zone,
        texts=tuple(sorted(texts, key=lambda text: text.at)[-ON_ONE_PHONE:]),
    )


def _ours(message: Message) -> ShownText:
    if message.sent_at is None:
        raise ValueError("only texts that went out are shown")
    words, link = message.body, None
    if message.check_in_id is not None and PATH in message.body.rpartition("\n")[2]:
        words = message.body.rpartition("\n")[0]
        link = PATH + check_in_token(message.check_in_id, message.patient.link_generation)
    return ShownText(message.sent_at, words, link, _BECAME.get(message.state, "not known"))
