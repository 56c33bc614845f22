"""Relapse plans, step-downs and who has stepped down, for tests. Everybody here is invented."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from monitor.care.kinds import Step
from monitor.care.models import StepAssignment
from monitor.care.pathways import for_decision
from monitor.relapse.content import Person, Sign, StayingWell
from monitor.relapse.kinds import Given, Guardrail, SignKind
from monitor.relapse.models import RelapsePlan, StepDown
from monitor.relapse.plan_rules import Written
from monitor.relapse.plans import save_staying_well
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
