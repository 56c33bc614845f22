"""One pass over what is due: it counts, goes on after a bad row, tells the log nothing, and may meet others."""

import logging
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from datetime import datetime
from threading import Barrier, BrokenBarrierError

import pytest
from sqlalchemy.orm import Session

from monitor.db import unit_of_work
from monitor.ids import new_id
from monitor.messaging.delivery import Outcome, claim
from monitor.messaging.gateway import NotAccepted, OutcomeUnknown, RefusalKind, Refused
from monitor.messaging.jobs import DispatchReport, dispatch
from monitor.messaging.models import Message, MessageState
from tests.messaging.outbox_setting import NOON, Outbox, add_patient, queue_text


def queue_many(outbox: Outbox, many: int) -> set[object]:
    with unit_of_work(outbox.sessions) as session:
        patients = [add_patient(session, number=f"+4477009{index:05}") for index in range(many)]
        return {queue_text(session, patient).id for patient in patients}


def test_a_pass_sends_all_that_is_due_and_counts_what_became_of_it(outbox: Outbox) -> None:
    queue_many(outbox, 25)
    outbox.text(expires_at=NOON)
    faults = NotAccepted("429"), Refused("21617", RefusalKind.CONTENT), OutcomeUnknown("500"), OutcomeUnknown("502")
    outbox.gateway.fail_next(*faults)

    assert dispatch(outbox.courier) == DispatchReport(sent=21, skipped=1, failed=1, unknown=2, postponed=1)
    assert dispatch(outbox.courier) == DispatchReport()


def test_one_bad_row_does_not_stop_the_others(outbox: Outbox) -> None:
    bad = outbox.text(outbox.patient(time_zone="Nowhere/At_All"))
    good = outbox.text()

    assert dispatch(outbox.courier) == DispatchReport(sent=1)
    assert outbox.references == [good]
    assert outbox.row(bad).state is MessageState.CLAIMED


def test_the_log_holds_ids_and_nothing_of_the_patient(outbox: Outbox, caplog: pytest.LogCaptureFixture) -> None:
    def break_at_the_last(session: Session, message: Message, now: datetime) -> None:
        if message.id == texts[-1]:
            raise RuntimeError(f"cannot text {message.patient.number}")

    caplog.set_level(logging.DEBUG)
    outbox.with_followers(guard=break_at_the_last)
    numbers = [f"+44770090012{index}" for index in range(4)]
    texts = [outbox.text(outbox.patient(number=number)) for number in numbers]
    outbox.gateway.fail_next(Refused("21614", RefusalKind.NUMBER), RuntimeError(f"cannot text {numbers[1]}"))

    assert dispatch(outbox.courier) == DispatchReport(sent=1, failed=1, unknown=1)

    assert all(str(text) in caplog.text for text in texts)
    revealing = ["Sam", *(number[3:] for number in numbers), "/c/", "questions", "Riverside"]
    assert [word for word in revealing if word in caplog.text] == []


def test_senders_side_by_side_send_each_text_once(outbox: Outbox) -> None:
    texts = queue_many(outbox, 60)

    with ThreadPoolExecutor(3) as pool:
        reports = list(pool.map(lambda _: dispatch(outbox.courier), range(3)))

    assert Counter(outbox.references) == Counter(texts)
    assert sum(report.sent for report in reports) == 60
    assert {outbox.row(text).state for text in texts} == {MessageState.SENT}


def test_two_senders_cannot_each_send_a_patient_the_one_text_of_the_day(outbox: Outbox) -> None:
    both_at_the_guard = Barrier(2, timeout=0.3)

    def wait_for_the_other(session: Session, message: Message, now: datetime) -> None:
        with suppress(BrokenBarrierError):  # they never meet: one of them waits for the patient's row
            both_at_the_guard.wait()

    patient = outbox.with_followers(guard=wait_for_the_other).patient()
    pair = [outbox.text(patient), outbox.text(patient)]
    owners = [new_id(), new_id()]
    held = [outbox.claim(owner, limit=1)[0] for owner in owners]
    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(outbox.deliver, held, owners))

    assert outcomes == [Outcome.POSTPONED, Outcome.SENT]
    assert len(set(pair) & set(outbox.references)) == 1


def test_what_one_sender_is_just_taking_another_leaves_alone(outbox: Outbox) -> None:
    queue_many(outbox, 4)

    with ThreadPoolExecutor(1) as pool, outbox.sessions() as session:
        first = claim(session, new_id(), NOON, limit=2)
        second = pool.submit(outbox.claim, new_id(), limit=2)
        wait([second], timeout=0.3)
        session.commit()

    assert len({*first, *second.result()}) == 4
