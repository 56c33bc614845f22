"""Every screen of a patient's phone."""

from collections.abc import Callable
from datetime import timedelta

import sqlalchemy as sa

from monitor.care.models import Episode
from monitor.checkins.models import MeasureState
from monitor.db import reading, unit_of_work
from monitor.people.devices import begin_enrolment
from monitor.people.models import Patient, SafetyCover
from tests.browser.phone_steps import replaced
from tests.browser.screens import Screen, Visit
from tests.browser.service import PIN

OF_THE_DEMONSTRATION = {"ar": "أمل"}
"""Whose chart is looked at: in Arabic somebody with an Arabic name, in any other language Nora."""


def opened(path: str) -> Callable[[Visit], None]:
    """A page that anybody may open."""
    return lambda visit: visit.open(path)


def check_in(step: str = "") -> Callable[[Visit], None]:
    """A check-in at one of its steps."""
    return lambda visit: visit.open(visit.asked().path + step)


def before_the_first(visit: Visit) -> None:
    """What somebody would agree to who was never asked, with all that it says."""
    visit.open(visit.asked(consent=False).path)
    visit.page.click(".fold summary")


def first_check_in(visit: Visit) -> None:
    """The first check-in of somebody who goes on."""
    before_the_first(visit)
    visit.page.click("main .btn:not(.quiet)")
    visit.page.wait_for_selector("#q1:visible")


def nothing_chosen(visit: Visit) -> None:
    check_in("#q1")(visit)
    visit.page.click("#next")


def help_opened(visit: Visit) -> None:
    check_in("#q9")(visit)
    visit.page.locator("#q9 .rows label").nth(2).click()


def ready_to_send(visit: Visit) -> None:
    check_in()(visit)
    answer(visit)
    visit.page.evaluate("location.hash = 'send'")
    visit.page.wait_for_selector("#look:visible li")


def ready_to_compare(visit: Visit) -> None:
    """The end of a check-in for somebody who has answered before."""
    asked = visit.asked()
    with unit_of_work(visit.service.sessions) as session:
        session.add(MeasureState(episode_id=asked.care.episode.id, instrument="phq9"))
    visit.open(asked.path)
    answer(visit)
    visit.page.evaluate("location.hash = 'send'")
    visit.page.wait_for_selector("select:visible")


def no_connection(visit: Visit) -> None:
    """Sent into a line that is dead, which a browser would note as a fault of its own."""
    ready_to_send(visit)
    visit.page.evaluate("() => { self.fetch = () => Promise.reject(1) }")
    visit.page.click("#send .btn")
    visit.page.wait_for_selector("#send .note:visible")


def all_at_once(visit: Visit) -> None:
    """The check-in as it scrolls without script."""
    check_in()(visit)
    visit.page.evaluate(
        """document.querySelector('.js').className = '';
           document.querySelectorAll('.step').forEach(step => step.hidden = false);
           ['nav', 'look'].forEach(id => document.getElementById(id).hidden = true)"""
    )


def call_asked_halfway(visit: Visit) -> None:
    help_opened(visit)
    with replaced(visit.page):
        visit.page.click(".care .btn")


def answer(visit: Visit, safety: int = 0, but: str = "", signs: int = 0) -> None:
    """Answer 0 to everything but the safety item, and the signs of a plan."""
    visit.page.evaluate(
        """([safety, but, signs]) => document.querySelectorAll('fieldset').forEach(field => {
            const name = field.querySelector('input').name
            const value = name == 'phq9_9' ? safety : name.startsWith('sign') ? signs : 0
            if (name != but) field.querySelector(`[value="${value}"]`).checked = true
        })""",
        [safety, but, signs],
    )


def sent(visit: Visit, safety: int = 0, but: str = "", signs: int = 0) -> None:
    """Press Send on the check-in that is open."""
    answer(visit, safety, but, signs)
    with replaced(visit.page):
        visit.page.evaluate("document.querySelector('#send .btn').click()")


def thanks(visit: Visit) -> None:
    check_in()(visit)
    sent(visit)


def thanks_on_own_phone(visit: Visit) -> None:
    asked = visit.own_phone()
    visit.open(asked.path)
    sent(visit)


def thanks_with_the_next_date(visit: Visit) -> None:
    asked = visit.asked(planned_until=visit.service.now)
    visit.service.set_up(visit.page, asked.care.patient.id)
    visit.open(asked.path)
    sent(visit)


def open_questions(visit: Visit) -> None:
    check_in()(visit)
    sent(visit, but="phq9_7")


def open_questions_after_safety(visit: Visit) -> None:
    check_in()(visit)
    sent(visit, safety=2, but="gad7_1" if visit.page.locator("[name=gad7_1]").count() else "phq9_7")


def open_safety_item(visit: Visit) -> None:
    check_in()(visit)
    sent(visit, but="phq9_9")


def note_too_long(visit: Visit) -> None:
    check_in()(visit)
    visit.page.evaluate("note.removeAttribute('maxlength'); note.value = 'x'.repeat(1200)")
    sent(visit)


def support(visit: Visit) -> None:
    check_in()(visit)
    sent(visit, safety=1)


def support_at_night(visit: Visit) -> None:
    visit.service.now += timedelta(hours=12)
    support(visit)


def support_without_cover(visit: Visit) -> None:
    asked = visit.asked()
    with unit_of_work(visit.service.sessions) as session:
        session.execute(sa.delete(SafetyCover).where(SafetyCover.care_team_id == asked.care.team.id))
    visit.open(asked.path)
    sent(visit, safety=1)


def said(button: str) -> Callable[[Visit], None]:
    """The page after help, once one of its buttons was pressed."""

    def go(visit: Visit) -> None:
        support(visit)
        with visit.page.expect_navigation():
            visit.page.click(button)

    return go


def link_asked_for(visit: Visit) -> None:
    visit.open("/c/unknown")
    with visit.page.expect_navigation():
        visit.page.click("main .btn")


def square_read(visit: Visit) -> None:
    asked = visit.asked()
    with unit_of_work(visit.service.sessions) as session:
        patient = session.get_one(Patient, asked.care.patient.id)
        token = begin_enrolment(session, patient, None, visit.service.now).token
    visit.open(f"/set-up/{token}")


def weak_pin(visit: Visit) -> None:
    square_read(visit)
    visit.page.fill("#pin", "123456")
    visit.page.fill("#again", "123456")
    visit.send_unchecked("main form .btn")


def unknown_code(visit: Visit) -> None:
    visit.open("/set-up")
    visit.page.fill("#code", "12 34")
    visit.send_unchecked("main form .btn")


def chart(visit: Visit) -> None:
    """The chart of somebody who has been in care for months."""
    with reading(visit.service.sessions) as session:
        patient_id = visit.service.patient(session, OF_THE_DEMONSTRATION.get(visit.language, "Nora")).id
    visit.service.set_up(visit.page, patient_id)
    visit.open("/me")


def long_chart(query: str, *, offers_all: bool) -> Callable[[Visit], None]:
    """The chart of whoever has been in care for longest: more than the half year that is shown of itself."""

    def go(visit: Visit) -> None:
        with reading(visit.service.sessions) as session:
            longest = sa.select(Episode.patient_id).where(Episode.closed_at.is_(None)).order_by(Episode.opened_at)
            patient_id = session.scalars(longest.limit(1)).one()
        visit.service.set_up(visit.page, patient_id)
        visit.open(f"/me{query}")
        assert visit.page.locator('a[href="?all=1"]').count() == offers_all

    return go


def no_chart_yet(visit: Visit) -> None:
    visit.own_phone()
    visit.open("/me")


def settings(button: str | None = None) -> Callable[[Visit], None]:
    """A patient's own settings, once one of their buttons was pressed."""

    def go(visit: Visit) -> None:
        visit.own_phone()
        visit.open("/me/settings")
        if button:
            visit.page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
            visit.send_unchecked(f"button[name=do][value={button}]")

    return go


def largest_letters(visit: Visit) -> None:
    settings()(visit)
    visit.page.check("[name=letters][value=largest]")
    visit.send_unchecked("button[value=letters]")


def check_in_in_largest_letters(visit: Visit) -> None:
    asked = visit.own_phone()
    visit.open("/me/settings")
    visit.page.check("[name=letters][value=largest]")
    visit.send_unchecked("button[value=letters]")
    visit.open(asked.path + "#q1")


def no_such_day(visit: Visit) -> None:
    settings()(visit)
    visit.page.evaluate("day.options[0].value = '9'; day.selectedIndex = 0")
    visit.send_unchecked("button[value=save]")


def pin_asked(*tried: str) -> Callable[[Visit], None]:
    """The page that asks for the PIN, once some were tried."""

    def go(visit: Visit) -> None:
        visit.own_phone()
        visit.service.now += timedelta(minutes=20)
        visit.open("/me")
        for pin in tried:
            visit.page.fill("#pin", pin)
            visit.send_unchecked("main form .btn")

    return go


def taken_off(visit: Visit) -> None:
    pin_asked(PIN)(visit)
    visit.open("/me/settings")
    visit.send_unchecked("button[value=forget]")


def too_many_codes(visit: Visit) -> None:
    visit.service.now -= timedelta(days=2)  # wrong codes are counted for a while: not for the other screens
    for _ in range(12):
        unknown_code(visit)
        if visit.page.locator("#code").count() == 0:
            return


def unreadable(visit: Visit) -> None:
    visit.open("/c/unknown")
    visit.page.evaluate("document.forms[0].elements.token.value = 'x'.repeat(70000)")
    visit.send_unchecked("main .btn")


SCREENS = (
    Screen("check-in", "patient/check_in", "check_in.show", check_in()),
    Screen("before the first check-in", "patient/consent", "check_in.show", before_the_first),
    Screen("first check-in", "patient/check_in", "check_in.show", first_check_in),
    Screen("question", "patient/check_in", "check_in.show", check_in("#q1")),
    Screen("question without an answer", "patient/check_in", "check_in.show", nothing_chosen),
    Screen("safety item", "patient/check_in", "check_in.show", check_in("#q9")),
    Screen("safety item above 0", "patient/check_in", "check_in.show", help_opened),
    Screen("call asked for halfway", "patient/check_in", "check_in.send", call_asked_halfway),
    Screen("ready to send", "patient/check_in", "check_in.show", ready_to_send),
    Screen("ready to send, not for the first time", "patient/check_in", "check_in.show", ready_to_compare),
    Screen("check-in without a connection", "patient/check_in", "check_in.show", no_connection),
    Screen("all questions at once", "patient/check_in", "check_in.show", all_at_once),
    Screen("open question", "patient/check_in_open", "check_in.send", open_questions),
    Screen("open question, safety above 0", "patient/check_in_open", "check_in.send", open_questions_after_safety),
    Screen("open safety item", "patient/check_in_open", "check_in.send", open_safety_item),
    Screen("note too long", "patient/check_in_open", "check_in.send", note_too_long),
    Screen("thanks", "patient/thanks", "check_in.send", thanks),
    Screen("thanks on one's own phone", "patient/thanks", "check_in.send", thanks_on_own_phone),
    Screen("thanks with the next date", "patient/thanks", "check_in.send", thanks_with_the_next_date),
    Screen("support", "patient/support", "check_in.send", support),
    Screen("support at night", "patient/support", "check_in.send", support_at_night),
    Screen("support where nobody reads", "patient/support", "check_in.send", support_without_cover),
    Screen("feels safe", "patient/support", "check_in.add", said("button[value=yes]")),
    Screen("does not feel safe", "patient/support", "check_in.add", said("button[value=no]")),
    Screen("call asked for", "patient/support", "check_in.add", said("button[name=call]")),
    Screen("link that has ended", "patient/closed_link", "check_in.show", opened("/c/unknown")),
    Screen("new link", "patient/link_sent", "check_in.new_link", link_asked_for),
    Screen("help", "patient/help", "help.show", opened("/help")),
    Screen("no connection", "patient/offline", "help.show", opened("/help?offline=1")),
    Screen("help elsewhere", "patient/help", "help.show", opened("/help?country=other")),
    Screen("set up by digits", "patient/set_up", "phone.set_up", opened("/set-up")),
    Screen("set up by digits, wrong ones", "patient/set_up", "phone.set_up_by_code", unknown_code),
    Screen("set up by square", "patient/set_up", "phone.choose_pin", square_read),
    Screen("set up by square, weak PIN", "patient/set_up", "phone.set_up_by_token", weak_pin),
    Screen("square that has ended", "patient/set_up_closed", "phone.choose_pin", opened("/set-up/unknown")),
    Screen("chart", "patient/progress", "progress.show", chart),
    Screen("half a year", "patient/progress", "progress.show", long_chart("", offers_all=True)),
    Screen("whole chart", "patient/progress", "progress.show", long_chart("?all=1", offers_all=False)),
    Screen("no chart yet", "patient/progress", "progress.show", no_chart_yet),
    Screen("settings", "patient/settings", "settings.show", settings()),
    Screen("settings saved", "patient/settings", "settings.change", settings("save")),
    Screen("settings refused", "patient/settings", "settings.change", no_such_day),
    Screen("on a break", "patient/settings", "settings.change", settings("pause")),
    Screen("texts stopped", "patient/settings", "settings.change", settings("stop")),
    Screen("check-ins ended", "patient/settings", "settings.change", settings("withdraw")),
    Screen("largest letters", "patient/settings", "settings.change", largest_letters),
    Screen("check-in in the largest letters", "patient/check_in", "check_in.show", check_in_in_largest_letters),
    Screen("new PIN refused", "patient/settings", "settings.change", settings("pin")),
    Screen("PIN", "patient/pin", "progress.show", pin_asked()),
    Screen("wrong PIN", "patient/pin", "phone.unlock", pin_asked("271828")),
    Screen("locked phone", "patient/pin", "phone.unlock", pin_asked(*["271828"] * 5)),
    Screen("phone removed", "patient/removed", "settings.change", taken_off),
    Screen("no such page", "patient/error", None, opened("/nowhere")),
    Screen("too long", "patient/error", "check_in.new_link", unreadable),
    Screen("too many codes", "patient/error", "phone.set_up_by_code", too_many_codes),
)
