"""What the tests about texts may ask for."""

import pytest

from monitor.db import Sessions
from tests.messaging.outbox_setting import Outbox


@pytest.fixture
def outbox(sessions: Sessions) -> Outbox:
    """An empty outbox and a sender."""
    return Outbox(sessions)


@pytest.fixture
def sqlite_outbox(sqlite_sessions: Sessions) -> Outbox:
    """The same on SQLite alone, for what many runs have to show and no database has a part in."""
    return Outbox(sqlite_sessions)
