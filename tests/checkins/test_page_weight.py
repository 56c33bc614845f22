"""A check-in is one small document: on an old phone and a poor network each byte is waiting time."""

import gzip
import re

import brotli
import pytest

from monitor.assets import script as script_of
from monitor.assets import small_css, small_script
from monitor.checkins.models import MeasureState
from monitor.config import Environment, Settings
from monitor.db import Sessions, unit_of_work
from monitor.i18n import LANGUAGES
from tests.phones import Phone, an_open_check_in

AT_MOST = {"br": 5500, "gzip": 6700}
"""Bytes as they are sent, of the page with style and script: what the slowest 3G brings in one round trip or two."""
UNPACK = {"br": brotli.decompress, "gzip": gzip.decompress}
SCRIPT_AT_MOST = 2300

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


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_whole_check_in_is_small_in_every_language_and_for_the_first_time_too(
    sqlite_sessions: Sessions, settings: Settings, language: str
) -> None:
    longest = {"sender_name": "Wellenwerke", "provisional_instruments": frozenset({"gad7:ar"})}
    phone = Phone(sqlite_sessions, settings.model_copy(update={"environment": Environment.PRODUCTION, **longest}))
    team = {"service_hours": LONG_HOURS, "country": "BE"}
    newcomer = an_open_check_in(sqlite_sessions, language=language, consent=False, team=team)
    again = an_open_check_in(sqlite_sessions, language=language, team=team)
    with unit_of_work(sqlite_sessions) as session:
        session.add(MeasureState(episode_id=again.care.episode.id, instrument="phq9"))  # they have answered before

    for path, holds in (
        (newcomer.path, b"agree=1"),
        (newcomer.path + "?agree=1", b"gad7_7"),
        (again.path, b"compared"),
    ):
        for encoding, at_most in AT_MOST.items():
            phone.headers["Accept-Encoding"] = encoding
            page = phone.get(path)
            assert page.content_encoding == encoding
            assert len(page.data) <= at_most, path
            assert holds in UNPACK[encoding](page.data)


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
        (":root { --kept: 1px; --unused: 2px }\np { inset: var(--kept) }", "p{inset:1px}"),
        (":root { --size: 1px }\np { inset: var(--size) }\n:root { --size: 2px }", "p{inset:2px}"),
        (
            ":root { --ink: red; --no: 1 }\n@media (dark) { :root { --ink: blue; --no: 2 } }\np { color: var(--ink) }",
            ":root{--0:red}@media (dark){:root{--0:blue}}p{color:var(--0)}",
        ),
        ("[hidden] { display: none !important }", "[hidden]{display:none!important}"),
        ("a :not(b) + c { d: e }", "a :not(b) + c{d:e}"),
    ],
)
def test_a_style_sheet_keeps_its_meaning(css: str, small: str) -> None:
    assert small_css(css) == small


def test_a_script_keeps_what_stands_in_quotes() -> None:
    source = "// a note\nvar a = 'b = c ; d',\n  e = [ 1 ];\n  if (a) { e = a } else $(a)\n"

    assert small_script(source) == "var a='b = c ; d',e=[1];if(a){e=a}else $(a)"
