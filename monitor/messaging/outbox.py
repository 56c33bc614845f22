"""Texts that are to go, are no longer to go, and have gone. Takes a session and never commits."""

from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from monitor.crypto import Unreadable, seal
from monitor.db import table
from monitor.ids import new_id
from monitor.messaging.models import IS_WAITING, Message, MessageState
from monitor.messaging.texts import ANSWERS_A_TEXT, TextKind
from monitor.people.models import Patient
from monitor.prepared import Prepared, every_column

REPLY_IS_USEFUL = timedelta(hours=1)
"""Whoever wrote has put the phone away after that; an answer out of the blue only puzzles."""
HELP_IS_USEFUL = timedelta(hours=24)
"""Where to find help stays worth knowing until the team has surely looked. Local protocol."""

_ROWS = table(Message).columns
# Every patient who sends a check-in waits on the first of these: made once, and past the object layer.
_CANCEL = (
    sa.update(table(Message))
    .where(sa.text(IS_WAITING))  # as bound values SQLite would plan the statement anew each time
    .values(state=MessageState.CANCELLED, owner=None, lease_until=sa.bindparam("now"))
)
_QUEUE = {
    dialect: Prepared(
        insert(table(Message)).values(every_column(Message)).on_conflict_do_nothing(index_elements=["dedupe_key"])
    )
    for dialect, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}
_CANCEL_FOR_CHECK_IN = Prepared(
    _CANCEL.where(
        _ROWS.check_in_id == sa.bindparam("whose"),
        sa.text("messages.purpose NOT IN ('reply', 'support')"),  # what the patient wrote is answered all the same
    )
)
_CANCEL_FOR_APPOINTMENT = Prepared(_CANCEL.where(_ROWS.appointment_id == sa.bindparam("whose")))
_CANCEL_FOR_PATIENT = Prepared(_CANCEL.where(_ROWS.patient_id == sa.bindparam("whose")))


def queue(
    session: Session,
    *,
    patient: Patient,
    purpose: TextKind,
    dedupe_key: str,
    due_at: datetime,
    expires_at: datetime,
    now: datetime,
    check_in_id: UUID | None = None,
    appointment_id: UUID | None = None,
    prepared: str | None = None,
) -> UUID | None:
    """Put a text in the outbox and return its id; None when one with this key is there, whatever became of it.

    It goes at `due_at` or as soon after it as it may, and not at all from `expires_at` on. `prepared` is its body,
    where that is written now and not when it goes.
    """
    session.flush()
    message_id = new_id()
    row = {
        "id": message_id,
        "patient_id": patient.id,
        "check_in_id": check_in_id,
        "appointment_id": appointment_id,
        "purpose": purpose,
        "dedupe_key": dedupe_key,
        "language": patient.language,
        "prepared": None if prepared is None else _sealed(patient, message_id, prepared),
        "due_at": due_at,
        "expires_at": expires_at,
        "created_at": now,
    }
    start = {"state": MessageState.QUEUED, "attempt": 0, "lookups": 0}
    is_new = _QUEUE[session.get_bind().dialect.name].run(session, [row], **start) == 1
    return message_id if is_new else None


def queue_reply(
    session: Session,
    *,
    patient: Patient,
    kind: TextKind,
    body: str,
    key: str,
    now: datetime,
    check_in_id: UUID | None = None,
) -> UUID | None:
    """Queue an answer to what a patient has just written: it goes at once, or not at all when it is of no use any more.

    `body` is in the patient's language already. None when there is an answer with this key. Raises ValueError for a
    kind of text that answers nothing.
    """
    if kind not in ANSWERS_A_TEXT:
        raise ValueError(f"{kind} is not an answer to a text")
    useful = HELP_IS_USEFUL if kind is TextKind.SUPPORT else REPLY_IS_USEFUL
    return queue(
        session,
        patient=patient,
        purpose=kind,
        dedupe_key=key,
        due_at=now,
        expires_at=now + useful,
        now=now,
        check_in_id=check_in_id,
        prepared=body,
    )


def cancel_waiting(
    session: Session,
    *,
    now: datetime,
    check_in_id: UUID | None = None,
    appointment_id: UUID | None = None,
    patient_id: UUID | None = None,
) -> int:
    """Cancel what has not left the building for a check-in, an appointment or a patient; return how many texts.

    A sender that holds one of them loses it now. Answers to what a patient wrote outlast their check-in.
    """
    match check_in_id, appointment_id, patient_id:
        case UUID() as whose, None, None:
            cancel = _CANCEL_FOR_CHECK_IN
        case None, UUID() as whose, None:
            cancel = _CANCEL_FOR_APPOINTMENT
        case None, None, UUID() as whose:
            cancel = _CANCEL_FOR_PATIENT
        case _:
            raise ValueError("name one check-in, appointment or patient")
    session.flush()
    return cancel.run(session, whose=whose, now=now)


def _sealed(patient: Patient, message_id: UUID, body: str) -> bytes:
    if patient.data_key is None:
        raise Unreadable("messages.prepared: the key of this person was erased")
    return seal(patient.data_key, "messages.prepared", message_id, body)
