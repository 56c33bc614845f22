"""When and in which language a patient wants to be asked, as they set it themselves; check-ins are planned anew."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from sqlalchemy.orm import Session

from monitor.audit import Actor, record
from monitor.checkins import planning
from monitor.messaging.quiet_hours import DEFAULT_WINDOW, to_local
from monitor.people.models import Channel, Party, Patient
from monitor.people.service import prefer, preference

HOURS: tuple[time, ...] = tuple(time(hour) for hour in range(DEFAULT_WINDOW.opens.hour, DEFAULT_WINDOW.closes.hour))
"""The times on offer: none at which a text would have to wait."""
BREAKS: tuple[int, ...] = (1, 2, 4)
"""How many weeks a break may last. After it the check-ins come again by themselves."""


@dataclass(frozen=True)
class Wishes:
    """Day (0 for Monday), local time, language, until which local date there is a break, and how questions come."""

    weekday: int
    at: time
    language: str
    paused_until_on: date | None = None
    by_text: bool = False
    """Whether the questions themselves come by text instead of a link."""


def wishes_of(session: Session, patient: Patient, now: datetime) -> Wishes:
    """Return what counts now; a break that is over is none."""
    row = preference(session, patient.id)
    if row is None:
        return Wishes(0, HOURS[0], patient.language)
    today = to_local(now, patient.time_zone).date()
    paused = row.paused_until_on if row.paused_until_on and row.paused_until_on > today else None
    return Wishes(row.weekday, row.at, patient.language, paused, row.by_text)


def after_a_break(patient: Patient, wishes: Wishes, weeks: int, now: datetime) -> Wishes:
    """Return the wishes with a break of so many weeks from today on."""
    return replace(wishes, paused_until_on=to_local(now, patient.time_zone).date() + timedelta(weeks=weeks))


def wish(session: Session, patient: Patient, wishes: Wishes, now: datetime) -> None:
    """Keep what a patient wishes from now on, and plan what has not been asked yet anew."""
    before = preference(session, patient.id)
    patient.language = wishes.language
    prefer(
        session,
        patient,
        weekday=wishes.weekday,
        at=wishes.at,
        channel=before.channel if before else Channel.TEXT,
        by_text=wishes.by_text,
        set_by=Party.PATIENT,
        now=now,
        paused_until_on=wishes.paused_until_on,
    )
    planning.replan(session, patient, now)
    record(session, Actor("patient", patient.id), "changed_preferences", "patient", patient.id, now=now)
