"""Every screen of the staff surface. Tomas supervises North, where Lucía gave a safety answer."""

from collections.abc import Callable

import sqlalchemy as sa

from monitor.db import reading, unit_of_work
from monitor.flags.kinds import FlagKind, Outcome
from monitor.flags.models import Flag
from monitor.people.models import SafetyCover
from tests.browser.screens import Screen, Visit

SUPERVISOR, ADMINISTRATOR = "Tomas", "Sam"
WITH_FLAG, IMPROVING = "Lucía", "Nora"


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


def closed_without_reason(visit: Visit) -> None:
    row_opened(visit)
    visit.send_unchecked(f"button[value={Outcome.SPOKE}]")


def handed_to_nobody(visit: Visit) -> None:
    row_opened(visit)
    visit.page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    visit.send_unchecked("form[action$=hand-over] button")


def closed_meanwhile(visit: Visit) -> None:
    """What somebody wrote about a flag that a colleague has just closed."""
    row_opened(visit)
    with reading(visit.service.sessions) as session:
        lucia = visit.service.patient(session, WITH_FLAG).id
        wanted = sa.select(Flag.id).where(Flag.patient_id == lucia, Flag.kind == FlagKind.SAFETY)
        flag_id = session.scalars(wanted.where(Flag.closed_at.is_(None))).one()
    visit.page.locator("tr.open textarea").first.fill("Rang, she answered.")
    closing = {"closed_at": visit.service.now, "outcome": Outcome.SPOKE, "_reason": b""}
    with unit_of_work(visit.service.sessions) as session:
        flag = session.get_one(Flag, flag_id)
        flag.closed_at, flag.outcome, flag.reason = closing["closed_at"], Outcome.SPOKE, "Rang."
        flag.closed_by_id = flag.owner_id
    visit.send_unchecked(f"button[value={Outcome.SPOKE}]")
    with unit_of_work(visit.service.sessions) as session:
        session.execute(
            sa.update(Flag).where(Flag.id == flag_id).values(closed_at=None, outcome=None, _reason=None, closed_by_id=None)
        )


def form_too_old(visit: Visit) -> None:
    visit.open("/staff/find")
    visit.page.evaluate("document.querySelectorAll('[name=csrf_token]').forEach(each => each.value = 'x')")
    visit.send_unchecked("main .go")


def too_many_tries(visit: Visit) -> None:
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
    Screen("sign-in", "sign_in", opened("/sign-in")),
    Screen("sign-in refused", "sign_in", refused),
    Screen("sign-in left empty", "sign_in", empty_sign_in),
    Screen("too many tries", "error", too_many_tries),
    Screen("worklist", "worklist", opened("/"), SUPERVISOR),
    Screen("own worklist", "worklist", opened("/?view=mine"), SUPERVISOR),
    Screen("worklist of one reason", "worklist", opened("/?reason=safety"), SUPERVISOR),
    Screen("opened row", "worklist", row_opened, SUPERVISOR),
    Screen("empty view", "worklist", opened("/?reason=call_requested"), SUPERVISOR),
    Screen("worklist where nobody reads", "worklist", uncovered, SUPERVISOR),
    Screen("counts", "counts", opened("/?view=counts"), SUPERVISOR),
    Screen("nothing for this role", "counts", opened("/"), ADMINISTRATOR),
    Screen("search", "find", opened("/find"), SUPERVISOR),
    Screen("somebody found", "find", found("a"), SUPERVISOR),
    Screen("nobody found", "find", found("zzz"), SUPERVISOR),
    Screen("new patient", "add_patient", opened("/patients/new"), SUPERVISOR),
    Screen("new patient refused", "add_patient", incomplete_patient, SUPERVISOR),
    Screen("invitation shown", "add_patient", invitation_shown, SUPERVISOR),
    Screen("record with a flag", "record", of_patient(WITH_FLAG), SUPERVISOR),
    Screen("record", "record", of_patient(IMPROVING), SUPERVISOR),
    Screen("record in full", "record", of_patient(IMPROVING, "?texts=all&columns=all&corridor=gad7"), SUPERVISOR),
    Screen("phone to set up", "device", phone_set_up, SUPERVISOR),
    Screen("number refused", "contact", contact_refused("number", "number", "12"), SUPERVISOR),
    Screen("pause refused", "contact", contact_refused("pause", "until", "2020-01-01"), SUPERVISOR),
    Screen("appointment refused", "contact", contact_refused("appointments", "on", ""), SUPERVISOR),
    Screen("closed without a reason", "flag", closed_without_reason, SUPERVISOR),
    Screen("handed to nobody", "flag", handed_to_nobody, SUPERVISOR),
    Screen("closed meanwhile", "flag", closed_meanwhile, SUPERVISOR),
    Screen("no such patient", "error", opened("/patients/00000000-0000-4000-8000-000000000000"), SUPERVISOR),
    Screen("form too old", "error", form_too_old, SUPERVISOR),
)
