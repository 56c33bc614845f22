"""The program as it is run for patients: a database of its own, and `monitor serve` in a process of its own."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from urllib.error import HTTPError
from urllib.request import urlopen

from sqlalchemy.orm import sessionmaker

from benchmarks.browser.clinic import People, settle
from monitor import clock
from monitor.config import Settings
from monitor.db import Sessions, make_engine
from monitor.demo.clinic import SENDER, SERVICE
from monitor.demo.keys import fresh_keys
from monitor.startup import migrate, unlock

PREFIX = "MONITOR_"
READY_WITHIN_SECONDS, STOP_WITHIN_SECONDS = 120, 30


class NotServed(Exception):
    """The program did not start: one line that says where to look."""


@dataclass(frozen=True)
class Ours:
    """Where the program is served, and who uses it."""

    address: str
    sessions: Sessions
    people: People


@contextmanager
def served_ours() -> Iterator[Ours]:
    """Build the service in a folder that goes afterwards, and serve it. Raises NotServed."""
    with TemporaryDirectory(prefix="monitor-browser-") as folder:
        address = f"http://127.0.0.1:{_free_port()}"
        environment = _environment(f"sqlite:///{folder}/service.db", address)
        settings = Settings.model_validate(
            {name.removeprefix(PREFIX).lower(): environment[name] for name in environment}
        )
        unlock(settings)
        migrate(settings.database_url)
        engine = make_engine(settings.database_url)
        try:
            sessions = sessionmaker(engine, expire_on_commit=False)
            people = settle(sessions, settings, clock.now().replace(second=0, microsecond=0))
            with _process(environment, address, Path(folder) / "errors.txt"):
                yield Ours(address, sessions, people)
        finally:
            engine.dispose()


def _environment(database_url: str, address: str) -> dict[str, str]:
    return {
        **fresh_keys(),
        "MONITOR_ENVIRONMENT": "production",  # a demonstration has one line more on every page
        "MONITOR_DATABASE_URL": database_url,
        "MONITOR_PUBLIC_BASE_URL": address.replace("http:", "https:"),
        "MONITOR_SERVICE_NAME": SERVICE,
        "MONITOR_SENDER_NAME": SENDER,
        "MONITOR_GATEWAY": "twilio",  # never asked: without the clock no text goes out
        "MONITOR_TWILIO_ACCOUNT_SID": "none",
        "MONITOR_TWILIO_AUTH_TOKEN": "none",
        "MONITOR_TWILIO_FROM": "+441632960199",
        "MONITOR_CLOCK": "no",
    }


@contextmanager
def _process(environment: Mapping[str, str], address: str, errors: Path) -> Iterator[None]:
    around = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    command = [sys.executable, "-c", "from monitor.cli import main; main()", "serve", "--port", address.split(":")[-1]]
    with errors.open("w") as log:
        process = subprocess.Popen(  # noqa: S603  # our own program
            command, env={**around, **environment}, stdout=subprocess.DEVNULL, stderr=log
        )
        try:
            _wait(process, address, errors)
            yield
        finally:
            process.terminate()
            process.wait(STOP_WITHIN_SECONDS)


def _wait(process: "subprocess.Popen[bytes]", address: str, errors: Path) -> None:
    deadline = monotonic() + READY_WITHIN_SECONDS
    while monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(f"{address}/healthz", timeout=5):  # noqa: S310  # on this machine
                return
        except HTTPError:  # it answers: that it has no clock here is meant
            return
        except OSError:
            sleep(0.1)
    said = errors.read_text().strip().splitlines()
    raise NotServed(f"the program did not start: {said[-1] if said else 'it said nothing'}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
