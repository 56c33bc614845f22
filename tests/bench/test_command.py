"""`monitor bench`: what it prints, when it refuses, and that it leaves nothing behind."""

import json
import os
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from monitor.bench import committing, machine, sending
from monitor.bench.report import Bar, Gate, Machine, Report
from monitor.bench.scratch import scratch_database
from monitor.cli.bench import bench_command
from tests.postgres_server import PostgresServer

QUIET = Machine(processor="any", cores=4, python="CPython 3.11", system="Linux", load=2.0)


def bench(*arguments: str):
    return CliRunner().invoke(bench_command, arguments)


def test_one_json_document_says_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name, few in ((committing, "BLOCK", 4), (sending, "BLOCK", 4), (sending, "DUE", 200)):
        monkeypatch.setattr(module, name, few)  # as much as shows that it works

    result = bench("--patients", "2000", "--database", f"sqlite:///{tmp_path / 'live.db'}", "--json", "--force")

    document = json.loads(result.stdout)
    assert result.exit_code == 0
    assert document.keys() == {"patients", "machine", "forced", "bars", "gates", "passed"}
    assert document["machine"].keys() == {"processor", "cores", "python", "system", "load"}
    assert {bar["number"] for bar in document["bars"]} == {1, 4, 6, 7, 8, 9, 12}
    for bar in document["bars"]:
        assert bar["ratio"] == bar["ours"] / bar["reference"]
        assert bar["n"] >= 5
    assert document["passed"]
    assert all(gate["passed"] for gate in document["gates"])
    assert list(tmp_path.iterdir()) == [], "the database that was named is not opened, and nothing is left"


def test_a_busy_machine_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getloadavg", lambda: (0.6 * (os.cpu_count() or 1), 0.0, 0.0))

    result = bench()

    assert result.exit_code == 2
    assert "--force" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("address", ["nonsense", "mysql://there/here"])
def test_an_address_of_no_database_that_we_know_is_refused(address: str) -> None:
    result = bench("--force", "--database", address)

    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1


def test_a_scratch_database_on_a_server_is_dropped_again(postgres_server: PostgresServer) -> None:
    url = sa.make_url(postgres_server.url("postgres"))
    server = sa.create_engine(url)
    names = sa.text("SELECT datname FROM pg_database WHERE datname LIKE 'monitor_bench%'")
    with scratch_database(url) as sessions, sessions() as session, server.connect() as connection:
        mine = session.scalar(sa.text("SELECT current_database()"))
        assert connection.scalars(names).all() == [mine]
        assert session.scalar(sa.text("SELECT count(*) FROM patients")) == 0

    with server.connect() as connection:
        assert connection.scalars(names).all() == []
    server.dispose()


# ---- the report ----


def bar(ours: float, target: float, *, at_least: bool = False) -> Bar:
    return Bar(6, "check-ins", "sqlite", "/s", ours, 100, "bare SQL", target, 5, at_least=at_least)


@pytest.mark.parametrize(
    ("measured", "met"),
    [
        (bar(120, 1.2), True),
        (bar(121, 1.2), False),
        (bar(50, 0.5, at_least=True), True),
        (bar(49, 0.5, at_least=True), False),
    ],
)
def test_a_target_is_met_at_its_own_value(measured: Bar, met: bool) -> None:
    assert measured.met is met


def test_a_target_is_an_aim_and_a_gate_is_not() -> None:
    missed = bar(1, 0.5, at_least=True)
    held, broken = Gate("nothing is lost", "sqlite", True), Gate("nothing is kept twice", "sqlite", False)

    assert Report(2_000, QUIET, False, (missed,), (held,)).passed
    assert not Report(2_000, QUIET, False, (), (held, broken)).passed


@pytest.mark.parametrize(("load", "busy"), [(2.0, False), (2.01, True)])
def test_more_than_half_of_the_cores_in_use_is_busy(load: float, busy: bool) -> None:
    assert Machine("any", 4, "CPython", "Linux", load).is_busy is busy


def test_runs_take_turns_and_the_median_counts() -> None:
    order: list[str] = []
    figures = {"ours": iter([5.0, 1.0, 3.0]), "theirs": iter([2.0, 9.0, 4.0])}

    def measure(name: str):
        def run() -> float:
            order.append(name)
            return next(figures[name])

        return run

    assert machine.interleaved(3, [measure("ours"), measure("theirs")]) == [3.0, 4.0]
    assert order == ["ours", "theirs"] * 3
