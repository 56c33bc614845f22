"""Relapse plans, step-downs and who has stepped down, for tests. Everybody here is invented."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from monitor.care.kinds import Step
from monitor.care.models import Episode, StepAssignment
from monitor.care.pathways import for_decision
from monitor.people.models import StaffMember
from monitor.relapse.content import Person, SafetySteps, Sign, StayingWell
from monitor.relapse.guardrail_rules import WITH_A_DATE
from monitor.relapse.guardrails import confirm
from monitor.relapse.kinds import Given, Guardrail, PlanKind, SignKind
from monitor.relapse.models import RelapsePlan, StepDown
from monitor.relapse.plan_rules import Written, WrittenSafety
from monitor.relapse.plans import newest, save_safety, save_staying_well
from tests.builders import NOW, InCare

SIGNS = (
    Sign(words="I wake before four and cannot go back to sleep", kind=SignKind.BODY),
    Sign(words="I stop answering my sister's messages", kind=SignKind.BEHAVIOUR),
    Sign(words="I skip lunch", kind=SignKind.OTHERS_NOTICE, watched=False),
)
CONTENT = StayingWell(
    helped="A walk before work, even ten minutes",
    keeps="Choir on Tuesdays",
    first_sign="Tell Ana. Back to the morning walk.",
    lapse="Call the team in the same week.",
    relapse="Ask to come back. Not wait for the next date.",
    people=(Person(name="Ana", who="My sister", number="+441632960188"),),
    number="+441632960123",
    hours="Monday to Friday, 9 to 17",
)
CONFIRMED = {
    Guardrail.STABILITY: "Two months below caseness, back at work full time.",
    Guardrail.MEDICINES: "Sertraline goes on, prescribed by her own doctor.",
    Guardrail.PRIMARY_CARE: "Letter to her own doctor went out.",
    Guardrail.LINKS: "Asked about all three, no open need.",
    Guardrail.LANGUAGE: "English and texts, asked again today.",
}


def a_written_plan(care: InCare, **values: Any) -> Written:
    """A relapse plan that can be agreed, owned by the patient's clinician unless told otherwise."""
    return Written(
        **{
            "content": CONTENT,
            "signs": SIGNS,
            "language": care.patient.language,
            "owner_id": care.clinician.id,
            "review_on": date(2027, 2, 16),
            "back_to": Step.TWO,
            "wait_days": 5,
            "given": Given.PHONE,
            **values,
        }
    )


def an_agreed_plan(
    session: Session, care: InCare, at: datetime = NOW - timedelta(days=8), **values: Any
) -> RelapsePlan:
    """An agreed relapse plan with two watched signs and one that is not watched."""
    written = a_written_plan(care, **values)
    saved = save_staying_well(
        session, care.episode, written, agree=True, based_on_id=None, by=care.clinician.id, now=at
    )
    return saved.plan


def stepped_down(
    session: Session,
    care: InCare,
    plan: RelapsePlan | None = None,
    *,
    at: datetime = NOW - timedelta(days=7),
    phq9: int | None = 4,
    gad7: int | None = 3,
) -> StepDown:
    """The row of a step-down with every guardrail met, and the step itself; the scores are those of that day."""
    plan = plan or an_agreed_plan(session, care, at - timedelta(days=1))
    from_step = care.episode.step
    assignment = StepAssignment(
        episode_id=care.episode.id,
        step=Step.STEPPED_DOWN,
        from_at=at,
        decided_by_id=care.clinician.id,
        pathway_version_id=for_decision(session, care.episode.pathway, at).version_id,
        patient=care.patient,
        patient_id=care.patient.id,
    )
    session.add(assignment)
    session.flush()
    row = StepDown(
        episode_id=care.episode.id,
        patient_id=care.patient.id,
        at=at,
        decided_by_id=care.clinician.id,
        from_step=from_step,
        to_step=Step.STEPPED_DOWN,
        step_assignment_id=assignment.id,
        plan_id=plan.id,
        guardrails=[{"guardrail": each.value, "state": "met"} for each in Guardrail],
        phq9=phq9,
        gad7=gad7,
    )
    session.add(row)
    session.flush()
    session.expire(care.episode, ["steps"])
    return row


def guardrails_met(session: Session, care: InCare, at: datetime = NOW, **plan: Any) -> None:
    """Meet the eleven guardrails of an episode through the services, a moment before `at`; item 9 above 0 as well."""
    by = session.get_one(StaffMember, care.clinician.id)
    meet_guardrails(session, session.get_one(Episode, care.episode.id), by, at - timedelta(minutes=5), **plan)


def meet_guardrails(session: Session, episode: Episode, by: StaffMember, at: datetime, **plan: Any) -> None:
    """Meet the eleven guardrails at a moment, all by one person who also owns the plan."""
    values = {"language": episode.patient.language, "owner_id": by.id, "review_on": (at + timedelta(weeks=12)).date()}
    values |= {"content": CONTENT, "signs": SIGNS, "back_to": Step.TWO, "wait_days": 5, "given": Given.PHONE}
    written = Written(**values | plan)
    before = newest(session, episode.id, PlanKind.STAYING_WELL)
    read = before.id if before else None
    save_staying_well(session, episode, written, agree=True, based_on_id=read, by=by.id, now=at)
    an_agreed_safety_plan(session, episode, by, at)
    for guardrail, words in CONFIRMED.items():
        on = at.date() if guardrail in WITH_A_DATE else None
        confirm(session, episode, guardrail, words, by=by, now=at, on_date=on)


def an_agreed_safety_plan(session: Session, episode: Episode, by: StaffMember, at: datetime) -> RelapsePlan:
    """An agreed safety plan."""
    steps = SafetySteps(warning_signs=("I stop sleeping",), people=(Person(name="Ana", number="+441632960188"),))
    written = WrittenSafety(content=steps, language=episode.patient.language, given=Given.PHONE)
    before = newest(session, episode.id, PlanKind.SAFETY)
    read = before.id if before else None
    return save_safety(session, episode, written, agree=True, based_on_id=read, by=by.id, now=at).plan
