"""The outbox, which is also the record of what was sent: one row a text."""

from datetime import date, datetime
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
    STALE = "stale"
    """A newer text of the same kind has taken its place."""
    OVER_SPEND = "over_spend"
    APPOINTMENT_CHANGED = "appointment_changed"


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
        sa.Index(
            "ix_messages_enqueued",
            "lease_until",
            sqlite_where=sa.text("state = 'enqueued'"),
            postgresql_where=sa.text("state = 'enqueued'"),
        ),
        sa.Index(
            "ix_messages_sent",
            "sent_at",
            sqlite_where=sa.text("state = 'sent'"),
            postgresql_where=sa.text("state = 'sent'"),
        ),
        sa.Index("ix_messages_patient_id", "patient_id", "due_at"),
        sa.Index("ix_messages_check_in_id", "check_in_id"),
        sa.Index(
            "ix_messages_appointment_id",
            "appointment_id",
            sqlite_where=sa.text("appointment_id IS NOT NULL"),
            postgresql_where=sa.text("appointment_id IS NOT NULL"),
        ),
        sa.CheckConstraint("(state = 'skipped') = (skip_reason IS NOT NULL)", name="skipped_with_a_reason"),
        sa.CheckConstraint(
            "state NOT IN ('sending', 'unknown', 'sent', 'delivered', 'undelivered') OR intent_at IS NOT NULL",
            name="intent_before_sending",
        ),
    )

    patient_id: Mapped[UUID] = mapped_column(sa.ForeignKey("patients.id"))
    check_in_id: Mapped[UUID | None]
    """The check-in that it asks for; no foreign key, since check-ins stand above messaging."""
    appointment_id: Mapped[UUID | None]
    """The appointment that it reminds of; no foreign key, for the same reason."""
    again_for_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("messages.id"))
    """The text that did not arrive and is tried once more by this one."""
    purpose: Mapped[TextKind] = mapped_column(vocabulary(TextKind))
    dedupe_key: Mapped[str] = mapped_column(sa.String(120), unique=True)
    language: Mapped[str] = mapped_column(sa.String(8))
    _body: Mapped[bytes | None] = mapped_column("body", sa.LargeBinary)
    body = Sealed()
    """Rendered at intent, in the language of that moment."""
    _prepared: Mapped[bytes | None] = mapped_column("prepared", sa.LargeBinary)
    prepared = Sealed()
    """The body of an answer to the patient's own text, written when it was queued; other texts have none."""
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
    reported_at: Mapped[datetime | None]
    """When the provider last said where it stands."""
    lookups: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often an unknown one was looked for in the provider's list, and not found."""
    looked_up_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    patient: Mapped[Patient] = relationship()

    @property
    def data_key(self) -> bytes | None:
        """The patient's key seals the text."""
        return self.patient.data_key


class DeliveryEvent(WithId, Base):
    """What the provider said about one text, as it said it. Append-only; said twice, it is stored once."""

    __tablename__ = "delivery_events"
    __table_args__ = (
        sa.UniqueConstraint("provider_id", "status"),
        sa.Index("ix_delivery_events_message_id", "message_id"),
    )

    message_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("messages.id"))
    """Ours, where it named one that is."""
    provider_id: Mapped[str] = mapped_column(sa.String(64))
    status: Mapped[str] = mapped_column(sa.String(32))
    error_code: Mapped[str | None] = mapped_column(sa.String(16))
    received_at: Mapped[datetime]
    applied: Mapped[bool]
    """Whether it moved the text on; what came too late did not."""


class Understood(StrEnum):
    """What a text from a patient was taken for."""

    ANSWER = "answer"
    BACK = "back"
    REPEAT = "repeat"
    BEGIN = "begin"
    """A check-in by text was begun, or taken up again."""
    STOP = "stop"
    START = "start"
    HELP = "help"
    PLAN = "plan"
    """Where the patient's own plan is."""
    COMING_BACK = "coming_back"
    """They want help again after stepping down."""
    NOT_UNDERSTOOD = "not_understood"
    NOTHING_OPEN = "nothing_open"
    """There was nothing to answer."""
    UNKNOWN_NUMBER = "unknown_number"


class InboundText(WithId, Base):
    """A text from a patient: stored first, understood after. A copy of one is the same text."""

    __tablename__ = "inbound_texts"
    __table_args__ = (
        sa.Index("ix_inbound_texts_patient_id", "patient_id", "received_at"),
        sa.Index(
            "ix_inbound_texts_waiting",
            "received_at",
            sqlite_where=sa.text("understood_as IS NULL"),
            postgresql_where=sa.text("understood_as IS NULL"),
        ),
        sa.CheckConstraint("(understood_as IS NULL) = (handled_at IS NULL)", name="handled_when_understood"),
    )

    provider_id: Mapped[str] = mapped_column(sa.String(64), unique=True)
    patient_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("patients.id"))
    """Whose number it came from; what strangers write is not kept."""
    number_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    _body: Mapped[bytes | None] = mapped_column("body", sa.LargeBinary)
    body = Sealed()
    opt_out: Mapped[str | None] = mapped_column(sa.String(8))
    """STOP, START or HELP where the provider has answered it already."""
    received_at: Mapped[datetime]
    understood_as: Mapped[Understood | None] = mapped_column(vocabulary(Understood))
    handled_at: Mapped[datetime | None]
    patient: Mapped[Patient | None] = relationship()

    @property
    def data_key(self) -> bytes | None:
        """The patient's key seals the text."""
        return self.patient.data_key if self.patient else None


class SpendScope(StrEnum):
    """Whose segments are counted."""

    SERVICE = "service"
    PREFIX = "prefix"
    """One country's calling code."""
    PATIENT = "patient"


class SpendCounter(Base):
    """Segments sent on one UTC day, for the whole service, one calling code or one patient."""

    __tablename__ = "spend_counters"

    scope: Mapped[SpendScope] = mapped_column(vocabulary(SpendScope), primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    on: Mapped[date] = mapped_column(primary_key=True)
    segments: Mapped[int] = mapped_column(default=0)


class Outage(WithId, Base):
    """A time in which nothing could go a certain way, for a reason that one text cannot cure. At most one is open."""

    __tablename__ = "outages"
    __table_args__ = (
        sa.Index(
            "uq_outages_open",
            "channel",
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
    )

    channel: Mapped[str] = mapped_column(sa.String(16), default="text")
    began_at: Mapped[datetime]
    """When the last text before it was taken, or the first was refused."""
    ended_at: Mapped[datetime | None]
    code: Mapped[str] = mapped_column(sa.String(16))
    """The provider's, or a word for what happened on the way."""
    try_at: Mapped[datetime]
    """When one text is tried again."""


class RefusedCall(Base):
    """How many calls that claimed to come from the provider were refused on a day, and why."""

    __tablename__ = "refused_calls"

    on: Mapped[date] = mapped_column(primary_key=True)
    hook: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    why: Mapped[str] = mapped_column(sa.String(24), primary_key=True)
    count: Mapped[int] = mapped_column(default=0)
