"""The append-only trail: who saw or did what, when, to which opaque id, chained by hashes."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from monitor.db import Base, WithId, table


class AuditEntry(WithId, Base):
    """One link of the chain. Holds ids and words of this program's own vocabulary, never a name, number or answer."""

    __tablename__ = "audit_entries"
    __table_args__ = (sa.Index("ix_audit_entries_subject", "subject", "subject_id"),)

    sequence: Mapped[int] = mapped_column(sa.BigInteger, unique=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(sa.String(16))
    actor_id: Mapped[UUID | None]
    action: Mapped[str] = mapped_column(sa.String(40))
    subject: Mapped[str] = mapped_column(sa.String(32))
    subject_id: Mapped[UUID | None]
    previous_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32))


class AuditHead(Base):
    """The end of the chain: one row, whose lock makes the sequence gap-free."""

    __tablename__ = "audit_head"

    chain: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sequence: Mapped[int] = mapped_column(sa.BigInteger)
    hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32))


@dataclass(frozen=True)
class Actor:
    """Who acts: 'staff' or 'patient' with an id, or 'program' without."""

    kind: str
    id: UUID | None = None


PROGRAM = Actor("program")
GENESIS = bytes(32)


def record(
    session: Session, actor: Actor, action: str, subject: str, subject_id: UUID | None, *, now: datetime
) -> None:
    """Add one entry in the caller's transaction."""
    head = session.scalars(sa.select(AuditHead).with_for_update()).one()
    entry = AuditEntry(
        sequence=head.sequence + 1,
        at=now,
        actor=actor.kind,
        actor_id=actor.id,
        action=action,
        subject=subject,
        subject_id=subject_id,
        previous_hash=head.hash,
        hash=b"",
    )
    entry.hash = _digest(entry)
    session.add(entry)
    head.sequence, head.hash = entry.sequence, entry.hash
    session.flush()


_PIECE = 1000
"""So many entries are in memory at a time."""


def first_broken_link(session: Session) -> int | None:
    """Return the sequence number at which the chain does not hold, or None when it is whole."""
    previous, expected = GENESIS, 1
    entries = sa.select(table(AuditEntry)).order_by(AuditEntry.sequence).limit(_PIECE)
    while piece := session.execute(entries.where(AuditEntry.sequence >= expected)).all():
        for entry in piece:
            if entry.sequence != expected or entry.previous_hash != previous or entry.hash != _digest(entry):
                return expected
            previous, expected = entry.hash, expected + 1
    head = session.scalars(sa.select(AuditHead)).one_or_none()
    return None if head and (head.sequence, head.hash) == (expected - 1, previous) else expected


def _digest(entry: AuditEntry | sa.Row[Any]) -> bytes:
    parts = (
        entry.id,
        entry.sequence,
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        entry.actor,
        entry.actor_id,
        entry.action,
        entry.subject,
        entry.subject_id,
        entry.previous_hash.hex(),
    )
    return hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).digest()
