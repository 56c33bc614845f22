"""Which patients wait for a person, in which lane and order: worked out by the database, however many wait."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Self
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from monitor.access import Viewer
from monitor.care.models import Episode
from monitor.care.scope import episodes_visible_to
from monitor.flags.kinds import FlagKind, Severity
from monitor.flags.models import Flag
from monitor.people.teams import Team

THIS_WEEK = 7
"""Days from today."""
EVERYBODY, MINE = "all", "mine"


class Lane(StrEnum):
    """When somebody's nearest clock runs out, in the team's own days; watching while every flag of theirs sleeps."""

    TODAY = "today"
    WEEK = "week"
    LATER = "later"
    WATCHING = "watching"


SHOWN = 50
"""Rows of one lane on a page of its own, and of the first lane wherever it stands."""
GLANCE = 20
"""Rows of every other lane while all of them are on one page."""


@dataclass(frozen=True)
class Place:
    """Where a row stands in its lane: the next page begins after it, whatever has left the list meanwhile."""

    rank: int
    at: datetime
    episode_id: UUID

    def __str__(self) -> str:
        return f"{self.rank}~{self.at.astimezone(UTC).isoformat()}~{self.episode_id}"

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Return the place that an address names; anything else names none."""
        parts = text.split("~")
        try:
            place = cls(int(parts[0]), datetime.fromisoformat(parts[1]), UUID(parts[2]))
        except (ValueError, IndexError):
            return None
        return place if place.at.tzinfo and 0 <= place.rank <= 9 else None


@dataclass(frozen=True)
class View:
    """Which rows are wanted, all of it from the address: whose, of one reason, of one lane from a place on."""

    whose: str = EVERYBODY
    reason: FlagKind | None = None
    lane: Lane | None = None
    after: Place | None = None

    @property
    def query(self) -> Mapping[str, str | None]:
        """What stands in the address of the same page."""
        return {
            "view": self.whose if self.whose != EVERYBODY else None,
            "reason": self.reason,
            "lane": self.lane,
            "after": str(self.after) if self.after else None,
        }


def waiting(viewer: Viewer, teams: Sequence[Team], now: datetime) -> sa.CTE:
    """Return one row for each patient with an open flag: episode, team, rank, clock, lane, whose, and which kinds."""
    awake = sa.or_(Flag.snoozed_until.is_(None), Flag.snoozed_until <= now)
    quiet = sa.and_(Flag.kind == FlagKind.MISSED_CHECK_INS, Flag.severity == Severity.URGENT, awake)
    due = sa.func.min(sa.case((awake, Flag.due_at)))
    ours = episodes_visible_to(viewer).with_only_columns(Episode.id, Episode.care_team_id).subquery()
    found = (
        sa.select(
            Flag.episode_id,
            ours.c.care_team_id,
            due.label("due"),
            sa.func.min(Flag.snoozed_until).label("wakes"),
            sa.case((_any(Flag.kind == FlagKind.SAFETY) == 1, 0), (_any(quiet) == 1, 1), else_=2).label("rank"),
            _any(Flag.owner_id == viewer.staff_member_id).label(MINE),
            *(_any(Flag.kind == kind).label(kind) for kind in FlagKind),
        )
        .join(ours, ours.c.id == Flag.episode_id)
        .where(Flag.closed_at.is_(None))
        .group_by(Flag.episode_id, ours.c.care_team_id)
        .cte("found")
    )
    return sa.select(
        *found.c,
        sa.func.coalesce(found.c.due, found.c.wakes).label("at"),
        sa.case(
            (found.c.due.is_(None), sa.literal(Lane.WATCHING.value)),
            *(
                (sa.and_(_of(found, zone, teams), found.c.due < _midnight(now, zone, days)), sa.literal(lane.value))
                for lane, days in ((Lane.TODAY, 1), (Lane.WEEK, THIS_WEEK))
                for zone in _zones(teams)
            ),
            else_=sa.literal(Lane.LATER.value),
        ).label("lane"),
    ).cte("waiting")


def counted(rows: sa.CTE, view: View) -> sa.Select[tuple[object, ...]]:
    """Select, for each team, how many patients wait, how many for the viewer, and those of each reason and lane."""
    whose, wanted = _whose(rows, view), _wanted(rows, view)
    return sa.select(
        rows.c.care_team_id,
        sa.func.count().label(EVERYBODY),
        sa.func.sum(rows.c[MINE]).label(MINE),
        *(sa.func.sum(sa.case((whose, rows.c[kind]), else_=0)).label(kind) for kind in FlagKind),
        *(sa.func.sum(sa.case((sa.and_(wanted, rows.c.lane == lane), 1), else_=0)).label(lane) for lane in Lane),
    ).group_by(rows.c.care_team_id)


def page(rows: sa.CTE, view: View) -> sa.Subquery:
    """Return the rows of a page, numbered within their lanes, and one more where a lane goes on."""
    order = (rows.c.rank, rows.c.at, rows.c.episode_id)
    number = sa.func.row_number().over(partition_by=rows.c.lane, order_by=order).label("number")
    chosen = sa.select(*rows.c["episode_id", "lane", "rank", "at"], number).where(_wanted(rows, view))
    if view.lane:
        chosen = chosen.where(rows.c.lane == view.lane.value)
    if view.after:
        chosen = chosen.where(_beyond(rows, view.after))
    numbered = chosen.subquery()
    at_most = sa.case(*((numbered.c.lane == lane.value, room(view, lane)) for lane in Lane))
    return sa.select(*numbered.c).where(numbered.c.number <= at_most + 1).subquery("page")


def room(view: View, lane: Lane) -> int:
    """Return how many rows of a lane are shown."""
    return SHOWN if view.lane or lane is Lane.TODAY else GLANCE


def _beyond(rows: sa.CTE, place: Place) -> sa.ColumnElement[bool]:
    here = sa.and_(rows.c.rank == place.rank, rows.c.at == place.at, rows.c.episode_id > place.episode_id)
    later = sa.and_(rows.c.rank == place.rank, rows.c.at > place.at)
    return sa.or_(rows.c.rank > place.rank, later, here)


def _any(condition: sa.ColumnElement[bool]) -> sa.Function[int]:
    return sa.func.max(sa.case((condition, 1), else_=0))


def _whose(rows: sa.CTE, view: View) -> sa.ColumnElement[bool]:
    if view.whose == MINE:
        return rows.c[MINE] == 1
    return sa.true() if view.whose == EVERYBODY else rows.c.care_team_id == UUID(view.whose)


def _wanted(rows: sa.CTE, view: View) -> sa.ColumnElement[bool]:
    reason = rows.c[view.reason] == 1 if view.reason else sa.true()
    return sa.and_(_whose(rows, view), reason)


def _zones(teams: Iterable[Team]) -> list[str]:
    return sorted({team.zone for team in teams})


def _of(rows: sa.CTE, zone: str, teams: Sequence[Team]) -> sa.ColumnElement[bool]:
    """Whether a row's team keeps the time of a zone; nothing to ask where all of them do."""
    if len(_zones(teams)) == 1:
        return sa.true()
    return rows.c.care_team_id.in_([team.id for team in teams if team.zone == zone])


def _midnight(now: datetime, zone: str, days: int) -> datetime:
    """Return the beginning of a day to come on a wall clock."""
    day = now.astimezone(ZoneInfo(zone)).date() + timedelta(days=days)
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
