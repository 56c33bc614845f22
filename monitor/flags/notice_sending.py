"""Notices on their way to staff: by mail, or by text through the same gateway as everything else.

At least once: a try is counted before it is made, and what may have gone unrecorded goes again.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.clock import Clock
from monitor.db import Sessions, reading, unit_of_work
from monitor.flags.models import Flag
from monitor.flags.notice_models import Notice
from monitor.flags.notice_texts import Letter, letter
from monitor.flags.post import NotTaken, Post
from monitor.messaging.gateway import NotAccepted, SmsGateway
from monitor.people.models import NoticeChannel

log = logging.getLogger(__name__)

MOST_TRIES = 16
LONGEST_PAUSE = timedelta(hours=1)
"""Two minutes after the first try, twice as long after each further one, and then every hour: about eleven hours."""
IS_USEFUL = timedelta(hours=12)
"""For how long a network may keep trying to deliver a text."""


@dataclass(frozen=True)
class Ways:
    """How notices leave, and where their readers are sent."""

    post: Post
    gateway: SmsGateway
    staff_url: str
    region: str


@dataclass
class SendingReport:
    """What one pass came to, in notices."""

    sent: int = 0
    failed: int = 0
    down: set[NoticeChannel] = field(default_factory=set)
    """Ways that cannot be used at all now; nothing more is tried on them in this pass."""


def send_due(sessions: Sessions, clock: Clock, ways: Ways) -> SendingReport:
    """Send what is due, one notice at a time, until nothing is; any number of passes may run side by side."""
    report = SendingReport()
    while (notice_id := _next(sessions, clock(), report)) is not None:
        with unit_of_work(sessions) as session:
            claimed = _claim(session, notice_id, clock())
        if claimed:
            _send(sessions, clock, ways, notice_id, report)
    return report


def _next(sessions: Sessions, now: datetime, report: SendingReport) -> UUID | None:
    with reading(sessions) as session:
        return session.scalar(
            sa.select(Notice.id)
            .where(Notice.sent_at.is_(None), Notice.given_up_at.is_(None), Notice.due_at <= now)
            .where(Notice.channel.not_in(report.down))
            .order_by(Notice.due_at, Notice.id)
            .limit(1)
        )


def _claim(session: Session, notice_id: UUID, now: datetime) -> bool:
    """Count the try and put the next one off. False when another pass was first, or nothing is left to tell."""
    notice = session.get(Notice, notice_id, with_for_update=True)
    if notice is None or notice.sent_at or notice.given_up_at or notice.due_at > now:
        return False
    flag = session.get(Flag, notice.flag_id) if notice.flag_id else None
    if notice.staff_member.ended_at is not None or (flag is not None and flag.closed_at is not None):
        session.delete(notice)
        return False
    notice.tries += 1
    notice.due_at = now + min(timedelta(minutes=2**notice.tries), LONGEST_PAUSE)
    return True


def _send(sessions: Sessions, clock: Clock, ways: Ways, notice_id: UUID, report: SendingReport) -> None:
    try:
        _written(sessions, clock(), ways, notice_id)()
    except Exception as error:  # one bad notice must not stop the others; what it says may hold an address
        log.warning("notice %s: not sent: %s", notice_id, _why(error))
        report.failed += 1
        with unit_of_work(sessions) as session:
            notice = session.get_one(Notice, notice_id)
            if isinstance(error, NotAccepted) or (isinstance(error, NotTaken) and error.nobody_there):
                report.down.add(notice.channel)
            if notice.tries >= MOST_TRIES:
                notice.given_up_at = clock()
                log.error("notice %s: given up", notice_id)
        return
    _note_sent(sessions, notice_id, clock())
    report.sent += 1


def _note_sent(sessions: Sessions, notice_id: UUID, now: datetime) -> None:
    with unit_of_work(sessions) as session:
        session.get_one(Notice, notice_id).sent_at = now


def _written(sessions: Sessions, now: datetime, ways: Ways, notice_id: UUID) -> Callable[[], object]:
    """Return the sending itself, with everything read that it needs: no transaction is open while it lasts."""
    with reading(sessions) as session:
        notice = session.get_one(Notice, notice_id, options=[joinedload(Notice.staff_member)])
        words: Letter = letter(session, notice, now, staff_url=ways.staff_url, region=ways.region)
        member = notice.staff_member
        to = member.number if notice.channel is NoticeChannel.TEXT else member.email
        by_text = notice.channel is NoticeChannel.TEXT
    if by_text:
        return lambda: ways.gateway.send(to, words.body, notice_id, valid_for=IS_USEFUL)
    return lambda: ways.post.send(to, words.subject, words.body, notice_id, now)


def _why(error: Exception) -> str:
    return f"{type(error).__name__} {error.code}" if isinstance(error, NotTaken | NotAccepted) else type(error).__name__
