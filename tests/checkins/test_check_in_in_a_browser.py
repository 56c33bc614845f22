"""A check-in in a real browser: by keyboard, with and without script, on a bad line, and for those who read by ear."""

from collections.abc import Iterator
from threading import Thread

import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from monitor import Surface, create_app
from monitor.checkins.models import Answer, Submission
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag
from tests.builders import NOW
from tests.phones import Asked, an_open_check_in

SMALLEST = {"width": 320, "height": 568}


@pytest.fixture
def address(sqlite_sessions: Sessions, settings: Settings) -> Iterator[str]:
    """The patient surface at a local address."""
    app = create_app(settings, Surface.PATIENT, sessions=sqlite_sessions, clock=lambda: NOW)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def asked(sqlite_sessions: Sessions) -> Asked:
    """A patient with an open check-in."""
    return an_open_check_in(sqlite_sessions)


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A small phone. Any error in a script fails the test."""
    context = chromium.new_context(viewport=SMALLEST)
    opened, faults = context.new_page(), []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    yield opened
    context.close()
    assert faults == []


def test_the_whole_check_in_can_be_answered_by_keyboard(
    page: Page, address: str, asked: Asked, sqlite_sessions: Sessions
) -> None:
    page.goto(address + asked.path)
    page.locator("#start .btn").press("Enter")
    for number in range(1, 18):
        page.wait_for_selector(f"#q{number}:visible legend:focus, #q{number}:visible .note:focus")
        page.keyboard.press("Tab")
        if number == 9:
            page.keyboard.press("Tab")  # past the notice's link
        page.keyboard.press("Space")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
    page.locator("#send .btn").press("Enter")

    page.wait_for_selector("text=You deserve support")
    with unit_of_work(sqlite_sessions) as session:
        assert session.scalars(sa.select(Answer.value).where(Answer.submission_id.is_not(None))).all() == [1] * 17


def test_nobody_goes_on_without_an_answer_of_some_kind(page: Page, address: str, asked: Asked) -> None:
    page.goto(address + asked.path + "#q1")
    page.click("#next")
    assert page.locator("#need").is_visible()

    page.click("#q1 .skip")
    page.click("#next")

    assert page.locator("#q2").is_visible()
    page.go_back()
    assert page.locator("#q1").is_visible()


def test_the_safety_item_opens_help_and_tells_the_team_before_anything_is_sent(
    page: Page, address: str, asked: Asked, sqlite_sessions: Sessions
) -> None:
    page.goto(address + asked.path + "#q9")
    assert not page.locator(".care").is_visible()
    with page.expect_request("**/early") as early:
        page.click("#q9 .rows label:nth-of-type(2)")
    assert early.value.response() is not None

    assert page.locator(".care").is_visible()
    with unit_of_work(sqlite_sessions) as session:
        assert session.scalars(sa.select(Flag.kind)).all() == [FlagKind.SAFETY]
    page.click("#q9 .rows label:nth-of-type(1)")
    assert not page.locator(".care").is_visible()


def test_answers_outlive_a_broken_line_and_are_gone_once_sent(page: Page, address: str, asked: Asked) -> None:
    page.goto(address + asked.path + "#q1")
    page.click("#q1 .rows label:nth-of-type(3)")
    page.goto(address + asked.path + "?lang=de#q1")
    assert page.locator('#q1 input[value="2"]').is_checked()
    assert page.get_attribute("form", "action") == "?lang=de"

    answer_all(page)
    page.evaluate("document.querySelector('#send .btn').click()")

    page.wait_for_selector(".path")
    assert page.evaluate("sessionStorage.length + localStorage.length") == 0


def test_a_draft_is_forgotten_after_an_hour(page: Page, address: str, asked: Asked) -> None:
    page.goto(address + asked.path + "#q1")
    page.click("#q1 .rows label:nth-of-type(3)")
    page.evaluate("for (k in sessionStorage) sessionStorage[k] = String(sessionStorage[k]).replace(/t=\\d+/, 't=1')")

    page.reload()

    assert page.locator("#q1 :checked").count() == 0


def test_two_taps_on_send_are_one_check_in(page: Page, address: str, asked: Asked, sqlite_sessions: Sessions) -> None:
    page.goto(address + asked.path)
    answer_all(page)
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)

    page.evaluate("for (let n = 0; n < 3; n++) document.querySelector('#send .btn').click()")

    page.wait_for_selector(".path")
    assert len(posts) == 1
    with unit_of_work(sqlite_sessions) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Submission)) == 1


def test_asking_for_a_call_leads_to_what_happens_next(page: Page, address: str, asked: Asked) -> None:
    page.goto(address + asked.path + "#q9")
    page.click("#q9 .rows label:nth-of-type(4)")
    page.click(".care .btn")

    page.wait_for_selector("text=Your team knows that you would like a call")
    assert page.locator("#q10").is_visible()
    assert page.locator('#q9 input[value="3"]').is_checked()


def test_without_script_the_same_document_scrolls_and_keeps_the_same_answers(
    chromium: Browser, address: str, asked: Asked, sqlite_sessions: Sessions
) -> None:
    context = chromium.new_context(viewport=SMALLEST, java_script_enabled=False)
    page = context.new_page()
    page.goto(address + asked.path)
    assert page.locator(".step:visible").count() == 19
    for number in range(1, 18):
        page.click(f"#q{number} .rows label:nth-of-type(2)")
        assert page.locator(".care").is_visible() == (number >= 9)
    page.locator("#q1 input:checked").press("Enter")
    assert page.locator("#q1").is_visible(), "Enter alone sends nothing, and asks nobody for a call"
    page.fill("#note", "Hello")

    page.click("#send .btn")

    page.wait_for_selector("text=You deserve support")
    context.close()
    with unit_of_work(sqlite_sessions) as session:
        submission = session.scalars(sa.select(Submission)).one()
        assert [answer.value for answer in submission.answers] == [1] * 17
        assert submission.note == "Hello"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_every_open_page_can_be_read_by_everybody(
    chromium: Browser, address: str, sqlite_sessions: Sessions, language: str, scheme: str
) -> None:
    asked = an_open_check_in(sqlite_sessions, language=language)
    context = chromium.new_context(viewport=SMALLEST, color_scheme=scheme, locale=language)
    page = context.new_page()
    for path in (asked.path, asked.path + "#q9", "/c/unknown", "/help", "/help?country=other", "/set-up", "/nowhere"):
        page.goto(f"{address}{path}")
        is_sound(page)
    page.goto(address + asked.path)
    answer_all(page, safety="2", but="phq9_7")
    page.evaluate("document.querySelector('#send .btn').click()")
    page.wait_for_selector("#errors")
    is_sound(page)
    page.click("#q7 .rows label:nth-of-type(1)")
    page.click("#answers > .btn")
    page.wait_for_selector("button[name=safe]")
    is_sound(page)
    page.click("button[value=no]")
    page.wait_for_selector("[role=status]")
    is_sound(page)
    context.close()


def answer_all(page: Page, safety: str = "0", but: str = "") -> None:
    page.evaluate(
        """([safety, but]) => document.querySelectorAll('fieldset').forEach(field => {
            const name = field.querySelector('input').name
            const value = name == 'phq9_9' ? safety : '0'
            if (name != but) field.querySelector(`[value="${value}"]`).checked = true
        })""",
        [safety, but],
    )


def is_sound(page: Page) -> None:
    """Nothing that axe finds, nothing that scrolls sideways, nothing too small to tap."""
    found = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= SMALLEST["width"]
    heights = page.evaluate(
        """[...document.querySelectorAll('main .btn, main .rows label, main .to > a, .top > a, summary')]
            .filter(each => each.offsetParent).map(each => each.getBoundingClientRect().height)"""
    )
    assert min(heights) >= 44, heights
