"""Who is told outside the program that something waits in it, and when. Written with what they tell of, sent later."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from monitor.care.promises import hours_of
from monitor.db import table
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag
from monitor.flags.notice_models import Notice, NoticeKind
from monitor.ids import new_id
from monitor.people.models import CareTeam, NoticeChannel, SafetyCover, StaffMember


@dataclass(frozen=True)
class Waiting:
    """As much of an open flag as a notice needs, and whom it is for."""

    flag_id: UUID
    kind: FlagKind
    whom: UUID


def flag_waits(session: Session, flag: Waiting, care_team: CareTeam, now: datetime) -> None:
    """Tell somebody that a flag of the same day waits for them; once a minute at most."""
    key = f"waits:{flag.flag_id}:{flag.whom}:{now:%Y%m%d%H%M}"
    due_at = _when(session, flag.kind, care_team, now)
    _write(session, flag.whom, NoticeKind.FLAG_WAITS, key, flag.flag_id, due_at, now)


def flag_overdue(session: Session, flag: Flag, whom: UUID, now: datetime) -> None:
    """Tell whom a flag has come to that it has run past its time; once for each level."""
    key = f"overdue:{flag.id}:{flag.escalation}:{whom}"
    due_at = _when(session, flag.kind, flag.episode.care_team, now)
    _write(session, whom, NoticeKind.FLAG_OVERDUE, key, flag.id, due_at, now)


def digest(session: Session, staff_member_id: UUID, day: str, now: datetime) -> None:
    """Send somebody their counts; once a day, however many teams they are in."""
    _write(session, staff_member_id, NoticeKind.DIGEST, f"digest:{staff_member_id}:{day}", None, now, now)


def given_up(session: Session) -> int:
    """Return how many notices never went: for doctor and the managers' page."""
    return session.scalar(sa.select(sa.func.count(Notice.given_up_at))) or 0


def late_notices(session: Session) -> int:
    """Return how many notices have been tried and have not gone yet."""
    found = sa.select(sa.func.count()).where(Notice.sent_at.is_(None), Notice.given_up_at.is_(None), Notice.tries > 0)
    return session.scalar(found) or 0


def _when(session: Session, kind: FlagKind, care_team: CareTeam, now: datetime) -> datetime:
    """Return when a notice may go: a safety answer's at once, any other when the service is open or covered."""
    hours = hours_of(care_team)
    if kind is FlagKind.SAFETY or hours.is_open(now) or _is_covered(session, care_team, now):
        return now
    return hours.next_opening(now)


def _is_covered(session: Session, care_team: CareTeam, now: datetime) -> bool:
    """Whether somebody is named to read safety answers at this hour of this weekday."""
    local = now.astimezone(ZoneInfo(care_team.time_zone))
    midnight = local.time().replace(hour=0, minute=0, second=0, microsecond=0)
    found = sa.exists().where(
        SafetyCover.care_team_id == care_team.id,
        SafetyCover.staff_member_id == StaffMember.id,
        StaffMember.ended_at.is_(None),
        SafetyCover.weekday == local.weekday(),
        SafetyCover.opens <= local.time(),
        sa.or_(SafetyCover.closes > local.time(), SafetyCover.closes == midnight),  # the midnight that ends the day
    )
    return session.scalar(sa.select(found)) is True


def _write(
    session: Session,
    staff_member_id: UUID,
    kind: NoticeKind,
    key: str,
    flag_id: UUID | None,
    due_at: datetime,
    now: datetime,
) -> None:
    """Write a notice once, whoever else does at the same time; by text for those who want that and have a number."""
    channel = session.scalar(
        sa.select(StaffMember.notices_by).where(StaffMember.id == staff_member_id, StaffMember._number.is_not(None))
    )
    row = {
        "id": new_id(),
        "staff_member_id": staff_member_id,
        "kind": kind,
        "channel": channel or NoticeChannel.EMAIL,
        "flag_id": flag_id,
        "dedupe_key": key,
        "created_at": now,
        "due_at": due_at,
        "tries": 0,
    }
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.execute(insert(table(Notice)).values(row).on_conflict_do_nothing(index_elements=["dedupe_key"]))
