"""Gateways that send nothing: what they show, what they keep, and how they fail when told to."""

import io
from datetime import UTC, datetime, timedelta

import pytest

from monitor.ids import new_id
from monitor.messaging.gateway import (
    ConsoleGateway,
    NotAccepted,
    OutcomeUnknown,
    RecordingGateway,
    RefusalKind,
    Refused,
    SendingFailed,
    SmsGateway,
)

NUMBER = "+447700900123"
BODY = "Riverside: your questions are ready.\nhttps://texts.example/c/4f9Kq2Lm8RsT1uVw3XyZ5a"
AN_HOUR = timedelta(hours=1)


def test_the_console_of_a_demo_shows_the_text_and_never_the_number() -> None:
    stream, reference = io.StringIO(), new_id()

    ConsoleGateway(stream, show_text=True).send(NUMBER, BODY, reference, valid_for=AN_HOUR)

    assert stream.getvalue() == f"text {reference}\n{BODY}\n\n"


def test_any_other_console_says_only_that_there_was_a_text_that_was_not_sent() -> None:
    stream, reference = io.StringIO(), new_id()

    ConsoleGateway(stream, show_text=False).send(NUMBER, BODY * 4, reference, valid_for=AN_HOUR)

    assert stream.getvalue() == f"text {reference}: not sent, it has 3 segments\n"


def test_each_receipt_names_another_text() -> None:
    gateways: list[SmsGateway] = [ConsoleGateway(io.StringIO(), show_text=False), RecordingGateway()]
    for gateway in gateways:
        receipts = [gateway.send(NUMBER, BODY, new_id(), valid_for=AN_HOUR) for _ in range(3)]
        assert len({receipt.provider_id for receipt in receipts}) == 3


def test_gateways_that_send_nothing_know_of_nothing() -> None:
    gateways: list[SmsGateway] = [ConsoleGateway(io.StringIO(), show_text=False), RecordingGateway()]
    for gateway in gateways:
        receipt = gateway.send(NUMBER, BODY, new_id(), valid_for=AN_HOUR)
        assert gateway.look_up(receipt.provider_id) is None
        assert gateway.sent_to(NUMBER, datetime(2026, 1, 1, tzinfo=UTC)) == []


def test_the_recorder_fails_as_told_and_then_keeps_what_it_is_given() -> None:
    gateway, references = RecordingGateway(), [new_id() for _ in range(3)]
    gateway.fail_next(NotAccepted("429"), OutcomeUnknown("500"))

    for failure, reference in zip((NotAccepted, OutcomeUnknown), references[:2], strict=True):
        with pytest.raises(failure):
            gateway.send(NUMBER, BODY, reference, valid_for=AN_HOUR)
    gateway.send(NUMBER, BODY, references[2], valid_for=AN_HOUR)

    (kept,) = gateway.sent
    assert (kept.to, kept.body, kept.reference, kept.valid_for) == (NUMBER, BODY, references[2], AN_HOUR)


def test_a_text_in_a_traceback_shows_neither_number_nor_words() -> None:
    gateway = RecordingGateway()
    gateway.send(NUMBER, BODY, new_id(), valid_for=AN_HOUR)

    assert "7700" not in repr(gateway.sent)
    assert "questions" not in repr(gateway.sent)


@pytest.mark.parametrize(
    "failure", [NotAccepted("429"), OutcomeUnknown("500"), Refused("21610", RefusalKind.CONSENT)], ids=repr
)
def test_a_failure_can_be_printed_with_its_code(failure: SendingFailed) -> None:
    assert str(failure) == f"no receipt for a text: {failure.code}"
