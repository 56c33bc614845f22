"""Coming back after stepping down: at once, to the step that the plan agreed, without a new referral."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.audit import Actor, record
from monitor.care.intake import lightest
from monitor.care.kinds import MiddleReason, ReviewKind, Step
from monitor.care.middle_slots import booking_of, free_again
from monitor.care.middle_step import ask, request_of
from monitor.care.models import Episode, StepAssignment
from monitor.care.pathway import Pathway
from monitor.care.pathways import InForce, for_decision, in_force
from monitor.care.promises import hours_of
from monitor.checkins.cadence import ask_every
from monitor.checkins.closing import hold
from monitor.errors import MonitorError
from monitor.flags.clocks import due_at
from monitor.flags.facts import Evidence, Finding
from monitor.flags.kinds import EvidenceCode, FlagKind, Rule, Severity
from monitor.flags.reviewed import open_flag
from monitor.flags.service import evaluate, raise_flags
from monitor.messaging.quiet_hours import to_local
from monitor.relapse.kinds import How
from monitor.relapse.models import Reentry, RelapsePlan, StepDown
from monitor.relapse.plans import agreed, ways_back

FIRED = "re_entry"
"""What led to the step, as `StepAssignment.fired` names it."""


class NotSteppedDown(MonitorError):
    """Nobody comes back who has not stepped down, or whose care has ended. Nothing was written."""


@dataclass(frozen=True)
class WayBack:
    """To which step somebody comes back, and in how many working days somebody speaks with them (0: the same day)."""

    step: Step
    wait_days: int
    due_at: datetime
    """The end of that wait, for whoever comes back now."""
    plan: RelapsePlan | None
    """None where stepping down without a plan was an exception that a supervisor signed: then the pathway says."""


def way_back(session: Session, episode: Episode, now: datetime) -> WayBack:
    """Return what coming back at `now` would mean, before anybody does."""
    return _way_back(session, episode, in_force(session, episode.pathway).pathway, now)


def can_come_back(episode: Episode) -> bool:
    """Whether coming back is open to somebody: stepped down, and in care."""
    return episode.closed_at is None and episode.step is Step.STEPPED_DOWN


def is_open_to(session: Session, episode: Episode) -> bool:
    """Whether a wish to come back means something now: it can be taken up, or it was and waits for somebody."""
    return can_come_back(episode) or (episode.closed_at is None and waiting(session, episode) is not None)


def come_back(
    session: Session,
    episode: Episode,
    how: How,
    *,
    now: datetime,
    taken_by: UUID | None = None,
    words: str | None = None,
) -> Reentry:
    """Take somebody back: the step, the check-ins, the review and a flag with the promised wait, all or nothing.

    Whoever asks twice, from two places at once too, gets the same row until somebody has spoken with them. A relapse
    signal that is open stays so: a person closes it. `taken_by` and `words` are of a call. Raises NotSteppedDown.
    """
    session.flush()
    hold(session, episode.id)
    session.expire(episode)  # what stood here may be older than the one who came first
    before = waiting(session, episode)
    if before is not None:
        return before
    if not can_come_back(episode):
        raise NotSteppedDown("coming back is for whoever has stepped down")
    rules = for_decision(session, episode.pathway, now)
    back = _way_back(session, episode, rules.pathway, now)
    by = Actor("patient", episode.patient_id) if taken_by is None else Actor("staff", taken_by)
    assignment = _change_step(session, episode, back, rules, words, now)
    reentry = Reentry(
        episode_id=episode.id,
        patient_id=episode.patient_id,
        at=now,
        how=how,
        staff_member_id=taken_by,
        plan_id=back.plan.id if back.plan else None,
        step_assignment_id=assignment.id,
        due_at=back.due_at,
    )
    session.add(reentry)
    session.flush()
    if back.step is Step.MIDDLE:
        _wait_for_a_slot(session, episode, assignment, rules.pathway, by, now)
    raise_flags(session, episode, (_finding(how, back, episode, now),), rules, now=now)
    evaluate(session, episode, now=now)  # the rules on scores, silent in aftercare, count again
    record(session, by, f"came back by {how}", "episode", episode.id, now=now)
    return reentry


def newest_reentry(session: Session, episode_id: UUID) -> Reentry | None:
    """Return the last time that somebody came back."""
    return session.scalars(
        sa.select(Reentry)
        .where(Reentry.episode_id == episode_id)
        .order_by(Reentry.at.desc(), Reentry.id.desc())
        .limit(1)
    ).one_or_none()


def waiting(session: Session, episode: Episode) -> Reentry | None:
    """Return the re-entry of somebody who came back and with whom nobody has spoken yet."""
    newest = newest_reentry(session, episode.id)
    if newest is None or newest.step_assignment_id != episode.steps[-1].id:
        return None
    return newest if open_flag(session, episode, FlagKind.RE_ENTRY) else None


def _way_back(session: Session, episode: Episode, pathway: Pathway, now: datetime) -> WayBack:
    plan, aftercare = agreed(session, episode.id), pathway.steps.get(Step.STEPPED_DOWN)
    wishes = (plan.back_to if plan else None, aftercare.escalates_to if aftercare else None)
    # A service may have published a pathway since that has no such step any more.
    step = next((each for each in wishes if each in ways_back(pathway)), None) or lightest(pathway)
    days = plan.wait_days if plan and plan.wait_days else aftercare.answers_within_days if aftercare else 1
    finding = _came_back({"days": days})
    return WayBack(step, days, due_at(finding, now, hours_of(episode.care_team), pathway.flags), plan)


def _change_step(
    session: Session, episode: Episode, back: WayBack, rules: InForce, words: str | None, now: datetime
) -> StepAssignment:
    """Assign the step that was agreed; whoever wrote the plan has decided it, or without one the step-down."""
    assignment = StepAssignment(
        episode_id=episode.id,
        step=back.step,
        from_at=now,
        decided_by_id=back.plan.written_by_id if back.plan else _decided_by(session, episode),
        pathway_version_id=rules.version_id,
        fired=[{"rule": FIRED, "step": back.step.value}],
        patient=episode.patient,
        patient_id=episode.patient_id,
        reason=words,
    )
    session.add(assignment)
    session.flush()
    session.expire(episode, ["steps"])
    step = rules.pathway.plan(back.step)
    ask_every(session, episode, step.check_in_every_weeks, now)
    review_at = now + timedelta(days=step.first_review_days)
    if episode.next_review_at is None or review_at < episode.next_review_at:  # never later than it was to be
        episode.next_review_at, episode.next_review_kind = review_at, ReviewKind.FIRST
    return assignment


def _wait_for_a_slot(
    session: Session, episode: Episode, assignment: StepAssignment, pathway: Pathway, said_by: Actor, now: datetime
) -> None:
    """Put whoever comes back to the middle step into its queue; a slot borrowed for aftercare is free again."""
    decided_by = assignment.decided_by_id
    borrowed = booking_of(session, episode.id)
    if borrowed is not None:
        free_again(session, borrowed, decided_by, now)
        record(session, said_by, "gave middle-step slot back", "patient", episode.patient_id, now=now)
    if request_of(session, episode.id) is None:
        reasons, words = (MiddleReason.COORDINATOR_REQUEST,), assignment.reason or ""
        ask(session, episode, reasons, words, pathway=pathway, by=decided_by, now=now, said_by=said_by)


def _decided_by(session: Session, episode: Episode) -> UUID:
    """Return who decided the step-down that is left again."""
    decided = session.scalar(
        sa.select(StepDown.decided_by_id).where(StepDown.step_assignment_id == episode.steps[-1].id).limit(1)
    )
    return decided or episode.steps[-1].decided_by_id


def _finding(how: How, back: WayBack, episode: Episode, now: datetime) -> Finding:
    on = to_local(now, episode.patient.time_zone).date().isoformat()
    return _came_back({"how": how.value, "step": back.step.value, "on": on, "days": back.wait_days})


def _came_back(params: dict[str, str | int]) -> Finding:
    """B1: came back. Due after the working days that the plan promised."""
    return Finding(FlagKind.RE_ENTRY, Rule.B1, Severity.HIGH, (Evidence(EvidenceCode.CAME_BACK, params),))
