"""What the clock does once a day for whoever has stepped down: look again, so that a lost evaluation is caught."""

import logging
from uuid import UUID

import sqlalchemy as sa

from monitor.care.kinds import Step
from monitor.care.models import Episode, StepAssignment
from monitor.clock import Clock
from monitor.db import Sessions, reading, unit_of_work
from monitor.flags.models import Flag, FlagEvent
from monitor.relapse.watching import watch

log = logging.getLogger(__name__)

BATCH = 200


def watch_all(sessions: Sessions, clock: Clock) -> int:
    """Look at every open episode that has stepped down, each in a commit of its own; return for how many it was news.

    Safe to run any number of times: what was raised is there, and what a person decided holds.
    """
    newly, after = 0, None
    while True:
        with reading(sessions) as session:
            batch = session.scalars(_stepped_down(after)).all()
        for episode_id in batch:
            try:
                newly += _one(sessions, episode_id, clock)
            except Exception as error:  # one bad row must not stop the others
                log.error("episode %s: not watched: %s", episode_id, type(error).__name__)
        if len(batch) < BATCH:
            if newly:  # lost on the way, or four weeks have gone by since a decision
                log.warning("watching: %s episodes had something that was not raised", newly)
            return newly
        after = batch[-1]


def _one(sessions: Sessions, episode_id: UUID, clock: Clock) -> bool:
    with unit_of_work(sessions) as session:
        episode = session.get_one(Episode, episode_id)
        said = sa.select(sa.func.count(FlagEvent.id)).join(Flag).where(Flag.episode_id == episode_id)
        before = session.scalar(said)
        watch(session, episode, clock())
        return session.scalar(said) != before


def _stepped_down(after: UUID | None) -> sa.Select[UUID]:
    newest = (
        sa.select(StepAssignment.step)
        .where(StepAssignment.episode_id == Episode.id)
        .order_by(StepAssignment.from_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    rest = sa.true() if after is None else Episode.id > after
    return (
        sa.select(Episode.id)
        .where(Episode.closed_at.is_(None), newest == Step.STEPPED_DOWN, rest)
        .order_by(Episode.id)
        .limit(BATCH)
    )
