"""The rules of a check-in by text: what a patient's text says, which question it answers and what comes next.

Pure: no database, no clock, no wording. Answers are digits alone, since words such as YES, END and CANCEL start and
stop texts at the provider whatever was asked (Twilio's opt-in and opt-out keywords).
"""

import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

BEGIN = 1
DECLINE, REPEAT, BACK = 77, 88, 99
"""Far from every answer, so that a slip of the thumb is noticed."""
SHORT = {7: DECLINE, 8: REPEAT, 9: BACK}
"""One digit is enough where the answers stay below them: 0 to 3, mostly."""
TEN = 10
Behind = Mapping[int, Collection[int]]
"""The questions that hang on the answer to another one."""
NOTHING_BEHIND: Behind = MappingProxyType({})
OTHER_WAYS_AFTER = 3
"""Local protocol: so many texts in a row that are no answer, and another way to answer is offered."""


class Then(StrEnum):
    """What the patient gets back."""

    ASK = "ask"
    ASK_IN_FULL = "ask_in_full"
    """The question with its stem, every answer in words, and how to go back."""
    CORRECT = "correct"
    OFFER_OTHER_WAYS = "offer_other_ways"
    FINISH = "finish"


@dataclass(frozen=True)
class Place:
    """Where a check-in by text stands: the question asked last, from 0, and the texts in a row that were no answer."""

    position: int
    not_understood: int = 0


@dataclass(frozen=True)
class Given:
    """An answer and the question that it counts for; None is "I'd rather not say"."""

    position: int
    value: int | None


@dataclass(frozen=True)
class Turn:
    """What one text from the patient comes to."""

    place: Place
    then: Then
    given: Given | None = None


def read(body: str, repeat: Collection[str] = (), back: Collection[str] = ()) -> int | None:
    """Return the number that a text says, or None. A word for repeating or going back stands for its key.

    One digit, ten or a key: nothing else is a number here. Digits of every script count (2, ٢, ۲, ２); case, accents,
    punctuation and invisible marks do not.
    """
    text = plain(body)
    if text.isdecimal() and len(text) <= 2:
        number = int("".join(str(unicodedata.decimal(each)) for each in text))
        return number if len(text) == 1 or number in (TEN, *SHORT.values()) else None
    if text in repeat:
        return REPEAT
    return BACK if text in back else None


def keys_for(options: Collection[int]) -> dict[int, int]:
    """Return what to type for DECLINE, REPEAT and BACK at a question: one digit, or two where the answers reach it."""
    return {key: key if max(options) >= min(SHORT) else digit for digit, key in SHORT.items()}


def meaning(number: int | None, options: Collection[int]) -> int | None:
    """Return what a number means at a question: one of its answers, a key, or neither."""
    return number if number is None or number in options else SHORT.get(number, number)


def plain(text: str) -> str:
    """Return the letters and digits of a text in lower case, without accents, with single spaces between words."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    kept = (each for each in folded if unicodedata.category(each) not in ("Mn", "Mc", "Me", "Cf"))
    return " ".join("".join(each if each.isalnum() else " " for each in kept).split())


def first_open(answered: Collection[int], count: int) -> int | None:
    """Return the first of `count` questions that has no answer; None when all have one."""
    return next((position for position in range(count) if position not in answered), None)


def passed_over(answered: Mapping[int, int | None], behind: Behind) -> set[int]:
    """Return the questions that are not asked, because the one that they hang on was answered 0 or declined."""
    return {each for gate, hanging in behind.items() if gate in answered and not answered[gate] for each in hanging}


def turn(
    number: int | None,
    place: Place,
    *,
    seen: int | None,
    answered: Mapping[int, int | None],
    options: Sequence[Collection[int]],
    behind: Behind = NOTHING_BEHIND,
) -> Turn:
    """Say what a text comes to.

    `seen` is the question that the patient had before them when they wrote, and the only one that an answer can count
    for: two texts in quick succession both answer the same question, and the second counts. It is None where that is
    not certain: then nothing is taken for an answer, and the question is asked anew. `answered` are the questions with
    an answer so far, `options` what each may be answered with, `behind` the questions that hang on another one.
    """
    digit = meaning(number, options[place.position if seen is None else seen])
    if digit == BACK:
        before = set(range(place.position)) - passed_over(answered, behind)
        return Turn(Place(max(before, default=0)), Then.ASK)
    if digit == REPEAT:
        return Turn(Place(place.position), Then.ASK_IN_FULL)
    if seen is None:
        return Turn(place, Then.ASK_IN_FULL)
    if digit is None or not (digit == DECLINE or digit in options[seen]):
        return _not_an_answer(place)
    given = Given(seen, None if digit == DECLINE else digit)
    if seen != place.position:  # the next question is on its way already
        return Turn(Place(place.position), Then.ASK, given)
    answers = {**answered, seen: given.value}
    following = first_open({*answers, *passed_over(answers, behind)}, len(options))
    if following is None:
        return Turn(Place(place.position), Then.FINISH, given)
    return Turn(Place(following), Then.ASK, given)


def _not_an_answer(place: Place) -> Turn:
    in_a_row = place.not_understood + 1
    if in_a_row >= OTHER_WAYS_AFTER:
        then = Then.OFFER_OTHER_WAYS
    else:
        then = Then.CORRECT if in_a_row == 1 else Then.ASK_IN_FULL
    return Turn(Place(place.position, in_a_row), then)


def words_in(listed: str) -> frozenset[str]:
    """Return the words of a list with commas (in any script) between them, as `read` compares them."""
    return frozenset(plain(word) for word in _split(listed))


def _split(listed: str) -> Iterable[str]:
    return listed.replace("،", ",").split(",")
