"""From the first word of a plan for staying well to a return by one tap: a desk, a second desk, and a phone.

MONITOR_SCREENSHOTS=journeys keeps a picture of each stage in build/journeys, which is not part of the repository.
"""

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page

from monitor.care.kinds import DeviationReason, Step
from monitor.config import Settings
from monitor.db import reading
from monitor.flags.kinds import FlagKind, Rule
from monitor.i18n import LANGUAGES, translate
from monitor.progress.patient_step_words import NAMES as STEPS
from monitor.relapse.guardrail_rules import State
from monitor.relapse.guardrail_words import GUARDRAILS
from monitor.relapse.kinds import Guardrail, GuardrailAct, How
from monitor.relapse.models import GuardrailRecord, Reentry, RelapsePlan, SignAnswer, StepDown, WarningSign
from tests.browser.north_clinic import COORDINATOR, SUPERVISOR, WEEK, Clinic, clinic, keep, press, said, sign_in
from tests.browser.phone_steps import send, tap_through
from tests.browser.service import DESK, PHONE, PIN, browsing
from tests.browser.square import read_square
from tests.invariants import broken
from tests.plans import CONFIRMED

SIGNS = {"en": ("I wake before four", "I skip the choir"), "ar": ("أستيقظ قبل الفجر", "أترك مكالمات أختي")}
FIRST = {"en": "Tell Ana. Back to the morning walk.", "ar": "أخبر أختي وأعود إلى المشي في الصباح."}
WAIT_DAYS = 3
LET_GO = Guardrail.PRIMARY_CARE
NO_DOCTOR = "They have no doctor of their own yet."
WELL = "Two months well, back at work, and wants to try it."


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_coordinator_steps_somebody_down_who_notices_a_sign_and_comes_back(
    chromium: Browser,
    migrated_sqlite: Path,
    riverside_settings: Settings,
    database_folder: Path,
    language: str,
) -> None:
    with (
        clinic(migrated_sqlite, riverside_settings, database_folder, language) as north,
        browsing(chromium, north.service, viewport=DESK) as desk,
        browsing(chromium, north.service, viewport=DESK) as second_desk,
        browsing(chromium, north.service, viewport=PHONE, locale=LANGUAGES[language].html) as phone,
    ):
        service = north.service
        sign_in(desk, service, COORDINATOR)
        write_the_plan(desk, north, language)
        meet_the_guardrails(desk, second_desk, north, language)
        step_down(desk, north, language)
        # When the patient, on their own phone, opens their plan
        set_up_at_the_desk(desk, phone)
        phone.click("a[href='/plan']")
        for sign in SIGNS[language]:
            assert sign in said(phone)
        assert phone.locator("html").get_attribute("dir") == LANGUAGES[language].direction
        keep(phone, f"{language}-plan-7-my-plan")
        # And answers a follow-up check-in, with the first of their own signs
        service.now += 2 * WEEK
        answer_with_a_sign(phone, north, language)
        keep(phone, f"{language}-plan-9-answered")
        the_signal_stands(desk, north, language)
        come_back(phone, desk, north, language)
        assert broken(service.sessions) == []


def write_the_plan(desk: Page, north: Clinic, language: str) -> None:
    """The plan is refused with one sign and no word on what to do, and agreed with two and all the rest."""
    # Given a record without a plan, from which the plan is one click away
    desk.goto(north.record)
    desk.click(f"a[href='/staff/patients/{north.care.patient.id}/plan']")
    desk.fill("#sign-1", SIGNS[language][0])
    desk.fill("#wait", str(WAIT_DAYS))
    # When it is agreed too early
    press(desk, "#agree .go")
    # Then every field that is missing is named, and nothing typed is lost
    for missing in ("at least two early signs", "Write what they do at the first sign", "came into their hands"):
        assert missing in said(desk, "#faults"), said(desk, "#faults")
    assert desk.input_value("#sign-1") == SIGNS[language][0]
    assert north.all(RelapsePlan) == []
    keep(desk, f"{language}-plan-1-refused")
    # When the rest is written
    desk.fill("#sign-2", SIGNS[language][1])
    desk.fill("#first_sign", FIRST[language])
    desk.select_option("#back_to", Step.THREE.value)
    desk.select_option("#owner", label="Aisha Towpath")
    desk.select_option("#given", "phone")
    press(desk, "#agree .go")
    # Then it counts
    assert "Version 1, agreed" in said(desk)
    keep(desk, f"{language}-plan-2-agreed")
    [plan] = north.all(RelapsePlan)
    assert (plan.back_to, plan.wait_days, plan.language) == (Step.THREE, WAIT_DAYS, language)


def meet_the_guardrails(desk: Page, second_desk: Page, north: Clinic, language: str) -> None:
    """Each step-down that comes too early is refused by name; a supervisor signs for the one that is let go."""
    service, address = north.service, f"{north.record}/step-down"
    desk.goto(address)
    press(desk, "form[action$='/step-down'] button")
    missing = said(desk, "#faults")
    assert f"Not yet: {len(CONFIRMED)} guardrails are missing." in missing
    for guardrail, name in GUARDRAILS.items():
        assert (name in missing) == (guardrail in CONFIRMED), guardrail
    keep(desk, f"{language}-plan-3-too-early")
    # And the review says the same
    decide(desk, north)
    named = said(desk, "main .note.stop")
    assert all(GUARDRAILS[guardrail] in named for guardrail in CONFIRMED), named
    assert desk.input_value("#words") == WELL
    # When four are confirmed in words and one is let go with a reason
    desk.goto(address)
    for guardrail, words in CONFIRMED.items():
        is_let_go = guardrail is LET_GO
        act(desk, guardrail, NO_DOCTOR if is_let_go else words, "let_go" if is_let_go else "confirm")
    assert "Awaits a signature" in said(desk, f"#{LET_GO}")
    # Then that one alone still stands in the way, and whoever let it go cannot sign for it
    assert desk.locator("button[value=sign]").count() == 0
    press(desk, "form[action$='/step-down'] button")
    assert desk.locator("#faults li").all_inner_texts() == [f"{GUARDRAILS[LET_GO]}: Awaits a signature"]
    keep(desk, f"{language}-plan-4-awaits")
    # When a supervisor at another desk reads the reason and signs
    service.now += timedelta(minutes=5)
    sign_in(second_desk, service, SUPERVISOR)
    second_desk.goto(address)
    assert NO_DOCTOR in said(second_desk, f"#{LET_GO}")
    keep(second_desk, f"{language}-plan-5-to-sign")
    press(second_desk, f"#{LET_GO} button[value=sign]")
    assert "Let go, signed" in said(second_desk, f"#{LET_GO}")
    # Then all eleven stand at the first desk, with who signed
    desk.goto(address)
    assert "Guardrails 11 of 11" in said(desk)
    assert "Tomas Lockgate" in said(desk, f"#{LET_GO}")
    exception, signature = (each for each in north.all(GuardrailRecord) if each.guardrail is LET_GO)
    assert (signature.act, signature.of_id) == (GuardrailAct.COUNTERSIGNED, exception.id)
    assert signature.staff_member_id != exception.staff_member_id


def step_down(desk: Page, north: Clinic, language: str) -> None:
    """Step down from the list of guardrails, by the review that it leads to."""
    press(desk, "form[action$='/step-down'] .go")
    assert desk.is_checked("[name=decision][value='step_down:stepped_down']")
    assert north.all(StepDown) == []
    complete(desk)
    press(desk, ".decide .go")
    desk.wait_for_url(north.record)
    keep(desk, f"{language}-plan-6-stepped-down")
    [row] = north.all(StepDown)
    assert (row.from_step, row.to_step, row.phq9, row.gad7) == (Step.TWO, Step.STEPPED_DOWN, 6, 4)
    states = {each["guardrail"]: each["state"] for each in row.guardrails}
    assert states.pop(LET_GO) == State.EXCEPTED
    assert set(states.values()) == {State.MET}


def answer_with_a_sign(phone: Page, north: Clinic, language: str) -> None:
    """Answer what is asked after stepping down; the signs stand last, in the patient's own words."""
    phone.goto(north.service.link_to(north.care.patient.preferred_name))
    asked = phone.locator("fieldset")
    count = asked.count()
    for place, sign in enumerate(SIGNS[language]):
        assert sign in (asked.nth(count - len(SIGNS[language]) + place).text_content() or "")
    first = count - len(SIGNS[language]) + 1
    tap_through(phone, dict.fromkeys(range(1, first), 0) | {first: 1, first + 1: 0})
    keep(phone, f"{language}-plan-8-send")
    send(phone)
    phone.wait_for_selector("#send", state="detached")
    with reading(north.service.sessions) as session:
        kept = session.scalars(sa.select(SignAnswer).join(SignAnswer.sign).order_by(WarningSign.position))
        assert [each.noticed for each in kept] == [True, False]


def the_signal_stands(desk: Page, north: Clinic, language: str) -> None:
    """The relapse signal is the coordinator's, first in their list, and shows what the plan says."""
    flag = north.open_flags()[FlagKind.RELAPSE_SIGNAL]
    assert [event.rule for event in flag.events] == [Rule.W1]
    assert flag.owner.name == "Aisha Towpath"
    sign_in(desk, north.service, COORDINATOR)
    row = desk.locator("tr", has=desk.locator("a.name", has_text=north.care.patient.preferred_name))
    assert "Relapse signal" in row.inner_text()
    assert "You" in row.inner_text()
    row.locator("a.name").click()
    desk.wait_for_selector("tr.open")
    shows_the_plan(desk, language)
    keep(desk, f"{language}-plan-10-signal")
    desk.goto(f"{north.service.address}/staff/flags/{flag.id}")
    shows_the_plan(desk, language)
    keep(desk, f"{language}-plan-11-flag")


def shows_the_plan(desk: Page, language: str) -> None:
    """Beside the signal stand the sign that was noticed, no other, and what the plan says to do."""
    noticed, other = SIGNS[language]
    shown = said(desk)
    assert noticed in shown
    assert other not in shown
    assert FIRST[language] in shown


def come_back(phone: Page, desk: Page, north: Clinic, language: str) -> None:
    """One tap, and the step is the agreed one, with a clock, beside the signal that stays open."""
    service = north.service
    phone.goto(f"{service.address}/plan")
    if phone.locator("#pin").count():
        phone.fill("#pin", PIN)
        phone.click("main form .btn")
        phone.goto(f"{service.address}/plan")
    keep(phone, f"{language}-plan-12-before")
    phone.click("button[value=back]")
    heading = translate(language, "You are coming back")
    phone.locator("h2", has_text=heading).wait_for()
    assert translate(language, STEPS[Step.THREE]) in said(phone)
    keep(phone, f"{language}-plan-13-coming-back")
    [reentry] = north.all(Reentry)
    flags = north.open_flags()
    assert {FlagKind.RELAPSE_SIGNAL, FlagKind.RE_ENTRY} <= set(flags)
    assert (reentry.how, flags[FlagKind.RE_ENTRY].due_at) == (How.PAGE, reentry.due_at)
    desk.goto(f"{service.address}/staff/")
    row = desk.locator("tr", has=desk.locator("a.name", has_text=north.care.patient.preferred_name))
    assert "Came back" in row.inner_text()
    assert "Relapse signal" in row.inner_text()
    keep(desk, f"{language}-plan-14-worklist")
    desk.goto(north.record)
    assert "Step 3" in said(desk)
    keep(desk, f"{language}-plan-15-record")


def act(desk: Page, guardrail: Guardrail, words: str, do: str) -> None:
    """Do something about one guardrail, in words."""
    desk.click(f"#{guardrail} summary")
    desk.fill(f"#words-{guardrail}", words)
    press(desk, f"#{guardrail} button[value={do}]")
    assert desk.locator("#faults").count() == 0


def decide(desk: Page, north: Clinic) -> None:
    """Hold the review from its own page, and step down."""
    desk.goto(f"{north.record}/review")
    desk.check("[name=decision][value='step_down:stepped_down']")
    complete(desk)
    press(desk, ".decide .go")


def complete(desk: Page) -> None:
    """Fill in what a review asks for besides the decision."""
    desk.fill("#words", WELL)
    if desk.is_visible("#deviation"):
        desk.select_option("#deviation", DeviationReason.CLINICAL_JUDGEMENT.value)


def set_up_at_the_desk(desk: Page, phone: Page) -> None:
    """Let the phone read the square on the record, and choose a PIN."""
    desk.get_by_role("button", name="Set up their phone").click()
    desk.wait_for_selector(".qr")
    width = int(str(desk.get_attribute(".qr", "viewBox")).split()[-1])
    phone.goto(read_square(width, str(desk.get_attribute(".qr path", "d"))))
    phone.fill("#pin", PIN)
    phone.fill("#again", PIN)
    phone.click("main form .btn")
    phone.wait_for_url("**/me")
