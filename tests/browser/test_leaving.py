"""What stays on a phone: nothing once it was left, and without a line one neutral page, and nothing of anybody."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, expect
from sqlalchemy.orm import sessionmaker

from monitor.config import Settings
from monitor.db import make_engine
from tests.browser.plan_phone_screens import somebody
from tests.browser.screens import Visit
from tests.browser.service import Service, browsing, served
from tests.builders import NOW

LEAVE = "button[value=leave]"
KEEP, REMOVE = "#keep > :first-child button", "#keep > :last-child button"


@pytest.fixture(scope="module")
def clinic(migrated_sqlite: Path, riverside_settings: Settings, memory_folder: Path) -> Iterator[Service]:
    """A service with nobody in it: each test brings its own patient."""
    path = memory_folder / "leaving.db"
    shutil.copy(migrated_sqlite, path)
    engine = make_engine(f"sqlite:///{path}")
    with served(sessionmaker(engine, expire_on_commit=False), riverside_settings) as service:
        yield service
    engine.dispose()


@pytest.fixture
def visit(chromium: Browser, clinic: Service) -> Iterator[Visit]:
    """A browser in somebody's hand."""
    clinic.now = NOW
    with browsing(chromium, clinic, expected="ERR_INTERNET_DISCONNECTED") as page:
        yield Visit(page, clinic, "en")


@pytest.mark.parametrize("line", ["with a line", "without a line"])
def test_a_check_in_that_was_left_shows_no_answer_to_whoever_goes_back(visit: Visit, line: str) -> None:
    page = visit.page
    visit.open(visit.asked().path)
    for number in (1, 2, 3):
        page.evaluate(f"location.hash = 'q{number}'")
        page.locator(f"#q{number} .rows label").nth(2).click()
    assert page.evaluate("Object.keys(sessionStorage).length") == 1
    page.context.set_offline(line == "without a line")

    leave(page)

    page.context.set_offline(False)
    for _ in range(2):
        page.go_back()
        assert page.url.startswith(visit.service.address + "/c/")
        assert page.locator(":checked").count() == 0
    assert page.evaluate("Object.keys(sessionStorage)") == []


def test_whoever_left_their_own_pages_is_asked_for_the_pin_and_the_phone_stays_known(visit: Visit) -> None:
    page = visit.page
    visit.own_phone()
    visit.open("/me/settings")
    open_pages = page.context.cookies()

    leave(page)

    for _ in range(100):  # the page is gone before the service has said that it is shut
        if page.context.cookies() != open_pages:
            break
        page.wait_for_timeout(50)
    visit.open("/me")
    expect(page.locator("h1")).to_have_text("Enter your PIN")


@pytest.mark.parametrize("line", ["with a line", "without a line"])
def test_leaving_takes_the_kept_plan_along_as_its_page_says(visit: Visit, line: str) -> None:
    page = visit.page
    somebody(visit)
    visit.open("/plan")
    assert "“Leave this page” removes it." in page.inner_text("#keep")
    page.click(KEEP)
    page.wait_for_selector(f"{REMOVE}:visible")
    is_ready(page)
    page.context.set_offline(line == "without a line")

    leave(page)

    page.context.set_offline(False)
    visit.open("/help")
    nothing_is_kept(page)


def test_help_is_left_by_a_row_of_its_own(visit: Visit) -> None:
    visit.open("/help")
    assert visit.page.locator(LEAVE).count() == 1

    leave(visit.page)


def test_without_script_an_empty_page_goes_on_to_the_browsers_own(chromium: Browser, clinic: Service) -> None:
    with browsing(chromium, clinic, java_script_enabled=False) as page:
        visit = Visit(page, clinic, "ar")
        visit.own_phone()
        visit.open("/me")

        leave(page)

        visit.open("/me")
        assert page.locator("#pin").count() == 1


# ---- without a line ----


@pytest.mark.parametrize(("language", "said"), [("en", "No connection"), ("ar", None)])
def test_a_known_phone_without_a_line_says_so_and_whom_to_call(visit: Visit, language: str, said: str | None) -> None:
    visit = Visit(visit.page, visit.service, language)
    page = visit.page
    asked = visit.own_phone()
    visit.open("/me")
    is_ready(page)
    page.context.set_offline(True)

    for path in ("/me", "/me/settings", "/plan", "/help", asked.path):
        visit.open(path)
        assert page.locator("html").get_attribute("lang") == language
        assert said in (None, page.inner_text("h1"))
        assert page.locator('#now a[href="tel:999"]').is_visible()
        assert page.locator(".lang").count() == 0
    page.context.set_offline(False)
    page.click("main > .btn")
    page.wait_for_selector("#q1", state="attached")


def test_only_the_neutral_page_is_kept(visit: Visit) -> None:
    page = visit.page
    asked = visit.own_phone()
    for path in ("/me", "/me/settings", "/plan"):
        visit.open(path)
        is_ready(page)
    visit.open(asked.path)

    kept = page.evaluate(
        """async () => {
            const found = []
            for (const name of await caches.keys())
                for (const each of await (await caches.open(name)).matchAll()) found.push(await each.text())
            return found
        }"""
    )

    assert len(kept) == 1
    assert "No connection" in kept[0]
    for private in (asked.care.patient.preferred_name, asked.care.clinician.name, asked.care.team.name):
        assert private not in kept[0]


def test_a_phone_that_is_not_known_keeps_nothing(visit: Visit) -> None:
    page = visit.page
    visit.open(visit.asked().path)
    visit.open("/help")

    assert page.evaluate("navigator.serviceWorker.getRegistrations().then(all => all.length)") == 0
    page.context.set_offline(True)
    with pytest.raises(Error):
        visit.open("/help")


def test_taking_the_pages_off_the_phone_takes_the_page_too(visit: Visit) -> None:
    page = visit.page
    visit.own_phone()
    visit.open("/me/settings")
    is_ready(page)

    visit.send_unchecked("button[value=forget]")

    nothing_is_kept(page)


def leave(page: Page) -> None:
    """Tap "Leave this page"."""
    page.click(LEAVE)
    page.wait_for_url("about:blank")
    assert page.content() == "<html><head></head><body></body></html>"


def is_ready(page: Page) -> None:
    """Wait until the page for no connection stands by."""
    until(page, "self.keeper && await caches.match('/help?offline=1')")


def nothing_is_kept(page: Page) -> None:
    """Wait until this browser has nothing of the service's."""
    until(page, "!(await caches.keys()).length && !(await navigator.serviceWorker.getRegistrations()).length")


def until(page: Page, holds: str) -> None:
    """Wait for something that our policy lets no string look for."""
    page.evaluate(
        f"""async () => {{
            for (let tries = 0; !({holds}); tries++) {{
                if (tries > 100) throw new Error('not within ten seconds')
                await new Promise(done => setTimeout(done, 100))
            }}
        }}"""
    )
