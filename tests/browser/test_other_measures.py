"""Rulers and gates on a phone: with the script one question at a time, and read by everybody."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from monitor.config import Settings
from monitor.db import Sessions
from monitor.i18n import LANGUAGES
from tests.browser.checks import sideways, small_targets, violations
from tests.browser.service import DESK, PHONE, Service, browsing, served
from tests.phones import an_open_check_in

OURS = ("readiness", "social_needs")
FORMS = {"en": ("pcptsd5", "auditc", "who5", "phq15", *OURS), **{tag: OURS for tag in LANGUAGES if tag != "en"}}


@pytest.fixture
def service(sqlite_sessions: Sessions, settings: Settings) -> Iterator[Service]:
    """A service that has switched every draft of our own wording on."""
    drafts = frozenset(f"{code}:{tag}" for code in OURS for tag in LANGUAGES)
    with served(sqlite_sessions, settings.model_copy(update={"provisional_instruments": drafts})) as running:
        yield running


def opened(page: Page, service: Service, language: str) -> None:
    asked = an_open_check_in(service.sessions, language=language, asked={"instruments": FORMS[language]})
    page.goto(service.address + asked.path)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_ruler_is_read_and_hit_by_everybody_in_every_language(
    chromium: Browser, service: Service, language: str
) -> None:
    for size in (PHONE, DESK):
        with browsing(chromium, service, viewport=size, locale=language) as page:
            opened(page, service, language)
            first = page.locator("fieldset:has(.ruler)").first.locator("xpath=..").get_attribute("id")
            page.goto(f"{page.url.split('#')[0]}#{first}")
            page.locator(f"#{first} .ruler input").nth(10).check()

            assert small_targets(page) == []
            assert sideways(page) == []
            assert violations(page) == []


def test_a_closed_gate_leads_past_what_hangs_on_it_and_an_open_one_into_it(chromium: Browser, service: Service) -> None:
    with browsing(chromium, service) as page:
        opened(page, service, "en")
        page.click("#start .btn")
        for answer, following in (("Yes", "q2"), ("No", "q7")):
            page.goto(f"{page.url.split('#')[0]}#q1")
            page.locator("#q1").get_by_label(answer, exact=True).check()
            page.click("#next")
            page.wait_for_url(f"**#{following}")


def test_without_script_a_closed_gate_and_a_ruler_are_sent(chromium: Browser, service: Service) -> None:
    with browsing(chromium, service, java_script_enabled=False) as page:
        opened(page, service, "en")
        for field in page.locator("fieldset").all():
            if not (field.locator("input").first.get_attribute("name") or "").startswith("pcptsd5_"):
                field.locator(".rows label").last.click()
        page.locator("#q1").get_by_label("No", exact=True).check()
        page.click("#send .btn")

        assert service.shown[-1][0] == "patient/thanks"
