"""Texts sent by workers on any number of machines: Procrastinate shares out the work, the outbox stays the truth.

A job is only a row's id. Whoever runs it must first win that row, so a job that runs twice, or again after its worker
was killed, sends nothing by itself; what became of a text that was on its way then is for reconciliation to find out.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from procrastinate import App, JobContext, PsycopgConnector, SyncPsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.types import JSONValue
from psycopg import OperationalError
from sqlalchemy.orm import Session

from monitor.db import unit_of_work
from monitor.errors import DatabaseUnavailable
from monitor.ids import new_id
from monitor.messaging.delivery import Courier, deliver, mark_lost
from monitor.messaging.models import Message, MessageState
from monitor.messaging.outages import open_outage
from monitor.messaging.texts import ANSWERS_A_TEXT, TextKind
from monitor.work_queue import SCHEMA, join_search_path

log = logging.getLogger(__name__)

TASK, QUEUE = "deliver", "texts"
BATCH = 1_000
"""Texts handed over in one transaction."""
MOST_WAITING = 5_000
"""With so many jobs waiting no more are made: without a worker the queue would grow by every pass."""
CONNECTIONS = 4
"""Of each worker to the queue; besides it has one for each text on its way, and one that listens."""
HANDED_OVER_FOR = timedelta(minutes=10)
"""A text that no worker has taken up by then is handed over again: its job was lost, or waits behind too many."""
AT_ONCE, IN_TURN = 10, 0
"""Priorities: a patient who has just written does not wait behind everybody's reminders."""

_WAITING_JOBS = sa.text(
    f"SELECT count(*) FROM (SELECT 1 FROM {SCHEMA}.procrastinate_jobs "  # noqa: S608  # a name of our own
    "WHERE status = 'todo' AND queue_name = :queue LIMIT :most) AS waiting"
)


@dataclass(frozen=True)
class Rhythm:
    """How soon a dead worker is noticed. `every` is in cron's notation; the rest in seconds."""

    every: str = "* * * * *"
    heartbeat: float = 10
    stalled_after: float = 30


USUAL = Rhythm()


def hand_over(courier: Courier) -> int:
    """Hand what is due to the workers; return how many texts. Any number of passes may run side by side.

    Before that, what a worker left behind is let go: unknown if its intent was written down, else due again. In an
    outage one text is handed over when it is time to try, and otherwise none.
    """
    with unit_of_work(courier.sessions) as session:
        mark_lost(session, courier.clock())
        _take_back(session, courier.clock())
    total = _hand_over_some(courier, answers_only=True)
    while handed := _hand_over_some(courier):
        total += handed
        if handed < BATCH:
            break
    return total


def hurry(session: Session, patient_id: UUID, now: datetime) -> int:
    """Hand over the answers to what a patient has just written, in the caller's transaction; return how many texts.

    Without this they wait for the next pass.
    """
    session.flush()
    due = _due(now).where(Message.patient_id == patient_id, Message.purpose.in_(ANSWERS_A_TEXT))
    return _enqueue(session, due, now)


def take(session: Session, message_id: UUID, owner: UUID, now: datetime, lease: timedelta) -> bool:
    """Claim one text that was handed over; return whether it is now `owner`'s."""
    claimed = (
        sa.update(Message)
        .where(Message.id == message_id, Message.state == MessageState.ENQUEUED)
        .values(state=MessageState.CLAIMED, owner=owner, lease_until=now + lease, attempt=Message.attempt + 1)
        .returning(Message.id)
    )
    return session.scalar(claimed) is not None


def run_worker(courier: Courier, concurrency: int, rhythm: Rhythm = USUAL, *, wait: bool = True) -> None:
    """Send what is handed over, `concurrency` texts at a time, until SIGTERM or Ctrl-C; then finish those in hand.

    Without `wait`, until there is nothing left. Raises DatabaseUnavailable.
    """
    try:
        asyncio.run(_work(make_app(courier, rhythm), concurrency, rhythm, wait))
    except (ConnectorException, OperationalError) as error:
        raise DatabaseUnavailable("the database does not answer") from error


async def _work(app: App, concurrency: int, rhythm: Rhythm, wait: bool) -> None:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(concurrency, "sender"))
    async with app.open_async():
        await app.run_worker_async(
            concurrency=concurrency,
            wait=wait,
            delete_jobs="successful",
            update_heartbeat_interval=rhythm.heartbeat,
            stalled_worker_timeout=rhythm.stalled_after,
        )


def make_app(courier: Courier, rhythm: Rhythm = USUAL) -> App:
    """Return Procrastinate's side of a worker that sends by this courier."""
    url: sa.URL = courier.sessions.kw["bind"].url
    where = url.set(drivername="postgresql").render_as_string(hide_password=False)
    theirs = {"options": f"-c search_path={SCHEMA}"}
    app = App(connector=PsycopgConnector(conninfo=where, kwargs=theirs, min_size=1, max_size=CONNECTIONS))

    @app.task(name=TASK, queue=QUEUE)
    def send(message_id: str) -> None:
        _send(courier, UUID(message_id))

    @app.periodic(cron=rhythm.every)
    @app.task(name="retry_stalled", queue=QUEUE, priority=AT_ONCE, pass_context=True)
    async def retry_stalled(context: JobContext, timestamp: int) -> None:
        """Run again what a killed worker had begun: without this its jobs stay `doing` for ever."""
        manager = context.app.job_manager
        for job in await manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=rhythm.stalled_after):
            with suppress(ConnectorException):  # another worker was quicker
                await manager.retry_job(job)

    return app


def _send(courier: Courier, message_id: UUID) -> None:
    owner = new_id()
    try:
        with unit_of_work(courier.sessions) as session:
            is_ours = take(session, message_id, owner, courier.clock(), courier.lease)
        if is_ours:
            deliver(courier, message_id, owner)
    except Exception as error:  # its text may be in the message, so not that; the row's lease lets it go again
        log.error("text %s: %s", message_id, type(error).__name__)


def _hand_over_some(courier: Courier, *, answers_only: bool = False) -> int:
    with unit_of_work(courier.sessions) as session:
        now, outage = courier.clock(), open_outage(session)
        if outage is not None and now < outage.try_at:
            return 0
        room = BATCH if outage is None else 1
        due = _due(now)
        if answers_only:
            due = due.where(Message.purpose.in_(ANSWERS_A_TEXT))
        else:
            room = min(
                room, MOST_WAITING - (session.scalar(_WAITING_JOBS, {"queue": QUEUE, "most": MOST_WAITING}) or 0)
            )
        return _enqueue(session, due.order_by(Message.due_at, Message.id).limit(room), now)


def _due(now: datetime) -> sa.Select[UUID]:
    """Select what is due and nobody else is taking."""
    due = sa.select(Message.id).where(_in_state(MessageState.QUEUED), Message.due_at <= now)
    return due.with_for_update(skip_locked=True)


def _in_state(state: MessageState) -> sa.ColumnElement[bool]:
    """Spell the state out in the SQL, as the conditions of the indexes have it."""
    return Message.state == sa.literal(state, Message.state.type, literal_execute=True)


def _enqueue(session: Session, due: sa.Select[UUID], now: datetime) -> int:
    handed = (
        sa.update(Message)
        .where(Message.id.in_(sa.select(due.cte("due").c.id)))
        .values(state=MessageState.ENQUEUED, owner=None, lease_until=now + HANDED_OVER_FOR)
        .returning(Message.due_at, Message.id, Message.purpose)
    )
    rows = sorted(session.execute(handed).all())
    if rows:
        _make_jobs(session, [(message_id, kind) for _, message_id, kind in rows])
    return len(rows)


def _make_jobs(session: Session, texts: Sequence[tuple[UUID, TextKind]]) -> None:
    """Make a job for each text in the transaction that marks it as handed over: both stand or neither does."""
    connection = session.connection()
    join_search_path(connection)
    by_priority: dict[int, list[dict[str, JSONValue]]] = defaultdict(list)
    for message_id, kind in texts:
        by_priority[AT_ONCE if kind in ANSWERS_A_TEXT else IN_TURN].append({"message_id": str(message_id)})
    for priority, jobs in by_priority.items():
        deferrer = _OUTSIDE.configure_task(
            TASK, queue=QUEUE, priority=priority, connection=connection.connection.driver_connection
        )
        deferrer.batch_defer(*jobs)


_OUTSIDE = App(connector=SyncPsycopgConnector())
"""Never opened: jobs are made on connections of ours."""


def _take_back(session: Session, now: datetime) -> None:
    """Make due again what was handed over, or claimed, and then left."""
    for held in (MessageState.ENQUEUED, MessageState.CLAIMED):
        left = sa.select(Message.id).where(_in_state(held), Message.lease_until <= now)
        free = left.with_for_update(skip_locked=True).cte("free")
        session.execute(
            sa.update(Message)
            .where(Message.id.in_(sa.select(free.c.id)))
            .values(state=MessageState.QUEUED, owner=None, lease_until=None)
        )
