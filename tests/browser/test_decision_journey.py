"""From an intake to a step-up, as a clinician sees it at a desk and the patient on a phone; and two who decide at once.

MONITOR_SCREENSHOTS=journeys keeps a picture of each stage in build/journeys, which is not part of the repository.
"""

import os
import re
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page

from monitor.care.kinds import DeviationReason, Step
from monitor.care.models import StepAssignment
from monitor.db import reading
from monitor.flags.kinds import AttemptOutcome, FlagKind, Outcome
from monitor.flags.models import Flag
from monitor.i18n import LANGUAGES, translate
from monitor.measures import catalogue
from monitor.progress.patient_step_words import NAMES
from monitor.reviews.kinds import Decision
from monitor.reviews.models import Review
from tests.browser.phone_steps import send, tap_through
from tests.browser.service import DESK, PHONE, PIN, Service, browsing
from tests.browser.square import read_square
from tests.invariants import broken

FOLDER = Path(__file__).parents[2] / "build" / "journeys"
CLINICIAN, COLLEAGUE = "Ines", "Aisha"
NAMES_OF = {"en": "Wren", "ar": "سلمى"}
REVIEWED, FLAGGED = "Zofia", "Lucía"
DAY = timedelta(days=1)
WHY = "Severe by their own answers: guided self-help would be too little."
WAIT = "We spoke, and agreed to wait until Friday."
SEVERE = dict.fromkeys(range(1, 9), 2) | {9: 0}
"""A PHQ-9 of 16 with a safety item of 0: severe on a step of low intensity."""


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_decision_is_owed_made_and_read_by_the_patient(
    chromium: Browser, fresh_riverside: Service, language: str
) -> None:
    service, name = fresh_riverside, NAMES_OF[language]
    options = {"viewport": PHONE, "locale": LANGUAGES[language].html}
    with browsing(chromium, service, viewport=DESK) as desk, browsing(chromium, service, **options) as phone:
        # Given a patient whom a clinician adds, and for whom they depart from what the rules propose
        service.sign_in(desk, CLINICIAN)
        add(desk, service, name, language)
        service.now += timedelta(minutes=20)
        assign(desk)
        keep(desk, f"{language}-1-step-assigned")
        # When the patient answers the invitation on their phone, and nobody does anything for 24 days
        desk.goto(record_of(desk))
        desk.get_by_role("button", name="Send the invitation").click()
        desk.wait_for_selector("[role=status]")
        phone.goto(service.link_to(name))
        tap_through(phone, SEVERE)
        send(phone)
        phone.wait_for_selector(".path")
        keep(phone, f"{language}-2-answered")
        for _ in range(3):
            service.now += 8 * DAY
            service.tick()
        # Then the review is overdue, first in the list and on the worklist, and cannot be closed from there
        service.sign_in(desk, CLINICIAN)
        desk.goto(f"{service.address}/staff/reviews")
        keep(desk, f"{language}-3-overdue")
        overdue = desk.locator("tbody", has=desk.get_by_role("heading", name="Overdue"))
        overdue.get_by_role("link", name=name).click()
        # When they decide by keys: first to go on, without saying why
        desk.wait_for_selector("[name=decision]")
        desk.focus("[name=decision][value=continue]")
        desk.keyboard.press("Space")
        desk.focus("#words")
        desk.keyboard.type(WHY)
        desk.focus(".decide .go")
        desk.keyboard.press("Enter")
        # Then nothing is decided, the fault is named, and what was typed is still there
        desk.wait_for_selector("#faults")
        assert "Choose why you depart" in desk.inner_text("main")
        assert desk.input_value("#words") == WHY
        keep(desk, f"{language}-4-owed")
        # When they step up further than proposed, and say why
        desk.focus("[name=decision][value='step_up:three']")
        desk.keyboard.press("Space")
        desk.select_option("#deviation", DeviationReason.CLINICAL_JUDGEMENT.value)
        desk.focus(".decide .go")
        desk.keyboard.press("Enter")
        desk.wait_for_url(re.compile(r"/staff/patients/[0-9a-f-]+$"))
        keep(desk, f"{language}-5-decided")
        # Then the first contact is due on their record
        assert "First contact" in desk.inner_text("main")
        # And the patient reads the new step on their own phone, in their language
        desk.get_by_role("button", name="Set up their phone").click()
        width = int(str(desk.get_attribute(".qr", "viewBox")).split()[-1])
        phone.goto(read_square(width, str(desk.get_attribute(".qr path", "d"))))
        phone.fill("#pin", PIN)
        phone.fill("#again", PIN)
        phone.click("main form .btn")
        phone.wait_for_url("**/me")
        phone.goto(f"{service.address}/me/step")
        assert phone.inner_text("main .lead") == translate(language, NAMES[Step.THREE])
        assert phone.locator("html").get_attribute("dir") == LANGUAGES[language].direction
        assert phone.locator("li[aria-current=step] b").inner_text() == translate(language, NAMES[Step.THREE])
        keep(phone, f"{language}-6-my-step")
    with reading(service.sessions) as session:
        patient = service.patient(session, name)
        review = session.scalars(sa.select(Review).where(Review.patient_id == patient.id)).one()
        assert (review.decision, review.to_step, review.words) == (Decision.STEP_UP, Step.THREE, WHY)
        steps = sa.select(StepAssignment).where(StepAssignment.patient_id == patient.id)
        assert [each.step for each in session.scalars(steps.order_by(StepAssignment.from_at))] == [
            Step.ONE,
            Step.ONE,
            Step.THREE,
        ]
    assert broken(service.sessions) == []


def test_of_two_who_decide_a_review_at_once_the_second_learns_of_the_first_and_keeps_what_they_wrote(
    chromium: Browser, fresh_riverside: Service
) -> None:
    service = fresh_riverside
    with reading(service.sessions) as session:
        address = f"{service.address}/staff/patients/{service.patient(session, REVIEWED).id}/review"
    with browsing(chromium, service, viewport=DESK) as first, browsing(chromium, service, viewport=DESK) as second:
        # Given two clinicians of one team with the same review open, each with a decision of their own
        for desk, who, decision, words in ((first, CLINICIAN, "continue", WAIT), (second, COLLEAGUE, "sideways", WHY)):
            service.sign_in(desk, who)
            desk.goto(address)
            desk.check(f"[name=decision][value={decision}]")
            desk.fill("#words", words)
            desk.fill("#next_review", str(service.now.date() + DAY))
            if desk.is_visible("#deviation"):
                desk.select_option("#deviation", DeviationReason.CLINICAL_JUDGEMENT.value)
        # When both send it
        first.click(".decide .go")
        first.wait_for_url(re.compile(r"/staff/patients/[0-9a-f-]+$"))
        second.click(".decide .go")
        # Then the second reads who decided, when, what and why, and loses nothing
        told = second.locator(".note.stop[role=alert]")
        told.wait_for()
        said = " ".join(told.inner_text().split())
        assert second.input_value("#words") == WHY
        assert second.is_checked("[name=decision][value=sideways]")
        keep(second, "two-reviews")
    assert re.search(rf"Ines Millrace, today \d\d:\d\d: Go on as it is\. .*{WAIT}", said), said


def test_of_two_who_close_a_flag_at_once_the_second_learns_of_the_first_and_keeps_what_they_wrote(
    chromium: Browser, fresh_riverside: Service
) -> None:
    service = fresh_riverside
    with reading(service.sessions) as session:
        theirs = Flag.patient_id == service.patient(session, FLAGGED).id
        wanted = sa.select(Flag).where(theirs, Flag.kind == FlagKind.SAFETY, Flag.closed_at.is_(None))
        flag_id = session.scalars(wanted).one().id
    address = f"{service.address}/staff/flags/{flag_id}"
    with browsing(chromium, service, viewport=DESK) as first, browsing(chromium, service, viewport=DESK) as second:
        # Given two clinicians of one team with the same flag open, each with words of their own
        for desk, who, words in ((first, CLINICIAN, WAIT), (second, COLLEAGUE, WHY)):
            service.sign_in(desk, who)
            desk.goto(address)
            desk.locator("textarea[name=reason]").fill(words)
        # When one closes it, and the other writes down a try
        first.click(f"button[value={Outcome.SPOKE}]")
        first.wait_for_selector("[role=status]")
        second.click(f"button[value={AttemptOutcome.TRIED_NO_ANSWER}]")
        # Then the second reads who closed it, when, as what and why, and what they wrote is still there
        second.wait_for_selector("[role=alert]")
        said = " ".join(second.inner_text("main").split())
        keep(second, "two-on-a-flag")
    assert "Somebody has closed this flag already." in said
    assert re.search(rf"today \d\d:\d\d: Closed: Spoke together\. Ines Millrace\. {WAIT}", said), said
    assert WHY in said
    with reading(service.sessions) as session:
        flag = session.get_one(Flag, flag_id)
        assert (flag.outcome, flag.reason) == (Outcome.SPOKE, WAIT)


def add(desk: Page, service: Service, name: str, language: str) -> None:
    """Add a patient through the form."""
    desk.goto(f"{service.address}/staff/patients/new")
    desk.fill("[name=preferred_name]", name)
    desk.fill("[name=number]", "07700 900" + ("990" if language == "en" else "991"))
    desk.select_option("[name=language]", language)
    for code in catalogue.TRACKED:
        desk.set_checked(f"[name=measures][value={code}]", code in catalogue.offered(language))
    desk.select_option("[name=every_weeks]", "1")
    desk.check("[name=agrees_to_check_ins]")
    desk.check("[name=agrees_to_texts]")
    desk.locator("main form .go").last.click()
    assert desk.locator("#faults").count() == 0, desk.inner_text("#faults")
    desk.wait_for_url("**/intake")


def assign(desk: Page) -> None:
    """Write down what points to step 2, and assign step 1 with a reason."""
    for field, value in {"phq9": "12", "gad7": "9", "wsas": "14"}.items():
        desk.fill(f"[name={field}]", value)
    desk.check("[name=step][value=one]")
    desk.select_option("[name=deviation]", "preference")
    desk.fill("[name=reason]", "Wants to try alone first.")
    desk.select_option("[name=preference]", "less")
    desk.select_option("[name=cadence]", "same")
    desk.get_by_role("button", name="Assign the step").click()
    desk.wait_for_selector("[role=status]")


def record_of(desk: Page) -> str:
    """The address of the record of whoever's intake is shown."""
    return desk.url.removesuffix("/intake")


def keep(page: Page, name: str) -> None:
    """Keep a picture of a stage, when pictures are wanted."""
    if os.environ.get("MONITOR_SCREENSHOTS") == "journeys":
        FOLDER.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=FOLDER / f"{name}.png", animations="disabled", full_page=True)
