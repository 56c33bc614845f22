"""A patient with a phone, from the text to the page that says thank you, when things go well and when they do not."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page

from monitor.checkins.models import Answer, Submission
from monitor.db import reading
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag
from monitor.i18n import LANGUAGES
from monitor.messaging.models import Message
from monitor.messaging.texts import TextKind
from tests.browser.phone_steps import SAFETY, choose_all, send, tap_through, wording, wording_on
from tests.browser.service import Service, browsing

NONE = dict.fromkeys(range(1, 19), 0)
"""The lightest answer to everything."""
WHO = {"en": "Nora", "ar": "أمل"}


@pytest.fixture
def phone(chromium: Browser, fresh_riverside: Service) -> Iterator[Page]:
    """A phone that reaches the demonstration."""
    with browsing(chromium, fresh_riverside) as page:
        yield page


@dataclass(frozen=True)
class Kept:
    """What was kept of one check-in."""

    language: str
    values: dict[str, int | None]
    """By the name of the question's field: phq9_4."""


def kept(service: Service, first_name: str) -> list[Kept]:
    """What a patient has sent in the last hour."""
    with reading(service.sessions) as session:
        mine = sa.select(Submission).where(Submission.patient_id == service.patient(session, first_name).id)
        found = session.scalars(mine.where(Submission.submitted_at > service.now - timedelta(hours=1)))
        return [
            Kept(each.language, {f"{code}_{item}": value for (code, item), value in each.answers_given().items()})
            for each in found
        ]


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_patient_taps_the_link_in_the_text_answers_every_question_and_is_thanked(
    chromium: Browser, fresh_riverside: Service, language: str, script: bool
) -> None:
    # Given the text that went out to somebody who reads this language
    link = fresh_riverside.link_to(WHO[language])
    with browsing(chromium, fresh_riverside, java_script_enabled=script) as page:
        # When they open its link
        page.goto(link)
        # Then every question stands there in their language, word for word
        assert page.locator("html").get_attribute("lang") == language
        assert page.locator("html").get_attribute("dir") == LANGUAGES[language].direction
        asked = wording_on(page) if not script else text_of_all(page)
        assert asked == wording(language)
        # When they answer and send
        (tap_through if script else choose_all)(page, NONE)
        send(page)
        # Then they are thanked, and what they said is kept once
        page.wait_for_selector(".path")
        (sent,) = kept(fresh_riverside, WHO[language])
        assert list(sent.values.values()) == [0] * len(wording(language))
        assert sent.language == language


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_whoever_answers_the_safety_item_above_0_sees_who_to_call_first(
    chromium: Browser, fresh_riverside: Service, language: str, script: bool
) -> None:
    link = fresh_riverside.link_to(WHO[language])
    with browsing(chromium, fresh_riverside, java_script_enabled=script) as page:
        page.goto(link)
        (tap_through if script else choose_all)(page, NONE | {SAFETY: 1})
        send(page)

        page.wait_for_selector("button[name=safe]")

        calls = page.locator('main a[href^="tel:"]')
        assert calls.first.bounding_box()["y"] < page.locator("main .btn").first.bounding_box()["y"]
        assert page.locator(".path").count() == 0, "nothing cheerful"
        with reading(fresh_riverside.sessions) as session:
            patient = fresh_riverside.patient(session, WHO[language])
            raised = sa.select(Flag).where(Flag.kind == FlagKind.SAFETY, Flag.opened_at == fresh_riverside.now)
            assert [flag.patient_id for flag in session.scalars(raised)] == [patient.id]


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_question_left_open_is_asked_again_and_nothing_else_is(
    chromium: Browser, fresh_riverside: Service, script: bool
) -> None:
    with browsing(chromium, fresh_riverside, java_script_enabled=script) as page:
        page.goto(fresh_riverside.link_to("Nora"))
        if script:
            page.evaluate("document.querySelectorAll('.step').forEach(step => step.hidden = false)")
        choose_all(page, NONE, leave_open=4)
        send(page)

        page.wait_for_selector("#errors")
        assert [page.locator(f"#q{number}").is_visible() for number in (3, 4, 5)] == [False, True, False]
        assert kept(fresh_riverside, "Nora") == []
        page.click('#errors a[href="#q4"]')
        page.locator("#q4 .rows label").nth(2).click()
        page.click("#answers > .btn")

        page.wait_for_selector(".path")
        (sent,) = kept(fresh_riverside, "Nora")
        assert {name for name, value in sent.values.items() if value} == {"phq9_4"}
        assert sent.values["phq9_4"] == 2


def test_the_whole_check_in_goes_without_a_pointer(phone: Page, fresh_riverside: Service) -> None:
    phone.goto(fresh_riverside.link_to("Nora"))
    reach(phone, "#start .btn")
    phone.keyboard.press("Enter")
    for number in range(1, 18):
        phone.wait_for_selector(f"#q{number}:visible")
        reach(phone, f"#q{number} input")
        phone.keyboard.press("Space")
        phone.keyboard.press("Enter")
    reach(phone, "#send .btn")
    phone.keyboard.press("Enter")

    phone.wait_for_selector(".path")
    assert len(kept(fresh_riverside, "Nora")) == 1


def test_a_link_that_has_ended_leads_to_a_new_one(phone: Page, fresh_riverside: Service) -> None:
    # Given a link whose week is over
    old = fresh_riverside.link_to("أمل")
    fresh_riverside.now += timedelta(days=8)
    phone.goto(old)
    assert phone.locator("fieldset").count() == 0
    # When the patient asks for another
    phone.click("main .btn")
    phone.wait_for_url("**/c/link")
    # Then a text with one that opens is in the outbox
    new = fresh_riverside.link_to("أمل")
    with reading(fresh_riverside.sessions) as session:
        texts = sa.select(Message.purpose).where(Message.patient_id == fresh_riverside.patient(session, "أمل").id)
        assert TextKind.NEW_LINK in session.scalars(texts).all()
    assert new != old
    phone.goto(new)
    assert phone.locator("fieldset").count() == len(wording("ar"))


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_reloading_the_page_that_says_thank_you_sends_nothing_twice(
    chromium: Browser, fresh_riverside: Service, script: bool
) -> None:
    with browsing(chromium, fresh_riverside, java_script_enabled=script) as phone:
        phone.goto(fresh_riverside.link_to("Nora"))
        (tap_through if script else choose_all)(phone, NONE)
        send(phone)
        phone.wait_for_selector(".path")

        phone.reload()

        phone.wait_for_selector("text=This link has finished" if script else ".path")
        assert len(kept(fresh_riverside, "Nora")) == 1


def test_back_goes_one_question_back_and_after_sending_opens_no_answers(phone: Page, fresh_riverside: Service) -> None:
    phone.goto(fresh_riverside.link_to("Nora"))
    tap_through(phone, NONE)
    phone.go_back()
    phone.wait_for_selector("#q17:visible")
    phone.go_forward()
    send(phone)
    phone.wait_for_selector(".path")

    phone.go_back()

    phone.wait_for_selector("text=This link has finished")
    assert phone.locator("fieldset").count() == 0
    assert len(kept(fresh_riverside, "Nora")) == 1


def test_another_language_keeps_the_answers_and_is_kept_with_them(phone: Page, fresh_riverside: Service) -> None:
    phone.goto(fresh_riverside.link_to("Nora"))
    phone.click("#start .btn")
    phone.locator("#q1 .rows label").nth(2).click()
    phone.click(".lang summary")
    phone.click('.lang a[lang="pl"]')

    phone.wait_for_selector('html[lang="pl"]')
    assert text_of_all(phone) == wording("pl")
    phone.click("#start .btn")
    assert phone.locator("#q1 input").nth(2).is_checked()
    phone.goto(phone.url.partition("#")[0])
    tap_through(phone, NONE)
    send(phone)

    phone.wait_for_selector('html[lang="pl"] .path')
    (sent,) = kept(fresh_riverside, "Nora")
    assert sent.language == "pl"
    phone.click(".lang summary")
    phone.click('.lang button[lang="uk"]')
    phone.wait_for_selector('html[lang="uk"] .path')
    assert len(kept(fresh_riverside, "Nora")) == 1


def test_the_team_knows_of_a_safety_answer_before_anything_is_sent(phone: Page, fresh_riverside: Service) -> None:
    phone.goto(fresh_riverside.link_to("Nora") + f"#q{SAFETY}")
    with phone.expect_response("**/early"):
        phone.locator(f"#q{SAFETY} .rows label").nth(2).click()

    with reading(fresh_riverside.sessions) as session:
        nora = fresh_riverside.patient(session, "Nora").id
        raised = sa.select(Flag.kind).where(Flag.patient_id == nora, Flag.opened_at == fresh_riverside.now)
        assert session.scalars(raised).all() == [FlagKind.SAFETY]
        assert session.scalar(sa.select(Answer.value).where(Answer.submission_id.is_(None), Answer.item == SAFETY)) == 2
    assert kept(fresh_riverside, "Nora") == []


def text_of_all(page: Page) -> list[tuple[str, list[str]]]:
    """The wording of every step, the hidden ones too."""
    page.evaluate("document.querySelectorAll('.step').forEach(step => step.hidden = false)")
    found = wording_on(page)
    page.goto(page.url.partition("#")[0])
    page.reload()
    return found


def reach(page: Page, selector: str) -> None:
    """Press Tab until something that fits is in focus."""
    for _ in range(20):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach {selector}")
