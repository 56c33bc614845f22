"""A fresh link for somebody who asks for one: to the check-in that is open, or to a new one, since late is welcome."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.checkins.closing import hold
from monitor.checkins.models import OPEN, CheckIn, CheckInKind
from monitor.checkins.planning import WINDOW, add_check_in
from monitor.messaging import outbox
from monitor.messaging.models import Message
from monitor.messaging.quiet_hours import to_local
from monitor.messaging.texts import TextKind
from monitor.people.service import is_rung

ANSWERED_JUST_NOW = timedelta(hours=20)
NEW_LINKS_A_DAY = 3


def open_or_requested(session: Session, check_in: CheckIn, now: datetime) -> CheckIn | None:
    """Return what a patient who asks for a link can answer now: the open check-in, or a new one.

    None when they have just answered, or are no longer in care.
    """
    episode = check_in.episode
    hold(session, episode.id)
    if episode.closed_at is not None:
        return None
    ours = sa.select(CheckIn).where(CheckIn.episode_id == episode.id)
    waiting = session.scalars(
        ours.where(sa.text(OPEN), CheckIn.opens_at <= now, CheckIn.closes_at > now).order_by(CheckIn.due_at.desc())
    ).first()
    if waiting is not None:
        return waiting
    if session.scalars(ours.where(CheckIn.completed_at > now - ANSWERED_JUST_NOW)).first() is not None:
        return None
    today = to_local(now, check_in.patient.time_zone).date()
    return add_check_in(
        session,
        episode,
        check_in.instruments,
        CheckInKind.REQUESTED,
        today,
        due_at=now,
        closes_at=now + WINDOW,
        now=now,
        purpose=None,
    )


def queue_new_link(session: Session, check_in: CheckIn, now: datetime) -> None:
    """Text the link of a check-in to the number that staff enrolled; at most three a day, and none to who is rung."""
    if is_rung(session, check_in.patient_id):
        return
    sent_today = session.scalar(
        sa.select(sa.func.count())
        .select_from(Message)
        .where(
            Message.patient_id == check_in.patient_id,
            Message.purpose == TextKind.NEW_LINK,
            Message.created_at > now - timedelta(days=1),
        )
    )
    if (sent_today or 0) >= NEW_LINKS_A_DAY:
        return
    slot = int(now.timestamp()) // 600  # a second tap within ten minutes is the same wish
    outbox.queue(
        session,
        patient=check_in.patient,
        purpose=TextKind.NEW_LINK,
        check_in_id=check_in.id,
        dedupe_key=f"{check_in.id}:new_link:{slot}",
        due_at=now,
        expires_at=min(check_in.closes_at, now + timedelta(hours=12)),
        now=now,
    )
