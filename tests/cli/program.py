"""The program as somebody at a terminal runs it, and everything that a database holds."""

import base64
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from monitor.cli import main
from monitor.db import Base, Sessions

INSTALLED = Path(sysconfig.get_path("scripts")) / "monitor"

SECRET = "w3lQ-8fZk1TzVx0pJ7yB5nHs2RcGaU9e"
DATA_KEY = base64.b64encode(bytes(range(32))).decode()
LOOKUP_KEY = base64.b64encode(bytes(range(32, 64))).decode()
"""The keys that seal columns in tests, so that tests read what a command has written, and the other way round."""
PROVIDER_TOKEN = "t" * 32
PRODUCTION = {
    "MONITOR_PUBLIC_BASE_URL": "https://monitor.example",
    "MONITOR_SECRET_KEY": SECRET,
    "MONITOR_DATA_KEYS": f"k1:{DATA_KEY}",
    "MONITOR_LOOKUP_KEY": LOOKUP_KEY,
    "MONITOR_GATEWAY": "twilio",
    "MONITOR_TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "MONITOR_TWILIO_AUTH_TOKEN": PROVIDER_TOKEN,
    "MONITOR_TWILIO_FROM": "+447700900000",
    "MONITOR_SMTP_URL": "smtp://127.0.0.1:9",
    "MONITOR_MAIL_FROM": "monitor@clinic.example",
    "MONITOR_TWILIO_BASE_URL": "http://127.0.0.1:9",  # nobody listens there
}
DEMO = {"MONITOR_ENVIRONMENT": "demo", "MONITOR_GATEWAY": "console"}
SECRETS = (SECRET, DATA_KEY, LOOKUP_KEY, PROVIDER_TOKEN)


@dataclass(frozen=True)
class Result:
    """What a command left behind on the terminal."""

    status: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Everything that could be read."""
        return self.out + self.err

    def refusal(self) -> str:
        """The one line that says what is wrong; nothing else was printed."""
        assert (self.status, self.out) == (2, ""), self.said
        [line] = self.err.splitlines()
        assert line.startswith("monitor: ")
        assert not any(secret in line for secret in SECRETS)
        return line.removeprefix("monitor: ")


@contextmanager
def connections_closed() -> Iterator[None]:
    """Close what a command leaves open, as the end of its process would."""
    engines: set[sa.Engine] = set()

    def remember(connection: sa.Connection) -> None:
        engines.add(connection.engine)

    sa.event.listen(sa.Engine, "engine_connect", remember)
    try:
        yield
    finally:
        sa.event.remove(sa.Engine, "engine_connect", remember)
        for engine in engines:
            engine.dispose()


@dataclass
class Program:
    """The commands, run in this process with an environment of their own."""

    patch: pytest.MonkeyPatch
    capture: pytest.CaptureFixture[str]
    environment: dict[str, str] = field(default_factory=lambda: dict(PRODUCTION))

    def __call__(self, *arguments: str) -> Result:
        """Run one command to its end."""
        with self.patch.context() as patch, connections_closed():
            for name, value in self.environment.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["monitor", *arguments])
            with pytest.raises(SystemExit) as leaving:
                main()
        said = self.capture.readouterr()
        return Result(int(str(leaving.value.code)), said.out, said.err)

    def set(self, **variables: str | None) -> None:
        """Change settings, by name without the prefix; None takes one away."""
        for name, value in variables.items():
            self.environment.pop(f"MONITOR_{name}", None)
            if value is not None:
                self.environment[f"MONITOR_{name}"] = value

    def started(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start the installed command in a process of its own."""
        pipe = subprocess.PIPE
        return subprocess.Popen([INSTALLED, *arguments], env=self.environment, stdout=pipe, stderr=pipe, text=True)

    def installed(self, *arguments: str) -> Result:
        """Run the installed command in a process of its own."""
        return ended(self.started(*arguments))


def ended(process: "subprocess.Popen[str]") -> Result:
    """Wait for a command that was started."""
    with process:
        out, err = process.communicate(timeout=60)
    return Result(process.returncode, out, err)


def address_of(sessions: Sessions) -> str:
    """The address of a test's database."""
    url: sa.URL = sessions.kw["bind"].url
    return url.render_as_string(hide_password=False)


def everything(sessions: Sessions) -> dict[str, list[Any]]:
    """Every row of every table."""
    with sessions() as session:
        return {
            name: sorted(map(repr, session.execute(sa.select(table.c[*table.c.keys()])).all()))
            for name, table in Base.metadata.tables.items()
        }
