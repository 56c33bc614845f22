"""A patient keeps the plan on the phone, loses the connection, and takes the copy away again."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy.orm import sessionmaker

from monitor.config import Settings
from monitor.db import make_engine
from monitor.i18n import LANGUAGES
from tests.browser.checks import sideways, small_targets
from tests.browser.plan_phone_screens import somebody
from tests.browser.screens import Visit
from tests.browser.service import PHONE, SMALLEST, Service, browsing, served
from tests.builders import NOW

KEEP = "#keep > :first-child button"
REMOVE = "#keep > :last-child button"


@pytest.fixture(scope="module")
def clinic(migrated_sqlite: Path, riverside_settings: Settings, memory_folder: Path) -> Iterator[Service]:
    """A service with nobody in it: each test brings its own patient."""
    path = memory_folder / "clinic.db"
    shutil.copy(migrated_sqlite, path)
    engine = make_engine(f"sqlite:///{path}")
    with served(sessionmaker(engine, expire_on_commit=False), riverside_settings) as service:
        yield service
    engine.dispose()


@pytest.fixture
def visit(chromium: Browser, clinic: Service) -> Iterator[Visit]:
    """The known phone of somebody who has stepped down, at their plan."""
    clinic.now = NOW
    with browsing(chromium, clinic, expected="ERR_INTERNET_DISCONNECTED") as page:
        found = Visit(page, clinic, "en")
        somebody(found)
        found.open("/plan")
        yield found


def test_the_plan_that_was_kept_opens_without_a_connection_and_no_other_page_does(visit: Visit) -> None:
    page = visit.page
    assert "nyone who can open this phone can then read it" in page.inner_text("#keep")
    keep(page)

    page.context.set_offline(True)
    visit.open("/plan")

    assert "You are reading a kept copy" in page.inner_text("main")
    assert "I wake before four" in page.inner_text("main")
    assert "Cold water on my hands" in page.inner_text("main")
    assert page.locator("main form").count() == 0
    assert page.locator('#now a[href="tel:999"]').is_visible()
    assert sorted(kept_addresses(page)) == ["/help", "/plan"]
    for path in ("/me", "/me/step", "/me/settings", "/help"):
        visit.open(path)
        assert page.inner_text("h1") == "No connection"


def test_nothing_is_kept_unless_it_was_asked_for(visit: Visit) -> None:
    page = visit.page
    page.evaluate("navigator.serviceWorker.ready.then(() => 0)")
    assert kept_plans(page) == 0

    page.context.set_offline(True)
    visit.open("/plan")

    assert page.inner_text("h1") == "No connection"


def test_the_copy_is_gone_once_it_was_removed(visit: Visit) -> None:
    page = visit.page
    keep(page)
    page.reload()
    page.click(REMOVE)
    page.wait_for_selector(f"{KEEP}:visible")
    assert kept_plans(page) == 0

    page.context.set_offline(True)
    visit.open("/plan")

    assert page.inner_text("h1") == "No connection"


def test_the_copy_can_be_removed_without_a_connection(visit: Visit) -> None:
    page = visit.page
    keep(page)
    page.context.set_offline(True)
    visit.open("/plan")

    page.click(REMOVE)
    page.wait_for_selector(REMOVE, state="hidden")

    assert kept_plans(page) == 0
    visit.open("/plan")
    assert page.inner_text("h1") == "No connection"


def test_taking_the_pages_off_the_phone_takes_the_copy_too(visit: Visit) -> None:
    page = visit.page
    keep(page)
    visit.open("/me/settings")

    visit.send_unchecked("button[value=forget]")

    assert stored(page) == (0, 0)


def test_somebody_else_who_sets_this_phone_up_finds_no_copy(visit: Visit) -> None:
    page = visit.page
    keep(page)

    somebody(visit)

    assert kept_plans(page) == 0


def test_a_phone_that_is_no_longer_the_patients_loses_its_copy_at_the_next_look(
    visit: Visit, chromium: Browser
) -> None:
    keep(visit.page)
    visit.page.context.clear_cookies()

    visit.open("/plan")

    assert "/set-up" in visit.page.url
    assert stored(visit.page) == (0, 0)


def test_a_copy_is_made_anew_at_each_look_and_while_the_service_is_down_it_is_shown(visit: Visit) -> None:
    page = visit.page
    keep(page)
    before = kept_text(page)
    visit.service.now += timedelta(minutes=5)
    visit.open("/plan")
    page.evaluate(
        """async before => {
            while (await (await caches.match('/plan')).text() == before) await new Promise(done => setTimeout(done, 50))
        }""",
        before,
    )

    page.context.route("**/plan*", lambda route: route.fulfill(status=503, body="down"))
    visit.open("/plan")

    assert "You are reading a kept copy" in page.inner_text("main")
    assert "10:05" in page.inner_text("main")


def test_without_script_the_page_says_how_to_keep_it(chromium: Browser, clinic: Service) -> None:
    with browsing(chromium, clinic, java_script_enabled=False) as page:
        visit = Visit(page, clinic, "en")
        somebody(visit)
        visit.open("/plan")

        assert not page.locator("#keep").is_visible()
        assert "You can print this page or keep a picture of it." in page.inner_text("main")
        page.click("button[value=back]")
        assert "You are coming back" in page.inner_text("main")


def test_on_paper_there_is_only_the_plan(visit: Visit) -> None:
    page = visit.page
    page.emulate_media(media="print", color_scheme="dark")

    for hidden in ("button", "nav", "#keep", "form", ".lang", '#safety a[href^="sms:"]', 'a[href="#safety"]'):
        assert [each for each in page.locator(hidden).all() if each.is_visible()] == [], hidden
    assert page.locator("li", has_text="I skip lunch").first.is_visible()
    assert page.locator("#now li").first.is_visible()
    ink = page.evaluate("getComputedStyle(document.querySelector('.rows li')).color")
    assert ink in ("rgb(0, 0, 0)", "rgb(31, 42, 48)")
    assert pages_of(page.pdf(format="A4")) <= 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_plan_fits_the_smallest_phone_and_the_largest_letters(
    chromium: Browser, clinic: Service, language: str
) -> None:
    with browsing(chromium, clinic, viewport=SMALLEST, locale=LANGUAGES[language].html) as page:
        visit = Visit(page, clinic, language)
        somebody(visit)
        visit.open("/plan")
        page.evaluate("document.querySelectorAll('details.fold').forEach(each => each.open = true)")
        for size, letters in ((SMALLEST, "100%"), (SMALLEST, "125%"), (PHONE, "200%")):
            page.set_viewport_size(size)
            page.evaluate("letters => document.documentElement.style.fontSize = letters", letters)
            assert (letters, sideways(page), small_targets(page)) == (letters, [], [])


def keep(page: Page) -> None:
    """Ask for a copy."""
    page.click(KEEP)
    page.wait_for_selector(f"{REMOVE}:visible")


def stored(page: Page) -> tuple[int, int]:
    """How many copies and workers this browser has of the service's."""
    found = page.evaluate(
        "Promise.all([caches.keys(), navigator.serviceWorker.getRegistrations()])"
        ".then(found => found.map(each => each.length))"
    )
    return found[0], found[1]


def kept_plans(page: Page) -> int:
    """How many copies of plans this browser has."""
    return page.evaluate("caches.keys().then(names => names.filter(name => name.startsWith('plan')).length)")


def kept_addresses(page: Page) -> list[str]:
    """Every address that is kept."""
    return page.evaluate(
        """async () => {
            const found = []
            for (const name of await caches.keys())
                for (const each of await (await caches.open(name)).keys()) found.push(new URL(each.url).pathname)
            return found
        }"""
    )


def kept_text(page: Page) -> str:
    """What the copy says."""
    return page.evaluate("caches.match('/plan').then(copy => copy.text())")


def pages_of(pdf: bytes) -> int:
    """How many sheets a print takes."""
    return pdf.count(b"/Type /Page\n") or pdf.count(b"/Type /Page ") or pdf.count(b"/Type /Page/")
