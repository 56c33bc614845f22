"""What a pathway's flag rules would have raised in the service's own last weeks, beside those in force.

Replayed from the check-ins, scores, answers to item 9, appointments, steps and treatments; calls, opt-outs and numbers
that the network gave up are left out, since no pathway has a say in them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.care.intake_models import TreatmentStart
from monitor.care.models import Appointment, Episode, StepAssignment
from monitor.care.pathway import Pathway
from monitor.care.pathways import in_force
from monitor.checkins.models import Answer, CancelReason, CheckIn, Score, Submission
from monitor.flags.kinds import Rule
from monitor.flags.replay import Asked, Attended, Ending, Event, Stepped, Treated, replay
from monitor.flags.score_rules import DEPRESSION
from monitor.measures import catalogue

BATCH = 500
Dated = tuple[UUID, Event]
"""An event with its episode."""


@dataclass(frozen=True)
class Trial:
    """How often each rule came to a finding, under the pathway in force and under the one that is tried."""

    episodes: int
    per_rule: Mapping[str, tuple[int, int]]
    """Of the rules that raised anything, in the order of the rules."""


def trial(session: Session, pathway: Pathway, *, until: datetime, days: int = 90) -> Trial:
    """Replay the last days of every episode on a pathway under both versions. Statements do not grow with patients.

    Each episode is replayed from its beginning; what is counted lies within the days.
    """
    since = until - timedelta(days=days)
    open_then = (
        sa.select(Episode.id, Episode.opened_at)
        .where(Episode.pathway == pathway.code, Episode.opened_at < until)
        .where(sa.or_(Episode.closed_at.is_(None), Episode.closed_at > since))
    )
    opened = {episode_id: opened_at for episode_id, opened_at in session.execute(open_then)}
    if not opened:
        return Trial(0, {})
    policies = (in_force(session, pathway.code).pathway.flags, pathway.flags)
    counts: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    for episode_id, happened in histories(session, opened, until):
        for policy, count in zip(policies, counts, strict=True):
            raised = replay(happened, policy, opened_at=opened[episode_id])
            count.update(each.finding.rule for each in raised if since <= each.at)
    now, tried = counts
    return Trial(len(opened), {rule: (now[rule], tried[rule]) for rule in Rule if now[rule] or tried[rule]})


def histories(session: Session, episodes: Iterable[UUID], until: datetime) -> Iterator[tuple[UUID, list[Event]]]:
    """Yield what happened in some episodes before a moment."""
    wanted = sorted(episodes)
    for start in range(0, len(wanted), BATCH):
        batch = wanted[start : start + BATCH]
        happened: dict[UUID, list[Event]] = {episode_id: [] for episode_id in batch}
        for load in (_steps, _treatments, _contacts, _submissions, _silences):
            for episode_id, event in load(session, batch):
                if event.at < until:
                    happened[episode_id].append(event)
        yield from happened.items()


def _steps(session: Session, ids: Sequence[UUID]) -> Iterator[Dated]:
    rows = sa.select(StepAssignment.episode_id, StepAssignment.from_at, StepAssignment.step)
    for episode_id, at, step in session.execute(rows.where(StepAssignment.episode_id.in_(ids))):
        yield episode_id, Stepped(at, step)


def _treatments(session: Session, ids: Sequence[UUID]) -> Iterator[Dated]:
    rows = sa.select(
        TreatmentStart.episode_id, TreatmentStart.at, TreatmentStart.treatment, TreatmentStart.started_on
    ).order_by(TreatmentStart.at, TreatmentStart.id)
    for episode_id, at, treatment, started_on in session.execute(rows.where(TreatmentStart.episode_id.in_(ids))):
        yield episode_id, Treated(at, treatment, started_on)


def _contacts(session: Session, ids: Sequence[UUID]) -> Iterator[Dated]:
    rows = sa.select(Appointment.episode_id, Appointment.attended_at, Appointment.starts_at)
    for episode_id, at, starts_at in session.execute(rows.where(Appointment.episode_id.in_(ids))):
        if at is not None:
            yield episode_id, Attended(at, starts_at)


def _silences(session: Session, ids: Sequence[UUID]) -> Iterator[Dated]:
    rows = sa.select(
        CheckIn.episode_id, CheckIn.due_at, CheckIn.missed_at, CheckIn.cancelled_at, CheckIn.cancel_reason
    ).where(CheckIn.episode_id.in_(ids))
    for episode_id, due_at, missed_at, cancelled_at, reason in session.execute(rows):
        if missed_at is not None:
            yield episode_id, Asked(missed_at, due_at, Ending.MISSED)
        elif cancelled_at is not None and reason is CancelReason.NOT_DELIVERED:
            yield episode_id, Asked(cancelled_at, due_at, Ending.UNDELIVERED)


def _submissions(session: Session, ids: Sequence[UUID]) -> Iterator[Dated]:
    ours = CheckIn.episode_id.in_(ids)
    totals: dict[UUID, dict[str, int | None]] = {}
    for submission_id, code, total in session.execute(
        sa.select(Score.submission_id, Score.instrument, Score.total).where(Score.episode_id.in_(ids))
    ):
        totals.setdefault(submission_id, {})[code] = total
    item = catalogue.spec(DEPRESSION).safety_item
    safety = {
        submission_id: value
        for submission_id, value in session.execute(
            sa.select(Answer.submission_id, Answer.value)
            .join(CheckIn, CheckIn.id == Answer.check_in_id)
            .where(ours, Answer.submission_id.is_not(None), Answer.instrument == DEPRESSION, Answer.item == item)
        )
    }
    rows = (
        sa.select(CheckIn.episode_id, CheckIn.due_at, Submission.id, Submission.submitted_at)
        .join(Submission, Submission.check_in_id == CheckIn.id)
        .where(ours)
        .order_by(Submission.submitted_at, Submission.id)
    )
    for episode_id, due_at, submission_id, at in session.execute(rows):
        scored = totals.get(submission_id, {})
        yield (
            episode_id,
            Asked(
                at,
                due_at,
                Ending.ANSWERED,
                scored,
                asked_safety=DEPRESSION in scored,
                safety=safety.get(submission_id),
                declined=submission_id in safety and safety[submission_id] is None,
            ),
        )
