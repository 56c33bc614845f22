"""Everything of one episode that a staff page shows, read in a fixed number of statements."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from monitor.care.models import Appointment, Episode, StepAssignment
from monitor.checkins.entry import entered_by
from monitor.checkins.kinds import Compared
from monitor.checkins.models import Answer, CancelReason, CheckIn, Submission
from monitor.measures import catalogue
from monitor.measures.instrument import Spec
from monitor.messaging.models import Message
from monitor.people.models import ContactPreference, Purpose, StaffMember
from monitor.people.needs import Needs, needs_of
from monitor.people.service import newest_consent, preference
from monitor.progress.series import Point, PointState, Trajectory


@dataclass(frozen=True)
class Draft:
    """Answers of a check-in that was begun and not sent."""

    at: datetime
    answers: Mapping[tuple[str, int], int | None]


@dataclass(frozen=True)
class Asked:
    """One check-in with its texts and what came back."""

    check_in: CheckIn
    texts: tuple[Message, ...]
    submission: Submission | None
    draft: Draft | None
    compared: Compared | None
    """The patient's own word, which a correction by somebody else does not take away."""
    entered_by: str | None = None
    """The staff member to whom they said it, where they did not answer by themselves."""

    @property
    def is_begun(self) -> bool:
        """Whether answers were given and not sent."""
        return self.submission is None and self.draft is not None


@dataclass(frozen=True)
class SafetyAnswer:
    """One answer to the safety item: sent or only begun; `value` None when they preferred not to say."""

    at: datetime
    value: int | None
    was_sent: bool


@dataclass(frozen=True)
class Record:
    """One episode: what was asked, answered, sent, agreed and decided."""

    episode: Episode
    trajectories: tuple[Trajectory, ...]
    asked: tuple[Asked, ...]
    """Newest first."""
    safety: tuple[SafetyAnswer, ...]
    """Every answer to the safety item, newest first."""
    steps: tuple[tuple[StepAssignment, str], ...]
    """Oldest first, each with the name of who decided."""
    appointments: tuple[Appointment, ...]
    wishes: ContactPreference | None
    texts: bool | None
    check_ins: bool | None
    shares: bool | None
    """Whether their own doctor may be told; None when nobody has asked."""
    needs: Needs

    @property
    def answered(self) -> int:
        """How many check-ins were answered."""
        return sum(each.check_in.completed_at is not None for each in self.asked)

    @property
    def missed(self) -> int:
        """How many were not, though a text had gone out."""
        return sum(each.check_in.missed_at is not None for each in self.asked)

    @property
    def undelivered(self) -> int:
        """How many texts did not arrive: our failure, never counted as missed."""
        return sum(each.check_in.cancel_reason is CancelReason.NOT_DELIVERED for each in self.asked)

    @property
    def was_invited(self) -> bool:
        """Whether anything has ever been sent to them, or is about to be."""
        return any(each.texts for each in self.asked)


def record_of(session: Session, episode: Episode) -> Record:
    """Load the record of an episode that a viewer was let see."""
    asked = _asked(session, episode)
    return Record(
        episode=episode,
        trajectories=_trajectories(asked),
        asked=asked,
        safety=_safety(asked),
        steps=_steps(session, episode),
        appointments=tuple(
            session.scalars(
                sa.select(Appointment).where(Appointment.episode_id == episode.id).order_by(Appointment.starts_at)
            )
        ),
        wishes=preference(session, episode.patient_id),
        texts=newest_consent(session, episode.patient_id, Purpose.TEXTS),
        check_ins=newest_consent(session, episode.patient_id, Purpose.CHECK_INS),
        shares=newest_consent(session, episode.patient_id, Purpose.PRIMARY_CARE),
        needs=needs_of(session, episode.patient_id),
    )


def _asked(session: Session, episode: Episode) -> tuple[Asked, ...]:
    ours = sa.select(CheckIn.id).where(CheckIn.episode_id == episode.id)
    texts: dict[UUID, list[Message]] = {}
    for text in session.scalars(
        sa.select(Message).where(Message.check_in_id.in_(ours)).order_by(Message.due_at, Message.id)
    ):
        if text.check_in_id is not None:
            texts.setdefault(text.check_in_id, []).append(text)
    sent = session.scalars(
        sa.select(Submission)
        .where(Submission.check_in_id.in_(ours))
        .order_by(Submission.submitted_at)
        .options(selectinload(Submission.answers), selectinload(Submission.scores), joinedload(Submission.patient))
    ).all()
    submissions = {each.check_in_id: each for each in sent}  # a correction comes after what it corrects, and counts
    compared = {each.check_in_id: each.compared for each in sent if each.compared}
    drafts, entered = _drafts(session, episode), entered_by(session, submissions.values())
    check_ins = session.scalars(
        sa.select(CheckIn).where(CheckIn.episode_id == episode.id).order_by(CheckIn.due_at.desc())
    )
    return tuple(
        Asked(
            check_in,
            tuple(texts.get(check_in.id, ())),
            submissions.get(check_in.id),
            drafts.get(check_in.id),
            compared.get(check_in.id),
            entered.get(submissions[check_in.id].id) if check_in.id in submissions else None,
        )
        for check_in in check_ins
    )


def _drafts(session: Session, episode: Episode) -> Mapping[UUID, Draft]:
    rows = session.scalars(
        sa.select(Answer)
        .join(CheckIn, CheckIn.id == Answer.check_in_id)
        .where(CheckIn.episode_id == episode.id, Answer.submission_id.is_(None))
        .order_by(Answer.id)
    )
    found: dict[UUID, Draft] = {}
    for row in rows:
        before = found.get(row.check_in_id)
        answers = {**(before.answers if before else {}), (row.instrument, row.item): row.value}
        found[row.check_in_id] = Draft(row.answered_at, answers)
    return found


def _steps(session: Session, episode: Episode) -> tuple[tuple[StepAssignment, str], ...]:
    rows = session.execute(
        sa.select(StepAssignment, StaffMember)
        .join(StaffMember, StaffMember.id == StepAssignment.decided_by_id)
        .where(StepAssignment.episode_id == episode.id)
        .order_by(StepAssignment.from_at)
    )
    return tuple((step, member.name) for step, member in rows)


def _trajectories(asked: Sequence[Asked]) -> tuple[Trajectory, ...]:
    codes = [code for code in catalogue.TRACKED if any(_has_score(each, code) for each in asked)]
    return tuple(
        Trajectory.of(
            catalogue.tracked(code),
            [
                point
                for each in asked
                if code in each.check_in.instruments and (point := _point(each, catalogue.tracked(code))) is not None
            ],
        )
        for code in codes
    )


def _has_score(asked: Asked, code: str) -> bool:
    return asked.submission is not None and any(score.instrument == code for score in asked.submission.scores)


def _point(asked: Asked, spec: Spec) -> Point | None:
    """Return a check-in on one measure; None while it is open, or when its language has no wording of the measure."""
    check_in, submission = asked.check_in, asked.submission
    if submission is None:
        if check_in.missed_at is None and check_in.cancel_reason is not CancelReason.NOT_DELIVERED:
            return None
        gap = PointState.MISSED if check_in.missed_at else PointState.NOT_DELIVERED
        return Point(check_in.local_date, None, gap, at=check_in.closes_at)
    score = next((score for score in submission.scores if score.instrument == spec.code), None)
    if score is None:
        return None
    given = {answer.item: answer.value for answer in submission.answers if answer.instrument == spec.code}
    return Point(
        check_in.local_date,
        score.total,
        PointState.ANSWERED if score.total is not None and not score.estimated else PointState.PARTIAL,
        items=tuple(given.get(item) for item in range(1, spec.item_count + 1)),
        mode=submission.mode,
        language=submission.language,
        at=submission.submitted_at,
        estimated=score.estimated,
        compared=asked.compared,
    )


def _safety(asked: Iterable[Asked]) -> tuple[SafetyAnswer, ...]:
    """Read the safety item from the answers, never through a score; one that was changed before sending stays."""
    found = []
    for each in asked:
        for code in each.check_in.instruments:
            number = catalogue.spec(code).safety_item
            if number is None:
                continue
            item = (code, number)
            sent = each.submission.answers_given() if each.submission else {}
            begun = each.draft.answers if each.draft else {}
            if each.submission and item in sent:
                found.append(SafetyAnswer(each.submission.submitted_at, sent[item], was_sent=True))
            if each.draft and item in begun and (item not in sent or sent[item] != begun[item]):
                found.append(SafetyAnswer(each.draft.at, begun[item], was_sent=False))
    return tuple(sorted(found, key=lambda answer: answer.at, reverse=True))
