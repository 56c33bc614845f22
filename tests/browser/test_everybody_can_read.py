"""Every screen of both surfaces, in light and in dark, as axe sees it, and whether it fits.

The suite reads every screen in full in English; those of patients in Arabic and in one of the other eight languages,
taken in turn, for all but dark colours, which no language changes; those of staff in Spanish for whether they fit.
`make screens` reads all in full in every language, and keeps pictures in build/screens, to be looked at one by one.
"""

import os
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import cycle
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page

from monitor import Surface, create_app
from monitor.config import RESOURCES
from monitor.db import unit_of_work
from monitor.i18n import LANGUAGES
from monitor.people.models import StaffMember
from tests.browser import (
    call_screens,
    caseload_screens,
    demonstration_screens,
    intake_screens,
    measure_screens,
    middle_screens,
    patient_screens,
    plan_phone_screens,
    plan_screens,
    progress_screens,
    return_screens,
    review_screens,
    staff_screens,
    staff_text_screens,
    step_down_screens,
    step_screens,
    summary_screens,
)
from tests.browser.checks import does_not_fit, sideways, small_targets, violations
from tests.browser.screens import Screen, Visit
from tests.browser.service import DESK, PHONE, Service, browsing
from tests.browser.words import untranslatable
from tests.i18n.pseudo import instead_of_english

STAFF_SCREENS = staff_screens.SCREENS + staff_text_screens.SCREENS + intake_screens.SCREENS + caseload_screens.SCREENS
STAFF_SCREENS += measure_screens.SCREENS + step_screens.STAFF_SCREENS
PATIENT_SCREENS = patient_screens.SCREENS + step_screens.PATIENT_SCREENS + plan_phone_screens.SCREENS
STAFF_SCREENS += review_screens.SCREENS + return_screens.STAFF_SCREENS
PATIENT_SCREENS += return_screens.PATIENT_SCREENS
STAFF_SCREENS += step_down_screens.SCREENS
STAFF_SCREENS += summary_screens.SCREENS
PATIENT_SCREENS += summary_screens.PATIENT_SCREENS
STAFF_SCREENS += plan_screens.SCREENS
STAFF_SCREENS += middle_screens.SCREENS
STAFF_SCREENS += call_screens.SCREENS
PATIENT_SCREENS += progress_screens.PATIENT_SCREENS
STAFF_SCREENS += progress_screens.STAFF_SCREENS
IN_FULL = os.environ.get("MONITOR_SCREENS") == "all"
"""Whether everything is read in full and pictured: some twenty minutes, so not in every run."""
PICTURES = Path("build/screens")
PICTURED = {"patients": ("en", "ar"), "staff": ("en", "es")}
READ_IN_FULL = tuple(LANGUAGES) if IN_FULL else PICTURED["patients"]
OTHER_LANGUAGES = tuple(language for language in LANGUAGES if language not in PICTURED["patients"])
PSEUDO = None if IN_FULL else "en"
"""What the pseudo-language stands in for: whatever is true of a longer English is true of English. Not on pictures.

It has to fit on the smallest phone; no language is that long in letters of twice the size too.
"""
COLOURS = ("color-contrast", "link-in-text-block")
"""The rules of axe for which it matters whether a page is light or dark."""
NO_PAGE = {"static", "health.healthz", "feed.read"}
FRAMES = {"page", "door", "after_check_in"}
"""Templates that others fill."""


@pytest.fixture(scope="module", autouse=True)
def nobody_speaks_english(lasting_riverside: Service) -> Iterator[None]:
    """Show in a language that nobody speaks whatever would be in English, so that what is not translated stands out."""
    with instead_of_english() if PSEUDO else nullcontext():
        yield


def named(screens: tuple[Screen, ...]) -> list[object]:
    """Screens as parameters, by their names."""
    return [pytest.param(screen, id=screen.name) for screen in screens]


@pytest.mark.parametrize("screen", named(PATIENT_SCREENS))
@pytest.mark.parametrize("language", READ_IN_FULL)
def test_a_patient_can_read_it(chromium: Browser, riverside: Service, language: str, screen: Screen) -> None:
    in_full = language == "en" or IN_FULL
    with browsing(chromium, riverside, viewport=PHONE, locale=language) as page:
        screen.go(Visit(page, riverside, language))

        assert riverside.shown[-1] == (screen.template, screen.endpoint)
        assert page.locator("html").get_attribute("lang") == LANGUAGES[language].html
        assert small_targets(page) == []
        assert sideways(page) == []
        assert violations(page) == []
        assert language != PSEUDO or untranslatable(page, riverside) == []
        in_the_dark(page)
        assert not in_full or violations(page, only=COLOURS) == []
        keep_pictures(page, screen, "patients", language)
        assert language == PSEUDO or does_not_fit(page) == []


@pytest.mark.parametrize(
    ("screen", "language"),
    list(zip(PATIENT_SCREENS, cycle(OTHER_LANGUAGES))),
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_a_patient_can_read_it_in_another_language(
    chromium: Browser, riverside: Service, screen: Screen, language: str
) -> None:
    with browsing(chromium, riverside, viewport=PHONE, locale=LANGUAGES[language].html) as page:
        screen.go(Visit(page, riverside, language))

        assert page.locator("html").get_attribute("lang") == LANGUAGES[language].html
        assert small_targets(page) == []
        assert violations(page, but=COLOURS) == []
        assert does_not_fit(page) == []


@pytest.mark.parametrize("screen", named(STAFF_SCREENS))
@pytest.mark.parametrize("language", ["en", "es"])
def test_a_staff_member_can_read_it(chromium: Browser, riverside: Service, language: str, screen: Screen) -> None:
    in_full = language == "en" or IN_FULL
    everybody_reads(riverside, language)
    signed_in = cookies(chromium, riverside, screen.who)
    with browsing(chromium, riverside, viewport=DESK, locale=language, storage_state=signed_in) as page:
        screen.go(Visit(page, riverside, language))

        assert riverside.shown[-1] == (screen.template, screen.endpoint)
        assert page.locator("html").get_attribute("lang") == language
        assert sideways(page) == []
        assert not in_full or violations(page) == []
        assert language != PSEUDO or untranslatable(page, riverside) == []
        page.set_viewport_size(PHONE)
        in_the_dark(page)
        assert sideways(page) == []
        assert not in_full or violations(page) == []
        keep_pictures(page, screen, "staff", language)
        assert language == PSEUDO or does_not_fit(page) == []


@pytest.mark.parametrize("screen", named(demonstration_screens.SCREENS))
def test_whoever_tries_the_demonstration_can_read_it(chromium: Browser, riverside: Service, screen: Screen) -> None:
    with browsing(chromium, riverside) as page:
        screen.go(Visit(page, riverside, "en"))

        assert riverside.shown[-1] == (screen.template, screen.endpoint)
        assert violations(page) == []
        in_the_dark(page)
        assert violations(page, only=COLOURS) == []


@pytest.mark.parametrize("path", ["/c/unknown", "/staff/"])
def test_a_service_that_is_broken_says_so_to_everybody(
    chromium: Browser, broken_service: Service, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    with browsing(chromium, broken_service, expected="status of 500") as page:
        page.goto(broken_service.address + path)

        assert page.locator("h1").count() == 1
        assert violations(page) == []


def test_every_page_that_can_be_opened_and_every_template_is_among_the_screens(riverside: Service) -> None:
    screens = PATIENT_SCREENS + demonstration_screens.SCREENS + STAFF_SCREENS
    pages = {
        path.relative_to(RESOURCES / "templates").with_suffix("").as_posix()
        for folder in ("patient", "staff", "demo")
        for path in (RESOURCES / "templates" / folder).glob("[!_]*.html")
        if path.stem not in FRAMES
    }
    views = {
        rule.endpoint
        for surface in Surface
        for rule in create_app(riverside.settings, surface, sessions=riverside.sessions).url_map.iter_rules()
        if "GET" in (rule.methods or ())
    }

    assert {screen.template for screen in screens} == pages
    assert views - NO_PAGE - {screen.endpoint for screen in screens} == set()


BAD = """<!doctype html><title></title><style>p { color: #bbb; width: 700px }</style>
<img src="data:,"><input><p>A page that hardly anybody can read.</p><button>x</button>"""


def test_a_bad_page_would_be_noticed(chromium: Browser) -> None:
    page = chromium.new_page(viewport=PHONE)
    page.set_content(BAD)

    found = {rule for rule, _ in violations(page)}
    assert found >= {"color-contrast", "document-title", "html-has-lang", "image-alt", "label"}
    assert violations(page, only=COLOURS) != []
    assert sideways(page) != []
    assert small_targets(page) != []
    page.close()


def keep_pictures(page: Page, screen: Screen, surface: str, language: str) -> None:
    """Keep a screen as a phone and as a desk show it, in light and in dark, for somebody to look at."""
    if not IN_FULL or language not in PICTURED[surface]:
        return
    folder = PICTURES / surface
    folder.mkdir(parents=True, exist_ok=True)
    name = "".join(letter if letter.isalnum() else "-" for letter in screen.name)
    for width, size in (("phone", PHONE), ("desk", DESK)):
        for colours in ("light", "dark"):
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=colours, reduced_motion="reduce")
            page.screenshot(path=folder / f"{name}.{language}.{width}.{colours}.png", full_page=True)
    page.set_viewport_size(PHONE)


def in_the_dark(page: Page) -> None:
    """Let the phone or the desk ask for dark pages."""
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")


def cookies(chromium: Browser, service: Service, who: str | None) -> object:
    """What a browser holds once somebody has signed in."""
    if who is None:
        return None
    if who not in service.signed_in:
        with browsing(chromium, service) as page:
            service.sign_in(page, who)
            service.signed_in[who] = page.context.storage_state()
    return service.signed_in[who]


def everybody_reads(service: Service, language: str) -> None:
    """Let the staff pages speak a language."""
    with unit_of_work(service.sessions) as session:
        session.execute(sa.update(StaffMember).values(language=language))
