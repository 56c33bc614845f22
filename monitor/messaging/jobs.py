"""What the worker calls: one pass over the texts that are due."""

import logging
import time
from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from monitor.db import unit_of_work
from monitor.ids import new_id
from monitor.messaging.delivery import Courier, Outcome, claim, deliver, mark_lost

log = logging.getLogger(__name__)

PAUSE_SECONDS = 0.002
"""Between two texts. SQLite's lock is no queue: a sender that never pauses can keep a patient's answers waiting."""


@dataclass(frozen=True)
class DispatchReport:
    """What one pass came to, in texts."""

    sent: int = 0
    skipped: int = 0
    failed: int = 0
    unknown: int = 0
    postponed: int = 0


def dispatch(courier: Courier) -> DispatchReport:
    """Send what is due, one text at a time, until nothing is; any number of passes may run side by side."""
    owner = new_id()  # one a pass: two passes never take each other's texts for their own
    with unit_of_work(courier.sessions) as session:
        outcomes = Counter({Outcome.UNKNOWN: mark_lost(session, courier.clock())})
    while taken := _claim(courier, owner):
        for message_id in taken:
            outcomes[_deliver_one(courier, message_id, owner)] += 1
            time.sleep(PAUSE_SECONDS)
    return DispatchReport(
        sent=outcomes[Outcome.SENT],
        skipped=outcomes[Outcome.SKIPPED],
        failed=outcomes[Outcome.FAILED],
        unknown=outcomes[Outcome.UNKNOWN],
        postponed=outcomes[Outcome.POSTPONED],
    )


def _claim(courier: Courier, owner: UUID) -> list[UUID]:
    with unit_of_work(courier.sessions) as session:
        return claim(session, owner, courier.clock(), lease=courier.lease)


def _deliver_one(courier: Courier, message_id: UUID, owner: UUID) -> Outcome:
    try:
        return deliver(courier, message_id, owner)
    except Exception as error:  # one bad row must not stop the others; its text may be in the message, so not that
        log.error("text %s: %s", message_id, type(error).__name__)
        return Outcome.LOST
