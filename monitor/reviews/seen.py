"""What whoever decides had before them: a fingerprint of the facts, and what has happened since it was taken."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.care.intake_models import Intake
from monitor.care.models import Episode, StepAssignment
from monitor.care.pathways import in_force
from monitor.checkins.models import Answer, CheckIn, Submission
from monitor.flags.kinds import Rule
from monitor.flags.models import Flag, FlagEvent, FlagEventKind
from monitor.people.models import StaffMember
from monitor.reviews.models import Review

_A_PERSON_DID = (FlagEventKind.ATTEMPT, FlagEventKind.CLOSED)


class Change(StrEnum):
    """What happened to an episode since a page about it was opened."""

    ANSWERED = "answered"
    FLAG = "flag"
    STEP = "step"
    INTAKE = "intake"
    DATE = "date"
    PATHWAY = "pathway"


@dataclass(frozen=True)
class Changed:
    """One thing that happened since: what, when, and who did it where a person of the team did."""

    what: Change
    at: datetime | None = None
    who: str | None = None


@dataclass(frozen=True)
class Seen:
    """The newest of everything that a review rests on. `as_text` travels in the form and comes back."""

    review: UUID | None
    answer: int | None
    event: UUID | None
    step: UUID | None
    intake: UUID | None
    pathway: UUID | None
    """The version that the criteria come from."""
    due_at: datetime | None

    def as_text(self) -> str:
        """Return it as one line for a hidden field."""
        return "~".join(str(each or "") for each in (*self._ids, self.due_at.isoformat() if self.due_at else ""))

    @property
    def _ids(self) -> tuple[object, ...]:
        return (self.review, self.answer, self.event, self.step, self.intake, self.pathway)

    @classmethod
    def from_text(cls, text: str) -> Self | None:
        """Read it back; None for what no page of ours has sent."""
        try:
            review, answer, event, step, intake, pathway, due = text.split("~")
            return cls(
                UUID(review) if review else None,
                int(answer) if answer else None,
                UUID(event) if event else None,
                UUID(step) if step else None,
                UUID(intake) if intake else None,
                UUID(pathway) if pathway else None,
                datetime.fromisoformat(due) if due else None,
            )
        except ValueError:
            return None


def seen(session: Session, episode: Episode) -> Seen:
    """Return the fingerprint of an episode as it stands. That its review has come due is no news about the patient."""
    return Seen(
        review=session.scalar(_newest_review(episode).with_only_columns(Review.id)),
        answer=session.scalar(
            sa.select(sa.func.max(Answer.id))
            .join(CheckIn, CheckIn.id == Answer.check_in_id)
            .where(CheckIn.episode_id == episode.id)
        ),
        event=session.scalar(_newest_event(episode).with_only_columns(FlagEvent.id)),
        step=session.scalar(_newest_step(episode).with_only_columns(StepAssignment.id)),
        intake=session.scalar(_newest_intake(episode).with_only_columns(Intake.id)),
        pathway=in_force(session, episode.pathway).version_id,
        due_at=episode.next_review_at,
    )


def newest_review(session: Session, episode: Episode) -> Review | None:
    """Return the review that was held last, with who decided."""
    return session.scalars(
        _newest_review(episode).options(joinedload(Review.decided_by), joinedload(Review.patient))
    ).one_or_none()


def changes(session: Session, episode: Episode, before: Seen, now: Seen) -> tuple[Changed, ...]:
    """Return what happened between two fingerprints, other than a review."""
    found: list[Changed] = []
    if before.answer != now.answer:
        newest = sa.select(sa.func.max(Submission.submitted_at)).join(CheckIn, CheckIn.id == Submission.check_in_id)
        found.append(Changed(Change.ANSWERED, session.scalar(newest.where(CheckIn.episode_id == episode.id))))
    if before.event != now.event and now.event is not None:
        event = session.get_one(FlagEvent, now.event)
        found.append(Changed(Change.FLAG, event.at, event.staff_member.name if event.staff_member else None))
    if before.step != now.step and now.step is not None:
        step = session.get_one(StepAssignment, now.step)
        found.append(Changed(Change.STEP, step.from_at, session.get_one(StaffMember, step.decided_by_id).name))
    elif before.intake != now.intake and now.intake is not None:
        intake = session.get_one(Intake, now.intake)
        found.append(Changed(Change.INTAKE, intake.at, session.get_one(StaffMember, intake.staff_member_id).name))
    if before.due_at != now.due_at:
        found.append(Changed(Change.DATE, now.due_at))
    if before.pathway != now.pathway:
        found.append(Changed(Change.PATHWAY))
    return tuple(found)


def history(session: Session, episode: Episode) -> Sequence[Review]:
    """Return every review of an episode, newest first."""
    return session.scalars(
        sa.select(Review)
        .where(Review.episode_id == episode.id)
        .order_by(Review.done_at.desc(), Review.id.desc())
        .options(joinedload(Review.decided_by), joinedload(Review.patient))
    ).all()


def _newest_review(episode: Episode) -> sa.Select[Review]:
    mine = sa.select(Review).where(Review.episode_id == episode.id)
    return mine.order_by(Review.done_at.desc(), Review.id.desc()).limit(1)


def _newest_step(episode: Episode) -> sa.Select[StepAssignment]:
    mine = sa.select(StepAssignment).where(StepAssignment.episode_id == episode.id)
    return mine.order_by(StepAssignment.from_at.desc(), StepAssignment.id.desc()).limit(1)


def _newest_intake(episode: Episode) -> sa.Select[Intake]:
    return (
        sa.select(Intake).where(Intake.episode_id == episode.id).order_by(Intake.at.desc(), Intake.id.desc()).limit(1)
    )


def _newest_event(episode: Episode) -> sa.Select[FlagEvent]:
    """What a patient said or a person did: not that somebody has read it, and not that the review's date has come."""
    says = sa.or_(FlagEvent.evidence.is_not(None), FlagEvent.kind.in_(_A_PERSON_DID))
    return (
        sa.select(FlagEvent)
        .join(Flag, Flag.id == FlagEvent.flag_id)
        .where(Flag.episode_id == episode.id, says, FlagEvent.rule.is_distinct_from(Rule.R1))
        .order_by(FlagEvent.at.desc(), FlagEvent.id.desc())
        .limit(1)
    )
