"""What is wrong with a translation: pure rules, from a message and its translation to faults in words.

A translation that is broken is not shown: the English stands in its place, for that one message. One with a blemish is
shown, and `monitor i18n check` refuses it.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

PLACEHOLDER = re.compile(r"%(?:\((\w+)\)([a-zA-Z])|(.))", re.DOTALL)
SOFT_HYPHEN = "\u00ad"
"""The one invisible character that a translator may write: where a long word may be divided."""
SAME_AS_ENGLISH = frozenset(
    {"PIN", "No", "Error:", "Date", "Control", "minimal", "supervisors", "managers"}
    | {"%(count)s week", "%(hours)s h", "%(minutes)s min"}
)
"""Messages that are the same word in some other language too."""
ABBREVIATIONS = frozenset({"No."})
"""Messages whose full stop ends no sentence: "N.º"."""

_MARKUP = re.compile(r"[<>]|&(?:#?\w+);")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode's categories of what has no shape of its own: controls, directions, halves of pairs, nobody's characters."""
_TWO_SCRIPTS = re.compile(r"[A-Za-zÀ-ɏ][\u0400-\u04ff]|[\u0400-\u04ff][A-Za-zÀ-ɏ]")
_OTHER_DIGITS = re.compile(r"[^\W\D0-9]")
_SAME_END = {"؟": "?", "،": ",", "؛": ";"}
_ENDS = frozenset(".?!:…,;")
_LONGEST, _LONGEST_BY = 2.2, 25
"""How much longer than the English a button or a heading can be before it no longer fits (measured: 2.5 times the
shortest, 25 letters more on a line of 20)."""


def breaks(source: str, text: str, *, counts: bool = False) -> list[str]:
    """Return why a translation must not be shown; empty for one that is sound.

    With `counts`, `source` is the English plural, and a form may say "one day" without the figure.
    """
    if not text.strip():
        return ["empty"]
    faults = placeholder_faults(source, text, counts=counts)
    invisible = {each for each in text if _is_invisible(each)} - set(source)
    faults += [f"an invisible U+{ord(each):04X}" for each in sorted(invisible)]
    if set(_MARKUP.findall(text)) - set(_MARKUP.findall(source)):
        faults.append("markup")
    if _lines(text) != _lines(source):
        faults.append("other lines than the English")
    if len(text) > 4 * len(source) + 100:
        faults.append("far longer than the English")
    return faults


def placeholder_faults(source: str, text: str, *, counts: bool = False) -> list[str]:
    """Return what is wrong with the placeholders of a translation: each stands in it as often as in the English."""
    wanted = Counter(name for name, _, _ in PLACEHOLDER.findall(source) if name)
    found = Counter(name for name, _, _ in PLACEHOLDER.findall(text) if name)
    return [
        *_odd_percents(text),
        *(f"missing %({name})s" for name in sorted(wanted - found) if not (counts and name == "count")),
        *(f"unknown %({name})s" for name in sorted(set(found) - set(wanted))),
        *(f"%({name})s too often" for name in sorted(found - wanted) if name in wanted),
        *(["%(open)s and %(close)s around something else"] if _linked(text) != _linked(source) else []),
    ]


def blemishes(source: str, text: str) -> list[str]:
    """Return what else is wrong with a translation that could be shown; empty for a good one."""
    return [*_blanks(source, text), *_letters(source, text), *_end(source, text)]


def _lines(text: str) -> list[str]:
    """Return the lines of a message that hold a placeholder and nothing else; of the others, that they are there."""
    return [line if PLACEHOLDER.fullmatch(line) else "" for line in text.split("\n")]


def _odd_percents(text: str) -> Iterator[str]:
    for name, conversion, bare in PLACEHOLDER.findall(text):
        if bare and bare != "%":
            yield f"a bare % before {bare!r}"
        if name and conversion != "s":
            yield f"%({name}){conversion} must be %({name})s"
    if text.replace("%%", "").endswith("%"):
        yield "a bare % at the end"


def _linked(text: str) -> list[frozenset[str]]:
    """Return the placeholders inside each link of a message: a link around another link would be none."""
    links = re.findall(r"%\(open\)s(.*?)%\(close\)s", text, re.DOTALL)
    return [frozenset(name for name, _, _ in PLACEHOLDER.findall(inside) if name) for inside in links]


def _is_invisible(character: str) -> bool:
    return character == "\ufffd" or (unicodedata.category(character) in _INVISIBLE and character not in SOFT_HYPHEN)


def _blanks(source: str, text: str) -> Iterator[str]:
    if (text[0].isspace(), text[-1].isspace()) != (source[0].isspace(), source[-1].isspace()):
        yield "blanks at an end"
    if "  " in text and "  " not in source:
        yield "two blanks in a row"


def _letters(source: str, text: str) -> Iterator[str]:
    words = PLACEHOLDER.sub(" ", text)
    if text == source and source not in SAME_AS_ENGLISH and any(map(str.isalpha, words)):
        yield "the same as the English"
    if _TWO_SCRIPTS.search(words):
        yield "letters of two scripts in one word"
    if _OTHER_DIGITS.search(words):
        yield "digits that are not 0 to 9"
    length, least = len(words), len(PLACEHOLDER.sub(" ", source))
    if length > _LONGEST * least and length > least + _LONGEST_BY:
        yield f"{length} letters for {least}"


def _end(source: str, text: str) -> Iterator[str]:
    """Compare the marks at the end. A date may bring its full stop along: "24 листопада 2026 р."."""
    mark, meant = _SAME_END.get(text[-1], text[-1]), source[-1]
    if "!" in text and "!" not in source:
        yield "an exclamation mark"
    if mark != meant and {mark, meant} & _ENDS and not text.endswith(")s") and source not in ABBREVIATIONS:
        yield f"ends with {text[-1]!r}, and the English with {meant!r}"
