"""A row in each table of relapse plans, of the middle step and of calls, for one patient."""

from datetime import timedelta

from sqlalchemy.orm import Session

from monitor.care.kinds import Step
from monitor.care.middle_models import BurstExtension, MiddleSlot, SlotBooking
from monitor.checkins.call_models import Call, CallOutcome
from monitor.checkins.models import Submission
from monitor.people.models import StaffMember
from monitor.people.needs_models import ContactNeeds, TimeOfDay
from monitor.relapse.kinds import Guardrail, GuardrailAct, How
from monitor.relapse.models import GuardrailRecord, Reentry, SignAnswer
from tests.builders import NOW, InCare
from tests.plans import stepped_down


def step_down(session: Session, care: InCare, clinician: StaffMember, submission: Submission) -> None:
    """Write down a plan, a step-down, what follows it, a burst that was lengthened, a call and what it needs."""
    about = {"episode_id": care.episode.id, "patient_id": care.patient.id}
    sealed = {**about, "patient": care.patient}
    by = {"staff_member_id": clinician.id}
    down = stepped_down(session, care)
    assert down.plan is not None
    assert down.step_assignment_id is not None
    slot = MiddleSlot(care_team_id=care.team.id, number=1, is_protected=True, from_at=NOW)
    session.add(slot)
    session.flush()
    booking = a_booking(care, clinician, slot)
    session.add(booking)
    session.flush()
    session.add_all(
        (
            SignAnswer(
                episode_id=care.episode.id,
                submission_id=submission.id,
                sign_id=down.plan.signs[0].id,
                noticed=True,
                at=NOW,
            ),
            GuardrailRecord(
                **sealed, **by, guardrail=Guardrail.LINKS, act=GuardrailAct.CONFIRMED, at=NOW, words="No open need."
            ),
            Reentry(
                **about,
                at=NOW,
                how=How.PAGE,
                plan_id=down.plan_id,
                step_assignment_id=down.step_assignment_id,
                due_at=NOW + timedelta(days=7),
            ),
            BurstExtension(
                booking_id=booking.id,
                patient=care.patient,
                patient_id=care.patient.id,
                at=NOW,
                until_on=booking.until_on + timedelta(weeks=2),
                decided_by_id=clinician.id,
                reason="Two more weeks.",
            ),
            Call(**sealed, **by, at=NOW, outcome=CallOutcome.COULD_NOT_REACH),
            ContactNeeds(
                patient=care.patient,
                patient_id=care.patient.id,
                **by,
                from_at=NOW,
                best_time=TimeOfDay.EVENING,
                interpreter=False,
                large_text=True,
                audio=False,
                paper=False,
            ),
        )
    )


def a_booking(care: InCare, clinician: StaffMember, slot: MiddleSlot) -> SlotBooking:
    """A burst of six weeks in a slot, not added."""
    return SlotBooking(
        slot_id=slot.id,
        episode_id=care.episode.id,
        patient=care.patient,
        patient_id=care.patient.id,
        booked_by_id=clinician.id,
        booked_at=NOW,
        from_on=NOW.date(),
        until_on=NOW.date() + timedelta(weeks=6),
        exit_step=Step.TWO,
        contact_days=[1, 4],
        reason="Back to step two.",
    )
