"""What our gateway asks of Twilio is legal by Twilio's own OpenAPI description of its API (twilio_api_v2010).

The same checks run against the stand-in, always, and against whatever mock of that description TWILIO_MOCK_URL names,
for example Prism's: prism mock twilio_api_v2010.json
"""

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from monitor.ids import new_id
from monitor.messaging.gateway import ProviderRecord, Receipt
from monitor.messaging.twilio_gateway import TwilioGateway
from tests.messaging.stand_in import ACCOUNT, NUMBER, PhoneNetwork, running, settings_for

STAND_IN, MOCK_URL = "the stand-in", os.environ.get("TWILIO_MOCK_URL")
TO = "+447700900123"
BODY = "Riverside: your questions are ready.\nhttps://texts.example/c/4f9Kq2Lm8RsT1uVw3XyZ5a"
SERVICE = "MG" + "a" * 32
SID = re.compile(r"(SM|MM)[0-9a-fA-F]{32}")
STATUSES = {
    *("queued", "sending", "sent", "failed", "delivered", "undelivered", "receiving", "received", "accepted"),
    *("scheduled", "read", "partially_delivered", "canceled"),
}
"""message_enum_status of the description."""
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture(params=[STAND_IN, *([MOCK_URL] if MOCK_URL else [])])
def twilio(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of something that speaks Twilio's protocol."""
    if request.param != STAND_IN:
        yield request.param
        return
    with running() as network:
        yield network.url
        for environ in network.requests:
            assert_is_legal(environ)
        assert [form for form in network.accepted if not is_legal(form)] == []


# ---- the checks: whatever answers, each holds ----


@pytest.mark.parametrize(
    "sender",
    [{}, {"twilio_from": None, "twilio_messaging_service_sid": SERVICE}, {"twilio_messaging_service_sid": SERVICE}],
    ids=["a number", "a service", "both"],
)
@pytest.mark.parametrize("callback", [None, "https://checkins.example"])
@pytest.mark.parametrize("valid_for", [timedelta(0), timedelta(minutes=90), timedelta(days=9)], ids=str)
def test_a_text_may_be_sent(twilio: str, sender: dict[str, Any], callback: str | None, valid_for: timedelta) -> None:
    gateway = TwilioGateway(settings_for(twilio, **sender), callback_base=callback)

    receipt = gateway.send(TO, BODY, new_id(), valid_for=valid_for)

    assert_is_a_receipt(receipt)


def test_a_text_may_be_asked_after(twilio: str) -> None:
    gateway = TwilioGateway(settings_for(twilio))
    receipt = gateway.send(TO, BODY, new_id(), valid_for=timedelta(hours=1))

    record = gateway.look_up(receipt.provider_id)

    assert record is not None
    assert_is_a_record(record)


def test_the_texts_to_a_number_may_be_listed(twilio: str) -> None:
    gateway = TwilioGateway(settings_for(twilio))
    gateway.send(TO, BODY, new_id(), valid_for=timedelta(hours=1))

    records = gateway.sent_to(TO, LONG_AGO)

    assert records
    for record in records:
        assert_is_a_record(record)


def assert_is_a_receipt(receipt: Receipt) -> None:
    assert SID.fullmatch(receipt.provider_id)
    assert receipt.status in STATUSES


def assert_is_a_record(record: ProviderRecord) -> None:
    assert SID.fullmatch(record.provider_id)
    assert record.status in STATUSES
    assert record.created_at.tzinfo is not None


# ---- what the description says about requests; a mock of it judges for itself ----

FIELDS = {
    "To": re.compile(r"\+[1-9][0-9]{6,14}"),
    "From": re.compile(r"\+[1-9][0-9]{6,14}"),
    "MessagingServiceSid": re.compile(r"MG[0-9a-fA-F]{32}"),
    "Body": re.compile(r".{1,1600}", re.DOTALL),
    "StatusCallback": re.compile(r"https?://[^\s/_]+/\S*"),
    "ValidityPeriod": re.compile(r"[1-9][0-9]{0,3}|[12][0-9]{4}|3[0-5][0-9]{3}|36000"),
}
QUERY = {"To": FIELDS["To"], "PageSize": re.compile(r"[1-9][0-9]{0,2}|1000"), "Page": re.compile(r"[0-9]+")}
MESSAGES = re.compile(rf"/2010-04-01/Accounts/{ACCOUNT}/Messages(/{SID.pattern})?\.json")


def is_legal(form: dict[str, str]) -> bool:
    known = all(name in FIELDS and FIELDS[name].fullmatch(value) for name, value in form.items())
    return known and {"To", "Body"} <= form.keys() and bool({"From", "MessagingServiceSid"} & form.keys())


def assert_is_legal(environ: dict[str, Any]) -> None:
    assert MESSAGES.fullmatch(environ["PATH_INFO"])
    assert environ["HTTP_AUTHORIZATION"].startswith("Basic ")
    if environ["REQUEST_METHOD"] == "POST":
        assert environ["CONTENT_TYPE"] == "application/x-www-form-urlencoded"
    for name, [value] in parse_qs(environ["QUERY_STRING"]).items():
        assert QUERY[name].fullmatch(value), f"{name}={value}"


@pytest.mark.parametrize(
    "changed",
    [
        {"To": "nobody"},
        {"Body": ""},
        {"ValidityPeriod": "0"},
        {"ValidityPeriod": "36001"},
        {"MessagingServiceSid": "MG1"},
        {"StatusCallback": "not an address"},
        {"Unheard": "of"},
    ],
    ids=str,
)
def test_the_checks_can_tell(changed: dict[str, str]) -> None:
    legal = {"To": TO, "From": NUMBER, "Body": BODY, "ValidityPeriod": "36000"}

    assert is_legal(legal)
    assert not is_legal(legal | changed)


def test_the_stand_in_describes_a_text_as_the_description_does() -> None:
    with running(network=PhoneNetwork()) as network:
        gateway = TwilioGateway(settings_for(network.url), callback_base="https://checkins.example")
        gateway.send(TO, BODY, new_id(), valid_for=timedelta(hours=1))

    [text] = network.taken.values()
    resource = text.as_resource()
    assert set(resource) == {
        *("body", "num_segments", "direction", "from", "to", "date_updated", "price", "error_message", "uri"),
        *("account_sid", "num_media", "status", "messaging_service_sid", "sid", "date_sent", "date_created"),
        *("error_code", "price_unit", "api_version", "subresource_uris"),
    }
    assert resource["status"] in STATUSES
    assert urlsplit(str(resource["uri"])).path == f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{text.sid}.json"
