"""Whose work a new flag is: the accountable person's, but who has gone out of touch is for the team's coordinator."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.care.models import Episode
from monitor.flags.kinds import FlagKind
from monitor.people.models import Role, StaffMember, TeamMembership

OUT_OF_TOUCH = frozenset({FlagKind.UNREACHABLE, FlagKind.OPTED_OUT})
"""About the way to a patient, not about how they are."""


def owner_of(session: Session, episode: Episode, kind: FlagKind) -> UUID | None:
    """Return who owns a new flag of this kind; of several coordinators the one who has been in the team longest."""
    if kind not in OUT_OF_TOUCH:
        return episode.accountable_id
    coordinator = session.scalar(
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
    return coordinator or episode.accountable_id
