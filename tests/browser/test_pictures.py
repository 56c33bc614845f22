"""The pictures in the README: each is a real page, and is drawn anew with MONITOR_SCREENSHOTS=write."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from tests.browser.patient_screens import before_the_first, chart
from tests.browser.plan_phone_screens import somebody
from tests.browser.screens import Visit
from tests.browser.service import DRAWS, PHONE, Service, browsing
from tests.browser.staff_screens import IMPROVING, WITH_FLAG, WORSE

FOLDER = Path(__file__).parent / "screenshots"
TALL_PHONE: ViewportSize = {"width": 360, "height": 1000}
"""Both charts in one picture."""
SMALL_DESK: ViewportSize = {"width": 1100, "height": 720}
AT_MOST = 200_000
"""Bytes: whoever reads the README waits for all of them."""


def check_in(visit: Visit) -> None:
    visit.page.goto(visit.service.link_to("أمل") + "#q1")
    visit.page.locator("#q1 .rows label").nth(1).click()


def worklist(visit: Visit) -> None:
    visit.service.sign_in(visit.page, "Ines")
    visit.open(f"/staff/?open={visit.patient_id(WITH_FLAG)}")


def review(visit: Visit) -> None:
    visit.service.sign_in(visit.page, "Ines")
    visit.open(f"/staff/patients/{visit.patient_id(WORSE)}/review")
    visit.page.locator(".pick label").nth(1).click()


def plan(visit: Visit) -> None:
    somebody(visit)
    visit.open("/plan")


def step_down(visit: Visit) -> None:
    visit.service.sign_in(visit.page, "Ines")
    visit.open(f"/staff/patients/{visit.patient_id(IMPROVING)}/step-down")


@pytest.mark.parametrize(
    ("name", "language", "size", "go", "shows"),
    [
        ("checkin-ar", "ar", PHONE, check_in, "#q1 :checked"),
        ("consent-uk", "uk", TALL_PHONE, before_the_first, ".facts"),
        ("progress", "en", TALL_PHONE, chart, "figure:nth-of-type(2) .line"),
        ("worklist", "en", SMALL_DESK, worklist, "tr.open .ev"),
        ("review", "en", SMALL_DESK, review, ".pick :checked"),
        ("plan", "en", TALL_PHONE, plan, "button[name=do]"),
        ("step-down", "en", SMALL_DESK, step_down, "tr#plan"),
    ],
)
def test_the_picture_shows_a_page_that_is_there(
    chromium: Browser,
    fresh_riverside: Service,
    name: str,
    language: str,
    size: ViewportSize,
    go: Callable[[Visit], None],
    shows: str,
) -> None:
    picture = FOLDER / f"{name}.png"
    fresh_riverside.tick()
    with browsing(chromium, fresh_riverside, viewport=size, locale=language, device_scale_factor=1) as page:
        go(Visit(page, fresh_riverside, language))
        page.wait_for_selector(shows, state="attached")
        if DRAWS:
            draw(page, picture)

    assert 0 < picture.stat().st_size < AT_MOST


def draw(page: Page, picture: Path) -> None:
    """Keep a picture of what the first screen shows, with nothing in focus."""
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    page.mouse.move(0, 0)
    picture.parent.mkdir(exist_ok=True)
    page.screenshot(path=picture, animations="disabled")
