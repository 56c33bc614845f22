"""What the bench measures, without a clock: the right answers, from the index, in few statements."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from monitor.bench import committing, sending, sweeps, worklist
from monitor.bench.courses import FIRST_TIMERS, NOW
from monitor.bench.pages import check_in_page, patient_app, progress_page
from monitor.bench.population import Service
from monitor.bench.report import Bar, Gate
from monitor.bench.run import invented_settings
from monitor.checkins.closing import due_to_close
from monitor.db import reading, unit_of_work
from monitor.flags.called_for import sweep
from monitor.messaging.delivery import Courier
from monitor.messaging.models import Message
from monitor.work_queue import upgrade

pytestmark = pytest.mark.usefixtures("no_loop_of_the_browsers")

MOST_STATEMENTS = 11
"""To keep a check-in that raises nothing. SQLite is told BEGIN; PostgreSQL is asked to hold the episode."""
MOST_FOR_FLAGS = 8
"""More, when it raises a flag of each kind that there is."""


@contextmanager
def statements(engine: sa.Engine) -> Iterator[list[tuple[str, object]]]:
    """Collect what is sent to the database."""
    sent: list[tuple[str, object]] = []

    def collect(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        sent.append((statement, parameters))

    sa.event.listen(engine, "before_cursor_execute", collect)
    yield sent
    sa.event.remove(engine, "before_cursor_execute", collect)


def gates(measured: list[Bar | Gate]) -> dict[str, bool]:
    return {each.what: each.passed for each in measured if isinstance(each, Gate)}


# ---- what is due ----


def test_what_is_due_is_found_by_the_partial_index(service: Service) -> None:
    sweeps.make_due(service, service.take(50))
    with reading(service.sessions) as session, statements(service.engine) as sent:
        assert len(due_to_close(session, NOW)) == 50

    ((query, parameters),) = [each for each in sent if each[0].startswith("SELECT")]
    plan = explained(service, query, parameters)

    assert "ix_check_ins_closing" in plan
    assert "Seq Scan on check_ins" not in plan
    assert "SCAN check_ins" not in plan


def explained(service: Service, query: str, parameters: object) -> str:
    explain = "EXPLAIN QUERY PLAN" if service.name == "sqlite" else "EXPLAIN"
    with service.engine.connect() as connection:
        if service.name == "postgresql":
            connection.exec_driver_sql("ANALYZE")
        return "\n".join(str(row[-1]) for row in connection.exec_driver_sql(f"{explain} {query}", parameters))


def test_the_incremental_sweep_finds_all_that_is_due_and_only_that(service: Service, another_service: Service) -> None:
    """Even while a mass update fills the index with entries that no longer count."""
    assert gates(sweeps.incremental_sweep(another_service, service, due=100, times=2)) == {
        "what is due is found, all of it and once": True
    }


# ---- the full sweep ----


def test_the_sweep_agrees_with_the_full_query(service: Service) -> None:
    assert gates(sweeps.full_sweep(service, times=1)) == {"the sweep calls for the same flags as the full query": True}


def test_a_sweep_that_forgets_one_flag_does_not_pass(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeps, "sweep", lambda session: sweep(session)[1:])

    assert list(gates(sweeps.full_sweep(service, times=1)).values()) == [False]


# ---- check-ins ----


def test_every_check_in_that_is_committed_is_kept_scored_and_flagged(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(committing, "BLOCK", 10)

    measured = committing.committed(service, invented_settings(), times=1)

    assert gates(measured) == {
        "every answer is stored as given, once": True,
        "a page that is sent twice counts once": True,
        "nobody who has answered is texted about it": True,
        "each flag that the full query calls for is open": True,
    }
    (bar,) = [each for each in measured if isinstance(each, Bar)]
    assert (bar.number, bar.n, bar.where) == (6, 1, service.name)


def test_an_answer_that_is_lost_does_not_pass(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(committing, "BLOCK", 5)
    kept = committing._kept
    monkeypatch.setattr(committing, "_kept", lambda session, check_in_ids: kept(session, check_in_ids)[1:])

    measured = committing.committed(service, invented_settings(), times=1)

    assert [what for what, passed in gates(measured).items() if not passed] == ["every answer is stored as given, once"]


def test_keeping_a_check_in_takes_few_statements(service: Service) -> None:
    settings = invented_settings()
    counts = []
    for each in committing.prepare(service, 20):
        with statements(service.engine) as sent:
            committing._commit(service, settings, each)
        counts.append(len(sent))

    assert min(counts) <= MOST_STATEMENTS
    assert max(counts) <= MOST_STATEMENTS + MOST_FOR_FLAGS


# ---- texts ----


@pytest.fixture
def few_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bench that is done soon."""
    for name, value in {"PLANNED": 9, "DUE": 60, "CLAIMED_TOGETHER": 7, "BLOCK": 5}.items():
        monkeypatch.setattr(sending, name, value)


@pytest.mark.usefixtures("few_texts")
def test_every_text_is_claimed_by_one_and_sent_once_however_it_is_sent(service: Service) -> None:
    if service.name == "postgresql":
        upgrade(service.engine)

    measured = sending.sending(service, times=1)

    assert gates(measured) == {
        "every due text is claimed by one claimer": True,
        "every text is sent exactly once": True,
    }
    ways = [bar.what for bar in measured if isinstance(bar, Bar)]
    assert len(ways) == (3 if service.name == "sqlite" else 4)


@pytest.mark.usefixtures("few_texts")
def test_a_text_that_two_claim_or_nobody_sends_does_not_pass(
    sqlite_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, dispatch = sending.claim, sending.dispatch
    twice: list[UUID] = []

    def remember(*arguments: Any, **terms: Any) -> list[UUID]:
        batch = claim(*arguments, **terms)
        twice.extend(batch[:1])
        return [*batch, *twice[:1]] if batch else batch

    def forget(courier: Courier) -> object:
        with unit_of_work(courier.sessions) as session:
            session.execute(sa.delete(Message).where(Message.id == session.scalar(sa.select(sa.func.max(Message.id)))))
        return dispatch(courier)

    monkeypatch.setattr(sending, "claim", remember)
    monkeypatch.setattr(sending, "dispatch", forget)

    assert list(gates(sending.sending(sqlite_service, times=1)).values()) == [False, False]


# ---- the worklist ----


def test_the_worklist_shows_whoever_is_due_first_in_few_statements(service: Service) -> None:
    measured = worklist.worklist_page(service, invented_settings(), times=1)

    assert gates(measured) == {
        "the worklist shows whoever is due first": True,
        "the worklist is found in six statements": True,
    }
    (bar,) = [each for each in measured if isinstance(each, Bar)]
    assert (bar.number, bar.n, bar.where) == (12, 1, service.name)


def test_a_worklist_that_leaves_somebody_out_does_not_pass(
    sqlite_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    due_first = worklist.due_first
    monkeypatch.setattr(worklist, "due_first", lambda sessions: due_first(sessions)[1:])

    measured = worklist.worklist_page(sqlite_service, invented_settings(), times=1)

    assert gates(measured)["the worklist shows whoever is due first"] is False


# ---- pages ----


def test_pages_are_weighed_in_every_language(sqlite_service: Service) -> None:
    app = patient_app(sqlite_service, invented_settings())

    measured = [*check_in_page(app), *progress_page(app, times=1)]

    bars = [each for each in measured if isinstance(each, Bar)]
    assert set(gates(measured).values()) == {True}
    assert [bar.number for bar in bars] == [1, 1, 1, 4, 4]
    assert {bar.n for bar in bars[:4]} == {len(FIRST_TIMERS)}
    brotli, gzip, raw, progress, _ = (bar.ours for bar in bars)
    assert 1 < brotli < gzip < raw < 60
    assert progress > 1
