"""Calls to patients: whoever is not reached by text is reached by a person, and each try is kept."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from monitor.care.models import Episode
from monitor.checkins.models import CheckIn
from monitor.db import Base, Sealed, WithId, vocabulary
from monitor.people.models import Patient, StaffMember


class CallOutcome(StrEnum):
    """What became of a call."""

    REACHED = "reached"
    AGREED_TO_CHECK_IN = "agreed_to_check_in"
    """Reached, and the questions are answered on the phone or by a new link."""
    WRONG_NUMBER = "wrong_number"
    CALL_LATER = "call_later"
    COULD_NOT_REACH = "could_not_reach"


WAS_REACHED = frozenset({CallOutcome.REACHED, CallOutcome.AGREED_TO_CHECK_IN})


class Call(WithId, Base):
    """One call to a patient and what became of it. Append-only."""

    __tablename__ = "calls"
    __table_args__ = (
        sa.Index("ix_calls_episode_id", "episode_id", "at"),
        sa.CheckConstraint("(outcome = 'call_later') = (call_at IS NOT NULL)", name="when_to_ring_again"),
    )

    episode_id: Mapped[UUID] = mapped_column(sa.ForeignKey("episodes.id"))
    at: Mapped[datetime]
    staff_member_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff_members.id"))
    outcome: Mapped[CallOutcome] = mapped_column(vocabulary(CallOutcome))
    call_at: Mapped[datetime | None]
    """When the patient asked to be rung again."""
    check_in_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("check_ins.id"))
    """The check-in that was called about, for somebody who is asked by phone."""
    _words: Mapped[bytes | None] = mapped_column("words", sa.LargeBinary)
    words = Sealed()
    patient_id: Mapped[UUID] = mapped_column(sa.ForeignKey("patients.id"))
    episode: Mapped[Episode] = relationship()
    patient: Mapped[Patient] = relationship()
    staff_member: Mapped[StaffMember] = relationship()
    check_in: Mapped[CheckIn | None] = relationship()

    @property
    def data_key(self) -> bytes | None:
        """The patient's key seals the words."""
        return self.patient.data_key
