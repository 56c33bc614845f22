"""Only Twilio's own calls are believed. Whatever else calls is counted, and nothing comes of it."""

import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from pydantic import HttpUrl, SecretStr
from werkzeug.datastructures import MultiDict

from monitor.db import Sessions
from monitor.demo.phone_network_calls import signature, signed
from monitor.messaging.models import MessageState
from monitor.messaging.signatures import SIGNATURE, SIGNED_HOW, Doubt, Signatures
from tests.messaging.edge import STATUS, TEXT, Edge, status_form, text_form
from tests.messaging.forgers import as_request, forged, result_of, start_forger, status_of
from tests.messaging.stand_in import TOKEN, settings_for
from tests.phones import every_row

SHA1, SHA256 = "HMAC_SHA1", "HMAC_SHA256"
BASE = "https://checkins.example"
URL = f"{BASE}{STATUS}?m=1"
FORM = status_form("delivered")
PREVIOUS, SHARED_KEY = "p" * 32, "k" * 40
HOW = f"key=webhooks_sharedkey_1,algorithm={SHA256}"
FORGED, BELIEVED = 9_000, 1_000


def signatures(base: str = BASE, **secrets: str | None) -> Signatures:
    given = {name: SecretStr(secret) if secret else None for name, secret in secrets.items()}
    settings = settings_for("http://127.0.0.1:9").model_copy(update={"public_base_url": HttpUrl(base), **given})
    return Signatures.of(settings)


def doubt(
    given: str | None,
    *,
    by: Signatures | None = None,
    path: str = STATUS,
    query: str = "m=1",
    form: object = FORM,
    how: str | None = None,
) -> Doubt | None:
    return (by or signatures()).doubt(path, query, form, signature=given, how=how)


# ---- who is believed ----


def test_what_twilio_has_signed_is_believed() -> None:
    assert doubt(signature(TOKEN, URL, FORM, SHA1)) is None


def test_an_address_without_a_query_is_signed_as_it_is() -> None:
    assert doubt(signature(TOKEN, f"{BASE}{TEXT}", FORM, SHA1), path=TEXT, query="") is None


def test_a_name_may_come_twice() -> None:
    """Twilio sorts the values of a name and signs each once."""
    form = MultiDict([("MediaUrl", "b"), ("MediaUrl", "a"), ("Body", "hello")])
    url = f"{BASE}{TEXT}"
    given = signature(TOKEN, f"{url}BodyhelloMediaUrlaMediaUrlb", {}, SHA1)

    assert doubt(given, path=TEXT, query="", form=form) is None


@pytest.mark.parametrize(
    ("base", "signed_for"),
    [
        ("https://checkins.example", "https://checkins.example:443"),
        ("https://checkins.example:8443", "https://checkins.example:8443"),
        ("https://checkins.example:8443", "https://checkins.example"),
        ("http://127.0.0.1:8000", "http://127.0.0.1"),
    ],
)
def test_twilio_may_or_may_not_sign_the_port(base: str, signed_for: str) -> None:
    given = signature(TOKEN, f"{signed_for}{STATUS}?m=1", FORM, SHA1)

    assert doubt(given, by=signatures(base)) is None


@pytest.mark.parametrize("token", [TOKEN, PREVIOUS])
def test_while_the_token_is_changed_both_are_believed(token: str) -> None:
    both = signatures(twilio_auth_token_previous=PREVIOUS)

    assert doubt(signature(token, URL, FORM, SHA1), by=both) is None


def test_a_token_that_was_taken_away_is_not_believed_any_more() -> None:
    assert doubt(signature(PREVIOUS, URL, FORM, SHA1)) is Doubt.SIGNATURE


@pytest.mark.parametrize("how", [HOW, f"algorithm={SHA256.lower()}", f" key=x , algorithm = {SHA256} "])
def test_a_shared_key_signs_with_another_algorithm(how: str) -> None:
    given = signature(SHARED_KEY, URL, FORM, SHA256)

    assert doubt(given, by=signatures(twilio_webhook_secret=SHARED_KEY), how=how) is None


# ---- who is not ----


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (None, Doubt.UNSIGNED),
        ("", Doubt.UNSIGNED),
        ("=", Doubt.SIGNATURE),
        ("ü" * 28, Doubt.SIGNATURE),
        (signature("another", URL, FORM, SHA1), Doubt.SIGNATURE),
        (signature(TOKEN, URL, FORM, SHA1)[:-1], Doubt.SIGNATURE),
        (signature(TOKEN, URL, FORM, SHA1).swapcase(), Doubt.SIGNATURE),
        (signature(TOKEN, URL, FORM, SHA256), Doubt.SIGNATURE),
        (signature(TOKEN, URL, FORM | {"MessageStatus": "failed"}, SHA1), Doubt.SIGNATURE),
        (signature(TOKEN, f"{BASE}{STATUS}?m=2", FORM, SHA1), Doubt.SIGNATURE),
        (signature(TOKEN, f"{BASE}{TEXT}?m=1", FORM, SHA1), Doubt.SIGNATURE),
        (signature(TOKEN, f"http://checkins.example{STATUS}?m=1", FORM, SHA1), Doubt.SIGNATURE),
        (signature(TOKEN, f"https://elsewhere.example{STATUS}?m=1", FORM, SHA1), Doubt.SIGNATURE),
    ],
    ids=[
        *("no header", "an empty one", "no base64", "other letters", "another token", "cut short", "other case"),
        *("another algorithm", "another status", "another text", "another address", "another scheme", "another host"),
    ],
)
def test_what_twilio_has_not_signed_is_not_believed(given: str | None, why: Doubt) -> None:
    assert doubt(given) is why


@pytest.mark.parametrize("name", sorted(FORM))
def test_a_form_with_a_field_less_or_more_is_not_the_one_that_was_signed(name: str) -> None:
    given = signature(TOKEN, URL, FORM, SHA1)

    assert doubt(given, form={key: value for key, value in FORM.items() if key != name}) is Doubt.SIGNATURE
    assert doubt(given, form=FORM | {f"{name}Too": "x"}) is Doubt.SIGNATURE


def test_without_a_token_nobody_is_believed() -> None:
    nothing = signatures(twilio_auth_token=None)

    assert doubt(signature("", URL, FORM, SHA1), by=nothing) is Doubt.NOT_SET_UP
    assert doubt(signature("None", URL, FORM, SHA1), by=nothing) is Doubt.NOT_SET_UP
    assert doubt(signature("", URL, FORM, SHA1), by=signatures(twilio_auth_token="")) is Doubt.NOT_SET_UP


def test_the_token_is_no_shared_key_and_the_shared_key_no_token() -> None:
    both = signatures(twilio_webhook_secret=SHARED_KEY)

    assert doubt(signature(TOKEN, URL, FORM, SHA256), by=both, how=HOW) is Doubt.SIGNATURE
    assert doubt(signature(SHARED_KEY, URL, FORM, SHA1), by=both) is Doubt.SIGNATURE
    assert doubt(signature(TOKEN, URL, FORM, SHA256), how=HOW) is Doubt.NOT_SET_UP


@pytest.mark.parametrize("algorithm", ["none", "HMAC_MD5", "HMAC_SHA1,algorithm=none;"])
def test_the_caller_does_not_choose_how_to_be_believed(algorithm: str) -> None:
    given = signature(TOKEN, URL, FORM, SHA1)
    weaker = doubt(given, how=f"algorithm={algorithm}")

    assert weaker is (None if algorithm.startswith(SHA1) else Doubt.ALGORITHM)


def test_no_secret_is_in_the_words_for_it() -> None:
    assert TOKEN not in repr(signatures())


# ---- over the wire ----


@pytest.fixture
def edge(sessions: Sessions) -> Edge:
    """The service, on each database."""
    return Edge(sessions)


REFUSALS: dict[str, tuple[int, Doubt, dict[str, Any]]] = {
    "unsigned": (403, Doubt.UNSIGNED, {"headers": {}}),
    "forged": (403, Doubt.SIGNATURE, {"secret": "another"}),
    "another algorithm": (403, Doubt.ALGORITHM, {"headers": {SIGNATURE: "x", SIGNED_HOW: "algorithm=none"}}),
    "a changed form": (403, Doubt.SIGNATURE, {"data": "MessageSid=SM1&MessageStatus=failed"}),
    "a truncated form": (403, Doubt.SIGNATURE, {"data": "MessageSid=SM1&Mess"}),
    "an empty form": (403, Doubt.SIGNATURE, {"data": ""}),
    "another form": (400, Doubt.MALFORMED, {"content_type": "application/json", "data": "{}"}),
    "a form in parts": (400, Doubt.MALFORMED, {"content_type": "multipart/form-data; boundary=x", "data": "--x--"}),
    "no form": (400, Doubt.MALFORMED, {"content_type": ""}),
    "a large form": (413, Doubt.TOO_LARGE, {"data": "Body=" + "x" * 16_384}),
    "a very large form": (413, Doubt.TOO_LARGE, {"data": "Body=" + "x" * 2_000_000}),
    "a NUL": (400, Doubt.MALFORMED, {"data": "Body=%00"}),
    "another site's page": (403, Doubt.MALFORMED, {"headers": {"Sec-Fetch-Site": "cross-site"}}),
}


@pytest.mark.parametrize("path", [STATUS, TEXT])
@pytest.mark.parametrize(("status", "why", "changed"), REFUSALS.values(), ids=REFUSALS)
def test_a_call_that_is_not_believed_changes_nothing_but_its_count(
    edge: Edge, path: str, status: int, why: Doubt, changed: dict[str, Any]
) -> None:
    text = edge.text_in_flight()
    before = every_row(edge.sessions)
    form = status_form("failed") if path == STATUS else text_form("STOP")

    reply = edge.call(f"{path}?m={text}", form, **changed)

    assert (reply.status_code, reply.text) == (status, "")
    assert edge.refused() == {(path.rsplit("/", 1)[1], why): 1}
    after = every_row(edge.sessions)
    assert {name for name in after if after[name] != before[name]} == {"refused_calls"}
    assert (edge.news, edge.received) == ([], [])


def test_a_call_to_another_host_of_ours_is_judged_by_the_public_address(edge: Edge) -> None:
    """Behind a proxy the inner host and scheme are others than Twilio has signed."""
    text = edge.text_in_flight()

    inner = edge.call(f"{STATUS}?m={text}", status_form("delivered"), base_url="http://localhost:8080")
    address = f"http://localhost:8080{STATUS}?m={text}"
    forged = signed(TOKEN, address, status_form("failed"), SHA1)
    outer = edge.call(f"{STATUS}?m={text}", status_form("failed"), base_url="http://localhost:8080", headers=forged)

    assert (inner.status_code, outer.status_code) == (204, 403)
    assert edge.message(text).state is MessageState.DELIVERED


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("path", [STATUS, TEXT])
def test_there_is_nothing_to_be_had_but_by_a_post(edge: Edge, path: str, method: str) -> None:
    before = every_row(edge.sessions)

    assert edge.app.test_client().open(path, method=method).status_code == 405
    assert every_row(edge.sessions) == before


def test_a_service_without_a_token_believes_nobody(sessions: Sessions) -> None:
    settings = settings_for("http://127.0.0.1:9").model_copy(update={"twilio_auth_token": None})
    edge = Edge(sessions, settings=settings)

    assert edge.call(STATUS, status_form("sent"), secret="").status_code == 403
    assert edge.refused() == {("status", Doubt.NOT_SET_UP): 1}


def test_many_refusals_are_one_write_a_second(edge: Edge) -> None:
    for _ in range(50):
        edge.call(STATUS, status_form("sent"), secret="another")
    assert sum(edge.refused().values()) == 1

    edge.clock.advance(seconds=1)
    edge.call(TEXT, text_form("1"), secret="another")
    assert edge.refused() == {("status", "signature"): 50, ("text", "signature"): 1}

    edge.clock.now -= timedelta(days=3)  # a clock that is set right must not end the counting
    edge.call(TEXT, text_form("1"), secret="another")
    assert sum(edge.refused().values()) == 52


# ---- a great many of them ----


def test_ten_thousand_calls_forged_replayed_and_shuffled_move_no_text_wrongly(sqlite_sessions: Sessions) -> None:
    """True calls of 60 texts, each many times and in any order, among forged ones that say the worst."""
    edge = Edge(sqlite_sessions)
    texts = {edge.text_in_flight(sid=None, number=f"+4477009{each:05}"): f"SM{each:032}" for each in range(60)}
    lost = set(list(texts)[::3])
    true = [
        (f"{STATUS}?m={text}", status_form(status, sid))
        for text, sid in texts.items()
        for status in ("queued", "sent", "undelivered" if text in lost else "delivered")
    ]
    worst = [(path, form | {"MessageStatus": "delivered" if "undel" in str(form) else "failed"}) for path, form in true]
    forgers = [start_forger(edge, worst, FORGED // 4, seed) for seed in range(3)]
    chance = random.Random(20261124)  # noqa: S311  # a run that can be had again
    calls = [as_request(edge, *each, TOKEN) for each in true + chance.choices(true, k=BELIEVED - len(true))]
    calls += forged(edge, worst, FORGED // 4, chance)
    chance.shuffle(calls)

    answered = Counter(status_of(edge, *each) for each in calls)

    assert answered == {"204": BELIEVED, "403": FORGED // 4}
    assert [result_of(forger) for forger in forgers] == [{"403": FORGED // 4}] * 3
    states = {text: edge.message(text).state for text in texts}
    assert {text for text, state in states.items() if state is MessageState.UNDELIVERED} == lost
    assert {text for text, state in states.items() if state is MessageState.DELIVERED} == set(texts) - lost
    assert sorted(edge.news) == sorted([("sent", text) for text in texts] + [("undelivered", text) for text in lost])
    assert len(edge.events()) == len(true)
    edge.clock.advance(seconds=2)
    edge.call(STATUS, FORM, secret="another")
    assert edge.refused() == {("status", Doubt.SIGNATURE): FORGED + 1 + len(forgers)}
