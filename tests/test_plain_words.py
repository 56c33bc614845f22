"""Everything in English that a patient can read: short sentences and everyday words, for a bad day, a small screen."""

import re
import tomllib
from functools import cache
from statistics import median

import pytest

from monitor.care.resources import FOLDER
from monitor.cli.catalogues import collect
from tests.plain_words import Read, read, syllables, together

GRADE_OF_ALL = 4.0
"""Six would be an adult's easy reading; ours was 2 when this was written, and is not to creep up unseen."""
HARDEST = 9.0
LONGEST_SENTENCE = 20
USUAL_SENTENCE = 12
"""At most so many words a sentence, as the median."""
ENOUGH_TO_JUDGE = 8
"""Words: the formula was made for running text, and says nothing of a label."""
FEW_WORDS = 4
"""Fewer are a label, no sentence."""

HARD_ALL_THE_SAME = {
    "Fictional service for demonstration. Every person here is invented.": "no patient of a real service reads it",
}
"""What is harder than HARDEST, and why it may be."""

BETTER = {
    r"utili[sz]\w*": "use",
    r"assess\w*": "ask, look at",
    r"complian\w*|adher\w*": "say what happened",
    r"regarding|concerning|with respect to": "about",
    r"commenc\w*|initiat\w*": "begin, start",
    r"terminat\w*|cease\w*|discontinu\w*": "end, stop",
    r"prior to|subsequent\w*": "before, after",
    r"sufficient\w*|insufficient\w*": "enough, too little",
    r"additional\w*|further": "more",
    r"assist\w*": "help",
    r"requir\w*": "need",
    r"obtain\w*|acquir\w*|receiv\w*": "get",
    r"provid\w*": "give",
    r"purchas\w*": "buy",
    r"attempt\w*|endeavou?r\w*": "try",
    r"in order to|in the event of|due to|in accordance with": "to, if, because of, as",
    r"however|therefore|furthermore|nevertheless|whilst|thus|hence": "but, so, and",
    r"approximately": "about",
    r"notif\w+|inform\w*|advis\w*": "tell",
    r"symptom\w*|disorder\w*|diagnos\w*|patholog\w*|intervention\w*|clinical|psychiatr\w*": "say what is meant",
    r"questionnaire\w*|instrument\w*|baseline|threshold\w*|severity": "questions, start",
    r"submit\w*|submission\w*|authenti\w*|credential\w*|invalid|session|device\w*|browser'?s? cache|URL|token": (
        "send, sign in, phone, link"
    ),
    r"unfortunately|simply|just tap|please note|kindly": "leave it out",
    r"click\w*": "tap",
}
"""Words that make people feel examined, or small, or lost; and what to say in their place."""


@cache
def texts() -> list[str]:
    """Each English message of pages and texts, both forms of a plural, and the ideas for the time between contacts."""
    messages = [message.id for domain in ("messages", "texts") for message in collect(domain) if message.id]
    said = [text for each in messages for text in ([each] if isinstance(each, str) else each)]
    ideas = tomllib.loads((FOLDER / "en.toml").read_text(encoding="utf-8"))["resource"]
    return said + [each[part] for each in ideas for part in ("title", "text")]


def every() -> dict[str, Read]:
    """Each of them, taken apart."""
    return {text: taken for text in texts() if (taken := read(text)).words}


def passages() -> dict[str, Read]:
    """Those that are long enough to be judged."""
    return {text: each for text, each in every().items() if len(each.words) >= ENOUGH_TO_JUDGE}


def test_it_can_be_read_without_much_schooling() -> None:
    assert len(passages()) > 150
    assert together(list(passages().values())).grade <= GRADE_OF_ALL


def test_no_text_is_much_harder_than_the_others() -> None:
    hard = {text: round(each.grade, 1) for text, each in passages().items() if each.grade > HARDEST}

    assert set(hard) == set(HARD_ALL_THE_SAME), hard


def test_no_sentence_is_long() -> None:
    sentences = [sentence for each in every().values() for sentence in each.sentences if len(sentence) >= FEW_WORDS]

    assert [" ".join(each) for each in sentences if len(each) > LONGEST_SENTENCE] == []
    assert median(map(len, sentences)) <= USUAL_SENTENCE


def test_a_label_is_short_and_has_no_long_word() -> None:
    labels = [each for each in every().values() if len(each.words) < ENOUGH_TO_JUDGE]

    assert [" ".join(each.words) for each in labels if max(map(syllables, each.words)) > 4] == []


@pytest.mark.parametrize("word", BETTER)
def test_no_word_sounds_like_an_office(word: str) -> None:
    found = [text for text in texts() if re.search(rf"\b({word})\b", text, re.IGNORECASE)]

    assert found == [], f"better: {BETTER[word]}"


def test_nothing_is_shouted_or_praised() -> None:
    assert [text for text in texts() if re.search(r"!|\bwell done\b|\bgreat\b|\bcongratul|\bstreak", text, re.I)] == []


# ---- the measure itself ----

COUNTED = {
    1: "a the asked closed times text cares like said year whole choose months once through friend thought helps",
    2: "people question answers about lighter minutes reading trying pages begun alone changes little noticed closely"
    " being something sometimes safety hopeless somewhere diet quiet social many service",
    3: "usual another connection heavier idea encrypted medicines surroundings appointment specialist ideas"
    " messages easily",
    4: "professionals emergency moderately information television",
}


def test_syllables_are_counted_as_they_are_spoken() -> None:
    counted = {word: syllables(word) for words in COUNTED.values() for word in words.split()}
    wanted = {word: count for count, words in COUNTED.items() for word in words.split()}

    wrong = {word: count for word, count in counted.items() if count != wanted[word]}

    assert len(wrong) <= len(counted) * 0.03, wrong


def test_a_known_text_gets_its_known_grade() -> None:
    """The sentence by which programs that count are often compared: 13 words and 24 syllables, grade 11.3."""
    known = read("The Australian platypus is seemingly a hybrid of a mammal and reptilian creature.")

    assert (len(known.words), known.grade) == (13, pytest.approx(11.3, abs=2))


def test_hard_words_and_long_sentences_would_be_noticed() -> None:
    office = read(
        "Subsequent to the completion of your psychological assessment, additional information regarding recommended "
        "interventions will be communicated to you by the multidisciplinary team."
    )

    assert office.grade > HARDEST
    assert len(office.sentences[0]) > LONGEST_SENTENCE
    assert read("How are you today? Tell us in your own words.").grade < GRADE_OF_ALL


def test_what_stands_for_something_is_read_as_it_is_seen() -> None:
    shown = read("Call %(number)s, or %(open)ssee who you can call%(close)s by %(moment)s.\n%(link)s")

    assert shown.sentences == (
        ("Call", "one", "or", "see", "who", "you", "can", "call", "by", "Monday", "at", "10"),
        ("one",),
    )
