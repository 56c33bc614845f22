"""What the worker calls: one pass over the texts that are due."""

import logging
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from monitor.db import unit_of_work
from monitor.ids import new_id
from monitor.messaging.delivery import Courier, Outcome, claim, deliver, mark_lost
from monitor.messaging.outages import open_outage
from monitor.messaging.texts import ANSWERS_A_TEXT

log = logging.getLogger(__name__)

PAUSE_SECONDS = 0.002
"""Between two texts. SQLite's lock is no queue: a sender that never pauses can keep a patient's answers waiting."""
BATCH = 20
ANSWERS_WAIT = timedelta(seconds=2)
"""How long at most a patient who has just written waits behind everybody's reminders."""


@dataclass(frozen=True)
class DispatchReport:
    """What one pass came to, in texts."""

    sent: int = 0
    skipped: int = 0
    failed: int = 0
    unknown: int = 0
    postponed: int = 0
    handed_over: int = 0
    """To workers elsewhere, who send them."""


def dispatch(courier: Courier) -> DispatchReport:
    """Send what is due, one text at a time, until nothing is; any number of passes may run side by side."""
    owner = new_id()  # one a pass: two passes never take each other's texts for their own
    with unit_of_work(courier.sessions) as session:
        outcomes = Counter({Outcome.UNKNOWN: mark_lost(session, courier.clock())})
    for message_id in _taken(courier, owner):
        outcomes[_deliver_one(courier, message_id, owner)] += 1
        time.sleep(PAUSE_SECONDS)
    return DispatchReport(
        sent=outcomes[Outcome.SENT],
        skipped=outcomes[Outcome.SKIPPED],
        failed=outcomes[Outcome.FAILED],
        unknown=outcomes[Outcome.UNKNOWN],
        postponed=outcomes[Outcome.POSTPONED],
    )


def _taken(courier: Courier, owner: UUID) -> Iterator[UUID]:
    """Claim texts and give them, a few at a time; every now and then those first that answer a patient."""
    looked_at = None
    while True:
        now = courier.clock()
        if looked_at is None or now >= looked_at + ANSWERS_WAIT:
            looked_at = now
            yield from _claim(courier, owner, answers_only=True)
        batch = _claim(courier, owner)
        if not batch:
            return
        yield from batch


def _claim(courier: Courier, owner: UUID, *, answers_only: bool = False) -> list[UUID]:
    """Claim some of what is due; in an outage one text when it is time to try again, and otherwise none."""
    with unit_of_work(courier.sessions) as session:
        now, outage = courier.clock(), open_outage(session)
        if outage is not None and now < outage.try_at:
            return []
        limit = BATCH if outage is None else 1
        if answers_only:
            return claim(session, owner, now, limit=limit, lease=courier.lease, only=ANSWERS_A_TEXT)
        return claim(session, owner, now, limit=limit, lease=courier.lease)


def _deliver_one(courier: Courier, message_id: UUID, owner: UUID) -> Outcome:
    try:
        return deliver(courier, message_id, owner)
    except Exception as error:  # one bad row must not stop the others; its text may be in the message, so not that
        log.error("text %s: %s", message_id, type(error).__name__)
        return Outcome.LOST
