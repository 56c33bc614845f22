"""Ids that tell nothing, and tokens that nobody can guess."""

import hashlib
import string
import time
from uuid import UUID

import pytest

from monitor.ids import TOKEN_LENGTH, derived_token, new_id, new_token, token_hash

KEY = bytes(range(32))
CHECK_IN = UUID("01932f6e-0000-7000-8000-000000000001")
OTHER = UUID("01932f6e-0000-7000-8000-000000000002")
LETTERS_AND_DIGITS = set(string.ascii_letters + string.digits)


def test_an_id_is_a_uuid_of_version_7() -> None:
    made = new_id()

    assert made.version == 7
    assert made.variant == "specified in RFC 4122"


def test_an_id_begins_with_the_millisecond_in_which_it_was_made() -> None:
    before = time.time_ns() // 1_000_000
    made = new_id()
    after = time.time_ns() // 1_000_000

    assert before <= made.int >> 80 <= after


def test_no_two_ids_and_no_two_tokens_are_alike() -> None:
    assert len({new_id() for _ in range(5000)}) == 5000
    assert len({new_token() for _ in range(5000)}) == 5000


@pytest.mark.parametrize("token", [new_token(), derived_token(KEY, "check-in", CHECK_IN, 1)], ids=["new", "derived"])
def test_a_token_is_22_letters_and_digits(token: str) -> None:
    assert len(token) == TOKEN_LENGTH == 22
    assert set(token) <= LETTERS_AND_DIGITS


def test_the_link_of_a_check_in_is_the_same_whenever_it_is_written() -> None:
    assert derived_token(KEY, "check-in", CHECK_IN, 1) == derived_token(KEY, "check-in", CHECK_IN, 1)


@pytest.mark.parametrize(
    "other",
    [
        (KEY, "check-in", CHECK_IN, 2),
        (KEY, "check-in", OTHER, 1),
        (KEY, "device", CHECK_IN, 1),
        (KEY[::-1], "check-in", CHECK_IN, 1),
    ],
    ids=["another generation", "another check-in", "another purpose", "another key"],
)
def test_the_link_of_anything_else_is_another(other: tuple[bytes, str, UUID, int]) -> None:
    assert derived_token(*other) != derived_token(KEY, "check-in", CHECK_IN, 1)


def test_tokens_of_many_check_ins_use_every_letter_in_every_place() -> None:
    tokens = [derived_token(KEY, "check-in", new_id(), 1) for _ in range(4000)]

    for place in range(TOKEN_LENGTH):
        assert {token[place] for token in tokens} == LETTERS_AND_DIGITS


def test_only_the_hash_of_a_token_is_for_storing() -> None:
    assert token_hash("A" * 22) == hashlib.sha256(b"A" * 22).digest()
