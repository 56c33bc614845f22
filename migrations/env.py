"""Alembic's entry point: the tables of every capability, on whichever database the caller names."""

import sqlalchemy as sa
from alembic import context

from monitor import audit, beats
from monitor.care import intake_models as intake
from monitor.care import middle_models as middle
from monitor.care import models as care
from monitor.care import pathway_models as pathways
from monitor.checkins import call_models as calls
from monitor.checkins import models as checkins
from monitor.db import Base, make_engine
from monitor.flags import models as flags
from monitor.flags import notice_models as notices
from monitor.messaging import models as messaging
from monitor.people import life_models as lives
from monitor.people import models as people
from monitor.people import needs_models as needs
from monitor.relapse import models as relapse
from monitor.reviews import models as reviews

CAPABILITIES = (
    audit,
    beats,
    people,
    lives,
    needs,
    messaging,
    care,
    pathways,
    intake,
    middle,
    checkins,
    calls,
    flags,
    notices,
    relapse,
    reviews,
)


def run() -> None:
    """Bring the database to the wanted revision, all of it in one transaction."""
    engine = make_engine(context.config.attributes["url"])
    try:
        with engine.connect() as connection:
            _let_tables_be_copied(connection)
            context.configure(connection=connection, target_metadata=Base.metadata, transaction_per_migration=False)
            with context.begin_transaction():
                context.run_migrations()
                _check_references(connection)
            connection.commit()
    finally:
        engine.dispose()


def _let_tables_be_copied(connection: sa.Connection) -> None:
    """SQLite changes a table by copying it, during which rows that refer to it refer to nothing."""
    driver = connection.connection.dbapi_connection
    if connection.dialect.name == "sqlite" and driver is not None:
        driver.execute("PRAGMA foreign_keys=OFF")


def _check_references(connection: sa.Connection) -> None:
    if connection.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise RuntimeError("the migration would leave rows that refer to nothing")


run()
