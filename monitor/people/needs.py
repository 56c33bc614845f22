"""What patients need in order to be reached and understood: the newest statement counts, and all of them stay."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from monitor.audit import Actor, record
from monitor.people.models import Patient, StaffMember
from monitor.people.needs_models import ContactNeeds, TimeOfDay


@dataclass(frozen=True)
class Needs:
    """What counts now. Where nobody has written anything down, nothing special is needed and any time suits."""

    best_time: TimeOfDay = TimeOfDay.ANY
    interpreter: bool = False
    large_text: bool = False
    audio: bool = False
    paper: bool = False
    words: str | None = None
    from_at: datetime | None = None
    """None: nobody has ever asked."""

    @property
    def any(self) -> bool:
        """Whether there is something that a caller should know."""
        return replace(self, from_at=None) != NOTHING_SAID


NOTHING_SAID = Needs()


def needs_of(session: Session, patient_id: UUID) -> Needs:
    """Return what a patient needs now."""
    return needs_of_all(session, (patient_id,))[patient_id]


def needs_of_all(session: Session, patient_ids: Collection[UUID]) -> Mapping[UUID, Needs]:
    """Return what each of some patients needs now, in one statement."""
    found = dict.fromkeys(patient_ids, NOTHING_SAID)
    newer = aliased(ContactNeeds)
    rows = session.scalars(
        sa.select(ContactNeeds)
        .where(
            ContactNeeds.patient_id.in_(found),
            ~sa.exists().where(
                newer.patient_id == ContactNeeds.patient_id,
                sa.tuple_(newer.from_at, newer.id) > sa.tuple_(ContactNeeds.from_at, ContactNeeds.id),
            ),
        )
        .options(joinedload(ContactNeeds.patient))
    )
    return found | {row.patient_id: _as_value(row) for row in rows}


def history(session: Session, patient_id: UUID) -> Sequence[tuple[Needs, StaffMember]]:
    """Return everything that was ever written down about a patient's needs and by whom, the newest first."""
    rows = session.execute(
        sa.select(ContactNeeds, StaffMember)
        .join(StaffMember, StaffMember.id == ContactNeeds.staff_member_id)
        .where(ContactNeeds.patient_id == patient_id)
        .order_by(ContactNeeds.from_at.desc(), ContactNeeds.id.desc())
        .options(joinedload(ContactNeeds.patient))
    )
    return [(_as_value(row), staff_member) for row, staff_member in rows]


def state_needs(session: Session, patient: Patient, needs: Needs, *, by: UUID, now: datetime) -> bool:
    """Write down what a patient needs from now on. False when that is what counts already: nothing is written."""
    session.execute(sa.select(Patient.id).where(Patient.id == patient.id).with_for_update(key_share=True))
    before = needs_of(session, patient.id)
    if before.from_at is not None and replace(needs, from_at=before.from_at) == before:
        return False
    session.add(
        ContactNeeds(
            patient=patient,
            patient_id=patient.id,
            from_at=now,
            staff_member_id=by,
            best_time=needs.best_time,
            interpreter=needs.interpreter,
            large_text=needs.large_text,
            audio=needs.audio,
            paper=needs.paper,
            words=needs.words,
        )
    )
    session.flush()
    record(session, Actor("staff", by), "contact needs stated", "patient", patient.id, now=now)
    return True


def _as_value(row: ContactNeeds) -> Needs:
    return Needs(
        best_time=row.best_time,
        interpreter=row.interpreter,
        large_text=row.large_text,
        audio=row.audio,
        paper=row.paper,
        words=row.words,
        from_at=row.from_at,
    )
