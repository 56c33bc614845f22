"""What can go wrong with a catalogue between a translator and a page: slips, cut files, and worse than slips."""

import re
from collections.abc import Callable
from random import Random

ATTACKS = (
    b"<script>alert(1)</script>",
    b"<img src=x onerror=alert(1)>",
    b'\\" onmouseover=\\"alert(1)',
    b"' autofocus onfocus='alert(1)",
    b"</style></script></textarea>",
    b"<!-- ",
    b"--> ]]>",
    b"&lt;script&gt;&#60;b&#62;",
    b"javascript:alert(1)",
    b"{{ 7 * 7 }}{% raw %}",
    b"{}{0}{name}",
    b"%(x)s",
    b"%(number)d %(date)r",
    b"%s %d %n",
    b"%",
    b"%%",
    b"%(open)s%(open)s",
    b"%(close)s",
    b"\x00",
    b"\xed\xa0\x80",
    b"\xff\xfe",
    "\u202etxet\u2066\u200f".encode(),
    "\u2028\u0007\ue000\ufffd".encode(),
    b"\\n\\n\\r\\t",
    b"",
    b"   ",
    b"x" * 5000,
    b"\xcc\x81" * 300,
)
"""What stands in a translation, before, in or instead of its words."""
PIECES = (
    b'"',
    b"\n",
    b"%",
    b"%(x)s",
    b"\\",
    b"",
    b"<b>",
    b'msgid "',
    b"[",
    b"\x00",
    "א".encode(),
    b"#~ ",
    b"\n\n",
    b">",
)
"""What a slip of the hand puts anywhere in a file."""
RULES = (
    b"nplurals=2; plural=(n != 1);",
    b"nplurals=1; plural=0;",
    b"nplurals=6; plural=n;",
    b"nplurals=99999999; plural=n;",
    b"nplurals=3; plural=n/0;",
    b"nplurals=3; plural=" + b"(" * 60 + b"n" + b")" * 60 + b";",
    b"nplurals=3; plural=n**n**n;",
    b"nplurals=-1; plural=-n;",
    b"nplurals=; plural=__import__('os');",
)

_TRANSLATION = re.compile(rb'(?m)^(msgstr(?:\[\d\])? )"((?:[^"\\\n]|\\.)*)"$')
_PLURALS = re.compile(rb"nplurals=.*?;\\n")


def attacked(catalogue: bytes, chance: Random) -> bytes:
    """Put something into a few translations, or into all of them."""
    share = chance.choice((0.05, 0.3, 1.0))
    attack = chance.choice(ATTACKS)

    def change(found: re.Match[bytes]) -> bytes:
        if chance.random() > share:
            return found[0]
        how = chance.randrange(4)
        at = chance.randrange(len(found[2]) + 1)
        words = (attack, attack + found[2], found[2] + attack, found[2][:at] + attack + found[2][at:])[how]
        return found[1] + b'"' + words + b'"'

    header, gap, entries = catalogue.partition(b"\n\n")
    return header + gap + _TRANSLATION.sub(change, entries)


def flipped(catalogue: bytes, chance: Random) -> bytes:
    """Change single bytes."""
    damaged = bytearray(catalogue)
    for _ in range(chance.choice((1, 3, 20))):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    return bytes(damaged)


def slipped(catalogue: bytes, chance: Random) -> bytes:
    """Put pieces of syntax where letters were."""
    for _ in range(chance.choice((1, 3, 20))):
        at = chance.randrange(len(catalogue) + 1)
        catalogue = catalogue[:at] + chance.choice(PIECES) + catalogue[at + 1 :]
    return catalogue


def shuffled(catalogue: bytes, chance: Random) -> bytes:
    """Swap, double and drop lines."""
    lines = catalogue.split(b"\n")
    for _ in range(chance.choice((1, 3, 20))):
        one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        how = chance.randrange(3)
        if how == 0:
            lines[one], lines[other] = lines[other], lines[one]
        elif how == 1:
            lines.insert(one, lines[other])
        elif len(lines) > 1:
            del lines[one]
    return b"\n".join(lines)


def exchanged(catalogue: bytes, chance: Random) -> bytes:
    """Give messages the translations of others."""
    texts = [found[2] for found in _TRANSLATION.finditer(catalogue)]
    return _TRANSLATION.sub(lambda found: found[1] + b'"' + chance.choice(texts) + b'"', catalogue)


def cut(catalogue: bytes, chance: Random) -> bytes:
    """Let the file end, or begin, in its middle."""
    at = chance.randrange(len(catalogue))
    return catalogue[:at] if chance.random() < 0.7 else catalogue[at:]


def misruled(catalogue: bytes, chance: Random) -> bytes:
    """Damage the header: its plural rule, or anything in it."""
    rule = chance.choice(RULES)
    if chance.random() < 0.6:
        return _PLURALS.sub(lambda _: rule + b"\\n", catalogue, count=1)
    header, gap, entries = catalogue.partition(b"\n\n")
    return slipped(header, chance) + gap + entries


KINDS: tuple[Callable[[bytes, Random], bytes], ...] = (
    attacked,
    attacked,
    attacked,
    flipped,
    slipped,
    shuffled,
    exchanged,
    cut,
    misruled,
)
"""Each takes a catalogue and damages it; translations are damaged more often than the rest."""


def damaged(catalogue: bytes, chance: Random) -> bytes:
    """Damage a catalogue in one way, now and then in two."""
    once = chance.choice(KINDS)(catalogue, chance) or b"#"
    return (chance.choice(KINDS)(once, chance) or b"#") if chance.random() < 0.2 else once
