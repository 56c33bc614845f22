"""Answers to what a patient has just texted, and texts that were written when they were queued."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from monitor.db import unit_of_work
from monitor.messaging import outbox as texts
from monitor.messaging.delivery import Outcome
from monitor.messaging.jobs import ANSWERS_WAIT, BATCH, dispatch
from monitor.messaging.models import Message, SkipReason
from monitor.messaging.texts import ANSWERS_A_TEXT, TextKind
from monitor.people.models import Patient
from tests.messaging.outbox_setting import NOON, Outbox, queue_text

NIGHT = NOON + timedelta(hours=11)
ANSWERS = sorted(ANSWERS_A_TEXT)


def prepared(
    outbox: Outbox, patient: Patient | None = None, kind: TextKind = TextKind.QUESTION, **terms: object
) -> UUID:
    terms = {"purpose": kind, "prepared": "1 of 16: how often?", "check_in_id": None, "due_at": outbox.clock()} | terms
    return outbox.text(patient, **terms)


@pytest.mark.parametrize("kind", ANSWERS)
def test_an_answer_goes_in_the_words_it_was_given_at_any_hour(outbox: Outbox, kind: TextKind) -> None:
    outbox.clock.now = NIGHT
    text = prepared(outbox, kind=kind)

    assert outbox.send(text) is Outcome.SENT
    assert [sent.body for sent in outbox.gateway.sent] == ["1 of 16: how often?"]
    assert outbox.row(text).body == "1 of 16: how often?"


def test_no_cap_stops_a_check_in_by_text_and_it_uses_up_none(outbox: Outbox) -> None:
    patient = outbox.patient()
    outcomes = [outbox.send(prepared(outbox, patient)) for _ in range(20)]
    assert outcomes == [Outcome.SENT] * 20
    assert outbox.send(outbox.text(patient)) is Outcome.SENT


@pytest.mark.parametrize("kind", ANSWERS)
def test_whether_an_answer_is_wanted_is_asked_all_the_same(outbox: Outbox, kind: TextKind) -> None:
    outbox.with_followers(guard=lambda *_: SkipReason.NO_CONSENT)
    text = prepared(outbox, kind=kind)
    assert outbox.send(text) is Outcome.SKIPPED
    assert outbox.row(text).skip_reason is SkipReason.NO_CONSENT


def test_an_answer_that_is_too_late_does_not_go(outbox: Outbox) -> None:
    text = prepared(outbox, expires_at=NOON + timedelta(hours=1))
    outbox.clock.advance(hours=1)
    assert outbox.send(text) is Outcome.SKIPPED


def test_a_patient_who_has_just_written_does_not_wait_behind_everybodys_reminders(outbox: Outbox) -> None:
    reminders = [outbox.text() for _ in range(3 * BATCH)]
    outbox.clock.advance(minutes=1)
    answer = prepared(outbox)

    dispatch(outbox.courier)

    assert outbox.references[0] == answer
    assert sorted(outbox.references[1:]) == sorted(reminders)


def test_nor_when_they_write_while_the_reminders_are_going_out(outbox: Outbox) -> None:
    patient = outbox.patient()
    reminders = [outbox.text() for _ in range(3 * BATCH)]

    def write_during_the_first_batch(session: Session, message: Message, now: datetime) -> None:
        if message.id == reminders[5]:
            queue_text(session, patient, purpose=TextKind.REPLY, prepared="Yes.", check_in_id=None)
            outbox.clock.now += ANSWERS_WAIT

    outbox.with_followers(on_sent=write_during_the_first_batch)
    dispatch(outbox.courier)

    assert [sent.body for sent in outbox.gateway.sent].index("Yes.") == BATCH


def test_a_second_appointment_of_the_day_and_one_that_was_moved_are_told_too(outbox: Outbox) -> None:
    patient = outbox.patient()
    outcomes = [outbox.send(prepared(outbox, patient, TextKind.APPOINTMENT)) for _ in range(6)]
    assert outcomes == [Outcome.SENT] * 5 + [Outcome.POSTPONED], "but no more in a week than texts of any kind"


def test_a_nudge_in_a_senders_hand_is_lost_to_an_answer_a_second_before_it_goes(outbox: Outbox) -> None:
    patient = outbox.patient()
    nudge = outbox.text(patient, purpose=TextKind.NUDGE, due_at=NOON + timedelta(hours=24))
    outbox.clock.now = NOON + timedelta(hours=24) - timedelta(seconds=1)
    assert outbox.claim() == []
    outbox.clock.advance(seconds=1)
    assert outbox.claim() == [nudge]
    with unit_of_work(outbox.sessions) as session:
        texts.cancel_waiting(session, check_in_id=outbox.row(nudge).check_in_id, now=outbox.clock())

    assert outbox.deliver(nudge) is Outcome.LOST
    assert outbox.references == []
