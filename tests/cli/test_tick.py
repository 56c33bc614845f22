"""`monitor tick`: every job once, at the present moment or as if it were another; never anything twice."""

import json
import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from monitor.beats import last_beat
from monitor.checkins.models import CheckIn
from monitor.db import Sessions, unit_of_work
from monitor.messaging.models import Message, MessageState
from tests.builders import NOW, a_patient, a_staff_member, a_team
from tests.cli.program import DEMO, SECRETS, Program, Result, ended, everything
from tests.messaging.stand_in import StandIn, refusal, running

MONDAY = "2026-11-30T10:05"
A_WEEK_LATER = "2026-12-07T10:05"
NUMBER, NAME = "+447700900001", "Noor"
QUIET = {"sent": 0, "skipped": 0, "postponed": 0, "failed": 0, "unknown": 0, "handed_over": 0}


@pytest.fixture
def twilio(service: Program) -> Iterator[StandIn]:
    """The provider of the service's texts."""
    with running() as stand_in:
        service.set(TWILIO_BASE_URL=stand_in.url)
        yield stand_in


@pytest.fixture
def far_from_greenwich(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose own clock shows another hour."""
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def patient_asked_on_mondays(sessions: Sessions) -> None:
    """Somebody whose next check-in nobody has planned yet, and somebody in care whom nobody is to ask."""
    with unit_of_work(sessions) as session:
        team = a_team(session)
        clinician = a_staff_member(session, team)
        a_patient(session, team, clinician, name=NAME, number=NUMBER, planned_until=NOW)
        a_patient(session, team, clinician, name="Ira", number="+447700900002", consent=False, planned_until=NOW)


def document(result: Result) -> dict[str, object]:
    assert (result.status, result.err) == (0, "")
    return dict(json.loads(result.out))


def assert_names_nobody(*results: Result) -> None:
    for result in results:
        for word in (NUMBER, NUMBER[1:], NAME, "/c/", *SECRETS):
            assert word not in result.said


@pytest.mark.usefixtures("patient_asked_on_mondays")
def test_a_tick_plans_sends_and_closes(service: Program, sessions: Sessions, twilio: StandIn) -> None:
    asked = service("tick", "--at", MONDAY)
    closed = service("tick", "--at", A_WEEK_LATER)

    assert asked.out == ("planned 1 check-ins, closed 0\ntexts: 1 sent, 0 skipped, 0 postponed, 0 failed, 0 unknown\n")
    assert closed.out.startswith("planned 1 check-ins, closed 1\ntexts: 1 sent, ")
    assert [form["To"] for form in twilio.accepted] == [NUMBER, NUMBER]
    with sessions() as session:
        assert session.scalars(sa.select(CheckIn.missed_at).order_by(CheckIn.due_at)).all() == [
            datetime(2026, 12, 7, 10, 5, tzinfo=UTC),
            None,
        ]
    assert_names_nobody(asked, closed)


@pytest.mark.usefixtures("patient_asked_on_mondays")
@pytest.mark.parametrize("then", [MONDAY, "2026-11-30T10:00"])
def test_a_tick_again_finds_nothing_left_to_do(
    service: Program, sessions: Sessions, twilio: StandIn, then: str
) -> None:
    service("tick", "--at", MONDAY)
    before = everything(sessions)

    again = document(service("tick", "--at", then, "--json"))

    assert (again["planned"], again["closed"], again["texts"]) == (0, 0, QUIET)
    assert len(twilio.accepted) == 1
    after = everything(sessions)
    assert {name for name in after if after[name] != before[name]} <= {"job_beats"}


@pytest.mark.usefixtures("patient_asked_on_mondays")
def test_two_ticks_at_once_send_one_text(service: Program, sessions: Sessions, twilio: StandIn) -> None:
    both = [service.started("tick", "--at", MONDAY, "--json") for _ in range(2)]

    documents = [document(ended(each)) for each in both]

    assert sum(int(str(each["planned"])) for each in documents) == 1
    assert len(twilio.accepted) == 1
    with sessions() as session:
        sent = sa.select(sa.func.count()).select_from(Message).where(Message.state == MessageState.SENT)
        assert session.scalar(sent) == 1


@pytest.mark.usefixtures("patient_asked_on_mondays")
@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
def test_a_text_that_is_refused_is_counted_and_what_the_provider_says_of_the_number_is_not_repeated(
    service: Program, sessions: Sessions, twilio: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    twilio.usual = refusal(400, 21211)

    with caplog.at_level(logging.DEBUG):
        refused = service("tick", "--at", MONDAY)

    assert refused.status == 0
    assert "0 sent, 0 skipped, 0 postponed, 1 failed" in refused.out
    assert_names_nobody(refused, Result(0, caplog.text, ""))


@pytest.mark.usefixtures("far_from_greenwich")
@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-12-01T09:00", datetime(2026, 12, 1, 9, tzinfo=UTC)),
        ("2026-12-01T09:00Z", datetime(2026, 12, 1, 9, tzinfo=UTC)),
        ("2026-12-01T11:00+02:00", datetime(2026, 12, 1, 9, tzinfo=UTC)),
        ("2026-12-01", datetime(2026, 12, 1, tzinfo=UTC)),
        ("2000-01-01T00:00+14:00", datetime(1999, 12, 31, 10, tzinfo=UTC)),
        ("2199-12-31T23:59-12:00", datetime(2200, 1, 1, 11, 59, tzinfo=UTC)),
    ],
)
def test_a_time_is_utc_unless_it_says_otherwise(
    sqlite_service: Program, sqlite_sessions: Sessions, written: str, meant: datetime
) -> None:
    ticked = document(sqlite_service("tick", "--at", written, "--json"))

    assert ticked["at"] == meant.isoformat()
    assert (ticked["planned"], ticked["closed"], ticked["texts"]) == (0, 0, QUIET)
    with sqlite_sessions() as session:
        assert last_beat(session, "tick") == meant


def test_without_a_time_it_is_now(sqlite_service: Program, sqlite_sessions: Sessions) -> None:
    before = datetime.now(UTC)

    ticked = document(sqlite_service("tick", "--json"))

    assert before <= datetime.fromisoformat(str(ticked["at"])) <= before + timedelta(minutes=1)


@pytest.mark.usefixtures("patient_asked_on_mondays")
@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "written",
    [
        "",
        "tomorrow",
        "2026-13-01",
        "30.11.2026 10:05",
        "0001-01-01T00:00+14:00",
        "1999-12-31T23:59",
        "2200-01-01",
        "9999-12-31T23:59-14:00",
    ],
)
def test_what_is_no_time_is_refused_and_no_job_runs(
    service: Program, sessions: Sessions, twilio: StandIn, written: str
) -> None:
    before = everything(sessions)

    assert service("tick", "--at", written).refusal().startswith("--at: ")

    assert everything(sessions) == before
    assert twilio.requests == []


@pytest.mark.usefixtures("patient_asked_on_mondays")
@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
def test_a_demonstrations_texts_do_not_come_between_a_machine_and_its_document(service: Program) -> None:
    service.environment |= DEMO

    ticked = service("tick", "--at", MONDAY, "--json")

    assert json.loads(ticked.out)["texts"] == QUIET | {"sent": 1}
    assert "https://monitor.example/c/" in ticked.err
    assert NUMBER not in ticked.said
