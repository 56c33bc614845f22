"""Texts by workers: each is handed over once and sent once, whatever becomes of jobs, workers and clocks."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from monitor import work_queue
from monitor.db import Sessions, make_engine, unit_of_work
from monitor.ids import new_id
from monitor.messaging import distributed
from monitor.messaging.delivery import LEASE, deliver
from monitor.messaging.distributed import HANDED_OVER_FOR, Rhythm, hand_over, hurry, run_worker, take
from monitor.messaging.gateway import OutcomeUnknown, Receipt
from monitor.messaging.jobs import dispatch
from monitor.messaging.models import Message, MessageState
from monitor.messaging.outages import SHORTEST_WAIT, begin
from monitor.messaging.outbox import cancel_waiting
from monitor.messaging.texts import TextKind
from tests.messaging.outbox_setting import NOON, Outbox, add_patient, queue_text
from tests.postgres_server import PostgresServer

pytestmark = pytest.mark.usefixtures("no_loop_of_the_browsers")

HOUR = timedelta(hours=1)


@pytest.fixture
def sessions(postgres_server: PostgresServer, migrated_postgres: str) -> Iterator[Sessions]:
    """A PostgreSQL database with its work queue."""
    with postgres_server.database(template=migrated_postgres) as name:
        engine = make_engine(postgres_server.url(name))
        work_queue.upgrade(engine)
        yield sessionmaker(engine, expire_on_commit=False)
        engine.dispose()


def jobs(outbox: Outbox) -> list[tuple[UUID, str]]:
    """The texts that have jobs, in the order in which workers take them up, and where those stand."""
    with outbox.sessions() as session:
        found = sa.text(
            "SELECT args->>'message_id', status::text FROM monitor_queue.procrastinate_jobs "
            "WHERE task_name = 'deliver' ORDER BY priority DESC, id"
        )
        return [(UUID(message_id), status) for message_id, status in session.execute(found)]


def work(outbox: Outbox, rhythm: Rhythm = distributed.USUAL) -> None:
    """Let a worker do what there is to do."""
    run_worker(outbox.courier, 2, rhythm, wait=False)


def make_job(outbox: Outbox, text: UUID) -> None:
    """Make one job more."""
    with unit_of_work(outbox.sessions) as session:
        distributed._make_jobs(session, [(text, TextKind.REMINDER)])


def states(outbox: Outbox) -> Counter[MessageState]:
    with outbox.sessions() as session:
        return Counter(session.scalars(sa.select(Message.state)))


# ---- the way of a text ----


def test_what_is_due_is_handed_over_sent_by_a_worker_and_its_jobs_are_gone(outbox: Outbox) -> None:
    due = {outbox.text() for _ in range(5)}
    later = outbox.text(due_at=NOON + HOUR)

    assert (hand_over(outbox.courier), hand_over(outbox.courier)) == (5, 0)
    assert {text for text, _ in jobs(outbox)} == due
    assert outbox.references == []
    work(outbox)

    assert Counter(outbox.references) == Counter(due)
    assert {outbox.row(text).state for text in due} == {MessageState.SENT}
    assert outbox.row(later).state is MessageState.QUEUED
    assert jobs(outbox) == []


def test_more_than_fits_in_one_transaction_is_handed_over_all_the_same(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distributed, "BATCH", 4)
    texts = [outbox.text() for _ in range(10)]

    assert hand_over(outbox.courier) == 10
    assert [text for text, _ in jobs(outbox)] == texts, "longest due first"


def test_a_mark_and_its_job_stand_together_or_not_at_all(outbox: Outbox) -> None:
    patient = outbox.patient()
    text = outbox.text(patient, purpose=TextKind.REPLY)

    def break_off() -> None:
        with unit_of_work(outbox.sessions) as session:
            assert hurry(session, patient.id, NOON) == 1
            raise RuntimeError("the power failed")

    with pytest.raises(RuntimeError, match="the power failed"):
        break_off()

    assert jobs(outbox) == []
    assert outbox.row(text).state is MessageState.QUEUED


def test_what_was_cancelled_after_it_was_handed_over_is_not_sent(outbox: Outbox) -> None:
    patient = outbox.patient()
    text = outbox.text(patient)
    hand_over(outbox.courier)
    with unit_of_work(outbox.sessions) as session:
        assert cancel_waiting(session, now=NOON, patient_id=patient.id) == 1
    work(outbox)

    assert outbox.references == []
    assert outbox.row(text).state is MessageState.CANCELLED


def test_a_text_that_has_to_wait_is_handed_over_again_at_its_time(outbox: Outbox) -> None:
    text = outbox.text()
    outbox.clock.advance(hours=10)  # 22:00
    hand_over(outbox.courier)
    work(outbox)
    assert (hand_over(outbox.courier), outbox.references) == (0, [])

    outbox.clock.advance(hours=11)
    assert hand_over(outbox.courier) == 1
    work(outbox)

    assert outbox.references == [text]


# ---- whoever has just written does not wait ----


def test_an_answer_to_a_text_goes_before_everybodys_reminders(outbox: Outbox) -> None:
    reminder = outbox.text()
    hand_over(outbox.courier)
    patient = outbox.patient()
    answer = outbox.text(patient, purpose=TextKind.QUESTION)
    outbox.text(patient)
    outbox.text(patient, purpose=TextKind.REPLY, due_at=NOON + HOUR)
    with unit_of_work(outbox.sessions) as session:
        hurried = [hurry(session, patient.id, NOON) for _ in range(2)]

    assert hurried == [1, 0]
    assert [text for text, _ in jobs(outbox)] == [answer, reminder]


def test_an_answer_to_a_text_is_handed_over_while_the_queue_is_full(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distributed, "MOST_WAITING", 1)
    reminder, _ = outbox.text(), outbox.text()
    assert [hand_over(outbox.courier) for _ in range(2)] == [1, 0]
    answer = outbox.text(purpose=TextKind.REPLY)

    assert hand_over(outbox.courier) == 1
    assert [text for text, _ in jobs(outbox)] == [answer, reminder]


def test_in_an_outage_one_text_tries_at_its_time(outbox: Outbox) -> None:
    for _ in range(5):
        outbox.text()
    with unit_of_work(outbox.sessions) as session:
        begin(session, "20003", NOON)

    assert hand_over(outbox.courier) == 0
    outbox.clock.now = NOON + SHORTEST_WAIT
    assert hand_over(outbox.courier) == 1
    work(outbox)

    assert len(outbox.references) == 1
    assert hand_over(outbox.courier) == 4, "it went, so the outage is over"


# ---- jobs that run twice, late or never ----


def test_a_text_with_two_jobs_is_sent_once(outbox: Outbox) -> None:
    text = outbox.text()
    hand_over(outbox.courier)
    for _ in range(5):
        make_job(outbox, text)
    work(outbox)
    make_job(outbox, text)
    work(outbox)

    assert outbox.references == [text]


def test_of_many_takers_one_wins(outbox: Outbox) -> None:
    text = outbox.text()
    hand_over(outbox.courier)

    def try_to_take(_: int) -> bool:
        with unit_of_work(outbox.sessions) as session:
            return take(session, text, new_id(), NOON, LEASE)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(try_to_take, range(4))) == [False, False, False, True]


def test_two_clocks_hand_each_text_over_once(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distributed, "BATCH", 7)
    texts = [outbox.text() for _ in range(60)]

    with ThreadPoolExecutor(2) as pool:
        handed = list(pool.map(lambda _: hand_over(outbox.courier), range(2)))

    assert sum(handed) == 60
    assert Counter(text for text, _ in jobs(outbox)) == Counter(texts)


def test_a_text_whose_job_was_lost_is_handed_over_again_after_a_while(outbox: Outbox) -> None:
    text = outbox.text()
    hand_over(outbox.courier)
    with unit_of_work(outbox.sessions) as session:
        work_queue.join_search_path(session.connection())
        session.execute(sa.text("DELETE FROM procrastinate_jobs"))

    outbox.clock.now = NOON + HANDED_OVER_FOR - timedelta(seconds=1)
    assert hand_over(outbox.courier) == 0
    outbox.clock.now = NOON + HANDED_OVER_FOR
    assert hand_over(outbox.courier) == 1
    work(outbox)

    assert outbox.references == [text]


def test_without_a_worker_the_queue_does_not_grow_for_ever(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distributed, "MOST_WAITING", 3)
    texts = {outbox.text() for _ in range(5)}

    for _ in range(4):
        hand_over(outbox.courier)
        assert len(jobs(outbox)) == 3
        outbox.clock.advance(seconds=HANDED_OVER_FOR.total_seconds())
    for _ in range(2):
        work(outbox)
        hand_over(outbox.courier)
    work(outbox)

    assert Counter(outbox.references) == Counter(texts)


# ---- workers that are killed ----


def killed(outbox: Outbox, text: UUID) -> None:
    """Leave a text's job behind as a worker does that is killed while it runs it."""
    with unit_of_work(outbox.sessions) as session:
        work_queue.join_search_path(session.connection())
        session.execute(
            sa.text("UPDATE procrastinate_jobs SET status = 'doing' WHERE args->>'message_id' = :text"),
            {"text": str(text)},
        )


def test_what_a_killed_worker_had_not_claimed_yet_another_sends_soon(outbox: Outbox) -> None:
    text = outbox.text()
    hand_over(outbox.courier)
    killed(outbox, text)

    work_on_until(outbox, lambda: outbox.references == [text])

    assert jobs(outbox) == []


def test_what_a_killed_worker_had_claimed_is_handed_over_again_when_its_lease_ends(outbox: Outbox) -> None:
    text = outbox.text()
    hand_over(outbox.courier)
    killed(outbox, text)
    with unit_of_work(outbox.sessions) as session:
        assert take(session, text, new_id(), NOON, LEASE)

    work_on_until(outbox, lambda: jobs(outbox) == [])
    assert (outbox.references, hand_over(outbox.courier)) == ([], 0)
    outbox.clock.now = NOON + LEASE
    assert hand_over(outbox.courier) == 1
    work(outbox)

    assert outbox.references == [text]


def test_what_a_killed_worker_was_sending_is_not_sent_again_but_looked_up(outbox: Outbox) -> None:
    text = outbox.text()
    hand_over(outbox.courier)

    class PowerCut(BaseException):
        """Neither the gateway's word nor anything after it is heard."""

    class CutOff:
        def send(self, *_: object, **__: object) -> Receipt:
            raise PowerCut

    owner = new_id()
    with unit_of_work(outbox.sessions) as session:
        assert take(session, text, owner, NOON, LEASE)
    with pytest.raises(PowerCut):
        deliver(outbox.with_courier(gateway=CutOff()).courier, text, owner)
    outbox.with_courier(gateway=outbox.gateway)
    killed(outbox, text)

    work_on_until(outbox, lambda: jobs(outbox) == [])
    outbox.clock.now = NOON + LEASE
    assert hand_over(outbox.courier) == 0
    work(outbox)

    assert outbox.references == []
    assert outbox.row(text).state is MessageState.UNKNOWN


def work_on_until(outbox: Outbox, done: Callable[[], bool]) -> None:
    """Let workers come and go, each of which finds stalled jobs at once, until something is done."""
    quick = Rhythm(every="* * * * * *", heartbeat=0.1, stalled_after=0.1)
    for _ in range(20):
        work(outbox, quick)
        if done():
            return
    raise AssertionError("nobody ran the stalled job again")


# ---- what goes wrong ----


def test_one_bad_row_stops_nobody_and_the_log_holds_ids_and_nothing_of_the_patient(
    outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    def break_at_one(session: Session, message: Message, now: datetime) -> None:
        if message.id == bad:
            raise RuntimeError(f"cannot text {message.patient.number}")

    caplog.set_level(logging.DEBUG)
    outbox.with_followers(guard=break_at_one)
    bad = outbox.text(outbox.patient(number="+447700900123"))
    good = outbox.text(outbox.patient(number="+447700900456"))
    hand_over(outbox.courier)
    work(outbox)

    assert outbox.references == [good]
    assert outbox.row(bad).state is MessageState.CLAIMED
    assert jobs(outbox) == []
    assert f"text {bad}: RuntimeError" in caplog.text
    assert [word for word in ("7700900", "Sam", "/c/", "questions", "Riverside") if word in caplog.text] == []


def test_a_lost_receipt_leaves_the_text_unknown(outbox: Outbox) -> None:
    text = outbox.text()
    outbox.gateway.fail_next(OutcomeUnknown("500"))
    hand_over(outbox.courier)
    work(outbox)

    assert (outbox.row(text).state, jobs(outbox)) == (MessageState.UNKNOWN, [])


def test_both_ways_of_sending_may_be_at_work_side_by_side(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    with unit_of_work(outbox.sessions) as session:
        texts = [queue_text(session, add_patient(session, number=f"+4477009{n:05}")).id for n in range(40)]
    monkeypatch.setattr(distributed, "MOST_WAITING", 20)
    assert hand_over(outbox.courier) == 20

    with ThreadPoolExecutor(2) as pool:
        for each in (pool.submit(work, outbox), pool.submit(dispatch, outbox.courier)):
            each.result()

    assert Counter(outbox.references) == Counter(texts)
    assert states(outbox) == {MessageState.SENT: 40}
