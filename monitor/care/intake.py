"""Intake: what was found out about a patient, what the rules propose, and the step that a person assigns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.access import Viewer
from monitor.audit import Actor, record
from monitor.care import roles
from monitor.care.handoffs import check_can_take_over
from monitor.care.intake_facts import IntakeFacts
from monitor.care.intake_models import Handoff, Intake
from monitor.care.intake_rules import Proposal, propose
from monitor.care.kinds import CareRole, DeviationReason, HandoffReason, Preference, ReviewKind, Step
from monitor.care.models import Episode, StepAssignment
from monitor.care.pathway import ORDER, Pathway
from monitor.care.pathway_models import PathwayPublication
from monitor.care.pathways import InForce, for_decision, in_force, shipped_codes
from monitor.care.scope import episodes_visible_to
from monitor.errors import MonitorError
from monitor.people.models import StaffMember


class IntakeRefused(MonitorError):
    """The step is not assigned, and nothing is saved."""


class StepDecided(IntakeRefused):
    """Somebody has assigned a step since the page was opened."""

    def __init__(self, assignment: StepAssignment, name: str) -> None:
        super().__init__("somebody has assigned a step since the page was opened")
        self.step, self.at, self.name = assignment.step, assignment.from_at, name


class AnswersSince(IntakeRefused):
    """The patient has answered since the page was opened."""


class NoSuchStep(IntakeRefused):
    """The pathway has no such step to begin with."""


class DeviationOwed(IntakeRefused):
    """Another step than the rules propose needs a reason with a code, and words."""


class WordsOwed(IntakeRefused):
    """A step is assigned with words about why."""


class RolesOwed(IntakeRefused):
    """The pathway names roles that nobody has been given."""


class ReviewOwed(IntakeRefused):
    """A step was assigned before and its review is due: another intake does not take the place of the review."""


class GuardrailsOwed(IntakeRefused):
    """A lighter step than the one that counts is help made less; `missing` names the guardrails that do not stand."""

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(f"guardrails missing: {', '.join(missing)}")
        self.missing = tuple(missing)


class CareEnded(IntakeRefused):
    """The episode is closed."""


@dataclass(frozen=True)
class NewIntake:
    """What a person found out and decided; `deviation` counts only where the step is not the one proposed."""

    facts: IntakeFacts
    referred_on: date
    preference: Preference
    understood: bool
    step: Step
    reason: str
    deviation: DeviationReason | None
    accountable_id: UUID
    roles: Mapping[CareRole, UUID] = field(default_factory=dict)


@dataclass(frozen=True)
class Held:
    """An intake that was held, with the step that it led to and the pathway it was decided under."""

    intake: Intake
    facts: IntakeFacts
    assignment: StepAssignment
    decided_by: str


@dataclass(frozen=True)
class Waiting:
    """A patient whose step nobody has assigned yet, and by when somebody is to."""

    episode: Episode
    pathway: Pathway
    assign_by: datetime


def on_offer(session: Session) -> tuple[Pathway, ...]:
    """Return the pathways in force, the usual one first: those that come with the program and a service's own."""
    published = session.scalars(sa.select(PathwayPublication.code).distinct().order_by(PathwayPublication.code))
    return tuple(in_force(session, code).pathway for code in dict.fromkeys((*shipped_codes(), *published)))


def steps_to_begin_with(pathway: Pathway) -> tuple[Step, ...]:
    """Return the steps that an intake may assign, lightest first: nobody begins where others have stepped down to."""
    return tuple(step for step in ORDER if step in pathway.steps and step is not Step.STEPPED_DOWN)


def lightest(pathway: Pathway) -> Step:
    """Return the step on which a patient stands until the intake."""
    return steps_to_begin_with(pathway)[0]


def assign_by(episode: Episode, pathway: Pathway) -> datetime:
    """Return by when a step is to be assigned: days of the calendar from the opening of the episode."""
    return episode.opened_at + timedelta(days=pathway.clocks.assign_step_days)


def begin(session: Session, episode: Episode, rules: InForce, by: UUID, now: datetime) -> StepAssignment:
    """Put a new patient on the lightest step, with the date by which an intake assigns one. No rule was asked."""
    episode.next_review_at, episode.next_review_kind = assign_by(episode, rules.pathway), ReviewKind.FIRST
    return _add_step(session, episode, rules, by, now, step=lightest(rules.pathway))


def assign(session: Session, episode: Episode, new: NewIntake, *, by: UUID, now: datetime) -> Intake:
    """Assign a step: the findings, every rule that fired, the roles, the accountable person and the first review.

    Whoever calls holds the episode. Raises IntakeRefused before anything is written, NotACarer and CannotTakeOver.
    """
    rules = for_decision(session, episode.pathway, now)
    is_first = is_awaited(session, episode.id)
    proposal = checked(session, episode, new, now)
    departs = proposal.step is not None and proposal.step is not new.step
    assignment = _add_step(
        session,
        episode,
        rules,
        by,
        now,
        step=new.step,
        proposed_step=proposal.step,
        fired=[each.as_json() for each in proposal.fired],
        deviation_reason=new.deviation if departs else None,
        reason=new.reason.strip(),
    )
    intake = Intake(
        episode_id=episode.id,
        step_assignment_id=assignment.id,
        at=now,
        referred_on=new.referred_on,
        staff_member_id=by,
        preference=new.preference,
        understood=new.understood,
        patient=episode.patient,
        patient_id=episode.patient_id,
        findings=new.facts.model_dump_json(),
    )
    session.add(intake)
    _share_out(session, episode, new, by, now)
    review_at = now + timedelta(days=rules.pathway.plan(new.step).first_review_days)
    if is_first or episode.next_review_at is None or review_at < episode.next_review_at:
        episode.next_review_at, episode.next_review_kind = review_at, ReviewKind.FIRST
    record(session, Actor("staff", by), "assigned step", "patient", episode.patient_id, now=now)
    return intake


def checked(session: Session, episode: Episode, new: NewIntake, now: datetime) -> Proposal:
    """Return what the rules propose for an intake that may be held. Raises IntakeRefused; changes nothing."""
    pathway = for_decision(session, episode.pathway, now).pathway
    is_due = episode.next_review_at is not None and episode.next_review_at <= now
    if is_due and not is_awaited(session, episode.id):
        raise ReviewOwed("the review of the present step is due")
    proposal = propose(new.facts, pathway)
    _check(episode, new, proposal, pathway)
    return proposal


def newest_step(session: Session, episode_id: UUID) -> tuple[StepAssignment, str]:
    """Return the step that counts now, as the database has it, and the name of who decided."""
    found, member = session.execute(
        sa.select(StepAssignment, StaffMember)
        .join(StaffMember, StaffMember.id == StepAssignment.decided_by_id)
        .where(StepAssignment.episode_id == episode_id)
        .order_by(StepAssignment.from_at.desc())
        .limit(1)
    ).one()
    return found, member.name


def is_awaited(session: Session, episode_id: UUID) -> bool:
    """Return whether nobody has assigned a step yet."""
    return not session.scalar(sa.select(sa.exists().where(Intake.episode_id == episode_id)))


def newest_held(session: Session, episode: Episode) -> Held | None:
    """Return the intake that was held last, if one was."""
    found = session.execute(
        sa.select(Intake, StaffMember)
        .join(StaffMember, StaffMember.id == Intake.staff_member_id)
        .where(Intake.episode_id == episode.id)
        .order_by(Intake.at.desc())
        .limit(1)
        .options(joinedload(Intake.patient), joinedload(Intake.step_assignment).joinedload(StepAssignment.patient))
    ).one_or_none()
    if found is None:
        return None
    intake, member = found
    facts = IntakeFacts.model_validate_json(intake.findings)
    return Held(intake, facts, intake.step_assignment, member.name)


def waiting(session: Session, viewer: Viewer) -> Sequence[Waiting]:
    """Return the viewer's patients without an intake, whoever has the nearest time limit first."""
    held = sa.select(Intake.id).where(Intake.episode_id == Episode.id)
    found = session.scalars(
        episodes_visible_to(viewer)
        .where(Episode.closed_at.is_(None), ~held.exists())
        .options(joinedload(Episode.patient), joinedload(Episode.care_team), joinedload(Episode.accountable))
    ).all()
    pathways = {code: in_force(session, code).pathway for code in {each.pathway for each in found}}
    rows = [Waiting(each, pathways[each.pathway], assign_by(each, pathways[each.pathway])) for each in found]
    return sorted(rows, key=lambda each: (each.assign_by, each.episode.id))


def _check(episode: Episode, new: NewIntake, proposal: Proposal, pathway: Pathway) -> None:
    if episode.closed_at is not None:
        raise CareEnded("care has ended")
    if new.step not in steps_to_begin_with(pathway):
        raise NoSuchStep(f"pathway {pathway.code} does not begin with step {new.step}")
    if not new.reason.strip():
        raise WordsOwed("a step is assigned with words about why")
    if proposal.step is not None and proposal.step is not new.step and new.deviation is None:
        raise DeviationOwed(f"the rules propose {proposal.step}: another step needs a coded reason")
    owed = [role for role in pathway.care_roles if role not in new.roles]
    if owed:
        raise RolesOwed(f"nobody is named as {', '.join(owed)}")


def _share_out(session: Session, episode: Episode, new: NewIntake, by: UUID, now: datetime) -> None:
    """Name who is what to the patient. An earlier accountable person leaves a hand-over behind."""
    for role, holder_id in new.roles.items():
        roles.assign(session, episode, role, holder_id, decided_by_id=by, now=now)
    if episode.accountable_id is not None and episode.accountable_id != new.accountable_id:
        check_can_take_over(session, session.get_one(StaffMember, new.accountable_id), {episode.care_team_id})
        session.add(
            Handoff(
                episode_id=episode.id,
                patient=episode.patient,
                patient_id=episode.patient_id,
                at=now,
                from_id=episode.accountable_id,
                to_id=new.accountable_id,
                decided_by_id=by,
                from_team_id=episode.care_team_id,
                to_team_id=episode.care_team_id,
                reason=HandoffReason.STEP_CHANGE,
            )
        )
    episode.accountable_id = new.accountable_id
    session.flush()


def _add_step(
    session: Session, episode: Episode, rules: InForce, by: UUID, now: datetime, **decided: object
) -> StepAssignment:
    assignment = StepAssignment(
        episode_id=episode.id,
        patient=episode.patient,
        patient_id=episode.patient_id,
        from_at=now,
        decided_by_id=by,
        pathway_version_id=rules.version_id,
        **decided,
    )
    session.add(assignment)
    session.flush()
    return assignment
