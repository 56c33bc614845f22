"""What the tests about texts may ask for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.db import Sessions
from tests.messaging.outbox_setting import Outbox, create_tables, open_database


@pytest.fixture
def sessions(database_url: str) -> Iterator[Sessions]:
    """A database with its tables and nothing in them."""
    sessions = open_database(database_url)
    create_tables(sessions)
    yield sessions
    sessions.kw["bind"].dispose()


@pytest.fixture
def outbox(sessions: Sessions) -> Outbox:
    """An empty outbox and a sender."""
    return Outbox(sessions)


@pytest.fixture
def sqlite_outbox(database_folder: Path) -> Iterator[Outbox]:
    """The same on SQLite alone, for what many runs have to show and no database has a part in."""
    sessions = open_database(f"sqlite:///{database_folder / 'monitor.db'}")
    create_tables(sessions)
    yield Outbox(sessions)
    sessions.kw["bind"].dispose()
