"""Texts that are to go, are no longer to go, and have gone. Takes a session and never commits."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from monitor.db import table
from monitor.messaging.models import IS_WAITING, Message, MessageState
from monitor.messaging.texts import TextKind
from monitor.people.models import Patient
from monitor.prepared import Prepared

_ROWS = table(Message).columns
# Every patient who sends a check-in waits on the first of these: made once, and past the object layer.
_CANCEL = (
    sa.update(table(Message))
    .where(sa.text(IS_WAITING))  # as bound values SQLite would plan the statement anew each time
    .values(state=MessageState.CANCELLED, owner=None, lease_until=sa.bindparam("now"))
)
_CANCEL_FOR_CHECK_IN = Prepared(_CANCEL.where(_ROWS.check_in_id == sa.bindparam("whose")))
_CANCEL_FOR_PATIENT = Prepared(_CANCEL.where(_ROWS.patient_id == sa.bindparam("whose")))


def queue(
    session: Session,
    *,
    patient: Patient,
    purpose: TextKind,
    check_in_id: UUID,
    dedupe_key: str,
    due_at: datetime,
    expires_at: datetime,
    now: datetime,
) -> Message | None:
    """Put a text in the outbox, or return None when one with this key is there already, whatever became of it.

    It goes at `due_at` or as soon after it as it may, and not at all from `expires_at` on.
    """
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(Message).values(
        patient_id=patient.id,
        check_in_id=check_in_id,
        purpose=purpose,
        dedupe_key=dedupe_key,
        language=patient.language,
        due_at=due_at,
        expires_at=expires_at,
        created_at=now,
    )
    absent_only = statement.on_conflict_do_nothing(index_elements=["dedupe_key"])
    return session.scalars(absent_only.returning(Message)).one_or_none()


def cancel_waiting(
    session: Session, *, now: datetime, check_in_id: UUID | None = None, patient_id: UUID | None = None
) -> int:
    """Cancel what has not left the building for a check-in, or for a patient; return how many texts that were.

    A sender that holds one of them loses it now.
    """
    if (check_in_id is None) == (patient_id is None):
        raise ValueError("name a check-in or a patient")
    cancel, whose = (_CANCEL_FOR_PATIENT, patient_id) if check_in_id is None else (_CANCEL_FOR_CHECK_IN, check_in_id)
    session.flush()
    return cancel.run(session, whose=whose, now=now)
