"""Every screen of a patient's own step, of who answers for whom, and of what the rules cost."""

from collections.abc import Callable
from datetime import timedelta

import sqlalchemy as sa

from monitor.care.kinds import Step
from monitor.care.models import Appointment, CloseReason, Episode, StepAssignment
from monitor.db import unit_of_work
from monitor.flags.models import Flag
from monitor.flags.wishes import Wish
from monitor.people.models import CareTeam
from tests.browser.screens import Screen, Visit
from tests.browser.staff_screens import SUPERVISOR, WITH_FLAG, opened, sign_in_as_clinician
from tests.builders import a_staff_member
from tests.phones import Asked

FIRED = ("scores_at_or_above", "function_impaired", "unmet_social_needs")


# ---- a patient's phone ----


def assigned(visit: Visit, step: Step = Step.THREE) -> Asked:
    """A patient of one's own whom an intake has placed, with an appointment behind and one to come."""
    asked, now = visit.own_phone(), visit.service.now
    episode_id = asked.care.episode.id
    with unit_of_work(visit.service.sessions) as session:
        first = session.scalars(sa.select(StepAssignment).where(StepAssignment.episode_id == episode_id)).one()
        session.add(
            StepAssignment(
                episode_id=episode_id,
                step=step,
                from_at=now - timedelta(days=30),
                decided_by_id=first.decided_by_id,
                pathway_version_id=first.pathway_version_id,
                proposed_step=step,
                fired=[{"rule": rule, "step": step.value} for rule in FIRED],
                patient_id=first.patient_id,
            )
        )
        held = now - timedelta(days=6)
        session.add(Appointment(episode_id=episode_id, starts_at=held, attended_at=held))
        session.add(Appointment(episode_id=episode_id, starts_at=now + timedelta(days=2)))
    return asked


def step(visit: Visit) -> None:
    assigned(visit)
    visit.open("/me/step")


def asked_for(*wishes: Wish) -> Callable[[Visit], None]:
    """The page once some buttons were pressed."""

    def go(visit: Visit) -> None:
        step(visit)
        for wish in wishes:
            visit.page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
            visit.send_unchecked(f"button[value={wish}]")

    return go


def answer_is_late(visit: Visit) -> None:
    asked = assigned(visit)
    visit.open("/me/step")
    visit.send_unchecked(f"button[value={Wish.CALL}]")
    due_at = visit.service.now - timedelta(hours=1)
    with unit_of_work(visit.service.sessions) as session:
        session.execute(sa.update(Flag).where(Flag.patient_id == asked.care.patient.id).values(due_at=due_at))
    visit.open("/me/step")


def nothing_decided(visit: Visit) -> None:
    asked = visit.asked(step=Step.ONE)
    visit.service.set_up(visit.page, asked.care.patient.id)
    visit.open("/me/step")


def not_in_care(visit: Visit) -> None:
    asked = visit.own_phone()
    with unit_of_work(visit.service.sessions) as session:
        ended = {"closed_at": visit.service.now, "close_reason": CloseReason.COMPLETED}
        session.execute(sa.update(Episode).where(Episode.id == asked.care.episode.id).values(ended))
    visit.open("/me/step")


PATIENT_SCREENS = (
    Screen("step", "patient/step", "step.show", step),
    Screen("review and another step asked for", "patient/step", "step.show", asked_for(Wish.REVIEW, Wish.MORE)),
    Screen("call asked for on the step", "patient/step", "step.show", asked_for(Wish.CALL)),
    Screen("late answer", "patient/step", "step.show", answer_is_late),
    Screen("no step decided yet", "patient/step", "step.show", nothing_decided),
    Screen("not in care", "patient/step", "step.show", not_in_care),
)


# ---- staff ----


def absence_refused(visit: Visit) -> None:
    visit.open("/staff/team")
    visit.page.fill("#from", "2026-11-30")
    visit.page.fill("#until", "2026-11-26")
    visit.page.select_option("#who", index=1)
    visit.page.select_option("#cover", index=2)
    visit.send_unchecked("main button.go")


def of_nobody(visit: Visit) -> None:
    """A team of one's own, whose patient's accountable person has lost their login."""
    asked = visit.asked()
    with unit_of_work(visit.service.sessions) as session:
        team = session.get_one(CareTeam, asked.care.team.id)
        gone = a_staff_member(session, team, f"gone-{team.id}@example.org", name="Kim Gone")
        gone.ended_at = visit.service.now
        session.execute(sa.update(Episode).where(Episode.id == asked.care.episode.id).values(accountable_id=gone.id))
    sign_in_as_clinician(visit, asked)
    visit.open("/staff/team")


def hand_over(visit: Visit) -> None:
    visit.open(f"/staff/patients/{visit.patient_id(WITH_FLAG)}/hand-over")


def handed_over_to_nobody(visit: Visit) -> None:
    hand_over(visit)
    visit.page.fill("#stands", "Better since October.")
    visit.send_unchecked("main button.go")


def handed_over_meanwhile(visit: Visit) -> None:
    """Somebody else became accountable while the form was being written: in a team of its own."""
    asked = visit.asked()
    with unit_of_work(visit.service.sessions) as session:
        team = session.get_one(CareTeam, asked.care.team.id)
        ada = a_staff_member(session, team, f"ada-{team.id}@example.org", name="Ada Rivers").id
    sign_in_as_clinician(visit, asked)
    visit.open(f"/staff/patients/{asked.care.patient.id}/hand-over")
    visit.page.select_option("#to", index=1)
    visit.page.select_option("#reason", index=1)
    for name in ("stands", "open", "next", "told"):
        visit.page.fill(f"#{name}", "As agreed.")
    with unit_of_work(visit.service.sessions) as session:
        session.execute(sa.update(Episode).where(Episode.id == asked.care.episode.id).values(accountable_id=ada))
    visit.send_unchecked("main button.go")


STAFF_SCREENS = (
    Screen("team", "staff/team", "team.page", opened("/team"), SUPERVISOR),
    Screen("team with a patient nobody sees to", "staff/team", "team.page", of_nobody),
    Screen("absence refused", "staff/team", "absent.add", absence_refused, SUPERVISOR),
    Screen("hand over", "staff/hand_over", "handing_over.page", hand_over, SUPERVISOR),
    Screen("hand over refused", "staff/hand_over", "handing_over.submit", handed_over_to_nobody, SUPERVISOR),
    Screen("handed over meanwhile", "staff/hand_over", "handing_over.submit", handed_over_meanwhile),
    Screen("load", "staff/load", "load.page", opened("/load"), SUPERVISOR),
)
