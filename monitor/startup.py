"""What must hold before the program serves: keys in place, the database reachable, no migration pending."""

from pathlib import Path

import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.orm import sessionmaker

from monitor import work_queue
from monitor.config import RESOURCES, Dispatcher, Settings
from monitor.crypto import Keyring
from monitor.db import Sessions, configure_keys, make_engine
from monitor.errors import DatabaseUnavailable, MigrationPending


def alembic_config(url: str) -> Config:
    """Return Alembic's settings for one database; no ini file is needed."""
    config = Config()
    config.set_main_option("script_location", str(RESOURCES / "migrations"))
    config.attributes["url"] = url
    return config


def migrate(url: str) -> None:
    """Bring a database to this program's tables and, on PostgreSQL, to those of its work queue.

    Raises what Alembic and the database raise, and MigrationPending for a work queue that cannot be brought there.
    """
    from alembic import command

    command.upgrade(alembic_config(url), "head")
    engine = make_engine(url)
    try:
        if engine.dialect.name == "postgresql":
            work_queue.upgrade(engine)
    except sa.exc.DBAPIError as error:
        why = type(error.orig).__name__
        raise MigrationPending(
            f"our tables are ready, but those of the work queue could not be made ({why}) and are as they were; "
            "the role must be allowed to create a schema in this database"
        ) from None
    finally:
        engine.dispose()


def unlock(settings: Settings) -> None:
    """Put the service's keys in place."""
    configure_keys(Keyring(settings.keys, settings.lookup))


def open_database(settings: Settings, *, pool_size: int = 5) -> Sessions:
    """Open the database of the settings and check that it is at this program's migration.

    Raises DatabaseUnavailable when it does not answer and MigrationPending when it is older or newer.
    """
    unlock(settings)
    engine = make_engine(settings.database_url, pool_size=pool_size)
    try:
        _check(engine)
        if settings.dispatcher is Dispatcher.DISTRIBUTED:
            with engine.connect() as connection:
                work_queue.check(connection)
    except BaseException:
        engine.dispose()
        raise
    return sessionmaker(engine, expire_on_commit=False)


def clock_lock(settings: Settings) -> Path | None:
    """Return where processes beside one SQLite file settle which has the clock; PostgreSQL's may all have one."""
    url = sa.make_url(settings.database_url)
    return Path(f"{url.database}.clock") if url.get_backend_name() == "sqlite" and url.database else None


def _check(engine: sa.Engine) -> None:
    script = ScriptDirectory.from_config(alembic_config(""))
    wanted = script.get_current_head()
    try:
        with engine.connect() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
    except sa.exc.DBAPIError:
        place = engine.url.render_as_string(hide_password=True)
        raise DatabaseUnavailable(f"the database at {place} does not answer") from None
    if found == wanted:
        return
    known = {revision.revision for revision in script.walk_revisions()}
    if found is None or found in known:
        what = f"the database is at migration {found or 'none'} and this program needs {wanted}; run: monitor migrate"
    else:
        what = (
            f"the database is at migration {found}, newer than this program, which knows {wanted}; update the program"
        )
    raise MigrationPending(what)
