"""The daily proof: each flag that the rules call for is there, and each state row is what the answers make of it.

Flags are raised where something happens: an answer, a window that closes, an appointment. Once a day one query asks all
open episodes at once, so that what went wrong on the way does not stay unseen.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.care.models import Episode
from monitor.checkins.closing import hold
from monitor.checkins.course import Course
from monitor.checkins.models import Answer, CheckIn, MeasureState, Score, Submission
from monitor.checkins.service import COURSE_COLUMNS, courses_from
from monitor.clock import Clock
from monitor.db import Sessions, reading, table, unit_of_work
from monitor.flags.called_for import RULES, Wanted, sweep
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag
from monitor.flags.service import evaluate
from monitor.measures import catalogue

log = logging.getLogger(__name__)

BATCH = 500


# ---- the state rows ----


def rebuild_courses(session: Session, episode_id: UUID) -> dict[str, Course]:
    """Return the courses of an episode as its answers make them, by instrument; they are not stored."""
    return _rebuilt(session, [episode_id])[episode_id]


def states_disagreeing(session: Session, episode_ids: Sequence[UUID]) -> list[UUID]:
    """Return those of some episodes whose stored state rows are not what their answers make of them."""
    rebuilt = _rebuilt(session, episode_ids)
    stored: dict[UUID, dict[str, Course]] = {episode_id: {} for episode_id in episode_ids}
    rows = sa.select(MeasureState.episode_id, *COURSE_COLUMNS).where(MeasureState.episode_id.in_(episode_ids))
    for episode_id, *values in session.execute(rows):
        stored[episode_id] |= courses_from([values])
    return [each for each in episode_ids if stored[each] != rebuilt[each]]


def _rebuilt(session: Session, episode_ids: Sequence[UUID]) -> Mapping[UUID, dict[str, Course]]:
    rebuilt: dict[UUID, defaultdict[str, Course]] = {episode_id: defaultdict(Course) for episode_id in episode_ids}
    scores = (
        sa.select(Score.episode_id, Score.instrument, Score.total, Score.at)
        .where(Score.episode_id.in_(episode_ids))
        .order_by(Score.at, Score.id)
    )
    for episode_id, instrument, total, at in session.execute(scores):
        rebuilt[episode_id][instrument].take(total, at)
    safety_items = [(code, item) for code in catalogue.CODES if (item := catalogue.spec(code).safety_item)]
    given = (
        sa.select(CheckIn.episode_id, Answer.instrument, Answer.value, Submission.submitted_at)
        .join(Submission, Submission.id == Answer.submission_id)
        .join(CheckIn, CheckIn.id == Submission.check_in_id)
        .where(CheckIn.episode_id.in_(episode_ids), Answer.value.is_not(None))
        .where(sa.tuple_(Answer.instrument, Answer.item).in_(safety_items))
        .order_by(Submission.submitted_at, Submission.id)
    )
    for episode_id, instrument, value, at in session.execute(given):
        rebuilt[episode_id][instrument].take_safety_answer(value, at)
    return rebuilt


# ---- the daily job ----


@dataclass(frozen=True)
class Proof:
    """What a day's proof found: state rows that had to be rebuilt, flags that were called for and not there."""

    rebuilt: int
    raised: int
    held: int
    """Called for, and held back by what a person has decided or a patient has declined."""


def prove(sessions: Sessions, clock: Clock) -> Proof:
    """Rebuild state rows that disagree and raise flags that are called for and not there; log how many, and no more.

    What a person has decided holds as it does elsewhere: such a flag is held and is not raised.
    """
    disagreeing = _disagreeing(sessions)
    for episode_id in disagreeing:
        _one(sessions, episode_id, _store_rebuilt)
    with reading(sessions) as session:
        missing = _without_open_flag(session, sweep(session))
    raised = sum(
        _one(sessions, episode_id, partial(_raise, kinds=kinds, now=clock())) for episode_id, kinds in missing.items()
    )
    proof = Proof(len(disagreeing), raised, sum(map(len, missing.values())) - raised)
    # A flag may be raised here because four weeks have gone by since a decision; a row that disagrees is a fault.
    log.log(logging.ERROR if disagreeing else logging.WARNING if raised else logging.INFO, "proof: %s", proof)
    return proof


def _one(sessions: Sessions, episode_id: UUID, step: Callable[[Session, UUID], int]) -> int:
    """Take one step for one episode in a commit of its own; one bad row must not stop the others."""
    try:
        with unit_of_work(sessions) as session:
            hold(session, episode_id)
            return step(session, episode_id)
    except Exception as error:
        log.error("episode %s: not proven: %s", episode_id, type(error).__name__)
        return 0


def _disagreeing(sessions: Sessions) -> list[UUID]:
    """Compare batch by batch: one long read would keep every writer of a SQLite database waiting."""
    with reading(sessions) as session:
        everybody = session.scalars(sa.select(Episode.id).where(Episode.closed_at.is_(None)).order_by(Episode.id)).all()
    found: list[UUID] = []
    for start in range(0, len(everybody), BATCH):
        with reading(sessions) as session:
            found += states_disagreeing(session, everybody[start : start + BATCH])
    return found


def _store_rebuilt(session: Session, episode_id: UUID) -> int:
    session.execute(sa.delete(table(MeasureState)).where(MeasureState.episode_id == episode_id))
    rebuilt = rebuild_courses(session, episode_id)
    session.add_all(
        MeasureState(episode_id=episode_id, instrument=code, **asdict(course)) for code, course in rebuilt.items()
    )
    return len(rebuilt)


def _without_open_flag(session: Session, wanted: Sequence[Wanted]) -> dict[UUID, list[FlagKind]]:
    open_flags = sa.select(Flag.episode_id, Flag.kind).where(Flag.closed_at.is_(None))
    there = {(episode_id, kind) for episode_id, kind in session.execute(open_flags)}
    missing: dict[UUID, list[FlagKind]] = {}
    for episode_id, kind in wanted:
        if (episode_id, kind) not in there:
            missing.setdefault(episode_id, []).append(kind)
    return missing


def _raise(session: Session, episode_id: UUID, *, kinds: Sequence[FlagKind], now: datetime) -> int:
    """Run the rules of the missing kinds only: nothing joins a flag that is there. Returns how many were opened."""
    episode = session.get_one(Episode, episode_id, options=[joinedload(Episode.patient), joinedload(Episode.care_team)])
    if episode.closed_at is not None:
        return 0
    rules = [rule for kind in kinds for rule in RULES[kind]]
    before = _open_flags(session, episode_id)
    evaluate(session, episode, now=now, only=rules)
    return _open_flags(session, episode_id) - before


def _open_flags(session: Session, episode_id: UUID) -> int:
    ours = sa.select(sa.func.count()).select_from(Flag).where(Flag.episode_id == episode_id, Flag.closed_at.is_(None))
    return session.scalar(ours) or 0
