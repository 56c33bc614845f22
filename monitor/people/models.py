"""Care teams, staff members, patients, and what each patient has agreed to and prefers."""

from datetime import date, datetime, time
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from monitor.db import Base, Sealed, WithDataKey, WithId, keyring, vocabulary


class Role(StrEnum):
    """What a staff member does; what each may do is in `monitor.access`."""

    CLINICIAN = "clinician"
    COORDINATOR = "coordinator"
    SUPERVISOR = "supervisor"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"


class Channel(StrEnum):
    """How a patient is reached."""

    TEXT = "text"
    PHONE = "phone"
    """No texts: a person rings. Check-ins are planned and called, never sent."""


class Purpose(StrEnum):
    """What a consent is for."""

    CHECK_INS = "check_ins"
    TEXTS = "texts"
    PRIMARY_CARE = "primary_care"
    """To tell the patient's own doctor where care stands."""


MONITORING = (Purpose.CHECK_INS, Purpose.TEXTS)
"""What a patient agrees to in order to be asked; whoever else may know is asked apart."""


class Party(StrEnum):
    """Who said so."""

    PATIENT = "patient"
    STAFF = "staff"


class NoticeChannel(StrEnum):
    """How a staff member is told that something waits for them."""

    EMAIL = "email"
    TEXT = "text"


class CareTeam(WithId, Base):
    """Staff who share a caseload, in one time zone, with one calendar."""

    __tablename__ = "care_teams"

    name: Mapped[str] = mapped_column(sa.String(80), unique=True)
    time_zone: Mapped[str] = mapped_column(sa.String(64))
    country: Mapped[str] = mapped_column(sa.String(2))
    phone: Mapped[str] = mapped_column(sa.String(32))
    service_hours: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    """As `monitor.care.service_hours.ServiceHours.to_json` writes it: open hours by weekday, holidays."""


class SafetyCover(WithId, Base):
    """Who reads a team's safety answers, on which weekday and between which hours. No rows: item 9 is not sent."""

    __tablename__ = "safety_cover"
    __table_args__ = (
        sa.UniqueConstraint("care_team_id", "weekday", "opens"),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
    )

    care_team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("care_teams.id"))
    staff_member_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff_members.id"))
    weekday: Mapped[int]
    opens: Mapped[time]
    closes: Mapped[time]


class StaffMember(WithDataKey, WithId, Base):
    """A person with a login."""

    __tablename__ = "staff_members"

    _name: Mapped[bytes] = mapped_column("name", sa.LargeBinary)
    name = Sealed()
    _email: Mapped[bytes] = mapped_column("email", sa.LargeBinary)
    email = Sealed()
    email_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    role: Mapped[Role] = mapped_column(vocabulary(Role))
    language: Mapped[str] = mapped_column(sa.String(8), default="en")
    password_hash: Mapped[str] = mapped_column(sa.String(200))
    _totp_secret: Mapped[bytes] = mapped_column("totp_secret", sa.LargeBinary)
    totp_secret = Sealed()
    totp_last_step: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    """The time step of the last accepted code: a one-time code is used once (ASVS 5.0 6.5.1)."""
    _number: Mapped[bytes | None] = mapped_column("number", sa.LargeBinary)
    number = Sealed()
    """E.164, for notices by text."""
    notices_by: Mapped[NoticeChannel] = mapped_column(
        vocabulary(NoticeChannel), default=NoticeChannel.EMAIL, server_default=NoticeChannel.EMAIL.value
    )
    wants_digest: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    uses_keys: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    """Single-key shortcuts on staff pages (WCAG 2.1.4 asks for a way to turn them off)."""
    ended_at: Mapped[datetime | None]
    memberships: Mapped[list["TeamMembership"]] = relationship(back_populates="staff_member")


class TeamMembership(WithId, Base):
    """One stretch of a staff member in a team."""

    __tablename__ = "team_memberships"
    __table_args__ = (
        sa.Index(
            "uq_team_memberships_open",
            "staff_member_id",
            "care_team_id",
            unique=True,
            sqlite_where=sa.text("until_at IS NULL"),
            postgresql_where=sa.text("until_at IS NULL"),
        ),
    )

    staff_member_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff_members.id"))
    care_team_id: Mapped[UUID] = mapped_column(sa.ForeignKey("care_teams.id"))
    from_at: Mapped[datetime]
    until_at: Mapped[datetime | None]
    staff_member: Mapped[StaffMember] = relationship(back_populates="memberships")
    care_team: Mapped[CareTeam] = relationship()


class Absence(WithId, Base):
    """A stretch in which a staff member is away, and who stands in for them."""

    __tablename__ = "absences"
    __table_args__ = (
        sa.Index("ix_absences_staff_member_id", "staff_member_id", "until_at"),
        sa.CheckConstraint("from_at < until_at", name="order"),
        sa.CheckConstraint("staff_member_id <> cover_id", name="somebody_else"),
    )

    staff_member_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff_members.id"))
    from_at: Mapped[datetime]
    until_at: Mapped[datetime]
    cover_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff_members.id"))
    recorded_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff_members.id"))
    cancelled_at: Mapped[datetime | None]
    staff_member: Mapped[StaffMember] = relationship(foreign_keys=staff_member_id)
    cover: Mapped[StaffMember] = relationship(foreign_keys=cover_id)


class StaffSession(WithId, Base):
    """A signed-in browser of a staff member: a row, so that it can be ended."""

    __tablename__ = "staff_sessions"

    staff_member_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff_members.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    started_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    staff_member: Mapped[StaffMember] = relationship()


class Attempt(WithId, Base):
    """A try at something that can be guessed: a sign-in, an enrolment code. Counted, then purged."""

    __tablename__ = "attempts"
    __table_args__ = (sa.Index("ix_attempts_count", "kind", "key_hash", "at"),)

    kind: Mapped[str] = mapped_column(sa.String(16))
    key_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    at: Mapped[datetime]


class Patient(WithDataKey, WithId, Base):
    """A person in care. Everything about them hangs on this row, and all that is sealed about them on its key."""

    __tablename__ = "patients"
    __table_args__ = (
        sa.Index(
            "uq_patients_number_hash",
            "number_hash",
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL AND NOT number_is_shared"),
            postgresql_where=sa.text("closed_at IS NULL AND NOT number_is_shared"),
        ),
        sa.Index("ix_patients_record_number_hash", "record_number_hash"),
    )

    _preferred_name: Mapped[bytes] = mapped_column("preferred_name", sa.LargeBinary)
    preferred_name = Sealed()
    _number: Mapped[bytes] = mapped_column("number", sa.LargeBinary)
    number = Sealed()
    """E.164."""
    number_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    number_is_shared: Mapped[bool] = mapped_column(default=False)
    """Confirmed by staff: two open patients may have this number."""
    number_failed_at: Mapped[datetime | None]
    """When the provider said for good that this number takes no texts."""
    _record_number: Mapped[bytes | None] = mapped_column("record_number", sa.LargeBinary)
    record_number = Sealed()
    record_number_hash: Mapped[bytes | None] = mapped_column(sa.LargeBinary(32))
    _birth_year: Mapped[bytes | None] = mapped_column("birth_year", sa.LargeBinary)
    birth_year = Sealed()
    _access_needs: Mapped[bytes | None] = mapped_column("access_needs", sa.LargeBinary)
    access_needs = Sealed()
    language: Mapped[str] = mapped_column(sa.String(8))
    region: Mapped[str] = mapped_column(sa.String(2))
    time_zone: Mapped[str] = mapped_column(sa.String(64))
    link_generation: Mapped[int] = mapped_column(default=1)
    """Part of every link's derivation: raising it, as a new number does, kills all links that are out."""
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]

    def set_number(self, number: str) -> None:
        """Set the number (E.164) with its hash."""
        self.number = number
        self.number_hash = keyring().digest("number", number)

    def set_record_number(self, record_number: str | None) -> None:
        """Set the local record number with its hash."""
        self.record_number = record_number
        self.record_number_hash = keyring().digest("record", record_number.casefold()) if record_number else None


class ContactPreference(WithId, Base):
    """When and how a patient wants to be asked, from `from_at` on. Append-only: the newest row counts."""

    __tablename__ = "contact_preferences"
    __table_args__ = (
        sa.Index("ix_contact_preferences_newest", "patient_id", "from_at"),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
    )

    patient_id: Mapped[UUID] = mapped_column(sa.ForeignKey("patients.id"))
    from_at: Mapped[datetime]
    weekday: Mapped[int]
    """0 is Monday."""
    at: Mapped[time]
    """Wall time in the patient's zone."""
    channel: Mapped[Channel] = mapped_column(vocabulary(Channel))
    by_text: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """Whether the questions themselves come by text, for a phone that opens no links."""
    paused_until_on: Mapped[date | None]
    """No check-ins before this local date."""
    set_by: Mapped[Party] = mapped_column(vocabulary(Party))
    staff_member_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff_members.id"))


class Consent(WithId, Base):
    """One statement of a patient about one purpose. Append-only: the newest row of a purpose counts."""

    __tablename__ = "consents"
    __table_args__ = (sa.Index("ix_consents_newest", "patient_id", "purpose", "at"),)

    patient_id: Mapped[UUID] = mapped_column(sa.ForeignKey("patients.id"))
    purpose: Mapped[Purpose] = mapped_column(vocabulary(Purpose))
    granted: Mapped[bool]
    at: Mapped[datetime]
    text_version: Mapped[str] = mapped_column(sa.String(16))
    language: Mapped[str] = mapped_column(sa.String(8))
    said_by: Mapped[Party] = mapped_column(vocabulary(Party))
    staff_member_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff_members.id"))


class TextSize(StrEnum):
    """How large the letters on a patient's own phone are."""

    USUAL = "usual"
    LARGE = "large"
    LARGEST = "largest"


class Device(WithId, Base):
    """A phone that a patient has set up at the clinic: with its PIN it opens their own pages."""

    __tablename__ = "devices"

    patient_id: Mapped[UUID] = mapped_column(sa.ForeignKey("patients.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    pin_hash: Mapped[str] = mapped_column(sa.String(200))
    tries: Mapped[int] = mapped_column(default=0)
    """Wrong PINs since the last right one; at five only staff can help (no timed lock for a relative to exploit)."""
    enrolled_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    text_size: Mapped[TextSize | None] = mapped_column(vocabulary(TextSize))
    """None: as staff wrote down under the patient's needs."""
    patient: Mapped[Patient] = relationship()


class DeviceEnrolment(WithId, Base):
    """An invitation to set up a phone: a QR code on a staff screen and digits that can be spoken, for ten minutes."""

    __tablename__ = "device_enrolments"

    patient_id: Mapped[UUID] = mapped_column(sa.ForeignKey("patients.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    code_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), index=True)
    staff_member_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff_members.id"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    patient: Mapped[Patient] = relationship()
