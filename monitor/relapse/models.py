"""Relapse plans and safety plans, early-warning signs, guardrails, step-downs and ways back."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from monitor.care.kinds import Step
from monitor.care.models import Episode, StepAssignment
from monitor.checkins.models import Submission
from monitor.db import Base, Sealed, WithId, vocabulary
from monitor.people.models import Patient, StaffMember
from monitor.relapse.kinds import Given, Guardrail, GuardrailAct, How, PlanKind, PlanState, SignKind


class RelapsePlan(WithId, Base):
    """One version of a plan, in the patient's own words. Append-only: the newest agreed one counts.

    Two people who write at once leave two versions that name the same one before.
    """

    __tablename__ = "relapse_plans"
    __table_args__ = (
        sa.UniqueConstraint("episode_id", "kind", "version"),
        sa.CheckConstraint("(state = 'agreed') = (given IS NOT NULL)", name="agreed_and_given"),
        sa.CheckConstraint(
            "state = 'draft' OR kind = 'safety' OR (owner_id IS NOT NULL AND review_on IS NOT NULL "
            "AND back_to IS NOT NULL AND wait_days IS NOT NULL)",
            name="agreed_whole",
        ),
        sa.CheckConstraint("wait_days BETWEEN 1 AND 20", name="wait_days"),
    )

    patient_id: Mapped[UUID] = mapped_column(sa.ForeignKey("patients.id"))
    episode_id: Mapped[UUID] = mapped_column(sa.ForeignKey("episodes.id"))
    kind: Mapped[PlanKind] = mapped_column(vocabulary(PlanKind))
    version: Mapped[int]
    """From 1, for each kind of plan of an episode."""
    based_on_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("relapse_plans.id"))
    """The version that its writer had read."""
    state: Mapped[PlanState] = mapped_column(vocabulary(PlanState))
    at: Mapped[datetime]
    written_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff_members.id"))
    """Who wrote it with the patient."""
    language: Mapped[str] = mapped_column(sa.String(8))
    """Of the patient's words."""
    given: Mapped[Given | None] = mapped_column(vocabulary(Given))
    owner_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff_members.id"))
    """Who acts when a sign is noticed or the patient goes quiet."""
    review_on: Mapped[date | None]
    back_to: Mapped[Step | None] = mapped_column(vocabulary(Step, "back_to"))
    """The step to which the patient comes back without a new referral."""
    wait_days: Mapped[int | None]
    """Working days until somebody speaks with a patient who comes back, as promised."""
    _content: Mapped[bytes] = mapped_column("content", sa.LargeBinary)
    content = Sealed()
    """`monitor.relapse.content.StayingWell` or `SafetySteps` as JSON."""
    patient: Mapped[Patient] = relationship()
    episode: Mapped[Episode] = relationship()
    written_by: Mapped[StaffMember] = relationship(foreign_keys=written_by_id)
    owner: Mapped[StaffMember | None] = relationship(foreign_keys=owner_id)
    signs: Mapped[list["WarningSign"]] = relationship(order_by="WarningSign.position", back_populates="plan")

    @property
    def data_key(self) -> bytes | None:
        """The patient's key seals the content."""
        return self.patient.data_key


class WarningSign(WithId, Base):
    """One early-warning sign of one version of a plan, in the patient's own words. Append-only."""

    __tablename__ = "warning_signs"
    __table_args__ = (sa.UniqueConstraint("plan_id", "position"),)

    plan_id: Mapped[UUID] = mapped_column(sa.ForeignKey("relapse_plans.id"))
    position: Mapped[int]
    """From 1."""
    kind: Mapped[SignKind] = mapped_column(vocabulary(SignKind))
    watched: Mapped[bool]
    """Whether check-ins ask for it."""
    _words: Mapped[bytes] = mapped_column("words", sa.LargeBinary)
    words = Sealed()
    patient_id: Mapped[UUID] = mapped_column(sa.ForeignKey("patients.id"))
    patient: Mapped[Patient] = relationship()
    plan: Mapped[RelapsePlan] = relationship(back_populates="signs")

    @property
    def data_key(self) -> bytes | None:
        """The patient's key seals the words."""
        return self.patient.data_key


class SignAnswer(WithId, Base):
    """What a check-in said about one sign: noticed or not; a sign that was passed over has no row. Append-only."""

    __tablename__ = "sign_answers"
    __table_args__ = (
        sa.UniqueConstraint("submission_id", "sign_id"),
        sa.Index("ix_sign_answers_episode_id", "episode_id", "at"),
    )

    episode_id: Mapped[UUID] = mapped_column(sa.ForeignKey("episodes.id"))
    submission_id: Mapped[UUID] = mapped_column(sa.ForeignKey("submissions.id"))
    sign_id: Mapped[UUID] = mapped_column(sa.ForeignKey("warning_signs.id"))
    noticed: Mapped[bool]
    at: Mapped[datetime]
    submission: Mapped[Submission] = relationship()
    sign: Mapped[WarningSign] = relationship()


class GuardrailRecord(WithId, Base):
    """Something that a person did about one guardrail of an episode. Append-only: the newest act of each counts."""

    __tablename__ = "guardrails"
    __table_args__ = (
        sa.Index("ix_guardrails_newest", "episode_id", "guardrail", "at"),
        sa.CheckConstraint("(act = 'countersigned') = (of_id IS NOT NULL)", name="countersigns_one"),
        sa.CheckConstraint("act IN ('countersigned', 'withdrawn') OR words IS NOT NULL", name="in_words"),
    )

    episode_id: Mapped[UUID] = mapped_column(sa.ForeignKey("episodes.id"))
    guardrail: Mapped[Guardrail] = mapped_column(vocabulary(Guardrail))
    act: Mapped[GuardrailAct] = mapped_column(vocabulary(GuardrailAct))
    at: Mapped[datetime]
    staff_member_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff_members.id"))
    on_date: Mapped[date | None]
    """The day that it is about, as when a letter went out."""
    of_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("guardrails.id"), unique=True)
    """The exception that is countersigned."""
    _words: Mapped[bytes | None] = mapped_column("words", sa.LargeBinary)
    words = Sealed()
    patient_id: Mapped[UUID] = mapped_column(sa.ForeignKey("patients.id"))
    patient: Mapped[Patient] = relationship()
    staff_member: Mapped[StaffMember] = relationship()

    @property
    def data_key(self) -> bytes | None:
        """The patient's key seals the words."""
        return self.patient.data_key


class StepDown(WithId, Base):
    """Help became less, or ended, with its guardrails as they stood. Append-only.

    The scores of that day are what later ones are compared with.
    """

    __tablename__ = "step_downs"
    __table_args__ = (
        sa.Index("ix_step_downs_episode_id", "episode_id", "at"),
        sa.CheckConstraint("(to_step IS NULL) = (step_assignment_id IS NULL)", name="to_a_step_or_out"),
    )

    episode_id: Mapped[UUID] = mapped_column(sa.ForeignKey("episodes.id"))
    patient_id: Mapped[UUID] = mapped_column(sa.ForeignKey("patients.id"))
    at: Mapped[datetime]
    decided_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff_members.id"))
    from_step: Mapped[Step] = mapped_column(vocabulary(Step, "from_step"))
    to_step: Mapped[Step | None] = mapped_column(vocabulary(Step, "to_step"))
    """None: care ended."""
    step_assignment_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("step_assignments.id"), unique=True)
    plan_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("relapse_plans.id"))
    """None where the plan itself was an exception that a supervisor has signed."""
    guardrails: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON)
    """Each of the eleven: {"guardrail": "plan", "state": "met"} or "excepted"."""
    phq9: Mapped[int | None] = mapped_column(sa.SmallInteger)
    gad7: Mapped[int | None] = mapped_column(sa.SmallInteger)
    plan: Mapped[RelapsePlan | None] = relationship()
    step_assignment: Mapped[StepAssignment | None] = relationship()


class Reentry(WithId, Base):
    """Somebody came back, at the step that their plan had agreed. Append-only: a flag holds what follows."""

    __tablename__ = "reentries"
    __table_args__ = (sa.Index("ix_reentries_episode_id", "episode_id", "at"),)

    episode_id: Mapped[UUID] = mapped_column(sa.ForeignKey("episodes.id"))
    patient_id: Mapped[UUID] = mapped_column(sa.ForeignKey("patients.id"))
    at: Mapped[datetime]
    how: Mapped[How] = mapped_column(vocabulary(How))
    staff_member_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff_members.id"))
    """Who took the call."""
    plan_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("relapse_plans.id"))
    step_assignment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("step_assignments.id"), unique=True)
    due_at: Mapped[datetime]
    """By when somebody speaks with them."""
    episode: Mapped[Episode] = relationship()
    step_assignment: Mapped[StepAssignment] = relationship()
