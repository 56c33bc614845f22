"""Whose work a new flag is: the accountable person's, but who has gone out of touch is for the team's coordinator, and
what follows a step-down for the patient's own.

Whoever is away has somebody who stands in for them, and work that nobody would do is the lead's.
"""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.care.intake_models import CareRoleAssignment
from monitor.care.kinds import CareRole
from monitor.care.models import Episode
from monitor.flags.kinds import FlagKind
from monitor.people.absences import lead_of, standing_in
from monitor.people.models import Role, StaffMember, TeamMembership

OUT_OF_TOUCH = frozenset({FlagKind.UNREACHABLE, FlagKind.OPTED_OUT})
"""About the way to a patient, not about how they are."""
AFTER_STEP_DOWN = frozenset({FlagKind.RELAPSE_SIGNAL, FlagKind.RE_ENTRY})
"""Whoever owns the relapse plan is the patient's coordinator, and acts on a sign, on silence and on a way back."""


def owner_of(session: Session, episode: Episode, kind: FlagKind, now: datetime) -> UUID | None:
    """Return who owns a new flag of this kind. None only for an episode that has ended and whose team has no lead."""
    whose = _own_coordinator(session, episode) if kind in AFTER_STEP_DOWN else None
    if whose is None and kind in OUT_OF_TOUCH | AFTER_STEP_DOWN:
        whose = _coordinator(session, episode)
    whose = whose or episode.accountable_id
    if whose is None:
        return lead_of(session, episode.care_team_id, now)
    return standing_in(session, whose, now, episode.care_team_id)


def _own_coordinator(session: Session, episode: Episode) -> UUID | None:
    """Return who holds the care role of coordinator, while they work in the team."""
    newest = (
        sa.select(CareRoleAssignment.staff_member_id)
        .where(CareRoleAssignment.episode_id == episode.id, CareRoleAssignment.role == CareRole.COORDINATOR)
        .order_by(CareRoleAssignment.from_at.desc(), CareRoleAssignment.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return session.scalar(
        sa.select(StaffMember.id)
        .join(StaffMember.memberships)
        .where(
            StaffMember.id == newest,
            StaffMember.ended_at.is_(None),
            TeamMembership.care_team_id == episode.care_team_id,
            TeamMembership.until_at.is_(None),
        )
        .limit(1)
    )


def _coordinator(session: Session, episode: Episode) -> UUID | None:
    """Return the team's coordinator: the accountable person, else whoever has been in the team longest."""
    return session.scalar(
        sa.select(StaffMember.id)
        .join(StaffMember.memberships)
        .where(
            StaffMember.role == Role.COORDINATOR,
            StaffMember.ended_at.is_(None),
            TeamMembership.care_team_id == episode.care_team_id,
            TeamMembership.until_at.is_(None),
        )
        .order_by(StaffMember.id != episode.accountable_id, TeamMembership.from_at, StaffMember.id)
        .limit(1)
    )
