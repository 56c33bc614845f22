"""A check-in is one small document: on an old phone and a poor network each byte is waiting time."""

import gzip
import re

import pytest

from monitor.assets import script as script_of
from monitor.assets import small_css, small_script
from monitor.config import Environment, Settings
from monitor.db import Sessions
from monitor.i18n import LANGUAGES
from tests.phones import Phone, an_open_check_in

AT_MOST = 6500
"""Bytes after gzip, of the page with its style and script: what the slowest 3G brings in one round trip or two."""
SCRIPT_AT_MOST = 1600

LONG_HOURS = {
    "zone": "Europe/London",
    "week": {
        "monday": ["08:00", "18:30"],
        "tuesday": ["08:30", "17:15"],
        "wednesday": ["09:00", "16:45"],
        "thursday": ["10:00", "19:00"],
        "friday": ["08:45", "13:30"],
    },
    "holidays": [],
}


@pytest.mark.parametrize("first_time", [False, True], ids=["again", "first time"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_whole_check_in_is_small_in_every_language(
    sqlite_sessions: Sessions, settings: Settings, language: str, first_time: bool
) -> None:
    longest = {"sender_name": "Wellenwerke", "provisional_instruments": frozenset({"gad7:ar"})}
    long = settings.model_copy(update={"environment": Environment.PRODUCTION, **longest})
    asked = an_open_check_in(
        sqlite_sessions, language=language, consent=not first_time, team={"service_hours": LONG_HOURS, "country": "BE"}
    )

    phone = Phone(sqlite_sessions, long)
    phone.headers["Accept-Encoding"] = "gzip"
    page = phone.get(asked.path)

    assert page.content_encoding == "gzip"
    assert len(page.data) <= AT_MOST
    assert b"<form" in gzip.decompress(page.data)


def test_a_check_in_needs_no_second_request(sqlite_sessions: Sessions, settings: Settings) -> None:
    asked = an_open_check_in(sqlite_sessions)

    page = Phone(sqlite_sessions, settings).get(asked.path).text

    assert re.findall(r'(?:src|srcset)="|url\(|@import', page) == []
    assert re.findall(r'<link [^>]*href="([^"]*)"', page) == ["data:,"]
    assert re.findall(r'href="(https?:[^"]*)"', page) == []


def test_the_script_is_small() -> None:
    assert 0 < len(script_of("check_in")) <= SCRIPT_AT_MOST


@pytest.mark.parametrize(
    ("css", "small"),
    [
        ("/* a */\nb > i , u {\n  color: red ;\n  margin:  0 auto;\n}", "b>i,u{color:red;margin:0 auto}"),
        (":root { --kept: 1px; --unused: 2px }\np { inset: var(--kept) }", ":root{--kept:1px}p{inset:var(--kept)}"),
        ("a :not(b) + c { d: e }", "a :not(b) + c{d:e}"),
    ],
)
def test_a_style_sheet_keeps_its_meaning(css: str, small: str) -> None:
    assert small_css(css) == small


def test_a_script_keeps_what_stands_in_quotes() -> None:
    source = "// a note\nvar a = 'b = c ; d',\n  e = [ 1 ];\n  if (a) { e = a } else $(a)\n"

    assert small_script(source) == "var a='b = c ; d',e=[1];if(a){e=a}else $(a)"
