"""How many parts a text takes on the network, and which characters make it dear."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

# 3GPP TS 23.038, 6.2.1: the GSM 7-bit default alphabet, in the order of its table; 0x1B is the escape, not a character.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)
# 3GPP TS 23.038, 6.2.1.1: the extension table; each takes an escape and a septet.
_EXTENDED = frozenset("\f^{}\\[~]|€")


class Encoding(StrEnum):
    """How the network writes a text; one character outside GSM 7-bit turns the whole text into UCS-2."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


# 3GPP TS 23.040: 140 octets a part, 6 of them for the concatenation header once there are several.
_ALONE = {Encoding.GSM7: 160, Encoding.UCS2: 70}
_JOINED = {Encoding.GSM7: 153, Encoding.UCS2: 67}


@dataclass(frozen=True)
class Segments:
    """What a text costs: septets or UTF-16 units, parts, and the characters that force UCS-2, each once, in order."""

    encoding: Encoding
    units: int
    segments: int
    costly: tuple[str, ...]


def count(body: str) -> Segments:
    """Return the encoding, length and parts of a text.

    Neither an escaped character nor a surrogate pair is ever cut, so the parts can be more than length divided by size.
    """
    costly = tuple(dict.fromkeys(character for character in body if character not in _BASIC | _EXTENDED))
    encoding = Encoding.UCS2 if costly else Encoding.GSM7
    sizes = [_size(character, encoding) for character in body]
    units = sum(sizes)
    parts = 1 if units <= _ALONE[encoding] else _parts(sizes, _JOINED[encoding])
    return Segments(encoding, units, parts, costly)


def _size(character: str, encoding: Encoding) -> int:
    if encoding is Encoding.GSM7:
        return 2 if character in _EXTENDED else 1
    return 2 if ord(character) > 0xFFFF else 1


def _parts(sizes: Iterable[int], room: int) -> int:
    parts, used = 1, 0
    for size in sizes:
        if used + size > room:
            parts, used = parts + 1, 0
        used += size
    return parts
