"""Times in which no text could go, for a reason that one text cannot cure; while one lasts, texts wait.

One text is let through at `try_at`: when the provider takes it, or says no to it alone, the outage is over.
"""

import logging
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from monitor.ids import new_id
from monitor.messaging.gateway import NO_CONNECTION, NotAccepted, OutcomeUnknown, Receipt, RefusalKind, Refused
from monitor.messaging.gateway import SendingFailed as Failure
from monitor.messaging.models import Outage

log = logging.getLogger(__name__)

CHANNEL = "text"
IN_A_ROW = 5
"""As many attempts that got no answer, one after the other and from one process, are an outage."""
SHORTEST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(minutes=15)
"""Between two tries."""
_OPEN = sa.text("ended_at IS NULL")
"""Word for word the condition of an index: SQLite uses a partial index only for a query that repeats it."""
_LASTING = sa.select(Outage).where(Outage.channel == CHANNEL, _OPEN)


def open_outage(session: Session) -> Outage | None:
    """Return the outage that lasts, if there is one."""
    return session.scalars(_LASTING).one_or_none()


def outages_between(session: Session, start: datetime, end: datetime) -> list[Outage]:
    """Return the outages that touched a time, longest ago first."""
    touched = sa.select(Outage).where(
        Outage.channel == CHANNEL, Outage.began_at < end, sa.or_(Outage.ended_at.is_(None), Outage.ended_at > start)
    )
    return list(session.scalars(touched.order_by(Outage.began_at)))


def begin(session: Session, code: str, now: datetime, *, since: datetime | None = None) -> None:
    """Note that nothing goes, `since` the first failure if that was earlier. One that lasts already goes on."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    began = {"id": new_id(), "channel": CHANNEL, "began_at": since or now, "code": code[:16]}
    statement = insert(Outage).values(**began, try_at=now + SHORTEST_WAIT)
    absent_only = statement.on_conflict_do_nothing(index_elements=["channel"], index_where=_OPEN)
    if session.scalars(absent_only.returning(Outage.id)).first() is not None:
        log.error("texts: nothing goes: %s", code[:16])


def let_one_try(session: Session, now: datetime) -> bool:
    """Take the one try that is due, for the caller alone; the next follows later, the longer it lasts the later."""
    outage = session.scalars(
        sa.select(Outage).where(Outage.channel == CHANNEL, _OPEN, Outage.try_at <= now).with_for_update()
    ).one_or_none()
    if outage is None:
        return False
    outage.try_at = now + min(max(now - outage.began_at, SHORTEST_WAIT), LONGEST_WAIT)
    return True


def end(session: Session, now: datetime) -> None:
    """Note that texts go again."""
    ended = sa.update(Outage).where(Outage.channel == CHANNEL, _OPEN).values(ended_at=now).returning(Outage.id)
    if session.scalars(ended).first() is not None:
        log.warning("texts: they go again")


class Breaker:
    """Tells from what a process's attempts come to whether texts go at all."""

    def __init__(self) -> None:
        self._failures = 0
        self._since: datetime | None = None

    def take_note(self, session: Session, result: Receipt | Failure, now: datetime, *, is_try: bool) -> None:
        """Begin an outage when the account is refused, or nobody has answered for a while; end it by the one try."""
        if isinstance(result, Refused) and result.kind is RefusalKind.CONFIGURATION:
            begin(session, result.code, now)
        elif isinstance(result, Receipt | Refused):
            self._failures, self._since = 0, None
            if is_try:
                end(session, now)
        elif isinstance(result, OutcomeUnknown) or (isinstance(result, NotAccepted) and result.code == NO_CONNECTION):
            self._failures, self._since = self._failures + 1, self._since or now
            if self._failures >= IN_A_ROW:
                begin(session, result.code, now, since=self._since)
