"""A row in each table of decisions, for one patient."""

import json
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from monitor.care.intake_models import CareRoleAssignment, CaseloadLook, Handoff, Intake, TreatmentStart
from monitor.care.kinds import CareRole, HandoffReason, Preference, ReviewKind, Step, Treatment
from monitor.care.models import StepAssignment
from monitor.care.pathway_models import PathwayPublication
from monitor.care.pathways import for_decision
from monitor.flags.kinds import FlagKind
from monitor.flags.models import TopicDecline
from monitor.people.models import StaffMember
from monitor.reviews.kinds import Decision
from monitor.reviews.models import Review
from tests.builders import NOW, InCare


def decide(session: Session, care: InCare, clinician: StaffMember) -> None:
    """Write down an intake, a review, a hand-over, a look at the caseload, and everything else that is decided once."""
    version_id = for_decision(session, care.episode.pathway, NOW).version_id
    about = {"episode_id": care.episode.id}
    sealed = {**about, "patient": care.patient, "patient_id": care.patient.id}
    by = {"staff_member_id": clinician.id}
    step = a_step(care, clinician, version_id)
    session.add(step)
    session.flush()
    session.add_all(
        (
            PathwayPublication(
                code="serious_mental_illness",
                version_id=version_id,
                at=NOW,
                published_by_id=clinician.id,
                signed_off_by_id=clinician.id,
                words="A later review.",
            ),
            Intake(
                **sealed,
                **by,
                step_assignment_id=step.id,
                at=NOW,
                referred_on=NOW.date(),
                preference=Preference.AS_PROPOSED,
                understood=True,
                findings=json.dumps({"phq9": 12}),
            ),
            TreatmentStart(**about, **by, treatment=Treatment.ANTIDEPRESSANT, started_on=NOW.date(), at=NOW),
            CareRoleAssignment(**about, **by, role=CareRole.COORDINATOR, from_at=NOW, decided_by_id=clinician.id),
            CaseloadLook(**sealed, **by, at=NOW, words="{}"),
            Handoff(
                **sealed,
                at=NOW,
                from_id=clinician.id,
                to_id=clinician.id,
                decided_by_id=clinician.id,
                from_team_id=care.team.id,
                to_team_id=care.team.id,
                reason=HandoffReason.REQUEST,
                words="{}",
            ),
            TopicDecline(**sealed, **by, kind=FlagKind.NOT_IMPROVING, declined=True, at=NOW, words="Not about scores."),
            a_review(care, clinician, version_id),
        )
    )
    session.flush()


def a_step(care: InCare, clinician: StaffMember, version_id: Any, **about: Any) -> StepAssignment:
    """A step that was assigned as the rules proposed, unless told otherwise."""
    values = {"episode_id": care.episode.id, "patient": care.patient, "patient_id": care.patient.id}
    values |= {"step": Step.TWO, "proposed_step": Step.TWO, "decided_by_id": clinician.id, "from_at": NOW}
    return StepAssignment(**values | {"pathway_version_id": version_id} | about)


def a_review(care: InCare, clinician: StaffMember, version_id: Any, **about: Any) -> Review:
    """A review that went on with the same step, as was proposed, unless told otherwise."""
    values = {"episode_id": care.episode.id, "patient": care.patient, "patient_id": care.patient.id}
    values |= {"kind": ReviewKind.FIRST, "due_at": NOW, "done_at": NOW, "decided_by_id": clinician.id}
    values |= {"proposal": Decision.CONTINUE, "criteria": [], "decision": Decision.CONTINUE, "understood": True}
    values |= {"preference": Preference.AS_PROPOSED, "next_review_at": NOW + timedelta(days=21), "seen": "{}"}
    return Review(**values | {"words": "Better, and content.", "pathway_version_id": version_id} | about)
