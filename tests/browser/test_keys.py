"""The worklist by keyboard alone: few presses, none of them dangerous, and none that are forced on anybody."""

from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page

from monitor.db import reading, unit_of_work
from monitor.demo.clinic import STAFF
from monitor.flags.facts import Evidence, Finding
from monitor.flags.kinds import EvidenceCode, FlagKind, Rule, Severity
from monitor.flags.models import Flag, FlagEvent, FlagEventKind
from monitor.flags.service import raise_flags
from monitor.people.models import StaffMember
from monitor.people.sign_in import email_hash
from tests.browser.service import DESK, Service, browsing
from tests.builders import a_patient

CLINICIAN = "Ines"
ROWS = 20
MOST_PRESSES = 60


class Keyboard:
    """Presses real keys and counts them."""

    def __init__(self, page: Page) -> None:
        self.page, self.presses = page, 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.presses += 1

    def press_through(self, key: str) -> None:
        """Press a key that leads to another page."""
        with self.page.expect_navigation():
            self.press(key)


@pytest.fixture
def silent(fresh_riverside: Service) -> list[UUID]:
    """The flags of twenty more patients of the clinician, who missed two check-ins each."""
    email = next(each.email for each in STAFF if each.name.startswith(CLINICIAN))
    with unit_of_work(fresh_riverside.sessions) as session:
        member = session.scalars(sa.select(StaffMember).where(StaffMember.email_hash == email_hash(email))).one()
        team = member.memberships[0].care_team
        for number in range(ROWS):
            care = a_patient(session, team, member, name=f"Silent {number:02}", number=f"+4477009100{number:02}")
            evidence = (Evidence(EvidenceCode.MISSED_IN_A_ROW, {"count": 2}),)
            found = Finding(FlagKind.MISSED_CHECK_INS, Rule.M1, Severity.REVIEW, evidence)
            raise_flags(session, care.episode, [found], now=fresh_riverside.now)
        wanted = sa.select(Flag).join(Flag.patient).where(Flag.kind == FlagKind.MISSED_CHECK_INS)
        flags = [each for each in session.scalars(wanted) if each.patient.preferred_name.startswith("Silent")]
        for number, flag in enumerate(flags):
            flag.due_at = fresh_riverside.now + timedelta(minutes=60 + number)
        return [flag.id for flag in flags]


def tried(service: Service, flag_ids: list[UUID]) -> int:
    """How many of some flags have a try written on them."""
    with reading(service.sessions) as session:
        found = sa.select(sa.func.count(sa.distinct(FlagEvent.flag_id))).where(
            FlagEvent.flag_id.in_(flag_ids), FlagEvent.kind == FlagEventKind.ATTEMPT
        )
        return session.scalar(found) or 0


def worklist(page: Page, service: Service) -> Keyboard:
    service.sign_in(page, CLINICIAN)
    page.goto(f"{service.address}/staff/?reason=missed_check_ins")
    return Keyboard(page)


def test_twenty_rows_are_worked_one_by_one_in_sixty_presses(
    chromium: Browser, fresh_riverside: Service, silent: list[UUID]
) -> None:
    with browsing(chromium, fresh_riverside, viewport=DESK) as page:
        keyboard = worklist(page, fresh_riverside)
        for _ in range(ROWS):
            keyboard.press("j")
            keyboard.press_through("o")
            keyboard.press_through("1")

    assert tried(fresh_riverside, silent) == ROWS
    assert keyboard.presses <= MOST_PRESSES


def test_twenty_rows_are_ticked_and_worked_together(
    chromium: Browser, fresh_riverside: Service, silent: list[UUID]
) -> None:
    with browsing(chromium, fresh_riverside, viewport=DESK) as page:
        keyboard = worklist(page, fresh_riverside)
        for _ in range(ROWS):
            keyboard.press("j", "x")
        keyboard.press_through("2")
        assert "Recorded for 20 patients." in page.inner_text("[role=status]")

    assert tried(fresh_riverside, silent) == ROWS
    assert keyboard.presses == 2 * ROWS + 1


def test_a_row_is_set_aside_taken_and_undone_by_key(
    chromium: Browser, fresh_riverside: Service, silent: list[UUID]
) -> None:
    with browsing(chromium, fresh_riverside, viewport=DESK) as page:
        keyboard = worklist(page, fresh_riverside)
        keyboard.press("j")
        keyboard.press_through("s")
        page.keyboard.type("11272026")
        page.locator("details[open] input[name=why]").fill("Back on Friday, told us by text.")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert "Watching 1" in page.inner_text("table")
        keyboard.press_through("u")
        assert "Watching" not in page.inner_text("table")
        keyboard.press("j")
        keyboard.press_through("e")
        assert "/patients/" in page.url


def test_a_safety_answer_ignores_tick_and_later(chromium: Browser, fresh_riverside: Service) -> None:
    with browsing(chromium, fresh_riverside, viewport=DESK) as page:
        fresh_riverside.sign_in(page, CLINICIAN)
        page.goto(f"{fresh_riverside.address}/staff/?reason=safety")
        keyboard = Keyboard(page)
        keyboard.press("j", "x", "s", "x", "s")
        page.wait_for_timeout(100)

        assert page.url.endswith("?reason=safety")
        assert page.locator("tr.on").count() == 0
        assert page.locator(":checked").count() == 0


def test_keys_are_dead_in_fields_off_on_the_page_and_off_for_good(
    chromium: Browser, fresh_riverside: Service, silent: list[UUID]
) -> None:
    with browsing(chromium, fresh_riverside, viewport=DESK) as page:
        keyboard = worklist(page, fresh_riverside)
        keyboard.press("/")
        keyboard.press("j", "x", "1")
        assert page.input_value("#q") == "jx1"
        page.locator("h1").click()
        keyboard.press("?")
        page.get_by_role("button", name="Off on this page").click()
        page.evaluate("document.activeElement.blur()")
        keyboard.press("j")
        assert page.evaluate("document.activeElement.tagName") == "BODY"
        with page.expect_navigation():
            page.get_by_role("button", name="Turn keys off").click()
        keyboard.press("j")
        assert page.evaluate("document.activeElement.tagName") == "BODY"
        assert page.locator("script").count() == 0

    assert tried(fresh_riverside, silent) == 0


def test_everything_is_there_without_script(chromium: Browser, fresh_riverside: Service, silent: list[UUID]) -> None:
    with browsing(chromium, fresh_riverside, viewport=DESK, java_script_enabled=False) as page:
        fresh_riverside.sign_in(page, CLINICIAN)
        page.goto(f"{fresh_riverside.address}/staff/?reason=missed_check_ins")
        for box in page.locator("[name=flag]").all()[:3]:
            box.check()
        with page.expect_navigation():
            page.locator("#bulk button").first.click()
        page.locator("a.name", has_text="Silent 05").click()
        page.locator("details.sleeps summary").click()
        page.locator("input[name=until]").fill("2026-11-27")
        page.locator("input[name=why]").fill("Back on Friday.")
        with page.expect_navigation():
            page.get_by_role("button", name="Set aside").click()
        assert "Watching 1" in page.inner_text("table")

    assert tried(fresh_riverside, silent) == 3


def test_the_bar_of_the_ticked_rows_never_lies_over_what_has_focus(
    chromium: Browser, fresh_riverside: Service, silent: list[UUID]
) -> None:
    with browsing(chromium, fresh_riverside, viewport={"width": 1280, "height": 420}) as page:
        worklist(page, fresh_riverside)
        assert not page.is_visible("#bulk")

        page.locator("input[form=bulk]").first.check()
        assert page.is_visible("#bulk")
        for _ in range(ROWS):
            page.keyboard.press("Tab")
            assert not page.evaluate(
                """() => { const bar = document.querySelector('#bulk').getBoundingClientRect()
                           const at = document.activeElement.getBoundingClientRect()
                           return at.bottom > bar.top && at.top < bar.bottom }"""
            )
