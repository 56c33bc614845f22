"""Somebody's login ends, and nothing of theirs is left behind: patients and open flags go to a colleague with it."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.care.handoffs import caseload, check_can_take_over, hand_over_caseload
from monitor.care.kinds import HandoffReason
from monitor.care.models import Episode
from monitor.checkins.closing import hold
from monitor.errors import MonitorError
from monitor.flags.escalation import give
from monitor.flags.models import Flag
from monitor.people import roster
from monitor.people.models import StaffMember


@dataclass(frozen=True)
class HandedOver:
    """What a colleague has taken over."""

    episodes: int
    flags: int


class WorkLeft(MonitorError):
    """Somebody is accountable for patients or owns open flags, and nobody was named to take them over."""

    def __init__(self, work: HandedOver) -> None:
        super().__init__("nobody was named to take over the patients and open flags of whoever leaves")
        self.work = work


def leave(session: Session, email: str, hand_over_to: str | None, now: datetime) -> HandedOver:
    """End a login, with all patients and open flags handed to a colleague of the same teams: all of it or nothing.

    Raises UnknownStaffMember, WorkLeft when nobody is named and somebody has to be, and CannotTakeOver.
    """
    member = roster.by_email(session, email)
    session.refresh(member, with_for_update=True)  # nobody hands them a patient between our look and our commit
    flags = _open_flags(session, member)
    work = HandedOver(len(caseload(session, member.id)), len(flags))
    if hand_over_to is not None:
        to = roster.by_email(session, hand_over_to)
        if to.id == member.id:
            raise WorkLeft(work)
        hand_over_caseload(session, member, to, HandoffReason.DEPARTURE, None, now)
        teams = sa.select(Episode.care_team_id).where(Episode.id.in_({flag.episode_id for flag in flags}))
        check_can_take_over(session, to, set(session.scalars(teams)))
        for flag in flags:
            give(session, flag, to.id, now)
    elif work.episodes or work.flags:
        raise WorkLeft(work)
    roster.end_staff_member(session, email, now=now)
    return work


def _open_flags(session: Session, member: StaffMember) -> list[Flag]:
    """Return the open flags of somebody, with their episodes held."""
    owned = sa.select(Flag).where(Flag.owner_id == member.id, Flag.closed_at.is_(None)).order_by(Flag.episode_id)
    for episode_id in session.scalars(owned.with_only_columns(Flag.episode_id)).all():
        hold(session, episode_id)
    return list(session.scalars(owned, execution_options={"populate_existing": True}))
