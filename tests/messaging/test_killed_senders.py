"""Power cuts, at any moment and many of them: no text goes out twice and none is forgotten."""

import subprocess
import sys

import pytest

from monitor.db import Sessions
from monitor.demo.phone_network_control import network_process
from tests.messaging.killing import KILLS, TEXTS, Verdict, fill, judge, manners
from tests.messaging.outbox_setting import NOON, create_tables, open_database


@pytest.fixture
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of an empty SQLite database."""
    url = f"sqlite:///{tmp_path_factory.mktemp('killed') / 'monitor.db'}"
    sessions = open_database(url)
    create_tables(sessions)
    sessions.kw["bind"].dispose()
    return url


def send_and_kill(url: str, *, texts: int, kills: int, settle: float, list_lag: float) -> Verdict:
    """Send so many texts by senders that are killed so often; return what became of the texts."""
    sessions: Sessions = open_database(url)
    fill(sessions, texts)
    with network_process(at=NOON.isoformat()) as network:
        network.set(manners=manners(list_lag))
        command = [sys.executable, "-m", "tests.messaging.sending_processes", url, network.url, str(kills), str(settle)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=170, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        taken = network.texts()
    verdict = judge(sessions, taken)
    sessions.kw["bind"].dispose()
    return verdict


def test_killed_senders_send_nothing_twice_and_lose_nothing(database: str) -> None:
    verdict = send_and_kill(database, texts=TEXTS, kills=KILLS, settle=2.5, list_lag=1.0)
    assert verdict == Verdict(texts=TEXTS, duplicates=0, never_sent=0, misremembered=0)


def test_whoever_does_not_wait_for_the_list_sends_twice(database: str) -> None:
    verdict = send_and_kill(database, texts=600, kills=25, settle=0.2, list_lag=5.0)
    assert verdict.duplicates > 0, "the list that lags was not noticed, so the test above shows nothing"
    assert verdict.never_sent == 0
