"""What a notice says: that something waits, by when, and where to look. Never who, what kind, or a score."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.flags.digests import counts
from monitor.flags.due import Reader
from monitor.flags.models import Flag
from monitor.flags.notice_models import Notice, NoticeKind
from monitor.i18n import N_, SOURCE_LANGUAGE, STAFF_LANGUAGES
from monitor.people.models import CareTeam, StaffMember, TeamMembership

SUBJECT = N_("Something waits in the program")
WAITS = N_("A check-in needs review by %(when)s.")
OVERDUE = N_("A check-in was due for review by %(when)s and still waits. It has come to you.")
DIGEST = N_(
    "Due today: %(today)s. Past their time: %(late)s. "
    "Reviews due today: %(reviews)s. Reviews past their date: %(breached)s."
)
OPEN = N_("Open the program: %(url)s")


@dataclass(frozen=True)
class Letter:
    """A notice in words; a text message has no subject."""

    subject: str
    body: str


def letter(session: Session, notice: Notice, now: datetime, *, staff_url: str, region: str) -> Letter:
    """Return a notice in its reader's language; times are those of the team's clock."""
    member = notice.staff_member
    language = member.language if member.language in STAFF_LANGUAGES else SOURCE_LANGUAGE
    reader = Reader(language, region, _zone(session, notice))
    body = f"{_said(session, notice, now, reader)} {reader.say(OPEN, url=staff_url)}"
    return Letter(reader.say(SUBJECT), body)


def _said(session: Session, notice: Notice, now: datetime, reader: Reader) -> str:
    if notice.flag_id is None:
        found = counts(session, [notice.staff_member_id], now, ZoneInfo(reader.zone))[notice.staff_member_id]
        return reader.say(
            DIGEST,
            today=found.due_today,
            late=found.overdue,
            reviews=found.reviews_due,
            breached=found.breached,
        )
    due_at = session.get_one(Flag, notice.flag_id).due_at
    return reader.say(WAITS if notice.kind is NoticeKind.FLAG_WAITS else OVERDUE, when=_when(due_at, now, reader))


def _when(at: datetime, now: datetime, reader: Reader) -> str:
    if reader.local(at).date() == reader.local(now).date():
        return reader.time(at)
    return reader.say(N_("%(date)s, %(time)s"), date=reader.date(at), time=reader.time(at))


def _zone(session: Session, notice: Notice) -> str:
    """Return the zone of the flag's team, or of the first team of whoever reads it."""
    if notice.flag_id is not None:
        return session.get_one(Flag, notice.flag_id).episode.care_team.time_zone
    zone = session.scalar(
        sa.select(CareTeam.time_zone)
        .join(TeamMembership, TeamMembership.care_team_id == CareTeam.id)
        .join(StaffMember, StaffMember.id == TeamMembership.staff_member_id)
        .where(StaffMember.id == notice.staff_member_id, TeamMembership.until_at.is_(None))
        .order_by(TeamMembership.from_at)
        .limit(1)
    )
    return zone or "UTC"
