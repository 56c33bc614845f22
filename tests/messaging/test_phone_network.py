"""The stand-in for Twilio behaves as Twilio does, so that what is proved against it is worth something."""

import logging
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from twilio.request_validator import RequestValidator

from monitor.db import Sessions, unit_of_work
from monitor.demo.phone_network_control import Remote, network_process
from monitor.ids import new_id
from monitor.messaging.delivery import claim
from monitor.messaging.gateway import (
    NotAccepted,
    NotTold,
    OutcomeUnknown,
    Receipt,
    RefusalKind,
    Refused,
    SendingFailed,
)
from monitor.messaging.models import MessageState
from monitor.messaging.statuses import hold
from monitor.messaging.twilio_gateway import TwilioGateway
from tests.demo.running_demo import closes, is_answered
from tests.messaging.edge import Edge
from tests.messaging.outbox_setting import NOON, WallClock, add_patient, queue_text
from tests.messaging.stand_in import (
    LOST_RECEIPT,
    TAKEN_AND_BROKEN,
    TOKEN,
    TOO_MANY,
    UNAVAILABLE,
    Manners,
    PhoneNetwork,
    refusal,
    running,
    settings_for,
)

NUMBER, ANOTHER = "+447700900123", "+447700900124"
CALLBACK = "https://checkins.example"
SERVICE = "MG" + "1" * 32
HOUR = timedelta(hours=1)


class Answering:
    """Whoever is called: remembers the calls, and what it is to answer."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, str], dict[str, str]]] = []
        self.absences = 0

    def __call__(self, url: str, headers: Mapping[str, str], body: str) -> int:
        if self.absences:
            self.absences -= 1
            raise ConnectionRefusedError
        form = {name: values[0] for name, values in parse_qs(body, keep_blank_values=True).items()}
        self.calls.append((url, dict(headers), form))
        return 204

    @property
    def statuses(self) -> list[str]:
        return [form["MessageStatus"] for _, _, form in self.calls]


@pytest.fixture
def clock() -> WallClock:
    return WallClock()


@pytest.fixture
def called() -> Answering:
    return Answering()


@pytest.fixture
def network(clock: WallClock, called: Answering) -> Iterator[PhoneNetwork]:
    with running(network=PhoneNetwork(clock=clock, post=called)) as network:
        yield network


def send(network: PhoneNetwork | Remote, number: str = NUMBER, body: str = "Riverside: hello.", **more: Any) -> Receipt:
    gateway = TwilioGateway(settings_for(network.url, **more), callback_base=CALLBACK, timeout=timedelta(seconds=5))
    return gateway.send(number, body, new_id(), valid_for=HOUR)


def failure_of(network: PhoneNetwork, number: str = NUMBER, **more: Any) -> SendingFailed:
    with pytest.raises(SendingFailed) as caught:
        send(network, number, **more)
    return caught.value


# ---- what it takes ----


def test_it_takes_the_same_text_as_often_as_it_is_asked_to(network: PhoneNetwork) -> None:
    assert send(network) != send(network)
    assert len(network.texts_to(NUMBER)) == 2


def test_a_seed_names_its_texts_and_another_seed_others(network: PhoneNetwork) -> None:
    with running(network=PhoneNetwork(seed=7)) as another:
        assert send(another).provider_id == f"SM{7:016x}{1:016x}"
    assert send(network).provider_id == f"SM{0:016x}{1:016x}"


@pytest.mark.parametrize("number", ["07700900123", "nobody", "+44 7700"])
def test_what_is_no_number_is_refused(network: PhoneNetwork, number: str) -> None:
    refused = failure_of(network, number)

    assert isinstance(refused, Refused)
    assert (refused.code, refused.kind) == ("21211", RefusalKind.NUMBER)


def test_a_text_may_not_be_too_long(network: PhoneNetwork) -> None:
    with pytest.raises(Refused) as caught:
        send(network, body="x" * 1601)

    assert caught.value.code == "21617"


def test_another_token_opens_nothing(network: PhoneNetwork) -> None:
    assert failure_of(network, twilio_auth_token="another").code == "20003"
    assert network.taken == {}


def test_a_number_may_be_one_that_takes_no_texts(network: PhoneNetwork) -> None:
    network.numbers[NUMBER] = 21614

    assert failure_of(network).code == "21614"
    assert send(network, ANOTHER).status == "queued"


def test_faults_come_in_the_order_in_which_they_were_asked_for(network: PhoneNetwork) -> None:
    network.then(LOST_RECEIPT, TOO_MANY, UNAVAILABLE, TAKEN_AND_BROKEN, refusal(400, 21610))

    kinds = [type(failure_of(network)) for _ in range(5)]

    assert kinds == [OutcomeUnknown, NotAccepted, OutcomeUnknown, OutcomeUnknown, Refused]
    assert len(network.taken) == 2, "the receipt that was lost, and the text that was taken and broken"
    assert send(network).status == "queued"


def test_faults_by_chance_are_the_same_for_the_same_seed() -> None:
    def course(seed: int) -> list[str]:
        with running(network=PhoneNetwork(seed=seed, manners=Manners(too_many=0.3, unavailable=0.3))) as network:
            return [_outcome(network) for _ in range(12)]

    assert course(3) == course(3)
    assert course(3) != course(4)
    assert set(course(3)) == {"Receipt", "NotAccepted", "OutcomeUnknown"}


def _outcome(network: PhoneNetwork) -> str:
    try:
        return type(send(network)).__name__
    except SendingFailed as failure:
        return type(failure).__name__


# ---- what it remembers ----


def test_what_was_taken_can_be_asked_after(network: PhoneNetwork, clock: WallClock) -> None:
    gateway = TwilioGateway(settings_for(network.url))
    receipt = send(network)

    record = gateway.look_up(receipt.provider_id)
    assert record is not None
    assert (record.status, record.to, record.body) == ("queued", NUMBER, "Riverside: hello.")
    assert record.created_at == clock.now
    assert gateway.look_up("SM" + "f" * 32) is None


def test_the_list_is_newest_first_and_of_one_number(network: PhoneNetwork, clock: WallClock) -> None:
    for minute, number in enumerate([NUMBER, ANOTHER, NUMBER, NUMBER]):
        clock.now = NOON + timedelta(minutes=minute)
        send(network, number)

    records = TwilioGateway(settings_for(network.url)).sent_to(NUMBER, NOON - HOUR)

    assert [(record.to, record.created_at) for record in records] == [
        (NUMBER, NOON + timedelta(minutes=minute)) for minute in (3, 2, 0)
    ]


def test_a_long_list_comes_in_pages(network: PhoneNetwork) -> None:
    for _ in range(60):
        send(network)

    records = TwilioGateway(settings_for(network.url)).sent_to(NUMBER, NOON - HOUR)

    assert len({record.provider_id for record in records}) == 60


def test_the_list_may_lag_behind(network: PhoneNetwork, clock: WallClock) -> None:
    network.manners = Manners(list_lag=60)
    network.then(LOST_RECEIPT)
    failure_of(network)
    gateway = TwilioGateway(settings_for(network.url))

    assert gateway.sent_to(NUMBER, NOON - HOUR) == []
    clock.advance(seconds=60)
    assert len(gateway.sent_to(NUMBER, NOON - HOUR)) == 1


def test_asking_after_a_text_may_fail_too(network: PhoneNetwork) -> None:
    gateway = TwilioGateway(settings_for(network.url))
    receipt = send(network)
    network.then_to_look_ups(UNAVAILABLE, TOO_MANY)

    with pytest.raises(NotTold):
        gateway.look_up(receipt.provider_id)
    with pytest.raises(NotTold):
        gateway.sent_to(NUMBER, NOON - HOUR)
    assert gateway.look_up(receipt.provider_id) is not None


# ---- what becomes of a text ----


def test_nothing_becomes_of_a_text_before_its_time(network: PhoneNetwork, clock: WallClock, called: Answering) -> None:
    send(network)

    seen = []
    for _ in range(5):
        network.step()
        seen.append(list(called.statuses))
        clock.advance(seconds=1)

    assert seen == [[], ["sent"], ["sent"], ["sent", "delivered"], ["sent", "delivered"]]


def test_calls_bear_twilios_signature_by_twilios_own_word_for_it(network: PhoneNetwork, called: Answering) -> None:
    for manners, secret in ((Manners(), None), (Manners(algorithm="HMAC_SHA256"), "k" * 40)):
        network.manners, network.signing_secret = manners, secret
        send(network)
        network.settle()

    assert len(called.calls) == 4
    for url, headers, form in called.calls:
        shared = "X-Twilio-Webhooks-Signature-Settings" in headers
        validator = RequestValidator("k" * 40 if shared else TOKEN)
        assert validator.validate(url, form, headers["X-Twilio-Signature"], "HMAC_SHA256" if shared else "HMAC_SHA1")


def test_a_phone_that_is_off_does_not_get_it(network: PhoneNetwork, called: Answering) -> None:
    network.numbers[NUMBER] = 30003
    receipt = send(network)

    network.settle()

    assert called.statuses == ["sent", "undelivered"]
    assert called.calls[-1][2]["ErrorCode"] == "30003"
    record = TwilioGateway(settings_for(network.url)).look_up(receipt.provider_id)
    assert record is not None
    assert (record.status, record.error_code) == ("undelivered", "30003")


def test_some_carriers_never_say_whether_it_arrived(network: PhoneNetwork, called: Answering) -> None:
    network.silent.add(NUMBER)
    send(network)

    network.settle()

    assert called.statuses == ["sent"]


@pytest.mark.parametrize(
    ("manners", "expected"),
    [(Manners(doubled=1.0), ["sent", "sent", "delivered", "delivered"]), (Manners(lost_calls=1.0), [])],
    ids=["doubled", "lost"],
)
def test_calls_may_come_twice_or_never(
    network: PhoneNetwork, called: Answering, manners: Manners, expected: list[str]
) -> None:
    network.manners = manners
    send(network)

    network.settle()

    assert called.statuses == expected


def test_late_calls_come_in_another_order(network: PhoneNetwork, called: Answering) -> None:
    network.manners = Manners(late=600)
    for _ in range(10):
        send(network)

    network.settle()

    by_text: dict[str, list[str]] = {}
    for _, _, form in called.calls:
        by_text.setdefault(form["MessageSid"], []).append(form["MessageStatus"])
    assert {tuple(each) for each in by_text.values()} == {("sent", "delivered"), ("delivered", "sent")}


def test_whoever_does_not_answer_is_called_once_more(network: PhoneNetwork, called: Answering) -> None:
    network.silent.add(NUMBER)
    for absences, expected in ((1, ["sent"]), (2, ["sent"])):
        called.absences = absences
        send(network)
        network.settle()
        assert called.statuses == expected, "after two tries that call is lost for good"


# ---- phones that write ----


def test_a_phone_writes_and_twilio_calls(network: PhoneNetwork, called: Answering) -> None:
    network.inbound_url = f"{CALLBACK}/hooks/twilio/text"

    assert network.text_from(NUMBER, "2") == 204

    [(url, headers, form)] = called.calls
    assert (url, form["From"], form["Body"], "OptOutType" in form) == (network.inbound_url, NUMBER, "2", False)
    assert RequestValidator(TOKEN).validate(url, form, headers["X-Twilio-Signature"])


@pytest.mark.parametrize("word", ["STOP", "stop ", "Unsubscribe", "END"])
def test_who_writes_stop_gets_no_more_until_they_write_start(network: PhoneNetwork, word: str) -> None:
    network.text_from(NUMBER, word)

    refused = failure_of(network)
    assert (refused.code, getattr(refused, "kind", None)) == ("21610", RefusalKind.CONSENT)
    assert send(network, ANOTHER).status == "queued"
    network.text_from(NUMBER, "start")
    assert send(network).status == "queued"


def test_a_longer_text_with_stop_in_it_blocks_nothing(network: PhoneNetwork) -> None:
    network.text_from(NUMBER, "please stop")

    assert send(network).status == "queued"


def test_a_messaging_service_takes_it_and_then_fails(network: PhoneNetwork, called: Answering) -> None:
    network.text_from(NUMBER, "STOP")

    receipt = send(network, twilio_from=None, twilio_messaging_service_sid=SERVICE)
    network.settle()

    assert receipt.status == "accepted"
    assert [(form["MessageStatus"], form["ErrorCode"]) for _, _, form in called.calls] == [("failed", "21610")]


# ---- the whole way ----


@pytest.mark.parametrize("loses_the_receipt", [False, True], ids=["told", "not told"])
def test_a_text_is_posted_and_its_calls_find_it(sessions: Sessions, loses_the_receipt: bool) -> None:
    """Twilio's own client posts it, the calls come signed, late and doubled, and the row knows: also when the sender
    never learnt the provider's id, as when its process died between the request and its record.
    """
    edge = Edge(sessions)
    edge.network.manners = Manners(doubled=0.5, late=60)
    with running(network=edge.network) as network:
        with unit_of_work(sessions) as session:
            message_id = queue_text(session, add_patient(session, number=NUMBER)).id
            assert message_id in claim(session, message_id, edge.clock())
            message = hold(session, message_id)
            message.state, message.intent_at, message.sent_to = MessageState.SENDING, edge.clock(), NUMBER
        if loses_the_receipt:
            network.then(LOST_RECEIPT)
        gateway = TwilioGateway(settings_for(network.url), callback_base=edge.settings.base_url)
        try:
            gateway.send(NUMBER, "Riverside: hello.", message_id, valid_for=HOUR)
        except OutcomeUnknown:
            assert loses_the_receipt
        network.settle()
        assert len(network.taken) == 1

    found = edge.message(message_id)
    assert (found.state, found.provider_id) == (MessageState.DELIVERED, f"SM{1:032x}")
    assert edge.news == [("sent", message_id)]


# ---- in a process of its own ----


def test_it_runs_in_a_process_of_its_own_and_does_what_it_is_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    with network_process(seed=9, at=NOON.isoformat()) as network:
        network.then(LOST_RECEIPT)
        network.set(numbers={ANOTHER: 21211})
        with pytest.raises(OutcomeUnknown):
            send(network)
        with pytest.raises(Refused):
            send(network, ANOTHER)
        network.then_to_look_ups(UNAVAILABLE)
        with pytest.raises(NotTold):
            TwilioGateway(settings_for(network.url)).sent_to(NUMBER, NOON - HOUR)
        [text] = network.texts()
        [record] = TwilioGateway(settings_for(network.url)).sent_to(NUMBER, NOON - HOUR)

    assert (text["sid"], text["to"], record.provider_id) == (f"SM{9:016x}{1:016x}", NUMBER, text["sid"])
    assert NOON <= record.created_at < NOON + HOUR


def test_it_does_not_outlive_whoever_started_it() -> None:
    starter = (
        "import time; from monitor.demo.phone_network_control import network_process\n"
        "with network_process() as network: print(network.url, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", starter], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = urlsplit(process.stdout.readline().strip()).port
        assert is_answered(port or 0)
        process.kill()

    assert closes(port or 0)


def test_nobody_else_tells_it_anything() -> None:
    with network_process() as network:
        stranger = Remote(network.url, token="another")
        said = stranger._ask("texts")

    assert said["code"] == 20003
