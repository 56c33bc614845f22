"""The address of a calendar: shown once, kept as a hash, ended with the login, and in no log."""

import logging
from datetime import UTC, datetime, timedelta
from inspect import signature
from typing import Any
from uuid import UUID

import pytest

from monitor.cli import web_server
from monitor.cli.serve import Address
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.ids import new_token
from monitor.people.models import Role, StaffMember
from monitor.people.needs_models import CalendarFeed
from monitor.progress.turnstile import MOST_KEYS, Turnstile
from tests.builders import NOW, a_staff_member
from tests.phones import every_row
from tests.progress.feeds import Desk
from tests.staff_browser import words


@pytest.fixture
def desk(sqlite_sessions: Sessions, settings: Settings) -> Desk:
    return Desk(sqlite_sessions, settings)


# ---- the address ----


def test_the_address_is_shown_once_and_kept_as_a_hash(desk: Desk) -> None:
    path = desk.address()
    token = path.removeprefix("/calendar/").removesuffix(".ics")

    assert token not in desk.maren_s.get("/calendar").text
    assert "It cannot be shown again" in desk.maren_s.text("/calendar")
    assert token not in repr(every_row(desk.sessions))
    assert [entry.actor_id for entry in desk.app.audit("calendar made")] == [desk.maren.id]


def test_a_new_address_ends_the_one_before(desk: Desk) -> None:
    first = desk.address()
    second = desk.address()

    assert desk.read(first).status_code == 404
    assert desk.read(second).status_code == 200


def test_an_address_that_was_ended_answers_nothing(desk: Desk) -> None:
    path = desk.address()

    assert desk.maren_s.post("/calendar", do="end").status_code == 303

    assert "Your calendar has no address yet." in desk.maren_s.text("/calendar")
    assert desk.read(path).status_code == 404
    assert len(desk.app.audit("calendar ended")) == 1
    desk.maren_s.post("/calendar", do="end")
    assert len(desk.app.audit("calendar ended")) == 1


def leaves(member: StaffMember) -> None:
    member.ended_at = NOW


def stops_caring(member: StaffMember) -> None:
    member.role = Role.ADMINISTRATOR


@pytest.mark.parametrize("change", [leaves, stops_caring])
def test_with_the_login_the_calendar_ends(desk: Desk, change: Any) -> None:
    path = desk.address()
    with unit_of_work(desk.sessions) as session:
        change(session.get_one(StaffMember, desk.maren.id))

    assert desk.read(path).status_code == 404


@pytest.mark.parametrize("token", ["a" * 22, "x", "é" * 22, "0" * 500, str(UUID(int=7))])
def test_any_other_address_answers_nothing(desk: Desk, token: str) -> None:
    desk.address()

    reply = desk.read(f"/calendar/{token}.ics")

    assert (reply.status_code, reply.text) == (404, "Not found\n")
    assert "Set-Cookie" not in reply.headers


def test_reading_sets_no_cookie_keeps_no_copy_and_changes_no_row(desk: Desk) -> None:
    path = desk.address()
    before = every_row(desk.sessions)

    reply = desk.read(path)

    assert "Set-Cookie" not in reply.headers
    assert reply.headers["Cache-Control"] == "private, no-store"
    assert every_row(desk.sessions) == before


def test_the_address_stands_in_no_log(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    path = desk.address()
    token = path.removeprefix("/calendar/").removesuffix(".ics")

    desk.read(path)
    desk.read(path.replace(".ics", "x.ics"))

    assert token not in caplog.text
    assert token.encode() not in b"".join(repr(entry.__dict__).encode() for entry in desk.app.audit("calendar made"))


def test_the_web_server_writes_down_no_address_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {"log_access": signature(web_server.MPServer.__init__).parameters["log_access"].default}

    class Recorder:
        def __init__(self, *_: Any, **options: Any) -> None:
            given.update(options)

        def serve(self, **_: Any) -> None:
            """Serve nothing."""

    monkeypatch.setattr(web_server, "_Server", Recorder)
    web_server.run(Address("127.0.0.1", "127.0.0.1", 1), 1, lambda: None)

    assert given["log_access"] is False


def test_whoever_cares_for_nobody_has_no_calendar(desk: Desk) -> None:
    with unit_of_work(desk.sessions) as session:
        team = session.merge(desk.team)
        a_staff_member(session, team, "boss@example.org", name="Sofia Berg", role=Role.MANAGER)
    boss = desk.app.browser("boss@example.org")

    assert boss.get("/calendar").status_code == 404
    assert boss.post("/calendar", do="make").status_code == 404
    with unit_of_work(desk.sessions) as session:
        assert session.query(CalendarFeed).count() == 0


# ---- how often ----


def test_who_tries_many_addresses_is_turned_away_for_a_while(desk: Desk) -> None:
    path = desk.address()
    found = [desk.read(f"/calendar/{new_token()}.ics").status_code for _ in range(31)]

    assert found == [404] * 30 + [429]
    assert desk.read(path).status_code == 200, "those who have the right one read on"
    desk.app.wait(minutes=15)
    assert desk.read(f"/calendar/{new_token()}.ics").status_code == 404


def test_one_calendar_is_not_read_without_end(desk: Desk) -> None:
    path = desk.address()
    found = [desk.read(path).status_code for _ in range(61)]

    assert found == [200] * 60 + [429]
    assert desk.read(path).headers["Retry-After"] == "900"


def test_a_turnstile_does_not_use_up_memory() -> None:
    door, now = Turnstile(1, timedelta(days=1)), datetime(2026, 11, 24, tzinfo=UTC)
    for number in range(2 * MOST_KEYS + 5):
        assert door.lets_pass(str(number), now)

    assert len(door._passed) <= MOST_KEYS


def test_the_page_says_what_the_calendar_holds(desk: Desk) -> None:
    said = words(desk.maren_s.get("/calendar"))

    assert "Your calendar has no address yet." in said
    assert "No name, number or place stands in it" in said
