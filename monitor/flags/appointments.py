"""Appointments: the check-in that prepares one, and what the rules say once one was attended or missed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from monitor.access import OutOfScope
from monitor.audit import Actor, record
from monitor.care.models import Appointment, AppointmentState, Episode
from monitor.checkins import planning
from monitor.flags.service import evaluate


def agree(session: Session, episode: Episode, starts_at: datetime, *, staff_member_id: UUID, now: datetime) -> None:
    """Add an appointment and, if the plan wants one, the check-in before it."""
    appointment = Appointment(episode_id=episode.id, starts_at=starts_at)
    session.add(appointment)
    session.flush()
    planning.plan_for_appointment(session, episode, appointment, now)
    record(session, Actor("staff", staff_member_id), "added appointment", "patient", episode.patient_id, now=now)


def end(
    session: Session,
    episode: Episode,
    appointment_id: UUID,
    became: AppointmentState,
    *,
    staff_member_id: UUID,
    now: datetime,
) -> None:
    """Write down what became of a planned appointment. Raises OutOfScope when it is not one of this episode."""
    appointment = session.get(Appointment, appointment_id)
    if appointment is None or appointment.episode_id != episode.id:
        raise OutOfScope("appointment", appointment_id)
    if appointment.state is not AppointmentState.PLANNED:
        return
    match became:
        case AppointmentState.ATTENDED:
            appointment.attended_at = now
        case AppointmentState.MISSED:
            appointment.missed_at = now
        case AppointmentState.CANCELLED:
            appointment.cancelled_at = now
            planning.drop_for_appointment(session, appointment, now)
    session.flush()
    # The trail last: its lock is the one that everybody shares.
    evaluate(session, episode, now=now)
    record(session, Actor("staff", staff_member_id), f"appointment {became}", "patient", episode.patient_id, now=now)
