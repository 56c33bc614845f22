"""What a patient's own answers say before a step is assigned, and whether anything was said since a page was opened."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.care.intake import AnswersSince, StepDecided, newest_step
from monitor.care.intake_kinds import Need
from monitor.care.models import Episode
from monitor.checkins.models import DIFFICULTY_ITEM, Answer, CheckIn, Score

TOTALS: Mapping[str, str] = {"phq9": "phq9", "gad7": "gad7", "wsas": "wsas", "pc_ptsd5": "pcptsd5"}
"""What an intake calls a total -> the instrument that it is of."""
NEEDS, READINESS = "social_needs", "readiness"
NEED_ITEMS: Mapping[int, Need] = dict(enumerate(Need, start=1))
"""The screen asks about one need in each item, in this order."""
ANSWERS: Mapping[tuple[str, int], str] = {
    ("phq8", DIFFICULTY_ITEM): "difficulty",
    ("phq9", DIFFICULTY_ITEM): "difficulty",
    ("phq9", 9): "item9",
    (READINESS, 1): "importance",
    (READINESS, 2): "confidence",
}
"""Which item answers what an intake asks."""


@dataclass(frozen=True)
class Latest:
    """A total or an answer, and when it was given."""

    value: int
    at: datetime


@dataclass(frozen=True)
class Known:
    """The latest of each, as far as it was ever given: what was never asked is absent, never 0."""

    found: Mapping[str, Latest]
    """By what an intake calls it. An answer counts also where the rest of its check-in was not sent."""
    unmet: frozenset[Need]
    needs_asked: bool
    """Whether every need was answered."""
    mark: str
    """What a page was made of: another step or another answer since gives another mark."""


def known_of(session: Session, episode: Episode) -> Known:
    """Return what is known of an episode by its answers."""
    answers = _answers(session, episode)
    needs = {need: answers[NEEDS, item].value for item, need in NEED_ITEMS.items() if (NEEDS, item) in answers}
    items = {name: answers[item] for item, name in ANSWERS.items() if item in answers}
    return Known(
        found=_totals(session, episode) | items,
        unmet=frozenset(need for need, is_unmet in needs.items() if is_unmet),
        needs_asked=len(needs) == len(NEED_ITEMS),
        mark=_mark(session, episode),
    )


def must_be_current(session: Session, episode: Episode, mark: str) -> None:
    """Let a decision through only if it was made before what is known now. Raises StepDecided or AnswersSince."""
    present = _mark(session, episode)
    if present == mark:
        return
    assignment, name = newest_step(session, episode.id)
    if str(assignment.id) != mark.partition(" ")[0]:
        raise StepDecided(assignment, name)
    raise AnswersSince("the patient has answered since the page was opened")


def _mark(session: Session, episode: Episode) -> str:
    assignment, _ = newest_step(session, episode.id)
    answers = sa.select(sa.func.max(Answer.id)).join(CheckIn, CheckIn.id == Answer.check_in_id)
    return f"{assignment.id} {session.scalar(answers.where(CheckIn.episode_id == episode.id)) or 0}"


def _totals(session: Session, episode: Episode) -> dict[str, Latest]:
    rows = session.execute(
        sa.select(Score.instrument, Score.total, Score.at)
        .where(Score.episode_id == episode.id, Score.total.is_not(None))
        .order_by(Score.at, Score.id)
    )
    newest = {code: Latest(total, at) for code, total, at in rows if total is not None}
    return {name: newest[code] for name, code in TOTALS.items() if code in newest}


def _answers(session: Session, episode: Episode) -> dict[tuple[str, int], Latest]:
    """Return the newest value of each item: declining does not wipe out what was answered before."""
    wanted = [*ANSWERS, *((NEEDS, item) for item in NEED_ITEMS)]
    rows = session.execute(
        sa.select(Answer.instrument, Answer.item, Answer.value, Answer.answered_at)
        .join(CheckIn, CheckIn.id == Answer.check_in_id)
        .where(CheckIn.episode_id == episode.id, Answer.value.is_not(None))
        .where(sa.tuple_(Answer.instrument, Answer.item).in_(wanted))
        .order_by(Answer.id)
    )
    return {(code, item): Latest(value, at) for code, item, value, at in rows if value is not None}
