"""What a patient's page "My step" is made of: why this step, what it is, when it is looked at, what was asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.care.intake import lightest
from monitor.care.intake_models import Intake
from monitor.care.kinds import Step
from monitor.care.models import Appointment, Episode, StepAssignment
from monitor.care.pathway import Pathway, StepPlan
from monitor.care.pathways import version
from monitor.care.promises import has_cover
from monitor.care.resources import Ideas, ideas_for
from monitor.checkins.planning import open_plan
from monitor.flags.kinds import FlagKind, Rule
from monitor.flags.models import Flag, FlagEvent
from monitor.flags.reviewed import open_flag
from monitor.flags.wishes import Wish
from monitor.people.absences import standing_in
from monitor.people.models import StaffMember
from monitor.progress import patient_step_words as words
from monitor.relapse.reentry import can_come_back, waiting
from monitor.reviews.rules import lighter_step

_ASKED_FOR = (FlagKind.CALL_REQUESTED, FlagKind.REVIEW_REQUESTED)
_WISHES = {Rule.C1.value: Wish.CALL, Rule.R2.value: Wish.REVIEW}


@dataclass(frozen=True)
class Asked:
    """What a patient has asked for and nobody has closed yet, and by when somebody answers."""

    wishes: tuple[Wish, ...]
    by: datetime
    is_late: bool
    is_promised: bool
    """Whether somebody is there to keep the time: a named reader, and an owner with a login."""

    @property
    def is_call(self) -> bool:
        """Whether a call answers it."""
        return self.wishes == (Wish.CALL,)


@dataclass(frozen=True)
class Returned:
    """Who rings somebody that came back, and by when: until they have spoken."""

    who: str
    by: datetime
    is_late: bool
    is_promised: bool
    """Whether somebody is there to keep the time."""


@dataclass(frozen=True)
class Why:
    """What led to the step. `reasons` are the names of the rules with what each rests on."""

    reasons: tuple[tuple[str, str], ...]
    decided_on: date
    decided_by: str
    otherwise: str | None
    """Why another step than the rules proposed."""


@dataclass(frozen=True)
class What:
    """What the step is, in words; None where its pathway says nothing."""

    contact: str
    answers: str
    length: str
    up: str | None
    down: str | None


@dataclass(frozen=True)
class Kind:
    """One kind of help that the pathway has."""

    name: str
    about: str
    is_here: bool


@dataclass(frozen=True)
class PatientStep:
    """The parts of the page. Dates are the patient's own."""

    step: Step
    name: str
    about: str
    is_waiting: bool
    """Whether nobody has decided yet which step fits."""
    since: date
    with_whom: str | None
    stands_in: str | None
    why: Why
    what: What | None
    check_ins: str | None
    meetings: tuple[int, int] | None
    """Attended since the step began, and how many there are at most."""
    next_meeting: datetime | None
    review_on: date
    review_is_late: bool
    kinds: tuple[Kind, ...]
    ideas: Ideas
    asked: tuple[Asked, ...]
    returned: Returned | None
    may_come_back: bool
    """Whether they have stepped down: the way back stands on the page of their plan."""
    zone: str
    country: str

    @property
    def wishes(self) -> frozenset[Wish]:
        """Everything that is asked for already."""
        return frozenset(wish for asked in self.asked for wish in asked.wishes)


def patient_step(
    session: Session, episode: Episode, language: str, now: datetime, resources_file: Path | None = None
) -> PatientStep:
    """Return the page of an open episode in the patient's language."""
    assignment, zone = episode.steps[-1], ZoneInfo(episode.patient.time_zone)
    pathway = version(session, assignment.pathway_version_id)
    plan = pathway.steps.get(assignment.step)
    monitoring = open_plan(session, episode.id)
    review_at = episode.next_review_at or now  # never blank while it is open, as the table itself says
    with_whom, stands_in = _people(session, episode, now)
    return PatientStep(
        step=assignment.step,
        name=words.name(assignment.step, language),
        about=words.about(assignment.step, language),
        is_waiting=_is_waiting(session, episode, pathway),
        since=assignment.from_at.astimezone(zone).date(),
        with_whom=with_whom,
        stands_in=stands_in,
        why=_why(session, assignment, language, zone),
        what=_what(plan, pathway, assignment.step, language) if plan else None,
        check_ins=words.every(7 * monitoring.every_weeks, language) if monitoring and monitoring.every_weeks else None,
        meetings=_meetings(episode, assignment, plan),
        next_meeting=next((each.starts_at for each in episode.appointments if _is_to_come(each, now)), None),
        review_on=review_at.astimezone(zone).date(),
        review_is_late=review_at < now,
        kinds=tuple(
            Kind(words.name(step, language), words.about(step, language), step is assignment.step)
            for step in Step
            if step in pathway.steps
        ),
        ideas=ideas_for(assignment.step, language, resources_file),
        asked=_asked(session, episode, now),
        returned=_returned(session, episode, now),
        may_come_back=can_come_back(episode),
        zone=episode.patient.time_zone,
        country=episode.care_team.country,
    )


def _people(session: Session, episode: Episode, now: datetime) -> tuple[str | None, str | None]:
    """Return who is accountable, and who stands in for them today if they are away."""
    if episode.accountable is None or episode.accountable_id is None:
        return None, None
    there = standing_in(session, episode.accountable_id, now, episode.care_team_id)
    if there == episode.accountable_id:
        return episode.accountable.name, None
    return episode.accountable.name, session.get_one(StaffMember, there).name


def _is_waiting(session: Session, episode: Episode, pathway: Pathway) -> bool:
    """Whether a new patient still stands where everybody begins: the intake tells the two apart."""
    if len(episode.steps) > 1 or episode.step is not lightest(pathway):
        return False
    return not session.scalar(sa.select(sa.exists().where(Intake.episode_id == episode.id)))


def _why(session: Session, assignment: StepAssignment, language: str, zone: ZoneInfo) -> Why:
    fired = dict.fromkeys(str(each["rule"]) for each in assignment.fired)
    otherwise = assignment.deviation_reason
    return Why(
        reasons=tuple(words.reason(rule, language) for rule in fired),
        decided_on=assignment.from_at.astimezone(zone).date(),
        decided_by=session.get_one(StaffMember, assignment.decided_by_id).name,
        otherwise=words.decided_otherwise(otherwise, language) if otherwise else None,
    )


def _what(plan: StepPlan, pathway: Pathway, step: Step, language: str) -> What:
    down = lighter_step(step, pathway)
    return What(
        contact=words.every(plan.contact_every_days, language),
        answers=words.answers(plan, language),
        length=words.length(plan, language),
        up=words.name(plan.escalates_to, language) if plan.escalates_to else None,
        down=words.name(down, language) if down else None,
    )


def _meetings(episode: Episode, assignment: StepAssignment, plan: StepPlan | None) -> tuple[int, int] | None:
    if plan is None or plan.contacts_at_most is None:
        return None
    held = sum(each.attended_at is not None and each.starts_at >= assignment.from_at for each in episode.appointments)
    return held, plan.contacts_at_most


def _is_to_come(appointment: Appointment, now: datetime) -> bool:
    return appointment.starts_at > now and appointment.cancelled_at is None


def _asked(session: Session, episode: Episode, now: datetime) -> tuple[Asked, ...]:
    flags = session.scalars(
        sa.select(Flag)
        .where(Flag.episode_id == episode.id, Flag.closed_at.is_(None), Flag.kind.in_(_ASKED_FOR))
        .order_by(Flag.due_at)
    ).all()
    covered = bool(flags) and has_cover(session, episode.care_team)
    return tuple(
        Asked(
            wishes=_wishes(flag.events),
            by=flag.due_at,
            is_late=flag.due_at < now,
            is_promised=covered and flag.owner.ended_at is None,
        )
        for flag in flags
    )


def _returned(session: Session, episode: Episode, now: datetime) -> Returned | None:
    flag = open_flag(session, episode, FlagKind.RE_ENTRY) if waiting(session, episode) else None
    if flag is None:
        return None
    is_promised = has_cover(session, episode.care_team) and flag.owner.ended_at is None
    return Returned(flag.owner.name, flag.due_at, flag.due_at < now, is_promised)


def _wishes(events: Sequence[FlagEvent]) -> tuple[Wish, ...]:
    """Return what the patient said, in their order, each wish once."""
    said: dict[Wish, None] = {}
    for event in events:
        if event.rule in _WISHES:
            said[_WISHES[event.rule]] = None
        for evidence in event.evidence or () if event.rule == Rule.R3 else ():
            said[Wish(evidence["params"]["wish"])] = None
    return tuple(said)
