"""What a patient reads on a lock screen that others may see."""

import re
import unicodedata

import pytest

from monitor.i18n import LANGUAGES, TRANSLATIONS, catalogue, placeholder_faults
from monitor.messaging.segments import Encoding, count
from monitor.messaging.texts import STOP_WORD, TextKind, render

SENDER = "Riverside"
LONGEST_SENDER = "R" * 11  # what networks allow for a sender by name
LINK = "https://go.example.org/c/4f9Kq2Lm8RsT1uVw3XyZ5a"
LONGEST_LINK = f"https://{'h' * 11}/c/{'t' * 22}"  # 44 characters

TRANSLATED = [language for language in LANGUAGES if language != "en"]
EVERY_TEXT = [(language, kind) for language in LANGUAGES for kind in TextKind]

# Languages whose own letters GSM 7-bit can write, with words chosen to need no others.
ONE_SEGMENT = {"en", "es", "fr", "de", "it", "nl", "pl", "pt_BR"}
TWO_SEGMENTS = {("pl", TextKind.NEW_LINK)}  # "wiadomość": there is no natural way round its letters

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
    return render(kind, language, sender=SENDER, link=LINK).rpartition("\n")[0]


def budget(language: str, kind: TextKind) -> int:
    return 1 if language in ONE_SEGMENT and (language, kind) not in TWO_SEGMENTS else 2


@pytest.mark.parametrize(("language", "kind"), EVERY_TEXT)
def test_no_text_costs_more_than_its_budget(language: str, kind: TextKind) -> None:
    counted = count(render(kind, language, sender=LONGEST_SENDER, link=LONGEST_LINK))
    assert counted.segments <= budget(language, kind), f"{counted.units} units, written with {counted.costly}"


@pytest.mark.parametrize(("language", "kind"), [each for each in EVERY_TEXT if budget(*each) == 1])
def test_no_letter_doubles_the_price(language: str, kind: TextKind) -> None:
    counted = count(render(kind, language, sender=SENDER, link=LINK))
    assert counted.encoding is Encoding.GSM7, f"written with {counted.costly}"


@pytest.mark.parametrize(("language", "kind"), EVERY_TEXT)
def test_the_link_stands_last_on_a_line_of_its_own(language: str, kind: TextKind) -> None:
    first, last = render(kind, language, sender=SENDER, link=LINK).split("\n")
    assert last == LINK
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
def test_the_only_numbers_are_the_minutes_it_takes(language: str, kind: TextKind) -> None:
    assert set(re.findall(r"\d+", words(language, kind))) <= {"2", "3"}


@pytest.mark.parametrize(("language", "kind"), EVERY_TEXT)
def test_every_text_says_who_writes(language: str, kind: TextKind) -> None:
    assert words(language, kind).count(SENDER) == 1


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", [TextKind.INVITATION, TextKind.REMINDER])
def test_the_texts_that_open_something_say_how_to_stop(language: str, kind: TextKind) -> None:
    assert f" {STOP_WORD}" in words(language, kind)


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated_with_the_same_placeholders(language: str) -> None:
    messages = [message for message in catalogue(language, "texts") if message.id]
    assert len(messages) == len(TextKind)
    for message in messages:
        assert placeholder_faults(str(message.id), str(message.string)) == []
    for kind in TextKind:
        assert words(language, kind) != words("en", kind)


def test_no_two_texts_of_a_language_say_the_same() -> None:
    for language in LANGUAGES:
        assert len({words(language, kind) for kind in TextKind}) == len(TextKind)


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_says_that_no_native_speaker_has_read_it_yet(language: str) -> None:
    header, _, _ = (TRANSLATIONS / language / "LC_MESSAGES" / "texts.po").read_text(encoding="utf-8").partition("\n\n")
    for line in (f"Language: {language}", "MIME-Version: 1.0", "text/plain; charset=utf-8", "X-Review: draft"):
        assert line in header
    assert "Plural-Forms: nplurals=" in header


@pytest.mark.parametrize("kind", TextKind)
def test_arabic_begins_with_arabic_so_that_phones_lay_the_line_out_from_the_right(kind: TextKind) -> None:
    # Phones take a line's direction from its first letter; a sender in Latin letters must not come first.
    text = words("ar", kind)
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
