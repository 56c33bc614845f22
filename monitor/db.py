"""The engine, the declarative base, the unit of work and the column types."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any, ClassVar, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from monitor.crypto import Keyring, Unreadable, new_data_key, seal, unseal
from monitor.errors import DatabaseUnavailable
from monitor.ids import new_id

WAL_IS_SAFE_FROM = (3, 51, 3)
"""Earlier SQLite can corrupt a WAL database with two writing connections (release notes, 13 March 2026)."""

Sessions = sessionmaker[Session]


class UTCDateTime(sa.TypeDecorator[datetime]):
    """An aware moment: `timestamptz` on PostgreSQL, naive UTC on SQLite, aware UTC in Python. Naive values raise."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive moment; store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def vocabulary(enum: type[StrEnum], name: str | None = None) -> sa.Enum:
    """Return the column type of one vocabulary: stored by value, guarded by a CHECK.

    A table with two columns of one vocabulary names the CHECK of the second.
    """
    return sa.Enum(
        enum,
        native_enum=False,
        create_constraint=True,
        length=40,
        values_callable=lambda members: [member.value for member in members],
        name=name or enum.__name__.lower(),
    )


def at_most_one(*columns: str) -> str:
    """Return the SQL condition that at most one of the columns is set."""
    return " + ".join(f"CASE WHEN {column} IS NULL THEN 0 ELSE 1 END" for column in columns) + " <= 1"


NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Every table has an opaque id that exists before the row does, since sealed values are bound to it."""

    metadata = sa.MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UTCDateTime(), UUID: sa.Uuid()}

    def __init__(self, **values: Any) -> None:
        """Set the id and the owner of the data key first, and only then what is sealed with it."""
        if isinstance(self, WithId):
            values.setdefault("id", new_id())
        if isinstance(self, WithDataKey):
            values.setdefault("data_key", new_data_key())
        if unknown := values.keys() - _attributes(type(self)):
            raise TypeError(f"{type(self).__name__} has no {min(unknown)}")
        for name in ("id", "data_key", "patient"):
            if name in values:
                setattr(self, name, values.pop(name))
        for name, value in values.items():
            setattr(self, name, value)


@cache
def _attributes(model: type[Base]) -> frozenset[str]:
    return frozenset(dir(model))


def table(model: type[Base]) -> sa.Table:
    """Return a model's table, for statements that go past the object layer on hot paths."""
    return cast(sa.Table, model.__table__)


class WithId:
    """The opaque primary key."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)


class Sealed:
    """A text attribute kept encrypted in a binary column of the same name with an underscore before it.

    The owning object needs an `id` and a `data_key` property: the key of the person that the row is about.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        """Learn the attribute's own name."""
        self._name = name

    def _column(self, row: Any) -> str:
        return f"{row.__tablename__}.{self._name}"

    def _key(self, row: Any) -> bytes:
        if row.data_key is None:
            raise Unreadable(f"{self._column(row)}: the key of this person was erased")
        return cast(bytes, row.data_key)

    def __get__(self, row: Any, owner: type | None = None) -> Any:
        """Open the value, or return None when there is none. Raises Unreadable, as after an erasure."""
        if row is None:
            return self
        sealed = getattr(row, f"_{self._name}")
        return None if sealed is None else unseal(self._key(row), self._column(row), row.id, sealed)

    def __set__(self, row: Any, text: str | None) -> None:
        """Seal the value for this row."""
        sealed = None if text is None else seal(self._key(row), self._column(row), row.id, text)
        setattr(row, f"_{self._name}", sealed)


class WrappedKey(sa.TypeDecorator[bytes]):
    """A data key, stored sealed by the service's keyring and open in memory."""

    impl = sa.LargeBinary
    cache_ok = True
    keyring: ClassVar[Keyring]
    """Set once by `configure_keys`: a column type has no other way to reach the settings."""

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """Seal."""
        return None if value is None else self.keyring.wrap(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """Open."""
        return None if value is None else self.keyring.unwrap(value)


class WithDataKey:
    """Rows that own a key: a patient, a staff member. After erasure the key is gone and nothing opens."""

    data_key: Mapped[bytes | None] = mapped_column(WrappedKey(), default=new_data_key)


def configure_keys(keyring: Keyring) -> None:
    """Give the wrapped-key column type its keyring; one process serves one service."""
    WrappedKey.keyring = keyring


def keyring() -> Keyring:
    """Return the service's keyring."""
    return WrappedKey.keyring


def make_engine(url: str, *, pool_size: int = 5) -> Engine:
    """Return an engine with the durability that an acknowledged answer needs.

    SQLite: synchronous FULL, foreign keys on, `BEGIN IMMEDIATE` for every transaction that may write, a rollback
    journal unless the library is at least 3.51.3. PostgreSQL: synchronous_commit on is the server's default.
    Neither errors nor logs repeat the values of a statement.
    """
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
        return sa.create_engine(parsed, pool_size=pool_size, pool_pre_ping=True, hide_parameters=True)
    engine = sa.create_engine(parsed, connect_args={"timeout": 30}, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # SQLAlchemy's begin event below opens each transaction
    journal = "WAL" if sqlite3.sqlite_version_info >= WAL_IS_SAFE_FROM else "TRUNCATE"
    cursor = connection.cursor()
    for pragma in (
        "busy_timeout=30000",
        "cache_size=-16000",  # kB: the inner pages of a large service's indexes stay in memory
        f"journal_mode={journal}",
        "synchronous=FULL",
        "foreign_keys=ON",
        "recursive_triggers=ON",  # else INSERT OR REPLACE would delete a row behind the append-only triggers' back
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    """Take the write lock at once: a lock that is upgraded midway fails instead of waiting."""
    read_only = connection.get_execution_options().get("read_only", False)
    driver = cast(sqlite3.Connection, connection.connection.dbapi_connection)
    driver.execute("BEGIN" if read_only else "BEGIN IMMEDIATE")


@contextmanager
def unit_of_work(sessions: Sessions) -> Iterator[Session]:
    """Commit on success, roll back on any error. Raises DatabaseUnavailable when the database does not answer."""
    with _answering(), sessions() as session, session.begin():
        yield session


@contextmanager
def reading(sessions: Sessions) -> Iterator[Session]:
    """Open a session that only reads; nothing it does is kept. Raises DatabaseUnavailable."""
    with _answering(), sessions() as session:
        session.connection(execution_options={"read_only": True})
        yield session
        session.rollback()


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except sa.exc.OperationalError as error:
        if error.connection_invalidated or error.statement is None:  # no statement: it failed while connecting
            raise DatabaseUnavailable("the database does not answer") from error
        raise
