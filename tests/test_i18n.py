"""Words, dates and numbers in every language; a slip in a catalogue costs the translation, never the page."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from markupsafe import Markup

from monitor import i18n
from monitor.i18n import (
    LANGUAGES,
    best_language,
    format_date,
    format_moment,
    format_number,
    format_time,
    known_language,
    markup,
    translate,
    translate_plural,
    weekday_name,
)
from monitor.translation_rules import PLACEHOLDER, placeholder_faults

DAY = date(2026, 11, 24)
NOON = datetime(2026, 11, 24, 12, 5, tzinfo=UTC)
ARABIC_DIGITS = set("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹")
COUNTS = (0, 1, 2, 3, 5, 11, 100)

Write = Callable[..., None]


@pytest.fixture
def catalogues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Catalogues of our own: `write("pl", "Hello" = "Witaj")` and so on."""
    monkeypatch.setattr(i18n, "TRANSLATIONS", tmp_path)

    def write(language: str, body: str, plural: str = "nplurals=2; plural=(n != 1);") -> None:
        folder = tmp_path / language / "LC_MESSAGES"
        folder.mkdir(parents=True, exist_ok=True)
        header = f'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: {plural}\\n"\n\n'
        (folder / "messages.po").write_text(header + body, encoding="utf-8")
        forget()

    yield write
    forget()


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Nothing that another test looked up is remembered."""
    forget()
    yield
    forget()


def forget() -> None:
    for remembered in (i18n.catalogue, i18n._lookup, i18n._lookup_plural):
        remembered.cache_clear()


def entry(source: str, translation: str, *, fuzzy: bool = False) -> str:
    return ("#, fuzzy\n" if fuzzy else "") + f'msgid "{source}"\nmsgstr "{translation}"\n\n'


# ---- messages ----


def test_a_message_is_given_in_the_language_asked_for(catalogues: Write) -> None:
    catalogues("pl", entry("Hello %(name)s", "Witaj %(name)s"))

    assert translate("pl", "Hello %(name)s", name="Noor") == "Witaj Noor"
    assert translate("en", "Hello %(name)s", name="Noor") == "Hello Noor"
    assert translate("de", "Hello %(name)s", name="Noor") == "Hello Noor", "no catalogue yet"


BROKEN = {
    "one that loses its parameter": "Witaj",
    "one that misspells its parameter": "Witaj %(nmae)s",
    "one that asks for another": "Witaj %(name)s %(age)s",
    "one that asks for a number": "Witaj %(name)d",
    "one with a bare percent sign": "Witaj %(name)s 100% pewnie",
    "one that breaks off": "Witaj %(name",
    "an empty one": "",
    "one with a tag": "Witaj <b>%(name)s</b>",
    "one with an entity": "Witaj&nbsp;%(name)s",
    "one that says it twice": "Witaj %(name)s, %(name)s",
    "one that turns the line round": "Witaj \u202e%(name)s",
    "one with a control": "Witaj \x07%(name)s",
    "one with nobody's letter": "Witaj \ue000%(name)s",
    "one on other lines": "Witaj\\n%(name)s",
    "one that fills the page": "Witaj %(name)s " + "a" * 400,
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_translation_gives_way_to_the_source(catalogues: Write, how: str) -> None:
    catalogues("pl", entry("Hello %(name)s", BROKEN[how]))

    assert translate("pl", "Hello %(name)s", name="Noor") == "Hello Noor"
    assert markup("pl", "Hello %(name)s", name="Noor") == Markup("Hello Noor")


def test_a_translation_that_nobody_has_settled_gives_way_too(catalogues: Write) -> None:
    catalogues("pl", entry("Hello", "Witaj", fuzzy=True))

    assert translate("pl", "Hello") == "Hello"


def test_a_percent_sign_in_a_message_without_parameters_stays_one(catalogues: Write) -> None:
    catalogues("pl", entry("100%% sure", "100%% pewne"))

    assert translate("pl", "100%% sure") == "100% pewne"
    assert markup("en", "100%% sure") == Markup("100% sure")


def test_a_translation_is_text_and_never_html(catalogues: Write) -> None:
    catalogues("pl", entry("Hello %(name)s", "\\\" onclick='x' %(name)s &c"))

    shown = markup("pl", "Hello %(name)s", name="<i>Noor</i>")

    assert shown == Markup("&#34; onclick=&#39;x&#39; &lt;i&gt;Noor&lt;/i&gt; &amp;c")
    assert "<b>Noor</b>" in markup("pl", "Hello %(name)s", name=Markup("<b>Noor</b>")), "unless the page made it"


def test_a_parameter_that_looks_like_a_placeholder_is_a_parameter() -> None:
    assert translate("en", "Hello %(name)s", name="%(secret)s %d %%") == "Hello %(secret)s %d %%"
    assert markup("en", "Hello %(name)s", name="%(secret)s") == Markup("Hello %(secret)s")


def filled(message: tuple[str, ...]) -> dict[str, str]:
    """Something for each placeholder of a message, besides its count."""
    names = {name for form in message for name, _, _ in PLACEHOLDER.findall(form) if name}
    return dict.fromkeys(names - {"count"}, "Noor")


@pytest.mark.parametrize(
    ("source", "translation", "sound"),
    [
        ("%(a)s of %(b)s", "%(b)s z %(a)s", True),
        ("%(a)s", "%(a)s, %(a)s", False),
        ("plain", "zwykły", True),
        ("100%%", "100%%", True),
        ("%(a)s", "bez", False),
        ("plain", "%(a)s", False),
        ("%(a)s", "%(a)d", False),
        ("plain", "50 % z", False),
        ("plain", "%", False),
        ("see %(open)swho%(close)s", "%(open)skogo%(close)s", True),
        ("see %(open)swho%(close)s", "%(close)skogo%(open)s", False),
        ("%(a)s %(open)swho%(close)s", "%(open)s%(a)s%(close)s", False),
    ],
)
def test_placeholders_are_compared_by_name_and_kind(source: str, translation: str, sound: bool) -> None:
    assert (placeholder_faults(source, translation) == []) is sound


# ---- plurals ----

FORMS = {
    "en": ("nplurals=2; plural=(n != 1);", "1000000"),
    "de": ("nplurals=2; plural=(n != 1);", "1011111"),
    "fr": ("nplurals=2; plural=(n > 1);", "0011111"),
    "pl": ("nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);", "2011222"),
    "uk": (
        "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);",
        "2011222",
    ),
    "ar": (
        "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);",
        "0123345",
    ),
}


@pytest.mark.parametrize("language", sorted(set(FORMS) - {"en"}))
def test_a_count_takes_the_form_that_its_language_gives_it(catalogues: Write, language: str) -> None:
    rule, expected = FORMS[language]
    forms = "".join(f'msgstr[{n}] "form {n} of %(count)s"\n' for n in range(int(max(expected)) + 1))
    catalogues(language, f'msgid "%(count)s day"\nmsgid_plural "%(count)s days"\n{forms}\n', plural=rule)

    for count, form in zip(COUNTS, expected, strict=True):
        shown = translate_plural(language, "%(count)s day", "%(count)s days", count)
        assert shown == f"form {form} of {count}"


@pytest.mark.parametrize("rule", ["", "nplurals=2; plural=n/0;", "nplurals=9; plural=n;", "plural=__import__", "x"])
def test_a_count_in_a_catalogue_with_a_broken_rule_gives_way_to_the_source(catalogues: Write, rule: str) -> None:
    forms = 'msgstr[0] ""\nmsgstr[1] ""\n'
    catalogues("pl", f'msgid "%(count)s day"\nmsgid_plural "%(count)s days"\n{forms}\n', plural=rule)

    assert translate_plural("pl", "%(count)s day", "%(count)s days", 1) == "1 day"
    assert translate_plural("pl", "%(count)s day", "%(count)s days", 7) == "7 days"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_shipped_count_can_be_said(language: str) -> None:
    for domain in ("messages", "staff"):
        for message in i18n.catalogue("es" if domain == "staff" else "pl", domain):
            for count in COUNTS if isinstance(message.id, tuple) else ():
                shown = translate_plural(language, *message.id, count, domain, **filled(message.id))
                assert shown
                assert not ARABIC_DIGITS & set(shown)


# ---- dates, times and numbers ----


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_date_can_be_written_in_every_region_and_its_digits_are_latin(language: str) -> None:
    """Somebody who reads Polish may live in Britain, Arabic in Brazil; XX is nowhere."""
    for region in (None, "EG", "SA", "IR", "US", "GB", "XX", "BR", "PT"):
        for skeleton in ("dMMMM", "dMMM", "yMMMMd", "EEEEdMMMM", "EEEdMMM", "MMM"):
            shown = format_date(DAY, language, skeleton, region)

            assert not ARABIC_DIGITS & set(shown)
            assert ("24" in shown) is (skeleton != "MMM")
            assert ("2026" in shown) is (skeleton == "yMMMMd")


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("en", "24 November"),
        ("de", "24. November"),
        ("es", "24 de noviembre"),
        ("fr", "24 novembre"),
        ("it", "24 novembre"),
        ("nl", "24 november"),
        ("pl", "24 listopada"),
        ("pt_BR", "24 de novembro"),
        ("uk", "24 листопада"),
        ("ar", "24 نوفمبر"),
    ],
)
def test_a_day_is_written_as_people_write_it(language: str, shown: str) -> None:
    assert format_date(DAY, language) == shown


def test_a_moment_is_told_by_the_clock_on_the_wall_it_is_told_for() -> None:
    assert format_time(NOON, "en", "America/New_York") == "7:05"
    assert format_time(NOON, "en", "Europe/Warsaw") == "13:05"
    assert format_time(time(9, 0), "ar") == "9:00"
    late = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
    assert format_moment(late, "de", "Europe/Berlin") == "Mittwoch, 25. November, 0:30"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_number_has_latin_digits(language: str) -> None:
    shown = format_number(1234.5, language)

    assert {character for character in shown if character.isdigit()} == set("12345")
    assert not ARABIC_DIGITS & set(shown)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_week_begins_with_monday_and_has_seven_names(language: str) -> None:
    names = [weekday_name(day, language) for day in range(7)]

    assert len(set(names)) == 7
    assert weekday_name(0, "en") == "Monday"
    assert weekday_name(6, "pl") == "niedziela"


# ---- which language ----


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("pt-BR", "pt_BR"),
        ("PT_br", "pt_BR"),
        ("AR", "ar"),
        ("uk", "uk"),
        ("pt", None),
        ("xx", None),
        ("", None),
        (None, None),
        ("../../etc/passwd", None),
        ("en" * 500, None),
    ],
)
def test_a_language_is_known_however_it_is_written(asked: str | None, found: str | None) -> None:
    assert known_language(asked) == found


@pytest.mark.parametrize(
    ("accepted", "found"),
    [
        (["de-AT", "en"], "de"),
        (["pt-PT"], "pt_BR"),
        (["pt"], "pt_BR"),
        (["zz", "nl"], "nl"),
        (["zz"], "uk"),
        ([], "uk"),
        (["ar-EG"], "ar"),
        (["*"], "uk"),
    ],
)
def test_a_browser_gets_the_first_of_its_languages_that_we_have(accepted: list[str], found: str) -> None:
    assert best_language(accepted, "uk") == found


def test_every_language_says_its_own_name_and_direction() -> None:
    assert [language.tag for language in LANGUAGES.values() if language.direction == "rtl"] == ["ar"]
    assert LANGUAGES["pt_BR"].html == "pt-BR"
    assert all(language.name and language.tag == tag for tag, language in LANGUAGES.items())
