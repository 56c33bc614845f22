"""How somebody of the roster comes into care: the dates of it all, and the rows."""

from datetime import date, datetime, time, timedelta
from random import Random

from sqlalchemy.orm import Session

from monitor.care.models import USUAL_PATHWAY
from monitor.checkins import planning
from monitor.checkins.choosing import Chosen, choose
from monitor.checkins.enrolment import NewPatient, enrol_patient
from monitor.demo.clinic import Clinic
from monitor.demo.courses import SHAPES, Course
from monitor.demo.intakes import INTAKE_TAKES, hold_intake
from monitor.demo.lives_kinds import Dates, InCare
from monitor.demo.roster import Entry, Present
from monitor.demo.shown import EXTRA_EACH, EXTRA_MEASURE, OPENED_BEFORE, PATHWAYS
from monitor.measures import catalogue
from monitor.messaging.quiet_hours import DEFAULT_WINDOW, to_local, to_utc

SHOWN_AT_LENGTH = 12
"""The first of the roster have the longest course of their kind."""
STEPPED_DOWN = frozenset({Course.STEPPED_DOWN_WELL, Course.STEPPED_DOWN_RELAPSE_SIGNAL})


def dates(entry: Entry, chance: Random, now: datetime) -> Dates:
    """Draw the dates of a course so that it ends at `now`."""
    zone, shape = entry.place.zone, SHAPES[entry.course]
    on, at = _asked(to_local(now - timedelta(hours=chance.randint(*entry.present.value)), zone), entry.present, chance)
    every_weeks = 2 if entry.course is Course.IMPROVING and chance.random() < 0.25 else 1
    shortest, longest = shape.weeks
    weeks = longest if entry.number <= SHOWN_AT_LENGTH else chance.randint(shortest, (4 * shortest + longest) // 5)
    rhythm = 4 if entry.course in STEPPED_DOWN else every_weeks  # in the end they are asked every four weeks
    starts_on = on - timedelta(weeks=weeks // rhythm * rhythm)
    if entry.number in OPENED_BEFORE:
        starts_on = (now - OPENED_BEFORE[entry.number]).date() + timedelta(days=8)
    opened_on = _weekday(starts_on - timedelta(days=8))
    down_on = on - timedelta(weeks=max(8, weeks // 3) // 4 * 4) if entry.course in STEPPED_DOWN else None
    overdue_on = _weekday(now.date() - timedelta(days=chance.randint(3, 12)))
    return Dates(
        opened_at=to_utc(opened_on, time(10, 30), zone),
        starts_on=starts_on,
        present_at=to_utc(on, at, zone),
        at=at,
        every_weeks=every_weeks,
        stepped_down_on=down_on,
        changes_at=_changes_at(entry, chance, now),
        overdue_on=overdue_on if entry.course is Course.REVIEW_OVERDUE else None,
        ends_at=now,
    )


def _asked(local: datetime, present: Present, chance: Random) -> tuple[date, time]:
    """Return the date and the full hour of a reminder at or before a moment: texts go from 9:00 until 20:00."""
    first, last = DEFAULT_WINDOW.opens.hour, DEFAULT_WINDOW.closes.hour - 1
    if first <= local.hour <= last:
        return local.date(), time(local.hour)
    on = local.date() - timedelta(days=local.hour < first)
    return on, time(last if present in (Present.DUE, Present.FRESH) else chance.randint(first, last))


def _weekday(on: date) -> date:
    """Return the date itself, or the Friday before a weekend."""
    return on - timedelta(days=max(0, on.weekday() - 4))


def _changes_at(entry: Entry, chance: Random, now: datetime) -> datetime | None:
    days = {
        Course.GONE_QUIET: (23, 33),
        Course.UNREACHABLE: (17, 27),
        Course.OPTED_OUT: (1, 1) if entry.number <= SHOWN_AT_LENGTH else (16, 45),
    }.get(entry.course)
    return None if days is None else now - timedelta(days=chance.randint(*days), minutes=chance.randint(0, 200))


def arrive(session: Session, entry: Entry, when: Dates, clinic: Clinic, chance: Random) -> InCare:
    """Enrol a patient, as the staff page does, at the opening of their course."""
    accountable = clinic.accountable_for(entry.place.team, entry.number)
    patient = enrol_patient(
        session,
        NewPatient(
            preferred_name=entry.name,
            number=entry.phone,
            number_is_shared=False,
            record_number=entry.record_number,
            birth_year=chance.randint(1950, 2005),
            language=entry.language,
            region=entry.place.region,
            time_zone=entry.place.zone,
            access_needs=None,
            care_team_id=clinic.teams[entry.place.team].id,
            accountable_id=accountable.id,
            pathway=PATHWAYS.get(entry.number, USUAL_PATHWAY),
            instruments=catalogue.offered(entry.language),
            every_weeks=when.every_weeks,
            before_appointments=when.every_weeks > 1,
            weekday=when.starts_on.weekday(),
            at=when.at,
            agrees_to_texts=True,
            by_text=entry.by_text,
            consented_on=to_local(when.opened_at, entry.place.zone).date(),
        ),
        accountable.id,
        when.opened_at,
    )
    episode = planning.open_episode(session, patient.id)
    if episode is None:
        raise LookupError("an enrolled patient has an open episode")
    care = InCare(patient, episode, accountable)
    if entry.course is not Course.WAITING_FOR_INTAKE:
        hold_intake(session, entry, care, clinic, when)
        _ask_more(session, entry, care, when)
    return care


def _ask_more(session: Session, entry: Entry, care: InCare, when: Dates) -> None:
    """Ask some for another measure now and then, where it is published in their language."""
    code, weeks = EXTRA_MEASURE
    offered = catalogue.offered(entry.language, among=(code,))
    plan = planning.open_plan(session, care.episode.id)
    if plan is None or not offered or entry.by_text or entry.number % EXTRA_EACH:
        return
    chosen = Chosen(tuple(plan.instruments), {code: weeks})
    at = when.opened_at + INTAKE_TAKES
    choose(session, care.episode, chosen, made_from=plan.id, by=care.accountable.id, now=at)
