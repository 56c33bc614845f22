"""A flag that runs past its time goes to the lead, then to the manager, then to both each working day; never away.

Nothing here closes a flag, puts it off or makes it less urgent.
"""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.audit import PROGRAM, record
from monitor.care.models import Episode
from monitor.care.pathways import in_force
from monitor.care.promises import hours_of
from monitor.checkins.closing import hold
from monitor.flags.clocks import next_level_at
from monitor.flags.kinds import FlagKind, Reached, Severity
from monitor.flags.models import Flag, FlagEvent, FlagEventKind
from monitor.flags.notices import Waiting, flag_overdue, flag_waits
from monitor.people.absences import lead_of, manager_of, standing_in
from monitor.people.models import Absence, StaffMember

_OPEN = Flag.closed_at.is_(None)


def due_to_wake(now: datetime) -> sa.Select[UUID]:
    """Return the query for open flags that were put off until now or earlier."""
    return sa.select(Flag.id).where(_OPEN, Flag.snoozed_until <= now).order_by(Flag.snoozed_until, Flag.id)


def wake(session: Session, flag_id: UUID, now: datetime) -> bool:
    """Bring back a flag whose time to sleep is over, due by the end of the working day. False when it is not asleep."""
    flag = _held(session, flag_id)
    if flag.closed_at is not None or flag.snoozed_until is None or flag.snoozed_until > now:
        return False
    flag.snoozed_until = None
    flag.due_at = max(flag.due_at, hours_of(flag.episode.care_team).end_of_working_day(now))
    flag.escalate_at = flag.due_at
    _happened(session, flag, FlagEventKind.WOKEN, now)
    return True


def due_to_hand_over(now: datetime) -> sa.Select[UUID]:
    """Return the query for open flags of those who are away until after the flag is due, or whose login has ended."""
    away = sa.exists().where(
        Absence.staff_member_id == Flag.owner_id,
        Absence.cancelled_at.is_(None),
        Absence.from_at <= now,
        Absence.until_at > now,
        Absence.until_at > sa.func.coalesce(Flag.snoozed_until, Flag.due_at),
    )
    return (
        sa.select(Flag.id)
        .join(StaffMember, StaffMember.id == Flag.owner_id)
        .where(_OPEN, sa.or_(away, StaffMember.ended_at.is_not(None)))
        .order_by(Flag.due_at, Flag.id)
    )


def hand_to_cover(session: Session, flag_id: UUID, now: datetime) -> bool:
    """Give a flag to whoever stands in for its owner. False when that is nobody else."""
    flag = _held(session, flag_id)
    to = standing_in(session, flag.owner_id, now, flag.episode.care_team_id)
    if flag.closed_at is not None or to == flag.owner_id:
        return False
    give(session, flag, to, now)
    if flag.severity is Severity.URGENT:
        flag_waits(session, Waiting(flag.id, flag.kind, to), flag.episode.care_team, now)
    return True


def due_to_escalate(now: datetime) -> sa.Select[UUID]:
    """Return the query for open flags that are not put off and whose time has run out, the longest overdue first."""
    awake = sa.or_(Flag.snoozed_until.is_(None), Flag.snoozed_until <= now)
    return sa.select(Flag.id).where(_OPEN, awake, Flag.escalate_at <= now).order_by(Flag.escalate_at, Flag.id)


def escalate(session: Session, flag_id: UUID, now: datetime) -> bool:
    """Take a flag one level up and tell whom it has come to. False when somebody was quicker."""
    flag = _held(session, flag_id)
    asleep = flag.snoozed_until is not None and flag.snoozed_until > now
    if flag.closed_at is not None or asleep or flag.escalate_at is None or flag.escalate_at > now:
        return False
    flag.escalation += 1
    reached, people = _whom(session, flag, now)
    lead = people[0]
    if flag.kind is FlagKind.SAFETY and flag.escalation == 1 and reached is Reached.LEAD and lead != flag.owner_id:
        give(session, flag, lead, now)
    episode = flag.episode
    policy = in_force(session, episode.pathway).pathway.flags
    flag.escalate_at = next_level_at(flag.kind, flag.escalation, now, hours_of(episode.care_team), policy)
    _happened(session, flag, FlagEventKind.ESCALATED, now, outcome=reached.value)
    for each in people:
        flag_overdue(session, flag, each, now)
    return True


def _whom(session: Session, flag: Flag, now: datetime) -> tuple[Reached, list[UUID]]:
    """Return whom a flag comes to at its level. Where the lead owned it all along, that is the manager at once."""
    team_id = flag.episode.care_team_id
    lead = lead_of(session, team_id, now) or standing_in(session, flag.owner_id, now, team_id)
    manager = manager_of(session, team_id, now)
    if manager is None or manager == lead or (flag.escalation == 1 and lead != flag.owner_id):
        return Reached.LEAD, [lead]
    if flag.escalation <= 2:
        return Reached.MANAGER, [manager]
    return Reached.BOTH, [lead, manager]


def _held(session: Session, flag_id: UUID) -> Flag:
    """Return a flag as it stands, with its episode held."""
    episode_id = session.scalars(sa.select(Flag.episode_id).where(Flag.id == flag_id)).one()
    hold(session, episode_id)
    return session.get_one(
        Flag, flag_id, options=[joinedload(Flag.episode).joinedload(Episode.care_team)], populate_existing=True
    )


def give(session: Session, flag: Flag, to: UUID, now: datetime) -> None:
    """Hand a flag of a held episode to another owner, by the program; the event keeps who owned it before."""
    before, flag.owner_id = flag.owner_id, to
    _happened(session, flag, FlagEventKind.HANDED_OVER, now, outcome=str(before))


def _happened(session: Session, flag: Flag, kind: FlagEventKind, now: datetime, *, outcome: str | None = None) -> None:
    """Write down what the program itself did."""
    session.add(FlagEvent(flag_id=flag.id, at=now, kind=kind, outcome=outcome, patient_id=flag.patient_id))
    record(session, PROGRAM, f"flag {kind.value}", "flag", flag.id, now=now)
