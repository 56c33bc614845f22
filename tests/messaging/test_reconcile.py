"""A text whose receipt was lost is looked up: what was sent is known again, and what was not goes again, once."""

from collections import Counter
from dataclasses import asdict, replace
from datetime import timedelta
from uuid import UUID

import pytest

from monitor.db import unit_of_work
from monitor.ids import new_id
from monitor.messaging.delivery import SETTLE, Outcome
from monitor.messaging.jobs import DispatchReport, dispatch
from monitor.messaging.models import Message, MessageState, SkipReason, SpendCounter
from monitor.messaging.reconcile import (
    ASKED_EVERY,
    ASKED_UNTIL,
    CLOCKS_DIFFER,
    SILENT_AFTER,
    ReconcileReport,
    reconcile,
)
from monitor.messaging.texts import TextKind
from tests.messaging.outbox_setting import NOON, Outbox

NOTHING = ReconcileReport()
PREPARED = {"check_in_id": None, "prepared": "Riverside: “your” answer, please."}


def settle(outbox: Outbox, times: int = 1) -> ReconcileReport:
    """Let the settle time pass and look, as often as asked; return what all that came to."""
    total: Counter[str] = Counter()
    for _ in range(times):
        outbox.clock.now += SETTLE
        total.update(asdict(reconcile(outbox.courier)))
    return ReconcileReport(**total)


def lost(outbox: Outbox, *, taken: bool, **terms: object) -> UUID:
    """Send a text of whose sending nothing is heard, whether the provider took it or not."""
    text = outbox.text(**terms)
    gateway = outbox.courier.gateway
    gateway.lose_receipts() if taken else gateway.lose_requests()  # type: ignore[attr-defined]
    assert outbox.send(text) is Outcome.UNKNOWN
    return text


# --- what was sent ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("terms", [{}, PREPARED], ids=["with a link", "without a link"])
def test_a_text_in_the_providers_list_was_sent_and_its_nudges_count_from_now(
    outbox: Outbox, terms: dict[str, object]
) -> None:
    provider, news = outbox.with_provider(), outbox.with_news()
    text = lost(outbox, taken=True, **terms)

    assert settle(outbox) == ReconcileReport(adopted=1)

    row = outbox.row(text)
    assert (row.state, row.provider_id, row.provider_status) == (MessageState.SENT, "SM1", "queued")
    assert row.sent_at == outbox.clock()
    assert news.of(text) == ["sent"]
    assert settle(outbox, 3) == NOTHING
    assert dispatch(outbox.courier) == DispatchReport()
    assert len(provider.records) == 1


def test_a_text_that_is_known_to_have_failed_since_is_sent_and_then_lost(outbox: Outbox) -> None:
    provider, news = outbox.with_provider(), outbox.with_news()
    text = lost(outbox, taken=True)
    provider.records[0] = replace(provider.records[0], status="undelivered", error_code="30003")

    settle(outbox)

    assert (outbox.row(text).state, outbox.row(text).error_code) == (MessageState.UNDELIVERED, "30003")
    assert news.of(text) == ["sent", "lost"]


def test_the_provider_may_exchange_quotes_and_put_a_heading_before_a_text(outbox: Outbox) -> None:
    provider = outbox.with_provider()
    text = lost(outbox, taken=True, **PREPARED)
    body = "Sent from your trial account - " + PREPARED["prepared"].replace("“", '"').replace("”", '"')  # type: ignore[attr-defined]
    provider.records[0] = replace(provider.records[0], body=body)

    assert settle(outbox) == ReconcileReport(adopted=1)
    assert outbox.row(text).state is MessageState.SENT


def test_nobody_looks_before_the_list_can_know_of_it(outbox: Outbox) -> None:
    provider = outbox.with_provider(lag=SETTLE - timedelta(seconds=1))
    text = lost(outbox, taken=True)

    outbox.clock.now = NOON + SETTLE - timedelta(seconds=1)
    assert reconcile(outbox.courier) == NOTHING
    assert outbox.row(text).looked_up_at is None
    outbox.clock.now = NOON + SETTLE
    assert reconcile(outbox.courier) == ReconcileReport(adopted=1)
    assert len(provider.records) == 1


def test_a_sender_that_died_after_the_request_is_made_good_too(outbox: Outbox) -> None:
    provider = outbox.with_provider()
    text = outbox.text()
    provider.faults.append((True, KeyboardInterrupt()))  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        outbox.send(text)
    assert outbox.row(text).state is MessageState.SENDING

    assert settle(outbox) == ReconcileReport(adopted=1)
    assert len(provider.records) == 1


# --- what was not -----------------------------------------------------------------------------------------------------


def test_a_text_that_the_list_misses_twice_goes_again_and_is_paid_for_once(outbox: Outbox) -> None:
    provider, news = outbox.with_provider(), outbox.with_news()
    text = lost(outbox, taken=False)

    assert settle(outbox) == NOTHING
    assert (outbox.row(text).state, outbox.row(text).lookups) == (MessageState.UNKNOWN, 1)
    outbox.clock.now += SETTLE - timedelta(seconds=1)
    assert reconcile(outbox.courier) == NOTHING
    outbox.clock.now += timedelta(seconds=1)
    assert reconcile(outbox.courier) == ReconcileReport(requeued=1)
    assert dispatch(outbox.courier) == DispatchReport(sent=1)

    assert len(provider.records) == 1
    assert (outbox.row(text).attempt, outbox.row(text).lookups, news.of(text)) == (2, 0, ["sent"])
    with outbox.sessions() as session:
        totals = {row.segments for row in session.query(SpendCounter)}
    assert totals == {outbox.row(text).segments}


def test_what_goes_again_is_asked_everything_again(outbox: Outbox) -> None:
    outbox.with_provider()
    text = lost(outbox, taken=False)
    settle(outbox, 2)
    outbox.with_followers(guard=lambda *_: SkipReason.ANSWERED)

    assert dispatch(outbox.courier) == DispatchReport(skipped=1)
    assert outbox.row(text).skip_reason is SkipReason.ANSWERED


def test_a_text_that_is_of_no_use_by_then_is_given_up_and_that_is_news(outbox: Outbox) -> None:
    outbox.with_provider()
    news = outbox.with_news()
    text = lost(outbox, taken=False, expires_at=NOON + 2 * SETTLE)

    assert settle(outbox, 2) == ReconcileReport(abandoned=1)
    assert (outbox.row(text).state, news.of(text)) == (MessageState.ABANDONED, ["lost"])
    assert settle(outbox, 3) == NOTHING


@pytest.mark.parametrize(
    ("kind", "report"),
    [
        (TextKind.REMINDER, ReconcileReport(abandoned=1)),
        (TextKind.QUESTION, ReconcileReport(abandoned=1)),
        (TextKind.SUPPORT, ReconcileReport(requeued=1)),
    ],
)
def test_when_nobody_can_tell_only_help_goes_again(outbox: Outbox, kind: TextKind, report: ReconcileReport) -> None:
    provider = outbox.with_provider()
    text = lost(outbox, taken=True, purpose=kind, prepared=PREPARED["prepared"])
    provider.records[0] = replace(provider.records[0], body="")  # the provider keeps no bodies

    assert settle(outbox, 2) == report
    dispatch(outbox.courier)
    assert outbox.row(text).state is (MessageState.SENT if kind is TextKind.SUPPORT else MessageState.ABANDONED)


def test_while_the_provider_does_not_tell_nothing_is_decided_and_it_is_asked_once_a_pass(outbox: Outbox) -> None:
    provider = outbox.with_provider()
    texts = [lost(outbox, taken=True) for _ in range(4)]
    provider.tells = False

    assert settle(outbox) == NOTHING
    assert [outbox.row(text).looked_up_at is None for text in texts] == [False, True, True, True]
    assert settle(outbox, 10) == NOTHING
    assert {outbox.row(text).state for text in texts} == {MessageState.UNKNOWN}
    provider.tells = True
    assert sum(settle(outbox).adopted for _ in range(3)) == 4
    assert len(provider.records) == 4


# --- texts that are alike ---------------------------------------------------------------------------------------------


def test_a_record_belongs_to_one_text_and_its_twin_goes_again(outbox: Outbox) -> None:
    provider, patient = outbox.with_provider(), outbox.patient()
    alike = {**PREPARED, "purpose": TextKind.QUESTION}
    taken = lost(outbox, patient=patient, taken=True, **alike)
    outbox.clock.advance(minutes=3)
    missing = lost(outbox, patient=patient, taken=False, **alike)

    assert settle(outbox, 3).requeued == 1
    assert (outbox.row(taken).provider_id, outbox.row(missing).state) == ("SM1", MessageState.QUEUED)
    dispatch(outbox.courier)
    assert len(provider.records) == 2


def test_another_text_with_the_same_link_is_not_taken_for_this_one(outbox: Outbox) -> None:
    provider, patient, check_in = outbox.with_provider(), outbox.patient(), new_id()
    about = {"patient": patient, "check_in_id": check_in}
    reminder = lost(outbox, taken=False, **about)
    new_link = lost(outbox, taken=True, purpose=TextKind.NEW_LINK, **about)

    settle(outbox)
    assert (outbox.row(reminder).state, outbox.row(new_link).state) == (MessageState.UNKNOWN, MessageState.SENT)
    assert settle(outbox) == ReconcileReport(requeued=1)
    assert len(provider.records) == 1


@pytest.mark.parametrize(("before", "found"), [(CLOCKS_DIFFER, 1), (CLOCKS_DIFFER + timedelta(seconds=1), 0)])
def test_a_record_from_before_the_request_is_of_another_text(outbox: Outbox, before: timedelta, found: int) -> None:
    provider = outbox.with_provider()
    lost(outbox, taken=True, **PREPARED)
    provider.records[0] = replace(provider.records[0], created_at=NOON - before)

    assert settle(outbox).adopted == found


def test_a_text_that_is_known_again_meanwhile_is_left_alone(outbox: Outbox) -> None:
    provider = outbox.with_provider()
    text = lost(outbox, taken=False)
    settle(outbox)

    class Slow:
        def sent_to(self, *_: object) -> list[object]:
            with unit_of_work(outbox.sessions) as session:  # a callback comes while the list is read
                message = session.get_one(Message, text)
                message.state, message.provider_id = MessageState.SENT, "SM9"
            return []

    outbox.with_courier(gateway=Slow())
    assert settle(outbox) == NOTHING
    assert (outbox.row(text).state, outbox.row(text).lookups) == (MessageState.SENT, 1)
    assert provider.records == []


def test_an_answer_that_took_so_long_that_others_have_asked_again_does_not_count(outbox: Outbox) -> None:
    provider = outbox.with_provider()
    text = lost(outbox, taken=False)

    class Slow:
        def sent_to(self, *_: object) -> list[object]:
            outbox.with_courier(gateway=provider)
            assert settle(outbox) == NOTHING  # somebody else looks, and looks in vain
            return []

    outbox.with_courier(gateway=Slow())
    settle(outbox)

    assert (outbox.row(text).state, outbox.row(text).lookups) == (MessageState.UNKNOWN, 1)


# --- texts of which no word has come since ----------------------------------------------------------------------------


def test_a_text_without_a_final_word_is_asked_after_by_its_id(outbox: Outbox) -> None:
    provider, news = outbox.with_provider(), outbox.with_news()
    text = outbox.text()
    outbox.send(text)
    provider.records[0] = replace(provider.records[0], status="delivered")

    outbox.clock.now = NOON + SILENT_AFTER - timedelta(seconds=1)
    assert reconcile(outbox.courier) == NOTHING
    outbox.clock.now = NOON + SILENT_AFTER
    assert reconcile(outbox.courier) == ReconcileReport(confirmed=1)
    assert (outbox.row(text).state, news.of(text)) == (MessageState.DELIVERED, ["sent"])
    assert outbox.row(text).reported_at == outbox.clock()


def test_a_carrier_that_never_confirms_is_asked_seldom_and_the_text_stays_sent(outbox: Outbox) -> None:
    provider = outbox.with_provider()
    text = outbox.text()
    outbox.send(text)
    asked = []
    provider.look_up = lambda provider_id: asked.append(outbox.clock()) or provider.records[0]  # type: ignore[method-assign, func-returns-value]

    for _ in range(24 * 5 * 4):
        outbox.clock.advance(minutes=15)
        reconcile(outbox.courier)

    assert outbox.row(text).state is MessageState.SENT
    assert len(asked) == ASKED_UNTIL / ASKED_EVERY
    assert max(asked) <= NOON + ASKED_UNTIL
