"""Every patient waits on it: whatever a form brings, the check-in behind its link is looked up once."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
import sqlalchemy as sa

from monitor.config import Settings
from monitor.db import Sessions
from tests.phones import Phone, an_open_check_in


@contextmanager
def look_ups(sessions: Sessions) -> Iterator[list[str]]:
    """Collect the statements that look for a check-in by its link."""
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "token_hash =" in statement:
            said.append(statement)

    engine = sessions.kw["bind"]
    sa.event.listen(engine, "before_cursor_execute", note)
    yield said
    sa.event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("what", ["sent", "sent twice", "questions left open", "a call", "a stranger's link"])
def test_a_form_looks_its_check_in_up_once(sessions: Sessions, settings: Settings, what: str) -> None:
    asked, phone = an_open_check_in(sessions), Phone(sessions, settings)
    form, path = phone.fill_in(asked.path), asked.path
    match what:
        case "sent twice":
            phone.post(path, form)
        case "questions left open":
            form.pop("phq9_1")
        case "a call":
            form["call"] = "1"
        case "a stranger's link":
            path = "/c/" + "x" * 22

    with look_ups(sessions) as found:
        page = phone.post(path, form)

    assert page.status_code == {"questions left open": 422, "a stranger's link": 404}.get(what, 200)
    assert len(found) == 1, found


def test_what_is_added_afterwards_looks_it_up_once(sessions: Sessions, settings: Settings) -> None:
    asked, phone = an_open_check_in(sessions), Phone(sessions, settings)
    form = phone.fill_in(asked.path, phq9_9="1")
    phone.post(asked.path, form)

    with look_ups(sessions) as found:
        added = phone.post(f"{asked.path}/after", {"key": form["key"], "call": "1"})
        stranger = phone.post(f"{asked.path}/after", {"key": str(uuid4()), "call": "1"})

    assert (added.status_code, stranger.status_code) == (200, 404)
    assert len(found) == 2
