"""What a patient reads who has texted us: who this is, what has been done, and where somebody answers."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from monitor.i18n import LANGUAGES, format_moment
from monitor.messaging.replies import Voice, best_line
from monitor.messaging.segments import count
from monitor.messaging.text_budget import LONGEST_SENDER
from monitor.people.help_lines import countries, lines_for
from tests.messaging.test_texts import revealed

PHONE = "+441632960123"
LONGEST_DAY = datetime(2026, 9, 30, 17, 0, tzinfo=UTC)
"""A Wednesday in September: the longest words of most calendars."""
SAID: dict[str, Callable[[Voice], str]] = {
    "stopped": lambda voice: voice.stopped(with_help=False),
    "stopped, with help": lambda voice: voice.stopped(with_help=True),
    "started": Voice.started,
    "ask us": Voice.ask_us,
    "help": Voice.help,
    "nobody reads": Voice.nobody_reads,
    "called by a day": lambda voice: voice.called(format_moment(LONGEST_DAY, voice.language, "Europe/London")),
    "called, nobody knows when": lambda voice: voice.called(None),
    "the page": lambda voice: voice.page("https://example.org/plan"),
}
WITH_HELP = ("stopped, with help", "help", "nobody reads", "called by a day", "called, nobody knows when")
EVERY = [(language, what) for language in LANGUAGES for what in SAID]


def said(language: str, what: str, *, country: str = "GB", phone: str | None = PHONE) -> str:
    return SAID[what](Voice(LONGEST_SENDER, language, country, phone))


@pytest.mark.parametrize(("language", "what"), EVERY)
def test_every_reply_says_who_writes_and_nothing_about_health(language: str, what: str) -> None:
    assert said(language, what).count(LONGEST_SENDER) == 1
    assert revealed(said(language, what), language) == []


@pytest.mark.parametrize(("language", "what"), EVERY)
def test_no_reply_costs_more_than_its_budget(language: str, what: str) -> None:
    dearest = max(count(said(language, what, country=country)).segments for country in countries())
    assert dearest <= (5 if what in WITH_HELP else 2)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_that_stop_and_start_are_never_translated(language: str) -> None:
    assert "START" in said(language, "stopped")
    assert "STOP" in said(language, "started")
    assert "STOP" in said(language, "help")


@pytest.mark.parametrize("country", [*countries(), "XX"])
@pytest.mark.parametrize("what", WITH_HELP)
def test_help_is_a_number_that_answers_in_the_teams_country(country: str, what: str) -> None:
    there = lines_for(country, "en")
    body = said("en", what, country=country)

    assert f"In danger now, call {there.emergency.number}." in body
    line = best_line(there)
    assert line is None or f"call {line.number}." in body


def test_an_hour_is_promised_only_where_it_is_known() -> None:
    assert "at any hour, call 116 123." in said("en", "nobody reads", country="GB")
    assert "at any hour" not in said("en", "nobody reads", country="FR")
    assert "somebody else, call 3114." in said("en", "nobody reads", country="FR")


def test_a_line_with_a_menu_is_too_much_for_one_text() -> None:
    assert [line.choose for country in countries() if (line := best_line(lines_for(country)))] == [None] * sum(
        best_line(lines_for(country)) is not None for country in countries()
    )


def test_who_has_no_team_is_given_no_number_of_one() -> None:
    assert PHONE in said("en", "help")
    assert said("en", "help", phone=None).count("\n") == said("en", "help").count("\n") - 2


def test_no_number_is_turned_round_by_a_text_from_right_to_left() -> None:
    body = said("ar", "nobody reads")
    assert "116123" in body
    assert "116 123" not in body
    assert "01632960123" in body.splitlines(), "its plus sign would change sides"
