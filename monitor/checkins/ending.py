"""How care ends for a patient: nothing is asked, sent or agreed any more."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.care.models import Appointment, CloseReason, Episode
from monitor.checkins import lost_texts, planning
from monitor.checkins.closing import cancel_open, hold
from monitor.checkins.models import CancelReason
from monitor.messaging import outbox


def end_care(session: Session, episode: Episode, reason: CloseReason, now: datetime) -> None:
    """Close an episode, its plan, and what was still to come. Its flags stay until a person closes them."""
    hold(session, episode.id)
    cancel_open(session, episode.id, CancelReason.EPISODE_CLOSED, now)
    lost_texts.stop_dialogue(session, episode.patient_id, now)
    outbox.cancel_waiting(session, patient_id=episode.patient_id, now=now)
    ahead = sa.update(Appointment).where(
        Appointment.episode_id == episode.id,
        Appointment.starts_at > now,
        Appointment.attended_at.is_(None),
        Appointment.missed_at.is_(None),
        Appointment.cancelled_at.is_(None),
    )
    session.execute(ahead.values(cancelled_at=now).execution_options(synchronize_session="fetch"))
    plan = planning.open_plan(session, episode.id)
    if plan is not None:
        plan.until_at = now
    episode.closed_at, episode.close_reason, episode.next_review_at = now, reason, None
    session.flush()
