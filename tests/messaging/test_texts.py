"""What a patient reads on a lock screen that others may see."""

import re
import unicodedata
from datetime import UTC, datetime

import pytest

from monitor.checkins.forms import Question, questions
from monitor.checkins.text_bodies import Bodies
from monitor.config import Settings
from monitor.i18n import LANGUAGES, TRANSLATIONS, catalogue, format_moment
from monitor.measures import catalogue as measures
from monitor.messaging.segments import Encoding, count
from monitor.messaging.text_budget import LONGEST_LINK, OF_OUR_OWN_ACCORD, budget, cost
from monitor.messaging.texts import STOP_WORD, Phrase, TextKind, render, say
from monitor.people.help_lines import HelpLine, lines_for
from monitor.translation_rules import placeholder_faults

SENDER = "Riverside"
LINK = "https://go.example.org/c/4f9Kq2Lm8RsT1uVw3XyZ5a"

TRANSLATED = [language for language in LANGUAGES if language != "en"]
EVERY_TEXT = [(language, kind) for language in LANGUAGES for kind in OF_OUR_OWN_ACCORD]
EVERY_PHRASE = [(language, phrase) for language in LANGUAGES for phrase in Phrase]
COUNTRIES = ("GB", "US", "ES", "FR", "DE", "IT", "NL", "PL", "BR", "UA", "EG", "BE", "CA", "CL", "other")
LATE = datetime(2026, 9, 23, 17, 30, tzinfo=UTC)
"""A Wednesday in September: long in most languages."""

LONGEST_CHECK_IN = {
    "en": 27, "es": 45, "fr": 47, "de": 28, "it": 28, "nl": 27, "pl": 51, "pt_BR": 45, "uk": 49, "ar": 43,
}  # fmt: skip
"""Segments of a whole PHQ-9 and GAD-7 by text, thanks included, as long as nothing is repeated."""
LONGEST_TEXT = 10
"""Segments of any one text: the provider refuses more than 1600 characters, and long ones get lost."""

ANYWHERE = ("phq", "gad-", "score", "depress", "therap", "psych", "clinic", "symptom", "mental")
HEALTH = {
    "en": ("anxi", "mood", "health", "wellbeing", "well-being", "care", "doctor", "patient", "hospital", "treat"),
    "es": ("ansie", "depresi", "salud", "síntoma", "ánimo", "terap", "clínic", "médic", "paciente", "puntua", "psic"),
    "fr": ("anxi", "dépress", "santé", "symptôm", "humeur", "thérap", "cliniqu", "médec", "patient", "soin", "moral"),
    "de": ("angst", "gesund", "stimmung", "klinik", "arzt", "ärzt", "patient", "behandl", "punkt", "praxis", "seel"),
    "it": ("ansi", "salute", "sintom", "umore", "terap", "clinic", "medic", "pazient", "punteg", "psic", "cura"),
    "nl": ("angst", "gezond", "klacht", "stemming", "arts", "dokter", "patiënt", "behandel", "zorg", "kliniek"),
    "pl": ("lęk", "depresj", "zdrow", "objaw", "nastr", "terap", "klini", "lekarz", "pacjent", "wynik", "leczen"),
    "pt_BR": ("ansied", "depress", "saúde", "sintom", "humor", "terap", "clínic", "médic", "pacient", "pontua", "psic"),
    "uk": ("тривог", "тривож", "депрес", "здоров", "симптом", "настр", "терап", "клінік", "лікар", "пацієнт", "псих"),
    "ar": ("اكتئاب", "قلق", "صحة", "صحي", "أعراض", "مزاج", "علاج", "عيادة", "طبيب", "مريض", "نفسي", "درجة"),
}
BLAME = {
    "en": ("missed", "forgot", "overdue", "late", "fail", "must", "should", "waiting"),
    "es": ("olvid", "falt", "debe", "tarde", "pendiente", "esper"),
    "fr": ("oubli", "manqu", "devez", "retard", "attend"),
    "de": ("vergess", "versäum", "verpass", "müssen", "überfällig", "warten"),
    "it": ("dimentic", "manca", "deve ", "ritard", "scadut", "attes"),
    "nl": ("verget", "gemist", "moet", "te laat", "wachten"),
    "pl": ("zapomn", "pomin", "musi", "spóźn", "zaleg", "czeka"),
    "pt_BR": ("esquec", "falt", "deve ", "atras", "pendente", "esper"),
    "uk": ("забул", "пропусти", "повинн", "мусите", "запізн", "чека"),
    "ar": ("نسيت", "فاتك", "يجب", "تأخر", "ننتظر"),
}
REVEALING = {
    "en": "Your mood form for the anxiety service",
    "es": "Su cuestionario de salud",
    "fr": "Votre questionnaire de santé",
    "de": "Ihr Fragebogen zur Gesundheit",
    "it": "Il Suo questionario sull'umore",
    "nl": "Uw vragenlijst over angst",
    "pl": "Ankieta o zdrowiu",
    "pt_BR": "Seu questionário de saúde",
    "uk": "Ваш опитувальник про здоров'я",
    "ar": "استبيان الصحة النفسية",
}


def revealed(text: str, language: str) -> list[str]:
    """Return the words of a text that say what it is about."""
    return [word for word in (*ANYWHERE, *HEALTH[language]) if word in text.casefold()]


def words(language: str, kind: TextKind) -> str:
    """Return what a patient reads above the link."""
    return render(kind, language, sender=SENDER, link=LINK).removesuffix("\n" + LINK)


def phrase_in(language: str, phrase: Phrase) -> str:
    """Return a phrase with numbers and a moment in it."""
    given = {"number": "112", "moment": "9:00", "name": "Line", "word": "HELLO", "key": "2"}
    return say(phrase, language, lowest="0", highest="10", again="88", **given)


def bodies(language: str, country: str = "GB", *, covered: bool = True) -> Bodies:
    """Return the bodies of a check-in by text at their longest."""
    moment = format_moment(LATE, language, "Europe/London", None if country == "other" else country)
    return Bodies(language, lines_for(country, language), moment if covered else None)


def asked(language: str) -> tuple[Question, ...]:
    """Return every question of a check-in, provisional wording included."""
    return questions(measures.load(code, language) for code in measures.TRACKED)


@pytest.mark.parametrize(("language", "kind"), EVERY_TEXT)
def test_no_text_costs_more_than_its_budget(language: str, kind: TextKind) -> None:
    counted = cost(language, kind)
    assert counted.segments <= budget(language, kind), f"{counted.units} units, written with {counted.costly}"


@pytest.mark.parametrize(("language", "kind"), [each for each in EVERY_TEXT if budget(*each) == 1])
def test_no_letter_doubles_the_price(language: str, kind: TextKind) -> None:
    counted = count(render(kind, language, sender=SENDER, link=LINK))
    assert counted.encoding is Encoding.GSM7, f"written with {counted.costly}"


@pytest.mark.parametrize(("language", "kind"), EVERY_TEXT)
def test_the_link_stands_last_on_a_line_of_its_own(language: str, kind: TextKind) -> None:
    first, *last = render(kind, language, sender=SENDER, link=LINK).split("\n")
    assert last == ([] if kind is TextKind.BY_TEXT else [LINK])
    assert "http" not in first


@pytest.mark.parametrize(("language", "kind"), EVERY_TEXT)
def test_a_lock_screen_says_nothing_about_health(language: str, kind: TextKind) -> None:
    assert revealed(words(language, kind), language) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_list_of_health_words_would_catch_one(language: str) -> None:
    assert revealed(REVEALING[language], language)


@pytest.mark.parametrize(("language", "kind"), EVERY_TEXT)
def test_nobody_is_blamed_or_shouted_at(language: str, kind: TextKind) -> None:
    text = words(language, kind)
    assert [word for word in BLAME[language] if word in text.casefold()] == []
    assert not set("!¡！") & set(text)


@pytest.mark.parametrize(("language", "kind"), EVERY_TEXT)
def test_the_only_numbers_are_the_minutes_it_takes_and_what_to_reply(language: str, kind: TextKind) -> None:
    numbers = set(re.findall(r"\d+", words(language, kind)))
    assert numbers == {"1"} if kind is TextKind.BY_TEXT else numbers <= {"2", "3"}


@pytest.mark.parametrize(("language", "kind"), EVERY_TEXT)
def test_every_text_says_who_writes(language: str, kind: TextKind) -> None:
    assert words(language, kind).count(SENDER) == 1


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", [TextKind.INVITATION, TextKind.REMINDER, TextKind.BY_TEXT])
def test_the_texts_that_open_something_say_how_to_stop(language: str, kind: TextKind) -> None:
    assert f" {STOP_WORD}" in words(language, kind)


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated_with_the_same_placeholders(language: str) -> None:
    for message in catalogue(language, "texts"):
        assert not message.id or placeholder_faults(str(message.id), str(message.string)) == []
    for kind in OF_OUR_OWN_ACCORD:
        assert words(language, kind) != words("en", kind)
    for phrase in set(Phrase) - {Phrase.NONE_NOTICED}:  # "No" is "No" in three of them
        assert phrase_in(language, phrase) != phrase_in("en", phrase)


def test_no_two_texts_of_a_language_say_the_same() -> None:
    for language in LANGUAGES:
        assert len({words(language, kind) for kind in OF_OUR_OWN_ACCORD}) == len(OF_OUR_OWN_ACCORD)


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_says_that_no_native_speaker_has_read_it_yet(language: str) -> None:
    header, _, _ = (TRANSLATIONS / language / "LC_MESSAGES" / "texts.po").read_text(encoding="utf-8").partition("\n\n")
    for line in (f"Language: {language}", "MIME-Version: 1.0", "text/plain; charset=utf-8", "X-Review: draft"):
        assert line in header
    assert "Plural-Forms: nplurals=" in header


@pytest.mark.parametrize("said", [*OF_OUR_OWN_ACCORD, *Phrase])
def test_arabic_begins_with_arabic_so_that_phones_lay_the_line_out_from_the_right(said: TextKind | Phrase) -> None:
    # Phones take a line's direction from its first letter; a sender in Latin letters must not come first.
    text = words("ar", said) if isinstance(said, TextKind) else phrase_in("ar", said).removeprefix("Line: ")
    directions = [unicodedata.bidirectional(character) for character in text]
    assert next(each for each in directions if each in ("L", "R", "AL")) == "AL"
    assert "Cf" not in map(unicodedata.category, text), "no invisible direction marks: some networks print them"


def test_a_sender_may_contain_anything_that_a_name_contains() -> None:
    text = render(TextKind.REMINDER, "en", sender="100% & <Co>", link=LINK)
    assert text.startswith("100% & <Co>: your questions are ready.")


def test_the_words_in_english() -> None:
    assert render(TextKind.INVITATION, "en", sender="Riverside", link=LINK) == (
        "This is Riverside. We have a few questions for you, about 2 minutes. To end these texts, reply STOP.\n" + LINK
    )


# ---- a check-in by text ----


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("covered", [True, False])
def test_a_whole_check_in_by_text_costs_no_more_than_its_budget(language: str, covered: bool) -> None:
    said, every = bodies(language, covered=covered), asked(language)
    texts = [said.question(each, len(every), in_full=each.number == 1, opening=each.number == 1) for each in every]
    texts.append(said.end(safety=False))
    assert sum(count(text).segments for text in texts) <= LONGEST_CHECK_IN[language]


def test_what_one_patient_may_cost_in_a_day_leaves_room_for_a_whole_check_in_twice() -> None:
    # Somebody who has every question repeated, or errs now and then, must not be left without the next one.
    assert Settings.model_fields["spend_per_patient"].default >= 2 * max(LONGEST_CHECK_IN.values())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("country", COUNTRIES)
def test_no_text_is_too_long_to_arrive(language: str, country: str) -> None:
    said, every = bodies(language, country), asked(language)
    for text in (
        *(said.question(each, len(every), in_full=True, opening=True) for each in every),
        said.support_and_go_on(),
        said.end(safety=True),
        said.too_late(Phrase.CLOSED, safety=True),
        said.other_ways("+441632960123", LONGEST_LINK),
        said.correction(every[0]),
        said.to_begin(),
    ):
        assert count(text).segments <= LONGEST_TEXT
        assert len(text) <= 1600


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_question_is_the_instruments_own_wording_and_every_answer_can_be_read(language: str) -> None:
    said, every = bodies(language), asked(language)
    for each in every:
        in_full, short = said.question(each, len(every), in_full=True), said.question(each, len(every))
        assert each.text in in_full
        assert each.text in short
        assert all(f"\n{option.value} {option.label}" in in_full for option in each.options)
        assert each.stem is None or each.stem in in_full
        assert (each.stem or "") in short or each.item > 1
        below = short.partition(each.text)[2]
        assert all(str(option.value) in below for option in (each.options[0], each.options[-1]))
        if each.is_safety:
            assert all(option.label in below for option in (each.options[0], each.options[-1]))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_keys_are_the_same_in_every_language(language: str) -> None:
    every = asked(language)
    keys = bodies(language).question(every[0], len(every), in_full=True).split("\n")[-3:]
    assert [key.split()[0] for key in keys] == ["7", "8", "9"]
    assert all(digit in phrase_in(language, Phrase.CORRECTION) for digit in "01238")
    assert "8" in phrase_in(language, Phrase.GO_ON)
    assert "1" in phrase_in(language, Phrase.TO_BEGIN)


@pytest.mark.parametrize(("language", "phrase"), EVERY_PHRASE)
def test_no_phrase_says_what_the_questions_are_about_or_blames_anybody(language: str, phrase: Phrase) -> None:
    text = phrase_in(language, phrase)
    assert revealed(text, language) == []
    assert [word for word in BLAME[language] if word in text.casefold()] == []
    assert not set("!¡！") & set(text)
    assert STOP_WORD not in text.split(), "none but the texts that open something speak of stopping"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("country", COUNTRIES)
def test_help_names_the_emergency_number_first_and_then_the_lines_of_the_page(language: str, country: str) -> None:
    aid = lines_for(country, language)
    danger, *lines = bodies(language, country).support().split("\n")[1:-1]
    assert aid.emergency.number in danger
    assert len(lines) == min(len(aid.lines), 3)
    for line, row in zip(lines, aid.lines, strict=False):
        assert line.startswith(row.name)
        assert dialled(row) in line.removeprefix(row.name).replace(" ", "")
        assert all(word in line for word in (row.send, row.choose) if word)


@pytest.mark.parametrize("phrase", [Phrase.NOTICE, Phrase.SEEN_BY, Phrase.READ_BY])
@pytest.mark.parametrize("language", LANGUAGES)
def test_when_somebody_reads_is_said_where_it_can_be(language: str, phrase: Phrase) -> None:
    assert "9:00" in phrase_in(language, phrase)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_time_is_promised_where_none_can_be_kept(language: str) -> None:
    said, every = bodies(language, covered=False), asked(language)
    for text in (said.support(), said.end(safety=True), said.end(safety=False), said.question(every[8], len(every))):
        assert not re.search(r"\d:\d\d", text)


def test_no_group_of_a_number_can_be_turned_round_from_right_to_left() -> None:
    for country in COUNTRIES:
        for line in bodies("ar", country).support().split("\n")[1:-1]:
            assert not re.search(r"\d \d", line)


def dialled(line: HelpLine) -> str:
    return line.number.replace(" ", "")
