"""Who answers now, by country: a table of our own, each row with its source and the day on which it was verified.

The numbers come from published lists and have not been dialled by us: `dialled_on` stays empty until somebody has.
An old row is shown to patients all the same, and named to administrators: no number is worse than an old one.
"""

import json
from collections.abc import Mapping
from datetime import date, time, timedelta
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, TypeAdapter, model_validator

from monitor.i18n import LANGUAGES, SOURCE_LANGUAGE
from monitor.people.words import language_name

TABLE = Path(__file__).with_suffix(".json")
ELSEWHERE = "other"
"""The entry for every country that has none of its own."""
STALE_AFTER = timedelta(days=180)
"""Local protocol: numbers and hours change, so each row is looked up again twice a year."""


class How(StrEnum):
    """How a line is reached."""

    CALL = "call"
    TEXT = "text"
    VISIT = "visit"


class Days(StrEnum):
    """On which days a line answers."""

    ANY_TIME = "any_time"
    DAILY = "daily"
    WEEKDAYS = "weekdays"


class _Row(BaseModel):
    """A number with where it came from, when that was looked up, and when somebody last dialled it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: str
    source: str
    verified_on: date
    dialled_on: date | None

    @property
    def href(self) -> str:
        """The link that a tap opens."""
        return f"tel:{_dialled(self.number)}"


class Emergency(_Row):
    """The number for danger now."""


class HelpLine(_Row):
    """One line. `send` is the word that a text begins with, `choose` the option of its menu.

    `hours` None: the line's hours could not be confirmed, so none are printed. `languages` are what it speaks.
    """

    name: str
    how: How
    send: str | None = None
    choose: str | None = None
    hours: Days | None
    opens: time | None = None
    closes: time | None = None
    free: bool = False
    languages: tuple[str, ...]

    @property
    def href(self) -> str:
        """The link that a tap opens. `?&body=` is what both kinds of phone read; each alone wants `?` or `&`."""
        if self.how is How.VISIT:
            return self.number
        if self.how is How.TEXT:
            return f"sms:{_dialled(self.number)}" + (f"?&body={self.send}" if self.send else "")
        return super().href

    @model_validator(mode="after")
    def _hours_are_whole(self) -> Self:
        if (self.hours in (Days.DAILY, Days.WEEKDAYS)) != (self.opens is not None and self.closes is not None):
            raise ValueError(f"{self.name}: daily and weekdays need opens and closes, and nothing else has them")
        return self


class Help(BaseModel):
    """What a country has: the emergency number always, and its lines in the order in which they are shown."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    emergency: Emergency
    lines: tuple[HelpLine, ...]
    reader: str | None = None
    """The language of whoever reads the page."""

    @property
    def tells_languages(self) -> bool:
        """Whether a page has to say which line speaks what: they differ, or some do not speak the reader's language."""
        foreign = self.reader is not None and any(_spoken(self.reader) not in line.languages for line in self.lines)
        return foreign or len({line.languages for line in self.lines}) > 1

    def speaks(self, line: HelpLine) -> str:
        """Return what a line speaks, in the words of whoever reads the page: they may not read those of the line."""
        reader = LANGUAGES[self.reader or SOURCE_LANGUAGE]
        return reader.comma.join(language_name(tag, reader.tag) for tag in line.languages)

    @property
    def rows(self) -> tuple[_Row, ...]:
        """Every row, the emergency number first."""
        return (self.emergency, *self.lines)


@cache
def table() -> Mapping[str, Help]:
    """Return the whole table, by ISO country code and `other`. Raises ValidationError for a row that is not whole."""
    return TypeAdapter(dict[str, Help]).validate_python(json.loads(TABLE.read_text(encoding="utf-8")))


def countries() -> tuple[str, ...]:
    """Return the countries with lines or a number of their own."""
    return tuple(code for code in table() if code != ELSEWHERE)


@lru_cache(maxsize=512)
def lines_for(country: str, language: str | None = None) -> Help:
    """Return a country's help, the lines that speak `language` first; what holds elsewhere for a country without."""
    found = table().get(country, table()[ELSEWHERE])
    if language is None:
        return found
    lines = tuple(sorted(found.lines, key=lambda line: _spoken(language) not in line.languages))
    return found.model_copy(update={"lines": lines, "reader": language})


def is_stale(row: _Row, today: date) -> bool:
    """Return whether a row was last looked up more than 180 days ago."""
    return today - row.verified_on > STALE_AFTER


def _spoken(language: str) -> str:
    """Return a language without its region, as a line names what it speaks."""
    return language.partition("_")[0]


def _dialled(number: str) -> str:
    return "".join(character for character in number if character not in " -")
