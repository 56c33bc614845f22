"""Who is lead clinician, coordinator or overseer of medication for a patient, besides the accountable person."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.audit import Actor, record
from monitor.care.intake_models import CareRoleAssignment
from monitor.care.kinds import CareRole
from monitor.care.models import Episode
from monitor.errors import MonitorError
from monitor.people.teams import carers

Holders = Mapping[CareRole, CareRoleAssignment]


class NotACarer(MonitorError):
    """This staff member does not work in the patient's team, or cares for nobody."""


def assign(
    session: Session, episode: Episode, role: CareRole, holder_id: UUID, *, decided_by_id: UUID, now: datetime
) -> bool:
    """Say who holds a care role from now on. False when they held it already: nothing is written. Raises NotACarer.

    The caller holds the episode.
    """
    if holder_id not in {each.id for each in carers(session, [episode.care_team_id])}:
        raise NotACarer("a care role is held by somebody who works in the patient's own team")
    held = current(session, [episode.id])[episode.id].get(role)
    if held is not None and held.staff_member_id == holder_id:
        return False
    session.add(
        CareRoleAssignment(
            episode_id=episode.id, role=role, staff_member_id=holder_id, from_at=now, decided_by_id=decided_by_id
        )
    )
    session.flush()
    record(session, Actor("staff", decided_by_id), "care role assigned", "episode", episode.id, now=now)
    return True


def current(session: Session, episode_ids: Iterable[UUID]) -> Mapping[UUID, Holders]:
    """Return who holds which care role now, for each of some episodes."""
    found: dict[UUID, dict[CareRole, CareRoleAssignment]] = {episode_id: {} for episode_id in episode_ids}
    rows = session.scalars(
        sa.select(CareRoleAssignment)
        .where(CareRoleAssignment.episode_id.in_(found))
        .order_by(CareRoleAssignment.from_at, CareRoleAssignment.id)
        .options(joinedload(CareRoleAssignment.staff_member))
    )
    for row in rows:  # the newest of a role comes last and stays
        found[row.episode_id][row.role] = row
    return found
