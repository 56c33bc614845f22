"""STOP, START, HELP and the words that lead back, as people type them in every language; and what only looks so."""

import json

import pytest

from monitor.i18n import LANGUAGES
from monitor.measures import catalogue
from monitor.messaging import keywords
from monitor.messaging.keywords import PROVIDER, TABLE, Keyword, Said, plain, read
from monitor.messaging.texts import Phrase, say

# What Twilio blocks and unblocks by itself, and answers ("Customize users' opt-in and opt-out experience").
TWILIO = {
    Keyword.STOP: ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"),
    Keyword.START: ("START", "UNSTOP"),
    Keyword.YES: ("YES",),
    Keyword.HELP: ("HELP", "INFO"),
}
EVERY_WORD = [
    (language, Keyword(name.removesuffix("_alone")), word)
    for language, words in json.loads(TABLE.read_text(encoding="utf-8")).items()
    for name, listed in words.items()
    if name != "polite"
    for word in listed
]


def said(body: str, *languages: str) -> Keyword | None:
    found = read(body, languages)
    return found.keyword if found else None


@pytest.mark.parametrize(("keyword", "word"), [(key, word) for key, words in TWILIO.items() for word in words])
def test_what_the_provider_obeys_we_obey(keyword: Keyword, word: str) -> None:
    assert read(word, ()) == read(word.lower(), ()) == read(word.capitalize(), ("ar",)) == Said(keyword, is_bare=True)


def test_the_provider_obeys_nothing_that_we_do_not_know_of() -> None:
    assert {key: {word.upper() for word in keywords.words_of(PROVIDER, key)} for key in Keyword} == {
        key: set(TWILIO.get(key, ())) for key in Keyword
    }


@pytest.mark.parametrize(("language", "keyword", "word"), EVERY_WORD)
def test_a_word_alone_counts_in_every_language(language: str, keyword: Keyword, word: str) -> None:
    for spoken in LANGUAGES:
        assert read(word.upper(), (spoken,)) == Said(keyword, is_bare=True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_a_word_for_everything_that_can_be_asked_for(language: str) -> None:
    assert all(keywords.words_of(language, key) for key in Keyword if key is not Keyword.YES)


def test_no_word_means_two_things() -> None:
    meanings: dict[tuple[str, ...], set[Keyword]] = {}
    for _, keyword, word in EVERY_WORD:
        meanings.setdefault(plain(word), set()).add(keyword)
    assert {word: many for word, many in meanings.items() if len(many) > 1} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_for_a_question_of_a_check_in_is_one_of_them(language: str) -> None:
    """Going back to the question before is not coming back to the team, and no answer is either."""
    said_there = {
        plain(word)
        for phrase in (Phrase.REPEAT_WORDS, Phrase.BACK_WORDS, Phrase.REPEAT, Phrase.BACK, Phrase.DECLINE)
        for word in say(phrase, language).replace("،", ",").split(",")
    }
    answers = {
        plain(option.label)
        for code in catalogue.CODES
        if language in catalogue.languages(code)
        for item in range(1, catalogue.spec(code).item_count + 1)
        for option in catalogue.load(code, language).options_of(item)
    }
    known = {plain(word) for _, _, word in EVERY_WORD}
    leads_back = {plain(word) for _, key, word in EVERY_WORD if key in (Keyword.COME_BACK, Keyword.PLAN)}
    assert known & said_there == leads_back & answers == set()
    assert not any(character.isdigit() for word in known for part in word for character in part)


@pytest.mark.parametrize("body", ["Return to sender", "Plan for Tuesday?", "I cannot come back on Monday", "no plan"])
def test_the_words_that_lead_back_count_alone_and_not_inside_a_sentence(body: str) -> None:
    assert read(body, tuple(LANGUAGES)) is None


@pytest.mark.parametrize(
    ("body", "keyword"),
    [
        (" Return. ", Keyword.COME_BACK),
        ("please come back", Keyword.COME_BACK),
        ("ZURUCKKOMMEN!", Keyword.COME_BACK),
        ("ＲＥＴＵＲＮ", Keyword.COME_BACK),
        ("اريد العوده", Keyword.COME_BACK),
        ("My plan, please", Keyword.PLAN),
        ("«план»", Keyword.PLAN),
    ],
)
def test_the_words_that_lead_back_are_read_however_they_are_typed(body: str, keyword: Keyword) -> None:
    assert read(body, ()) == Said(keyword, is_bare=True)


@pytest.mark.parametrize(
    "body",
    [
        "stop",
        " Stop. ",
        "STOP!!!",
        '"STOP"',
        "«stop»",
        "„Stop“",
        "(stop)",
        "-stop-",
        "*STOP*",
        "\n\tstop\r\n",
        "ＳＴＯＰ",
        "S.T.O.P",
        "s t o p",
        "stóp",
        "ST\u200bOP",  # zero width space
        "\u200eSTOP\u200f",  # marks of direction
        "\ufeffSTOP",
        "ST\u00adOP",  # soft hyphen
        "STOP 🛑",
        "stop please",
        "Please, stop",
        "stop, thanks",
        "STOP NOW PLEASE",
        "𝐒𝐓𝐎𝐏",
    ],
)
def test_stop_is_stop_however_it_is_typed(body: str) -> None:
    assert read(body, ("en",)) == Said(Keyword.STOP, is_bare=True)


@pytest.mark.parametrize(
    ("body", "language"),
    [
        ("Stop texting me", "en"),
        ("stop it hurts", "en"),
        ("CANCEL these messages", "en"),
        ("please stop sending me these", "en"),
        ("STOP los mensajes", "es"),
        ("No más mensajes", "es"),
        ("Arrêtez de m'écrire", "fr"),
        ("s’il vous plaît arrêtez ces messages", "fr"),
        ("Bitte aufhören mit SMS", "de"),
        ("basta messaggi", "it"),
        ("stoppen met sms", "nl"),
        ("Przestańcie pisać", "pl"),
        ("parem de enviar SMS", "pt_BR"),
        ("Припиніть надсилати", "uk"),
        ("أوقفوا الرسائل", "ar"),
        ("اوقفوا الرسائل", "ar"),
    ],
)
def test_a_text_that_begins_with_a_stop_word_stops_whatever_follows(body: str, language: str) -> None:
    assert read(body, (language,)) == Said(Keyword.STOP, is_bare=False)


@pytest.mark.parametrize(
    ("body", "language"),
    [
        ("I can't stop crying", "en"),
        ("don't stop", "en"),
        ("nonstop", "en"),
        ("stopped", "en"),
        ("the end", "en"),
        ("fine", "en"),
        ("para mí es difícil", "es"),
        ("fin de semana", "es"),
        ("baja autoestima", "es"),
        ("arrêt maladie", "fr"),
        ("Ende der Woche", "de"),
        ("sair de casa", "pt_BR"),
        ("досить добре", "uk"),
        ("yes please do that", "en"),
        ("", "en"),
        ("...", "en"),
        ("🛑", "en"),
    ],
)
def test_what_may_mean_something_else_opts_nobody_out(body: str, language: str) -> None:
    assert read(body, (language,)) is None


@pytest.mark.parametrize("digit", ["0", "1", "3", "9", "٢", "۲", "２", "1 2 3", "0.", " 3 ", "988", "²"])
def test_a_number_is_never_a_keyword(digit: str) -> None:
    for language in LANGUAGES:
        assert read(digit, (language,)) is None


def test_a_stop_word_at_the_head_counts_in_the_patients_language_and_in_english() -> None:
    assert said("Przestań pisać", "pl") is Keyword.STOP
    assert said("Przestań pisać", "en") is None
    assert said("stop pisać", "pl") is Keyword.STOP


@pytest.mark.parametrize(
    ("body", "language"),
    [("help me", "en"), ("Help, I don't know what to do", "en"), ("Aidez-moi", "fr"), ("Ayuda por favor", "es")],
)
def test_whoever_asks_for_help_gets_it_in_any_number_of_words(body: str, language: str) -> None:
    assert said(body, language) is Keyword.HELP


def test_only_the_bare_word_starts_the_texts_again() -> None:
    assert said("START please", "en") is Keyword.START
    assert said("start of the week was bad", "en") is None


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("Ça va?", ("ca", "va")),
        ("WYŁĄCZ", ("wylacz",)),
        ("إلغاء", ("الغاء",)),
        ("تـوقّـف", ("توقف",)),
        ("المساعدة", ("المساعده",)),
        ("Straße", ("strasse",)),
        ("STOPPİNG", ("stopping",)),
        ("J'arrête", ("j", "arrete")),
        ("a b 12", ("a", "b", "12")),
        ("", ()),
    ],
)
def test_words_are_compared_without_what_keyboards_differ_in(body: str, words: tuple[str, ...]) -> None:
    assert plain(body) == words
