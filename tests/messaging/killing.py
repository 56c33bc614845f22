"""Senders that are killed at any moment, and what has to be true of the texts afterwards, however they are started.

texts = fill(sessions)
with network_process(at=NOON.isoformat()) as network:
    network.set(manners=LOSSY)
    kill_again_and_again(start, kills=40)      # `start` starts one sender and returns its process id
    ...                                        # let senders run in peace until nothing is under way
    verdict = judge(sessions, network.texts())
assert verdict == Verdict(texts=len(texts), duplicates=0, never_sent=0)
"""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from monitor.db import Sessions, reading, unit_of_work
from monitor.demo.phone_network_words import Manners
from monitor.ids import new_id
from monitor.messaging.links import check_in_token
from monitor.messaging.models import ACCEPTED, WAITING, Message, MessageState
from monitor.messaging.texts import TextKind
from tests.messaging.outbox_setting import NOON, TWO_DAYS, add_patient

TEXTS, NUMBERS, KILLS, SENDERS = 1_500, 200, 40, 3
LOST_RECEIPTS = 0.01
"""The share of texts that are taken without our learning it."""
PAUSES = (0.15, 0.31, 0.17, 0.23, 0.19, 0.29)
"""Seconds between two killings: uneven, so that they fall on every part of the work."""
UNDER_WAY = WAITING | {MessageState.SENDING, MessageState.UNKNOWN}


def manners(list_lag: float) -> Manners:
    """Return how the network behaves: some receipts get lost, its list lags, and it never reports by itself."""
    return Manners(lost_receipts=LOST_RECEIPTS, list_lag=list_lag, lost_calls=1.0)


def fill(sessions: Sessions, texts: int = TEXTS, numbers: int = NUMBERS) -> int:
    """Queue texts that are due at noon to a number of patients; return how many.

    They are of a kind that has no cap, and each has a check-in and so a link of its own.
    """
    with unit_of_work(sessions) as session:
        patients = [add_patient(session, number=f"+4477009{index:05}").id for index in range(numbers)]
        session.flush()
        each = {"purpose": TextKind.NEW_LINK, "language": "en", "due_at": NOON, "expires_at": NOON + TWO_DAYS}
        rows = [
            each | {"patient_id": patient, "check_in_id": new_id(), "dedupe_key": str(new_id()), "created_at": NOON}
            for patient in islice(cycle(patients), texts)
        ]
        session.execute(sa.insert(Message), rows)
    return texts


def kill_again_and_again(start: Callable[[], int], *, kills: int = KILLS, senders: int = SENDERS) -> None:
    """Keep some senders at work and kill the eldest every now and then, so often; at last kill them all.

    `start` starts a process of this one's own and returns its id. Raises RuntimeError when one ends by itself.
    """
    at_work = [start() for _ in range(senders)]
    for pause in islice(cycle(PAUSES), kills - senders):
        time.sleep(pause)
        kill(at_work.pop(0))
        at_work.append(start())
    for process in at_work:
        kill(process)


def kill(process: int) -> None:
    """End a process as a power cut would. Raises ProcessLookupError if it has died of something else."""
    os.kill(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    if not os.WIFSIGNALED(status):
        raise RuntimeError("a sender died of itself")


def under_way(sessions: Sessions) -> int:
    """Count the texts that wait, are being sent, or of which nobody knows."""
    with reading(sessions) as session:
        states = sa.select(sa.func.count()).select_from(Message).where(Message.state.in_(UNDER_WAY))
        return session.scalars(states).one()


@dataclass(frozen=True)
class Verdict:
    """What became of the texts: how many there are, and how many copies too many and too few went out."""

    texts: int
    duplicates: int
    never_sent: int
    misremembered: int = 0
    """Those that went out while our row says something else, or the other way round."""


def judge(sessions: Sessions, taken: Sequence[dict[str, Any]]) -> Verdict:
    """Compare what we wanted sent with what the network took, by the link that each text carries."""
    with reading(sessions) as session:
        rows = session.execute(sa.select(Message.check_in_id, Message.state)).all()
    links: dict[str, tuple[UUID, MessageState]] = {check_in_token(about, 1): (about, state) for about, state in rows}
    copies = Counter(text["body"].rpartition("/")[2] for text in taken)
    sent = {link for link, (_, state) in links.items() if state in ACCEPTED}
    return Verdict(
        texts=len(links),
        duplicates=copies.total() - len(copies),
        never_sent=len(links.keys() - copies.keys()),
        misremembered=len(sent ^ copies.keys()),
    )
