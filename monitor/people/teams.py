"""A viewer's own teams and who works in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.access import POLICY, Action, Viewer
from monitor.people.models import CareTeam, SafetyCover, StaffMember, TeamMembership

CARERS = frozenset(role for role, actions in POLICY.items() if Action.RECORD in actions)
"""The roles that can be accountable for a patient or own a flag."""


@dataclass(frozen=True)
class Team:
    """A team of the viewer; `covered` when somebody is named who reads its safety answers."""

    id: UUID
    name: str
    country: str
    zone: str
    covered: bool


@dataclass(frozen=True)
class Carer:
    """A member of a team who can be accountable."""

    id: UUID
    team_id: UUID
    name: str


def somebody_covers(care_team_id: sa.SQLColumnExpression[UUID]) -> sa.Exists:
    """Return the condition that a person who still works here reads a team's safety answers."""
    return sa.exists().where(
        SafetyCover.care_team_id == care_team_id,
        SafetyCover.staff_member_id == StaffMember.id,
        StaffMember.ended_at.is_(None),
    )


def teams_of(session: Session, viewer: Viewer) -> Sequence[Team]:
    """Return the viewer's teams by name."""
    covered = somebody_covers(CareTeam.id)
    found = session.execute(
        sa.select(CareTeam, covered).where(CareTeam.id.in_(viewer.team_ids)).order_by(CareTeam.name)
    )
    return [Team(team.id, team.name, team.country, team.time_zone, is_covered) for team, is_covered in found]


def first_team(session: Session, team_ids: Sequence[UUID]) -> CareTeam | None:
    """Return the first of some teams by name: what holds for it serves as an example."""
    return session.scalars(sa.select(CareTeam).where(CareTeam.id.in_(team_ids)).order_by(CareTeam.name)).first()


def carers(session: Session, team_ids: Sequence[UUID]) -> Sequence[Carer]:
    """Return who can be accountable in some teams, by name."""
    found = session.execute(
        sa.select(StaffMember, TeamMembership.care_team_id)
        .join(StaffMember.memberships)
        .where(
            TeamMembership.care_team_id.in_(team_ids),
            TeamMembership.until_at.is_(None),
            StaffMember.ended_at.is_(None),
            StaffMember.role.in_(CARERS),
        )
    )
    people = [Carer(member.id, team_id, member.name) for member, team_id in found]
    return sorted(people, key=lambda each: each.name.casefold())
