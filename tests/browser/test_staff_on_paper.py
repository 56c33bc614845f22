"""What a staff page is on paper: one sensible sheet, in ink, without what only a screen can do."""

import re

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import plan_screens, review_screens, staff_screens, summary_screens
from tests.browser.screens import Screen, Visit
from tests.browser.service import DESK, Service, browsing
from tests.browser.test_everybody_can_read import cookies, everybody_reads

SHEETS = {
    "worklist": (staff_screens.SCREENS, 2),
    "record with a flag": (staff_screens.SCREENS, 3),
    "before the appointment": (staff_screens.SCREENS, 1),
    "review": (review_screens.SCREENS, 1),
    "summary for the doctor": (summary_screens.SCREENS, 1),
    "plan agreed": (plan_screens.SCREENS, 1),
    "plan on paper": (plan_screens.SCREENS, 2),
    "safety plan": (plan_screens.SCREENS, 2),
}
"""Each page that somebody prints, and the most pages that it may take."""
ONLY_ON_SCREENS = "nav, button, .btn, input, select, textarea, summary, [role=search], [role=status], .skip"


def seen(page: Page, selector: str) -> list[str]:
    """What stands on the paper of some elements, by its outer words."""
    return page.evaluate(
        """selector => [...document.querySelectorAll(selector)]
            .filter(each => each.checkVisibility() && !each.closest('.vh') && each.getBoundingClientRect().width > 1)
            .map(each => each.outerHTML.slice(0, 120))""",
        selector,
    )


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page[^s]", pdf))


def screen(name: str) -> Screen:
    return next(each for each in SHEETS[name][0] if each.name == name)


@pytest.mark.parametrize("name", SHEETS)
def test_a_sheet_holds_what_paper_can_hold(chromium: Browser, riverside: Service, name: str) -> None:
    everybody_reads(riverside, "en")
    sheet = screen(name)
    signed_in = cookies(chromium, riverside, sheet.who)
    with browsing(chromium, riverside, viewport=DESK, storage_state=signed_in, color_scheme="dark") as page:
        sheet.go(Visit(page, riverside, "en"))
        page.emulate_media(media="print", color_scheme="dark")

        assert seen(page, ONLY_ON_SCREENS) == []
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
        assert pages_of(page.pdf(format="A4", prefer_css_page_size=True)) <= SHEETS[name][1]


def test_a_printed_worklist_names_nobody_and_tells_no_score(chromium: Browser, riverside: Service) -> None:
    everybody_reads(riverside, "en")
    signed_in = cookies(chromium, riverside, staff_screens.SUPERVISOR)
    with browsing(chromium, riverside, viewport=DESK, storage_state=signed_in) as page:
        staff_screens.row_opened(Visit(page, riverside, "en"))
        names = page.locator(".work .name").all_inner_texts()
        page.emulate_media(media="print")
        printed = page.inner_text("body")

        assert names != []
        assert [name for name in names if name in printed] == []
        assert "L.F." in printed
        assert "+44" not in printed
        assert seen(page, ".work .spark, .work .ev, .work .last") == []
