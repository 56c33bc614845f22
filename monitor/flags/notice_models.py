"""Notices to staff: that something waits in the program, never about whom or what."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from monitor.db import Base, WithId, vocabulary
from monitor.people.models import NoticeChannel, StaffMember


class NoticeKind(StrEnum):
    """What a notice says."""

    FLAG_WAITS = "flag_waits"
    """A flag that is for the same day waits for them."""
    FLAG_OVERDUE = "flag_overdue"
    """A flag has run past its time and has come to them."""
    DIGEST = "digest"
    """How many flags and reviews wait: once a working day."""


class Notice(WithId, Base):
    """One notice to one staff member, kept until it is sent. Sending it twice does less harm than not at all."""

    __tablename__ = "notices"
    __table_args__ = (
        sa.Index(
            "ix_notices_waiting",
            "due_at",
            sqlite_where=sa.text("sent_at IS NULL AND given_up_at IS NULL"),
            postgresql_where=sa.text("sent_at IS NULL AND given_up_at IS NULL"),
        ),
        sa.UniqueConstraint("dedupe_key"),
    )

    staff_member_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff_members.id"))
    kind: Mapped[NoticeKind] = mapped_column(vocabulary(NoticeKind))
    channel: Mapped[NoticeChannel] = mapped_column(vocabulary(NoticeChannel))
    flag_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("flags.id"))
    dedupe_key: Mapped[str] = mapped_column(sa.String(120))
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]
    """After the last try; doctor and the manager's page count these."""
    staff_member: Mapped[StaffMember] = relationship()
