"""Every screen of the staff surface. Tomas supervises North, where Lucía gave a safety answer."""

from collections.abc import Callable
from datetime import timedelta

import sqlalchemy as sa

from monitor.checkins.service import find_open
from monitor.db import reading, unit_of_work
from monitor.flags.kinds import Outcome
from monitor.flags.models import Flag
from monitor.flags.service import close
from monitor.people.models import SafetyCover, StaffMember
from monitor.workflows import save_early
from tests.browser.screens import Screen, Visit
from tests.builders import PASSWORD
from tests.phones import Asked
from tests.staff_browser import a_code

SUPERVISOR, ADMINISTRATOR = "Tomas", "Sam"
WITH_FLAG, IMPROVING, WORSE = "Lucía", "Nora", "Zofia"


def opened(path: str) -> Callable[[Visit], None]:
    """A page by its address."""
    return lambda visit: visit.open(f"/staff{path}")


def of_patient(first_name: str, query: str = "") -> Callable[[Visit], None]:
    """The record of a patient."""
    return lambda visit: visit.open(f"/staff/patients/{visit.patient_id(first_name)}{query}")


def refused(visit: Visit) -> None:
    visit.open("/staff/sign-in")
    visit.page.fill("#email", f"nobody.{visit.language}@riverside.example")
    visit.page.fill("#password", "not it")
    visit.page.fill("#code", "123456")
    visit.send_unchecked(".go")


def empty_sign_in(visit: Visit) -> None:
    visit.open("/staff/sign-in")
    visit.send_unchecked(".go")


def row_opened(visit: Visit) -> None:
    visit.open(f"/staff/?open={visit.patient_id(WITH_FLAG)}")


def uncovered(visit: Visit) -> None:
    """The worklist while nobody is named to read safety answers."""
    with unit_of_work(visit.service.sessions) as session:
        cover = session.scalars(sa.select(SafetyCover)).all()
        before = [{each.name: getattr(row, each.name) for each in SafetyCover.__table__.columns} for row in cover]
        session.execute(sa.delete(SafetyCover))
    visit.open("/staff/")
    with unit_of_work(visit.service.sessions) as session:
        session.execute(sa.insert(SafetyCover), before)


def clock_stopped(visit: Visit) -> None:
    """The worklist once the jobs have not run for a while."""
    visit.service.now += timedelta(minutes=15)
    visit.open("/staff/")


def found(words: str) -> Callable[[Visit], None]:
    """What the search finds."""

    def go(visit: Visit) -> None:
        visit.open("/staff/find")
        visit.page.fill("#wanted", words)
        visit.send_unchecked("main .go")

    return go


def incomplete_patient(visit: Visit) -> None:
    visit.open("/staff/patients/new")
    visit.page.fill("#number", "12")
    visit.page.evaluate("document.querySelectorAll('[name=measures]').forEach(each => each.checked = false)")
    visit.send_unchecked("main button.go")


def invitation_shown(visit: Visit) -> None:
    visit.open("/staff/patients/new")
    visit.page.select_option("#language", "ar")
    visit.send_unchecked("button[formaction$=preview]")


def phone_set_up(visit: Visit) -> None:
    of_patient(IMPROVING)(visit)
    visit.send_unchecked("form[action$=device] button")


def contact_refused(form: str, field: str, value: str) -> Callable[[Visit], None]:
    """A form of the record with something wrong in it."""

    def go(visit: Visit) -> None:
        of_patient(IMPROVING)(visit)
        visit.page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        visit.page.fill(f"#{field}", value)
        visit.send_unchecked(f"form[action$={form}]:has(#{field}) button")

    return go


def flag_page(visit: Visit) -> None:
    """A flag on a page of its own."""
    with reading(visit.service.sessions) as session:
        patient_id = visit.service.patient(session, WITH_FLAG).id
        flag_id = session.scalars(sa.select(Flag.id).where(Flag.patient_id == patient_id, Flag.closed_at.is_(None)))
        address = f"/staff/flags/{flag_id.first()}"
    visit.open(address)


def answers(visit: Visit) -> None:
    """The answers of one check-in, by the link on the record."""
    of_patient(WITH_FLAG)(visit)
    with visit.page.expect_navigation():
        visit.page.locator("section[aria-labelledby=texts] table a").first.click()


def set_aside(visit: Visit, until: str, why: str) -> None:
    """A row of somebody who has a flag that can wait."""
    visit.open(f"/staff/?open={visit.patient_id(WORSE)}")
    visit.page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    visit.page.locator("input[name=until]").first.fill(until)
    visit.page.locator("input[name=why]").first.fill(why)
    visit.send_unchecked("form[action$=snooze] button")


def set_aside_refused(visit: Visit) -> None:
    set_aside(visit, "2020-01-01", "")


def watching(visit: Visit) -> None:
    """A worklist on which one row is set aside."""
    set_aside(visit, "2026-11-27", "Back on Friday.")
    visit.open("/staff/?lane=watching")
    with unit_of_work(visit.service.sessions) as session:
        session.execute(sa.update(Flag).where(Flag.closed_at.is_(None)).values(snoozed_until=None))


def told_of_keys(visit: Visit) -> None:
    """The keys, for somebody who has turned them off."""
    with unit_of_work(visit.service.sessions) as session:
        session.execute(sa.update(StaffMember).values(uses_keys=False))
    visit.open("/staff/")
    visit.page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    with unit_of_work(visit.service.sessions) as session:
        session.execute(sa.update(StaffMember).values(uses_keys=True))


def closed_without_reason(visit: Visit) -> None:
    row_opened(visit)
    visit.send_unchecked(f"button[value={Outcome.SPOKE}]")


def handed_to_nobody(visit: Visit) -> None:
    row_opened(visit)
    visit.page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    visit.send_unchecked("form[action$=hand-over] button")


def sign_in_as_clinician(visit: Visit, asked: Asked) -> None:
    """Sign in as whoever cares for a patient of one's own, in a team of its own."""
    with unit_of_work(visit.service.sessions) as session:
        member = sa.update(StaffMember).where(StaffMember.id == asked.care.clinician.id)
        session.execute(member.values(language=visit.language))
    visit.open("/staff/sign-in")
    visit.page.fill("#email", asked.care.clinician.email)
    visit.page.fill("#password", PASSWORD)
    visit.page.fill("#code", a_code(visit.service.now))
    visit.send_unchecked(".go")


def closed_meanwhile(visit: Visit) -> None:
    """What somebody wrote about a flag that a colleague has just closed: in a team of its own."""
    asked = visit.asked()
    member_id, patient_id = asked.care.clinician.id, asked.care.patient.id
    with unit_of_work(visit.service.sessions) as session:
        check_in = find_open(session, asked.token, visit.service.now)
        assert check_in is not None
        save_early(session, check_in, {("phq9", 9): 2}, call_asked=False, now=visit.service.now)
    sign_in_as_clinician(visit, asked)
    visit.open(f"/staff/?open={patient_id}")
    visit.page.locator("tr.open textarea").first.fill("Rang, she answered.")
    with unit_of_work(visit.service.sessions) as session:
        flag = session.scalars(sa.select(Flag).where(Flag.patient_id == patient_id)).one()
        colleague = session.get_one(StaffMember, member_id)
        close(session, flag, colleague, Outcome.SPOKE, "Rang.", visit.service.now)
    visit.send_unchecked(f"button[value={Outcome.SPOKE}]")


def form_too_old(visit: Visit) -> None:
    visit.open("/staff/find")
    visit.page.evaluate("document.querySelectorAll('[name=csrf_token]').forEach(each => each.value = 'x')")
    visit.send_unchecked("main .go")


def too_many_tries(visit: Visit) -> None:
    visit.service.now -= timedelta(days=2)  # failed tries are counted for a while: not for the other screens
    for _ in range(30):
        visit.open("/staff/sign-in")
        if not visit.page.locator("#email").count():
            return
        visit.page.fill("#email", "somebody@riverside.example")
        visit.page.fill("#password", "not it")
        visit.page.fill("#code", "123456")
        visit.send_unchecked(".go")
        if not visit.page.locator("#email").count():
            return


SCREENS = (
    Screen("sign-in", "staff/sign_in", "sign_in.page", opened("/sign-in")),
    Screen("sign-in refused", "staff/sign_in", "sign_in.submit", refused),
    Screen("sign-in left empty", "staff/sign_in", "sign_in.submit", empty_sign_in),
    Screen("too many tries", "staff/error", "sign_in.submit", too_many_tries),
    Screen("worklist", "staff/worklist", "worklist.page", opened("/"), SUPERVISOR),
    Screen("own worklist", "staff/worklist", "worklist.page", opened("/?view=mine"), SUPERVISOR),
    Screen("worklist of one reason", "staff/worklist", "worklist.page", opened("/?reason=safety"), SUPERVISOR),
    Screen("opened row", "staff/worklist", "worklist.page", row_opened, SUPERVISOR),
    Screen("empty view", "staff/worklist", "worklist.page", opened("/?reason=call_requested"), SUPERVISOR),
    Screen("worklist where nobody reads", "staff/worklist", "worklist.page", uncovered, SUPERVISOR),
    Screen("worklist while the clock stands still", "staff/worklist", "worklist.page", clock_stopped, SUPERVISOR),
    Screen("what is watched", "staff/worklist", "worklist.page", watching, SUPERVISOR),
    Screen("worklist with keys off", "staff/worklist", "worklist.page", told_of_keys, SUPERVISOR),
    Screen("flag", "staff/flag", "flag.page", flag_page, SUPERVISOR),
    Screen("set aside refused", "staff/flag", "flags.snooze", set_aside_refused, SUPERVISOR),
    Screen("answers", "staff/submission", "record.submission", answers, SUPERVISOR),
    Screen("nobody in one's care", "staff/my_patients", "record.caseload", opened("/patients"), SUPERVISOR),
    Screen("own patients", "staff/my_patients", "record.caseload", opened("/patients"), "Ines"),
    Screen("before the appointment", "staff/before_session", "record.before", of_patient(WITH_FLAG, "/before"), "Ines"),
    Screen("counts", "staff/counts", "worklist.page", opened("/?view=counts"), SUPERVISOR),
    Screen("nothing for this role", "staff/counts", "worklist.page", opened("/"), ADMINISTRATOR),
    Screen("search", "staff/find", "finding.page", opened("/find"), SUPERVISOR),
    Screen("somebody found", "staff/find", "finding.search", found("a"), SUPERVISOR),
    Screen("nobody found", "staff/find", "finding.search", found("zzz"), SUPERVISOR),
    Screen("new patient", "staff/add_patient", "enrolling.page", opened("/patients/new"), SUPERVISOR),
    Screen("new patient refused", "staff/add_patient", "enrolling.submit", incomplete_patient, SUPERVISOR),
    Screen("invitation shown", "staff/add_patient", "enrolling.preview", invitation_shown, SUPERVISOR),
    Screen("record with a flag", "staff/record", "record.page", of_patient(WITH_FLAG), SUPERVISOR),
    Screen("record", "staff/record", "record.page", of_patient(IMPROVING), SUPERVISOR),
    Screen(
        "record in full",
        "staff/record",
        "record.page",
        of_patient(IMPROVING, "?texts=all&columns=all&corridor=gad7"),
        SUPERVISOR,
    ),
    Screen("phone to set up", "staff/device", "enrolling.device", phone_set_up, SUPERVISOR),
    Screen(
        "number refused", "staff/contact", "enrolling.number", contact_refused("number", "number", "12"), SUPERVISOR
    ),
    Screen(
        "pause refused", "staff/contact", "enrolling.pause", contact_refused("pause", "until", "2020-01-01"), SUPERVISOR
    ),
    Screen(
        "appointment refused", "staff/contact", "appointing.add", contact_refused("appointments", "on", ""), SUPERVISOR
    ),
    Screen("closed without a reason", "staff/flag", "flags.close", closed_without_reason, SUPERVISOR),
    Screen("handed to nobody", "staff/flag", "flags.hand_over", handed_to_nobody, SUPERVISOR),
    Screen("closed meanwhile", "staff/flag", "flags.close", closed_meanwhile),
    Screen(
        "no such patient",
        "staff/error",
        "record.page",
        opened("/patients/00000000-0000-4000-8000-000000000000"),
        SUPERVISOR,
    ),
    Screen("form too old", "staff/error", "finding.search", form_too_old, SUPERVISOR),
)
