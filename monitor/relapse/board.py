"""Relapse plans of the viewer's teams: triggered, due for review, missing, drafted, agreed. A fixed number of reads."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from monitor.access import Viewer
from monitor.care.kinds import Step
from monitor.care.models import Episode, StepAssignment
from monitor.care.scope import episodes_visible_to
from monitor.checkins.models import CheckIn
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag
from monitor.messaging.quiet_hours import to_local
from monitor.people.models import CareTeam, StaffMember
from monitor.relapse.kinds import PlanKind, PlanState, Standing
from monitor.relapse.models import RelapsePlan, StepDown, WarningSign

SHOWN = 100
"""Rows of one lane: more than anybody reads at once; the counts always tell how many there are."""
TRIGGERS = (FlagKind.RELAPSE_SIGNAL, FlagKind.RE_ENTRY)
LANES = (Standing.TRIGGERED, Standing.DUE, Standing.NONE, Standing.DRAFT, Standing.AGREED)
"""In the order of the page: what waits for a person comes first."""


@dataclass(frozen=True)
class Row:
    """One patient on the board. `plan` is the agreed version, or the draft where nothing is agreed."""

    episode: Episode
    standing: Standing
    step: Step
    plan: RelapsePlan | None
    newer_draft: bool
    """Whether somebody has drafted a version after the agreed one."""
    owner: str | None
    signs: int
    watched: int
    last_check_in: datetime | None
    next_check_in: datetime | None
    stepped_down_at: datetime | None


@dataclass(frozen=True)
class Board:
    """The lanes that have rows, the nearest review first; `owners` counts everybody's, `counts` those of the chosen."""

    lanes: tuple[tuple[Standing, int, tuple[Row, ...]], ...]
    owners: tuple[tuple[UUID, str, int], ...]
    owner_id: UUID | None
    total: int
    """Of everybody."""
    counts: Mapping[Standing, int]


class _Place(NamedTuple):
    episode_id: UUID
    standing: Standing
    step: Step
    plan_id: UUID | None
    newer_draft: bool
    owner_id: UUID | None
    review_on: date | None

    @property
    def order(self) -> tuple[bool, date, UUID]:
        return self.review_on is None, self.review_on or date.max, self.episode_id


def board(session: Session, viewer: Viewer, now: datetime, owner_id: UUID | None = None) -> Board:
    """Return the open episodes with a relapse plan, and those that have stepped down, with one owner or all."""
    places = _places(session, viewer, now)
    wanted = [each for each in places if owner_id in (None, each.owner_id)]
    shown = {
        lane: sorted((each for each in wanted if each.standing is lane), key=lambda each: each.order) for lane in LANES
    }
    rows = _rows(session, [each for lane in LANES for each in shown[lane][:SHOWN]], now)
    names = _names(session, {each.owner_id for each in places if each.owner_id})
    return Board(
        lanes=tuple(
            (lane, len(shown[lane]), tuple(rows[each.episode_id] for each in shown[lane][:SHOWN]))
            for lane in LANES
            if shown[lane]
        ),
        owners=tuple(
            (who, names[who], sum(each.owner_id == who for each in places))
            for who in sorted(names, key=names.__getitem__)
        ),
        owner_id=owner_id,
        total=len(places),
        counts={lane: len(shown[lane]) for lane in LANES},
    )


def standing_of(session: Session, episode: Episode, now: datetime) -> Standing | None:
    """Return where the relapse plan of one episode stands; None where nothing is written and nothing asks for it."""
    on = to_local(now, episode.care_team.time_zone).date()
    found = session.execute(_query(sa.select(Episode).where(Episode.id == episode.id))).one_or_none()
    return _standing(found, on) if found is not None else None


def _places(session: Session, viewer: Viewer, now: datetime) -> Sequence[_Place]:
    zones = sa.select(CareTeam.id, CareTeam.time_zone).where(CareTeam.id.in_(viewer.team_ids))
    today = {team: to_local(now, zone).date() for team, zone in session.execute(zones)}
    found = session.execute(_query(episodes_visible_to(viewer).where(Episode.closed_at.is_(None))))
    return [
        _Place(
            row.episode_id,
            _standing(row, today[row.team_id]),
            row.step,
            row.agreed_id or row.newest_id,
            bool(row.agreed_id and row.newest_id != row.agreed_id),
            row.agreed_owner_id or row.newest_owner_id or row.accountable_id,
            row.review_on,
        )
        for row in found
    ]


def _query(episodes: sa.Select[Episode]) -> sa.Select[tuple[object, ...]]:
    """Return the few columns of each episode that say where its plan stands."""
    agreed, newest = aliased(RelapsePlan), aliased(RelapsePlan)
    step = (
        sa.select(StepAssignment.step)
        .where(StepAssignment.episode_id == Episode.id)
        .order_by(StepAssignment.from_at.desc())
        .limit(sa.literal_column("1"))
        .scalar_subquery()
    )
    triggered = sa.exists().where(Flag.episode_id == Episode.id, Flag.kind.in_(TRIGGERS), Flag.closed_at.is_(None))
    return (
        episodes.outerjoin(newest, newest.id == _newest_id())
        .outerjoin(agreed, agreed.id == _newest_id(PlanState.AGREED))
        .where(sa.or_(newest.id.is_not(None), step == Step.STEPPED_DOWN))
        .with_only_columns(
            Episode.id.label("episode_id"),
            Episode.care_team_id.label("team_id"),
            Episode.accountable_id.label("accountable_id"),
            step.label("step"),
            triggered.label("is_triggered"),
            newest.id.label("newest_id"),
            newest.owner_id.label("newest_owner_id"),
            agreed.id.label("agreed_id"),
            agreed.owner_id.label("agreed_owner_id"),
            agreed.review_on.label("review_on"),
        )
    )


def _newest_id(state: PlanState | None = None) -> sa.ScalarSelect[UUID]:
    plans = aliased(RelapsePlan)
    return (
        sa.select(plans.id)
        .where(plans.episode_id == Episode.id, plans.kind == PlanKind.STAYING_WELL)
        .where(sa.true() if state is None else plans.state == state)
        .order_by(plans.version.desc())
        .limit(sa.literal_column("1"))
        .correlate(Episode)
        .scalar_subquery()
    )


def _standing(row: sa.Row[tuple[object, ...]], today: date) -> Standing:
    if row.is_triggered:
        return Standing.TRIGGERED
    if row.agreed_id:
        return Standing.DUE if row.review_on <= today else Standing.AGREED
    return Standing.NONE if row.step is Step.STEPPED_DOWN else Standing.DRAFT


def _rows(session: Session, places: Sequence[_Place], now: datetime) -> Mapping[UUID, Row]:
    ids = [each.episode_id for each in places]
    episodes = {
        each.id: each
        for each in session.scalars(
            sa.select(Episode)
            .where(Episode.id.in_(ids))
            .options(joinedload(Episode.patient), joinedload(Episode.care_team), joinedload(Episode.accountable))
        )
    }
    plan_ids = [each.plan_id for each in places if each.plan_id]
    plans = {
        each.id: each
        for each in session.scalars(
            sa.select(RelapsePlan).where(RelapsePlan.id.in_(plan_ids)).options(joinedload(RelapsePlan.owner))
        )
    }
    signs = _signs(session, plan_ids)
    last, coming, down = _last(session, ids), _coming(session, ids, now), _stepped_down(session, ids)
    return {
        each.episode_id: Row(
            episode=episodes[each.episode_id],
            standing=each.standing,
            step=each.step,
            plan=plans.get(each.plan_id) if each.plan_id else None,
            newer_draft=each.newer_draft,
            owner=_owner(plans.get(each.plan_id) if each.plan_id else None, episodes[each.episode_id]),
            signs=signs.get(each.plan_id, (0, 0))[0] if each.plan_id else 0,
            watched=signs.get(each.plan_id, (0, 0))[1] if each.plan_id else 0,
            last_check_in=last.get(each.episode_id),
            next_check_in=coming.get(each.episode_id),
            stepped_down_at=down.get(each.episode_id),
        )
        for each in places
    }


def _owner(plan: RelapsePlan | None, episode: Episode) -> str | None:
    owner = plan.owner if plan and plan.owner else episode.accountable
    return owner.name if owner else None


def _signs(session: Session, plan_ids: Iterable[UUID]) -> Mapping[UUID, tuple[int, int]]:
    """Return how many signs each version has, and how many of them check-ins ask for."""
    found = session.execute(
        sa.select(WarningSign.plan_id, sa.func.count(), sa.func.count(sa.case((WarningSign.watched, 1))))
        .where(WarningSign.plan_id.in_(plan_ids))
        .group_by(WarningSign.plan_id)
    )
    return {plan_id: (every, watched) for plan_id, every, watched in found}


def _last(session: Session, ids: Iterable[UUID]) -> Mapping[UUID, datetime]:
    return _by_episode(
        session, CheckIn.episode_id, sa.func.max(CheckIn.completed_at), CheckIn.completed_at.is_not(None), ids
    )


def _coming(session: Session, ids: Iterable[UUID], now: datetime) -> Mapping[UUID, datetime]:
    is_open = sa.and_(CheckIn.due_at > now, CheckIn.cancelled_at.is_(None), CheckIn.completed_at.is_(None))
    return _by_episode(session, CheckIn.episode_id, sa.func.min(CheckIn.due_at), is_open, ids)


def _stepped_down(session: Session, ids: Iterable[UUID]) -> Mapping[UUID, datetime]:
    is_aftercare = StepDown.to_step == Step.STEPPED_DOWN
    return _by_episode(session, StepDown.episode_id, sa.func.max(StepDown.at), is_aftercare, ids)


def _by_episode(
    session: Session,
    episode_id: sa.SQLColumnExpression[UUID],
    what: sa.ColumnElement[Any],
    which: sa.ColumnElement[bool],
    ids: Iterable[UUID],
) -> Mapping[UUID, datetime]:
    found = session.execute(sa.select(episode_id, what).where(episode_id.in_(ids), which).group_by(episode_id))
    return {each: at for each, at in found}


def _names(session: Session, ids: Iterable[UUID]) -> Mapping[UUID, str]:
    return {each.id: each.name for each in session.scalars(sa.select(StaffMember).where(StaffMember.id.in_(ids)))}
