"""Bar 6: check-ins that are committed each second, beside the bare SQL that stores their answers and nothing more."""

import gc
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from time import perf_counter
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.pool import PoolProxiedConnection

from monitor import workflows
from monitor.bench.courses import NOW
from monitor.bench.machine import interleaved, seconds
from monitor.bench.population import Service
from monitor.bench.report import Bar, Gate
from monitor.checkins.models import LAYOUT_VERSION, Answer, CheckIn, Mode, Submission
from monitor.checkins.service import Answers, Delivery, find_open
from monitor.config import Settings
from monitor.db import reading, unit_of_work
from monitor.flags.called_for import sweep
from monitor.flags.models import Flag
from monitor.ids import new_id, token_hash
from monitor.messaging.links import check_in_token
from monitor.messaging.models import WAITING, Message, MessageState
from monitor.messaging.texts import TextKind

BLOCK = 40
"""Check-ins in one measurement."""
ITEMS = (*(("phq9", item) for item in range(10)), *(("gad7", item) for item in range(1, 8)))
"""Seventeen answers: item 0 asks how hard the problems made daily life."""
SAFETY_ITEM = ("phq9", 9)

Row = tuple[object, ...]
Statement = tuple[str, Sequence[Row]]


@dataclass(frozen=True)
class Sending:
    """A check-in as somebody sends it."""

    check_in_id: UUID
    token: str
    answers: Answers
    delivery: Delivery


def committed(service: Service, settings: Settings, times: int) -> list[Bar | Gate]:
    """Compare the transaction that keeps a check-in with the same rows written by the database driver alone.

    Same database, same durability; neither looks anything up by a link. The first block of each warms up and does not
    count.
    """
    sendings = prepare(service, BLOCK * (times + 1))
    waiting, twins = iter(sendings), _Twin(service, BLOCK * (times + 1))

    def ours() -> float:
        block = list(islice(waiting, BLOCK))
        gc.collect()  # as before the twin
        return len(block) / sum(_commit(service, settings, each) for each in block)

    for warm_up in (ours, twins.rate):
        warm_up()
    whole, bare = interleaved(times, (ours, twins.rate))
    bar = Bar(
        number=6,
        what="check-ins committed a second",
        where=service.name,
        unit="/s",
        ours=whole,
        reference=bare,
        beside="the same rows in bare SQL",
        target=0.5,
        n=times,
        at_least=True,
    )
    return [bar, *_gates(service, settings, sendings)]


def prepare(service: Service, count: int) -> list[Sending]:
    """Choose open check-ins, give each its link, a reminder that went out and a nudge that waits."""
    rng = random.Random(26)  # noqa: S311  # repeatable, and no secret
    sendings = []
    for check_in_id in service.take(count):
        answers: dict[tuple[str, int], int | None] = {item: rng.choice((0, 0, 0, 1, 1, 1, 2)) for item in ITEMS}
        answers[SAFETY_ITEM] = int(rng.random() < 0.04)
        delivery = Delivery(new_id(), "en", Mode.LINK, known_device=False)
        sendings.append(Sending(check_in_id, check_in_token(check_in_id, 1), answers, delivery))
    with unit_of_work(service.sessions) as session:
        for sending in sendings:
            check_in = session.get_one(CheckIn, sending.check_in_id)
            check_in.token_hash = token_hash(sending.token)
            session.add_all(_texts(check_in))
    return sendings


def _texts(check_in: CheckIn) -> Iterator[Message]:
    states = {TextKind.REMINDER: MessageState.SENT, TextKind.NUDGE: MessageState.QUEUED}
    for purpose, state in states.items():
        yield Message(
            patient_id=check_in.patient_id,
            check_in_id=check_in.id,
            purpose=purpose,
            dedupe_key=f"{check_in.id}:{purpose.value}",
            language="en",
            due_at=check_in.due_at,
            expires_at=check_in.closes_at,
            state=state,
            intent_at=check_in.due_at,
            created_at=check_in.due_at - timedelta(days=1),
        )


def _commit(service: Service, settings: Settings, sending: Sending) -> float:
    """Return the seconds from answers in hand to a durable commit: kept, scored, judged by the rules."""
    with service.sessions() as session:
        check_in = _found(session, sending)
        started = perf_counter()
        workflows.complete_check_in(session, check_in, sending.answers, sending.delivery, settings=settings, now=NOW)
        session.commit()
        return perf_counter() - started


def _found(session: Session, sending: Sending) -> CheckIn:
    check_in = find_open(session, sending.token, NOW)
    if check_in is None:
        raise LookupError("the bench has prepared a check-in that is not open")
    return check_in


SUBMISSION = (
    "id",
    "check_in_id",
    "idempotency_key",
    "language",
    "mode",
    "layout_version",
    "known_device",
    "submitted_at",
    "patient_id",
)
SCORE = (
    "id",
    "submission_id",
    "episode_id",
    "instrument",
    "instrument_version",
    "scoring_version",
    "total",
    "estimated",
    "at",
)
COURSE = ("last", "last_at", "second_last", "third_last", "best", "worst", "count")
ANSWER = ("check_in_id", "submission_id", "instrument", "item", "value", "declined", "answered_at")


class _Twin:
    """The rows that a check-in leaves behind, written by the database driver alone, every value known beforehand.

    Submission, answers, scores, course, the end of the check-in and its cancelled nudge, in one durable commit: what
    must be kept together (flags come on top of it for some). Nothing is looked up, checked, scored or decided.
    """

    def __init__(self, service: Service, count: int) -> None:
        """Prepare everything that is not the database's own work."""
        self._engine = service.engine
        self._is_sqlite = service.name == "sqlite"
        with unit_of_work(service.sessions) as session:
            chosen = session.scalars(sa.select(CheckIn).where(CheckIn.id.in_(service.take(count)))).all()
            session.add_all(text for check_in in chosen for text in _texts(check_in))
            self._waiting = iter([self._statements(check_in) for check_in in chosen])

    def rate(self) -> float:
        """Store a block; return how many check-ins a second that was."""
        block = list(islice(self._waiting, BLOCK))
        connection = self._engine.raw_connection()
        try:
            return len(block) / seconds(lambda: self._store(connection, block))
        finally:
            connection.close()

    def _store(self, connection: PoolProxiedConnection, block: Sequence[list[Statement]]) -> None:
        cursor = connection.cursor()
        for statements in block:
            if self._is_sqlite:
                cursor.execute("BEGIN IMMEDIATE")
            for words, rows in statements:
                cursor.executemany(words, rows)
            connection.commit()

    def _statements(self, check_in: CheckIn) -> list[Statement]:
        key, here, mark = new_id(), check_in.id, "?" if self._is_sqlite else "%s"
        submission = (key, here, key, "en", Mode.LINK.value, LAYOUT_VERSION, False, NOW, check_in.patient_id)
        answers = [(here, key, code, item, 1, False, NOW) for code, item in ITEMS]
        scores = [(new_id(), key, check_in.episode_id, code, "1", "1", 9, False, NOW) for code in ("phq9", "gad7")]
        course = [(9, NOW, 10, 11, 9, 12, 5, check_in.episode_id, code) for code in ("phq9", "gad7")]
        statements: list[Statement] = [
            (_insert("submissions", SUBMISSION, mark), [submission]),
            (_insert("answers", ANSWER, mark), answers),
            (_insert("scores", SCORE, mark), scores),
            (_update("measure_states", COURSE, ("episode_id", "instrument"), mark), course),
            (_update("check_ins", ("completed_at",), ("id",), mark), [(NOW, here)]),
            (
                _update("messages", ("state", "lease_until"), ("check_in_id", "state"), mark),
                [("cancelled", NOW, here, "queued")],
            ),
        ]
        return [(words, [self._native(row) for row in rows]) for words, rows in statements]

    def _native(self, row: Row) -> Row:
        """Return values as the driver itself takes them, in the form in which the program stores them."""
        return tuple(_as_text(value) for value in row) if self._is_sqlite else row


def _insert(name: str, columns: Sequence[str], mark: str) -> str:
    marks = ", ".join([mark] * len(columns))
    return f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608  # names of our own


def _update(name: str, columns: Sequence[str], keys: Sequence[str], mark: str) -> str:
    new = ", ".join(f"{column} = {mark}" for column in columns)
    where = " AND ".join(f"{key} = {mark}" for key in keys)
    return f"UPDATE {name} SET {new} WHERE {where}"  # noqa: S608  # names of our own


def _as_text(value: object) -> object:
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
    return value


def _gates(service: Service, settings: Settings, sendings: Sequence[Sending]) -> list[Gate]:
    """Send everything once more, as an impatient thumb does, and look at what is stored."""
    repeated = [_repeat(service, settings, sending).repeated for sending in sendings]
    ids = [sending.check_in_id for sending in sendings]
    with reading(service.sessions) as session:
        kept = _kept(session, ids)
        waiting = sa.select(Message.id).where(Message.check_in_id.in_(ids), Message.state.in_(WAITING))
        still_waiting = session.scalars(waiting).all()
        episodes = set(session.scalars(sa.select(CheckIn.episode_id).where(CheckIn.id.in_(ids))))
        wanted = {(episode_id, kind) for episode_id, kind in sweep(session) if episode_id in episodes}
        flags = sa.select(Flag.episode_id, Flag.kind).where(Flag.closed_at.is_(None))
        raised = {(episode_id, kind) for episode_id, kind in session.execute(flags)}
    return [
        Gate("every answer is stored as given, once", service.name, kept == _given(sendings)),
        Gate("a page that is sent twice counts once", service.name, all(repeated)),
        Gate("nobody who has answered is texted about it", service.name, not still_waiting),
        Gate("each flag that the full query calls for is open", service.name, wanted <= raised),
    ]


def _repeat(service: Service, settings: Settings, sending: Sending) -> workflows.Receipt:
    with unit_of_work(service.sessions) as session:
        check_in = session.get_one(CheckIn, sending.check_in_id)
        return workflows.complete_check_in(
            session, check_in, sending.answers, sending.delivery, settings=settings, now=NOW
        )


def _kept(session: Session, check_in_ids: Sequence[UUID]) -> list[Row]:
    rows = sa.select(Submission.check_in_id, Submission.idempotency_key, Answer.instrument, Answer.item, Answer.value)
    ours = rows.join(Answer, Answer.submission_id == Submission.id).where(Submission.check_in_id.in_(check_in_ids))
    return sorted(tuple(row) for row in session.execute(ours))


def _given(sendings: Sequence[Sending]) -> list[Row]:
    return sorted(
        (sending.check_in_id, sending.delivery.key, instrument, item, value)
        for sending in sendings
        for (instrument, item), value in sending.answers.items()
    )
