"""The provider's words come late, twice and in any order; a text only moves forward, and each news is told once."""

import logging
from datetime import timedelta
from itertools import permutations
from uuid import UUID

import pytest

from monitor.db import unit_of_work
from monitor.messaging import statuses
from monitor.messaging.delivery import Outcome
from monitor.messaging.gateway import OutcomeUnknown, RefusalKind, Refused
from monitor.messaging.jobs import DispatchReport, dispatch
from monitor.messaging.models import Message, MessageState, SkipReason
from monitor.messaging.outages import open_outage
from monitor.messaging.statuses import AGAIN_AFTER, RANKS
from monitor.messaging.texts import TextKind
from monitor.people.models import Patient
from tests.messaging.outbox_setting import NOON, Outbox

SENT = MessageState.SENT
WORDS = ("queued", "sending", "sent", "delivered")


def say(outbox: Outbox, text: UUID, status: str, code: str | None = None, provider_id: str = "SM1") -> bool:
    """Let the provider say something about a text."""
    with unit_of_work(outbox.sessions) as session:
        return statuses.apply(
            session,
            outbox.courier.followers,
            statuses.hold(session, text),
            provider_id=provider_id,
            status=status,
            error_code=code,
            now=outbox.clock(),
        )


def sent(outbox: Outbox, patient: Patient | None = None, **terms: object) -> UUID:
    """Send a text that the provider knows as SM1."""
    text = outbox.text(patient, **terms)
    outbox.with_provider()
    assert outbox.send(text) is Outcome.SENT
    return text


def row_again(outbox: Outbox, text: UUID) -> Message | None:
    """Return the text that was queued in a lost one's place."""
    with outbox.sessions() as session:
        return session.query(Message).filter(Message.again_for_id == text).one_or_none()


# --- forward only -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", list(permutations(WORDS)))
@pytest.mark.parametrize("end", [("delivered", None), ("undelivered", "30008")])
def test_whatever_the_order_the_end_is_the_same(
    sqlite_outbox: Outbox, order: tuple[str, ...], end: tuple[str, str | None]
) -> None:
    outbox, (last, code) = sqlite_outbox, end
    news = outbox.with_news()
    text = sent(outbox, purpose=TextKind.QUESTION, prepared="1?")

    for word in (*order, *order):
        say(outbox, text, last if word == "delivered" else word, code if word == "delivered" else None)

    row = outbox.row(text)
    assert (row.state, row.provider_status, row.error_code) == (MessageState(last), last, code)
    assert news.of(text) == (["sent", "lost"] if code else ["sent"])


@pytest.mark.parametrize("later", RANKS)
@pytest.mark.parametrize("final", ["delivered", "undelivered", "failed", "canceled"])
def test_a_final_word_is_final(sqlite_outbox: Outbox, final: str, later: str) -> None:
    outbox = sqlite_outbox
    text = sent(outbox)
    assert say(outbox, text, final)
    state = outbox.row(text).state

    moved = say(outbox, text, later)

    assert moved == ((final, later) == ("delivered", "read"))
    assert outbox.row(text).state is state


def test_a_word_that_nobody_knows_moves_nothing(outbox: Outbox) -> None:
    text = sent(outbox)
    assert not say(outbox, text, "teleported")
    assert (outbox.row(text).state, outbox.row(text).provider_status) == (SENT, "queued")
    assert outbox.row(text).reported_at == NOON


# --- what proves that a text was taken --------------------------------------------------------------------------------


@pytest.mark.parametrize(("word", "state"), [("sent", SENT), ("delivered", MessageState.DELIVERED), ("made up", SENT)])
def test_a_word_about_a_text_whose_receipt_was_lost_is_its_receipt(
    outbox: Outbox, word: str, state: MessageState
) -> None:
    news = outbox.with_news()
    text = outbox.text()
    outbox.gateway.fail_next(OutcomeUnknown("no reply"))
    assert outbox.send(text) is Outcome.UNKNOWN
    outbox.clock.advance(minutes=1)

    assert say(outbox, text, word)

    row = outbox.row(text)
    assert (row.state, row.provider_id, row.sent_at, row.error_code) == (state, "SM1", outbox.clock(), None)
    assert not say(outbox, text, word)
    assert news.of(text) == ["sent"]


def test_a_word_may_come_before_our_own_record_of_the_receipt(outbox: Outbox) -> None:
    news, provider = outbox.with_news(), outbox.with_provider()
    text = outbox.text()
    send = provider.send

    def report_at_once(*args: object, **terms: object) -> object:
        receipt = send(*args, **terms)  # type: ignore[arg-type]
        assert say(outbox, text, "delivered", provider_id=receipt.provider_id)
        return receipt

    provider.send = report_at_once  # type: ignore[assignment]

    assert outbox.send(text) is Outcome.SENT
    assert (outbox.row(text).state, news.of(text)) == (MessageState.DELIVERED, ["sent"])


def test_a_text_that_was_to_go_again_stays_when_word_of_it_comes(outbox: Outbox) -> None:
    text = outbox.text()
    outbox.gateway.fail_next(OutcomeUnknown("no reply"))
    outbox.send(text)
    with unit_of_work(outbox.sessions) as session:
        session.get_one(Message, text).state = MessageState.QUEUED  # as reconciliation leaves it
    owner_holds = outbox.claim()

    assert say(outbox, text, "sent")

    assert owner_holds == [text]
    assert outbox.deliver(text) is Outcome.LOST
    assert (outbox.row(text).state, outbox.references) == (SENT, [])


def test_a_text_that_was_given_up_and_did_arrive_after_all_arrived(outbox: Outbox) -> None:
    news = outbox.with_news()
    text = outbox.text()
    outbox.gateway.fail_next(OutcomeUnknown("no reply"))
    outbox.send(text)
    with unit_of_work(outbox.sessions) as session:
        session.get_one(Message, text).state = MessageState.ABANDONED

    assert say(outbox, text, "delivered")
    assert (outbox.row(text).state, news.of(text)) == (MessageState.DELIVERED, ["sent"])


def test_nothing_is_proved_for_a_text_that_was_never_posted_or_was_refused(outbox: Outbox) -> None:
    news = outbox.with_news()
    waiting, refused = outbox.text(due_at=NOON + timedelta(hours=1)), outbox.text()
    outbox.gateway.fail_next(Refused("21617", RefusalKind.CONTENT))
    outbox.send(refused)

    assert not say(outbox, waiting, "delivered")
    assert not say(outbox, refused, "delivered", provider_id="SM2")

    assert (outbox.row(waiting).state, outbox.row(refused).state) == (MessageState.QUEUED, MessageState.FAILED)
    assert news.told == [("lost", refused)]


def test_of_two_ids_for_one_text_the_first_stays(outbox: Outbox, caplog: pytest.LogCaptureFixture) -> None:
    text = sent(outbox)
    caplog.set_level(logging.INFO)

    assert not say(outbox, text, "delivered", provider_id="SM2")

    assert (outbox.row(text).state, outbox.row(text).provider_id) == (SENT, "SM1")
    assert [record.getMessage() for record in caplog.records] == [f"text {text}: the provider names another id for it"]


# --- what did not arrive ----------------------------------------------------------------------------------------------


def test_a_number_that_fails_for_good_gets_no_more(outbox: Outbox) -> None:
    patient = outbox.patient()
    text = sent(outbox, patient)
    say(outbox, text, "failed", "21614")

    assert outbox.row(text).patient.number_failed_at == NOON
    assert row_again(outbox, text) is None
    nudge = outbox.text(patient, purpose=TextKind.NUDGE)
    assert outbox.send(nudge) is Outcome.SKIPPED
    assert outbox.row(nudge).skip_reason is SkipReason.NUMBER_FAILED


@pytest.mark.parametrize(
    ("second_after", "arrived_between", "fails"), [(1, False, True), (0, False, False), (1, True, False)]
)
def test_a_handset_has_to_fail_on_two_days(
    outbox: Outbox, second_after: int, arrived_between: bool, fails: bool
) -> None:
    patient = outbox.patient()
    provider = outbox.with_provider()

    def send(kind: TextKind, word: str, code: str | None = None) -> None:
        text = outbox.text(patient, purpose=kind, due_at=outbox.clock(), expires_at=outbox.clock() + timedelta(days=1))
        assert outbox.send(text) is Outcome.SENT
        say(outbox, text, word, code, provider_id=provider.records[-1].provider_id)

    send(TextKind.REMINDER, "undelivered", "30005")
    assert outbox.row_of(patient).number_failed_at is None
    outbox.clock.advance(hours=1)
    if arrived_between:
        send(TextKind.NEW_LINK, "delivered")
    outbox.clock.advance(days=second_after)
    send(TextKind.NUDGE, "undelivered", "30006")

    assert (outbox.row_of(patient).number_failed_at is not None) == fails


def test_a_text_that_arrives_later_shows_that_the_number_works(outbox: Outbox) -> None:
    patient = outbox.patient()
    text = sent(outbox, patient)
    say(outbox, text, "failed", "21614")
    outbox.clock.advance(minutes=5)
    answer = outbox.text(patient, purpose=TextKind.SUPPORT, prepared="Here is help.")

    assert outbox.send(answer) is Outcome.SENT  # they have just written, so the number cannot be dead
    say(outbox, answer, "delivered", provider_id=outbox.row(answer).provider_id or "")
    assert outbox.row_of(patient).number_failed_at is None


def test_what_failed_for_a_while_goes_once_more_later_as_a_text_of_its_own(outbox: Outbox) -> None:
    news = outbox.with_news()
    text = sent(outbox)
    say(outbox, text, "undelivered", "30003")

    again = row_again(outbox, text)
    assert again is not None
    first = outbox.row(text)
    assert (again.purpose, again.check_in_id, again.patient_id) == (first.purpose, first.check_in_id, first.patient_id)
    assert (again.due_at, again.expires_at) == (NOON + AGAIN_AFTER, first.expires_at)
    outbox.clock.now = again.due_at
    assert dispatch(outbox.courier) == DispatchReport(sent=1)
    say(outbox, again.id, "undelivered", "30003", provider_id="SM2")
    assert row_again(outbox, again.id) is None
    assert news.told == [("sent", text), ("lost", text), ("sent", again.id), ("lost", again.id)]


@pytest.mark.parametrize(
    ("code", "terms"),
    [
        ("30007", {}),
        ("21610", {}),
        ("99999", {}),
        ("30003", {"expires_at": NOON + AGAIN_AFTER}),
        ("30003", {"purpose": TextKind.QUESTION, "prepared": "1?"}),
    ],
    ids=["filtered", "stopped", "a code that is new", "of no use by then", "a question of that moment"],
)
def test_what_does_not_go_again(outbox: Outbox, code: str, terms: dict[str, object]) -> None:
    text = sent(outbox, **terms)
    say(outbox, text, "undelivered", code)
    assert row_again(outbox, text) is None
    assert outbox.row(text).error_code == code


def test_what_was_written_beforehand_goes_again_in_the_same_words(outbox: Outbox) -> None:
    text = sent(outbox, purpose=TextKind.SUPPORT, prepared="Help is here.")
    say(outbox, text, "failed", "30008")
    again = row_again(outbox, text)
    assert again is not None
    assert outbox.row(again.id).prepared == "Help is here."


def test_an_account_that_the_carriers_refuse_stops_all_texts_and_this_one_goes_again(outbox: Outbox) -> None:
    text = sent(outbox)
    say(outbox, text, "undelivered", "30034")
    with outbox.sessions() as session:
        outage = open_outage(session)
    assert outage is not None
    assert (outage.code, outage.began_at) == ("30034", NOON)
    assert row_again(outbox, text) is not None
