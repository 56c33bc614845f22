"""Leaving a page at once: the phone locks and stays known, and the reply has nothing of ours on it."""

import pytest
import sqlalchemy as sa

from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.i18n import LANGUAGES
from monitor.people import devices
from tests.phones import Phone, an_open_check_in, every_row

PIN = "284915"


def own_phone(sessions: Sessions, settings: Settings) -> Phone:
    asked, phone = an_open_check_in(sessions), Phone(sessions, settings)
    with unit_of_work(sessions) as session:
        token = devices.begin_enrolment(session, asked.care.patient, None, phone.now).token
    phone.post(f"/set-up/{token}", {"pin": PIN, "again": PIN})
    return phone


def test_leaving_locks_the_phone_which_stays_known(sqlite_sessions: Sessions, settings: Settings) -> None:
    phone = own_phone(sqlite_sessions, settings)
    assert "Enter your PIN" not in phone.get("/me").text
    before = every_row(sqlite_sessions)

    left = phone.post("/me/unlock", {"do": "leave"})

    assert left.status_code == 200
    assert left.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert left.headers["Cache-Control"] == "no-store"
    assert every_row(sqlite_sessions) == before
    assert "Enter your PIN" in phone.get("/me").text
    assert phone.post("/me/unlock", {"pin": PIN}).status_code == 303


def test_the_page_that_is_left_behind_is_empty(sqlite_sessions: Sessions, settings: Settings) -> None:
    left = Phone(sqlite_sessions, settings).post("/me/unlock", {"do": "leave"})

    assert "<body" not in left.text
    assert len(left.data) < 300
    assert 'content="0;url=about:blank"' in left.text
    for ours in (settings.sender_name, settings.service_name, "href", "Check-in"):
        assert ours not in left.text
    assert "Set-Cookie" not in left.headers


def test_leaving_needs_no_database(sqlite_sessions: Sessions, settings: Settings) -> None:
    phone = own_phone(sqlite_sessions, settings)
    with unit_of_work(sqlite_sessions) as session:
        session.execute(sa.text("ALTER TABLE devices RENAME TO devices_elsewhere"))

    assert phone.post("/me/unlock", {"do": "leave"}).status_code == 200


def test_another_site_cannot_make_somebody_leave(sqlite_sessions: Sessions, settings: Settings) -> None:
    phone = own_phone(sqlite_sessions, settings)
    phone.headers["Sec-Fetch-Site"] = "cross-site"

    assert phone.post("/me/unlock", {"do": "leave"}).status_code == 403


@pytest.mark.parametrize("path", ["/c/unknown", "/help", "/help?offline=1", "/set-up", "/nowhere", "/set-up/unknown"])
def test_every_page_can_be_left_once(sqlite_sessions: Sessions, settings: Settings, path: str) -> None:
    page = Phone(sqlite_sessions, settings).get(path).text

    assert page.count('action="/me/unlock"') == page.count('value="leave"') == 1


# ---- without a connection ----


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_for_no_connection_has_the_numbers_and_nothing_of_anybody(
    sqlite_sessions: Sessions, settings: Settings, language: str
) -> None:
    phone = own_phone(sqlite_sessions, settings)

    page = phone.get(f"/help?offline=1&lang={LANGUAGES[language].html}&country=IE")

    assert f'<html lang="{LANGUAGES[language].html}" dir="{LANGUAGES[language].direction}">' in page.text
    assert 'href="tel:112"' in page.text
    assert '<a class="btn" href="">' in page.text
    assert "/me/" not in page.text.replace("/me/unlock", "")
    assert "Set-Cookie" not in page.headers


def test_only_a_patients_own_pages_keep_it(sqlite_sessions: Sessions, settings: Settings) -> None:
    phone = own_phone(sqlite_sessions, settings)
    asked = an_open_check_in(sqlite_sessions)

    for path in ("/me", "/me/settings", "/me/step", "/plan"):
        assert 'data-shelf="help-en-GB-2026-48"' in phone.get(path).text
    for path in ("/help", "/set-up", asked.path, "/plan?kept=1"):
        assert 'data-shelf="help' not in phone.get(path).text
