"""What a review that makes help less, or ends it as completed, owes and leaves behind."""

from datetime import datetime

from sqlalchemy.orm import Session

from monitor.care.kinds import Step
from monitor.care.models import CloseReason, Episode
from monitor.care.pathway import Pathway
from monitor.relapse.cadence import follow_up
from monitor.relapse.gate import Checklist, checklist, record_step_down
from monitor.reviews.kinds import Decision
from monitor.reviews.models import Review


def is_gated(decision: Decision, close_reason: CloseReason | None, step: Step) -> bool:
    """Whether a decision makes help less. Whoever moves away or wants no more of it is not held back.

    The end of the follow-up after stepping down is not: its guardrails stood when it began.
    """
    if decision is Decision.DISCHARGE:
        return close_reason is CloseReason.COMPLETED and step is not Step.STEPPED_DOWN
    return decision is Decision.STEP_DOWN


def guardrails_for(
    session: Session,
    episode: Episode,
    decision: Decision,
    close_reason: CloseReason | None,
    step: Step,
    now: datetime,
) -> Checklist | None:
    """Return the guardrails of a decision that owes them, as they stand; None for any other. The caller holds."""
    if not is_gated(decision, close_reason, step):
        return None
    return checklist(session, episode, now, care_ends=decision is Decision.DISCHARGE)


def make_less(
    session: Session, episode: Episode, review: Review, guardrails: Checklist, from_step: Step, pathway: Pathway
) -> None:
    """Keep that help became less by a review, and after stepping down ask as often as is fit then."""
    row = record_step_down(
        session,
        episode,
        from_step=from_step,
        to_step=review.to_step,
        step_assignment_id=review.step_assignment_id,
        by=review.decided_by_id,
        now=review.done_at,
        checklist=guardrails,
    )
    if row.to_step is Step.STEPPED_DOWN:
        follow_up(session, episode, pathway, row.phq9, review.done_at)
