"""What the clock does with flags: wake them, hand them to who stands in, take them up a level, count them."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.clock import Clock
from monitor.db import Sessions, reading, unit_of_work
from monitor.flags import escalation
from monitor.flags.digests import write_digests

log = logging.getLogger(__name__)

BATCH = 200

Step = Callable[[Session, UUID, datetime], bool]


@dataclass(frozen=True)
class FlagsReport:
    """What one pass came to, in flags; digests in people."""

    woken: int
    handed_over: int
    escalated: int
    digests: int


def keep_time(sessions: Sessions, clock: Clock) -> FlagsReport:
    """Take every flag as far as the time has taken it. Safe to run any number of times, side by side too."""
    woken = _each(sessions, clock, escalation.due_to_wake, escalation.wake)
    handed_over = _each(sessions, clock, escalation.due_to_hand_over, escalation.hand_to_cover)
    escalated = _each(sessions, clock, escalation.due_to_escalate, escalation.escalate)
    with unit_of_work(sessions) as session:
        digests = write_digests(session, clock())
    return FlagsReport(woken, handed_over, escalated, digests)


def _each(sessions: Sessions, clock: Clock, due: Callable[[datetime], sa.Select[UUID]], step: Step) -> int:
    """Take a step for each flag that is due for it, in a commit of its own; return how many it changed."""
    changed, left = 0, 0
    while True:
        with reading(sessions) as session:
            batch = session.scalars(due(clock()).offset(left).limit(BATCH)).all()
        for flag_id in batch:
            try:
                with unit_of_work(sessions) as session:
                    done = step(session, flag_id, clock())
            except Exception as error:  # one bad row must not stop the others
                log.error("flag %s: %s: %s", flag_id, step.__name__, type(error).__name__)
                done = False
            changed, left = changed + done, left + (not done)
        if len(batch) < BATCH:
            return changed
