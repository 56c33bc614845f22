"""What the provider says, and senders that die, sleep or are slow: each text ends in the state that is true."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from monitor.db import unit_of_work
from monitor.ids import new_id
from monitor.messaging.delivery import FIRST_RETRY, LEASE, LONGEST_RETRY, Outcome, mark_lost
from monitor.messaging.gateway import NotAccepted, OutcomeUnknown, Receipt, RefusalKind, Refused
from monitor.messaging.jobs import DispatchReport, dispatch
from monitor.messaging.models import Message, MessageState, SkipReason
from monitor.messaging.outages import SHORTEST_WAIT
from monitor.messaging.texts import TextKind
from monitor.people.models import Patient
from tests.messaging.outbox_setting import NOON, Outbox, queue_text

# --- what the provider says -------------------------------------------------------------------------------------------


def test_a_number_that_takes_no_texts_gets_no_more(outbox: Outbox) -> None:
    patient = outbox.patient()
    first, second = outbox.text(patient), outbox.text(patient, purpose=TextKind.NUDGE)
    outbox.gateway.fail_next(Refused("21614", RefusalKind.NUMBER))
    outbox.claim()

    assert (outbox.deliver(first), outbox.deliver(second)) == (Outcome.FAILED, Outcome.SKIPPED)
    assert (outbox.row(first).state, outbox.row(first).error_code) == (MessageState.FAILED, "21614")
    assert outbox.row(first).patient.number_failed_at == NOON
    assert outbox.row(second).skip_reason is SkipReason.NUMBER_FAILED
    assert outbox.references == []


def test_the_number_that_failed_is_not_the_one_that_replaced_it_meanwhile(outbox: Outbox) -> None:
    patient = outbox.patient(number="+447700900123")

    class SlowGateway:
        def send(self, *_: object, **__: object) -> Receipt:
            with unit_of_work(outbox.sessions) as session:
                session.get_one(Patient, patient.id).set_number("+447700900456")
            raise Refused("21211", RefusalKind.NUMBER)

    text = outbox.with_courier(gateway=SlowGateway()).text(patient)

    assert outbox.send(text) is Outcome.FAILED
    assert outbox.row(text).patient.number_failed_at is None


@pytest.mark.parametrize(
    ("code", "kind"),
    [("21211", RefusalKind.NUMBER), ("21610", RefusalKind.CONSENT), ("21617", RefusalKind.CONTENT)],
)
def test_a_text_that_is_refused_for_good_is_lost_once_and_never_tried_again(
    outbox: Outbox, code: str, kind: RefusalKind
) -> None:
    news = outbox.with_news()
    text = outbox.text()
    outbox.gateway.fail_next(Refused(code, kind))

    for _ in range(100):
        dispatch(outbox.courier)
        outbox.clock.advance(minutes=30)

    assert (news.told, outbox.row(text).attempt, outbox.references) == ([("lost", text)], 1, [])


def test_whoever_follows_a_lost_text_sees_why_it_was_lost(outbox: Outbox) -> None:
    seen = []

    def look(session: Session, message: Message, now: datetime) -> None:
        seen.append((message.state, message.error_code, message.patient.number_failed_at))

    outbox.with_followers(on_lost=look).text()
    outbox.gateway.fail_next(Refused("21614", RefusalKind.NUMBER))
    dispatch(outbox.courier)

    assert seen == [(MessageState.FAILED, "21614", NOON)]


@pytest.mark.parametrize(("code", "kind"), [("21610", RefusalKind.CONSENT), ("21617", RefusalKind.CONTENT)])
def test_a_refusal_for_good_is_kept_with_its_code_and_the_number_stays(
    outbox: Outbox, code: str, kind: RefusalKind
) -> None:
    text = outbox.text()
    outbox.gateway.fail_next(Refused(code, kind))

    assert outbox.send(text) is Outcome.FAILED
    row = outbox.row(text)
    assert (row.state, row.error_code, row.patient.number_failed_at) == (MessageState.FAILED, code, None)
    outbox.clock.advance(days=1)
    assert outbox.claim() == []


@pytest.mark.parametrize("fault", [NotAccepted("20429"), Refused("20003", RefusalKind.CONFIGURATION)])
def test_a_text_that_the_provider_certainly_does_not_have_is_sent_later(outbox: Outbox, fault: Exception) -> None:
    text = outbox.text()
    outbox.gateway.fail_next(fault)

    assert outbox.send(text) is Outcome.POSTPONED
    row = outbox.row(text)
    assert (row.state, row.attempt, row.error_code) == (MessageState.QUEUED, 1, fault.code)  # type: ignore[attr-defined]
    assert (row.body, row.sent_to, row.intent_at) == (None, None, None)
    assert FIRST_RETRY <= row.due_at - NOON <= 1.5 * FIRST_RETRY
    outbox.clock.now = max(row.due_at, NOON + SHORTEST_WAIT)
    assert outbox.send(text) is Outcome.SENT
    assert (outbox.row(text).attempt, outbox.row(text).error_code) == (2, None)
    assert outbox.references == [text]


def test_each_try_waits_longer_and_the_end_of_its_use_ends_it(outbox: Outbox) -> None:
    text = outbox.text(expires_at=NOON + timedelta(hours=2))
    outbox.gateway.fail_next(*[NotAccepted("no connection")] * 50)

    waits = []
    while outbox.send(text) is Outcome.POSTPONED:
        waits.append(outbox.row(text).due_at - outbox.clock())
        outbox.clock.now = outbox.row(text).due_at

    assert waits[:4] == sorted(waits[:4])
    assert max(waits) <= 1.5 * LONGEST_RETRY
    assert outbox.clock() == NOON + timedelta(hours=2)
    assert (outbox.row(text).skip_reason, outbox.row(text).error_code) == (SkipReason.EXPIRED, "no connection")
    assert outbox.references == []


@pytest.mark.parametrize("fault", [OutcomeUnknown("no reply"), RuntimeError("whatever else")])
def test_a_text_whose_fate_is_unknown_is_never_sent_again(outbox: Outbox, fault: Exception) -> None:
    text = outbox.text()
    outbox.gateway.fail_next(fault)

    assert outbox.send(text) is Outcome.UNKNOWN

    for _ in range(50):
        outbox.clock.advance(hours=1)
        assert dispatch(outbox.courier) == DispatchReport()
    assert outbox.row(text).state is MessageState.UNKNOWN
    assert outbox.references == []


# --- senders that die, sleep and meet ---------------------------------------------------------------------------------


def test_a_sender_that_dies_after_the_intent_leaves_a_text_unknown_and_unsent(outbox: Outbox) -> None:
    text = outbox.text()
    outbox.gateway.fail_next(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        outbox.send(text)
    assert outbox.row(text).state is MessageState.SENDING

    outbox.clock.now = NOON + LEASE - timedelta(seconds=1)
    assert dispatch(outbox.courier) == DispatchReport()
    outbox.clock.now = NOON + LEASE
    assert dispatch(outbox.courier) == DispatchReport(unknown=1)
    assert outbox.row(text).state is MessageState.UNKNOWN
    assert dispatch(outbox.courier) == DispatchReport()
    assert outbox.references == []


def test_a_sender_that_dies_before_the_intent_leaves_the_text_to_the_next(outbox: Outbox) -> None:
    text = outbox.text()
    outbox.claim()

    outbox.clock.now = NOON + LEASE - timedelta(seconds=1)
    assert dispatch(outbox.courier) == DispatchReport()
    outbox.clock.now = NOON + LEASE
    assert dispatch(outbox.courier) == DispatchReport(sent=1)
    assert outbox.row(text).attempt == 2


def test_a_sender_that_wakes_after_its_lease_sends_nothing(outbox: Outbox) -> None:
    text, sleeper, other = outbox.text(), new_id(), new_id()
    outbox.claim(sleeper)
    outbox.clock.now = NOON + LEASE

    assert outbox.deliver(text, sleeper) is Outcome.LOST
    assert outbox.claim(other) == [text]
    assert outbox.deliver(text, sleeper) is Outcome.LOST
    assert outbox.deliver(text, other) is Outcome.SENT
    assert outbox.deliver(text, other) is Outcome.LOST
    assert outbox.references == [text]


def test_a_sender_that_sleeps_between_intent_and_request_gives_the_text_back(outbox: Outbox) -> None:
    times: Iterator[datetime] = iter([NOON, NOON + LEASE, NOON + LEASE])
    text = outbox.text()
    outbox.claim()

    assert outbox.with_courier(clock=lambda: next(times)).deliver(text) is Outcome.POSTPONED
    assert outbox.references == []
    assert (outbox.row(text).state, outbox.row(text).error_code) == (MessageState.QUEUED, "late")


def test_a_receipt_that_comes_after_the_text_was_given_up_is_still_news(outbox: Outbox) -> None:
    class SlowGateway:
        def send(self, *_: object, **__: object) -> Receipt:
            outbox.clock.now = NOON + LEASE
            with unit_of_work(outbox.sessions) as session:
                assert mark_lost(session, outbox.clock()) == 1
            return Receipt("SM1", "queued")

    text = outbox.with_courier(gateway=SlowGateway()).text()

    assert outbox.send(text) is Outcome.SENT
    assert (outbox.row(text).state, outbox.row(text).provider_id) == (MessageState.SENT, "SM1")


# --- what follows -----------------------------------------------------------------------------------------------------


def queue_nudge(session: Session, message: Message, now: datetime) -> None:
    if message.purpose is TextKind.REMINDER:
        terms = {"due_at": now + timedelta(days=1), "purpose": TextKind.NUDGE, "dedupe_key": f"nudge-{message.id}"}
        queue_text(session, message.patient, **terms)


def test_a_nudge_counts_from_the_moment_the_reminder_really_went(outbox: Outbox) -> None:
    outbox.with_followers(on_sent=queue_nudge).text()
    outbox.clock.advance(minutes=40)

    assert dispatch(outbox.courier) == DispatchReport(sent=1)
    outbox.clock.advance(hours=23, minutes=59)
    assert dispatch(outbox.courier) == DispatchReport()
    outbox.clock.advance(minutes=1)
    assert dispatch(outbox.courier) == DispatchReport(sent=1)


def test_no_nudge_follows_a_reminder_that_did_not_go(outbox: Outbox) -> None:
    outbox.with_followers(on_sent=queue_nudge).text()
    outbox.gateway.fail_next(OutcomeUnknown("no reply"))

    assert dispatch(outbox.courier) == DispatchReport(unknown=1)
    outbox.clock.advance(days=1)
    assert dispatch(outbox.courier) == DispatchReport()


def test_the_record_and_what_follows_are_kept_together_or_not_at_all(outbox: Outbox) -> None:
    def queue_and_break(session: Session, message: Message, now: datetime) -> None:
        queue_nudge(session, message, now)
        raise RuntimeError("a fault of ours")

    text = outbox.with_followers(on_sent=queue_and_break).text()

    with pytest.raises(RuntimeError):
        outbox.send(text)
    assert outbox.row(text).state is MessageState.SENDING
    outbox.clock.advance(days=1)
    assert dispatch(outbox.courier) == DispatchReport(unknown=1)
    assert outbox.references == [text]
