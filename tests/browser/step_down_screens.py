"""The page before help becomes less, in every state. Whoever records something brings a team of their own."""

from dataclasses import replace
from datetime import timedelta

from monitor.care.models import Episode
from monitor.checkins.models import Mode
from monitor.checkins.service import Delivery, find_open
from monitor.db import unit_of_work
from monitor.people.models import Role, StaffMember
from monitor.relapse.guardrails import let_go
from monitor.relapse.kinds import Guardrail
from monitor.workflows import complete_check_in
from tests.browser.screens import Screen, Visit
from tests.browser.staff_screens import IMPROVING, SUPERVISOR, sign_in_as_clinician
from tests.builders import a_staff_member, an_id, answers
from tests.phones import Asked
from tests.plans import guardrails_met, stepped_down


def somebody(visit: Visit, *, item9: int = 1) -> Asked:
    """Somebody who has answered once, with residual symptoms."""
    asked, now = visit.asked(), visit.service.now
    with unit_of_work(visit.service.sessions) as session:
        check_in = find_open(session, asked.token, now)
        assert check_in
        sent = Delivery(key=an_id(), language="en", mode=Mode.LINK, known_device=False)
        at = now - timedelta(minutes=10)
        complete_check_in(session, check_in, answers(7, 5, item9), sent, settings=visit.service.settings, now=at)
    return asked


def shown(visit: Visit, asked: Asked, query: str = "") -> None:
    sign_in_as_clinician(visit, asked)
    visit.open(f"/staff/patients/{asked.care.patient.id}/step-down{query}")


def nothing_yet(visit: Visit) -> None:
    shown(visit, somebody(visit))


def of_improving(visit: Visit) -> None:
    visit.open(f"/staff/patients/{visit.patient_id(IMPROVING)}/step-down")


def ending(visit: Visit) -> None:
    shown(visit, somebody(visit), "?to=end")


def ready(visit: Visit) -> Asked:
    asked = somebody(visit)
    with unit_of_work(visit.service.sessions) as session:
        guardrails_met(session, asked.care, visit.service.now)
    return asked


def all_stand(visit: Visit) -> None:
    shown(visit, ready(visit))


def asked_too_early(visit: Visit) -> None:
    nothing_yet(visit)
    visit.send_unchecked("form[action$=step-down] button")


def chosen(visit: Visit) -> None:
    """The review to which a whole list leads."""
    all_stand(visit)
    visit.send_unchecked("form[action$=step-down] button")


def without_words(visit: Visit) -> None:
    nothing_yet(visit)
    visit.page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    visit.send_unchecked("form[action$=primary_care] .go")


def to_be_signed(visit: Visit) -> None:
    """What a clinician let go, before a supervisor of the team."""
    asked, now = somebody(visit), visit.service.now
    with unit_of_work(visit.service.sessions) as session:
        episode = session.get_one(Episode, asked.care.episode.id)
        by = session.get_one(StaffMember, asked.care.clinician.id)
        let_go(session, episode, Guardrail.PRIMARY_CARE, "They have no doctor of their own.", by=by, now=now)
        team, name = asked.care.team, f"lead-{an_id()}@example.org"
        lead = a_staff_member(session, team, name, name="Sofia Lindqvist", role=Role.SUPERVISOR)
        lead.language = visit.language
    shown(visit, replace(asked, care=replace(asked.care, clinician=lead)))


def done_already(visit: Visit) -> None:
    asked = somebody(visit)
    with unit_of_work(visit.service.sessions) as session:
        episode = session.get_one(Episode, asked.care.episode.id)
        stepped_down(session, replace(asked.care, episode=episode, patient=episode.patient), at=visit.service.now)
    shown(visit, asked)


def refused_review(visit: Visit) -> None:
    """A review that steps down before anything stands."""
    asked = somebody(visit)
    sign_in_as_clinician(visit, asked)
    visit.open(f"/staff/patients/{asked.care.patient.id}/review")
    visit.page.check("[name=decision][value='step_down:stepped_down']")
    visit.page.select_option("#deviation", "preference")
    visit.page.fill("#words", "Feels well and wants to try it.")
    visit.send_unchecked("main .go")


PAGE = ("staff/step_down", "step_down.page")
SCREENS = (
    Screen("guardrails missing", *PAGE, nothing_yet),
    Screen("guardrails as a supervisor reads them", *PAGE, of_improving, SUPERVISOR),
    Screen("guardrails of the end of care", *PAGE, ending),
    Screen("guardrails all standing", *PAGE, all_stand),
    Screen("step-down asked too early", "staff/step_down", "guarding.ask", asked_too_early),
    Screen("step-down chosen", "staff/review", "reviewing.page", chosen),
    Screen("guardrail without words", "staff/step_down", "guarding.act", without_words),
    Screen("guardrail to be signed", *PAGE, to_be_signed),
    Screen("stepped down already", *PAGE, done_already),
    Screen("review without guardrails", "staff/review", "reviewing.held", refused_review),
)
