"""Staff pages in colours of the reader's own, and where focus goes once something was done."""

from playwright.sync_api import Browser

from tests.browser import staff_screens
from tests.browser.screens import Visit
from tests.browser.service import DESK, PHONE, Service, browsing
from tests.browser.test_everybody_can_read import cookies, everybody_reads

CLINICIAN = "Ines"


def test_what_is_open_and_why_is_seen_without_our_colours(chromium: Browser, riverside: Service) -> None:
    everybody_reads(riverside, "en")
    signed_in = cookies(chromium, riverside, staff_screens.SUPERVISOR)
    with browsing(chromium, riverside, viewport=DESK, storage_state=signed_in, forced_colors="active") as page:
        staff_screens.row_opened(Visit(page, riverside, "en"))

        def style(selector: str, name: str) -> set[str]:
            found = "(all, name) => all.map(each => getComputedStyle(each)[name])"
            return set(page.locator(selector).evaluate_all(found, name))

        assert style(".tag", "borderTopStyle") == {"solid"}
        assert style("tr.on", "outlineStyle") == {"solid"}
        assert style(".views [aria-current]", "outlineStyle") == {"solid"}
        assert style(".due.late", "fontWeight") == {"600"}


def test_focus_lands_on_what_was_done_and_on_what_was_not(chromium: Browser, fresh_riverside: Service) -> None:
    fresh_riverside.tick()
    with browsing(chromium, fresh_riverside, viewport=DESK) as page:
        fresh_riverside.sign_in(page, CLINICIAN)
        visit = Visit(page, fresh_riverside, "en")
        visit.open(f"/staff/patients/{visit.patient_id(staff_screens.WITH_FLAG)}")
        visit.send_unchecked("button[value=spoke]")
        page.wait_for_function("document.activeElement.matches('[role=alert]')")

        with page.expect_navigation():
            page.click("button[value=tried_no_answer]")
        page.wait_for_function("document.activeElement.matches('[role=status]')")
        assert "The flag stays open." in page.inner_text(":focus")


def test_on_a_phone_no_word_of_an_answer_is_broken_and_a_long_course_is_read_sideways(
    chromium: Browser, riverside: Service
) -> None:
    everybody_reads(riverside, "en")
    signed_in = cookies(chromium, riverside, staff_screens.SUPERVISOR)
    with browsing(chromium, riverside, viewport=PHONE, storage_state=signed_in) as page:
        visit = Visit(page, riverside, "en")
        staff_screens.answers(visit)
        broken = page.locator(".given td:last-child").evaluate_all(
            """cells => cells.flatMap(cell => [...cell.textContent.matchAll(/\\S+/g)].filter(word => {
                const range = new Range()
                range.setStart(cell.firstChild, word.index)
                range.setEnd(cell.firstChild, word.index + word[0].length)
                return range.getClientRects().length > 1 }).map(word => word[0]))"""
        )
        assert broken == []

        visit.open(f"/staff/patients/{visit.patient_id(staff_screens.IMPROVING)}?corridor=gad7&columns=all")
        narrowest = page.locator(".strip tbody td").evaluate_all("cells => Math.min(...cells.map(e => e.offsetWidth))")
        assert narrowest >= 16, "a figure of 13 px has its cell to itself"
        page.focus(".wide-course")
        page.keyboard.press("ArrowRight")
        page.wait_for_function("() => document.querySelector('.wide-course').scrollLeft > 0")
