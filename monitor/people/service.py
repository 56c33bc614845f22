"""What a patient has agreed to and prefers: the newest statement counts."""

from collections.abc import Collection
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.db import table
from monitor.people.models import Attempt, Channel, Consent, ContactPreference, Party, Patient, Purpose

CONSENT_TEXT_VERSION = "2026-11b"
"""The version of the words that a patient agrees to; a change of what they say changes it."""


_SAID = table(Consent).columns
# Made once and past the object layer: every patient who opens a link waits on it.
_NEWEST_CONSENT = (
    sa.select(_SAID.granted)
    .where(_SAID.patient_id == sa.bindparam("patient_id"), _SAID.purpose == sa.bindparam("purpose"))
    .order_by(_SAID.at.desc(), _SAID.id.desc())
    .limit(1)
)


def has_consent(session: Session, patient_id: UUID, purpose: Purpose) -> bool:
    """Return whether the newest statement about `purpose` grants it. Nothing said is not consent."""
    return newest_consent(session, patient_id, purpose) is True


def newest_consent(session: Session, patient_id: UUID, purpose: Purpose) -> bool | None:
    """Return whether the newest statement grants `purpose`; None when nothing was ever said."""
    session.flush()
    granted: bool | None = (
        session.connection().execute(_NEWEST_CONSENT, {"patient_id": patient_id, "purpose": purpose}).scalar()
    )
    return granted


def state_consent(
    session: Session,
    patient: Patient,
    purposes: Collection[Purpose],
    granted: bool,
    *,
    said_by: Party,
    now: datetime,
    staff_member_id: UUID | None = None,
) -> None:
    """Write down one statement for each purpose."""
    for purpose in purposes:
        session.add(
            Consent(
                patient_id=patient.id,
                purpose=purpose,
                granted=granted,
                at=now,
                text_version=CONSENT_TEXT_VERSION,
                language=patient.language,
                said_by=said_by,
                staff_member_id=staff_member_id,
            )
        )
    session.flush()


def preference(session: Session, patient_id: UUID) -> ContactPreference | None:
    """Return the contact preference that counts now."""
    return session.scalars(
        sa.select(ContactPreference)
        .where(ContactPreference.patient_id == patient_id)
        .order_by(ContactPreference.from_at.desc(), ContactPreference.id.desc())
        .limit(1)
    ).first()


def is_rung(session: Session, patient_id: UUID) -> bool:
    """Return whether somebody rings this patient instead of sending texts."""
    wishes = preference(session, patient_id)
    return wishes is not None and wishes.channel is Channel.PHONE


def prefer(
    session: Session,
    patient: Patient,
    *,
    weekday: int,
    at: time,
    channel: Channel,
    set_by: Party,
    now: datetime,
    by_text: bool = False,
    paused_until_on: date | None = None,
    staff_member_id: UUID | None = None,
) -> ContactPreference:
    """Set when and how a patient wants to be asked from now on."""
    row = ContactPreference(
        patient_id=patient.id,
        from_at=now,
        weekday=weekday,
        at=at,
        channel=channel,
        by_text=by_text,
        paused_until_on=paused_until_on,
        set_by=set_by,
        staff_member_id=staff_member_id,
    )
    session.add(row)
    session.flush()
    return row


def change_preference(
    session: Session,
    patient: Patient,
    before: ContactPreference,
    *,
    set_by: Party,
    now: datetime,
    staff_member_id: UUID | None = None,
    **changed: Any,
) -> ContactPreference:
    """Set a preference like the one before but for what has `changed`, so that nothing else is lost on the way."""
    same = {name: getattr(before, name) for name in ("weekday", "at", "channel", "by_text", "paused_until_on")}
    return prefer(session, patient, **(same | changed), set_by=set_by, now=now, staff_member_id=staff_member_id)


def forget_attempts(session: Session, before: datetime) -> None:
    """Delete counted tries that no limit looks at any more."""
    session.execute(sa.delete(Attempt).where(Attempt.at < before))
