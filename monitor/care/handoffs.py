"""Somebody leaves, and all their patients go to a colleague at once: nobody is without an accountable person."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.audit import PROGRAM, Actor, record
from monitor.care.intake_models import Handoff
from monitor.care.kinds import HandoffReason
from monitor.care.models import Episode
from monitor.errors import MonitorError
from monitor.people.absences import teams_of_member
from monitor.people.models import StaffMember
from monitor.people.teams import CARERS


class CannotTakeOver(MonitorError):
    """This person cannot be accountable for these patients: their login has ended, their role or teams are others."""


def check_can_take_over(session: Session, to: StaffMember, care_team_ids: Collection[UUID]) -> None:
    """Raise CannotTakeOver unless somebody can be accountable in each of some teams."""
    if to.ended_at is not None or to.role not in CARERS:
        raise CannotTakeOver("whoever takes over needs a login of their own, and a role that cares for patients")
    if not set(care_team_ids) <= teams_of_member(session, to.id):
        raise CannotTakeOver("whoever takes over must be in each team of these patients")


def caseload(session: Session, staff_member_id: UUID) -> list[Episode]:
    """Return the open episodes that somebody is accountable for, held until our transaction ends."""
    return list(
        session.scalars(
            sa.select(Episode)
            .where(Episode.accountable_id == staff_member_id, Episode.closed_at.is_(None))
            .order_by(Episode.id)  # one order for all, so that no two wait for each other
            .with_for_update(of=Episode, key_share=True)
            .options(joinedload(Episode.patient))
        )
    )


def hand_over_caseload(
    session: Session,
    from_member: StaffMember,
    to: StaffMember,
    reason: HandoffReason,
    decided_by: StaffMember | None,
    now: datetime,
) -> int:
    """Make a colleague accountable for every open episode of somebody; return how many. Their flags are not touched.

    `decided_by` is None for whoever runs the machine. Raises CannotTakeOver, and then nothing has changed.
    """
    episodes = caseload(session, from_member.id)
    check_can_take_over(session, to, {each.care_team_id for each in episodes})
    by = Actor("staff", decided_by.id) if decided_by else PROGRAM
    for episode in episodes:
        episode.accountable_id = to.id
        session.add(
            Handoff(
                episode_id=episode.id,
                at=now,
                from_id=from_member.id,
                to_id=to.id,
                decided_by_id=decided_by.id if decided_by else None,
                from_team_id=episode.care_team_id,
                to_team_id=episode.care_team_id,
                reason=reason,
                patient=episode.patient,
                patient_id=episode.patient_id,
            )
        )
        record(session, by, "episode handed over", "episode", episode.id, now=now)
    session.flush()
    return len(episodes)
