"""`monitor migrate`: from whatever an operator points it at to this program's tables, or to one sentence."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import sessionmaker

from monitor.db import Sessions, make_engine, unit_of_work
from tests.builders import a_team
from tests.cli.program import Program, everything

READY = (0, "The database is ready.\n", "")


@contextmanager
def opened(url: str) -> Iterator[Sessions]:
    engine = make_engine(url)
    yield sessionmaker(engine, expire_on_commit=False)
    engine.dispose()


def tables(url: str) -> set[str]:
    with opened(url) as sessions, sessions() as session:
        return set(sa.inspect(session.connection()).get_table_names())


def test_an_empty_database_is_made_ready_for_every_other_command(program: Program, database_url: str) -> None:
    program.set(DATABASE_URL=database_url)
    assert "run: monitor migrate" in program("tick").refusal()

    migrated = program("migrate")

    assert (migrated.status, migrated.out, migrated.err) == READY
    assert program("tick").status == 0


def test_migrating_again_changes_nothing_and_loses_nothing(program: Program, database_url: str) -> None:
    program.set(DATABASE_URL=database_url)
    program("migrate")
    with opened(database_url) as sessions:
        with unit_of_work(sessions) as session:
            a_team(session)
        before = everything(sessions), tables(database_url)

        again = program("migrate")

        assert (again.status, again.out, again.err) == READY
        assert (everything(sessions), tables(database_url)) == before


def test_the_database_can_be_named_on_the_line_and_needs_no_settings(program: Program, database_url: str) -> None:
    program.environment.clear()

    migrated = program("migrate", "--database", database_url)

    assert (migrated.status, migrated.out, migrated.err) == READY
    assert "patients" in tables(database_url)


def test_what_else_a_database_holds_stays_and_nothing_is_added_to_it_by_halves(
    program: Program, database_url: str
) -> None:
    with opened(database_url) as sessions, unit_of_work(sessions) as session:
        session.execute(sa.text("CREATE TABLE patients (name VARCHAR)"))
        session.execute(sa.text("INSERT INTO patients VALUES ('somebody elses')"))

    refusal = program("migrate", "--database", database_url).refusal()

    assert re.search(r"refuses to be migrated \(\w+\) and is as it was$", refusal)
    assert tables(database_url) == {"patients"}
    with opened(database_url) as sessions, sessions() as session:
        assert session.scalars(sa.text("SELECT name FROM patients")).all() == ["somebody elses"]


@pytest.mark.parametrize(
    "address",
    ["", "hunter2", "mysql://root:hunter2@db/monitor", "postgresql://root:hunter2@db:port/monitor", "monitor.db"],
)
def test_an_address_that_cannot_be_is_refused_with_what_one_looks_like(program: Program, address: str) -> None:
    refusal = program("migrate", "--database", address).refusal()

    assert refusal == "--database: write it as sqlite:///monitor.db or postgresql://NAME@HOST/DATABASE"
