"""The first people and teams of a service: made on the command line by whoever runs the machine."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time

import pyotp
import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.audit import PROGRAM, record
from monitor.errors import MonitorError
from monitor.ids import BASE62
from monitor.people.models import CareTeam, Role, SafetyCover, StaffMember, StaffSession, TeamMembership
from monitor.people.sign_in import email_hash, hash_password

PASSWORD_LENGTH = 20  # of 62 characters: 119 bits


class UnknownTeam(MonitorError):
    """No care team has this name."""


class UnknownStaffMember(MonitorError):
    """No staff member signs in with this e-mail."""


class AlreadyThere(MonitorError):
    """A team of this name, or a staff member with this e-mail, exists."""


@dataclass(frozen=True)
class Login:
    """What a new staff member is told once, by whoever added them. Never stored as it stands here."""

    password: str = field(repr=False)
    totp_secret: str = field(repr=False)


def add_team(
    session: Session, name: str, *, country: str, phone: str, hours: Mapping[str, object], now: datetime
) -> CareTeam:
    """Add a care team; `hours` as `ServiceHours.to_json` writes them. Raises AlreadyThere."""
    if session.scalar(sa.select(CareTeam.id).where(CareTeam.name == name)):
        raise AlreadyThere(f"there is a team called {name!r} already")
    team = CareTeam(name=name, time_zone=hours["zone"], country=country, phone=phone, service_hours=dict(hours))
    session.add(team)
    session.flush()
    record(session, PROGRAM, "team added", "care_team", team.id, now=now)
    return team


def add_staff_member(
    session: Session, email: str, *, name: str, role: Role, teams: tuple[str, ...], language: str, now: datetime
) -> Login:
    """Add a staff member with a generated password and one-time-code secret. Raises AlreadyThere, UnknownTeam."""
    if session.scalar(sa.select(StaffMember.id).where(StaffMember.email_hash == email_hash(email))):
        raise AlreadyThere("a staff member signs in with this e-mail already")
    login = Login("".join(secrets.choice(BASE62) for _ in range(PASSWORD_LENGTH)), pyotp.random_base32())
    member = StaffMember(
        name=name,
        email=email,
        email_hash=email_hash(email),
        role=role,
        language=language,
        password_hash=hash_password(login.password),
        totp_secret=login.totp_secret,
        totp_last_step=0,
    )
    session.add(member)
    session.flush()
    for team in teams:
        session.add(TeamMembership(staff_member_id=member.id, care_team_id=team_called(session, team).id, from_at=now))
    record(session, PROGRAM, "staff member added", "staff_member", member.id, now=now)
    return login


def end_staff_member(session: Session, email: str, *, now: datetime) -> None:
    """Close a login and every session of it at once. Raises UnknownStaffMember."""
    member = by_email(session, email)
    member.ended_at = member.ended_at or now
    for rows, column in ((StaffSession, StaffSession.ended_at), (TeamMembership, TeamMembership.until_at)):
        session.execute(
            sa.update(rows).where(rows.staff_member_id == member.id, column.is_(None)).values({column: now})
        )
    record(session, PROGRAM, "staff member ended", "staff_member", member.id, now=now)


def set_cover(
    session: Session, team: str, email: str, *, weekdays: tuple[int, ...], opens: time, closes: time, now: datetime
) -> None:
    """Name who reads a team's safety answers on these weekdays, in place of whoever was. Raises UnknownTeam, ..."""
    care_team, member = team_called(session, team), by_email(session, email)
    if member.ended_at is not None:
        raise UnknownStaffMember("this login has ended: nobody reads answers with it")
    session.execute(
        sa.delete(SafetyCover).where(SafetyCover.care_team_id == care_team.id, SafetyCover.weekday.in_(weekdays))
    )
    for weekday in weekdays:
        session.add(
            SafetyCover(
                care_team_id=care_team.id, staff_member_id=member.id, weekday=weekday, opens=opens, closes=closes
            )
        )
    record(session, PROGRAM, "safety cover set", "care_team", care_team.id, now=now)


def team_called(session: Session, name: str) -> CareTeam:
    """Return the care team of a name. Raises UnknownTeam."""
    team = session.scalars(sa.select(CareTeam).where(CareTeam.name == name)).first()
    if team is None:
        raise UnknownTeam(f"there is no team called {name!r}")
    return team


def by_email(session: Session, email: str) -> StaffMember:
    """Return the staff member who signs in with an e-mail. Raises UnknownStaffMember."""
    member = session.scalars(sa.select(StaffMember).where(StaffMember.email_hash == email_hash(email))).first()
    if member is None:
        raise UnknownStaffMember("no staff member signs in with this e-mail")
    return member
