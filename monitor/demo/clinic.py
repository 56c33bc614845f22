"""Riverside Talking Support itself: its teams, their hours, and who works there. Nobody here exists."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy.orm import Session

from monitor.care.service_hours import ServiceHours
from monitor.flags.escalation import due_to_hand_over, hand_to_cover
from monitor.people.absences import record_absence
from monitor.people.models import CareTeam, Role, SafetyCover, StaffMember, TeamMembership
from monitor.people.sign_in import email_hash, hash_password

SERVICE, SENDER = "Riverside Talking Support", "Riverside"
PASSWORD = "riverside-demonstration"  # noqa: S105  # printed at every start, for people who do not exist
FOUNDED_BEFORE = timedelta(days=400)
AWAY_SINCE, AWAY_FOR = timedelta(days=2), timedelta(days=7)
"""The clinician of the third team is away this week, and its supervisor stands in."""


@dataclass(frozen=True)
class TeamPlan:
    """A team as it is founded. The number is one that Ofcom keeps for fiction."""

    name: str
    zone: str
    country: str
    phone: str
    week: tuple[tuple[time, time], ...]
    """Opening and closing from Monday on."""


TEAMS = (
    TeamPlan("North", "Europe/London", "GB", "+441632960101", ((time(9), time(17)),) * 5),
    TeamPlan("East", "Europe/London", "GB", "+441632960102", ((time(8), time(18)),) * 5),
    TeamPlan("South", "Europe/Dublin", "IE", "+441632960103", (*((time(9), time(17, 30)),) * 4, (time(9), time(16)))),
)


@dataclass(frozen=True)
class Colleague:
    """Somebody who works there; `team` counts from 0."""

    name: str
    role: Role
    team: int | None
    language: str = "en"

    @property
    def email(self) -> str:
        """An address under a domain that is kept for examples (RFC 2606)."""
        return f"{self.name.split()[0].lower()}@riverside.example"

    @property
    def totp_secret(self) -> str:
        """The same at every start, so that an authenticator app that knows it keeps working."""
        return base64.b32encode(hashlib.sha256(self.email.encode()).digest()[:20]).decode()


STAFF = (
    Colleague("Ines Millrace", Role.CLINICIAN, 0),
    Colleague("Aisha Towpath", Role.COORDINATOR, 0),
    Colleague("Tomas Lockgate", Role.SUPERVISOR, 0),
    Colleague("Jonas Bridgewell", Role.CLINICIAN, 1),
    Colleague("Bea Ferrystep", Role.COORDINATOR, 1, language="es"),
    Colleague("Mei Sluicegate", Role.SUPERVISOR, 1),
    Colleague("Ada Quayside", Role.CLINICIAN, 2),
    Colleague("Ruben Weirkeeper", Role.SUPERVISOR, 2),
    Colleague("Clara Headwater", Role.MANAGER, None),
    Colleague("Sam Tidemark", Role.ADMINISTRATOR, None),
)


@dataclass(frozen=True)
class Clinic:
    """The teams and who works in each, as rows."""

    teams: tuple[CareTeam, ...]
    staff: tuple[tuple[Colleague, StaffMember], ...]
    away_from: datetime

    def member(self, team: int, *roles: Role) -> StaffMember:
        """Return the first of a team in the first of these roles that the team has."""
        found = {colleague.role: row for colleague, row in self.staff if colleague.team == team}
        return next(found[role] for role in roles if role in found)

    def accountable_for(self, team: int, number: int) -> StaffMember:
        """Return who is accountable for a patient: supervisors carry a third of the caseload."""
        return self.member(team, Role.SUPERVISOR if number % 3 == 0 else Role.CLINICIAN)

    @property
    def away(self) -> StaffMember:
        """Who is away this week."""
        return self.member(2, Role.CLINICIAN)

    def there(self, member: StaffMember, now: datetime) -> StaffMember:
        """Return who does somebody's work at a moment of the past."""
        return self.member(2, Role.SUPERVISOR) if member is self.away and now >= self.away_from else member

    def leave(self, session: Session, now: datetime) -> None:
        """Let one of them be away for a week: flags that fall due meanwhile go to whoever stands in."""
        cover, until = self.there(self.away, now), now + AWAY_FOR
        record_absence(session, self.away, now, until, cover, cover, now)
        for flag_id in session.scalars(due_to_hand_over(now)).all():
            hand_to_cover(session, flag_id, now)


def found(session: Session, now: datetime) -> Clinic:
    """Write down the teams, the staff and who reads safety answers on which weekday."""
    teams = tuple(_team(plan, now) for plan in TEAMS)
    password_hash = hash_password(PASSWORD)
    staff = tuple((colleague, _staff_member(colleague, password_hash)) for colleague in STAFF)
    session.add_all((*teams, *(row for _, row in staff)))
    session.flush()
    clinic = Clinic(teams, staff, now - AWAY_SINCE)
    for colleague, row in staff:
        if colleague.team is not None:
            team_id = teams[colleague.team].id
            session.add(TeamMembership(staff_member_id=row.id, care_team_id=team_id, from_at=now - FOUNDED_BEFORE))
    for number, (plan, team) in enumerate(zip(TEAMS, teams, strict=True)):
        reader = clinic.member(number, Role.CLINICIAN)
        for weekday, (opens, closes) in enumerate(plan.week):
            session.add(
                SafetyCover(
                    care_team_id=team.id, staff_member_id=reader.id, weekday=weekday, opens=opens, closes=closes
                )
            )
    session.flush()
    return clinic


def _team(plan: TeamPlan, now: datetime) -> CareTeam:
    years = (now.year - 1, now.year, now.year + 1)
    holidays = frozenset(date(year, month, day) for year in years for month, day in ((1, 1), (12, 25), (12, 26)))
    hours = ServiceHours(dict(enumerate(plan.week)), holidays, plan.zone)
    return CareTeam(
        name=plan.name,
        time_zone=plan.zone,
        country=plan.country,
        phone=plan.phone,
        service_hours=hours.to_json(),
    )


def _staff_member(colleague: Colleague, password_hash: str) -> StaffMember:
    return StaffMember(
        name=colleague.name,
        email=colleague.email,
        email_hash=email_hash(colleague.email),
        role=colleague.role,
        language=colleague.language,
        password_hash=password_hash,
        totp_secret=colleague.totp_secret,
        totp_last_step=0,
    )
