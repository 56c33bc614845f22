"""Whatever goes wrong, a patient gets a page in plain words with somebody to call on it."""

import pytest

from monitor.config import Environment, Settings
from monitor.db import Sessions
from tests.phones import Phone


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("GET", "/nothing/here", 404, "There is no page here"),
        ("POST", "/help", 405, "There is no page here"),
        ("GET", "/help?country=%00", 400, "We could not read what was sent"),
        ("POST", "/c/anything", 400, "We could not read what was sent"),
    ],
)
def test_an_error_is_said_in_plain_words(
    sqlite_sessions: Sessions, settings: Settings, method: str, path: str, status: int, said: str
) -> None:
    page = Phone(sqlite_sessions, settings).browser.open(path, method=method, headers={"Accept-Language": "en"})

    assert page.status_code == status
    assert said in page.text
    assert 'href="tel:999"' in page.text


def test_a_request_for_another_host_is_refused_with_a_page(sqlite_sessions: Sessions, settings: Settings) -> None:
    strict = settings.model_copy(update={"environment": Environment.PRODUCTION})
    phone = Phone(sqlite_sessions, strict)
    phone.headers["Host"] = "elsewhere.example"

    page = phone.get("/help")

    assert page.status_code == 400
    assert "elsewhere.example" not in page.text
    assert 'href="tel:999"' in page.text


def test_patient_pages_have_no_files_of_their_own(sqlite_sessions: Sessions, settings: Settings) -> None:
    phone = Phone(sqlite_sessions, settings)

    assert phone.get("/static/patient.css").status_code == 404
    rules = [rule for rule in phone.browser.application.url_map.iter_rules() if "OPTIONS" in (rule.methods or ())]
    assert len([rule for rule in rules if not rule.rule.startswith("/demo")]) <= 20
