"""What a patient needs in order to be reached and understood, and the calendars that staff subscribe to."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from monitor.db import Base, Sealed, WithId, vocabulary
from monitor.people.models import Patient, StaffMember


class TimeOfDay(StrEnum):
    """When a call suits, in the patient's own zone."""

    ANY = "any"
    MORNING = "morning"
    MIDDAY = "midday"
    AFTERNOON = "afternoon"
    EVENING = "evening"


class ContactNeeds(WithId, Base):
    """What somebody needs in order to be reached and understood, from a moment on. Append-only: the newest counts."""

    __tablename__ = "contact_needs"
    __table_args__ = (sa.Index("ix_contact_needs_newest", "patient_id", "from_at"),)

    patient_id: Mapped[UUID] = mapped_column(sa.ForeignKey("patients.id"))
    from_at: Mapped[datetime]
    staff_member_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff_members.id"))
    best_time: Mapped[TimeOfDay] = mapped_column(vocabulary(TimeOfDay))
    interpreter: Mapped[bool]
    """Whether a call needs somebody who speaks the patient's language."""
    large_text: Mapped[bool]
    audio: Mapped[bool]
    paper: Mapped[bool]
    _words: Mapped[bytes | None] = mapped_column("words", sa.LargeBinary)
    words = Sealed()
    """Whatever else a caller should know."""
    patient: Mapped[Patient] = relationship()

    @property
    def data_key(self) -> bytes | None:
        """The patient's key seals the words."""
        return self.patient.data_key


class CalendarFeed(WithId, Base):
    """A secret address under which a staff member's calendar reads their dates. It names nobody."""

    __tablename__ = "calendar_feeds"
    __table_args__ = (
        sa.Index(
            "uq_calendar_feeds_open",
            "staff_member_id",
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
    )

    staff_member_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff_members.id"))
    token_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    staff_member: Mapped[StaffMember] = relationship()
