"""The bench's own databases: made beside the one that an address names, which is never opened, and removed again."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa
from sqlalchemy.orm import sessionmaker

from monitor.db import Sessions, make_engine
from monitor.errors import DatabaseUnavailable
from monitor.startup import migrate


@contextmanager
def scratch_database(beside: sa.URL) -> Iterator[Sessions]:
    """Open a migrated, empty database in the same folder, or on the same server, as `beside`.

    Raises DatabaseUnavailable when the server does not answer or lets nobody create a database.
    """
    make = _on_server if beside.get_backend_name() == "postgresql" else _in_folder
    with make(beside) as url:
        migrate(url)
        engine = make_engine(url)
        try:
            yield sessionmaker(engine, expire_on_commit=False)
        finally:
            engine.dispose()


@contextmanager
def _in_folder(beside: sa.URL) -> Iterator[str]:
    folder = Path(beside.database).absolute().parent if beside.database else None
    try:
        scratch = TemporaryDirectory(prefix="monitor-bench-", dir=folder)
    except OSError as error:
        raise DatabaseUnavailable(f"no scratch database can be made in {folder}: {error.strerror}") from None
    with scratch as name:
        yield f"sqlite:///{name}/scratch.db"


@contextmanager
def _on_server(beside: sa.URL) -> Iterator[str]:
    name = f"monitor_bench_{secrets.token_hex(6)}"
    server = sa.create_engine(beside.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    try:
        with server.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
    except sa.exc.DBAPIError:
        place = beside.render_as_string(hide_password=True)
        raise DatabaseUnavailable(f"no scratch database can be made on the server of {place}") from None
    try:
        yield beside.set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        server.dispose()
