"""Flags: who needs a person's decision, why, by when, and what came of it."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from monitor.care.models import Episode
from monitor.db import Base, Sealed, WithId, vocabulary
from monitor.flags.kinds import FlagKind, Outcome, Severity
from monitor.people.models import Patient, StaffMember


class FlagState(StrEnum):
    """How far a flag has come; derived from its times, never stored."""

    OPEN = "open"
    SEEN = "seen"
    ACTED = "acted"
    CLOSED = "closed"


class FlagEventKind(StrEnum):
    """What happened to a flag."""

    OPENED = "opened"
    EVIDENCE = "evidence"
    SEEN = "seen"
    ATTEMPT = "attempt"
    HANDED_OVER = "handed_over"
    SNOOZED = "snoozed"
    WOKEN = "woken"
    """The end of a snooze, or evidence that came before it."""
    ESCALATED = "escalated"
    UNDONE = "undone"
    CLOSED = "closed"


class Flag(WithId, Base):
    """One reason to look at one episode; a second finding of the same kind joins the one that is open."""

    __tablename__ = "flags"
    __table_args__ = (
        sa.Index(
            "uq_flags_open",
            "episode_id",
            "kind",
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        ),
        sa.Index(
            "ix_flags_due",
            "due_at",
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        ),
        sa.Index(
            "ix_flags_escalate_at",
            "escalate_at",
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        ),
        sa.Index("ix_flags_episode_id", "episode_id", "opened_at"),
        sa.CheckConstraint(
            "closed_at IS NULL OR (outcome IS NOT NULL AND reason IS NOT NULL AND closed_by_id IS NOT NULL)",
            name="closed_by_a_person",
        ),
        sa.CheckConstraint("snoozed_until IS NULL OR kind <> 'safety'", name="safety_is_never_snoozed"),
        sa.CheckConstraint("closed_at IS NOT NULL OR escalate_at IS NOT NULL", name="escalates"),
    )

    episode_id: Mapped[UUID] = mapped_column(sa.ForeignKey("episodes.id"))
    patient_id: Mapped[UUID] = mapped_column(sa.ForeignKey("patients.id"))
    kind: Mapped[FlagKind] = mapped_column(vocabulary(FlagKind))
    severity: Mapped[Severity] = mapped_column(vocabulary(Severity))
    owner_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff_members.id"))
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    acted_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff_members.id"))
    outcome: Mapped[Outcome | None] = mapped_column(vocabulary(Outcome))
    _reason: Mapped[bytes | None] = mapped_column("reason", sa.LargeBinary)
    reason = Sealed()
    episode: Mapped[Episode] = relationship()
    patient: Mapped[Patient] = relationship()
    pathway_version_id: Mapped[UUID] = mapped_column(sa.ForeignKey("pathway_versions.id"))
    """The rules under which it was opened."""
    snoozed_until: Mapped[datetime | None]
    escalation: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often it has run past its time: 1 reached the lead, 2 the manager, and so on each working day."""
    escalate_at: Mapped[datetime | None]
    """When it goes to the next person unless somebody has acted by then. Never blank while it is open."""
    owner: Mapped[StaffMember] = relationship(foreign_keys=owner_id)
    events: Mapped[list["FlagEvent"]] = relationship(order_by="FlagEvent.at")

    @property
    def data_key(self) -> bytes | None:
        """The patient's key seals the reason."""
        return self.patient.data_key

    @property
    def state(self) -> FlagState:
        """How far it has come."""
        if self.closed_at:
            return FlagState.CLOSED
        if self.acted_at:
            return FlagState.ACTED
        return FlagState.SEEN if self.seen_at else FlagState.OPEN


class FlagEvent(WithId, Base):
    """One thing that happened to a flag. Append-only."""

    __tablename__ = "flag_events"
    __table_args__ = (sa.Index("ix_flag_events_flag_id", "flag_id", "at"),)

    flag_id: Mapped[UUID] = mapped_column(sa.ForeignKey("flags.id"))
    at: Mapped[datetime]
    kind: Mapped[FlagEventKind] = mapped_column(vocabulary(FlagEventKind))
    staff_member_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff_members.id"))
    rule: Mapped[str | None] = mapped_column(sa.String(16))
    evidence: Mapped[list[dict[str, Any]] | None] = mapped_column(sa.JSON)
    """Evidence codes with their parameters; `monitor.flags.words` puts them in words."""
    outcome: Mapped[str | None] = mapped_column(sa.String(40))
    """Of an attempt or a close what came of it, of an escalation whom it reached, of an undo what was undone; and of a
    hand-over the id of who owned the flag before."""
    check_in_id: Mapped[UUID | None]
    """The check-in that the evidence came from: the same evidence from the same one is not news."""
    _words: Mapped[bytes | None] = mapped_column("words", sa.LargeBinary)
    words = Sealed()
    patient_id: Mapped[UUID] = mapped_column(sa.ForeignKey("patients.id"))
    patient: Mapped[Patient] = relationship()
    staff_member: Mapped[StaffMember | None] = relationship()

    @property
    def data_key(self) -> bytes | None:
        """The patient's key seals the words."""
        return self.patient.data_key


class TopicDecline(WithId, Base):
    """A patient does not want to be contacted on a topic, or wants it again. Append-only: the newest of a kind counts.

    Never about safety, deterioration or a request of their own.
    """

    __tablename__ = "topic_declines"
    __table_args__ = (
        sa.Index("ix_topic_declines_newest", "episode_id", "kind", "at"),
        sa.CheckConstraint("kind IN ('not_improving', 'missed_check_ins')", name="never_on_risk"),
    )

    episode_id: Mapped[UUID] = mapped_column(sa.ForeignKey("episodes.id"))
    kind: Mapped[FlagKind] = mapped_column(vocabulary(FlagKind))
    declined: Mapped[bool]
    at: Mapped[datetime]
    staff_member_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff_members.id"))
    _words: Mapped[bytes] = mapped_column("words", sa.LargeBinary)
    words = Sealed()
    patient_id: Mapped[UUID] = mapped_column(sa.ForeignKey("patients.id"))
    patient: Mapped[Patient] = relationship()

    @property
    def data_key(self) -> bytes | None:
        """The patient's key seals the words."""
        return self.patient.data_key
