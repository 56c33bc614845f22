"""Reviews: the time-bound, reasoned decision after the scores."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from monitor.care.kinds import DeviationReason, Preference, ReviewKind, Step
from monitor.care.models import Episode, StepAssignment
from monitor.db import Base, Sealed, WithId, vocabulary
from monitor.people.models import Patient, StaffMember
from monitor.reviews.kinds import Decision


class Review(WithId, Base):
    """One review that was held: what was seen, what the criteria proposed, what a person decided and why. Append-only.

    The review that comes next is on the episode, `next_review_at`, and is never blank while the episode is open.
    """

    __tablename__ = "reviews"
    __table_args__ = (
        sa.Index("ix_reviews_episode_id", "episode_id", "done_at"),
        sa.UniqueConstraint("episode_id", "due_at", "kind"),
        sa.CheckConstraint("decision = proposal OR deviation_reason IS NOT NULL", name="deviation_has_a_reason"),
        sa.CheckConstraint("(decision = 'discharge') = (next_review_at IS NULL)", name="next_review"),
        sa.CheckConstraint("(to_step IS NOT NULL) = (decision IN ('step_up', 'step_down'))", name="to_step"),
        sa.CheckConstraint("(step_assignment_id IS NULL) = (to_step IS NULL)", name="step_assignment"),
    )

    episode_id: Mapped[UUID] = mapped_column(sa.ForeignKey("episodes.id"))
    kind: Mapped[ReviewKind] = mapped_column(vocabulary(ReviewKind))
    due_at: Mapped[datetime]
    done_at: Mapped[datetime]
    decided_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff_members.id"))
    pathway_version_id: Mapped[UUID] = mapped_column(sa.ForeignKey("pathway_versions.id"))
    proposal: Mapped[Decision] = mapped_column(vocabulary(Decision, "proposal"))
    criteria: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON)
    """Every criterion that was met: {"criterion": "reliable_deterioration", "points_to": "step_up"}. No scores."""
    decision: Mapped[Decision] = mapped_column(vocabulary(Decision))
    to_step: Mapped[Step | None] = mapped_column(vocabulary(Step))
    step_assignment_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("step_assignments.id"))
    deviation_reason: Mapped[DeviationReason | None] = mapped_column(vocabulary(DeviationReason))
    preference: Mapped[Preference] = mapped_column(vocabulary(Preference))
    understood: Mapped[bool]
    """Whether the patient could say in their own words what was agreed; False also when they were not there."""
    next_review_at: Mapped[datetime | None]
    _seen: Mapped[bytes] = mapped_column("seen", sa.LargeBinary)
    seen = Sealed()
    """The indicators as they stood when it was decided: JSON."""
    _words: Mapped[bytes] = mapped_column("words", sa.LargeBinary)
    words = Sealed()
    """Why, in the words of whoever decided."""
    patient_id: Mapped[UUID] = mapped_column(sa.ForeignKey("patients.id"))
    patient: Mapped[Patient] = relationship()
    episode: Mapped[Episode] = relationship()
    decided_by: Mapped[StaffMember] = relationship()
    step_assignment: Mapped[StepAssignment | None] = relationship()

    @property
    def data_key(self) -> bytes | None:
        """The patient's key seals what was seen and why."""
        return self.patient.data_key
