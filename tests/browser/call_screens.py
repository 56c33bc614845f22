"""The calls to make and what patients need, in every state that staff can come to see."""

from datetime import timedelta
from typing import Any

from monitor.checkins.call_models import CallOutcome
from monitor.db import unit_of_work
from monitor.flags.kinds import FlagKind
from monitor.flags.outreach import record_call
from monitor.people.models import Patient
from monitor.people.needs import Needs, state_needs
from monitor.people.needs_models import TimeOfDay
from tests.browser.screens import Screen, Visit
from tests.browser.staff_screens import SUPERVISOR, opened, sign_in_as_clinician
from tests.builders import a_flag
from tests.phones import Asked

NEEDS = Needs(TimeOfDay.AFTERNOON, interpreter=True, paper=True, words="Her son may pick up: ask for her.")


def silent(visit: Visit, calls: int = 2) -> Asked:
    """A patient who has gone quiet and was rung in vain, with everything that whoever rings has to know."""
    asked, now = visit.asked(), visit.service.now
    with unit_of_work(visit.service.sessions) as session:
        patient = session.get_one(Patient, asked.care.patient.id)
        by = asked.care.clinician.id
        state_needs(session, patient, NEEDS, by=by, now=now - timedelta(days=9))
        kinds = (FlagKind.MISSED_CHECK_INS, FlagKind.SAFETY)
        session.add_all(a_flag(asked.care, kind, opened_at=now - timedelta(days=8)) for kind in kinds)
    for day in range(calls):
        with unit_of_work(visit.service.sessions) as session:
            episode = session.merge(asked.care.episode, load=True)
            at = now - timedelta(days=calls - day)
            record_call(session, episode, CallOutcome.COULD_NOT_REACH, by=by, now=at, words="Rang out, no mailbox.")
    sign_in_as_clinician(visit, asked)
    return asked


def listed(visit: Visit) -> None:
    silent(visit)
    visit.open("/staff/calls")


def to_decide(visit: Visit) -> None:
    silent(visit, calls=3)
    visit.open("/staff/calls")


def nobody(visit: Visit) -> None:
    sign_in_as_clinician(visit, visit.asked())
    visit.open("/staff/calls")


def one(visit: Visit, **values: Any) -> Asked:
    asked = silent(visit, **values)
    visit.open(f"/staff/calls?patient={asked.care.patient.id}")
    return asked


def shown(visit: Visit) -> None:
    one(visit)


def without_words(visit: Visit) -> None:
    one(visit)
    visit.send_unchecked("button[value=reached]")


def rung_meanwhile(visit: Visit) -> None:
    """What somebody records while another has rung."""
    asked = one(visit)
    with unit_of_work(visit.service.sessions) as session:
        episode = session.merge(asked.care.episode, load=True)
        now = visit.service.now + timedelta(seconds=1)
        record_call(session, episode, CallOutcome.COULD_NOT_REACH, by=asked.care.clinician.id, now=now)
    visit.send_unchecked("button[value=could_not_reach]")


def needs(visit: Visit) -> None:
    asked = silent(visit)
    visit.open(f"/staff/patients/{asked.care.patient.id}/needs")


def needs_never_asked(visit: Visit) -> None:
    asked = visit.asked()
    sign_in_as_clinician(visit, asked)
    visit.open(f"/staff/patients/{asked.care.patient.id}/needs")


def needs_without_a_time(visit: Visit) -> None:
    needs(visit)
    visit.page.eval_on_selector("#best_time", "select => select.remove()")
    visit.send_unchecked("main .go")


def needs_of_all(visit: Visit) -> None:
    silent(visit)
    visit.open("/staff/needs")


SCREENS = (
    Screen("calls of the demonstration", "staff/calls", "calls.page", opened("/calls"), SUPERVISOR),
    Screen("calls to make", "staff/calls", "calls.page", listed),
    Screen("calls to decide about", "staff/calls", "calls.page", to_decide),
    Screen("nobody to ring", "staff/calls", "calls.page", nobody),
    Screen("one call", "staff/calls", "calls.page", shown),
    Screen("call without words", "staff/calls", "calling.submit", without_words),
    Screen("rung meanwhile", "staff/calls", "calling.submit", rung_meanwhile),
    Screen("what somebody needs", "staff/needs", "needing.page", needs),
    Screen("what nobody has asked", "staff/needs", "needing.page", needs_never_asked),
    Screen("needs without a time", "staff/needs", "needs_stating.submit", needs_without_a_time),
    Screen("what patients need", "staff/needs_of_all", "needing.page_of_all", needs_of_all),
)
