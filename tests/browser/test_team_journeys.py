"""From a safety answer on a phone to a flag that a clinician has closed, and a patient who opens their own chart."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page

from monitor.db import reading
from monitor.flags.kinds import AttemptOutcome, FlagKind, Outcome
from monitor.flags.models import Flag, FlagEventKind
from tests.browser.phone_steps import SAFETY, send, tap_through
from tests.browser.service import DESK, PIN, Service, browsing
from tests.browser.square import read_square

CLINICIAN = "Ines"
TOLD = "Rang at once, she answered. Safe today, sister is with her. Plan gone through."


@pytest.mark.parametrize("first_name", ["Nora", "أمل"], ids=["en", "ar"])
def test_a_safety_answer_becomes_one_row_a_clinician_tries_speaks_and_closes_it(
    chromium: Browser, fresh_riverside: Service, first_name: str
) -> None:
    # Given a patient who answered the safety item above 0
    with browsing(chromium, fresh_riverside) as phone:
        phone.goto(fresh_riverside.link_to(first_name))
        tap_through(phone, {SAFETY: 2})
        send(phone)
        phone.wait_for_selector("button[name=safe]")
        phone.click("button[value=unsure]")
        phone.wait_for_selector("[role=status]")
    fresh_riverside.now += timedelta(minutes=3)
    with browsing(chromium, fresh_riverside, viewport=DESK) as desk:
        # When the clinician of their team signs in
        fresh_riverside.sign_in(desk, CLINICIAN)
        # Then there is one row for them, among the first, with the reason in words
        rows = desk.locator("tr", has=desk.locator("a.name", has_text=first_name))
        assert rows.count() == 1
        assert "Safety answer" in rows.inner_text()
        # When the clinician opens it and records that nobody answered
        rows.locator("a.name").click()
        desk.wait_for_selector("tr.open")
        assert "not sure" in desk.locator("#why ~ .ev").first.inner_text().lower()
        desk.locator(f"button[value={AttemptOutcome.TRIED_NO_ANSWER}]").first.click()
        # Then it is still there
        desk.wait_for_selector("[role=status]")
        assert rows.count() == 1
        # When they spoke, and say what was said
        rows.locator("a.name").click()
        desk.wait_for_selector("tr.open")
        form = desk.locator("tr.open form", has=desk.locator(f"button[value={Outcome.SPOKE}]")).first
        form.locator("textarea").fill(TOLD)
        form.locator(f"button[value={Outcome.SPOKE}]").click()
        desk.wait_for_selector("[role=status]")
    # Then the flag is closed, by whom and why
    with reading(fresh_riverside.sessions) as session:
        patient = fresh_riverside.patient(session, first_name)
        wanted = sa.select(Flag).where(Flag.patient_id == patient.id, Flag.kind == FlagKind.SAFETY)
        flag = session.scalars(wanted).one()
        assert (flag.closed_at, flag.outcome, flag.reason) == (fresh_riverside.now, Outcome.SPOKE, TOLD)
        attempts = [event.outcome for event in flag.events if event.kind is FlagEventKind.ATTEMPT]
        assert attempts == [AttemptOutcome.TRIED_NO_ANSWER]


def test_a_flag_does_not_close_without_a_reason(chromium: Browser, fresh_riverside: Service) -> None:
    with browsing(chromium, fresh_riverside, viewport=DESK) as desk:
        fresh_riverside.sign_in(desk, CLINICIAN)
        desk.locator("a.name", has_text="Lucía").click()
        desk.wait_for_selector("tr.open")
        desk.evaluate("document.querySelectorAll('form').forEach(form => form.noValidate = true)")
        desk.locator(f"button[value={Outcome.SPOKE}]").first.click()

        desk.wait_for_selector("#faults")
        with reading(fresh_riverside.sessions) as session:
            lucia = fresh_riverside.patient(session, "Lucía").id
            open_ones = sa.select(Flag.kind).where(Flag.patient_id == lucia, Flag.closed_at.is_(None))
            assert FlagKind.SAFETY in session.scalars(open_ones).all()
        desk.locator("textarea").first.fill(TOLD)
        desk.locator(f"button[value={Outcome.SPOKE}]").first.click()
        desk.wait_for_selector("[role=status]")
        with reading(fresh_riverside.sessions) as session:
            assert FlagKind.SAFETY not in session.scalars(open_ones).all()


@pytest.mark.parametrize("by", ["square", "digits"])
@pytest.mark.parametrize("first_name", ["Nora", "أمل"], ids=["en", "ar"])
def test_a_patient_sets_up_their_phone_at_the_clinic_and_only_their_pin_opens_the_chart(
    chromium: Browser, fresh_riverside: Service, first_name: str, by: str
) -> None:
    with (
        browsing(chromium, fresh_riverside, viewport=DESK) as desk,
        browsing(chromium, fresh_riverside) as phone,
        browsing(chromium, fresh_riverside) as other_phone,
    ):
        # Given the square and the digits on the clinician's screen
        fresh_riverside.sign_in(desk, CLINICIAN)
        open_record(desk, fresh_riverside, first_name)
        desk.get_by_role("button", name="Set up their phone").click()
        desk.wait_for_selector(".qr")
        # When the patient reads one of them and chooses a PIN
        if by == "square":
            phone.goto(square_on(desk))
        else:
            phone.goto(f"{fresh_riverside.address}/set-up")
            phone.fill("#code", desk.inner_text(".big"))
        phone.fill("#pin", PIN)
        phone.fill("#again", PIN)
        phone.click("main form .btn")
        # Then they see their chart
        phone.wait_for_selector("svg.chart")
        # And after a while only the PIN opens it
        fresh_riverside.now += timedelta(minutes=20)
        phone.reload()
        assert phone.locator("svg").count() == 0
        phone.fill("#pin", "271828")
        phone.click("main form .btn")
        phone.wait_for_selector("[role=alert]")
        assert phone.locator("svg").count() == 0
        phone.fill("#pin", PIN)
        phone.click("main form .btn")
        phone.wait_for_selector("svg.chart")
        # And on another phone there is nothing to open
        other_phone.goto(f"{fresh_riverside.address}/me")
        assert other_phone.url.endswith("/set-up")


def open_record(desk: Page, service: Service, first_name: str) -> None:
    """Open a patient's record by its address."""
    with reading(service.sessions) as session:
        patient_id = service.patient(session, first_name).id
    desk.goto(f"{service.address}/staff/patients/{patient_id}")


def square_on(desk: Page) -> str:
    """What the square code on a page says."""
    width = int(str(desk.get_attribute(".qr", "viewBox")).split()[-1])
    return read_square(width, str(desk.get_attribute(".qr path", "d")))
