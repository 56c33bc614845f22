"""What stood in an older database stands in the new one."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from alembic import command

from monitor.db import make_engine
from monitor.startup import alembic_config
from tests.builders import NOW

UNRECORDED = UUID(int=3)
AT = NOW.replace(tzinfo=None)
KEPT = ("care_teams", "staff_members", "patients", "episodes", "step_assignments", "flags", "flag_events", "answers")


@pytest.fixture
def older(database_url: str) -> Iterator[sa.Engine]:
    """A database as it was before decisions named their rules, with an open and a closed flag."""
    command.upgrade(alembic_config(database_url), "0002")
    engine = make_engine(database_url)
    tables = sa.MetaData()
    tables.reflect(engine)
    with engine.begin() as connection:
        _write(connection, tables.tables)
    yield engine
    engine.dispose()


def _write(connection: sa.Connection, tables: Any) -> None:
    def add(name: str, **values: Any) -> None:
        """Add a row; whatever must be filled and does not matter is filled with something of its type."""
        row = {
            column.name: _something(column)
            for column in tables[name].columns
            if not column.nullable and column.server_default is None and column.autoincrement is not True
        }
        native = connection.dialect.name == "postgresql"
        stored = {key: value.hex if isinstance(value, UUID) and not native else value for key, value in values.items()}
        connection.execute(sa.insert(tables[name]).values(row | stored))

    add("care_teams", id=_id(1))
    add("staff_members", id=_id(1), role="clinician")
    add("patients", id=_id(1))
    episode = {"episode_id": _id(1), "patient_id": _id(1)}
    add("episodes", id=_id(1), patient_id=_id(1), care_team_id=_id(1), accountable_id=_id(1), next_review_at=AT)
    add("step_assignments", id=_id(1), **episode, step="two", decided_by_id=_id(1))
    closed = {"closed_at": AT, "outcome": "spoke", "reason": b"x", "closed_by_id": _id(1)}
    add("flags", id=_id(1), **episode, kind="safety", severity="urgent", owner_id=_id(1))
    add("flags", id=_id(2), **episode, kind="call_requested", severity="high", owner_id=_id(1), **closed)
    add("flag_events", id=_id(1), flag_id=_id(1), patient_id=_id(1), kind="opened")
    add("check_ins", id=_id(1), **episode, kind="first", closes_at=AT + timedelta(days=7))
    add("answers", id=1, check_in_id=_id(1), value=3, declined=False)


def _id(number: int) -> UUID:
    return UUID(int=number)


def _something(column: sa.Column[Any]) -> Any:
    kind = column.type
    if isinstance(kind, sa.LargeBinary):
        return b"x"
    if isinstance(kind, sa.DateTime):
        return AT
    if isinstance(kind, sa.Date):
        return AT.date()
    if isinstance(kind, sa.Time):
        return datetime.min.time()
    if isinstance(kind, sa.Boolean):
        return False
    if isinstance(kind, sa.JSON):
        return {}
    return 1 if isinstance(kind, sa.Integer | sa.SmallInteger | sa.BigInteger) else "x"


def rows_of(engine: sa.Engine, name: str) -> list[dict[str, Any]]:
    """All rows of a table, whatever its columns are now."""
    table = sa.Table(name, sa.MetaData(), autoload_with=engine)
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(sa.select(table).order_by(table.c.id)).mappings()]


def test_every_row_stays_and_says_that_its_rules_were_not_kept(older: sa.Engine, database_url: str) -> None:
    before = {name: rows_of(older, name) for name in KEPT}

    command.upgrade(alembic_config(database_url), "head")

    for name in KEPT:
        after = rows_of(older, name)
        assert [{key: row[key] for key in was} for was, row in zip(before[name], after, strict=True)] == before[name]
    [version] = rows_of(older, "pathway_versions")
    assert version["code"] == "unrecorded"
    decided = [*rows_of(older, "step_assignments"), *rows_of(older, "flags")]
    assert {UUID(str(row["pathway_version_id"])) for row in decided} == {UNRECORDED}


def test_a_flag_that_was_open_goes_on_from_its_own_clock(older: sa.Engine, database_url: str) -> None:
    command.upgrade(alembic_config(database_url), "head")

    for flag in rows_of(older, "flags"):
        assert flag["escalate_at"] == (None if flag["closed_at"] else flag["due_at"])


def test_the_way_back_keeps_what_was_there_before(older: sa.Engine, database_url: str) -> None:
    before = {name: rows_of(older, name) for name in KEPT}

    command.upgrade(alembic_config(database_url), "head")
    command.downgrade(alembic_config(database_url), "0002")

    assert {name: rows_of(older, name) for name in KEPT} == before
