"""What must hold before the program serves: keys in place, the database reachable, no migration pending."""

import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.orm import sessionmaker

from monitor.config import RESOURCES, Settings
from monitor.crypto import Keyring
from monitor.db import Sessions, configure_keys, make_engine
from monitor.errors import DatabaseUnavailable, MigrationPending


def alembic_config(url: str) -> Config:
    """Return Alembic's settings for one database; no ini file is needed."""
    config = Config()
    config.set_main_option("script_location", str(RESOURCES / "migrations"))
    config.attributes["url"] = url
    return config


def unlock(settings: Settings) -> None:
    """Put the service's keys in place."""
    configure_keys(Keyring(settings.keys, settings.lookup))


def open_database(settings: Settings) -> Sessions:
    """Open the database of the settings and check that it is at this program's migration.

    Raises DatabaseUnavailable when it does not answer and MigrationPending when it is older or newer.
    """
    unlock(settings)
    engine = make_engine(settings.database_url)
    try:
        _check(engine)
    except BaseException:
        engine.dispose()
        raise
    return sessionmaker(engine, expire_on_commit=False)


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
