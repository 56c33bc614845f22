"""What messaging asks of check-ins: may this text still go, and what follows once it has gone."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session, joinedload

from monitor.care.models import Appointment, Episode
from monitor.care.promises import has_cover
from monitor.checkins import appointment_texts, catch_up
from monitor.checkins.models import CheckIn, CheckInState
from monitor.checkins.planning import REMINDER_IS_USEFUL, asking_key, asking_text, asks_safety_item
from monitor.messaging import outbox
from monitor.messaging.followers import Obstacle
from monitor.messaging.models import Message, SkipReason
from monitor.messaging.quiet_hours import to_local
from monitor.messaging.texts import TextKind
from monitor.people.models import Purpose
from monitor.people.service import is_rung, newest_consent, preference

NUDGES = ((TextKind.NUDGE, timedelta(hours=24)), (TextKind.LAST_NUDGE, timedelta(hours=72)))
"""After the reminder is known to have gone out, and with a growing gap (clinical fact sheet, part 2.3)."""
LAST_CHANCE = timedelta(hours=12)
"""No nudge for a check-in that closes before the patient could reasonably answer it."""
WRITES_TO_US = frozenset({TextKind.REPLY, TextKind.SUPPORT})
"""Whoever has just written is answered, whatever they have agreed to: so is the wish for no more texts."""
IS_THERE = frozenset({TextKind.NEW_LINK, TextKind.QUESTION})
"""The patient is waiting for such a text, so neither a break nor a backlog holds it up."""


def may_go(session: Session, message: Message, now: datetime) -> Obstacle:
    """Read the state once more, just before sending. None: it may go."""
    if message.purpose in WRITES_TO_US:
        return None
    if message.purpose is TextKind.APPOINTMENT:
        return _may_remind(session, message)
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
    if is_rung(session, message.patient_id):
        return SkipReason.PAUSED
    if check_in.completed_at is not None:
        return SkipReason.ANSWERED
    if check_in.state(now) is not CheckInState.OPEN:
        return SkipReason.CHECK_IN_CLOSED
    if asks_safety_item(check_in.instruments) and not has_cover(session, check_in.episode.care_team):
        return SkipReason.NO_SAFETY_COVER
    if message.purpose in IS_THERE:
        return None
    if _is_paused(session, message, now):
        return SkipReason.PAUSED
    if catch_up.is_stale(session, message, check_in, now):
        return SkipReason.STALE
    return catch_up.turn(session, message, now)


def after_sent(session: Session, message: Message, now: datetime) -> None:
    """Let the time to answer, and to nudge, run from when a check-in was really asked for."""
    if message.check_in_id is None or not _asks_first(message):
        return
    check_in = session.get_one(CheckIn, message.check_in_id)
    if message.again_for_id is None:
        catch_up.make_up_for(check_in, message.intent_at or now)
    wishes = preference(session, message.patient_id)
    by_text = asking_text(message.patient, check_in.instruments, wishes) is TextKind.BY_TEXT
    for purpose, gap in NUDGES:
        if now + gap + LAST_CHANCE < check_in.closes_at:
            outbox.queue(
                session,
                patient=message.patient,
                # After either a "1" begins, or goes on; the last one says that no other follows.
                purpose=TextKind.BY_TEXT if by_text and purpose is TextKind.NUDGE else purpose,
                check_in_id=check_in.id,
                dedupe_key=asking_key(check_in.id, purpose),
                due_at=now + gap,
                expires_at=min(check_in.closes_at, now + gap + REMINDER_IS_USEFUL),
                now=now,
            )


def _asks_first(message: Message) -> bool:
    """Return whether this is the text that asks for its check-in, itself or tried again, and no nudge."""
    if message.check_in_id is None or message.purpose not in catch_up.ASKING:
        return False
    return message.dedupe_key.startswith(asking_key(message.check_in_id, message.purpose))


def _may_remind(session: Session, message: Message) -> SkipReason | None:
    """Say whether an appointment is still as its text has it. A break from questions is none from appointments."""
    appointment = session.get(Appointment, message.appointment_id, populate_existing=True)
    if appointment is None or not appointment_texts.is_true(message, appointment):
        return SkipReason.APPOINTMENT_CHANGED
    if session.get_one(Episode, appointment.episode_id, populate_existing=True).closed_at is not None:
        return SkipReason.EPISODE_CLOSED
    if newest_consent(session, message.patient_id, Purpose.TEXTS) is not True:
        return SkipReason.NO_CONSENT
    return SkipReason.PAUSED if is_rung(session, message.patient_id) else None


def _is_paused(session: Session, message: Message, now: datetime) -> bool:
    wishes = preference(session, message.patient_id)
    if wishes is None:
        return False
    today = to_local(now, message.patient.time_zone).date()
    return wishes.paused_until_on is not None and today < wishes.paused_until_on
