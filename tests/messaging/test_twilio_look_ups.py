"""What Twilio tells of the texts that it has taken: one by its id, or those to a number; and what it does not tell."""

import socket
from collections.abc import Iterator
from datetime import timedelta

import pytest

from monitor import clock
from monitor.ids import new_id
from monitor.messaging.gateway import NotTold
from monitor.messaging.twilio_gateway import MOST_RECORDS, PAGE, TwilioGateway
from tests.messaging.stand_in import LOST_RECEIPT, Manners, Reply, StandIn, refusal, running, settings_for

NUMBER, OTHER = "+447700900123", "+447700900456"
AN_HOUR = timedelta(hours=1)


@pytest.fixture
def twilio() -> Iterator[StandIn]:
    with running() as stand_in:
        yield stand_in


@pytest.fixture
def gateway(twilio: StandIn) -> TwilioGateway:
    return TwilioGateway(settings_for(twilio.url), timeout=timedelta(seconds=0.5))


def send(gateway: TwilioGateway, body: str, to: str = NUMBER) -> str:
    return gateway.send(to, body, new_id(), valid_for=AN_HOUR).provider_id


def test_one_text_is_found_by_its_id_with_what_became_of_it(twilio: StandIn, gateway: TwilioGateway) -> None:
    began = clock.now()
    twilio.numbers[NUMBER] = 30003
    provider_id = send(gateway, "Привіт")
    twilio.settle()

    record = gateway.look_up(provider_id)

    assert record is not None
    assert (record.provider_id, record.to, record.body) == (provider_id, NUMBER, "Привіт")
    assert (record.status, record.error_code) == ("undelivered", "30003")
    assert abs(record.created_at - began) < timedelta(seconds=10)
    assert NUMBER not in repr(record)
    assert "Привіт" not in repr(record)


def test_an_id_that_twilio_does_not_know_is_no_text(gateway: TwilioGateway) -> None:
    assert gateway.look_up("SM" + "f" * 32) is None


def test_the_texts_to_a_number_come_newest_first_and_a_lost_receipt_is_no_matter(
    twilio: StandIn, gateway: TwilioGateway
) -> None:
    twilio.then(LOST_RECEIPT)
    with pytest.raises(Exception, match="no receipt"):
        send(gateway, "first")
    send(gateway, "to another", OTHER)
    send(gateway, "second")

    records = gateway.sent_to(NUMBER, clock.now() - AN_HOUR)

    assert [record.body for record in records] == ["second", "first"]
    assert {record.error_code for record in records} == {None}
    assert gateway.sent_to(NUMBER, clock.now() + AN_HOUR) == []
    assert gateway.sent_to("+447700900999", clock.now() - AN_HOUR) == []


def test_more_than_a_page_is_looked_through(twilio: StandIn, gateway: TwilioGateway) -> None:
    for index in range(PAGE + 1):
        send(gateway, f"text {index}")
    assert len(gateway.sent_to(NUMBER, clock.now() - AN_HOUR)) == PAGE + 1 < MOST_RECORDS


def test_the_list_lags(twilio: StandIn, gateway: TwilioGateway) -> None:
    twilio.manners = Manners(list_lag=60)
    provider_id = send(gateway, "first")
    assert gateway.sent_to(NUMBER, clock.now() - AN_HOUR) == []
    assert gateway.look_up(provider_id) is not None


@pytest.mark.parametrize(
    "reply",
    [refusal(503, 20503), refusal(429, 20429), refusal(401, 20003), refusal(502, body="<h1>")],
    ids=["unavailable", "too many", "not ours", "in plain words"],
)
def test_when_twilio_does_not_tell_nothing_follows(twilio: StandIn, gateway: TwilioGateway, reply: Reply) -> None:
    twilio.then_to_look_ups(reply, reply)
    for ask in (lambda: gateway.look_up("SM" + "1" * 32), lambda: gateway.sent_to(NUMBER, clock.now())):
        with pytest.raises(NotTold) as caught:
            ask()
        assert caught.value.__suppress_context__
        assert NUMBER not in str(caught.value)


def test_nor_when_nobody_is_there(gateway: TwilioGateway, twilio: StandIn) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = TwilioGateway(settings_for(f"http://127.0.0.1:{unused.getsockname()[1]}"))
        with pytest.raises(NotTold):
            nobody.sent_to(NUMBER, clock.now())
        with pytest.raises(NotTold):
            nobody.look_up("SM" + "1" * 32)
