"""The words that every patient may text at any time: stop, start, help, and what leads back to their team or plan.

Digits are never one of them, nor are the words for repeating a question and going back to one: they are answers.

A patient who wants to stop must be obeyed, so any text that begins with a stop word is one; nothing else that a text
may say opts anybody out.
"""

import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_suffix(".json")
"""The provider's own words (Twilio's opt-out keywords for long numbers), which it obeys before we have read them, and
each language's plain ones. What stands under `stop_alone` has other meanings too, at the head of a sentence.
"""
PROVIDER = "provider"

_AS_PLAIN = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe"}  # no plain letter lies inside these
    | {"ى": "ي", "ی": "ي", "ة": "ه", "ک": "ك"}  # people and keyboards write these for one another
    | {"ـ": ""}  # only stretches an Arabic word
)


class Keyword(StrEnum):
    """What such a word asks for."""

    STOP = "stop"
    START = "start"
    YES = "yes"
    """A wish to start for whoever has stopped; for everybody else no keyword at all."""
    HELP = "help"
    COME_BACK = "come_back"
    """A wish for help again of whoever has stepped down; for everybody else no keyword at all."""
    PLAN = "plan"
    """Where their own plan is."""


@dataclass(frozen=True)
class Said:
    """A keyword; `is_bare` when the text says nothing else."""

    keyword: Keyword
    is_bare: bool


def read(body: str, languages: Iterable[str]) -> Said | None:
    """Return the keyword of a text, if there is one.

    A text of nothing but a keyword counts in every language; at the head of a longer one STOP and HELP count, in
    English and in `languages`. Case, accents, width, punctuation, quotes, invisible marks and polite words make no
    difference.
    """
    words = plain(body)
    bare = _without_politeness(words)
    said = _alone().get(bare)
    if said is not None:
        return Said(said, is_bare=True)
    for keyword in (Keyword.STOP, Keyword.HELP):
        for language in (PROVIDER, "en", *languages):
            for start in _heads(language, keyword):
                if start in (words[: len(start)], bare[: len(start)]):
                    return Said(keyword, is_bare=False)
    return None


def plain(text: str) -> tuple[str, ...]:
    """Return the words of a text without case, accents, width and all that is not a letter or a digit.

    Single letters in a row are one word: "S.T.O.P".
    """
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold()).translate(_AS_PLAIN)
    kept = (each for each in folded if unicodedata.category(each) not in ("Mn", "Cf"))
    words = tuple("".join(each if each.isalnum() else " " for each in kept).split())
    return ("".join(words),) if words and all(len(word) == 1 for word in words) else words


def words_of(language: str, keyword: Keyword) -> tuple[str, ...]:
    """Return the words for a keyword in one language, or the provider's own, as people write them."""
    return tuple(_table().get(language, {}).get(keyword, ()))


def _without_politeness(words: tuple[str, ...]) -> tuple[str, ...]:
    polite = _polite()
    for phrase in polite:
        if len(words) > len(phrase) and words[: len(phrase)] == phrase:
            words = words[len(phrase) :]
    for phrase in polite:
        if len(words) > len(phrase) and words[-len(phrase) :] == phrase:
            words = words[: -len(phrase)]
    return words


@cache
def _table() -> Mapping[str, Mapping[str, list[str]]]:
    found: Mapping[str, Mapping[str, list[str]]] = json.loads(TABLE.read_text(encoding="utf-8"))
    return found


@cache
def _alone() -> Mapping[tuple[str, ...], Keyword]:
    """What a text may consist of, in any language."""
    return {
        plain(words): keyword
        for language in _table()
        for keyword in Keyword
        for words in (*words_of(language, keyword), *_table()[language].get(f"{keyword}_alone", ()))
    }


@cache
def _heads(language: str, keyword: Keyword) -> tuple[tuple[str, ...], ...]:
    return tuple(plain(words) for words in words_of(language, keyword))


@cache
def _polite() -> tuple[tuple[str, ...], ...]:
    return tuple(plain(words) for language in _table().values() for words in language.get("polite", ()))
