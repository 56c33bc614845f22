"""The patient's pages on the smallest phone and in the largest letters, in all ten languages."""

import pytest
from playwright.sync_api import Browser, Page

from monitor.i18n import LANGUAGES
from tests.browser.checks import sideways, small_targets
from tests.browser.patient_screens import all_at_once, chart, check_in, help_opened, thanks
from tests.browser.screens import Visit
from tests.browser.service import PHONE, SMALLEST, Service, browsing
from tests.phones import an_open_check_in


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_scrolls_sideways_and_everything_can_be_tapped(
    chromium: Browser, riverside: Service, language: str
) -> None:
    with browsing(chromium, riverside, viewport=SMALLEST, locale=LANGUAGES[language].html) as page:
        visit = Visit(page, riverside, language)
        for go in (check_in("#q1"), help_opened, all_at_once, thanks):
            go(visit)
            fits(page, language)
        visit.open("/help")
        fits(page, language)
        chart(visit)
        fits(page, language)
        visit.open("/me/settings")
        page.evaluate("document.querySelectorAll('details.fold').forEach(each => each.open = true)")
        fits(page, language)


def test_a_check_in_is_one_request(chromium: Browser, riverside: Service) -> None:
    asked = an_open_check_in(riverside.sessions)
    with browsing(chromium, riverside) as page:
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))

        page.goto(riverside.address + asked.path, wait_until="networkidle")

        assert [url for url in requests if not url.startswith("data:")] == [riverside.address + asked.path]


def fits(page: Page, language: str) -> None:
    """Nothing sticks out and nothing is too small to tap, on the smallest phone and in letters of twice the size."""
    assert page.locator("html").get_attribute("lang") == LANGUAGES[language].html
    for size, letters in ((SMALLEST, "100%"), (PHONE, "200%")):
        page.set_viewport_size(size)
        page.evaluate("letters => document.documentElement.style.fontSize = letters", letters)
        assert (page.url, letters, sideways(page)) == (page.url, letters, [])
        assert (page.url, letters, small_targets(page)) == (page.url, letters, [])
