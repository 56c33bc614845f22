"""What a patient's text says, which question it answers, and what comes next."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.checkins import dialogue
from monitor.checkins.dialogue import (
    BACK,
    DECLINE,
    REPEAT,
    Given,
    Place,
    Then,
    Turn,
    first_open,
    keys_for,
    plain,
    read,
    turn,
)
from monitor.i18n import LANGUAGES
from monitor.messaging.keywords import read as read_keyword
from monitor.messaging.texts import Phrase, say

OPTIONS = [{0, 1, 2, 3}] * 4
ANSWERED: Mapping[int, int | None] = {0: 1, 1: None}


def words(language: str, phrase: Phrase) -> frozenset[str]:
    return dialogue.words_in(say(phrase, language))


# ---- reading a text ----


@pytest.mark.parametrize(
    ("body", "digit"),
    [
        ("2", 2),
        (" 2\n", 2),
        ("2.", 2),
        ("(2)", 2),
        ("«2»", 2),
        ("\N{RIGHT-TO-LEFT MARK}2\N{ZERO WIDTH NO-BREAK SPACE}", 2),
        ("2\N{VARIATION SELECTOR-16}\N{COMBINING ENCLOSING KEYCAP}", 2),
        ("\N{ARABIC-INDIC DIGIT THREE}", 3),
        ("\N{EXTENDED ARABIC-INDIC DIGIT ONE}", 1),
        ("\N{FULLWIDTH DIGIT ZERO}", 0),
        ("\N{DEVANAGARI DIGIT TWO}", 2),
        ("\N{CIRCLED DIGIT THREE}", 3),
        ("9", 9),
        ("10", 10),
        ("١٠", 10),
        ("88", REPEAT),
        ("٩٩", BACK),
    ],
)
def test_a_digit_is_a_digit_however_the_phone_writes_it(body: str, digit: int) -> None:
    assert read(body) == digit


@pytest.mark.parametrize(
    "body",
    ["", " ", "?", "22", "11", "100", "2 3", "1/17", "2.5", "½", "two", "yes", "no", "1 or 2", "several days", "٢٣"],
)
def test_anything_else_is_no_answer(body: str) -> None:
    assert read(body) is None


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("listed", "shown", "digit"),
    [(Phrase.REPEAT_WORDS, Phrase.REPEAT, REPEAT), (Phrase.BACK_WORDS, Phrase.BACK, BACK)],
)
def test_every_language_has_words_for_its_keys(language: str, listed: Phrase, shown: Phrase, digit: int) -> None:
    repeat, back = words(language, Phrase.REPEAT_WORDS), words(language, Phrase.BACK_WORDS)
    assert len(words(language, listed)) == 3
    assert not repeat & back
    assert read(f" {say(shown, language).upper()}! ", repeat, back) == digit, "the word beside the key is one of them"
    for word in words(language, listed):
        assert read(word, repeat, back) == digit
        assert read_keyword(word, [language]) is None, "it must never stop, start or explain the texts"


def test_words_count_without_their_accents() -> None:
    assert read("atras", back=words("es", Phrase.BACK_WORDS)) == BACK
    assert read("repeter", words("fr", Phrase.REPEAT_WORDS)) == REPEAT
    assert plain("  Ça,  VA\u200f? ") == "ca va"


# ---- what a text comes to ----


def after(digit: int | None, *, seen: int | None = 2, at: int = 2, wrong: int = 0) -> Turn:
    return turn(digit, Place(at, wrong), seen=seen, answered=ANSWERED, options=OPTIONS)


def test_an_answer_leads_to_the_first_question_that_has_none() -> None:
    assert after(3) == Turn(Place(3), Then.ASK, Given(2, 3))
    assert after(1, seen=0, at=0) == Turn(Place(2), Then.ASK, Given(0, 1)), "what was answered before stays"


@pytest.mark.parametrize("typed", [7, DECLINE])
def test_seven_is_an_answer_of_its_own(typed: int) -> None:
    assert after(typed) == Turn(Place(3), Then.ASK, Given(2, None))


def test_the_last_answer_ends_it() -> None:
    last = turn(0, Place(2), seen=2, answered={0: 0, 1: 0, 3: 0}, options=OPTIONS)

    assert last == Turn(Place(2), Then.FINISH, Given(2, 0))


def test_nine_goes_one_back_and_never_before_the_first() -> None:
    assert after(BACK) == Turn(Place(1), Then.ASK)
    assert after(BACK, at=0, seen=0) == Turn(Place(0), Then.ASK)


def test_eight_repeats_the_question_in_full() -> None:
    assert after(REPEAT, wrong=2) == Turn(Place(2), Then.ASK_IN_FULL)


@pytest.mark.parametrize("digit", [None, 4, 5, 6])
def test_who_sends_no_answer_is_corrected_then_asked_again_then_offered_other_ways(digit: int | None) -> None:
    said = [after(digit, wrong=wrong).then for wrong in range(5)]

    assert said == [Then.CORRECT, Then.ASK_IN_FULL, *[Then.OFFER_OTHER_WAYS] * 3]
    assert after(digit, wrong=1) == Turn(Place(2, 2), Then.ASK_IN_FULL)


@pytest.mark.parametrize("digit", [0, DECLINE, BACK, REPEAT])
def test_any_sound_text_wipes_out_the_wrong_ones_before_it(digit: int) -> None:
    assert after(digit, wrong=2).place.not_understood == 0


def test_an_answer_before_the_next_question_has_left_corrects_the_one_before() -> None:
    assert after(0, seen=1, at=2) == Turn(Place(2), Then.ASK, Given(1, 0))


@pytest.mark.parametrize("digit", [None, 0, 3, DECLINE])
def test_nothing_is_an_answer_while_it_is_unsure_what_was_before_the_patient(digit: int | None) -> None:
    assert after(digit, seen=None) == Turn(Place(2), Then.ASK_IN_FULL)


def test_going_back_and_repeating_need_no_certainty() -> None:
    assert after(BACK, seen=None).place == Place(1)
    assert after(REPEAT, seen=None) == Turn(Place(2), Then.ASK_IN_FULL)


def test_an_answer_must_be_one_that_its_question_offers() -> None:
    yes_or_no = [{0, 1}, {0, 1, 2, 3}]

    assert turn(3, Place(0), seen=0, answered={}, options=yes_or_no).given is None
    assert turn(3, Place(1), seen=1, answered={}, options=yes_or_no).given == Given(1, 3)


RULER = set(range(11))


@pytest.mark.parametrize("value", sorted(RULER))
def test_on_a_ruler_every_number_is_an_answer(value: int) -> None:
    assert turn(value, Place(0), seen=0, answered={}, options=[RULER, {0, 1}]).given == Given(0, value)


@pytest.mark.parametrize(("key", "then"), [(DECLINE, Then.ASK), (REPEAT, Then.ASK_IN_FULL), (BACK, Then.ASK)])
def test_on_a_ruler_the_keys_have_two_digits(key: int, then: Then) -> None:
    step = turn(key, Place(0), seen=0, answered={}, options=[RULER, {0, 1}])

    assert step.then is then
    assert (step.given == Given(0, None)) is (key == DECLINE)
    assert keys_for(RULER) == {DECLINE: 77, REPEAT: 88, BACK: 99}
    assert keys_for({0, 1, 2, 3}) == {DECLINE: 7, REPEAT: 8, BACK: 9}


GATED = {"options": [{0, 1}, {0, 1}, {0, 1}, {0, 1}], "behind": {0: (1, 2)}}


@pytest.mark.parametrize(("value", "following"), [(0, 3), (7, 3), (1, 1)])
def test_what_hangs_on_a_gate_is_asked_when_it_is_answered_yes(value: int, following: int) -> None:
    assert turn(value, Place(0), seen=0, answered={}, **GATED).place.position == following


def test_going_back_returns_to_a_closed_gate_which_may_be_opened_then() -> None:
    back = turn(BACK, Place(3), seen=3, answered={0: 0}, **GATED)

    assert back.place.position == 0
    assert turn(1, back.place, seen=0, answered={0: 0}, **GATED).place.position == 1


def test_a_closed_gate_at_the_end_ends_it() -> None:
    last = turn(0, Place(0), seen=0, answered={3: 1}, **GATED)

    assert last.then is Then.FINISH


@pytest.mark.parametrize(("answered", "expected"), [((), 0), ((0, 1), 2), ((1, 2), 0), ((0, 1, 2), None)])
def test_the_first_open_question(answered: tuple[int, ...], expected: int | None) -> None:
    assert first_open(answered, 3) == expected


# ---- whole conversations ----


@dataclass
class Patient:
    """Somebody who answers, goes back, repeats, errs and hurries; `meant` is what they last chose for each question."""

    questions: int
    place: Place = field(default_factory=lambda: Place(0))
    on_screen: int | None = 0
    kept: dict[int, int | None] = field(default_factory=dict)
    meant: dict[int, int | None] = field(default_factory=dict)
    finished: bool = False

    def text(self, digit: int | None, *, arrives: bool = True) -> None:
        options = [{0, 1, 2, 3}] * self.questions
        declines = digit in (7, DECLINE)
        if (declines or digit in options[0]) and self.on_screen is not None:
            self.meant[self.on_screen] = None if declines else digit
        step = turn(digit, self.place, seen=self.on_screen, answered=dict(self.kept), options=options)
        if step.given:
            self.kept[step.given.position] = step.given.value
        self.place = step.place
        self.finished = step.then is Then.FINISH
        if arrives and step.then in (Then.ASK, Then.ASK_IN_FULL):
            self.on_screen = self.place.position


DIGITS = st.one_of(st.none(), st.integers(0, 10), st.sampled_from([DECLINE, REPEAT, BACK]))
TEXTS = st.lists(st.tuples(DIGITS, st.booleans(), st.booleans()), max_size=60)


@given(TEXTS, st.integers(1, 8), st.lists(st.sampled_from([0, 1, 2, 3, DECLINE]), min_size=8, max_size=8))
def test_whatever_is_sent_on_the_way_it_ends_in_exactly_the_answers_that_were_meant(
    texts: list[tuple[int | None, bool, bool]], questions: int, at_last: list[int]
) -> None:
    patient = Patient(questions)
    for digit, arrives, is_sure in texts:
        if not is_sure:
            patient.on_screen = None  # a nudge came in between, or nobody knows whether the question arrived
        patient.text(digit, arrives=arrives)
        if patient.finished:
            break
    texts_needed = 0
    while not patient.finished:
        patient.text(at_last[patient.place.position])
        texts_needed += 1
        assert texts_needed <= questions + 2, "it comes to an end"

    assert patient.kept == patient.meant
    assert set(patient.kept) == set(range(questions))
