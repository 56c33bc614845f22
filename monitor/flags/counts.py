"""How many flags each team has open: workload, and no person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.care.models import Episode
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag
from monitor.people.models import CareTeam


@dataclass(frozen=True)
class TeamCount:
    """The open flags of one team."""

    team: str
    open: int
    safety: int
    overdue: int


def counts(session: Session, now: datetime) -> Sequence[TeamCount]:
    """Return every team of the service by name."""

    def number(*conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
        return (
            sa.select(sa.func.count())
            .select_from(Flag)
            .join(Episode, Episode.id == Flag.episode_id)
            .where(Episode.care_team_id == CareTeam.id, Flag.closed_at.is_(None), *conditions)
            .correlate(CareTeam)
            .scalar_subquery()
        )

    found = session.execute(
        sa.select(CareTeam.name, number(), number(Flag.kind == FlagKind.SAFETY), number(Flag.due_at < now)).order_by(
            CareTeam.name
        )
    )
    return [TeamCount(*row) for row in found]
