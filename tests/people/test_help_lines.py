"""The table of help lines: whole, honest about its age, and never without an emergency number."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from pydantic import ValidationError

from monitor import i18n
from monitor.config import Settings
from monitor.db import Sessions
from monitor.doctor import State, examine
from monitor.i18n import LANGUAGES
from monitor.people.help_lines import ELSEWHERE, Days, HelpLine, How, countries, is_stale, lines_for, table
from tests.phones import Phone

NOT_TO_BE_PRINTED = ("16328", "800860022", "199284284", "1393", "08004673", "80046 73", "8001717")
"""Numbers that are out of date or could not be confirmed (help-line research, part 6)."""


@pytest.mark.parametrize("country", [*countries(), ELSEWHERE])
def test_every_row_can_be_dialled_and_says_where_it_comes_from(country: str) -> None:
    for row in lines_for(country).rows:
        assert row.source
        assert row.verified_on <= date(2026, 11, 21)
        assert row.dialled_on is None or row.dialled_on >= row.verified_on
        number = row.href.removeprefix("tel:").removeprefix("sms:").partition("?")[0]
        assert row.href.startswith("https://") or number.strip("*").isdigit(), row.number
        assert number not in NOT_TO_BE_PRINTED


@pytest.mark.parametrize(
    ("country", "emergency", "first"),
    [
        ("GB", "999", "116 123"),
        ("IE", "112", "116 123"),
        ("US", "911", "988"),
        ("DE", "112", "116 123"),
        ("FR", "112", "3114"),
        ("PT", "112", "1411"),
        ("IT", "112", "02 2327 2327"),
        ("KR", "119", "109"),
        ("UA", "112", "7333"),
    ],
)
def test_a_country_has_its_own_numbers(country: str, emergency: str, first: str) -> None:
    help_there = lines_for(country)

    assert (help_there.emergency.number, help_there.lines[0].number) == (emergency, first)


@pytest.mark.parametrize("country", ["JP", "RU", "TR", "AE", "VN"])
def test_where_no_line_could_be_confirmed_the_emergency_number_stands_alone(country: str) -> None:
    help_there = lines_for(country)

    assert help_there.lines == ()
    assert help_there.emergency.number


def test_a_country_without_an_entry_gets_what_holds_elsewhere() -> None:
    assert lines_for("ZZ") == lines_for(ELSEWHERE)
    assert lines_for("ZZ").emergency.number == "112"


def test_lines_in_the_language_of_the_page_come_first() -> None:
    assert lines_for("BE", "nl").lines[0].number == "1813"
    assert lines_for("BE", "fr").lines[0].number == "0800 32 123"
    assert lines_for("US", "es").lines[0].languages == ("es",)
    assert lines_for("GB", "uk").lines == lines_for("GB").lines


HOME = {
    "en": "GB", "ar": "EG", "de": "DE", "es": "ES", "fr": "FR", "it": "IT", "nl": "NL", "pl": "PL", "pt_BR": "BR",
    "uk": "UA",
}  # fmt: skip
"""Where most of those who read a language were born, or the service is."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_at_home_somebody_answers_in_the_language_of_the_page(language: str) -> None:
    there = lines_for(HOME[language], language)

    assert there.lines[0].languages[0] == language.partition("_")[0]
    assert there.emergency.number


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_says_what_the_lines_speak_where_that_is_not_its_own_language(language: str) -> None:
    """Somebody who reads Ukrainian in Britain is told that the lines speak English before they dial."""
    for country in table():
        there = lines_for(country, language)
        foreign = any(language.partition("_")[0] not in line.languages for line in there.lines)

        assert there.tells_languages or not foreign


def test_the_language_of_a_line_is_on_the_page(sqlite_sessions: Sessions, settings: Settings) -> None:
    phone = Phone(sqlite_sessions, settings)

    assert "<bdi>англійська</bdi>" in phone.get("/help?country=GB&lang=uk").text
    assert "<bdi>English</bdi>" not in phone.get("/help?country=GB&lang=en").text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_help_page_is_whole_in_every_language(
    sqlite_sessions: Sessions, settings: Settings, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No message of the page falls back to English, whatever lines a country has."""
    phone, asked = Phone(sqlite_sessions, settings), set()
    real = i18n._lookup
    monkeypatch.setattr(i18n, "_lookup", lambda *values: asked.add(values) or real(*values))

    for country in table():
        assert phone.get(f"/help?country={country}&lang={LANGUAGES[language].html}").status_code == 200

    assert len(asked) > 20
    if language != "en":
        assert [message for tag, domain, message in asked if not i18n.catalogue(tag, domain).get(message)] == []


def test_a_text_opens_with_the_word_that_the_line_asks_for() -> None:
    shout = next(line for line in lines_for("GB").lines if line.how is How.TEXT)

    assert shout.href == "sms:85258?&body=SHOUT"


def test_a_row_is_stale_after_half_a_year_and_not_before() -> None:
    row = lines_for("GB").emergency

    assert not is_stale(row, row.verified_on + timedelta(days=180))
    assert is_stale(row, row.verified_on + timedelta(days=181))


@pytest.mark.parametrize(("days", "are_stale"), [(180, False), (181, True)])
def test_doctor_names_each_stale_row_and_no_other(
    sqlite_sessions: Sessions, settings: Settings, days: int, are_stale: bool
) -> None:
    verified = [row.verified_on for country in table().values() for row in country.rows]
    noon = datetime.combine(min(verified), time(12), UTC) + timedelta(days=days)

    found = [each for each in examine(settings, sqlite_sessions, noon) if "not verified for more than 180" in each.what]

    assert len(found) == verified.count(min(verified)) * are_stale
    assert {each.state for each in found} <= {State.KNOW}


def test_an_old_row_is_shown_to_patients_all_the_same(sqlite_sessions: Sessions, settings: Settings) -> None:
    phone = Phone(sqlite_sessions, settings)
    phone.wait(days=4000)

    assert 'href="tel:116123"' in phone.get("/help").text


def test_hours_are_whole_or_absent() -> None:
    row = {
        "name": "A line",
        "number": "123",
        "how": "call",
        "languages": ["en"],
        "source": "a test",
        "verified_on": "2026-11-21",
        "dialled_on": None,
    }

    assert HelpLine.model_validate(row | {"hours": Days.ANY_TIME}).opens is None
    with pytest.raises(ValidationError, match="need opens and closes"):
        HelpLine.model_validate(row | {"hours": Days.DAILY})
    with pytest.raises(ValidationError, match="need opens and closes"):
        HelpLine.model_validate(row | {"hours": None, "opens": "09:00", "closes": "17:00"})


def test_the_help_page_knows_every_country(sqlite_sessions: Sessions, settings: Settings) -> None:
    phone = Phone(sqlite_sessions, settings)

    for country in table():
        page = phone.get(f"/help?country={country}")
        assert page.status_code == 200
        assert f'href="{lines_for(country).emergency.href}"' in page.text


@pytest.mark.parametrize("asked", ["", "?country=", "?country=%3Cscript%3E", "?country=gb", "?country=" + "Z" * 3000])
def test_the_help_page_opens_whatever_is_asked(sqlite_sessions: Sessions, settings: Settings, asked: str) -> None:
    page = Phone(sqlite_sessions, settings).get("/help" + asked)

    assert page.status_code == 200
    assert "In danger now" in page.text
    assert "<script>" not in page.text


def test_help_is_one_tap_away_on_every_page(sqlite_sessions: Sessions, settings: Settings) -> None:
    phone = Phone(sqlite_sessions, settings)

    for path in ("/help", "/set-up", "/set-up/x", "/c/x", "/nothing/here"):
        page = phone.get(path).text
        assert page.index('href="/help?lang=en') < page.index("<main>")
        assert page.index("</main>") < page.rindex('href="tel:999"')
