"""Power cuts among many machines: clocks and workers die at any moment, and every text still goes out once."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from monitor.db import Sessions
from monitor.demo.phone_network_control import network_process
from monitor.work_queue import upgrade
from tests.messaging.killing import KILLS, TEXTS, Verdict, fill, judge, manners
from tests.messaging.outbox_setting import NOON, open_database
from tests.messaging.working_processes import KINDS, send
from tests.postgres_server import PostgresServer

ALL_KILLS = KILLS * len(KINDS) // KINDS.count(send)
"""So many that KILLS of them hit workers."""


@pytest.fixture
def sessions(postgres_server: PostgresServer, migrated_postgres: str) -> Iterator[Sessions]:
    """A PostgreSQL database with its work queue."""
    with postgres_server.database(template=migrated_postgres) as name:
        sessions = open_database(postgres_server.url(name))
        upgrade(sessions.kw["bind"])
        yield sessions
        sessions.kw["bind"].dispose()


def send_and_kill(sessions: Sessions, *, kills: int, settle: float, list_lag: float) -> Verdict:
    """Let workers send what two clocks hand over, and kill now the one and now the other; return what became of it."""
    url = sessions.kw["bind"].url.render_as_string(hide_password=False)
    with network_process(at=NOON.isoformat()) as network:
        network.set(manners=manners(list_lag))
        command = [sys.executable, "-m", "tests.messaging.working_processes", url, network.url, str(kills), str(settle)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        return judge(sessions, network.texts())


def test_killed_workers_and_clocks_send_nothing_twice_and_lose_nothing(sessions: Sessions) -> None:
    fill(sessions, TEXTS)

    verdict = send_and_kill(sessions, kills=ALL_KILLS, settle=2.5, list_lag=1.0)

    assert verdict == Verdict(texts=TEXTS, duplicates=0, never_sent=0, misremembered=0)


def test_whoever_does_not_wait_for_the_list_sends_twice(sessions: Sessions) -> None:
    fill(sessions, 600)

    verdict = send_and_kill(sessions, kills=36, settle=0.2, list_lag=5.0)

    assert verdict.duplicates > 0, "the list that lags was not noticed, so the test above shows nothing"
    assert verdict.never_sent == 0
