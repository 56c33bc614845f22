"""The worklist: one row for each patient with an open flag, in lanes by the nearest clock, safety answers first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.access import OutOfScope, Viewer
from monitor.beats import JobBeat
from monitor.care.models import Episode, Step, StepAssignment
from monitor.care.scope import episodes_visible_to
from monitor.checkins.models import CancelReason, CheckIn, Score, Submission
from monitor.flags.due import Reader
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag, FlagEvent, FlagEventKind
from monitor.flags.rows import CONTACTS, SPARK_MEASURE, Row, row
from monitor.flags.waiting import EVERYBODY, MINE, Lane, Place, View, counted, page, room, waiting
from monitor.flags.words import kind_label
from monitor.people.models import StaffMember
from monitor.people.teams import Team, teams_of

LATE_TICK = timedelta(minutes=5)
"""The jobs run every minute; after this the clock has stopped and the page says so."""
SPARK_WEEKS = timedelta(weeks=26)


@dataclass(frozen=True)
class Worklist:
    """The page: its lanes as far as they are shown, the counts beside each view and reason, and what does not work."""

    view: View
    lanes: Mapping[Lane, tuple[Row, ...]]
    rest: Mapping[Lane, Place]
    """The lanes that go on behind the page, each with the place where it stopped."""
    counts: Mapping[Lane, int]
    mine: int
    everyone: int
    by_team: tuple[tuple[Team, int], ...]
    by_reason: tuple[tuple[FlagKind, str, int], ...]
    teams: tuple[Team, ...]
    last_tick: datetime | None
    clock_is_late: bool
    uses_keys: bool

    @property
    def due_today(self) -> int:
        """How many patients stand in the first lane."""
        return self.counts[Lane.TODAY]

    @property
    def shown(self) -> int:
        """How many rows are on the page."""
        return sum(map(len, self.lanes.values()))

    @property
    def ticks(self) -> bool:
        """Whether some rows on the page can be worked together."""
        return any(each.ticks for rows in self.lanes.values() for each in rows)

    @property
    def zone(self) -> str:
        """The time zone of the page's own clock: that of the first team."""
        return self.teams[0].zone if self.teams else "UTC"

    @property
    def uncovered(self) -> tuple[Team, ...]:
        """Teams for which nobody is named to read safety answers, so that item 9 is not sent."""
        return tuple(team for team in self.teams if not team.covered)


@dataclass(frozen=True)
class _Found:
    """The flags of one patient, where they stand on the page, and the present step."""

    lane: Lane
    place: Place
    step: Step
    flags: list[Flag]


def worklist(session: Session, viewer: Viewer, view: View, *, now: datetime, region: str) -> Worklist:
    """Load a page of the worklist in six statements, however long the list is."""
    by_id = {team.id: team for team in teams_of(session, viewer)}
    teams = tuple(by_id.values())
    rows = waiting(viewer, teams, now)
    counts = session.execute(counted(rows, view)).mappings().all()
    found = _on_the_page(session, rows, view)
    events, courses = _events(session, found), courses_of(session, found, now)
    made = [
        row(
            each.flags,
            each.step,
            events.get(episode_id, ()),
            courses.get(episode_id, ()),
            (each.lane, each.place),
            now=now,
            reader=Reader(viewer.language, region, by_id[each.flags[0].episode.care_team_id].zone),
            viewer_id=viewer.staff_member_id,
        )
        for episode_id, each in found.items()
    ]
    lanes = {lane: tuple(each for each in made if each.lane is lane) for lane in Lane}
    tick, uses_keys = _tick_and_keys(session, viewer)

    def total(name: str) -> int:
        return sum(each[name] for each in counts)

    return Worklist(
        view=view,
        lanes={lane: shown[: room(view, lane)] for lane, shown in lanes.items()},
        rest={
            lane: shown[room(view, lane) - 1].place for lane, shown in lanes.items() if len(shown) > room(view, lane)
        },
        counts={lane: total(lane) for lane in Lane},
        mine=total(MINE),
        everyone=total(EVERYBODY),
        by_team=_by_team(teams, {each["care_team_id"]: each[EVERYBODY] for each in counts}),
        by_reason=tuple(
            (kind, kind_label(kind, viewer.language), n)
            for kind in FlagKind
            if (n := total(kind)) or kind is view.reason  # an empty view says which reason it is of
        ),
        teams=teams,
        last_tick=tick,
        clock_is_late=tick is None or now - tick > LATE_TICK,
        uses_keys=uses_keys,
    )


def _by_team(teams: Sequence[Team], counts: Mapping[UUID, int]) -> tuple[tuple[Team, int], ...]:
    return tuple((team, counts.get(team.id, 0)) for team in teams) if len(teams) > 1 else ()


def _tick_and_keys(session: Session, viewer: Viewer) -> tuple[datetime | None, bool]:
    """Return when the jobs last ran, and whether the viewer works with single keys."""
    ran = sa.select(JobBeat.finished_at).where(JobBeat.job == "tick").scalar_subquery()
    tick, uses_keys = session.execute(
        sa.select(ran, StaffMember.uses_keys).where(StaffMember.id == viewer.staff_member_id)
    ).one()
    return tick, uses_keys


def flag_in_scope(session: Session, viewer: Viewer, flag_id: UUID) -> Flag:
    """Return a flag of the viewer's teams. Raises OutOfScope."""
    return flags_in_scope(session, viewer, [flag_id])[0]


def flags_in_scope(session: Session, viewer: Viewer, flag_ids: Sequence[UUID]) -> Sequence[Flag]:
    """Return flags of the viewer's teams. Raises OutOfScope for the first that is none."""
    found = session.scalars(
        sa.select(Flag)
        .where(Flag.id.in_(flag_ids), Flag.episode_id.in_(episodes_visible_to(viewer).with_only_columns(Episode.id)))
        .options(
            joinedload(Flag.patient), joinedload(Flag.owner), joinedload(Flag.episode).joinedload(Episode.care_team)
        )
    ).all()
    missing = set(flag_ids) - {flag.id for flag in found}
    if missing:
        raise OutOfScope("flag", min(missing))
    return found


def _on_the_page(session: Session, rows: sa.CTE, view: View) -> Mapping[UUID, _Found]:
    """Return the patients on the page, by episode, in its order."""
    shown = page(rows, view)
    step = (
        sa.select(StepAssignment.step)
        .where(StepAssignment.episode_id == Flag.episode_id)
        .order_by(StepAssignment.from_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    loaded = session.execute(
        sa.select(Flag, step, *shown.c["lane", "rank", "at"])
        .join(shown, shown.c.episode_id == Flag.episode_id)
        .where(Flag.closed_at.is_(None))
        .order_by(shown.c.number)
        .options(joinedload(Flag.patient), joinedload(Flag.owner), joinedload(Flag.episode))
    )
    found: dict[UUID, _Found] = {}
    for flag, current, lane, rank, at in loaded:
        place = Place(rank, at, flag.episode_id)
        found.setdefault(flag.episode_id, _Found(Lane(lane), place, current, [])).flags.append(flag)
    return found


def _events(session: Session, episodes: Iterable[UUID]) -> Mapping[UUID, list[FlagEvent]]:
    """Return what the rows say of their flags, and every contact, by episode, oldest first."""
    told = sa.or_(FlagEvent.evidence.is_not(None), FlagEvent.kind == FlagEventKind.SNOOZED)
    found = session.execute(
        sa.select(FlagEvent, Flag.episode_id)
        .join(Flag, Flag.id == FlagEvent.flag_id)
        .where(
            Flag.episode_id.in_(episodes),
            sa.or_(sa.and_(Flag.closed_at.is_(None), told), FlagEvent.kind.in_(CONTACTS)),
        )
        .order_by(FlagEvent.at)
    )
    by_episode: dict[UUID, list[FlagEvent]] = {}
    for event, episode_id in found:
        by_episode.setdefault(episode_id, []).append(event)
    return by_episode


def courses_of(session: Session, episodes: Iterable[UUID], now: datetime) -> Mapping[UUID, list[int | None]]:
    """Return the totals of each episode's check-ins, None where there is no score, oldest first."""
    ended = sa.or_(
        CheckIn.completed_at.is_not(None),
        CheckIn.missed_at.is_not(None),
        CheckIn.cancel_reason == CancelReason.NOT_DELIVERED,
    )
    found = session.execute(
        sa.select(CheckIn.episode_id, CheckIn.id, Score.total)
        .outerjoin(Submission, Submission.check_in_id == CheckIn.id)
        .outerjoin(Score, sa.and_(Score.submission_id == Submission.id, Score.instrument == SPARK_MEASURE))
        .where(CheckIn.episode_id.in_(episodes), CheckIn.due_at > now - SPARK_WEEKS, ended)
        .order_by(CheckIn.due_at, CheckIn.id, Submission.submitted_at)
    )
    courses: dict[UUID, dict[UUID, int | None]] = {}
    for episode_id, check_in_id, total in found:
        courses.setdefault(episode_id, {})[check_in_id] = total
    return {episode_id: list(totals.values()) for episode_id, totals in courses.items()}
