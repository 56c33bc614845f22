"""What was decided about a patient and why: flags, steps, reviews, and who became accountable, newest first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from monitor.care.intake_models import Handoff, Intake
from monitor.care.kinds import DeviationReason
from monitor.care.models import StepAssignment
from monitor.care.staff_words import DEVIATION_REASONS, step_label
from monitor.flags.detail import FlagDetail
from monitor.flags.due import Reader
from monitor.i18n import N_
from monitor.people.models import StaffMember
from monitor.progress.record import Record
from monitor.relapse.models import Reentry
from monitor.relapse.reentry import FIRED
from monitor.reviews.models import Review
from monitor.reviews.words import criterion_label, decision_label, kind_label


@dataclass(frozen=True)
class LogEntry:
    """One thing in the log: a flag; or a decision with why, what the rules proposed and under which rules."""

    at: datetime
    day: str
    flag: FlagDetail | None = None
    what: str = ""
    words: str | None = None
    who: str | None = None
    against: str = ""
    """What was proposed instead, and the reason for deciding otherwise; nothing where both agree."""
    behind: tuple[str, ...] = ()
    """What stands behind it, for whoever wants to know: what the rules saw, and their version."""


def log_of(session: Session, record: Record, flags: Iterable[FlagDetail], reader: Reader) -> tuple[LogEntry, ...]:
    """Return flags and decisions, newest first. A step that a review decided is told with the review."""
    reviews = session.scalars(
        sa.select(Review)
        .where(Review.episode_id == record.episode.id)
        .options(joinedload(Review.decided_by), joinedload(Review.patient))
    ).all()
    told = {review.step_assignment_id for review in reviews}
    at_intake = set(session.scalars(sa.select(Intake.step_assignment_id).where(Intake.episode_id == record.episode.id)))
    took = _took_the_call(session, record.steps)
    steps = [
        _step(step, took.get(step.id, who), number == 0, step.id in at_intake, reader)
        for number, (step, who) in enumerate(record.steps)
        if step.id not in told
    ]
    entries = [
        *steps,
        *(_review(review, reader) for review in reviews),
        *_handoffs(session, record.episode.id, reader),
        *(LogEntry(at=flag.opened_at, day=flag.opened_day, flag=flag) for flag in flags),
    ]
    return tuple(sorted(entries, key=lambda entry: entry.at, reverse=True))


def _is_return(step: StepAssignment) -> bool:
    return any(each["rule"] == FIRED for each in step.fired)


def _took_the_call(session: Session, steps: Iterable[tuple[StepAssignment, str]]) -> Mapping[UUID, str]:
    """Return, by step, who took the call of somebody who came back: the words with such a step are theirs."""
    returns = [step.id for step, _ in steps if _is_return(step)]
    if not returns:
        return {}
    took = StaffMember.id == Reentry.staff_member_id
    found = sa.select(Reentry.step_assignment_id, StaffMember).join(StaffMember, took)
    return {step: who.name for step, who in session.execute(found.where(Reentry.step_assignment_id.in_(returns)))}


def _step(step: StepAssignment, who: str, is_first: bool, at_intake: bool, reader: Reader) -> LogEntry:
    if at_intake:
        said = N_("Intake: %(step)s.")
    elif _is_return(step):
        said = N_("Came back to: %(step)s.")
    else:
        said = N_("Care began at: %(step)s.") if is_first else N_("Step changed to: %(step)s.")
    proposed = step.proposed_step
    is_other = proposed is not None and proposed is not step.step
    return LogEntry(
        at=step.from_at,
        day=reader.date(step.from_at),
        what=reader.say(said, step=step_label(step.step, reader.language)),
        words=step.reason,
        who=who,
        against=_against(step_label(proposed, reader.language), step.deviation_reason, reader)
        if is_other and proposed
        else "",
        behind=(_version(step.pathway_version_id, reader),),
    )


def _review(review: Review, reader: Reader) -> LogEntry:
    language = reader.language
    decided = decision_label(review.decision, language)
    if review.to_step is not None:
        decided = reader.say(N_("%(decision)s, %(step)s"), decision=decided, step=step_label(review.to_step, language))
    seen = [criterion_label(each["criterion"], language) for each in review.criteria]
    behind = [reader.say(N_("Met: %(criteria)s."), criteria="; ".join(seen))] if seen else []
    if review.next_review_at is not None:
        behind.append(reader.say(N_("Next review set for %(day)s."), day=reader.date(review.next_review_at)))
    if review.done_at > review.due_at:
        behind.append(reader.say(N_("It was due on %(day)s."), day=reader.date(review.due_at)))
    return LogEntry(
        at=review.done_at,
        day=reader.date(review.done_at),
        what=reader.say(N_("%(review)s: %(decision)s."), review=kind_label(review.kind, language), decision=decided),
        words=review.words,
        who=review.decided_by.name,
        against=_against(decision_label(review.proposal, language), review.deviation_reason, reader)
        if review.decision is not review.proposal
        else "",
        behind=(*behind, _version(review.pathway_version_id, reader)),
    )


def _handoffs(session: Session, episode_id: UUID, reader: Reader) -> Sequence[LogEntry]:
    """Return each change of the accountable person."""
    before, after, by = aliased(StaffMember), aliased(StaffMember), aliased(StaffMember)
    found = session.execute(
        sa.select(Handoff, before, after, by)
        .join(before, before.id == Handoff.from_id)
        .join(after, after.id == Handoff.to_id)
        .outerjoin(by, by.id == Handoff.decided_by_id)
        .where(Handoff.episode_id == episode_id)
    )
    said = N_("Accountable from now on: %(after)s, after %(before)s.")
    return [
        LogEntry(
            at=handoff.at,
            day=reader.date(handoff.at),
            what=reader.say(said, after=taker.name, before=giver.name),
            who=decider.name if decider else None,
        )
        for handoff, giver, taker, decider in found
    ]


def _against(proposed: str, reason: DeviationReason | None, reader: Reader) -> str:
    """Return what the rules proposed and why it was decided otherwise."""
    said = reader.say(N_("The rules proposed: %(proposed)s."), proposed=proposed)
    return f"{said} {reader.say(DEVIATION_REASONS[reason])}." if reason else said


def _version(version_id: UUID, reader: Reader) -> str:
    """Return the version of the pathway whose rules were in force: its first letters tell one from another."""
    return reader.say(N_("Pathway version %(version)s."), version=version_id.hex[:8])
