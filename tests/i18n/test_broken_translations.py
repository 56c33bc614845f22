"""A translation that would break a page: English stands in for it alone, and somebody learns of it."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from monitor import doctor, i18n
from monitor.config import Settings
from monitor.db import Sessions
from monitor.i18n import translate, translate_plural
from tests.builders import NOW
from tests.i18n.catalogues import forget, place, shipped

Damage = Callable[[bytes, bytes], None]
HELP, AIDE = "Get help now", "Aide"
DAMAGED = b'msgid "Get help now"\nmsgstr "Aide"'


@pytest.fixture
def damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Damage]:
    """Put something else in place of something in the French catalogue of the patient pages."""
    monkeypatch.setattr(i18n, "TRANSLATIONS", tmp_path)
    for domain in ("messages", "texts"):
        place(tmp_path, "fr", domain).write_bytes(shipped("fr", domain))

    def change(old: bytes, new: bytes) -> None:
        assert old in shipped("fr")
        place(tmp_path, "fr").write_bytes(shipped("fr").replace(old, new, 1))
        forget()

    forget()
    yield change
    forget()


WHAT_HAPPENS = {
    "a tag": b'msgid "Get help now"\nmsgstr "<b>Aide</b>"',
    "half a letter": b'msgid "Get help now"\nmsgstr "Aid\xc3"',
    "a line cut off": b'msgid "Get help now"\nmsgstr "Aide',
    "a keyword misspelt": b'msgid "Get help now"\nmsgst "Aide"',
    "no translation": b'msgid "Get help now"',
    "a string from nowhere": b'"and"\nmsgid "Get help now"\nmsgstr "Aide"\n"\\u202e',
    "two forms for one": b'msgid "Get help now"\nmsgstr[0] ""\nmsgstr[7] "Aide"',
}


@pytest.mark.parametrize("what", WHAT_HAPPENS)
def test_one_damaged_entry_costs_one_message(damage: Damage, what: str) -> None:
    damage(DAMAGED, WHAT_HAPPENS[what])

    assert translate("fr", HELP) in (HELP, AIDE)
    assert translate("fr", "My settings") == "Mes réglages"
    assert translate_plural("fr", "%(count)s week", "%(count)s weeks", 3) == "3 semaines"


@pytest.mark.parametrize(
    "header",
    [b"nplurals=2; plural=(n > 1)", b"charset=utf-8", b"Plural-Forms:", b'msgid ""\nmsgstr ""\n"Language: fr'],
)
@pytest.mark.parametrize("new", [b"", b"\xff", b"x\\n", b"nplurals=99999999; plural=(n", b"charset=none"])
def test_a_damaged_header_costs_nothing_or_little(damage: Damage, header: bytes, new: bytes) -> None:
    damage(header, new)

    assert translate("fr", HELP) in (HELP, AIDE)
    assert translate("fr", "My settings") == "Mes réglages"
    assert translate_plural("fr", "%(count)s week", "%(count)s weeks", 3) in ("3 semaines", "3 weeks")


def test_it_is_logged_once_without_what_stands_in_it(damage: Damage, caplog: pytest.LogCaptureFixture) -> None:
    damage(DAMAGED, b'msgid "Get help now"\nmsgstr "<b>Aide %(secret)s</b>"')

    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            assert translate("fr", HELP) == HELP
            i18n._lookup.cache_clear()

    assert caplog.messages == ["translation fr/messages 'Get help now' is broken, the 1. of this process"]


@pytest.mark.usefixtures("damage")
def test_what_is_not_translated_yet_is_not_called_broken(caplog: pytest.LogCaptureFixture) -> None:
    assert translate("fr", "Something quite new") == "Something quite new"
    assert translate_plural("fr", "%(count)s new thing", "%(count)s new things", 2) == "2 new things"

    assert caplog.messages == []


def said(sessions: Sessions, settings: Settings) -> dict[str, str]:
    """What doctor says of the French catalogues."""
    found = doctor.examine(settings, sessions, NOW)
    return {each.what: each.state.value for each in found if each.what.startswith("Français, ")}


@pytest.mark.usefixtures("damage")
def test_doctor_is_silent_about_sound_catalogues(sqlite_sessions: Sessions, settings: Settings) -> None:
    assert said(sqlite_sessions, settings) == {}


def test_doctor_names_what_is_broken(damage: Damage, sqlite_sessions: Sessions, settings: Settings) -> None:
    damage(DAMAGED, b'msgid "Get help now"\nmsgstr "<b>Aide</b>"')

    assert said(sqlite_sessions, settings) == {
        "Français, messages: broken and shown in English: 1: Get help now (markup)": "know"
    }


def test_doctor_wants_a_catalogue_mended_that_cannot_be_read(
    damage: Damage, sqlite_sessions: Sessions, settings: Settings
) -> None:
    damage(DAMAGED, b'msgid "Get help now"\nmsgstr "Aid\xc3"')
    assert said(sqlite_sessions, settings) == {
        "Français, messages: 1 entries cannot be read, and the English is shown": "mend"
    }

    place(i18n.TRANSLATIONS, "fr", "texts").unlink()
    assert "Français, texts: cannot be read: FileNotFoundError, and the English is shown" in said(
        sqlite_sessions, settings
    )
