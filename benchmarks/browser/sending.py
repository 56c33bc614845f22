"""What must hold however fast the pages are: what somebody answers is stored, once and whole, and with scripts off."""

from collections.abc import Iterator, Mapping

import brotli
from playwright.sync_api import Browser, Locator, Page, StorageState

from benchmarks.browser.clinic import CHECK_INS, Asked, invitation, stored
from benchmarks.browser.measuring import PATIENCE, RADIO
from benchmarks.browser.phone import SLOW_3G, Line, a_phone, slow_line
from benchmarks.browser.serving_ours import Ours
from monitor import clock
from monitor.assets import STATIC, small_css
from monitor.bench.report import Gate
from monitor.checkins.forms import Question, questions
from monitor.http import QUALITY, WINDOW
from monitor.measures import catalogue

PIN = "314159"
SEND, AFTER = "#send .btn", "text=Thank you"


def known_phone(browser: Browser, ours: Ours) -> StorageState:
    """Set a phone up for the patient with the long course, as the patient would, and return what it keeps."""
    with a_phone(browser) as (page, _):
        page.goto(ours.address + invitation(ours.sessions, ours.people.charted_id, clock.now()))
        page.fill("#pin", PIN)
        page.fill("#again", PIN)
        page.click("main form .btn")
        page.wait_for_url("**/me")
        return page.context.storage_state()


def gates(browser: Browser, ours: Ours) -> Iterator[Gate]:
    """Answer both check-ins to the end, and look at the chart without scripts."""
    wanted = _answers()
    _tap_through(browser, ours.address + ours.people.by_script.path, wanted)
    yield _gate(
        ours, ours.people.by_script, wanted, "every answer is stored in one submission, though sent twice", SLOW_3G
    )
    _fill_in(browser, ours.address + ours.people.without_script.path, wanted)
    yield _gate(ours, ours.people.without_script, wanted, "every answer is stored with scripts off")
    lines = _whole_lines(browser, ours)
    yield Gate(f"{CHECK_INS} check-ins are drawn for each measure with scripts off", "our chart page", lines == 2)


def _answers() -> Mapping[str, int]:
    """An answer to each question by the name of its field: every value there is, and no thought of self-harm."""
    asked = questions([catalogue.load(code, "en") for code in catalogue.TRACKED])
    return {question.name: _answer(question) for question in asked}


def _answer(question: Question) -> int:
    values = [option.value for option in question.options]
    return values[0] if question.is_safety else values[question.number % len(values)]


def _gate(ours: Ours, asked: Asked, wanted: Mapping[str, int], what: str, line: Line | None = None) -> Gate:
    submissions, given = stored(ours.sessions, asked.check_in_id)
    where = f"our check-in, {line.name}" if line else "our check-in"
    return Gate(what, where, submissions == 1 and given == wanted)


def _tap_through(browser: Browser, url: str, wanted: Mapping[str, int]) -> None:
    """Go from question to question on a slow line, and tap twice on sending, as somebody does who sees nothing move."""
    with a_phone(browser) as (page, phone):
        slow_line(phone, SLOW_3G)
        page.goto(url, timeout=PATIENCE)
        page.tap('a.btn[href="#q1"]')
        for name, value in wanted.items():
            _option(page, name, value).tap()
            page.tap("#next")
        sending = page.locator(SEND)
        sending.scroll_into_view_if_needed()
        box = sending.bounding_box()
        if box is None:
            raise LookupError("the last page has nothing to send with")
        for _ in range(2):
            page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.wait_for_selector(AFTER, timeout=PATIENCE)


def _fill_in(browser: Browser, url: str, wanted: Mapping[str, int]) -> None:
    """Answer the whole form as it stands without scripts."""
    with a_phone(browser, java_script_enabled=False) as (page, _):
        page.goto(url)
        for name, value in wanted.items():
            _option(page, name, value).tap()
        page.tap(SEND)
        page.wait_for_selector(AFTER)


def _option(page: Page, name: str, value: int) -> Locator:
    return page.locator("label", has=page.locator(f'{RADIO}[name="{name}"][value="{value}"]'))


def _whole_lines(browser: Browser, ours: Ours) -> int:
    """Return how many lines with a point for each check-in a patient's own phone shows."""
    with a_phone(browser, java_script_enabled=False, storage_state=known_phone(browser, ours)) as (page, _):
        page.goto(f"{ours.address}/me")
        drawn = [line.get_attribute("points") or "" for line in page.locator("figure .line").all()]
        return sum(len(points.split()) == CHECK_INS for points in drawn)


def charts_of(browser: Browser, ours: Ours) -> int:
    """Return the compressed size of the charts on a patient's own phone with their own style sheet, in bytes."""
    with a_phone(browser, java_script_enabled=False, storage_state=known_phone(browser, ours)) as (page, _):
        page.goto(f"{ours.address}/me")
        drawn = [figure.inner_html() for figure in page.locator("figure").all()]
    style = small_css((STATIC / "chart.css").read_text(encoding="utf-8"))
    return len(brotli.compress("".join([*drawn, style]).encode(), quality=QUALITY, lgwin=WINDOW))
