"""Bar 9: texts planned, claimed and delivered each second, beside the least that the database has to do for it."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import count, islice
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.pool import PoolProxiedConnection

from monitor.bench.courses import NOW, OPENED_AT
from monitor.bench.machine import interleaved, seconds
from monitor.bench.population import Service
from monitor.bench.report import Bar, Gate
from monitor.db import table, unit_of_work
from monitor.ids import new_id
from monitor.messaging import outbox
from monitor.messaging.delivery import Courier, claim
from monitor.messaging.followers import Followers
from monitor.messaging.gateway import RecordingGateway
from monitor.messaging.jobs import dispatch
from monitor.messaging.models import Message, MessageState
from monitor.messaging.texts import TextKind
from monitor.people.models import Patient

LATER = NOW + timedelta(days=2)
PLANNED = 500
"""Texts to plan in one measurement."""
CLAIMED_TOGETHER = 500
CLAIMERS = 2
DUE = 5_000
"""Texts to claim."""
BLOCK = 40
"""Texts to deliver in one measurement."""
AT_ONCE = 4
"""On their way at the same time, in a worker."""


def sending(service: Service, times: int) -> list[Bar | Gate]:
    """Compare queueing with bare INSERTs, two competing claimers with one bare UPDATE, and sending with bare writes."""
    return [planned(service, times), *claimed(service, times), *delivered(service, times)]


# ---- planning ----


def planned(service: Service, times: int) -> Bar:
    """Put texts into the outbox, as planning does, in one transaction; and the same rows by the driver alone."""
    ours, reference = interleaved(times, (lambda: _planned(service), lambda: _inserted(service)))
    with unit_of_work(service.sessions) as session:
        session.execute(sa.delete(table(Message)).where(_OURS))
    return _bar("texts planned a second", service, ours, reference, "the same rows in bare SQL", times)


def _planned(service: Service) -> float:
    with unit_of_work(service.sessions) as session:
        patients = session.scalars(sa.select(Patient).limit(PLANNED)).all()

        def plan() -> None:
            for patient in patients:
                outbox.queue(
                    session,
                    patient=patient,
                    purpose=TextKind.REMINDER,
                    check_in_id=new_id(),
                    dedupe_key=str(new_id()),
                    due_at=NOW,
                    expires_at=LATER,
                    now=NOW,
                )
            session.commit()

        return len(patients) / seconds(plan)


def _inserted(service: Service) -> float:
    sqlite = service.name == "sqlite"
    with unit_of_work(service.sessions) as session:
        patients = session.scalars(sa.select(Patient.id).limit(PLANNED)).all()
    now, later = (_native(moment, sqlite=sqlite) for moment in (NOW, LATER))
    rows = [
        {
            **{"id": text, "check_in_id": text, "patient_id": patient, "dedupe_key": str(text)},
            **{"purpose": "reminder", "language": "en", "state": "queued", "attempt": 0, "lookups": 0},
            **{"due_at": now, "expires_at": later, "created_at": now},
        }
        for patient, text in ((_native(each, sqlite=sqlite), _native(new_id(), sqlite=sqlite)) for each in patients)
    ]
    marks = ", ".join(["?" if sqlite else "%s"] * len(rows[0]))
    words = f"INSERT INTO messages ({', '.join(rows[0])}) VALUES ({marks})"  # noqa: S608  # names of our own
    connection = service.engine.raw_connection()

    def insert() -> None:
        cursor = connection.cursor()
        if sqlite:
            cursor.execute("BEGIN IMMEDIATE")
        for row in rows:
            cursor.execute(words, tuple(row.values()))
        connection.commit()

    try:
        return len(rows) / seconds(insert)
    finally:
        connection.close()


def _native(value: UUID | datetime, *, sqlite: bool) -> object:
    """Return a value as the driver itself takes it, in the form in which the program stores it."""
    if not sqlite:
        return value
    if isinstance(value, UUID):
        return value.hex
    return value.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")


def _bar(what: str, service: Service, ours: float, reference: float, beside: str, times: int) -> Bar:
    return Bar(9, what, service.name, "/s", ours, reference, beside, target=0.1, n=times, at_least=True)


# ---- claiming ----


def claimed(service: Service, times: int) -> list[Bar | Gate]:
    """Claim every due text, again and again; each time each text must become one claimer's."""
    with unit_of_work(service.sessions) as session:
        due = set(_queue(session, session.scalars(sa.select(Patient.id).limit(DUE)).all()))
    won: list[Counter[UUID]] = []

    def by_two() -> float:
        _make_due(service)
        with ThreadPoolExecutor(CLAIMERS) as pool:
            taken: list[list[UUID]] = []
            took = seconds(lambda: taken.extend(pool.map(lambda _: _claim_all(service), range(CLAIMERS))))
        won.append(Counter(text for texts in taken for text in texts))
        return len(due) / took

    def bare() -> float:
        _make_due(service)
        return len(due) / seconds(lambda: _take_all(service))

    ours, reference = interleaved(times, (by_two, bare))
    what = f"texts claimed a second, {CLAIMED_TOGETHER} together, by {CLAIMERS} at once"
    bar = _bar(what, service, ours, reference, "one bare UPDATE", times)
    with unit_of_work(service.sessions) as session:
        session.execute(sa.delete(Message).where(Message.id.in_(due)))
    return [bar, Gate("every due text is claimed by one claimer", service.name, all(w == Counter(due) for w in won))]


def _claim_all(service: Service) -> list[UUID]:
    owner, mine = new_id(), list[UUID]()
    while True:
        with unit_of_work(service.sessions) as session:
            batch = claim(session, owner, NOW, limit=CLAIMED_TOGETHER)
        if not batch:
            return mine
        mine += batch


def _make_due(service: Service) -> None:
    with unit_of_work(service.sessions) as session:
        session.execute(sa.update(table(Message)).where(_OURS).values(state="queued", owner=None, lease_until=None))


def _take_all(service: Service) -> None:
    with unit_of_work(service.sessions) as session:
        held = {"state": "claimed", "owner": new_id(), "lease_until": NOW, "attempt": Message.attempt + 1}
        session.execute(sa.update(table(Message)).where(_OURS, sa.text("state = 'queued'")).values(**held))


_OURS = table(Message).c.due_at == NOW
"""No other text of an invented service is due at this very moment."""


def _queue(session: Session, patient_ids: Sequence[UUID]) -> list[UUID]:
    """Queue a reminder to each, due now and alone on its day."""
    texts = [new_id() for _ in patient_ids]
    alike = {"purpose": TextKind.REMINDER, "language": "en", "due_at": NOW, "created_at": NOW}
    alike |= {"expires_at": LATER}
    rows = [
        {"id": text, "dedupe_key": str(text), "check_in_id": text, "patient_id": patient_id, **alike}
        for text, patient_id in zip(texts, patient_ids, strict=True)
    ]
    session.execute(sa.insert(table(Message)), rows)
    return texts


# ---- delivering ----


def delivered(service: Service, times: int) -> list[Bar | Gate]:
    """Send blocks of texts to a provider that takes all at once; the first block of each kind does not count."""
    gateway, expected = RecordingGateway(), list[UUID]()
    nobody, numbers = Followers(_nothing, _nothing, _nothing), count(1)
    courier = Courier(service.sessions, gateway, lambda: NOW, nobody, "https://monitor.example", "Bench")

    def rate(send: Callable[[Courier], object]) -> Callable[[], float]:
        def run() -> float:
            with unit_of_work(service.sessions) as session:
                block = _queue(session, _patients(session, islice(numbers, BLOCK)))
            expected.extend(block)
            return len(block) / seconds(lambda: send(courier))

        return run

    ways = {"embedded": dispatch} if service.name == "sqlite" else {"embedded": dispatch, "by a worker": _by_worker}
    runs: list[Callable[[], float]] = [*(rate(way) for way in ways.values()), lambda: _bare_loop(service)]
    for warm_up in runs:
        warm_up()
    *ours, bare = interleaved(times, runs)
    beside = "the writes of each in bare SQL"
    bars = [
        _bar(f"texts delivered a second, {way}", service, figure, bare, beside, times)
        for way, figure in zip(ways, ours, strict=True)
    ]
    sent = Counter(text.reference for text in gateway.sent)
    return [*bars, Gate("every text is sent exactly once", service.name, sent == Counter(expected))]


def _nothing(session: Session, message: Message, now: datetime) -> None:
    """Follow texts as nobody does."""


def _patients(session: Session, numbers: Iterable[int]) -> list[UUID]:
    """Add people whose numbers open, which those of copies do not."""
    known = {"language": "en", "region": "GB", "time_zone": "Europe/London", "opened_at": OPENED_AT}
    patients = []
    for number in numbers:
        patients.append(Patient(preferred_name="Sam", **known))
        patients[-1].set_number(f"+4479{number:08}")
    session.add_all(patients)
    session.flush()
    return [patient.id for patient in patients]


def _by_worker(courier: Courier) -> None:
    from monitor.messaging.distributed import hand_over, run_worker

    hand_over(courier)
    run_worker(courier, AT_ONCE, wait=False)


def _bare_loop(service: Service) -> float:
    """Store what a text leaves behind by the database driver alone, claim, intent and record each durable."""
    with unit_of_work(service.sessions) as session:
        block = _queue(session, session.scalars(sa.select(Patient.id).limit(BLOCK)).all())
    connection = service.engine.raw_connection()
    try:
        return len(block) / seconds(lambda: _write(connection, block, sqlite=service.name == "sqlite"))
    finally:
        connection.close()


def _write(connection: PoolProxiedConnection, block: Sequence[UUID], *, sqlite: bool) -> None:
    cursor, mark = connection.cursor(), "?" if sqlite else "%s"
    now = _native(NOW, sqlite=sqlite)
    states = (MessageState.CLAIMED, MessageState.SENDING, MessageState.SENT)
    for text in block:
        for state in states:
            if sqlite:
                cursor.execute("BEGIN IMMEDIATE")
            cursor.execute(
                f"UPDATE messages SET state = {mark}, intent_at = {mark}, sent_at = {mark} WHERE id = {mark}",  # noqa: S608
                (state.value, now, now, _native(text, sqlite=sqlite)),
            )
            connection.commit()
