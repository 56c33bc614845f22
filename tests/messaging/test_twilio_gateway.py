"""Twilio's own client against a server that answers as Twilio does: what each way of failing means for a text."""

import base64
import json
import logging
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from monitor.errors import ConfigurationError
from monitor.ids import new_id
from monitor.messaging.gateway import NotAccepted, OutcomeUnknown, Receipt, RefusalKind, Refused, SendingFailed
from monitor.messaging.twilio_gateway import TwilioGateway
from tests.messaging.stand_in import (
    ACCEPTED,
    ACCOUNT,
    LOST_RECEIPT,
    TOKEN,
    Reply,
    StandIn,
    refusal,
    running,
    settings_for,
)

NUMBER = "+447700900123"
BODY = "Riverside: your questions are ready.\nhttps://texts.example/c/4f9Kq2Lm8RsT1uVw3XyZ5a"
SHORT = timedelta(seconds=0.3)


@pytest.fixture
def twilio() -> Iterator[StandIn]:
    with running() as stand_in:
        yield stand_in


def send(twilio: StandIn, *, valid_for: timedelta = timedelta(hours=2), **options: Any) -> Receipt:
    gateway = TwilioGateway(settings_for(twilio.url), **{"timeout": SHORT} | options)
    return gateway.send(NUMBER, BODY, new_id(), valid_for=valid_for)


def failure_of(twilio: StandIn, **options: Any) -> SendingFailed:
    with pytest.raises(SendingFailed) as caught:
        send(twilio, **options)
    return caught.value


def test_a_text_reaches_twilio_as_it_was_written(twilio: StandIn) -> None:
    receipt = send(twilio)

    assert receipt == Receipt(f"SM{1:032x}", "queued")
    (form,), (request,) = twilio.accepted, twilio.requests
    assert form == {"To": NUMBER, "From": "+447700900000", "Body": BODY, "ValidityPeriod": "7200"}
    assert (request["REQUEST_METHOD"], request["PATH_INFO"]) == (
        "POST",
        f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json",
    )
    credentials = base64.b64decode(request["HTTP_AUTHORIZATION"].removeprefix("Basic ")).decode()
    assert credentials == f"{ACCOUNT}:{TOKEN}"


def test_a_messaging_service_chooses_the_sender(twilio: StandIn) -> None:
    service = "MG" + "1" * 32
    settings = settings_for(twilio.url, twilio_from=None, twilio_messaging_service_sid=service)

    TwilioGateway(settings).send(NUMBER, BODY, new_id(), valid_for=timedelta(hours=1))

    assert (twilio.accepted[0]["MessagingServiceSid"], "From" in twilio.accepted[0]) == (service, False)


def test_twilio_is_told_where_to_report_what_becomes_of_which_text(twilio: StandIn) -> None:
    reference = new_id()
    gateway = TwilioGateway(settings_for(twilio.url), callback_base="https://clinic.example")

    gateway.send(NUMBER, BODY, reference, valid_for=timedelta(hours=1))

    assert twilio.accepted[0]["StatusCallback"] == f"https://clinic.example/hooks/twilio/status?m={reference}"


@pytest.mark.parametrize(
    ("valid_for", "seconds"),
    [(timedelta(0), 1), (timedelta(seconds=90.9), 90), (timedelta(hours=10), 36_000), (timedelta(days=2), 36_000)],
    ids=str,
)
def test_twilio_drops_a_text_that_it_could_not_send_in_time(
    twilio: StandIn, valid_for: timedelta, seconds: int
) -> None:
    send(twilio, valid_for=valid_for)

    assert twilio.accepted[0]["ValidityPeriod"] == str(seconds)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (refusal(400, 21211), RefusalKind.NUMBER),
        (refusal(400, 21614), RefusalKind.NUMBER),
        (refusal(400, 21610), RefusalKind.CONSENT),
        (refusal(400, 21617), RefusalKind.CONTENT),
        (refusal(401, 20003), RefusalKind.CONFIGURATION),
        (refusal(400, 21606), RefusalKind.CONFIGURATION),
        (refusal(400, 29999), RefusalKind.CONTENT),  # a code that nobody here knows, about this text
        (refusal(403, 29999), RefusalKind.CONFIGURATION),  # and about this account
        (refusal(404, body="not here"), RefusalKind.CONFIGURATION),
    ],
    ids=lambda value: f"{value.status}-{value.code}" if isinstance(value, Reply) else value,
)
def test_what_twilio_will_not_carry_is_refused_for_what_it_is(twilio: StandIn, reply: Reply, kind: RefusalKind) -> None:
    twilio.then(reply)

    refused = failure_of(twilio)

    assert isinstance(refused, Refused)
    assert (refused.kind, refused.code) == (kind, str(reply.code or reply.status))
    assert twilio.accepted == []


def test_an_error_in_twilios_newer_form_is_understood_too(twilio: StandIn) -> None:
    problem = {"type": "https://twilio.example/21610", "title": "Stopped", "status": 400, "code": 21610}
    twilio.then(refusal(400, body=json.dumps(problem)))

    refused = failure_of(twilio)

    assert isinstance(refused, Refused)
    assert (refused.kind, refused.code) == (RefusalKind.CONSENT, "21610")


@pytest.mark.parametrize(
    "reply",
    [refusal(429, 20429), refusal(429, body="slow down"), refusal(400, 21611), refusal(400, 21408)],
    ids=["too many", "too many, plainly", "queue full", "no way to this country"],
)
def test_what_twilio_says_it_did_not_process_may_be_sent_again(twilio: StandIn, reply: Reply) -> None:
    twilio.then(reply)

    assert isinstance(failure_of(twilio), NotAccepted)
    assert send(twilio).status == "queued"


UNKNOWABLE = {
    "an error of theirs": refusal(500, 20500),
    "an error of theirs in plain words": refusal(502, body="<h1>Bad Gateway</h1>"),
    "unavailable": refusal(503, 20503),
    "a request that took too long": refusal(408),
    "a redirect": refusal(302, body=""),
    "taken, and cut off before the receipt": LOST_RECEIPT,
    "cut off, whether taken or not": refusal(400, drops=True),
    "taken, and too slow to say so": Reply(after_seconds=0.6),
    "taken, with a receipt that cannot be read": Reply(body="<html>"),
    "taken, with a receipt that names nothing": Reply(body="{}"),
}


@pytest.mark.parametrize("reply", UNKNOWABLE.values(), ids=UNKNOWABLE)
def test_what_could_have_been_taken_is_unknown_and_is_asked_for_once(twilio: StandIn, reply: Reply) -> None:
    twilio.then(reply)

    assert isinstance(failure_of(twilio), OutcomeUnknown)
    assert len(twilio.requests) == 1


def test_nobody_at_the_address_means_that_nothing_was_taken(twilio: StandIn) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        twilio.url = f"http://127.0.0.1:{unused.getsockname()[1]}"

        assert isinstance(failure_of(twilio), NotAccepted)


def test_a_host_without_an_address_means_that_nothing_was_taken(
    twilio: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_such_host(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_such_host)

    assert isinstance(failure_of(twilio), NotAccepted)


def test_a_line_that_is_not_twilios_is_never_taken_for_a_refusal(twilio: StandIn) -> None:
    twilio.url = twilio.url.replace("http:", "https:")  # it answers, but not in TLS

    assert isinstance(failure_of(twilio), OutcomeUnknown)
    assert twilio.accepted == []


def test_no_error_says_whom_the_text_was_for(twilio: StandIn) -> None:
    twilio.then(refusal(400, 21211), refusal(500, 20500))

    for _ in range(2):
        failure = failure_of(twilio)
        assert failure.__cause__ is None
        assert failure.__suppress_context__
        assert NUMBER not in str(failure) + repr(failure)


def test_a_certificate_that_nobody_vouches_for_means_that_nothing_was_written(tmp_path: Path) -> None:
    with running(tls=_self_signed(tmp_path)) as impostor:
        assert isinstance(failure_of(impostor, timeout=timedelta(seconds=5)), NotAccepted)

    assert impostor.requests == []


def _self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2046, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    pem = folder / "impostor.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


def test_the_clients_own_log_holds_neither_number_nor_words(twilio: StandIn, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    twilio.then(ACCEPTED, refusal(400, 21211))

    send(twilio)
    failure_of(twilio)

    assert "Messages.json" in caplog.text
    assert [word for word in ("7700900123", "questions", "/c/", TOKEN) if word in caplog.text] == []


def test_every_text_has_a_connection_of_its_own(twilio: StandIn) -> None:
    gateway = TwilioGateway(settings_for(twilio.url))
    for _ in range(2):
        gateway.send(NUMBER, BODY, new_id(), valid_for=timedelta(hours=1))

    assert [request["HTTP_CONNECTION"] for request in twilio.requests] == ["close", "close"]
    assert len({request["stand_in.connection"] for request in twilio.requests}) == 2


def test_the_environments_proxy_does_not_get_to_see_texts(twilio: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    twilio.then(ACCEPTED)

    assert send(twilio).status == "queued"


def test_an_account_is_needed() -> None:
    with pytest.raises(ConfigurationError):
        TwilioGateway(settings_for("http://127.0.0.1", twilio_account_sid=None))


def test_the_stand_in_is_as_forgetful_as_twilio(twilio: StandIn) -> None:
    assert send(twilio) != send(twilio)
    assert len(twilio.accepted) == 2
