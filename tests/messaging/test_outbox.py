"""What waits to be sent: put in once, taken out in time, and known to have gone."""

from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from monitor.crypto import Unreadable
from monitor.db import Sessions, unit_of_work
from monitor.ids import new_id
from monitor.messaging import outbox as texts
from monitor.messaging.models import Message, MessageState
from monitor.messaging.texts import ANSWERS_A_TEXT, TextKind
from monitor.people.models import Patient
from tests.messaging.outbox_setting import NOON, TWO_DAYS, Outbox, add_patient, queue_text

STILL_INSIDE = {MessageState.QUEUED, MessageState.ENQUEUED, MessageState.CLAIMED}


def put_into(outbox: Outbox, message_id: object, state: MessageState) -> None:
    with unit_of_work(outbox.sessions) as session:
        message = session.get_one(Message, message_id)
        message.state, message.intent_at = state, NOON
        message.sent_at = NOON
        message.skip_reason = "expired" if state is MessageState.SKIPPED else None  # type: ignore[assignment]


def kept_for(outbox: Outbox, patient: Patient) -> set[UUID]:
    """The ids of a patient's texts."""
    with outbox.sessions() as session:
        return set(session.scalars(sa.select(Message.id).where(Message.patient_id == patient.id)))


def test_a_text_waits_as_it_was_asked_for(outbox: Outbox) -> None:
    patient, check_in = outbox.patient(language="uk"), new_id()

    row = outbox.row(outbox.text(patient, purpose=TextKind.NUDGE, check_in_id=check_in))

    assert (row.state, row.purpose, row.check_in_id) == (MessageState.QUEUED, TextKind.NUDGE, check_in)
    assert (row.due_at, row.expires_at, row.created_at) == (NOON, NOON + TWO_DAYS, NOON)
    assert (row.patient_id, row.language, row.attempt) == (patient.id, "uk", 0)
    assert (row.body, row.sent_to, row.intent_at, row.sent_at) == (None, None, None, None)


def test_the_same_text_is_queued_once_whatever_became_of_the_first(outbox: Outbox) -> None:
    patient = outbox.patient()
    terms = {"purpose": TextKind.REMINDER, "check_in_id": new_id(), "dedupe_key": "reminder-1", "now": NOON}
    terms |= {"due_at": NOON, "expires_at": NOON + TWO_DAYS}

    with unit_of_work(outbox.sessions) as session:
        first = texts.queue(session, patient=patient, **terms)
        second = texts.queue(session, patient=patient, **terms)
    with unit_of_work(outbox.sessions) as session:
        texts.cancel_waiting(session, patient_id=patient.id, now=NOON)
        third = texts.queue(session, patient=patient, **terms)
        other = texts.queue(session, patient=patient, **terms | {"dedupe_key": "reminder-2"})

    assert first is not None
    assert second is None
    assert third is None
    assert other is not None
    assert kept_for(outbox, patient) == {first, other}


def test_a_patient_and_the_first_text_are_kept_together_or_not_at_all(sessions: Sessions) -> None:
    with sessions() as session:
        message_id = queue_text(session, add_patient(session)).id
        session.rollback()

    with sessions() as session:
        assert session.get(Message, message_id) is None


def test_what_has_not_left_is_cancelled_with_its_check_in_and_nothing_else_is(outbox: Outbox) -> None:
    answered, patient = new_id(), outbox.patient()
    texts_by_state = {state: outbox.text(patient, check_in_id=answered) for state in MessageState}
    noise = outbox.text()
    for state, text in texts_by_state.items():
        put_into(outbox, text, state)

    with unit_of_work(outbox.sessions) as session:
        assert texts.cancel_waiting(session, check_in_id=answered, now=NOON) == len(STILL_INSIDE)

    after = {state: outbox.row(text).state for state, text in texts_by_state.items()}
    assert after == {state: MessageState.CANCELLED if state in STILL_INSIDE else state for state in MessageState}
    assert outbox.row(noise).state is MessageState.QUEUED


@pytest.mark.parametrize("kind", TextKind)
def test_who_stops_gets_none_of_the_texts_that_wait_of_whatever_kind(outbox: Outbox, kind: TextKind) -> None:
    patient = outbox.patient()
    waiting = [
        outbox.text(patient, purpose=kind),
        outbox.text(patient, purpose=kind, due_at=NOON + timedelta(days=1)),
        outbox.text(patient, purpose=kind, check_in_id=None, appointment_id=new_id(), prepared="Tomorrow at nine."),
    ]
    noise = outbox.text()

    with unit_of_work(outbox.sessions) as session:
        assert texts.cancel_waiting(session, patient_id=patient.id, now=NOON) == 3

    assert {outbox.row(text).state for text in waiting} == {MessageState.CANCELLED}
    assert outbox.claim() == [noise]


def test_an_answered_check_in_takes_its_questions_with_it_and_leaves_what_was_still_to_say(outbox: Outbox) -> None:
    check_in, patient = new_id(), outbox.patient()
    texts_of = {kind: outbox.text(patient, purpose=kind, check_in_id=check_in) for kind in TextKind}

    with unit_of_work(outbox.sessions) as session:
        texts.cancel_waiting(session, check_in_id=check_in, now=NOON)

    left = {kind for kind, text in texts_of.items() if outbox.row(text).state is MessageState.QUEUED}
    assert left == {TextKind.REPLY, TextKind.SUPPORT}


def test_an_appointment_that_is_off_takes_its_text_with_it_and_nothing_else(outbox: Outbox) -> None:
    patient, off, on = outbox.patient(), new_id(), new_id()
    terms = {"purpose": TextKind.APPOINTMENT, "check_in_id": None, "prepared": "Tomorrow at nine."}
    gone = outbox.text(patient, appointment_id=off, **terms)
    noise = [outbox.text(patient, appointment_id=on, **terms), outbox.text(patient)]

    with unit_of_work(outbox.sessions) as session:
        assert texts.cancel_waiting(session, appointment_id=off, now=NOON) == 1

    assert outbox.row(gone).state is MessageState.CANCELLED
    assert {outbox.row(text).state for text in noise} == {MessageState.QUEUED}


def test_a_cancellation_says_whose_texts_it_means(sessions: Sessions) -> None:
    with sessions() as session:
        with pytest.raises(ValueError, match="one check-in, appointment or patient"):
            texts.cancel_waiting(session, now=NOON)
        with pytest.raises(ValueError, match="one check-in, appointment or patient"):
            texts.cancel_waiting(session, check_in_id=new_id(), patient_id=new_id(), now=NOON)


def test_a_text_that_is_held_by_a_sender_is_cancelled_from_under_it(outbox: Outbox) -> None:
    check_in = new_id()
    text = outbox.text(check_in_id=check_in)
    outbox.claim()

    with unit_of_work(outbox.sessions) as session:
        texts.cancel_waiting(session, check_in_id=check_in, now=NOON)

    assert outbox.deliver(text) == "lost"
    assert outbox.row(text).state is MessageState.CANCELLED
    assert outbox.references == []


def test_each_text_of_a_check_in_says_when_the_provider_took_it(outbox: Outbox) -> None:
    check_in, patient, sent = new_id(), outbox.patient(), []
    noise = outbox.text(patient, check_in_id=check_in, due_at=NOON + timedelta(days=3))
    for purpose in (TextKind.REMINDER, TextKind.NUDGE):
        sent.append(outbox.text(patient, check_in_id=check_in, purpose=purpose))
        outbox.send(sent[-1])
        outbox.clock.advance(days=1)

    assert [outbox.row(text).sent_at for text in sent] == [NOON, NOON + timedelta(days=1)]
    assert outbox.row(noise).sent_at is None


@pytest.mark.parametrize(
    ("kind", "hours"), [(TextKind.QUESTION, 1), (TextKind.REPLY, 1), (TextKind.SUPPORT, 24)], ids=str
)
def test_an_answer_to_a_patient_goes_at_once_as_it_was_written_or_not_at_all(
    outbox: Outbox, kind: TextKind, hours: int
) -> None:
    patient, check_in = outbox.patient(language="ar"), new_id()

    with unit_of_work(outbox.sessions) as session:
        queued = texts.queue_reply(
            session, patient=patient, kind=kind, body="كيف حالك", key="an answer", now=NOON, check_in_id=check_in
        )
        again = texts.queue_reply(session, patient=patient, kind=kind, body="مرة أخرى", key="an answer", now=NOON)

    assert queued is not None
    assert again is None, "the same answer is given once"
    row = outbox.row(queued)
    assert (row.purpose, row.language, row.check_in_id, row.prepared) == (kind, "ar", check_in, "كيف حالك")
    assert (row.due_at, row.expires_at) == (NOON, NOON + timedelta(hours=hours))
    assert "كيف حالك".encode() not in bytes(row._prepared)


@pytest.mark.parametrize("kind", sorted(set(TextKind) - ANSWERS_A_TEXT))
def test_only_what_answers_a_text_has_a_body_of_its_own(sessions: Sessions, kind: TextKind) -> None:
    with sessions() as session:
        patient = add_patient(session)
        with pytest.raises(ValueError, match="is not an answer"):
            texts.queue_reply(session, patient=patient, kind=kind, body="Hello", key="k", now=NOON)


def test_nothing_is_written_to_somebody_whose_key_was_erased(sessions: Sessions) -> None:
    with sessions() as session:
        patient = add_patient(session)
        session.flush()
        patient.data_key = None
        with pytest.raises(Unreadable, match="erased"):
            texts.queue_reply(session, patient=patient, kind=TextKind.REPLY, body="Hello", key="k", now=NOON)
