"""Texts from patients: whose number it was, which of them wait to be understood, and how many were answered lately."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.messaging.models import IS_WAITING, InboundText, Message, Understood
from monitor.messaging.texts import TextKind
from monitor.people.models import Consent, Party, Patient, Purpose


def on_number(session: Session, number_hash: bytes, *, hold: bool = False) -> list[Patient]:
    """Return the patients in care who have a number: more than one where staff have confirmed that it is shared.

    `hold` locks them, so that their texts are understood one after another. Always in the order of their ids, so that
    no two transactions wait for each other; who holds one of them already must not ask for it.
    """
    ours = sa.select(Patient).where(Patient.number_hash == number_hash, Patient.closed_at.is_(None))
    ours = ours.order_by(Patient.id)
    return list(session.scalars(ours.with_for_update(key_share=True) if hold else ours))


def take_up(session: Session, inbound_id: UUID) -> InboundText | None:
    """Return a text that nobody has understood yet, and keep it from others; None when it has been understood."""
    found = session.get_one(InboundText, inbound_id, with_for_update=True, populate_existing=True)
    return found if found.understood_as is None else None


def put_down(inbound: InboundText, understood: Understood, now: datetime) -> Understood:
    """Write down what a text was taken for."""
    inbound.understood_as, inbound.handled_at = understood, now
    return understood


def waiting(session: Session, limit: int, *, but: Collection[UUID] = ()) -> list[UUID]:
    """Return the ids of texts that wait to be understood, oldest first; found by the partial index."""
    return list(
        session.scalars(
            sa.select(InboundText.id)
            .where(InboundText.understood_as.is_(None), InboundText.id.not_in(but))
            .order_by(InboundText.received_at, InboundText.id)
            .limit(limit)
        )
    )


def answers_since(session: Session, number_hash: bytes, since: datetime) -> int:
    """Return how many answers that belong to no check-in were queued for a number since a moment."""
    ours = sa.select(Patient.id).where(Patient.number_hash == number_hash)
    found = session.scalar(
        sa.select(sa.func.count())
        .select_from(Message)
        .where(
            Message.patient_id.in_(ours),
            Message.purpose.in_((TextKind.REPLY, TextKind.SUPPORT)),
            Message.check_in_id.is_(None),
            Message.created_at > since,
        )
    )
    return found or 0


def last_asked(session: Session, patients: Sequence[Patient]) -> UUID | None:
    """Return which of the patients on one number was asked something by text last: an answer is theirs."""
    return session.scalar(
        sa.select(Message.patient_id)
        .where(
            Message.patient_id.in_([patient.id for patient in patients]),
            Message.purpose.in_((TextKind.BY_TEXT, TextKind.QUESTION)),
            Message.intent_at.is_not(None),
        )
        .order_by(Message.intent_at.desc())
        .limit(1)
    )


def has_help_waiting(session: Session, patients: Sequence[Patient]) -> bool:
    """Return whether a text with where to find help is on its way to one of the patients and has not left yet."""
    ours = [patient.id for patient in patients]
    kept = sa.select(Message.id).where(
        Message.patient_id.in_(ours), Message.purpose == TextKind.SUPPORT, sa.text(IS_WAITING)
    )
    return session.scalar(sa.select(kept.exists())) is True


def has_stopped(session: Session, patient_id: UUID) -> bool:
    """Return whether a patient has stopped our texts in person: what they stopped, they may start again."""
    newest = session.execute(
        sa.select(Consent.granted, Consent.said_by)
        .where(Consent.patient_id == patient_id, Consent.purpose == Purpose.TEXTS)
        .order_by(Consent.at.desc(), Consent.id.desc())
        .limit(1)
    ).first()
    return newest is not None and (newest.granted, newest.said_by) == (False, Party.PATIENT)
