"""The worklist: one row for each patient with an open flag, in lanes by the nearest clock, safety answers first."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.access import OutOfScope, Viewer
from monitor.beats import last_beat
from monitor.care.models import Episode, Step, StepAssignment
from monitor.care.scope import episodes_visible_to
from monitor.checkins.models import CancelReason, CheckIn, Score, Submission
from monitor.flags.due import Reader
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag, FlagEvent
from monitor.flags.rows import CONTACTS, SPARK_MEASURE, Lane, Row, row
from monitor.flags.words import kind_label
from monitor.people.teams import Team, teams_of

LATE_TICK = timedelta(minutes=5)
"""The jobs run every minute; after this the clock has stopped and the page says so."""
SPARK_WEEKS = timedelta(weeks=26)


@dataclass(frozen=True)
class View:
    """Which rows are wanted: everybody's or one's own, one team's, one reason's. All of it stands in the address."""

    whose: str = "all"
    reason: FlagKind | None = None


@dataclass(frozen=True)
class Worklist:
    """The page: its lanes, the counts beside each saved view and reason, and what is not working."""

    view: View
    lanes: Mapping[Lane, tuple[Row, ...]]
    mine: int
    everyone: int
    by_team: tuple[tuple[Team, int], ...]
    by_reason: tuple[tuple[FlagKind, str, int], ...]
    teams: tuple[Team, ...]
    last_tick: datetime | None
    clock_is_late: bool

    @property
    def due_today(self) -> int:
        """How many rows stand in the first lane."""
        return len(self.lanes[Lane.TODAY])

    @property
    def shown(self) -> int:
        """How many rows stand in all lanes."""
        return sum(map(len, self.lanes.values()))

    @property
    def zone(self) -> str:
        """The time zone of the page's own clock: that of the first team."""
        return self.teams[0].zone if self.teams else "UTC"

    @property
    def uncovered(self) -> tuple[Team, ...]:
        """Teams for which nobody is named to read safety answers, so that item 9 is not sent."""
        return tuple(team for team in self.teams if not team.covered)


def worklist(session: Session, viewer: Viewer, view: View, *, now: datetime, region: str) -> Worklist:
    """Load the worklist in a fixed number of statements, however long it is."""
    teams = {team.id: team for team in teams_of(session, viewer)}
    found = _open_flags(session, viewer)
    episodes = {flag.episode_id for flag, _ in found}
    events, courses = _events(session, episodes), _courses(session, episodes, now)
    by_patient: dict[UUID, list[tuple[Flag, Step]]] = {}
    for flag, step in found:
        by_patient.setdefault(flag.patient_id, []).append((flag, step))
    rows = [
        row(
            pairs,
            events.get(patient_id, ()),
            courses.get(pairs[0][0].episode_id, ()),
            now=now,
            reader=Reader(viewer.language, region, teams[pairs[0][0].episode.care_team_id].zone),
            viewer_id=viewer.staff_member_id,
        )
        for patient_id, pairs in by_patient.items()
    ]
    rows.sort(key=lambda each: (not each.is_safety, each.due.at))
    tick = last_beat(session, "tick")
    whose = [each for each in rows if _is_whose(each, view, viewer)]
    wanted = [each for each in whose if view.reason is None or view.reason in each.kinds]
    reasons = Counter(kind for each in whose for kind in each.kinds)
    counted = Counter(each.team_id for each in rows)
    return Worklist(
        view=view,
        lanes={lane: tuple(each for each in wanted if each.lane is lane) for lane in Lane},
        mine=sum(viewer.staff_member_id in each.owner_ids for each in rows),
        everyone=len(rows),
        by_team=tuple((team, counted[team.id]) for team in teams.values()) if len(teams) > 1 else (),
        by_reason=tuple((kind, kind_label(kind, viewer.language), reasons[kind]) for kind in FlagKind if reasons[kind]),
        teams=tuple(teams.values()),
        last_tick=tick,
        clock_is_late=tick is None or now - tick > LATE_TICK,
    )


def flag_in_scope(session: Session, viewer: Viewer, flag_id: UUID) -> Flag:
    """Return a flag of the viewer's teams. Raises OutOfScope."""
    flag = session.scalars(
        sa.select(Flag)
        .where(Flag.id == flag_id, Flag.episode_id.in_(_visible(viewer)))
        .options(
            joinedload(Flag.patient), joinedload(Flag.owner), joinedload(Flag.episode).joinedload(Episode.care_team)
        )
    ).one_or_none()
    if flag is None:
        raise OutOfScope("flag", flag_id)
    return flag


def _visible(viewer: Viewer) -> sa.Select[UUID]:
    return episodes_visible_to(viewer).with_only_columns(Episode.id)


def _open_flags(session: Session, viewer: Viewer) -> Sequence[tuple[Flag, Step]]:
    step = (
        sa.select(StepAssignment.step)
        .where(StepAssignment.episode_id == Flag.episode_id)
        .order_by(StepAssignment.from_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    found = session.execute(
        sa.select(Flag, step)
        .where(Flag.closed_at.is_(None), Flag.episode_id.in_(_visible(viewer)))
        .order_by(Flag.due_at)
        .options(joinedload(Flag.patient), joinedload(Flag.owner), joinedload(Flag.episode))
    )
    return [(flag, current) for flag, current in found]


def _events(session: Session, episodes: Iterable[UUID]) -> Mapping[UUID, list[FlagEvent]]:
    """Return the events of open flags and every contact, by patient, oldest first."""
    found = session.scalars(
        sa.select(FlagEvent)
        .join(Flag, Flag.id == FlagEvent.flag_id)
        .where(Flag.episode_id.in_(episodes), sa.or_(Flag.closed_at.is_(None), FlagEvent.kind.in_(CONTACTS)))
        .order_by(FlagEvent.at)
    )
    by_patient: dict[UUID, list[FlagEvent]] = {}
    for event in found:
        by_patient.setdefault(event.patient_id, []).append(event)
    return by_patient


def _courses(session: Session, episodes: Iterable[UUID], now: datetime) -> Mapping[UUID, list[int | None]]:
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


def _is_whose(each: Row, view: View, viewer: Viewer) -> bool:
    if view.whose == "mine":
        return viewer.staff_member_id in each.owner_ids
    return view.whose in ("all", str(each.team_id))
