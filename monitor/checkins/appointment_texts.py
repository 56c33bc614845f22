"""When an appointment is, by text: a time and a neutral word, never what for, where or with whom.

A text is written down days before it goes, since that survives a night in which we stand still. It says a time, so any
change of appointment, language or zone takes it back, and the next look ahead writes another.
"""

import logging
from datetime import datetime, time, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.care.models import Appointment, AppointmentState, Episode
from monitor.i18n import N_, format_date, format_time, translate
from monitor.messaging import outbox
from monitor.messaging.models import WAITING, Message, MessageState, SkipReason
from monitor.messaging.quiet_hours import next_opening, to_local, to_utc
from monitor.messaging.texts import TextKind
from monitor.people.models import Channel, Consent, ContactPreference, Patient, Purpose

log = logging.getLogger(__name__)

AHEAD = timedelta(hours=72)
"""The text exists this long before the appointment: a day or two before it is due."""
DAY_BEFORE = timedelta(hours=24)
STILL_OF_USE = timedelta(hours=2)
"""Local protocol: later than this before an appointment nobody changes their way any more."""

TEXT = N_("%(sender)s: your appointment is on %(day)s at %(time)s.")


def queue_ahead(session: Session, now: datetime, *, sender: str) -> int:
    """Queue the texts of the appointments of the days ahead; return how many are new. Called as often as one likes."""
    queued = 0
    for appointment, patient, hour, earlier in session.execute(_wanting(now)).all():
        try:
            with session.begin_nested():
                queued += _queue(session, appointment, patient, hour, earlier, sender, now)
        except Exception as error:  # one bad row must not stop the others
            log.error("appointment %s: no text: %s", appointment.id, type(error).__name__)
    return queued


def _queue(
    session: Session, appointment: Appointment, patient: Patient, hour: time, earlier: int, sender: str, now: datetime
) -> bool:
    due_at = _due_at(appointment.starts_at, patient.time_zone, hour, now)
    if due_at is None:
        return False
    queued = outbox.queue(
        session,
        patient=patient,
        purpose=TextKind.APPOINTMENT,
        appointment_id=appointment.id,
        dedupe_key=f"{_key(appointment, patient)}{earlier}",
        prepared=_body(appointment.starts_at, patient, sender),
        due_at=due_at,
        expires_at=appointment.starts_at - STILL_OF_USE,
        now=now,
    )
    return queued is not None


def drop(session: Session, appointment_id: UUID, now: datetime) -> None:
    """Take back the text of an appointment that will not be, or not then."""
    outbox.cancel_waiting(session, appointment_id=appointment_id, now=now)


def drop_all(session: Session, patient: Patient, now: datetime) -> None:
    """Take back a patient's texts about appointments, to be written anew in another language or for another hour."""
    waiting = sa.select(Message.appointment_id).where(
        Message.patient_id == patient.id, Message.appointment_id.is_not(None), Message.state.in_(WAITING)
    )
    for appointment_id in session.scalars(waiting).all():
        if appointment_id is not None:
            drop(session, appointment_id, now)


def is_true(message: Message, appointment: Appointment) -> bool:
    """Return whether a text still says when its appointment is, on the patient's wall and in their language."""
    is_planned = appointment.state is AppointmentState.PLANNED
    return is_planned and message.dedupe_key.startswith(_key(appointment, message.patient))


def _wanting(now: datetime) -> sa.Select[Appointment, Patient, time, int]:
    """Select the appointments to come of patients who get texts and have none about them, with the patient's hour.

    Last, how many texts about it were taken back.
    """
    ours = sa.and_(Message.patient_id == Patient.id, Message.appointment_id == Appointment.id)  # found by the patient
    taken_back = sa.or_(
        Message.state == MessageState.CANCELLED,
        sa.func.coalesce(Message.skip_reason, "") == SkipReason.APPOINTMENT_CHANGED,
    )
    newest_wish = (
        sa.select(ContactPreference.id)
        .where(ContactPreference.patient_id == Patient.id)
        .order_by(ContactPreference.from_at.desc(), ContactPreference.id.desc())
        .limit(1)
        .correlate(Patient)
        .scalar_subquery()
    )
    agreed = (
        sa.select(Consent.granted)
        .where(Consent.patient_id == Patient.id, Consent.purpose == Purpose.TEXTS)
        .order_by(Consent.at.desc(), Consent.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    earlier = sa.select(sa.func.count(Message.id)).where(ours).scalar_subquery()
    return (
        sa.select(Appointment, Patient, ContactPreference.at, earlier)
        .join(Episode, Episode.id == Appointment.episode_id)
        .join(Patient, Patient.id == Episode.patient_id)
        .join(ContactPreference, ContactPreference.id == newest_wish)
        .where(
            Appointment.starts_at > now + STILL_OF_USE,
            Appointment.starts_at <= now + AHEAD,
            Appointment.cancelled_at.is_(None),
            Episode.closed_at.is_(None),
            ContactPreference.channel == Channel.TEXT,
            agreed.is_(True),
            ~sa.select(Message.id).where(ours, ~taken_back).exists(),
        )
        .order_by(Appointment.starts_at, Appointment.id)
    )


def _due_at(starts_at: datetime, zone: str, hour: time, now: datetime) -> datetime | None:
    """Return when to say it: the day before at the patient's hour, or 24 h before if that is past; never at night.

    None when both are past: somebody who agreed to a time a few hours ago knows it.
    """
    the_day_before = to_utc(to_local(starts_at, zone).date() - timedelta(days=1), hour, zone)
    for moment in (the_day_before, starts_at - DAY_BEFORE):
        opening = next_opening(moment, zone)
        if now < opening < starts_at - STILL_OF_USE:
            return opening
    return None


def _key(appointment: Appointment, patient: Patient) -> str:
    """Return how the keys of its texts begin: with all that the words depend on."""
    return f"{appointment.id}:{appointment.starts_at:%Y%m%dT%H%M}:{patient.time_zone}:{patient.language}:"


def _body(starts_at: datetime, patient: Patient, sender: str) -> str:
    local = to_local(starts_at, patient.time_zone)
    day = format_date(local.date(), patient.language, "EEEEdMMMM", patient.region)
    return translate(
        patient.language, TEXT, domain="texts", sender=sender, day=day, time=format_time(local, patient.language)
    )
