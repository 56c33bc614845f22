"""`monitor clock` and `monitor worker`: a service in several processes, and what is said when it cannot be one."""

import fcntl
import http.client
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import sessionmaker

from monitor import clock, work_queue
from monitor.beats import last_beat
from monitor.db import Sessions, make_engine, unit_of_work
from monitor.demo.phone_network import ACCOUNT, TOKEN, running
from monitor.demo.phone_network_words import Reply
from monitor.messaging import outbox
from monitor.messaging.distributed import hurry
from monitor.messaging.models import Message, MessageState
from monitor.messaging.texts import TextKind
from tests.builders import a_patient, a_staff_member, a_team
from tests.cli.program import Program, address_of, ended
from tests.postgres_server import PostgresServer

PATIENCE_SECONDS = 30
PROCESSES = ("clock", "worker")


@pytest.fixture
def sessions(postgres_server: PostgresServer, migrated_postgres: str) -> Iterator[Sessions]:
    """A PostgreSQL database with its work queue."""
    with postgres_server.database(template=migrated_postgres) as name:
        engine = make_engine(postgres_server.url(name))
        work_queue.upgrade(engine)
        yield sessionmaker(engine, expire_on_commit=False)
        engine.dispose()


@pytest.fixture
def distributed(program: Program, sessions: Sessions) -> Program:
    """The commands of a service that has workers."""
    program.set(DATABASE_URL=address_of(sessions), DISPATCHER="distributed")
    return program


@contextmanager
def started(program: Program, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Start a command, and leave nothing running whatever becomes of the test."""
    with program.started(*arguments) as process:
        try:
            yield process
        finally:
            process.kill()


def until(done: Callable[[], object]) -> None:
    """Wait for something that other processes do."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.05)


def where_it_is_noon() -> str:
    """Return a time zone in which texts may go at this moment."""
    ahead = 12 - clock.now().hour
    return f"Etc/GMT{-ahead:+d}"


def queue_a_text(sessions: Sessions) -> None:
    now = clock.now()
    with unit_of_work(sessions) as session:
        team = a_team(session)
        patient = a_patient(session, team, a_staff_member(session, team)).patient
        patient.time_zone = where_it_is_noon()
        outbox.queue_reply(session, patient=patient, kind=TextKind.SUPPORT, body="Hello", key="1", now=now)


def state(sessions: Sessions) -> MessageState:
    with sessions() as session:
        return session.scalars(sa.select(Message.state)).one()


def test_a_worker_finishes_the_text_in_hand_before_it_stops(distributed: Program, sessions: Sessions) -> None:
    with running() as twilio:
        twilio.usual = Reply(after_seconds=1)
        distributed.set(TWILIO_BASE_URL=twilio.url, TWILIO_ACCOUNT_SID=ACCOUNT, TWILIO_AUTH_TOKEN=TOKEN)
        with started(distributed, "worker", "--concurrency", "2") as worker:
            queue_a_text(sessions)
            with unit_of_work(sessions) as session:
                assert hurry(session, session.scalars(sa.select(Message.patient_id)).one(), clock.now())
            until(lambda: twilio.accepted)
            assert state(sessions) is MessageState.SENDING
            worker.send_signal(signal.SIGTERM)
            stopped = ended(worker)

    assert (stopped.status, stopped.out) == (0, ""), stopped.said
    assert state(sessions) is MessageState.SENT
    assert len(twilio.accepted) == 1


def test_the_clock_hands_a_text_over_and_a_worker_sends_it(distributed: Program, sessions: Sessions) -> None:
    queue_a_text(sessions)
    with running() as twilio, started(distributed, "clock") as ticking:  # the clock's own Twilio is nowhere
        distributed.set(TWILIO_BASE_URL=twilio.url, TWILIO_ACCOUNT_SID=ACCOUNT, TWILIO_AUTH_TOKEN=TOKEN)
        with started(distributed, "worker") as working:
            until(lambda: state(sessions) is MessageState.SENT)
            ticking.send_signal(signal.SIGTERM)
            working.send_signal(signal.SIGTERM)
            stopped = [ended(process) for process in (ticking, working)]

    assert [(each.status, each.out) for each in stopped] == [(0, ""), (0, "")]
    assert [each.err for each in stopped] == [f"The {name} is running; stop with Ctrl-C.\n" for name in PROCESSES]
    assert len(twilio.accepted) == 1


def test_web_processes_of_a_service_with_workers_keep_no_time(distributed: Program, sessions: Sessions) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def health() -> int:
        with suppress(OSError), closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
            connection.request("GET", "/healthz")
            return connection.getresponse().status
        return 0

    with started(distributed, "serve", "--port", str(port), "--workers", "1"):
        until(lambda: health() == http.HTTPStatus.SERVICE_UNAVAILABLE)
        with sessions() as session:
            assert last_beat(session, "tick") is None
        with started(distributed, "clock"):
            until(lambda: health() == http.HTTPStatus.OK)


def test_a_worker_of_a_service_without_any_is_told_why_it_has_nothing_to_do(
    program: Program, sessions: Sessions
) -> None:
    program.set(DATABASE_URL=address_of(sessions))

    assert "MONITOR_DISPATCHER is embedded" in program("worker").refusal()


@pytest.mark.parametrize("command", ["clock", "worker", "tick", "serve"])
def test_sqlite_is_not_shared_among_machines(program: Program, tmp_path: Path, command: str) -> None:
    program.set(DATABASE_URL=f"sqlite:///{tmp_path / 'monitor.db'}", DISPATCHER="distributed")

    assert "MONITOR_DISPATCHER=distributed" in program(command).refusal()


def test_one_sqlite_file_has_one_clock(sqlite_service: Program) -> None:
    path = sa.make_url(sqlite_service.environment["MONITOR_DATABASE_URL"]).database
    with Path(f"{path}.clock").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)

        assert "another process has the clock" in sqlite_service("clock").refusal()
