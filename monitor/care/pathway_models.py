"""Pathway files as they were when decisions were taken under them, and which one a service has put in force."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from monitor.db import Base, WithId


class PathwayVersion(Base):
    """The whole text of a pathway file. Append-only; its id is made from the text, so the same text is one row."""

    __tablename__ = "pathway_versions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(40))
    text: Mapped[str] = mapped_column(sa.Text)
    first_used_at: Mapped[datetime]


class PathwayPublication(WithId, Base):
    """A version that a service put in force, and who signed it off. Append-only: the newest of a code counts."""

    __tablename__ = "pathway_publications"
    __table_args__ = (sa.Index("ix_pathway_publications_newest", "code", "at"),)

    code: Mapped[str] = mapped_column(sa.String(40))
    version_id: Mapped[UUID] = mapped_column(sa.ForeignKey("pathway_versions.id"))
    at: Mapped[datetime]
    published_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff_members.id"))
    signed_off_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff_members.id"))
    words: Mapped[str] = mapped_column(sa.String(400))
    """What was changed and why; about rules, never about a person."""
