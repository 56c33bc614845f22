"""The first appointments of the demonstration: what was found, what the rules propose, and the step that was agreed."""

from datetime import timedelta

from sqlalchemy.orm import Session

from monitor.care.intake import NewIntake, steps_to_begin_with
from monitor.care.intake_facts import IntakeFacts, SafetyFacts
from monitor.care.intake_kinds import Need, SelfSafety
from monitor.care.intake_rules import propose
from monitor.care.kinds import CareRole, DeviationReason, Preference, Step
from monitor.care.pathway import Pathway
from monitor.care.pathways import in_force
from monitor.checkins.known import known_of
from monitor.demo.clinic import Clinic
from monitor.demo.courses import SHAPES, Course
from monitor.demo.lives_kinds import Dates, InCare
from monitor.demo.roster import Entry
from monitor.demo.shown import DEVIATES_EACH, PATHWAYS
from monitor.messaging.quiet_hours import to_local
from monitor.people.models import Role
from monitor.workflows import assign_step

ASSIGNED_BECAUSE = (
    "Agreed at the first appointment.",
    "Talked through what each step offers; wants to begin with this one.",
    "Fits what was found. Begins next week.",
)
DEPARTURES = (
    (DeviationReason.PREFERENCE, "Would rather begin with less, and look at it again soon."),
    (DeviationReason.NO_CAPACITY, "The proposed step has no place before next month."),
    (DeviationReason.CLINICAL_JUDGEMENT, "Knows this from before, and has good help at home."),
)
INTAKE_TAKES = timedelta(minutes=40)
REFERRED_BEFORE = timedelta(days=5)


def hold_intake(session: Session, entry: Entry, care: InCare, clinic: Clinic, when: Dates) -> None:
    """Assign the step at the first appointment, as the intake page does, with a reason where the rules say another."""
    episode, by, facts = care.episode, care.accountable.id, _found(entry)
    pathway = in_force(session, episode.pathway).pathway
    proposed = propose(facts, pathway).step
    step = _agreed(entry, proposed, pathway)
    deviation, because = None, ASSIGNED_BECAUSE[entry.number % len(ASSIGNED_BECAUSE)]
    if proposed is not None and step is not proposed:
        deviation, because = DEPARTURES[entry.number // DEVIATES_EACH % len(DEPARTURES)]
    new = NewIntake(
        facts=facts,
        referred_on=to_local(when.opened_at - REFERRED_BEFORE, entry.place.zone).date(),
        preference=Preference.LESS if deviation is DeviationReason.PREFERENCE else Preference.AS_PROPOSED,
        understood=True,
        step=step,
        reason=because,
        deviation=deviation,
        accountable_id=by,
        roles={
            role: clinic.member(entry.place.team, *held_by).id
            for role, held_by in _ROLES.items()
            if role in pathway.care_roles
        },
    )
    mark, at = known_of(session, episode).mark, when.opened_at + INTAKE_TAKES
    assign_step(session, episode, new, mark=mark, every_weeks=when.every_weeks, by=by, now=at)


_ROLES = {
    CareRole.LEAD_CLINICIAN: (Role.CLINICIAN,),
    CareRole.COORDINATOR: (Role.COORDINATOR, Role.CLINICIAN),
    CareRole.MEDICATION_OVERSIGHT: (Role.SUPERVISOR,),
}


def _agreed(entry: Entry, proposed: Step | None, pathway: Pathway) -> Step:
    """Return the step that is assigned: nearly always the one proposed, for a few the next lighter one."""
    steps = steps_to_begin_with(pathway)
    if proposed is None:
        return steps[0]
    if entry.course is Course.WAITING_FOR_MIDDLE_STEP:
        return Step.TWO
    at = steps.index(proposed)
    return steps[max(0, at - 1)] if entry.number % DEVIATES_EACH == 0 else proposed


def _found(entry: Entry) -> IntakeFacts:
    """Return an intake that lies near to where the course begins. Invented, as is everybody here."""
    phq9, code = round(SHAPES[entry.course].start) - entry.number % 4, PATHWAYS.get(entry.number)
    needs = {Need.HOUSING, Need.TRANSPORT} if code == "co_occurring_needs" else set()
    return IntakeFacts(
        phq9=phq9,
        gad7=round(phq9 * 21 / 27),
        difficulty=phq9 // 9,
        pc_ptsd5=0,
        safety=SafetyFacts(plan_or_attempt=False, able_to_keep_safe=SelfSafety.YES, item9=0),
        severe_mental_illness=code == "serious_mental_illness",
        complex=False,
        earlier_low_intensity_failed=False,
        unmet_needs=frozenset(needs),
        importance=5 + entry.number % 5,
        confidence=2 + entry.number % 7,
    )
