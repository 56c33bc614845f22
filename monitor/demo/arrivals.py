"""How somebody of the roster comes into care: the dates of their course, and the rows that a first contact leaves."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from sqlalchemy.orm import Session

from monitor.care.models import Episode, Step, StepAssignment
from monitor.checkins.models import MonitoringPlan
from monitor.demo.clinic import Clinic
from monitor.demo.courses import SHAPES, Course
from monitor.demo.roster import Entry
from monitor.measures import catalogue
from monitor.messaging.quiet_hours import DEFAULT_WINDOW, to_local, to_utc
from monitor.people.models import Channel, Party, Patient, Purpose, StaffMember
from monitor.people.service import prefer, state_consent

SHOWN_AT_LENGTH = 12
"""The first of the roster have the longest course of their kind."""
STEPPED_DOWN = frozenset({Course.STEPPED_DOWN_WELL, Course.STEPPED_DOWN_RELAPSE_SIGNAL})

_STEPS = {
    Course.IMPROVING: (Step.ONE, Step.TWO, Step.TWO, Step.THREE),
    Course.DETERIORATING: (Step.ONE, Step.TWO),
    Course.UNREACHABLE: (Step.ONE,),
    Course.SAFETY_ANSWER: (Step.THREE,),
}


@dataclass(frozen=True)
class Dates:
    """When things happen in one course. Moments in UTC, dates on the patient's own calendar."""

    opened_at: datetime
    starts_on: date
    """The first scheduled check-in."""
    present_at: datetime
    """The present check-in, or the one that would be present."""
    at: time
    """The wall time of every check-in."""
    every_weeks: int
    stepped_down_on: date | None
    changes_at: datetime | None
    """Gone quiet, unreachable, opted out: since when."""
    next_review_at: datetime
    ends_at: datetime
    """Now: where the past that is made up gives way to the running service."""


@dataclass(frozen=True)
class InCare:
    """A patient's rows, and who is accountable."""

    patient: Patient
    episode: Episode
    accountable: StaffMember


def dates(entry: Entry, chance: Random, now: datetime) -> Dates:
    """Draw the dates of a course so that it ends at `now`."""
    zone, shape = entry.place.zone, SHAPES[entry.course]
    on, at = _asked(to_local(now - timedelta(hours=chance.randint(*entry.present.value)), zone))
    every_weeks = 2 if entry.course is Course.IMPROVING and chance.random() < 0.25 else 1
    weeks = shape.weeks[1] if entry.number <= SHOWN_AT_LENGTH else chance.randint(*shape.weeks)
    starts_on = on - timedelta(weeks=weeks // every_weeks * every_weeks)
    opened_on = _weekday(starts_on - timedelta(days=9))
    down_on = on - timedelta(weeks=max(8, weeks // 3) // 2 * 2) if entry.course in STEPPED_DOWN else None
    review = chance.randint(3, 12) * -1 if entry.course is Course.REVIEW_OVERDUE else chance.randint(2, 27)
    return Dates(
        opened_at=to_utc(opened_on, time(10, 30), zone),
        starts_on=starts_on,
        present_at=to_utc(on, at, zone),
        at=at,
        every_weeks=every_weeks,
        stepped_down_on=down_on,
        changes_at=_changes_at(entry, chance, now),
        next_review_at=to_utc(_weekday(now.date() + timedelta(days=review)), time(16), zone),
        ends_at=now,
    )


def _asked(local: datetime) -> tuple[date, time]:
    """Return the date and the full hour of the last reminder up to a moment: texts go from 9:00 until 20:00."""
    last = DEFAULT_WINDOW.closes.hour - 1
    if local.hour < DEFAULT_WINDOW.opens.hour:
        return local.date() - timedelta(days=1), time(last)
    return local.date(), time(min(local.hour, last))


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
    """Write down a patient in care: number, wishes, consent, episode, step and monitoring plan, as of the opening."""
    team, accountable = clinic.teams[entry.place.team], clinic.accountable_for(entry.place.team, entry.number)
    patient = Patient(
        preferred_name=entry.name,
        birth_year=str(chance.randint(1950, 2005)),
        language=entry.language,
        region=entry.place.region,
        time_zone=entry.place.zone,
        opened_at=when.opened_at,
    )
    patient.set_number(entry.phone)
    patient.set_record_number(entry.record_number)
    session.add(patient)
    session.flush()
    prefer(
        session,
        patient,
        weekday=when.starts_on.weekday(),
        at=when.at,
        channel=Channel.TEXT,
        set_by=Party.STAFF,
        now=when.opened_at,
        staff_member_id=accountable.id,
    )
    state_consent(
        session,
        patient,
        tuple(Purpose),
        True,
        said_by=Party.STAFF,
        now=when.opened_at,
        staff_member_id=accountable.id,
    )
    episode = Episode(
        patient_id=patient.id,
        patient=patient,
        care_team_id=team.id,
        care_team=team,
        accountable_id=accountable.id,
        opened_at=when.opened_at,
        next_review_at=when.next_review_at,
    )
    session.add(episode)
    session.flush()
    step = chance.choice(_STEPS.get(entry.course, (Step.TWO,)))
    stand_on(session, episode, step, "Agreed at the first appointment.", accountable, when.opened_at)
    follow(session, episode, when.starts_on, when.every_weeks, when.opened_at)
    return InCare(patient, episode, accountable)


def stand_on(
    session: Session, episode: Episode, step: Step, reason: str, decided_by: StaffMember, now: datetime
) -> None:
    """Put an episode on a step."""
    session.add(
        StepAssignment(
            episode_id=episode.id,
            step=step,
            from_at=now,
            decided_by_id=decided_by.id,
            patient=episode.patient,
            patient_id=episode.patient_id,
            reason=reason,
        )
    )
    session.flush()


def follow(session: Session, episode: Episode, starts_on: date, every_weeks: int, now: datetime) -> MonitoringPlan:
    """Plan an episode's check-ins from now on, with the measures that are offered in the patient's language."""
    plan = MonitoringPlan(
        episode_id=episode.id,
        episode=episode,
        instruments=list(catalogue.offered(episode.patient.language)),
        every_weeks=every_weeks,
        before_appointments=every_weeks > 1,
        starts_on=starts_on,
        from_at=now,
        planned_until=now.astimezone(UTC),
    )
    session.add(plan)
    session.flush()
    return plan
