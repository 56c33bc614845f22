"""The work queue's tables: apart from ours, made and kept up to date by `migrate`, and asked for before it is used."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from alembic import command

from monitor import work_queue
from monitor.config import Dispatcher, Settings
from monitor.db import make_engine
from monitor.errors import MigrationPending
from monitor.startup import alembic_config, migrate, open_database
from tests.postgres_server import PostgresServer

OURS = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
THEIRS = "SELECT proname FROM pg_proc WHERE pronamespace = 'monitor_queue'::regnamespace ORDER BY 1"


@pytest.fixture
def url(postgres_server: PostgresServer, migrated_postgres: str) -> Iterator[str]:
    """A migrated PostgreSQL database without a work queue, as those before there was one."""
    with postgres_server.database(template=migrated_postgres) as name:
        yield postgres_server.url(name)


def ask(url: str, question: str) -> list[object]:
    engine = make_engine(url)
    with engine.connect() as connection:
        answer = list(connection.scalars(sa.text(question)))
    engine.dispose()
    return answer


def tell(url: str, order: str) -> None:
    engine = make_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text(order))
    engine.dispose()


def distributed(settings: Settings, url: str) -> Settings:
    return settings.model_copy(update={"database_url": url, "dispatcher": Dispatcher.DISTRIBUTED})


def test_migrating_makes_the_queue_apart_from_our_tables_and_twice_is_once(url: str, settings: Settings) -> None:
    ours = ask(url, OURS)

    migrate(url)
    first = ask(url, THEIRS)
    migrate(url)

    assert len(first) > 10
    assert ask(url, THEIRS) == first
    assert ask(url, OURS) == ours
    command.check(alembic_config(url))
    open_database(distributed(settings, url)).kw["bind"].dispose()


def test_a_service_without_workers_needs_no_queue_and_one_with_workers_says_what_to_do(
    url: str, settings: Settings
) -> None:
    open_database(settings.model_copy(update={"database_url": url})).kw["bind"].dispose()

    with pytest.raises(MigrationPending, match="run: monitor migrate"):
        open_database(distributed(settings, url))


def test_an_older_queue_is_refused_until_it_is_brought_up_to_date(url: str, settings: Settings) -> None:
    migrate(url)
    newest = ask(url, THEIRS)
    tell(url, "DROP FUNCTION monitor_queue.procrastinate_trigger_function_status_events_update_v1 CASCADE")
    tell(url, "COMMENT ON SCHEMA monitor_queue IS '03.04.00_01_pre_add_retry_failed_job_procedure.sql'")
    with pytest.raises(MigrationPending, match="run: monitor migrate"):
        open_database(distributed(settings, url))

    migrate(url)

    assert ask(url, THEIRS) == newest
    open_database(distributed(settings, url)).kw["bind"].dispose()


def test_a_newer_queue_is_refused_and_nobody_is_told_to_migrate_it(url: str, settings: Settings) -> None:
    migrate(url)
    tell(url, "COMMENT ON SCHEMA monitor_queue IS '99.00.00_01_of_the_future.sql'")

    for attempt in (lambda: migrate(url), lambda: open_database(distributed(settings, url))):
        with pytest.raises(MigrationPending, match="update the program") as refused:
            attempt()
        assert "monitor migrate" not in str(refused.value)


def test_somebody_elses_schema_of_that_name_stays_as_it_is(url: str) -> None:
    tell(url, "CREATE SCHEMA monitor_queue")

    with pytest.raises(MigrationPending, match="has not made"):
        migrate(url)

    assert ask(url, THEIRS) == []


def test_a_role_that_may_make_no_schema_is_told_so(url: str) -> None:
    only_reads = f"{url}&options=-c role%3Dpg_read_all_data"

    with pytest.raises(MigrationPending, match=r"\(InsufficientPrivilege\).*create a schema"):
        migrate(only_reads)


def test_the_queues_names_are_found_for_one_transaction_and_after_our_own(url: str) -> None:
    migrate(url)
    tell(url, f"CREATE TABLE {work_queue.SCHEMA}.patients (id integer)")
    engine = make_engine(url)
    which = sa.text("SELECT relnamespace::regnamespace::text FROM pg_class WHERE oid = to_regclass(:name)")
    with engine.connect() as connection:
        work_queue.join_search_path(connection)
        found = [connection.scalar(which, {"name": name}) for name in ("patients", "procrastinate_jobs")]
        connection.commit()
        after = connection.scalar(which, {"name": "procrastinate_jobs"})
    engine.dispose()

    assert (found, after) == (["public", "monitor_queue"], None)


def test_a_service_without_workers_does_not_wait_for_the_library_of_those_with() -> None:
    modules = "monitor.cli, monitor.startup, monitor.worker, monitor.patient_surface, monitor.staff_surface"
    look = f"import sys, {modules}; sys.exit('procrastinate' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", look], check=False).returncode == 0
