"""The tables of the queue that workers on several machines share: Procrastinate's own, in a schema of their own.

PostgreSQL only. The schema's comment says which of the library's migrations were applied.
"""

from importlib.util import find_spec
from pathlib import Path

import sqlalchemy as sa

from monitor.errors import MigrationPending

SCHEMA = "monitor_queue"
_WHOLE = "schema.sql"


def upgrade(engine: sa.Engine) -> None:
    """Bring the queue's tables to the installed library's. Safe to run again; all of it happens or nothing.

    Raises MigrationPending when they are newer than the library, or when a schema of that name is somebody else's.
    """
    scripts = _scripts()
    newest = scripts[-1].name
    with engine.begin() as connection:
        found = _found(connection)
        if found is None:
            connection.exec_driver_sql(f"CREATE SCHEMA {SCHEMA}")
            wanted = [scripts[0].parents[1] / _WHOLE]
        else:
            _refuse_newer(found, newest)
            wanted = [script for script in scripts if script.name > found]
        connection.exec_driver_sql(f"SET LOCAL search_path TO {SCHEMA}")
        as_written = connection.execution_options(no_parameters=True)  # a % in them is a %
        for script in wanted:
            as_written.exec_driver_sql(script.read_text(encoding="utf-8"))
        connection.exec_driver_sql(f"COMMENT ON SCHEMA {SCHEMA} IS '{newest}'")


def check(connection: sa.Connection) -> None:
    """Raise MigrationPending unless the queue's tables are the installed library's."""
    newest = _scripts()[-1].name
    found = _found(connection)
    _refuse_newer(found or "", newest)
    if found != newest:
        raise MigrationPending("the work queue has no tables, or old ones; run: monitor migrate")


def join_search_path(connection: sa.Connection) -> None:
    """Let the rest of this transaction find the queue's tables and functions, after our own."""
    connection.execute(
        sa.text("SELECT set_config('search_path', current_setting('search_path') || :ours, true)"),
        {"ours": f", {SCHEMA}"},
    )


def _found(connection: sa.Connection) -> str | None:
    """Return the newest migration that was applied, or None without a schema."""
    there = sa.text("SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = :name")
    rows = connection.scalars(there, {"name": SCHEMA}).all()
    if rows == [None]:
        raise MigrationPending(f"the database has a schema {SCHEMA} that this program has not made; rename it")
    return rows[0] if rows else None


def _refuse_newer(found: str, newest: str) -> None:
    if found > newest:
        raise MigrationPending("the work queue is newer than this program; update the program")


def _scripts() -> list[Path]:
    """Return the library's migrations, oldest first; the library itself takes long to import, and is not."""
    spec = find_spec("procrastinate")
    if spec is None or spec.origin is None:
        raise ImportError("procrastinate is not installed")
    return sorted((Path(spec.origin).parent / "sql" / "migrations").glob("*.sql"))
