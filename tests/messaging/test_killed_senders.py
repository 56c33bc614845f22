"""Power cuts, at any moment and many of them: no text goes out twice and none is forgotten."""

import subprocess
import sys
from collections import Counter
from uuid import UUID

import sqlalchemy as sa

from monitor.db import Sessions, unit_of_work
from monitor.messaging.models import Message, MessageState
from tests.messaging.outbox_setting import add_patient, queue_text
from tests.messaging.stand_in import LOST_RECEIPT, Reply, running

TEXTS = 100
KILLING_SECONDS = 3
LOST_RECEIPTS = 3


def test_killed_senders_send_nothing_twice_and_lose_nothing(sessions: Sessions, database_url: str) -> None:
    with unit_of_work(sessions) as session:
        patients = [add_patient(session, number=f"+4477009{index:05}") for index in range(TEXTS)]
        texts = {queue_text(session, patient).id for patient in patients}

    with running() as twilio:
        twilio.usual = Reply(after_seconds=0.02)
        for _ in range(LOST_RECEIPTS):
            twilio.then(*[twilio.usual] * 20, LOST_RECEIPT)
        kills = _run_and_kill(database_url, twilio.url)
        taken = Counter(UUID(reference) for reference in twilio.references())

    with sessions() as session:
        states = dict(session.execute(sa.select(Message.id, Message.state)).all())
    sent = {text for text, state in states.items() if state is MessageState.SENT}
    unknown = {text for text, state in states.items() if state is MessageState.UNKNOWN}
    assert set(states) == texts == sent | unknown
    assert set(taken.values()) == {1}
    assert sent <= set(taken)
    assert LOST_RECEIPTS <= len(unknown) <= kills + LOST_RECEIPTS
    assert len(unknown) > LOST_RECEIPTS, "no sender was killed at work, so nothing was shown"


def _run_and_kill(database_url: str, provider_url: str) -> int:
    command = [sys.executable, "-m", "tests.messaging.sending_processes", database_url, provider_url]
    done = subprocess.run([*command, str(KILLING_SECONDS)], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return int(done.stdout)
