"""Alembic's entry point: the tables of every capability, on whichever database the caller names."""

from alembic import context

from monitor import audit, beats
from monitor.care import models as care
from monitor.checkins import models as checkins
from monitor.db import Base, make_engine
from monitor.flags import models as flags
from monitor.messaging import models as messaging
from monitor.people import models as people

CAPABILITIES = (audit, beats, people, messaging, care, checkins, flags)


def run() -> None:
    """Bring the database to the wanted revision, all of it in one transaction."""
    engine = make_engine(context.config.attributes["url"])
    try:
        with engine.connect() as connection:
            context.configure(connection=connection, target_metadata=Base.metadata, transaction_per_migration=False)
            with context.begin_transaction():
                context.run_migrations()
            connection.commit()
    finally:
        engine.dispose()


run()
