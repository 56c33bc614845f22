"""A database for the demonstration: an empty one, or one that holds it already; never one that holds anything else."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import sqlalchemy as sa
from alembic import command
from sqlalchemy.orm import Session

from monitor.config import Settings
from monitor.db import Sessions, make_engine, reading, unit_of_work
from monitor.demo.build import fill
from monitor.demo.clinic import STAFF
from monitor.demo.roster import ROSTER
from monitor.errors import ConfigurationError, DatabaseUnavailable
from monitor.people.models import CareTeam, Patient, StaffMember
from monitor.people.sign_in import email_hash
from monitor.startup import alembic_config, open_database


class HoldsSomethingElse(ConfigurationError):
    """The database is in use for something that is not this demonstration, so it is left alone."""


def holds_demo(session: Session) -> bool:
    """Return whether the demonstration's staff work here, under the present keys."""
    wanted = {email_hash(colleague.email) for colleague in STAFF}
    found = session.scalars(sa.select(StaffMember.email_hash).where(StaffMember.email_hash.in_(wanted)))
    return wanted == set(found)


def open_empty_or_demo(settings: Settings) -> tuple[Sessions, bool]:
    """Open the settings' database, migrated, and say whether it is empty.

    Raises HoldsSomethingElse, and what `open_database` raises.
    """
    tables = _tables(settings.database_url)
    if not tables:
        command.upgrade(alembic_config(settings.database_url), "head")
    elif "alembic_version" not in tables:
        raise HoldsSomethingElse("this database holds something else than the demonstration; give an empty one")
    sessions = open_database(settings)
    with reading(sessions) as session:
        if holds_demo(session):
            return sessions, False
        if _is_empty(session):
            return sessions, True
    sessions.kw["bind"].dispose()
    raise HoldsSomethingElse(
        "this database holds something else than the demonstration, or the demonstration's keys are gone; "
        "give an empty one"
    )


def build(
    sessions: Sessions,
    settings: Settings,
    now: datetime,
    *,
    patients: int = len(ROSTER),
    passed: Callable[[datetime], None] = lambda moment: None,
) -> None:
    """Fill an empty database, all of it or nothing."""
    with _nothing_collected(), unit_of_work(sessions) as session:
        fill(session, settings, now, patients=patients, passed=passed)


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Leave Python's garbage where it is for these seconds: an eighth of them went by in looking for it."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _tables(url: str) -> list[str]:
    engine = make_engine(url)
    try:
        return sa.inspect(engine).get_table_names()
    except sa.exc.OperationalError:
        place = sa.make_url(url).render_as_string(hide_password=True)
        raise DatabaseUnavailable(f"the database at {place} does not answer") from None
    finally:
        engine.dispose()


def _is_empty(session: Session) -> bool:
    return not any(
        session.scalar(sa.select(sa.select(table.id).exists())) for table in (CareTeam, StaffMember, Patient)
    )
