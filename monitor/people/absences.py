"""Who is away and who stands in for them; and where even that ends, with the lead of their team."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.audit import Actor, record
from monitor.db import UTCDateTime
from monitor.errors import MonitorError
from monitor.people.models import Absence, Role, StaffMember, TeamMembership
from monitor.people.teams import CARERS


class CoverFault(StrEnum):
    """What is wrong with an absence as it was asked for."""

    TIMES = "times"
    """It ends before it begins, or has ended already."""
    SAME_PERSON = "same_person"
    OVERLAPS = "overlaps"
    """They are away at that time already."""
    COVER_HAS_LEFT = "cover_has_left"
    COVER_CANNOT = "cover_cannot"
    """Who stands in needs a role that may do the same work, in each of the same teams."""


class CoverNotPossible(MonitorError):
    """This absence was not recorded; `fault` says why."""

    def __init__(self, fault: CoverFault) -> None:
        super().__init__(f"this absence cannot be recorded: {fault.value}")
        self.fault = fault


def record_absence(
    session: Session,
    staff_member: StaffMember,
    from_at: datetime,
    until_at: datetime,
    cover: StaffMember,
    recorded_by: StaffMember,
    now: datetime,
) -> Absence:
    """Write down that somebody is away, up to but not including `until_at`, and who stands in. Raises CoverNotPossible.

    Moments are aware. It may have begun, as an illness has. The flags that fall due meanwhile are handed over by the
    clock once it begins.
    """
    session.execute(sa.select(StaffMember.id).where(StaffMember.id == staff_member.id).with_for_update())
    fault = _fault(session, staff_member, from_at, until_at, cover, now)
    if fault is not None:
        raise CoverNotPossible(fault)
    absence = Absence(
        staff_member_id=staff_member.id,
        from_at=from_at,
        until_at=until_at,
        cover_id=cover.id,
        recorded_by_id=recorded_by.id,
    )
    session.add(absence)
    session.flush()
    record(session, Actor("staff", recorded_by.id), "absence recorded", "staff_member", staff_member.id, now=now)
    return absence


def cancel(session: Session, absence: Absence, cancelled_by: StaffMember, now: datetime) -> None:
    """Take an absence back, or end one that has begun. What was handed over stays where it is."""
    if absence.cancelled_at is None:
        absence.cancelled_at = now
        by = Actor("staff", cancelled_by.id)
        record(session, by, "absence cancelled", "staff_member", absence.staff_member_id, now=now)


def coming_absences(session: Session, team_ids: Collection[UUID], now: datetime) -> Sequence[Absence]:
    """Return the absences of some teams' members that go on or are to come, the nearest first, with the names."""
    members = sa.select(TeamMembership.staff_member_id).where(
        TeamMembership.care_team_id.in_(team_ids), TeamMembership.until_at.is_(None)
    )
    return session.scalars(
        sa.select(Absence)
        .where(Absence.staff_member_id.in_(members), Absence.cancelled_at.is_(None), Absence.until_at > now)
        .order_by(Absence.from_at, Absence.id)
        .options(joinedload(Absence.staff_member), joinedload(Absence.cover))
    ).all()


def is_away(staff_member_id: sa.SQLColumnExpression[UUID], now: datetime) -> sa.ColumnElement[bool]:
    """Return the condition that somebody is away at a moment."""
    return sa.exists().where(Absence.staff_member_id == staff_member_id, _goes_on(now))


def standing_in(session: Session, staff_member_id: UUID, now: datetime, care_team_id: UUID | None = None) -> UUID:
    """Return who does somebody's work at a moment: they themselves when they are there.

    Follows whoever stands in for whoever stands in. Where that leads to nobody, it is the lead of the given team, or
    else of their own first one; and where there is no lead either, it stays theirs, since work is never nobody's.
    """
    there = _follow(session, staff_member_id, now)
    if there is not None:
        return there
    team_id = care_team_id or _first_team(session, staff_member_id)
    lead = lead_of(session, team_id, now) if team_id else None
    return lead or staff_member_id


def lead_of(session: Session, care_team_id: UUID, now: datetime) -> UUID | None:
    """Return a team's lead: its supervisor, else the clinician who has been in it longest; or who stands in for them.

    None for a team that has neither. When all of them are away and nobody stands in, the first of them.
    """
    members = session.scalars(
        sa.select(StaffMember.id)
        .join(StaffMember.memberships)
        .where(
            TeamMembership.care_team_id == care_team_id,
            TeamMembership.until_at.is_(None),
            StaffMember.role.in_((Role.SUPERVISOR, Role.CLINICIAN)),
            StaffMember.ended_at.is_(None),
        )
        .order_by(StaffMember.role != Role.SUPERVISOR, TeamMembership.from_at, StaffMember.id)
    ).all()
    return _first_there(session, members, now)


def manager_of(session: Session, care_team_id: UUID, now: datetime) -> UUID | None:
    """Return the manager to turn to: of the team if it has one, else any of the service, or who stands in for them."""
    in_the_team = sa.exists().where(
        TeamMembership.staff_member_id == StaffMember.id,
        TeamMembership.care_team_id == care_team_id,
        TeamMembership.until_at.is_(None),
    )
    managers = session.scalars(
        sa.select(StaffMember.id)
        .where(StaffMember.role == Role.MANAGER, StaffMember.ended_at.is_(None))
        .order_by(~in_the_team, StaffMember.id)
    ).all()
    return _first_there(session, managers, now)


def _goes_on(now: datetime | sa.BindParameter[datetime]) -> sa.ColumnElement[bool]:
    return sa.and_(Absence.from_at <= now, Absence.until_at > now, Absence.cancelled_at.is_(None))


def _follow(session: Session, staff_member_id: UUID, now: datetime) -> UUID | None:
    """Return who is there at the end of a chain of absences; None when it ends with a login, or goes round."""
    asked: set[UUID] = set()
    while staff_member_id not in asked:
        asked.add(staff_member_id)
        ended_at, cover_id = session.execute(_THERE, {"whose": staff_member_id, "now": now}).one()
        if ended_at is not None:
            return None
        if cover_id is None:
            return staff_member_id
        staff_member_id = cover_id
    return None


_THERE = (
    sa.select(StaffMember.ended_at, Absence.cover_id)
    .outerjoin(
        Absence,
        sa.and_(Absence.staff_member_id == StaffMember.id, _goes_on(sa.bindparam("now", type_=UTCDateTime()))),
    )
    .where(StaffMember.id == sa.bindparam("whose", type_=sa.Uuid()))
    .limit(sa.literal_column("1"))
)
"""Made once: whoever sends a check-in that raises a flag waits on it."""


def _first_there(session: Session, people: Sequence[UUID], now: datetime) -> UUID | None:
    there: Iterable[UUID | None] = (_follow(session, each, now) for each in people)
    return next(filter(None, there), people[0] if people else None)


def _first_team(session: Session, staff_member_id: UUID) -> UUID | None:
    """Return the team that somebody is in, or was in last."""
    return session.scalar(
        sa.select(TeamMembership.care_team_id)
        .where(TeamMembership.staff_member_id == staff_member_id)
        .order_by(TeamMembership.until_at.is_(None).desc(), TeamMembership.until_at.desc(), TeamMembership.from_at)
        .limit(1)
    )


def _fault(
    session: Session,
    staff_member: StaffMember,
    from_at: datetime,
    until_at: datetime,
    cover: StaffMember,
    now: datetime,
) -> CoverFault | None:
    if until_at <= from_at or until_at <= now:
        return CoverFault.TIMES
    if cover.id == staff_member.id:
        return CoverFault.SAME_PERSON
    if cover.ended_at is not None:
        return CoverFault.COVER_HAS_LEFT
    if not _can_do_the_work_of(session, cover, staff_member):
        return CoverFault.COVER_CANNOT
    overlapping = sa.exists().where(
        Absence.staff_member_id == staff_member.id,
        Absence.cancelled_at.is_(None),
        Absence.from_at < until_at,
        Absence.until_at > from_at,
    )
    return CoverFault.OVERLAPS if session.scalar(sa.select(overlapping)) else None


def _can_do_the_work_of(session: Session, cover: StaffMember, staff_member: StaffMember) -> bool:
    same_work = cover.role == staff_member.role or {cover.role, staff_member.role} <= CARERS
    return same_work and teams_of_member(session, staff_member.id) <= teams_of_member(session, cover.id)


def teams_of_member(session: Session, staff_member_id: UUID) -> set[UUID]:
    """Return the teams that somebody is in now."""
    return set(
        session.scalars(
            sa.select(TeamMembership.care_team_id).where(
                TeamMembership.staff_member_id == staff_member_id, TeamMembership.until_at.is_(None)
            )
        )
    )
