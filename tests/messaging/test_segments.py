"""What a text costs on the network."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.messaging.segments import Encoding, count

GSM7, UCS2 = Encoding.GSM7, Encoding.UCS2


@pytest.mark.parametrize(
    ("body", "encoding", "units", "segments"),
    [
        ("", GSM7, 0, 1),
        ("a" * 160, GSM7, 160, 1),
        ("a" * 161, GSM7, 161, 2),  # joined parts lose seven septets each to the header
        ("a" * 306, GSM7, 306, 2),
        ("a" * 307, GSM7, 307, 3),
        ("a" * 158 + "€", GSM7, 160, 1),  # an escaped character takes two
        ("a" * 159 + "€", GSM7, 161, 2),
        ("я" * 70, UCS2, 70, 1),
        ("я" * 71, UCS2, 71, 2),
        ("я" * 134, UCS2, 134, 2),
        ("я" * 135, UCS2, 135, 3),
        ("😀" * 35, UCS2, 70, 1),  # outside the basic plane: two units
        ("😀" * 36, UCS2, 72, 2),
        ("a" * 70 + "á", UCS2, 71, 2),  # one letter turns the whole text
    ],
)
def test_length_and_parts(body: str, encoding: Encoding, units: int, segments: int) -> None:
    counted = count(body)
    assert (counted.encoding, counted.units, counted.segments) == (encoding, units, segments)


def test_an_escaped_character_is_never_cut_between_two_parts() -> None:
    # 306 septets would fill two parts, but the escape that would end the first has to open the second.
    assert count("a" * 152 + "€" + "a" * 152).segments == 3
    assert count("a" * 151 + "€" + "a" * 153).segments == 2


def test_a_surrogate_pair_is_never_cut_between_two_parts() -> None:
    assert count("я" * 66 + "😀" + "я" * 66).segments == 3
    assert count("я" * 65 + "😀" + "я" * 67).segments == 2


def test_the_alphabet_is_the_whole_standard_and_no_more() -> None:
    plain = [code for code in range(0x10000) if count(chr(code)).encoding is GSM7]
    escaped = [chr(code) for code in plain if count(chr(code)).units == 2]
    assert sorted(escaped) == sorted("\f^{}\\[~]|€")
    assert len(plain) - len(escaped) == 127  # 128 places, one of them the escape
    assert "\x1b" not in map(chr, plain)


@pytest.mark.parametrize("letters", ["èéùìòÇØøÅåÆæßÉÄÖÑÜäöñüà", "ΔΦΓΛΩΠΨΣΘΞ", "¡¿§¤£¥@$_\n\r"])
def test_letters_that_cost_nothing_extra(letters: str) -> None:
    assert count(letters).units == len(letters)
    assert not count(letters).costly


@pytest.mark.parametrize("letter", [*"áíóúâêîôûãõçëïœąęłńśżźćİğşŐőАЖжяїєґاب中한’“–…", "\u00a0", "`", "\t"])
def test_letters_that_turn_the_whole_text_into_ucs2(letter: str) -> None:
    assert count(f"abc {letter}").encoding is UCS2


def test_the_costly_characters_are_named_once_in_the_order_they_come() -> None:
    assert count("Está aquí, más tarde €").costly == ("á", "í")
    assert count("Hasta el lunes").costly == ()


def _parts_by_cutting(body: str, room: int, widths: list[int]) -> int:
    """Count the parts by another road: cut the row of units at `room`, one unit earlier where that splits a pair."""
    row = [(index, width) for index, width in enumerate(widths) for _ in range(width)]
    parts = 0
    while row:
        cut = min(room, len(row))
        if cut < len(row) and row[cut - 1][0] == row[cut][0]:
            cut -= 1
        row, parts = row[cut:], parts + 1
    return parts


@settings(deadline=None)
@given(st.text(alphabet="aé€^|", min_size=80, max_size=700))
def test_gsm_parts_agree_with_cutting_the_septets(body: str) -> None:
    widths = [2 if character in "€^|" else 1 for character in body]
    expected = 1 if sum(widths) <= 160 else _parts_by_cutting(body, 153, widths)
    assert count(body).segments == expected


@settings(deadline=None)
@given(st.text(alphabet="aя😀€", min_size=30, max_size=300))
def test_ucs2_parts_agree_with_cutting_the_utf16_units(body: str) -> None:
    body += "я"
    widths = [len(character.encode("utf-16-le")) // 2 for character in body]
    expected = 1 if sum(widths) <= 70 else _parts_by_cutting(body, 67, widths)
    assert count(body).units == sum(widths)
    assert count(body).segments == expected


@settings(deadline=None)
@given(st.text(max_size=200), st.text(max_size=200))
def test_a_longer_text_never_costs_less(body: str, more: str) -> None:
    assert count(body + more).segments >= count(body).segments
