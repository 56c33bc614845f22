"""Pages made small: what comes out is what went in, also where one compressed page serves many."""

import re
import secrets
from collections.abc import Iterator

import brotli
import pytest

from monitor import compression
from monitor.config import Settings
from monitor.db import Sessions
from tests.phones import Phone, an_open_check_in, form_of

PAGE = b"<title>Check-in</title>" * 20 + b"%s" + b"<p>How have things been?</p>" * 40 + b"%s</form>%s<p>%s"


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    compression._packed.cache_clear()
    yield
    compression._packed.cache_clear()


def own_strings() -> tuple[bytes, bytes]:
    return secrets.token_urlsafe(12).encode() + b"==", secrets.token_hex(16).encode()


def page_with(nonce: bytes, key: bytes) -> bytes:
    return PAGE % (nonce, key, nonce, nonce)


def test_one_compressed_page_serves_everybody_with_their_own_strings() -> None:
    for _ in range(200):
        own = own_strings()

        packed = compression.brotlied(page_with(*own), own)

        assert brotli.decompress(packed) == page_with(*own)
    assert compression._packed.cache_info().misses == 1


@pytest.mark.parametrize(
    "own",
    [(), (b"not there",), (b"How have", b"x" * 60)],
    ids=["nothing of its own", "not in the page", "longer than we can stand in for"],
)
def test_what_cannot_be_shared_is_compressed_by_itself(own: tuple[bytes, ...]) -> None:
    body = PAGE % (b"a", b"b", b"c", b"d")

    assert brotli.decompress(compression.brotlied(body, own)) == body
    assert compression._packed.cache_info().misses == 0


def test_a_string_that_would_not_come_out_whole_is_never_exchanged() -> None:
    body = (
        b"<p>" + b"abcd" + b"</p>" * 2 + b"abcd"
    )  # so near the beginning, the second one is not copied from the first

    for own in (b"abcd", b"wxyz"):
        there = body.replace(b"abcd", own)
        assert brotli.decompress(compression.brotlied(there, (own,))) == there


def test_two_patients_get_their_own_keys_from_one_compressed_page(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    phone = Phone(sqlite_sessions, settings)
    asked = [an_open_check_in(sqlite_sessions) for _ in range(2)]
    phone.headers["Accept-Encoding"] = "br"

    pages = [phone.get(each.path) for each in asked]

    assert compression._packed.cache_info()[:2] == (1, 1)  # one hit, one miss
    told = [brotli.decompress(page.data).decode() for page in pages]
    assert len({form_of(each).sent["key"] for each in told}) == 2
    for page, text in zip(pages, told, strict=True):
        policy = page.headers["Content-Security-Policy"]
        nonce = policy.partition("'nonce-")[2].partition("'")[0]
        assert set(re.findall(r'<(?:style|script) nonce="([^"]+)"', text)) == {nonce}


def test_what_a_patient_said_is_never_remembered(sqlite_sessions: Sessions, settings: Settings) -> None:
    phone, asked = Phone(sqlite_sessions, settings), an_open_check_in(sqlite_sessions)
    sent = phone.fill_in(asked.path, note="Mornings are hard")
    phone.headers["Accept-Encoding"] = "br"

    phone.post(asked.path, sent | {"call": "1"})

    assert compression._packed.cache_info().currsize == 0
