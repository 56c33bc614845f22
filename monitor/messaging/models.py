"""The outbox, which is also the record of what was sent: one row a text."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from monitor.db import Base, Sealed, WithId, vocabulary
from monitor.messaging.texts import TextKind
from monitor.people.models import Patient


class MessageState(StrEnum):
    """Where a text stands, in the order in which it can move."""

    QUEUED = "queued"
    ENQUEUED = "enqueued"
    """Handed to a worker queue: the row stays the truth."""
    CLAIMED = "claimed"
    """A sender holds a lease; nothing has left the building."""
    SENDING = "sending"
    """Intent is committed; the provider may have it."""
    UNKNOWN = "unknown"
    """The provider's reply was lost: looked up, never sent again blindly."""
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    ABANDONED = "abandoned"
    """Nobody could confirm it, and a second copy would do more harm than none."""


WAITING = frozenset({MessageState.QUEUED, MessageState.ENQUEUED, MessageState.CLAIMED})
"""Nothing has left the building: still cancellable."""
IS_WAITING = f"messages.state IN ({', '.join(repr(state.value) for state in sorted(WAITING))})"
ACCEPTED = frozenset({MessageState.SENT, MessageState.DELIVERED})
"""The prompt went out: only then can a check-in be missed."""


class SkipReason(StrEnum):
    """Why a text was not sent after all."""

    NO_CONSENT = "no_consent"
    ANSWERED = "answered"
    CHECK_IN_CLOSED = "check_in_closed"
    EXPIRED = "expired"
    PAUSED = "paused"
    NO_SAFETY_COVER = "no_safety_cover"
    NUMBER_FAILED = "number_failed"
    OVER_CAP = "over_cap"
    EPISODE_CLOSED = "episode_closed"


class Message(WithId, Base):
    """A text to a patient."""

    __tablename__ = "messages"
    __table_args__ = (
        sa.Index(
            "ix_messages_queued",
            "due_at",
            "id",
            sqlite_where=sa.text("state = 'queued'"),
            postgresql_where=sa.text("state = 'queued'"),
        ),
        sa.Index(
            "ix_messages_leased",
            "lease_until",
            sqlite_where=sa.text("state IN ('claimed', 'sending', 'unknown')"),
            postgresql_where=sa.text("state IN ('claimed', 'sending', 'unknown')"),
        ),
        sa.Index("ix_messages_patient_id", "patient_id", "due_at"),
        sa.Index("ix_messages_check_in_id", "check_in_id"),
        sa.CheckConstraint("(state = 'skipped') = (skip_reason IS NOT NULL)", name="skipped_with_a_reason"),
        sa.CheckConstraint(
            "state NOT IN ('sending', 'unknown', 'sent', 'delivered', 'undelivered') OR intent_at IS NOT NULL",
            name="intent_before_sending",
        ),
    )

    patient_id: Mapped[UUID] = mapped_column(sa.ForeignKey("patients.id"))
    check_in_id: Mapped[UUID | None]
    """The check-in that it asks for; no foreign key, since check-ins stand above messaging."""
    purpose: Mapped[TextKind] = mapped_column(vocabulary(TextKind))
    dedupe_key: Mapped[str] = mapped_column(sa.String(120), unique=True)
    language: Mapped[str] = mapped_column(sa.String(8))
    _body: Mapped[bytes | None] = mapped_column("body", sa.LargeBinary)
    body = Sealed()
    """Rendered at intent, in the language of that moment."""
    _sent_to: Mapped[bytes | None] = mapped_column("sent_to", sa.LargeBinary)
    sent_to = Sealed()
    segments: Mapped[int | None]
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    state: Mapped[MessageState] = mapped_column(vocabulary(MessageState), default=MessageState.QUEUED)
    skip_reason: Mapped[SkipReason | None] = mapped_column(vocabulary(SkipReason))
    attempt: Mapped[int] = mapped_column(default=0)
    owner: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    intent_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    provider_id: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    provider_status: Mapped[str | None] = mapped_column(sa.String(32))
    error_code: Mapped[str | None] = mapped_column(sa.String(16))
    created_at: Mapped[datetime]
    patient: Mapped[Patient] = relationship()

    @property
    def data_key(self) -> bytes | None:
        """The patient's key seals the text."""
        return self.patient.data_key
