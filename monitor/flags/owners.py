"""Whose work a new flag is: the accountable person's, but who has gone out of touch is for the team's coordinator.

Whoever is away has somebody who stands in for them, and work that nobody would do is the lead's.
"""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.care.models import Episode
from monitor.flags.kinds import FlagKind
from monitor.people.absences import lead_of, standing_in
from monitor.people.models import Role, StaffMember, TeamMembership

OUT_OF_TOUCH = frozenset({FlagKind.UNREACHABLE, FlagKind.OPTED_OUT})
"""About the way to a patient, not about how they are."""


def owner_of(session: Session, episode: Episode, kind: FlagKind, now: datetime) -> UUID | None:
    """Return who owns a new flag of this kind. None only for an episode that has ended and whose team has no lead."""
    whose = _coordinator(session, episode) if kind in OUT_OF_TOUCH else None
    whose = whose or episode.accountable_id
    if whose is None:
        return lead_of(session, episode.care_team_id, now)
    return standing_in(session, whose, now, episode.care_team_id)


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
