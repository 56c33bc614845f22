"""What was learned at intake, which treatments have begun, and who is what to whom."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from monitor.care.kinds import CareRole, HandoffReason, Preference, Treatment
from monitor.care.models import Episode, StepAssignment
from monitor.db import Base, Sealed, WithId, vocabulary
from monitor.people.models import Patient, StaffMember


class Intake(WithId, Base):
    """What was learned before a step was assigned. Append-only; the step assignment holds what was decided."""

    __tablename__ = "intakes"
    __table_args__ = (sa.Index("ix_intakes_episode_id", "episode_id", "at"),)

    episode_id: Mapped[UUID] = mapped_column(sa.ForeignKey("episodes.id"))
    step_assignment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("step_assignments.id"), unique=True)
    at: Mapped[datetime]
    referred_on: Mapped[date]
    staff_member_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff_members.id"))
    preference: Mapped[Preference] = mapped_column(vocabulary(Preference))
    understood: Mapped[bool]
    """Whether the patient could say in their own words what was agreed and when it is looked at again."""
    _findings: Mapped[bytes] = mapped_column("findings", sa.LargeBinary)
    findings = Sealed()
    """`monitor.care.intake_facts.IntakeFacts` as JSON."""
    patient_id: Mapped[UUID] = mapped_column(sa.ForeignKey("patients.id"))
    patient: Mapped[Patient] = relationship()
    step_assignment: Mapped[StepAssignment] = relationship()

    @property
    def data_key(self) -> bytes | None:
        """The patient's key seals the findings."""
        return self.patient.data_key


class TreatmentStart(WithId, Base):
    """When a treatment began, or that it has ended. Append-only: the newest row of a treatment counts."""

    __tablename__ = "treatment_starts"
    __table_args__ = (sa.Index("ix_treatment_starts_newest", "episode_id", "treatment", "at"),)

    episode_id: Mapped[UUID] = mapped_column(sa.ForeignKey("episodes.id"))
    treatment: Mapped[Treatment] = mapped_column(vocabulary(Treatment))
    started_on: Mapped[date | None]
    """None: it has ended."""
    at: Mapped[datetime]
    staff_member_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff_members.id"))


class CareRoleAssignment(WithId, Base):
    """Who is lead clinician, coordinator or overseer of medication for a patient. Append-only: the newest counts."""

    __tablename__ = "care_role_assignments"
    __table_args__ = (sa.Index("ix_care_role_assignments_newest", "episode_id", "role", "from_at"),)

    episode_id: Mapped[UUID] = mapped_column(sa.ForeignKey("episodes.id"))
    role: Mapped[CareRole] = mapped_column(vocabulary(CareRole))
    staff_member_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff_members.id"))
    from_at: Mapped[datetime]
    decided_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff_members.id"))
    staff_member: Mapped[StaffMember] = relationship(foreign_keys=staff_member_id)


class Handoff(WithId, Base):
    """The accountable person of an episode changed. Append-only."""

    __tablename__ = "handoffs"
    __table_args__ = (sa.Index("ix_handoffs_episode_id", "episode_id", "at"),)

    episode_id: Mapped[UUID] = mapped_column(sa.ForeignKey("episodes.id"))
    at: Mapped[datetime]
    from_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff_members.id"))
    to_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff_members.id"))
    decided_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff_members.id"))
    """None: whoever runs the machine, on the command line."""
    from_team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("care_teams.id"))
    to_team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("care_teams.id"))
    reason: Mapped[HandoffReason] = mapped_column(vocabulary(HandoffReason))
    _words: Mapped[bytes | None] = mapped_column("words", sa.LargeBinary)
    words = Sealed()
    """Where things stand, what is open, what comes next, what the patient has been told: JSON of four texts."""
    patient_id: Mapped[UUID] = mapped_column(sa.ForeignKey("patients.id"))
    patient: Mapped[Patient] = relationship()
    episode: Mapped[Episode] = relationship()

    @property
    def data_key(self) -> bytes | None:
        """The patient's key seals the words."""
        return self.patient.data_key


class CaseloadLook(WithId, Base):
    """What the weekly caseload review saw of one patient with a serious mental illness. Append-only."""

    __tablename__ = "caseload_looks"
    __table_args__ = (sa.Index("ix_caseload_looks_episode_id", "episode_id", "at"),)

    episode_id: Mapped[UUID] = mapped_column(sa.ForeignKey("episodes.id"))
    at: Mapped[datetime]
    staff_member_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff_members.id"))
    _words: Mapped[bytes] = mapped_column("words", sa.LargeBinary)
    words = Sealed()
    """Engagement, medication continuity, housing, early-warning signs and what was agreed: JSON."""
    patient_id: Mapped[UUID] = mapped_column(sa.ForeignKey("patients.id"))
    patient: Mapped[Patient] = relationship()

    @property
    def data_key(self) -> bytes | None:
        """The patient's key seals the words."""
        return self.patient.data_key
