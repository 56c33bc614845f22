"""When somebody is asked next: for the page after a check-in to say, and for their own calendar."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event
from sqlalchemy.orm import Session

from monitor.care.models import Episode
from monitor.checkins import planning
from monitor.checkins.calendar import Cadence, Occurrence, occurrences
from monitor.checkins.models import MonitoringPlan
from monitor.db import keyring
from monitor.people.models import Channel, ContactPreference
from monitor.people.service import preference

LASTS = timedelta(minutes=10)
"""More than a check-in takes, so that nobody is hurried."""
LOOKED_FOR = timedelta(weeks=26)
"""Twice the longest plan and the longest break on offer."""


@dataclass(frozen=True)
class NextOne:
    """The next check-in: when, on which local date, and whether it comes by text."""

    at: datetime
    local_date: date
    by_text: bool


def next_one(session: Session, episode: Episode, now: datetime) -> NextOne | None:
    """Return the check-in that comes next: the nearest that is planned, else the one that the plan will bring."""
    wishes = preference(session, episode.patient_id)
    by_text = wishes is not None and wishes.channel is Channel.TEXT
    planned = planning.next_due(session, episode.id, now)
    if planned is not None:
        return NextOne(planned, planned.astimezone(ZoneInfo(episode.patient.time_zone)).date(), by_text)
    plan = planning.open_plan(session, episode.id)
    if plan is None or plan.every_weeks is None or wishes is None:
        return None
    if not planning.may_be_asked(session, episode, wishes):
        return None
    coming = next(iter(_to_come(plan, wishes, now)), None)
    return NextOne(coming.at_utc, coming.local_date, by_text) if coming else None


def _to_come(plan: MonitoringPlan, wishes: ContactPreference, now: datetime) -> Sequence[Occurrence]:
    """Return what the plan brings, once it asks less often too: from that day on it is counted the other way."""
    zone, after = plan.episode.patient.time_zone, max(plan.planned_until, now)
    found: list[Occurrence] = []
    for every, is_then in ((plan.every_weeks, False), (plan.eases_to, True)):
        if every is None:
            continue
        cadence = Cadence(every, wishes.weekday, wishes.at, zone, plan.starts_on)
        found += [
            each
            for each in occurrences(cadence, after, now + LOOKED_FOR)
            if (plan.eases_on is not None and each.local_date >= plan.eases_on) == is_then
            and not planning.is_paused(wishes, each.local_date)
        ]
    return found


def calendar_file(coming: NextOne, episode: Episode, title: str, now: datetime) -> bytes:
    """Return the next check-in as a calendar file (RFC 5545): a neutral title, the patient's own zone, no alarm.

    It lies on phones and in clouds that this service knows nothing of, so it has no link and says nothing of health.
    The same date has the same name whenever it is asked for, and only this service can tie the name to anybody.
    """
    zone = ZoneInfo(episode.patient.time_zone)
    event = Event()
    event.add("uid", keyring().digest("calendar", f"{episode.id}:{coming.local_date}").hex()[:32])
    event.add("dtstamp", now)
    event.add("dtstart", coming.at.astimezone(zone))
    event.add("dtend", (coming.at + LASTS).astimezone(zone))
    event.add("summary", title)
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT")
    made = Calendar()
    made.add("prodid", "-//monitor//dates//EN")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add_component(event)
    made.add_missing_timezones()
    file: bytes = made.to_ical()
    return file
