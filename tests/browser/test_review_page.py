"""A review by keys alone, without any script, and on paper."""

import re

from playwright.sync_api import Browser, Page

from tests.browser.review_screens import WORDS, due_now
from tests.browser.screens import Visit
from tests.browser.service import DESK, PHONE, Service, browsing


def presses(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_a_review_is_decided_by_keys_alone_and_without_a_script(chromium: Browser, riverside: Service) -> None:
    with browsing(chromium, riverside, viewport=DESK, java_script_enabled=False) as page:
        due_now(Visit(page, riverside, "en"))
        page.focus("[name=decision][value=continue]")
        presses(page, "Space", "Tab", "Tab")  # past the link to the guardrails, to the reason for departing
        page.keyboard.type("A recent")
        presses(page, "Tab")
        page.keyboard.type(WORDS)
        presses(page, *["Tab"] * 5)  # the date stays: its parts and its button are stops of their own
        page.keyboard.type("As")
        presses(page, "Tab", "Space", "Tab", "Enter")
        page.wait_for_url(re.compile(r"/staff/patients/[0-9a-f-]+$"))
        assert "Decided." in page.inner_text("main")


def test_a_review_prints_on_one_page(chromium: Browser, riverside: Service) -> None:
    with browsing(chromium, riverside, viewport=DESK) as page:
        due_now(Visit(page, riverside, "en"))
        printed = page.pdf(format="A4", prefer_css_page_size=True)
        assert len(re.findall(rb"/Type\s*/Page[^s]", printed)) == 1


def test_the_reason_is_asked_beside_the_choice_that_owes_it(chromium: Browser, riverside: Service) -> None:
    with browsing(chromium, riverside, viewport=PHONE) as page:
        due_now(Visit(page, riverside, "en"))
        page.check("[name=decision][value=continue]")
        assert page.is_visible("#deviation")
        page.check("[data-rule]")
        assert not page.is_visible("#deviation")
