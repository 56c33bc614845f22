"""Who works in a viewer's teams, what waits for each, who is away, who reads safety answers, whom nobody sees to."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.access import Viewer
from monitor.care.models import Episode
from monitor.care.promises import hours_of
from monitor.care.scope import episodes_visible_to
from monitor.flags.due import Reader
from monitor.flags.models import Flag
from monitor.i18n import N_, translate
from monitor.people.absences import coming_absences
from monitor.people.models import Absence, CareTeam, Role, SafetyCover, StaffMember, TeamMembership
from monitor.people.teams import CARERS

ROLES: Mapping[Role, str] = {
    Role.CLINICIAN: N_("Clinician"),
    Role.COORDINATOR: N_("Coordinator"),
    Role.SUPERVISOR: N_("Supervisor"),
    Role.MANAGER: N_("Manager"),
    Role.ADMINISTRATOR: N_("Administrator"),
}
MOST_ORPHANS = 100
Pair = tuple[UUID, UUID]
"""A team and one of its people."""

_LOGIN_ENDED = N_("%(name)s is accountable, and that login has ended.")
_NOT_IN_TEAM = N_("%(name)s is accountable, and is not in this team any more.")
_CANNOT_RECORD = N_("%(name)s is accountable, in a role that can record nothing.")
_AWAY_UNCOVERED = N_("%(name)s is accountable and away, and nobody of this team stands in.")


@dataclass(frozen=True)
class Away:
    """A stretch in which somebody is away."""

    id: UUID
    name: str
    cover: str
    first_day: str
    back_on: str
    has_begun: bool


@dataclass(frozen=True)
class Colleague:
    """Somebody of a team and what waits for them there."""

    name: str
    role: str
    patients: int
    flags: int
    overdue: int
    away: Away | None


@dataclass(frozen=True)
class Shift:
    """Who reads safety answers on one weekday; no reader, nobody."""

    weekday: int
    opens: time | None = None
    closes: time | None = None
    reader: str | None = None
    away: Away | None = None


@dataclass(frozen=True)
class Team:
    """One team of the viewer."""

    name: str
    colleagues: tuple[Colleague, ...]
    shifts: tuple[Shift, ...]


@dataclass(frozen=True)
class Orphan:
    """An open episode that nobody who can sign in and is there sees to."""

    patient_id: UUID
    name: str
    language: str
    team: str
    words: str


@dataclass(frozen=True)
class TeamPage:
    """What the page shows."""

    teams: tuple[Team, ...]
    orphans: tuple[Orphan, ...]
    orphan_count: int
    absences: tuple[Away, ...]


@dataclass(frozen=True)
class _People:
    """The people of some teams as the tables have them."""

    members: Mapping[UUID, Sequence[StaffMember]]
    """By team."""
    absences: Sequence[Absence]
    now: datetime

    def absence_now(self, staff_member_id: UUID) -> Absence | None:
        """Return the absence that goes on."""
        away = (each for each in self.absences if each.staff_member_id == staff_member_id)
        return next((each for each in away if each.from_at <= self.now), None)

    def is_seen_to(self, staff_member_id: UUID, care_team_id: UUID) -> bool:
        """Whether somebody of a team does a person's work now: they themselves, or whoever stands in at last."""
        carers = {each.id for each in self.members.get(care_team_id, ()) if each.role in CARERS}
        asked: set[UUID] = set()
        while staff_member_id in carers and staff_member_id not in asked:
            asked.add(staff_member_id)
            absence = self.absence_now(staff_member_id)
            if absence is None:
                return True
            staff_member_id = absence.cover_id
        return False


def team_page(session: Session, viewer: Viewer, now: datetime, region: str) -> TeamPage:
    """Return the page in a fixed number of statements, however many people there are."""
    teams = session.scalars(sa.select(CareTeam).where(CareTeam.id.in_(viewer.team_ids)).order_by(CareTeam.name)).all()
    people = _People(_members(session, teams), coming_absences(session, viewer.team_ids, now), now)
    shown = {absence.id: _away(absence, now, _reader(viewer, teams, region)) for absence in people.absences}
    patients = _patients(session, [team.id for team in teams])
    unseen = [pair for pair in patients if not people.is_seen_to(pair[1], pair[0])]
    return TeamPage(
        teams=tuple(_teams(session, teams, people, shown, patients, viewer.language)),
        orphans=_orphans(session, viewer, people, unseen) if unseen else (),
        orphan_count=sum(patients[pair] for pair in unseen),
        absences=tuple(shown.values()),
    )


def _reader(viewer: Viewer, teams: Sequence[CareTeam], region: str) -> Reader:
    return Reader(viewer.language, region, teams[0].time_zone if teams else "UTC")


def _members(session: Session, teams: Iterable[CareTeam]) -> Mapping[UUID, Sequence[StaffMember]]:
    found: dict[UUID, list[StaffMember]] = {team.id: [] for team in teams}
    rows = session.execute(
        sa.select(StaffMember, TeamMembership.care_team_id)
        .join(StaffMember.memberships)
        .where(
            TeamMembership.care_team_id.in_(found), TeamMembership.until_at.is_(None), StaffMember.ended_at.is_(None)
        )
    )
    for member, team_id in rows:
        found[team_id].append(member)
    return {team_id: sorted(members, key=lambda each: each.name.casefold()) for team_id, members in found.items()}


def _away(absence: Absence, now: datetime, reader: Reader) -> Away:
    return Away(
        id=absence.id,
        name=absence.staff_member.name,
        cover=absence.cover.name,
        first_day=reader.date(absence.from_at),
        back_on=reader.date(absence.until_at),
        has_begun=absence.from_at <= now,
    )


def _teams(
    session: Session,
    teams: Sequence[CareTeam],
    people: _People,
    shown: Mapping[UUID, Away],
    patients: Counter[Pair],
    language: str,
) -> Iterable[Team]:
    ids = [team.id for team in teams]
    flags, overdue = _flags(session, ids, people.now)
    covers = session.scalars(
        sa.select(SafetyCover).where(SafetyCover.care_team_id.in_(ids)).order_by(SafetyCover.weekday, SafetyCover.opens)
    ).all()
    readers = {
        each.id: each
        for each in session.scalars(
            sa.select(StaffMember).where(
                StaffMember.id.in_({cover.staff_member_id for cover in covers}), StaffMember.ended_at.is_(None)
            )
        )
    }

    def away(member: StaffMember) -> Away | None:
        absence = people.absence_now(member.id)
        return shown[absence.id] if absence else None

    def shifts(team: CareTeam) -> Iterable[Shift]:
        named = [cover for cover in covers if cover.care_team_id == team.id and cover.staff_member_id in readers]
        for weekday in sorted({*hours_of(team).week, *(cover.weekday for cover in named)}):
            on = [cover for cover in named if cover.weekday == weekday]
            for cover in on:
                reader = readers[cover.staff_member_id]
                yield Shift(weekday, cover.opens, cover.closes, reader.name, away(reader))
            if not on:
                yield Shift(weekday)

    for team in teams:
        yield Team(
            name=team.name,
            colleagues=tuple(
                Colleague(
                    name=member.name,
                    role=translate(language, ROLES[member.role], "staff"),
                    patients=patients[team.id, member.id],
                    flags=flags[team.id, member.id],
                    overdue=overdue[team.id, member.id],
                    away=away(member),
                )
                for member in people.members[team.id]
            ),
            shifts=tuple(shifts(team)),
        )


def _patients(session: Session, team_ids: Sequence[UUID]) -> Counter[Pair]:
    """Count the open episodes of each team by who is accountable: a handful of people, whatever the number."""
    rows = session.execute(
        sa.select(Episode.care_team_id, Episode.accountable_id, sa.func.count())
        .where(Episode.care_team_id.in_(team_ids), Episode.closed_at.is_(None))
        .group_by(Episode.care_team_id, Episode.accountable_id)
    )
    return Counter({(team_id, member_id): count for team_id, member_id, count in rows if member_id is not None})


def _flags(session: Session, team_ids: Sequence[UUID], now: datetime) -> tuple[Counter[Pair], Counter[Pair]]:
    late = sa.func.sum(sa.case((Flag.due_at < now, 1), else_=0))
    rows = session.execute(
        sa.select(Episode.care_team_id, Flag.owner_id, sa.func.count(), late)
        .join(Episode, Episode.id == Flag.episode_id)
        .where(Episode.care_team_id.in_(team_ids), Flag.closed_at.is_(None))
        .group_by(Episode.care_team_id, Flag.owner_id)
    ).all()
    return (
        Counter({(team_id, owner_id): count for team_id, owner_id, count, _ in rows}),
        Counter({(team_id, owner_id): int(count) for team_id, owner_id, _, count in rows}),
    )


def _orphans(session: Session, viewer: Viewer, people: _People, unseen: Sequence[Pair]) -> tuple[Orphan, ...]:
    pairs = sa.or_(
        *(
            sa.and_(Episode.care_team_id == team_id, Episode.accountable_id == member_id)
            for team_id, member_id in unseen
        )
    )
    episodes = session.scalars(
        episodes_visible_to(viewer)
        .where(Episode.closed_at.is_(None), pairs)
        .order_by(Episode.next_review_at, Episode.id)
        .limit(MOST_ORPHANS)
        .options(joinedload(Episode.patient), joinedload(Episode.care_team), joinedload(Episode.accountable))
    )
    return tuple(
        Orphan(
            patient_id=each.patient_id,
            name=each.patient.preferred_name,
            language=each.patient.language,
            team=each.care_team.name,
            words=_what_is_wrong(each.accountable, each.care_team_id, people, viewer.language),
        )
        for each in episodes
        if each.accountable is not None
    )


def _what_is_wrong(accountable: StaffMember, care_team_id: UUID, people: _People, language: str) -> str:
    if accountable.ended_at is not None:
        words = _LOGIN_ENDED
    elif accountable.id not in {each.id for each in people.members[care_team_id]}:
        words = _NOT_IN_TEAM
    else:
        words = _AWAY_UNCOVERED if accountable.role in CARERS else _CANNOT_RECORD
    return translate(language, words, "staff", name=accountable.name)
