"""What the tests of commands may ask for."""

import os
from collections.abc import Iterator

import pytest

from monitor.crypto import Keyring
from monitor.db import Sessions, configure_keys
from tests.cli.program import Program, address_of


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], keys: Keyring) -> Iterator[Program]:
    """The commands with the settings of a real service, and no database yet."""
    for name in [name for name in os.environ if name.startswith("MONITOR_")]:
        monkeypatch.delenv(name)
    yield Program(monkeypatch, capsys)
    configure_keys(keys)


@pytest.fixture
def service(program: Program, sessions: Sessions) -> Program:
    """The commands on a migrated, empty database: once on SQLite and once on PostgreSQL."""
    program.set(DATABASE_URL=address_of(sessions))
    return program


@pytest.fixture
def sqlite_service(program: Program, sqlite_sessions: Sessions) -> Program:
    """The commands on a migrated, empty SQLite database."""
    program.set(DATABASE_URL=address_of(sqlite_sessions))
    return program
