"""What somebody finds in their digest at the start of a working day: counts of their own work, and nothing else."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.beats import beat, last_beat
from monitor.care.models import Episode
from monitor.care.promises import hours_of
from monitor.flags.models import Flag
from monitor.flags.notices import digest
from monitor.people.absences import is_away
from monitor.people.models import CareTeam, StaffMember, TeamMembership
from monitor.people.teams import CARERS


@dataclass(frozen=True)
class Counts:
    """Open flags that somebody owns, and reviews that they are accountable for."""

    due_today: int = 0
    overdue: int = 0
    reviews_due: int = 0
    """Today."""
    breached: int = 0
    """Reviews whose date has passed."""

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to tell."""
        return not any(getattr(self, each.name) for each in fields(self))


def write_digests(session: Session, now: datetime) -> int:
    """Write the digests of the teams whose working day has begun; return how many. Nothing waits, nothing is sent."""
    written = 0
    for team in session.scalars(sa.select(CareTeam).order_by(CareTeam.id)):
        job, zone = f"digest {team.id.hex[:25]}", ZoneInfo(team.time_zone)
        last = last_beat(session, job)
        today = now.astimezone(zone).date()
        if not hours_of(team).is_open(now) or (last is not None and last.astimezone(zone).date() == today):
            continue
        found = counts(session, _readers(session, team, now), now, zone)
        for staff_member_id, each in found.items():
            if not each.is_nothing:
                digest(session, staff_member_id, today.isoformat(), now)
                written += 1
        beat(session, job, now)
    return written


def counts(session: Session, people: Collection[UUID], now: datetime, zone: ZoneInfo) -> Mapping[UUID, Counts]:
    """Return the counts of some staff members, in two statements; `zone` says when today ends."""
    midnight = datetime.combine(now.astimezone(zone).date() + timedelta(days=1), time(), zone)
    flags = _by_person(
        session,
        sa.select(Flag.owner_id, _count(now, Flag.due_at, midnight), _count(None, Flag.due_at, now))
        .where(Flag.closed_at.is_(None), sa.or_(Flag.snoozed_until.is_(None), Flag.snoozed_until <= now))
        .where(Flag.owner_id.in_(people))
        .group_by(Flag.owner_id),
    )
    at = Episode.next_review_at
    reviews = _by_person(
        session,
        sa.select(Episode.accountable_id, _count(now, at, midnight), _count(None, at, now))
        .where(Episode.closed_at.is_(None), Episode.accountable_id.in_(people))
        .group_by(Episode.accountable_id),
    )
    return {each: Counts(*flags.get(each, (0, 0)), *reviews.get(each, (0, 0))) for each in people}


def _by_person(session: Session, query: sa.Select[Any, int, int]) -> dict[UUID, tuple[int, int]]:
    return {whose: (today, late) for whose, today, late in session.execute(query)}


def _count(
    since: datetime | None, at: sa.SQLColumnExpression[datetime] | sa.SQLColumnExpression[datetime | None], to: datetime
) -> sa.ColumnElement[int]:
    """Return the count of moments before `to`, and not before `since`."""
    within = at < to if since is None else sa.and_(at >= since, at < to)
    return sa.func.count(sa.case((within, 1)))


def _readers(session: Session, team: CareTeam, now: datetime) -> list[UUID]:
    """Return the members of a team who do its work, are there, and want a digest."""
    found = (
        sa.select(StaffMember.id)
        .join(StaffMember.memberships)
        .where(
            TeamMembership.care_team_id == team.id,
            TeamMembership.until_at.is_(None),
            StaffMember.ended_at.is_(None),
            StaffMember.wants_digest,
            StaffMember.role.in_(CARERS),
            ~is_away(sa.type_coerce(StaffMember.id, sa.Uuid()), now),
        )
    )
    return list(session.scalars(found))
