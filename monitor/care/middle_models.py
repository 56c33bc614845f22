"""The middle step's slots, who has one, who waits for one."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from monitor.care.kinds import RequestEnd, Step
from monitor.care.models import Episode
from monitor.db import Base, Sealed, WithId, vocabulary
from monitor.people.models import CareTeam, Patient, StaffMember


class MiddleSlot(WithId, Base):
    """One place in a team's middle step. A protected one is kept for it: another step may only borrow it."""

    __tablename__ = "middle_slots"
    __table_args__ = (
        sa.UniqueConstraint("care_team_id", "number"),
        sa.CheckConstraint("number >= 1", name="number"),
    )

    care_team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("care_teams.id"))
    number: Mapped[int]
    """As the team calls it, from 1; never used again once it is withdrawn."""
    is_protected: Mapped[bool]
    from_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    care_team: Mapped[CareTeam] = relationship()


class SlotBooking(WithId, Base):
    """A slot that somebody has: a burst of the middle step, or for a while another step that borrows it.

    The database lets a slot have one open booking, and an episode one.
    """

    __tablename__ = "slot_bookings"
    __table_args__ = (
        sa.Index(
            "uq_slot_bookings_open_slot",
            "slot_id",
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
        sa.Index(
            "uq_slot_bookings_open_episode",
            "episode_id",
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
        sa.CheckConstraint("from_on < until_on", name="length"),
        sa.CheckConstraint("is_borrowed = (borrowed_for IS NOT NULL)", name="borrowed_for_a_step"),
        sa.CheckConstraint("NOT is_borrowed OR reason IS NOT NULL", name="borrowed_with_a_reason"),
        sa.CheckConstraint("is_borrowed OR exit_step IS NOT NULL", name="a_burst_has_its_way_out"),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by_id IS NULL)", name="ended_by_a_person"),
    )

    slot_id: Mapped[UUID] = mapped_column(sa.ForeignKey("middle_slots.id"))
    episode_id: Mapped[UUID] = mapped_column(sa.ForeignKey("episodes.id"))
    booked_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff_members.id"))
    """Of a borrowed slot, in whose name it is borrowed."""
    booked_at: Mapped[datetime]
    from_on: Mapped[date]
    until_on: Mapped[date]
    """The first local date on which it is over, as agreed at the beginning; `BurstExtension` may move it once."""
    is_borrowed: Mapped[bool] = mapped_column(default=False)
    borrowed_for: Mapped[Step | None] = mapped_column(vocabulary(Step, "borrowed_for"))
    exit_step: Mapped[Step | None] = mapped_column(vocabulary(Step, "exit_step"))
    """Where the burst leads, as planned when it began."""
    contact_days: Mapped[list[int]] = mapped_column(sa.JSON, default=list)
    """The weekdays of its contacts, 0 is Monday: twice a week in a burst."""
    _reason: Mapped[bytes | None] = mapped_column("reason", sa.LargeBinary)
    reason = Sealed()
    """Of a burst the way out in words, of a borrowed slot why."""
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff_members.id"))
    patient_id: Mapped[UUID] = mapped_column(sa.ForeignKey("patients.id"))
    slot: Mapped[MiddleSlot] = relationship()
    episode: Mapped[Episode] = relationship()
    patient: Mapped[Patient] = relationship()
    booked_by: Mapped[StaffMember] = relationship(foreign_keys=booked_by_id)
    extension: Mapped["BurstExtension | None"] = relationship(back_populates="booking")

    @property
    def data_key(self) -> bytes | None:
        """The patient's key seals the reason."""
        return self.patient.data_key

    @property
    def ends_on(self) -> date:
        """The first local date on which it is over, lengthened or not."""
        return self.extension.until_on if self.extension else self.until_on


class BurstExtension(WithId, Base):
    """A burst was lengthened: once, by a clinician, with a reason. Append-only."""

    __tablename__ = "burst_extensions"
    __table_args__ = (sa.UniqueConstraint("booking_id"),)

    booking_id: Mapped[UUID] = mapped_column(sa.ForeignKey("slot_bookings.id"))
    at: Mapped[datetime]
    until_on: Mapped[date]
    decided_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff_members.id"))
    _reason: Mapped[bytes] = mapped_column("reason", sa.LargeBinary)
    reason = Sealed()
    patient_id: Mapped[UUID] = mapped_column(sa.ForeignKey("patients.id"))
    patient: Mapped[Patient] = relationship()
    booking: Mapped[SlotBooking] = relationship(back_populates="extension")
    decided_by: Mapped[StaffMember] = relationship()

    @property
    def data_key(self) -> bytes | None:
        """The patient's key seals the reason."""
        return self.patient.data_key


class StepRequest(WithId, Base):
    """Somebody waits for a burst of the middle step, with a clock on the answer."""

    __tablename__ = "step_requests"
    __table_args__ = (
        sa.Index(
            "uq_step_requests_open",
            "episode_id",
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
        sa.CheckConstraint("(ended_at IS NULL) = (ended IS NULL)", name="ended_somehow"),
        sa.CheckConstraint("(booking_id IS NOT NULL) = (ended IS NOT NULL AND ended = 'started')", name="started"),
        sa.CheckConstraint("ended_at IS NULL OR ended_by_id IS NOT NULL", name="ended_by_a_person"),
    )

    episode_id: Mapped[UUID] = mapped_column(sa.ForeignKey("episodes.id"))
    care_team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("care_teams.id"))
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff_members.id"))
    reasons: Mapped[list[str]] = mapped_column(sa.JSON)
    """`MiddleReason` values."""
    is_fast: Mapped[bool]
    """Whether one of them goes before a longer wait."""
    answer_due_at: Mapped[datetime]
    """By when somebody offers a slot or says what happens instead: two working days. Local protocol."""
    _words: Mapped[bytes] = mapped_column("words", sa.LargeBinary)
    words = Sealed()
    _out_of_turn: Mapped[bytes | None] = mapped_column("out_of_turn", sa.LargeBinary)
    out_of_turn = Sealed()
    """Why this one was served before somebody who stood ahead."""
    ended_at: Mapped[datetime | None]
    ended: Mapped[RequestEnd | None] = mapped_column(vocabulary(RequestEnd))
    ended_by_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff_members.id"))
    booking_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("slot_bookings.id"))
    patient_id: Mapped[UUID] = mapped_column(sa.ForeignKey("patients.id"))
    episode: Mapped[Episode] = relationship()
    patient: Mapped[Patient] = relationship()
    asked_by: Mapped[StaffMember] = relationship(foreign_keys=asked_by_id)

    @property
    def data_key(self) -> bytes | None:
        """The patient's key seals the words."""
        return self.patient.data_key
