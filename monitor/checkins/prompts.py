"""What messaging asks of check-ins: may this text still go, and what follows once it has gone."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session, joinedload

from monitor.care.models import Episode
from monitor.care.promises import has_cover
from monitor.checkins.models import CheckIn, CheckInState
from monitor.checkins.planning import asks_safety_item
from monitor.messaging import outbox
from monitor.messaging.models import Message, SkipReason
from monitor.messaging.quiet_hours import to_local
from monitor.messaging.texts import TextKind
from monitor.people.models import Channel, Purpose
from monitor.people.service import newest_consent, preference

NUDGES = ((TextKind.NUDGE, timedelta(hours=24)), (TextKind.LAST_NUDGE, timedelta(hours=72)))
"""After the reminder is known to have gone out, and with a growing gap (clinical fact sheet, part 2.3)."""
LAST_CHANCE = timedelta(hours=12)
"""No nudge for a check-in that closes before the patient could reasonably answer it."""


def may_go(session: Session, message: Message, now: datetime) -> SkipReason | None:
    """Read the state once more, just before sending. None: it may go."""
    check_in = session.get(
        CheckIn,
        message.check_in_id,
        options=[joinedload(CheckIn.episode).joinedload(Episode.care_team)],
        populate_existing=True,
    )
    if check_in is None or check_in.episode.closed_at is not None:
        return SkipReason.EPISODE_CLOSED
    if newest_consent(session, message.patient_id, Purpose.TEXTS) is not True:
        return SkipReason.NO_CONSENT
    if check_in.completed_at is not None:
        return SkipReason.ANSWERED
    if check_in.state(now) is not CheckInState.OPEN:
        return SkipReason.CHECK_IN_CLOSED
    if asks_safety_item(check_in.instruments) and not has_cover(session, check_in.episode.care_team):
        return SkipReason.NO_SAFETY_COVER
    wishes = preference(session, message.patient_id)
    if wishes is None or message.purpose is TextKind.NEW_LINK:
        return None
    today = to_local(now, message.patient.time_zone).date()
    paused = wishes.paused_until_on is not None and today < wishes.paused_until_on
    return SkipReason.PAUSED if paused or wishes.channel is not Channel.TEXT else None


def after_sent(session: Session, message: Message, now: datetime) -> None:
    """Queue the nudges of a reminder, counted from when it really went out."""
    if message.purpose not in (TextKind.REMINDER, TextKind.INVITATION) or message.check_in_id is None:
        return
    check_in = session.get_one(CheckIn, message.check_in_id)
    for purpose, gap in NUDGES:
        if now + gap + LAST_CHANCE < check_in.closes_at:
            outbox.queue(
                session,
                patient=message.patient,
                purpose=purpose,
                check_in_id=check_in.id,
                dedupe_key=f"{check_in.id}:{purpose.value}",
                due_at=now + gap,
                expires_at=min(check_in.closes_at, now + gap + timedelta(hours=36)),
                now=now,
            )
