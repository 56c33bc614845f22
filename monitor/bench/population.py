"""An invented service of any size: some hundred courses of care, written once and then copied inside the database."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.bench.courses import MODELS, OPENED_AT, PATIENTS, courses, service
from monitor.care.pathway_models import PathwayVersion
from monitor.care.pathways import USUAL_PATHWAY, for_decision
from monitor.checkins.models import OPEN, CheckIn
from monitor.db import Base, Sessions, reading, table, unit_of_work
from monitor.people.models import CareTeam, Patient, StaffMember

COPY_DIGITS = 8
"""The first hexadecimal digits of an id say which copy it belongs to; those of the originals are 0."""
FIRST_COPY = UUID(int=1 << 128 - 4 * COPY_DIGITS)
SHARED = (CareTeam.__tablename__, StaffMember.__tablename__, PathwayVersion.__tablename__)


@dataclass(frozen=True)
class Service:
    """A filled database. `open_check_ins` are all that can be answered, in random order, for the bars to use up."""

    sessions: Sessions
    patients: int
    open_check_ins: list[UUID]

    @property
    def engine(self) -> sa.Engine:
        """The database itself."""
        return cast(sa.Engine, self.sessions.kw["bind"])

    @property
    def name(self) -> str:
        """The kind of database."""
        return self.engine.dialect.name

    def take(self, count: int) -> list[UUID]:
        """Return open check-ins that no bar has used yet."""
        return [self.open_check_ins.pop() for _ in range(count)]


def fill(sessions: Sessions, patients: int, written: Callable[[int], object]) -> Service:
    """Fill an empty, migrated database with about `patients` people: whole copies of all the courses, at least one.

    `written` is told how many have been added, each time that some were.
    """
    for copy in range(max(1, patients // PATIENTS)):
        with unit_of_work(sessions) as session:
            if copy == 0:
                _write(session)
            else:
                _copy(session, copy)
        written(PATIENTS)
    with unit_of_work(sessions) as session:
        session.connection().exec_driver_sql("ANALYZE")
    return filled(sessions)


def filled(sessions: Sessions) -> Service:
    """Return the service that a database has been filled with."""
    with reading(sessions) as session:
        patients = session.scalar(sa.select(sa.func.count()).select_from(Patient)) or 0
        everything_open = list(session.scalars(sa.select(CheckIn.id).where(sa.text(OPEN)).order_by(CheckIn.id)))
    random.Random(26).shuffle(everything_open)  # noqa: S311  # repeatable, and no secret
    return Service(sessions, patients, everything_open)


def _write(session: Session) -> None:
    for_decision(session, USUAL_PATHWAY, OPENED_AT)
    for row in service():
        session.add(row)
        session.flush()
    rows: dict[type[Base], list[Base]] = {model: [] for model in MODELS}
    for row in courses():
        rows[type(row)].append(row)
    for each in rows.values():
        session.add_all(each)
        session.flush()


def _copy(session: Session, copy: int) -> None:
    """Copy every course under new ids. Names and numbers are copied as they are sealed, so a copy's do not open."""
    for model in MODELS:
        rows = table(model)
        key = next(iter(rows.primary_key))
        originals = sa.select(*(_copied(column, copy) for column in rows.columns)).where(key < FIRST_COPY)
        session.execute(sa.insert(rows).from_select(list(rows.columns), originals))


def _copied(column: sa.Column[Any], copy: int) -> sa.ColumnElement[Any]:
    """What a copy has in a column: ids and the hash of a link are its own, the team and its staff are everybody's."""
    is_shared = any(key.column.table.name in SHARED for key in column.foreign_keys)
    if is_shared or not (isinstance(column.type, sa.Uuid) or column.name == "token_hash"):
        return column
    an_id = column if isinstance(column.type, sa.Uuid) else column.table.c.id
    new_id = sa.literal(f"{copy:0{COPY_DIGITS}x}") + sa.func.substr(sa.cast(an_id, sa.String), COPY_DIGITS + 1)
    return sa.cast(new_id, column.type)
