"""A check-in on a line that breaks: whatever happens on the way, one record, the same as on a good line."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, Route

from monitor.checkins.kinds import Compared
from monitor.checkins.models import Mode, Submission
from monitor.db import reading
from tests.browser.phone_steps import SAFETY, choose_all, send, tap_through
from tests.browser.service import Service, browsing

QUESTIONS = 17
ANSWERS = {number: number % 4 for number in range(1, QUESTIONS + 1)} | {SAFETY: 0}
NOTE = "Sleep is better"
NO_CONNECTION = "No connection. Your answers are still on this page."
BROKEN = "net::ERR"
"""In what a browser notes of a line that a test has cut."""


@dataclass(frozen=True)
class Record:
    """What is kept of one check-in, however it came."""

    values: tuple[int | None, ...]
    totals: dict[str, int | None]
    compared: Compared | None
    note: str | None
    mode: Mode


SENT = Record(
    values=tuple(ANSWERS.values()),
    totals={"phq9": sum(ANSWERS[item] for item in range(1, 10)), "gad7": sum(ANSWERS[item] for item in range(11, 18))},
    compared=Compared.WORSE,
    note=NOTE,
    mode=Mode.LINK,
)


def records(service: Service) -> list[Record]:
    """What Nora has sent in the last hour, her answers in the order in which they are asked."""
    asked = [("phq9", item) for item in range(1, 10)] + [("phq9", 0)] + [("gad7", item) for item in range(1, 8)]
    with reading(service.sessions) as session:
        mine = sa.select(Submission).where(Submission.patient_id == service.patient(session, "Nora").id)
        return [
            Record(
                tuple(each.answers_given()[item] for item in asked),
                {score.instrument: score.total for score in each.scores},
                each.compared,
                each.note,
                each.mode,
            )
            for each in session.scalars(mine.where(Submission.submitted_at > service.now - timedelta(hours=1)))
        ]


def last_words(page: Page) -> None:
    page.select_option("select", "worse")
    page.fill("#note", NOTE)


# ---- ways to answer on a good line ----


def by_touch(page: Page) -> None:
    tap_through(page, ANSWERS)
    last_words(page)
    send(page)


def all_at_once(page: Page) -> None:
    choose_all(page, ANSWERS)
    last_words(page)
    send(page)


def by_keys_alone(page: Page) -> None:
    reach(page, "#start .btn")
    page.keyboard.press("Enter")
    for number, value in ANSWERS.items():
        page.wait_for_selector(f"#q{number}:visible")
        reach(page, f"#q{number} input")
        page.keyboard.press("Space")
        for _ in range(value):
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
    page.wait_for_selector("#send:visible")
    reach(page, "select")
    page.keyboard.press("w")
    reach(page, "#note")
    page.keyboard.type(NOTE)
    reach(page, "#send .btn")
    page.keyboard.press("Enter")


def reach(page: Page, selector: str) -> None:
    """Press Tab until something that fits is in focus."""
    for _ in range(20):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach {selector}")


@pytest.mark.parametrize(
    ("answer", "options"),
    [
        (by_touch, {}),
        (by_keys_alone, {}),
        (all_at_once, {"java_script_enabled": False}),
        (by_touch, {"forced_colors": "active"}),
    ],
    ids=["by touch", "by keys alone", "without script", "in forced colours"],
)
def test_however_it_is_answered_the_same_record_is_kept(
    chromium: Browser, fresh_riverside: Service, answer: Callable[[Page], None], options: dict[str, object]
) -> None:
    with browsing(chromium, fresh_riverside, **options) as page:
        page.goto(fresh_riverside.link_to("Nora"))
        answer(page)

        page.wait_for_selector(".path")
        assert records(fresh_riverside) == [SENT]


# ---- on a bad line ----


@contextmanager
def dead_line(page: Page, link: str) -> Iterator[None]:
    """Nothing reaches the service."""
    page.context.set_offline(True)
    yield
    page.context.set_offline(False)


@contextmanager
def lost_reply(page: Page, link: str) -> Iterator[None]:
    """The service gets what is sent, and its reply gets lost."""

    def lose(route: Route) -> None:
        assert route.fetch().status == 200
        route.abort("connectionreset")

    page.route(link + "*", lose)
    yield
    page.unroute(link + "*")


@contextmanager
def service_in_trouble(page: Page, link: str) -> Iterator[None]:
    """Something in between answers for the service."""
    page.route(link + "*", lambda route: route.fulfill(status=503, body="Bad gateway"))
    yield
    page.unroute(link + "*")


@pytest.mark.parametrize("trouble", [dead_line, lost_reply, service_in_trouble])
def test_answers_outlive_a_bad_line_and_are_kept_once_however_often_they_are_sent(
    chromium: Browser, fresh_riverside: Service, trouble: Callable[[Page, str], AbstractContextManager[None]]
) -> None:
    with browsing(chromium, fresh_riverside, expected="Failed to load resource") as page:
        link = fresh_riverside.link_to("Nora")
        page.goto(link)
        with trouble(page, link):
            by_touch(page)
            said = page.locator("#send .note")
            said.wait_for()
            assert said.inner_text() == NO_CONNECTION
            assert page.locator("#send .btn").inner_text() == "Send again"
            assert page.evaluate("document.activeElement.matches('#send .btn')")
            send(page)
            said.wait_for()
        assert page.input_value("#note") == NOTE

        send(page)

        page.wait_for_selector(".path")
        assert records(fresh_riverside) == [SENT]
        assert page.evaluate("sessionStorage.length + localStorage.length") == 0


def test_a_page_that_is_opened_anew_after_a_dead_line_sends_under_the_same_key(
    chromium: Browser, fresh_riverside: Service
) -> None:
    with browsing(chromium, fresh_riverside, expected=BROKEN) as page:
        link = fresh_riverside.link_to("Nora")
        page.goto(link)
        key = page.input_value("[name=key]")
        with dead_line(page, link):
            by_touch(page)
            page.wait_for_selector("#send .note:visible")

        page.reload()
        assert page.input_value("[name=key]") == key
        assert page.input_value("#note") == NOTE
        send(page)

        page.wait_for_selector(".path")
        assert records(fresh_riverside) == [SENT]


def test_without_script_the_browser_itself_sends_the_same_form_again(
    chromium: Browser, fresh_riverside: Service
) -> None:
    with browsing(chromium, fresh_riverside, expected=BROKEN, java_script_enabled=False) as page:
        link = fresh_riverside.link_to("Nora")
        page.goto(link)
        with lost_reply(page, link):
            all_at_once(page)
            page.wait_for_url("chrome-error://**")
        assert records(fresh_riverside) == [SENT]

        page.reload()

        page.wait_for_selector(".path")
        assert records(fresh_riverside) == [SENT]


def test_the_button_says_that_it_sends_and_may_be_pressed_again_after_half_a_minute(
    chromium: Browser, fresh_riverside: Service
) -> None:
    with browsing(chromium, fresh_riverside) as page:
        page.clock.install()
        link = fresh_riverside.link_to("Nora")
        page.goto(link)
        tap_through(page, ANSWERS)
        page.route(link + "*", lambda route: None)  # a line that says nothing at all
        send(page)
        button = page.locator("#send .btn")
        assert (button.inner_text(), button.is_disabled()) == ("Sending…", True)
        assert page.get_attribute("#send [aria-live]", "aria-live") == "polite"

        page.clock.fast_forward(31_000)

        assert (button.inner_text(), button.is_disabled()) == ("Send again", False)
        assert page.locator("#send .note").is_visible()


def test_a_call_can_be_asked_for_again_when_the_line_was_dead(chromium: Browser, fresh_riverside: Service) -> None:
    with browsing(chromium, fresh_riverside, expected=BROKEN) as page:
        link = fresh_riverside.link_to("Nora")
        page.goto(link + f"#q{SAFETY}")
        page.locator(f"#q{SAFETY} .rows label").nth(1).click()
        with dead_line(page, link):
            page.click(".care .btn")
            page.wait_for_selector(".care .note:visible")
        assert page.locator('.care a[href^="tel:"]').first.is_visible()

        page.click(".care .btn")

        page.wait_for_selector("text=Your team knows that you would like a call")
        assert page.locator(f"#q{SAFETY + 1}").is_visible()
        assert page.evaluate("document.activeElement.matches('[role=status]')")
        page.go_back()
        page.wait_for_selector(f"#q{SAFETY}:visible")  # still the check-in, and its answers


def test_the_reply_runs_under_the_policy_of_the_page_that_it_replaces(
    chromium: Browser, fresh_riverside: Service
) -> None:
    with browsing(chromium, fresh_riverside) as page:  # which fails at whatever a policy refuses
        page.goto(fresh_riverside.link_to("Nora"))
        by_touch(page)

        page.wait_for_selector(".path")
        assert page.evaluate("getComputedStyle(document.querySelector('.path li')).position") == "relative"
        assert page.evaluate("document.activeElement.matches('h1')")
        assert page.evaluate("scrollY") == 0
        assert page.url == fresh_riverside.address + page.evaluate("location.pathname")


@pytest.mark.parametrize("number", [2, 3, 4])
def test_help_stands_in_view_as_soon_as_the_safety_item_is_answered_above_0(
    chromium: Browser, fresh_riverside: Service, number: int
) -> None:
    with browsing(chromium, fresh_riverside, viewport={"width": 320, "height": 568}) as page:
        page.goto(fresh_riverside.link_to("Nora") + f"#q{SAFETY}")

        page.click(f"#q{SAFETY} .rows label:nth-of-type({number})")

        call = page.locator('.care a[href^="tel:"]').first.bounding_box()
        assert call is not None
        assert call["y"] >= 0
        assert call["y"] + call["height"] <= 568
