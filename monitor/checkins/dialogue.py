"""The rules of a check-in by text: what a patient's text says, which question it answers and what comes next.

Pure: no database, no clock, no wording. Answers are digits alone, since words such as YES, END and CANCEL start and
stop texts at the provider whatever was asked (Twilio's opt-in and opt-out keywords).
"""

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

BEGIN = 1
DECLINE, REPEAT, BACK = 7, 8, 9
"""Far from the answers, which are 0 to 3, so that a slip of the thumb is noticed."""
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
    """Return the one digit that a text says, or None. A word for repeating or going back stands for its digit.

    Digits of every script count (2, ٢, ۲, ２); case, accents, punctuation and invisible marks do not.
    """
    text = plain(body)
    if len(text) == 1 and text.isdecimal():
        return unicodedata.decimal(text)
    if text in repeat:
        return REPEAT
    return BACK if text in back else None


def plain(text: str) -> str:
    """Return the letters and digits of a text in lower case, without accents, with single spaces between words."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    kept = (each for each in folded if unicodedata.category(each) not in ("Mn", "Mc", "Me", "Cf"))
    return " ".join("".join(each if each.isalnum() else " " for each in kept).split())


def first_open(answered: Collection[int], count: int) -> int | None:
    """Return the first of `count` questions that has no answer; None when all have one."""
    return next((position for position in range(count) if position not in answered), None)


def turn(
    digit: int | None, place: Place, *, seen: int | None, answered: Collection[int], options: Sequence[Collection[int]]
) -> Turn:
    """Say what a text comes to.

    `seen` is the question that the patient had before them when they wrote, and the only one that an answer can count
    for: two texts in quick succession both answer the same question, and the second counts. It is None where that is
    not certain: then nothing is taken for an answer, and the question is asked anew. `answered` are the questions with
    an answer so far, `options` what each may be answered with.
    """
    if digit == BACK:
        return Turn(Place(max(place.position - 1, 0)), Then.ASK)
    if digit == REPEAT:
        return Turn(Place(place.position), Then.ASK_IN_FULL)
    if seen is None:
        return Turn(place, Then.ASK_IN_FULL)
    if digit is None or not (digit == DECLINE or digit in options[seen]):
        return _not_an_answer(place)
    given = Given(seen, None if digit == DECLINE else digit)
    if seen != place.position:  # the next question is on its way already
        return Turn(Place(place.position), Then.ASK, given)
    following = first_open({*answered, seen}, len(options))
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
