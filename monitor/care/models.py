"""Episodes of care, the step that each stands on, and appointments."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from monitor.care.kinds import LOW_INTENSITY as LOW_INTENSITY
from monitor.care.kinds import DeviationReason, ReviewKind
from monitor.care.kinds import Step as Step
from monitor.care.pathway_models import PathwayVersion
from monitor.db import Base, Sealed, WithId, at_most_one, vocabulary
from monitor.people.models import CareTeam, Patient, StaffMember

USUAL_PATHWAY = "common_mental_health"


class CloseReason(StrEnum):
    """Why an episode ended."""

    COMPLETED = "completed"
    MOVED = "moved"
    DECLINED = "declined"
    DIED = "died"
    RECORDED_IN_ERROR = "recorded_in_error"


class Episode(WithId, Base):
    """One course of care with one team and one accountable person."""

    __tablename__ = "episodes"
    __table_args__ = (
        sa.CheckConstraint(
            "closed_at IS NOT NULL OR (accountable_id IS NOT NULL AND next_review_at IS NOT NULL)", name="open"
        ),
        sa.CheckConstraint("(closed_at IS NULL) = (close_reason IS NULL)", name="closed"),
        sa.Index(
            "uq_episodes_open",
            "patient_id",
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        ),
        sa.Index("ix_episodes_team", "care_team_id", "closed_at"),
        sa.Index(
            "ix_episodes_next_review_at",
            "next_review_at",
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        ),
    )

    patient_id: Mapped[UUID] = mapped_column(sa.ForeignKey("patients.id"))
    care_team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("care_teams.id"))
    accountable_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff_members.id"))
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    close_reason: Mapped[CloseReason | None] = mapped_column(vocabulary(CloseReason))
    next_review_at: Mapped[datetime | None]
    next_review_kind: Mapped[ReviewKind] = mapped_column(
        vocabulary(ReviewKind), default=ReviewKind.FIRST, server_default=ReviewKind.FIRST.value
    )
    pathway: Mapped[str] = mapped_column(sa.String(40), default=USUAL_PATHWAY, server_default=USUAL_PATHWAY)
    """The code of the pathway whose rules apply; each decision names the version that it was taken under."""
    patient: Mapped[Patient] = relationship()
    care_team: Mapped[CareTeam] = relationship()
    accountable: Mapped[StaffMember | None] = relationship()
    steps: Mapped[list["StepAssignment"]] = relationship(order_by="StepAssignment.from_at")
    appointments: Mapped[list["Appointment"]] = relationship(order_by="Appointment.starts_at")

    @property
    def step(self) -> Step:
        """The step that counts now."""
        return self.steps[-1].step


class StepAssignment(WithId, Base):
    """A step, from a moment on, and how it was decided. Append-only: the newest counts."""

    __tablename__ = "step_assignments"
    __table_args__ = (
        sa.UniqueConstraint("episode_id", "from_at"),
        sa.CheckConstraint(
            "proposed_step IS NULL OR proposed_step = step OR (deviation_reason IS NOT NULL AND reason IS NOT NULL)",
            name="deviation_has_a_reason",
        ),
    )

    episode_id: Mapped[UUID] = mapped_column(sa.ForeignKey("episodes.id"))
    step: Mapped[Step] = mapped_column(vocabulary(Step))
    from_at: Mapped[datetime]
    decided_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff_members.id"))
    pathway_version_id: Mapped[UUID] = mapped_column(sa.ForeignKey(PathwayVersion.id))
    proposed_step: Mapped[Step | None] = mapped_column(vocabulary(Step, "proposed_step"))
    """What the rules proposed; None where no rule was asked."""
    fired: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON, default=list)
    """Every rule that fired, with the step that it points to: {"rule": "more_severe", "step": "three"}. No scores."""
    deviation_reason: Mapped[DeviationReason | None] = mapped_column(vocabulary(DeviationReason))
    _reason: Mapped[bytes | None] = mapped_column("reason", sa.LargeBinary)
    reason = Sealed()
    patient_id: Mapped[UUID] = mapped_column(sa.ForeignKey("patients.id"))
    patient: Mapped[Patient] = relationship()

    @property
    def data_key(self) -> bytes | None:
        """The patient's key seals the reason."""
        return self.patient.data_key


class AppointmentState(StrEnum):
    """What became of an appointment; derived, never stored."""

    PLANNED = "planned"
    ATTENDED = "attended"
    MISSED = "missed"
    CANCELLED = "cancelled"


class Appointment(WithId, Base):
    """A contact that was agreed, and what became of it."""

    __tablename__ = "appointments"
    __table_args__ = (
        sa.Index("ix_appointments_starts_at", "starts_at"),
        sa.Index("ix_appointments_episode_id", "episode_id", "starts_at"),
        sa.CheckConstraint(at_most_one("attended_at", "missed_at", "cancelled_at"), name="ended_once"),
    )

    episode_id: Mapped[UUID] = mapped_column(sa.ForeignKey("episodes.id"))
    starts_at: Mapped[datetime]
    attended_at: Mapped[datetime | None]
    missed_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]

    @property
    def state(self) -> AppointmentState:
        """What became of it."""
        if self.cancelled_at:
            return AppointmentState.CANCELLED
        if self.attended_at:
            return AppointmentState.ATTENDED
        return AppointmentState.MISSED if self.missed_at else AppointmentState.PLANNED
