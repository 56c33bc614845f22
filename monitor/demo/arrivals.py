"""How somebody of the roster comes into care and, when they are well, steps down: the dates of it all, and the rows."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from sqlalchemy.orm import Session

from monitor.care.intake import NewIntake
from monitor.care.intake_facts import IntakeFacts, SafetyFacts
from monitor.care.intake_kinds import SelfSafety
from monitor.care.intake_rules import propose
from monitor.care.kinds import DeviationReason, Preference
from monitor.care.models import USUAL_PATHWAY, Episode, Step, StepAssignment
from monitor.care.pathways import for_decision, in_force
from monitor.checkins import planning
from monitor.checkins.enrolment import NewPatient, enrol_patient
from monitor.checkins.known import known_of
from monitor.checkins.models import MonitoringPlan
from monitor.demo.clinic import Clinic
from monitor.demo.courses import SHAPES, Course
from monitor.demo.roster import Entry, Present
from monitor.measures import catalogue
from monitor.messaging.quiet_hours import DEFAULT_WINDOW, to_local, to_utc
from monitor.people.models import Patient, StaffMember
from monitor.workflows import assign_step

STEPPED_DOWN_BECAUSE = "Well for two months. Stepped down with a plan for what to watch."
SHOWN_AT_LENGTH = 12
"""The first of the roster have the longest course of their kind."""
STEPPED_DOWN = frozenset({Course.STEPPED_DOWN_WELL, Course.STEPPED_DOWN_RELAPSE_SIGNAL})

ASSIGNED_BECAUSE = "Agreed at the first appointment."
DEPARTURES = (
    (DeviationReason.PREFERENCE, "Would rather begin with less, and look at it again soon."),
    (DeviationReason.NO_CAPACITY, "The proposed step has no place before next month."),
    (DeviationReason.CLINICAL_JUDGEMENT, "Knows this from before, and has good help at home."),
)
INTAKE_TAKES = timedelta(minutes=40)

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
    plan: MonitoringPlan
    """The plan that they begin with."""
    accountable: StaffMember


def dates(entry: Entry, chance: Random, now: datetime) -> Dates:
    """Draw the dates of a course so that it ends at `now`."""
    zone, shape = entry.place.zone, SHAPES[entry.course]
    on, at = _asked(to_local(now - timedelta(hours=chance.randint(*entry.present.value)), zone), entry.present, chance)
    every_weeks = 2 if entry.course is Course.IMPROVING and chance.random() < 0.25 else 1
    weeks = shape.weeks[1] if entry.number <= SHOWN_AT_LENGTH else chance.randint(*shape.weeks)
    starts_on = on - timedelta(weeks=weeks // every_weeks * every_weeks)
    opened_on = _weekday(starts_on - timedelta(days=8))
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
    born, step = chance.randint(1950, 2005), chance.choice(_STEPS.get(entry.course, (Step.TWO,)))
    patient = enrol_patient(
        session,
        NewPatient(
            preferred_name=entry.name,
            number=entry.phone,
            number_is_shared=False,
            record_number=entry.record_number,
            birth_year=born,
            language=entry.language,
            region=entry.place.region,
            time_zone=entry.place.zone,
            access_needs=None,
            care_team_id=clinic.teams[entry.place.team].id,
            accountable_id=accountable.id,
            pathway=USUAL_PATHWAY,
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
    episode, plan = planning.open_episode(session, patient.id), None
    if episode is not None:
        _hold_intake(session, entry, episode, step, accountable, when)
        episode.next_review_at = when.next_review_at  # what a review would have moved it to
        plan = planning.open_plan(session, episode.id)
    if episode is None or plan is None:
        raise LookupError("an enrolled patient has an open episode with a plan")
    return InCare(patient, episode, plan, accountable)


def _hold_intake(
    session: Session, entry: Entry, episode: Episode, step: Step, accountable: StaffMember, when: Dates
) -> None:
    """Assign the step at the first appointment, as the intake page does, with a reason where the rules say another."""
    facts = _found(entry)
    proposed = propose(facts, in_force(session, episode.pathway).pathway).step
    departs = proposed not in (None, step)
    deviation, because = DEPARTURES[entry.number % len(DEPARTURES)] if departs else (None, ASSIGNED_BECAUSE)
    new = NewIntake(
        facts=facts,
        referred_on=to_local(when.opened_at, entry.place.zone).date() - timedelta(days=5),
        preference=Preference.LESS if deviation is DeviationReason.PREFERENCE else Preference.AS_PROPOSED,
        understood=True,
        step=step,
        reason=because,
        deviation=deviation,
        accountable_id=accountable.id,
    )
    assign_step(
        session,
        episode,
        new,
        mark=known_of(session, episode).mark,
        every_weeks=when.every_weeks,
        by=accountable.id,
        now=when.opened_at + INTAKE_TAKES,
    )


def _found(entry: Entry) -> IntakeFacts:
    """Return an intake that lies near to where the course begins. Invented, as is everybody here."""
    phq9 = round(SHAPES[entry.course].start) - entry.number % 4
    return IntakeFacts(
        phq9=phq9,
        gad7=round(phq9 * 21 / 27),
        wsas=phq9,
        pc_ptsd5=0,
        safety=SafetyFacts(plan_or_attempt=False, able_to_keep_safe=SelfSafety.YES, item9=0),
        severe_mental_illness=False,
        complex=False,
        earlier_low_intensity_failed=False,
        unmet_needs=frozenset(),
        importance=5 + entry.number % 5,
        confidence=2 + entry.number % 7,
    )


def step_down(session: Session, care: InCare, when: Dates, now: datetime) -> MonitoringPlan:
    """Put somebody who is well on the last step, with a check-in every other week from now on."""
    session.add(
        StepAssignment(
            episode_id=care.episode.id,
            step=Step.STEPPED_DOWN,
            from_at=now,
            decided_by_id=care.accountable.id,
            pathway_version_id=for_decision(session, care.episode.pathway, now).version_id,
            patient=care.patient,
            patient_id=care.patient.id,
            reason=STEPPED_DOWN_BECAUSE,
        )
    )
    care.plan.until_at = now
    session.flush()
    plan = MonitoringPlan(
        episode_id=care.episode.id,
        episode=care.episode,
        instruments=care.plan.instruments,
        every_weeks=2,
        before_appointments=False,
        starts_on=when.stepped_down_on,
        from_at=now,
        planned_until=now,
    )
    session.add(plan)
    session.flush()
    planning.replan(session, care.patient, now)
    return plan
