"""Relapse plans and safety plans in every state that staff can come to see. Each patient has a team of their own."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from monitor.care.models import CloseReason, Episode, Step
from monitor.db import unit_of_work
from monitor.flags.kinds import FlagKind
from monitor.ids import new_id
from monitor.relapse.content import Person, SafetySteps
from monitor.relapse.kinds import Given
from monitor.relapse.plan_rules import WrittenSafety
from monitor.relapse.plans import save_safety, save_staying_well
from tests.browser.screens import Screen, Visit
from tests.browser.staff_screens import sign_in_as_clinician
from tests.builders import InCare, a_flag, a_patient, a_staff_member
from tests.phones import Asked
from tests.plans import a_written_plan, an_agreed_plan, stepped_down

STEPS = SafetySteps(
    warning_signs=("I stop sleeping", "I stay in bed past noon"),
    alone=("A cold shower", "The list on the fridge"),
    places=("The library", "Choir"),
    people=(Person(name="Ana", who="My sister", number="+441632960188"),),
    professionals=(Person(name="Samaritans", who="Any time, free", number="116123"),),
    surroundings=("Ana keeps the tablets",),
)


def written(visit: Visit, *, agree: bool = True, times: int = 1) -> tuple[Asked, list[UUID]]:
    """Both plans of a patient of one's own; `times` versions of the relapse plan whose writers had not read another."""
    asked, now = visit.asked(), visit.service.now
    with unit_of_work(visit.service.sessions) as session:
        care = asked.care
        episode = session.get_one(Episode, care.episode.id)
        other = a_staff_member(session, care.team, f"second-{care.team.id}@example.org", name="Daniel Brandt")
        review_on = (now + timedelta(weeks=12)).date()
        ids = []
        for number in range(times):
            plan = a_written_plan(care, wait_days=3 + number, review_on=review_on)
            by = (care.clinician.id, other.id)[number % 2]
            at = now - timedelta(days=1) + timedelta(minutes=number)
            saved = save_staying_well(session, episode, plan, agree=agree, based_on_id=None, by=by, now=at)
            ids.append(saved.plan.id)
        safety = WrittenSafety(STEPS, care.patient.language, Given.PRINT)
        save_safety(session, episode, safety, agree=agree, based_on_id=None, by=care.clinician.id, now=now)
    sign_in_as_clinician(visit, asked)
    return asked, ids


def empty(visit: Visit) -> None:
    asked = visit.asked()
    sign_in_as_clinician(visit, asked)
    visit.open(f"/staff/patients/{asked.care.patient.id}/plan")


def empty_safety(visit: Visit) -> None:
    asked = visit.asked()
    sign_in_as_clinician(visit, asked)
    visit.open(f"/staff/patients/{asked.care.patient.id}/safety-plan")


def agreed(visit: Visit) -> None:
    asked, _ = written(visit)
    visit.open(f"/staff/patients/{asked.care.patient.id}/plan")


def refused(visit: Visit) -> None:
    """One sign, no owner, no step back, and an impossible number."""
    agreed(visit)
    visit.page.fill("#sign-2", "")
    visit.page.fill("#sign-3", "")
    visit.page.fill("#number", "ring us")
    visit.page.select_option("#owner", "")
    visit.page.select_option("#back_to", "")
    visit.send_unchecked("#agree .go")


def a_sign_more(visit: Visit) -> None:
    agreed(visit)
    visit.send_unchecked("button[value=sign]")


def two_at_once(visit: Visit) -> None:
    asked, _ = written(visit, times=2)
    visit.open(f"/staff/patients/{asked.care.patient.id}/plan")


def version(visit: Visit) -> None:
    asked, ids = written(visit, times=2)
    visit.open(f"/staff/patients/{asked.care.patient.id}/plans/{ids[-1]}")


def printed(visit: Visit) -> None:
    asked, (plan_id,) = written(visit)
    visit.open(f"/staff/patients/{asked.care.patient.id}/plans/{plan_id}/print")


def after_care(visit: Visit) -> None:
    asked, _ = written(visit)
    with unit_of_work(visit.service.sessions) as session:
        episode = session.get_one(Episode, asked.care.episode.id)
        episode.closed_at, episode.close_reason = visit.service.now, CloseReason.MOVED
        episode.next_review_at = None
    visit.open(f"/staff/patients/{asked.care.patient.id}/plan")


def safety(visit: Visit) -> None:
    asked, _ = written(visit)
    visit.open(f"/staff/patients/{asked.care.patient.id}/safety-plan")


def safety_refused(visit: Visit) -> None:
    safety(visit)
    visit.page.fill("#warning_signs", "")
    visit.page.fill("#people-1", "")
    visit.send_unchecked("#agree .go")


def kept(visit: Visit) -> None:
    agreed(visit)
    visit.page.fill("#helped", "A walk before work")
    visit.send_unchecked("#agree [value=draft]")


def board(visit: Visit) -> None:
    """A row in every lane."""
    asked, _ = written(visit)
    with unit_of_work(visit.service.sessions) as session:
        for lane in ("Triggered", "Due", "Without", "Draft"):
            _on_the_board(session, asked.care, lane, visit)
    visit.open("/staff/plans")


def _on_the_board(session: Session, colleague: InCare, lane: str, visit: Visit) -> None:
    """Another patient of a team, in one lane of its board."""
    number = f"+44{7000000000 + new_id().int % 10**9}"
    step = Step.STEPPED_DOWN if lane == "Without" else Step.TWO
    care = a_patient(session, colleague.team, colleague.clinician, name=lane, number=number, step=step)
    if lane == "Triggered":
        stepped_down(session, care)
        session.add(a_flag(care, FlagKind.RELAPSE_SIGNAL))
    if lane == "Due":
        an_agreed_plan(session, care, visit.service.now - timedelta(days=90), review_on=visit.service.now.date())
    if lane == "Draft":
        plan, by = a_written_plan(care, signs=()), care.clinician.id
        save_staying_well(session, care.episode, plan, agree=False, based_on_id=None, by=by, now=visit.service.now)


def empty_board(visit: Visit) -> None:
    asked = visit.asked()
    sign_in_as_clinician(visit, asked)
    visit.open("/staff/plans")


def nobody_of_mine(visit: Visit) -> None:
    asked, _ = written(visit, agree=False)
    visit.open("/staff/plans?owner=" + str(asked.care.patient.id))


SCREENS = (
    Screen("plan not begun", "staff/plan", "plan.page", empty),
    Screen("plan agreed", "staff/plan", "plan.page", agreed),
    Screen("plan refused", "staff/plan", "planning.kept", refused),
    Screen("a sign more", "staff/plan", "planning.kept", a_sign_more),
    Screen("plan kept as a draft", "staff/plan", "plan.page", kept),
    Screen("two plans at once", "staff/plan", "plan.page", two_at_once),
    Screen("plan after care", "staff/plan", "plan.page", after_care),
    Screen("version of a plan", "staff/plan_version", "plan.version", version),
    Screen("plan on paper", "staff/plan_print", "plan.printed", printed),
    Screen("safety plan not begun", "staff/safety_plan", "plan.safety", empty_safety),
    Screen("safety plan", "staff/safety_plan", "plan.safety", safety),
    Screen("safety plan refused", "staff/safety_plan", "planning.safety_kept", safety_refused),
    Screen("board of plans", "staff/plans", "plans.page", board),
    Screen("no plan yet", "staff/plans", "plans.page", empty_board),
    Screen("no plan of mine", "staff/plans", "plans.page", nobody_of_mine),
)
