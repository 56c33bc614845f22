"""Statements that every patient waits on, put into each database driver's own words once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.orm import Session, SessionTransaction

from monitor.db import Base, table

Values = Mapping[str, Any]
_Held = tuple[SessionTransaction | None, sa.Connection | None]


class Prepared:
    """A statement that writes, to be run with many values.

    Each value passes through the type of its column as ever. What is left out is SQLAlchemy's own work for each run
    and row, which takes longer than the database does: bar 6 of `monitor bench` shows it.
    """

    def __init__(self, statement: sa.Insert | sa.Update) -> None:
        """Take a statement whose values are named parameters, or constants."""
        self._statement = statement
        self._ready: dict[str, _Ready] = {}

    def run(self, session: Session, rows: Sequence[Values] = ({},), **shared: Any) -> int:
        """Run it for each row's own values and those that they share; return the number of rows written, if one ran."""
        connection = _connection(session)
        ready = self._ready.get(connection.dialect.name) or self._make_ready(connection.dialect)
        return connection.exec_driver_sql(ready.words, ready.rows(rows, shared)).rowcount

    def _make_ready(self, dialect: Dialect) -> "_Ready":
        compiled = self._statement.compile(dialect=dialect)
        types = {name: bind.type.dialect_impl(dialect) for name, bind in compiled.binds.items()}
        keep = {name: kind.bind_processor(dialect) or _as_it_is for name, kind in types.items()}
        constants = {name: keep[name](bind.value) for name, bind in compiled.binds.items() if not bind.required}
        ready = _Ready(str(compiled), _in_place(compiled.positiontup), keep, constants)
        self._ready[dialect.name] = ready
        return ready


@dataclass(frozen=True)
class _Ready:
    words: str
    in_place: Callable[[Values], tuple[Any, ...]] | None
    """Puts the values in order, where the driver knows them by place and not by name."""
    keep: Mapping[str, Callable[[Any], Any]]
    """Turns each value into the driver's own."""
    constants: Values

    def rows(self, rows: Sequence[Values], shared: Values) -> Any:
        alike = {**self.constants, **self._kept(shared)}
        named = [{**alike, **self._kept(row)} for row in rows]
        return [self.in_place(each) for each in named] if self.in_place else named

    def _kept(self, values: Values) -> dict[str, Any]:
        return {name: self.keep[name](value) for name, value in values.items()}


def _in_place(names: Sequence[str] | None) -> Callable[[Values], tuple[Any, ...]] | None:
    if names is not None and len(names) == 1:
        return lambda values: (values[names[0]],)  # itemgetter would return the bare value
    return itemgetter(*names) if names else None


def _connection(session: Session) -> sa.Connection:
    """Return the connection of the session's transaction; asking the session each time takes as long as a statement."""
    if session.in_nested_transaction():
        return session.connection()  # which sets the savepoint, if this is the first that it hears of it
    transaction, connection = cast(_Held, session.info.get(_connection, (None, None)))
    if connection is None or transaction is not session.get_transaction():
        connection = session.connection()
        session.info[_connection] = session.get_transaction(), connection
    return connection


def _as_it_is(value: Any) -> Any:
    return value


def every_column(model: type[Base], *without: str) -> dict[str, sa.BindParameter[Any]]:
    """Return a parameter for every column of a table but those named; NULL where no value is given for it."""
    columns = [column for column in table(model).columns if column.name not in without]
    return {each.name: sa.bindparam(each.name, None, required=not each.nullable) for each in columns}


def insert_into(model: type[Base], *without: str) -> Prepared:
    """Return the statement that adds rows with every column but those named."""
    return Prepared(sa.insert(table(model)).values(every_column(model, *without)).inline())
