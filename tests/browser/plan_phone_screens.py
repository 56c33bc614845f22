"""Every screen of a patient's own plans."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from monitor.care.models import CloseReason, Episode
from monitor.db import unit_of_work
from monitor.relapse.content import Person, SafetySteps, StayingWell
from monitor.relapse.kinds import Given
from monitor.relapse.plan_rules import WrittenSafety
from monitor.relapse.plans import save_safety
from tests.browser.patient_screens import sent
from tests.browser.screens import Screen, Visit
from tests.phones import Asked
from tests.plans import CONTENT, an_agreed_plan, stepped_down

FULL = StayingWell(
    **{
        **CONTENT.model_dump(),
        "helped": "A walk before work, even ten minutes\nWriting the worry down, then a time for it",
        "triggers": "The dark weeks of January",
        "medicines": "One tablet in the morning",
        "prescriber": "The doctor in Mill Road",
        "matters": "To be there on Saturdays when the girls play, and to mind who wins.",
    }
)
SAFETY = SafetySteps(
    warning_signs=("I stop going outside", "I count the days"),
    alone=("Cold water on my hands",),
    places=("The library on Green Lane",),
    people=(Person(name="Ana", who="My sister", number="+441632960188"), Person(name="Jo", who="Next door")),
    professionals=(Person(name="Night line", number="+441632960199"),),
    surroundings=("My brother keeps the tablets",),
)


def somebody(visit: Visit, *, down: bool = True, safety: bool = True, **values: Any) -> Asked:
    """Make this browser the known phone of somebody with plans, stepped down unless told otherwise."""
    asked = visit.asked(**values)
    with unit_of_work(visit.service.sessions) as session:
        care = asked.care
        session.add_all((care.episode, care.patient, care.clinician))
        plan = an_agreed_plan(session, care, content=FULL)
        if down:
            stepped_down(session, care, plan)
        if safety:
            written = WrittenSafety(SAFETY, care.patient.language, Given.PHONE)
            kept = {"agree": True, "based_on_id": None, "by": care.clinician.id, "now": visit.service.now}
            save_safety(session, care.episode, written, **kept)
    visit.service.set_up(visit.page, asked.care.patient.id)
    return asked


def plan(visit: Visit) -> None:
    somebody(visit)
    visit.open("/plan")
    visit.page.evaluate("document.querySelectorAll('details.fold').forEach(each => each.open = true)")


def after(button: str) -> Callable[[Visit], None]:
    """The page once a button was pressed."""

    def go(visit: Visit) -> None:
        plan(visit)
        visit.send_unchecked(f"button[value={button}]")

    return go


def in_care(visit: Visit) -> None:
    somebody(visit, down=False, safety=False)
    visit.open("/plan")


def care_ended(visit: Visit) -> None:
    asked = somebody(visit)
    with unit_of_work(visit.service.sessions) as session:
        ended = {"closed_at": visit.service.now, "close_reason": CloseReason.COMPLETED}
        session.execute(sa.update(Episode).where(Episode.id == asked.care.episode.id).values(ended))
    visit.open("/plan")


def no_plan(visit: Visit) -> None:
    visit.own_phone()
    visit.open("/plan")


def large(visit: Visit) -> None:
    somebody(visit)
    visit.open("/me/settings")
    visit.page.check("[name=letters][value=largest]")
    visit.send_unchecked("button[value=letters]")
    visit.open("/plan")


def sign_in_a_check_in(visit: Visit) -> None:
    asked = somebody(visit)
    visit.open(asked.path)
    sent(visit, signs=1)


def copy(visit: Visit) -> None:
    somebody(visit)
    visit.open("/plan?kept=1")


SCREENS = (
    Screen("plan", "patient/plan", "plan.show", plan),
    Screen("plan with a sign noticed", "patient/plan", "plan.show", after("sign")),
    Screen("plan on the way back", "patient/plan", "plan.show", after("back")),
    Screen("plan while care goes on", "patient/plan", "plan.show", in_care),
    Screen("plan once care has ended", "patient/plan", "plan.show", care_ended),
    Screen("no plan yet", "patient/plan", "plan.show", no_plan),
    Screen("plan in the largest letters", "patient/plan", "plan.show", large),
    Screen("thanks after a sign", "patient/thanks", "check_in.send", sign_in_a_check_in),
    Screen("kept copy of a plan", "patient/plan", "plan.show", copy),
)
