"""What texts cost, counted in segments on each UTC day, and where a day's spending ends.

Three counters a text, written at its intent in one statement: for the patient, the calling code and the service.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

import phonenumbers
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from monitor.db import table
from monitor.messaging.models import Message, SpendCounter, SpendScope
from monitor.messaging.texts import TextKind

SERVICE = "texts"
"""The key of the service's own counter."""


@dataclass(frozen=True)
class Limits:
    """The most segments on a UTC day; None where there is no limit."""

    per_day: int | None = None
    per_prefix: int | None = None
    per_patient: int | None = None

    def exceeded(self, totals: dict[SpendScope, int]) -> bool:
        """Return whether one of the totals is over its limit."""
        limits = {
            SpendScope.PATIENT: self.per_patient,
            SpendScope.PREFIX: self.per_prefix,
            SpendScope.SERVICE: self.per_day,
        }
        return any(limit is not None and totals[scope] > limit for scope, limit in limits.items())


def count_in(session: Session, message: Message, segments: int, now: datetime, limits: Limits) -> bool:
    """Count a text that is about to go to its patient's number; False, and not counted, when it would cost too much.

    A text that tells where help is always goes.
    """
    number, on = message.patient.number, now.date()
    totals = _add(session, message.patient_id, number, segments, on)
    if message.purpose is TextKind.SUPPORT or not limits.exceeded(totals):
        return True
    _add(session, message.patient_id, number, -segments, on)
    return False


def count_out(session: Session, message: Message) -> None:
    """Take back what was counted for a text that nobody took; the text still knows when, where to and how long."""
    if message.intent_at is not None and message.segments is not None:
        _add(session, message.patient_id, message.sent_to, -message.segments, message.intent_at.date())


def forget(session: Session, before: date) -> None:
    """Drop the counters of the days before one."""
    session.execute(sa.delete(SpendCounter).where(SpendCounter.on < before))


def prefix(number: str) -> str:
    """Return the calling code of a number (E.164)."""
    return f"+{phonenumbers.parse(number).country_code}"


def _add(session: Session, patient_id: UUID, number: str, segments: int, on: date) -> dict[SpendScope, int]:
    """Add to the three counters and return them."""
    keys = {SpendScope.PATIENT: str(patient_id), SpendScope.PREFIX: prefix(number), SpendScope.SERVICE: SERVICE}
    values = {scope.value: key for scope, key in keys.items()} | {"day": on, "more": segments}
    added = session.connection().execute(_ADD[session.get_bind().dialect.name], values)
    return {scope: total for scope, total in added}


def _adding(insert: Callable[[sa.Table], Any]) -> sa.Insert:
    counters = table(SpendCounter)
    row: dict[str, Any] = {"on": sa.bindparam("day"), "segments": sa.bindparam("more")}
    rows = [{"scope": scope, "key": sa.bindparam(scope.value), **row} for scope in _ORDER]
    statement = insert(counters).values(rows)
    more = {"segments": counters.columns.segments + statement.excluded.segments}
    wanted = counters.columns.scope, counters.columns.segments
    added = statement.on_conflict_do_update(index_elements=["scope", "key", "on"], set_=more).returning(*wanted)
    return cast(sa.Insert, added)


_ORDER = (SpendScope.PATIENT, SpendScope.PREFIX, SpendScope.SERVICE)
"""Of locks: the counter that all share comes last and is held for the shortest."""
_ADD = {"sqlite": _adding(sqlite.insert), "postgresql": _adding(postgresql.insert)}
"""Made once: every text waits on it."""
