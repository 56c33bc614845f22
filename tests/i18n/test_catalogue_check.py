"""`monitor i18n check`: what it refuses in a catalogue, and that the catalogues of the program have nothing of it."""

from collections.abc import Iterator

import pytest
from babel.messages.catalog import Catalog
from click.testing import CliRunner

from monitor.cli.catalogue_checks import catalogue_faults, follows_cldr, served, text_faults
from monitor.cli.catalogues import check_command
from monitor.i18n import LANGUAGES
from monitor.messaging import text_budget
from tests.i18n.catalogues import forget

SAVE = "Save"
CALL = "Call %(number)s or see %(open)swho you can call%(close)s."
LINES = "Your questions are ready.\n%(link)s"
DAY, DAYS = "%(count)s day", "%(count)s days"
POLISH = {
    SAVE: "Zapisz",
    CALL: "Zadzwoń pod %(number)s albo %(open)szobacz numery%(close)s.",
    LINES: "Pytania są gotowe.\n%(link)s",
    (DAY, DAYS): ("%(count)s dzień", "%(count)s dni", "%(count)s dni"),
}


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    forget()
    yield
    forget()


def catalogue(language: str, messages: dict, **header: str) -> Catalog:
    made = Catalog(locale=language, fuzzy=False)
    if header:
        made.mime_headers = [("Content-Type", "text/plain; charset=utf-8"), *header.items()]
    for english, text in messages.items():
        made.add(english, text)
    return made


def faults(**changed: str | tuple[str, ...] | None) -> list[str]:
    """What is said of the Polish catalogue with some of its messages changed."""
    names = {"save": SAVE, "call": CALL, "lines": LINES, "days": (DAY, DAYS)}
    have = POLISH | {names[name]: text for name, text in changed.items()}
    found = catalogue("pl", {english: text for english, text in have.items() if text is not None})
    return [
        fault.why for fault in catalogue_faults("pl", "messages", found, catalogue("pl", dict.fromkeys(POLISH, "")))
    ]


def test_a_good_catalogue_has_no_fault() -> None:
    assert faults() == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "not translated"),
        ("", "not translated"),
        ("Save", "the same as the English"),
        ("Zapisz.", "ends with '.', and the English with 'e'"),
        ("Zapisz!", "an exclamation mark"),
        (" Zapisz", "blanks at an end"),
        ("Zapisz\n", "an invisible U+000A"),
        ("Zapisz  to", "two blanks in a row"),
        ("Zap\u200bisz", "an invisible U+200B"),
        ("\u202eZapisz", "an invisible U+202E"),
        ("\u2067Zapisz", "an invisible U+2067"),
        ("Zapisz\x00", "an invisible U+0000"),
        ("Zapi\ufffdz", "an invisible U+FFFD"),
        ("Zapisz&nbsp;to", "markup"),
        ("Zapisz &lt;to", "markup"),
        ("<b>Zapisz</b>", "markup"),
        ("Zapisz %", "a bare % at the end"),
        ("Zapisz 5 % z", "a bare % before ' '"),
        ("Zapisz %(to)s", "unknown %(to)s"),
        ("Zаpisz", "letters of two scripts in one word"),
        ("حفظ", "letters of another language (حظف)"),
        ("Zapisz Зберегти", "letters of another language (Збгеирт)"),
        ("Zapisz ٣", "digits that are not 0 to 9"),
        ("Zapisz wszystko, co tu widać, i wróć", "36 letters for 4"),
    ],
)
def test_a_message_is_refused_for(text: str | None, why: str) -> None:
    assert why in faults(save=text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Zadzwoń albo %(open)szobacz%(close)s.", "missing %(number)s"),
        ("%(number)s, %(number)s: %(open)szobacz%(close)s.", "%(number)s too often"),
        ("%(open)sZadzwoń pod %(number)s%(close)s.", "%(open)s and %(close)s around something else"),
        ("%(number)s %(close)szobacz%(open)s.", "%(open)s and %(close)s around something else"),
        ("%(number)d %(open)szobacz%(close)s.", "%(number)d must be %(number)s"),
    ],
)
def test_a_message_with_parts_keeps_each_of_them_once(text: str, why: str) -> None:
    assert faults(call=text) == [why]


def test_the_link_of_a_text_keeps_its_own_line() -> None:
    assert faults(lines="Pytania są gotowe: %(link)s") == ["other lines than the English"]


@pytest.mark.parametrize(
    ("forms", "why"),
    [
        (("jeden dzień", "%(count)s dni", "%(count)s dni"), []),
        (("%(count)s dzień", "kilka dni", "%(count)s dni"), ["form 1: missing %(count)s"]),
        (("%(count)s dzień", "%(count)s dni", ""), ["not translated"]),
        (("%(count)s dzień", "%(count)s <i>dni</i>", "%(count)s dni"), ["form 1: markup"]),
        (("%(count)s dzień", "%(count)s dni"), ["2 plural forms, and the language has 3"]),
    ],
)
def test_every_plural_form_is_there_and_says_the_number(forms: tuple[str, ...], why: list[str]) -> None:
    assert faults(days=forms) == why


def test_a_message_that_nothing_says_any_more_is_refused() -> None:
    have, wanted = catalogue("pl", POLISH), catalogue("pl", {SAVE: ""})

    assert {fault.why for fault in catalogue_faults("pl", "messages", have, wanted)} == {"no longer used"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_babel_writes_into_a_header_follows_cldr(language: str) -> None:
    assert follows_cldr(language, served(Catalog(locale=language)))


@pytest.mark.parametrize(
    "rule",
    [
        "nplurals=2; plural=(n != 1);",
        "nplurals=3; plural=(n==1 ? 0 : n<5 ? 1 : 2);",
        "nplurals=4; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);",
        "nplurals=3; plural=n/0;",
        "nplurals=3; plural=__import__('os');",
    ],
)
def test_a_header_with_another_languages_rule_is_refused(rule: str) -> None:
    have = catalogue("pl", {SAVE: "Zapisz"}, **{"Plural-Forms": rule})

    found = list(catalogue_faults("pl", "messages", have, catalogue("pl", {SAVE: ""})))
    assert [str(fault) for fault in found] == ["pl/messages: the plural rule of its header is not that of the language"]


def test_a_text_that_grew_by_a_segment_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_budget, "LONGEST_LINK", "https://" + "h" * 120)

    assert any("takes 2 segments, and 1 at most" in str(fault) for fault in text_faults())


def test_the_catalogues_of_the_program_are_complete_and_sound() -> None:
    result = CliRunner().invoke(check_command)

    assert result.output == "Every catalogue is complete and sound.\n"
    assert result.exit_code == 0
