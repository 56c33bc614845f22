"""Which reviews are overdue and which come next, by owner and step: read in a fixed number of statements."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.access import Viewer
from monitor.care.kinds import ReviewKind, Step
from monitor.care.models import Episode, StepAssignment
from monitor.care.scope import episodes_visible_to
from monitor.people.models import StaffMember

THIS_WEEK = timedelta(days=7)
SHOWN = 100
"""Rows of one lane: more than anybody reads at once; the counts always tell how many there are."""


@dataclass(frozen=True)
class Filter:
    """Whose reviews and of which step; None is all of them. All of it stands in the address."""

    owner_id: UUID | None = None
    step: Step | None = None


@dataclass(frozen=True)
class Upcoming:
    """One review that is due or will be."""

    episode: Episode
    step: Step
    at: datetime
    kind: ReviewKind


@dataclass(frozen=True)
class Count:
    """How many reviews somebody, or a step, has."""

    breached: int = 0
    this_week: int = 0
    later: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(self.breached + other.breached, self.this_week + other.this_week, self.later + other.later)


@dataclass(frozen=True)
class Listing:
    """The page: the overdue ones, the longest first; those of the week; counts beside each filter."""

    chosen: Filter
    breached: tuple[Upcoming, ...]
    this_week: tuple[Upcoming, ...]
    total: Count
    everybody: Count
    """Of all owners, at the chosen step."""
    by_owner: tuple[tuple[UUID, str, Count], ...]
    by_step: tuple[tuple[Step, Count], ...]
    next_at: datetime | None
    """The nearest date after this week."""


def listing(session: Session, viewer: Viewer, chosen: Filter, now: datetime) -> Listing:
    """Return the reviews of the episodes that a viewer may see."""
    week_ends = now + THIS_WEEK
    groups = _groups(session, viewer, now, week_ends)
    wanted = [group for group in groups if _is_wanted(group, chosen)]
    later = [group.next_at for group in wanted if group.next_at is not None]
    names = _names(session, {group.owner_id for group in groups})
    owners: dict[UUID, Count] = {}
    steps: dict[Step, Count] = {}
    for group in groups:
        if _is_wanted(group, replace(chosen, owner_id=None)) and group.owner_id in names:
            owners[group.owner_id] = owners.get(group.owner_id, Count()) + group.count
        if _is_wanted(group, replace(chosen, step=None)):
            steps[group.step] = steps.get(group.step, Count()) + group.count
    return Listing(
        chosen=chosen,
        breached=_rows(session, viewer, chosen, Episode.next_review_at <= now),
        this_week=_rows(session, viewer, chosen, Episode.next_review_at > now, Episode.next_review_at <= week_ends),
        total=sum((group.count for group in wanted), Count()),
        everybody=sum(owners.values(), Count()),
        by_owner=tuple(sorted(((who, names[who], count) for who, count in owners.items()), key=lambda each: each[1])),
        by_step=tuple((step, steps[step]) for step in Step if step in steps),
        next_at=min(later, default=None),
    )


@dataclass(frozen=True)
class _Group:
    owner_id: UUID
    step: Step
    count: Count
    next_at: datetime | None


def _groups(session: Session, viewer: Viewer, now: datetime, week_ends: datetime) -> Sequence[_Group]:
    step = _step()
    is_past, is_later = Episode.next_review_at <= now, Episode.next_review_at > week_ends
    found = session.execute(
        episodes_visible_to(viewer)
        .where(Episode.closed_at.is_(None))
        .with_only_columns(
            Episode.accountable_id,
            step,
            sa.func.count(sa.case((is_past, Episode.id))),
            sa.func.count(sa.case((~is_past & ~is_later, Episode.id))),
            sa.func.count(sa.case((is_later, Episode.id))),
            sa.func.min(sa.case((is_later, Episode.next_review_at))),
        )
        .group_by(Episode.accountable_id, step)
    )
    return [
        _Group(owner_id, at_step, Count(past, week, later), next_at)
        for owner_id, at_step, past, week, later, next_at in found
        if owner_id is not None
    ]


def _is_wanted(group: _Group, chosen: Filter) -> bool:
    return chosen.owner_id in (None, group.owner_id) and chosen.step in (None, group.step)


def _rows(session: Session, viewer: Viewer, chosen: Filter, *when: sa.ColumnElement[bool]) -> tuple[Upcoming, ...]:
    step = _step()
    found: sa.Select[Any] = (
        episodes_visible_to(viewer)
        .add_columns(step)
        .where(Episode.closed_at.is_(None), *when)
        .order_by(Episode.next_review_at, Episode.id)
        .limit(SHOWN)
        .options(joinedload(Episode.patient), joinedload(Episode.care_team), joinedload(Episode.accountable))
    )
    if chosen.owner_id is not None:
        found = found.where(Episode.accountable_id == chosen.owner_id)
    if chosen.step is not None:
        found = found.where(step == chosen.step)
    rows = session.execute(found)
    return tuple(
        Upcoming(episode, at_step, episode.next_review_at, episode.next_review_kind)
        for episode, at_step in rows
        if episode.next_review_at is not None
    )


def _step() -> sa.ScalarSelect[Step]:
    return (
        sa.select(StepAssignment.step)
        .where(StepAssignment.episode_id == Episode.id)
        .order_by(StepAssignment.from_at.desc())
        .limit(sa.literal_column("1"))
        .scalar_subquery()
    )


def _names(session: Session, ids: set[UUID]) -> dict[UUID, str]:
    return {each.id: each.name for each in session.scalars(sa.select(StaffMember).where(StaffMember.id.in_(ids)))}
