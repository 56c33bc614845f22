"""Whether a patient's own doctor may be told where care stands: asked by a person, said by the patient, and dated."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.audit import Actor, record
from monitor.people.models import Consent, Party, Patient, Purpose, StaffMember
from monitor.people.service import CONSENT_TEXT_VERSION, newest_consent


class Asked(StrEnum):
    """How a patient was asked: each has words of its own, so it is part of the version of what they agreed to."""

    VISIT = "visit"
    PHONE = "phone"
    VIDEO = "video"
    PAPER = "paper"


@dataclass(frozen=True)
class Statement:
    """One statement of a patient about one purpose. `asked` where it is known; `by` is who wrote it down."""

    purpose: Purpose
    granted: bool
    at: datetime
    said_by: Party
    asked: Asked | None
    by: str | None


def may_be_shared(session: Session, patient_id: UUID) -> bool:
    """Return whether the patient's newest word is that their own doctor may be told."""
    return newest_consent(session, patient_id, Purpose.PRIMARY_CARE) is True


def write_down(
    session: Session, patient: Patient, granted: bool, asked: Asked, *, staff_member_id: UUID, now: datetime
) -> None:
    """Keep what a patient said when a person asked. The same again is another dated statement."""
    version = f"{CONSENT_TEXT_VERSION} {asked}"
    _say(session, patient, granted, version, Party.PATIENT, Actor("staff", staff_member_id), now)


def withdraw(session: Session, patient: Patient, now: datetime) -> None:
    """Keep that a patient took their consent back by themselves; where there is none, nothing is written."""
    if may_be_shared(session, patient.id):
        _say(session, patient, False, CONSENT_TEXT_VERSION, Party.PATIENT, Actor("patient", patient.id), now)


def _say(
    session: Session, patient: Patient, granted: bool, version: str, said_by: Party, actor: Actor, now: datetime
) -> None:
    session.add(
        Consent(
            patient_id=patient.id,
            purpose=Purpose.PRIMARY_CARE,
            granted=granted,
            at=now,
            text_version=version,
            language=patient.language,
            said_by=said_by,
            staff_member_id=actor.id if actor.kind == "staff" else None,
        )
    )
    session.flush()
    said = "agreed to sharing" if granted else "ended sharing"
    record(session, actor, said, "patient", patient.id, now=now)


def history(session: Session, patient_id: UUID) -> Sequence[Statement]:
    """Return every statement of a patient about every purpose, newest first."""
    found = session.execute(
        sa.select(Consent, StaffMember)
        .outerjoin(StaffMember, StaffMember.id == Consent.staff_member_id)
        .where(Consent.patient_id == patient_id)
        .order_by(Consent.at.desc(), Consent.id.desc())
    )
    return [
        Statement(each.purpose, each.granted, each.at, each.said_by, _asked(each), member.name if member else None)
        for each, member in found
    ]


def _asked(consent: Consent) -> Asked | None:
    how = consent.text_version.rpartition(" ")[2]
    return Asked(how) if how in set(Asked) else None
