"""Coming back after stepping down: what a patient reads on their own page, and what staff write down and read."""

from dataclasses import replace

import sqlalchemy as sa

from monitor.care.models import Episode
from monitor.db import unit_of_work
from monitor.flags.facts import Evidence, Finding
from monitor.flags.kinds import EvidenceCode, FlagKind, Rule, Severity
from monitor.flags.models import Flag
from monitor.flags.service import raise_flags
from monitor.relapse.kinds import How
from monitor.relapse.reentry import come_back
from monitor.relapse.watching import notice_sign, watched_signs
from tests.browser.screens import Screen, Visit
from tests.browser.staff_screens import sign_in_as_clinician
from tests.phones import Asked
from tests.plans import stepped_down

RANG = "Rang this morning: sleep is going, and they would like to talk."
ROSE = Evidence(
    EvidenceCode.ROSE_AFTER_STEP_DOWN, {"measure": "phq9", "then": 4, "last": 9, "points": 5, "on": "2026-11-17"}
)


def steps_down(visit: Visit, asked: Asked) -> Asked:
    with unit_of_work(visit.service.sessions) as session:
        episode = session.get_one(Episode, asked.care.episode.id)
        stepped_down(session, replace(asked.care, episode=episode, patient=episode.patient, team=episode.care_team))
    return asked


def returns(visit: Visit, asked: Asked, how: How = How.TEXT) -> None:
    with unit_of_work(visit.service.sessions) as session:
        come_back(session, session.get_one(Episode, asked.care.episode.id), how, now=visit.service.now)


# ---- a patient's phone ----


def afterwards(visit: Visit) -> None:
    steps_down(visit, visit.own_phone())
    visit.open("/me/step")


def back_again(visit: Visit) -> None:
    asked = steps_down(visit, visit.own_phone())
    returns(visit, asked, How.PAGE)
    visit.open("/me/step")


def asked_of_any_sign(visit: Visit) -> None:
    """The question about signs behind a link, on a phone that nobody knows."""
    visit.open(steps_down(visit, visit.asked()).path)
    visit.page.evaluate("location.hash = document.querySelector('[name=signs_1]').closest('.step').id")
    visit.page.wait_for_selector("[name=signs_1] >> nth=0")


def asked_of_each_sign(visit: Visit) -> None:
    """The same on their own phone: each sign in their own words."""
    visit.open(steps_down(visit, visit.own_phone()).path)
    visit.page.evaluate("location.hash = document.querySelector('[name^=sign_]').closest('.step').id")
    visit.page.wait_for_selector("[name^=sign_] >> nth=0")


PATIENT_SCREENS = (
    Screen("signs behind a link", "patient/check_in", "check_in.show", asked_of_any_sign),
    Screen("signs on one's own phone", "patient/check_in", "check_in.show", asked_of_each_sign),
    Screen("step afterwards", "patient/step", "step.show", afterwards),
    Screen("step after coming back", "patient/step", "step.show", back_again),
)

# ---- staff ----


def a_call(visit: Visit) -> Asked:
    asked = steps_down(visit, visit.asked())
    sign_in_as_clinician(visit, asked)
    visit.open(f"/staff/patients/{asked.care.patient.id}/coming-back")
    return asked


def offered(visit: Visit) -> None:
    a_call(visit)


def refused(visit: Visit) -> None:
    a_call(visit)
    visit.send_unchecked("main button.go")


def without_a_word_on_the_sign(visit: Visit) -> None:
    a_call(visit)
    visit.page.check("[name=sign] >> nth=0")
    visit.send_unchecked("main [action$=noticed-sign] button")


def nothing_to_come_back_from(visit: Visit) -> None:
    asked = visit.asked()
    sign_in_as_clinician(visit, asked)
    visit.open(f"/staff/patients/{asked.care.patient.id}/coming-back")


def taken_back(visit: Visit) -> None:
    a_call(visit)
    visit.page.fill("#words", RANG)
    visit.send_unchecked("main button.go")


def on_the_record(visit: Visit) -> None:
    asked = steps_down(visit, visit.asked())
    sign_in_as_clinician(visit, asked)
    visit.open(f"/staff/patients/{asked.care.patient.id}")
    visit.page.evaluate("document.querySelectorAll('#aftercare ~ details').forEach(each => each.open = true)")


def open_flag_of(visit: Visit, asked: Asked) -> None:
    with unit_of_work(visit.service.sessions) as session:
        flag_id = session.scalars(sa.select(Flag.id).where(Flag.episode_id == asked.care.episode.id)).one()
    sign_in_as_clinician(visit, asked)
    visit.open(f"/staff/flags/{flag_id}")


def signal(visit: Visit) -> None:
    """The flag of a sign that was noticed, and of a rise since the step-down."""
    asked = steps_down(visit, visit.asked())
    with unit_of_work(visit.service.sessions) as session:
        episode, now = session.get_one(Episode, asked.care.episode.id), visit.service.now
        signs = [sign.id for sign in watched_signs(session, episode.id)]
        notice_sign(session, episode, now, by="page", signs=signs)
        raise_flags(session, episode, (Finding(FlagKind.RELAPSE_SIGNAL, Rule.W2, Severity.HIGH, (ROSE,)),), now=now)
    open_flag_of(visit, asked)


def return_in_full(visit: Visit) -> None:
    asked = steps_down(visit, visit.asked())
    returns(visit, asked)
    open_flag_of(visit, asked)


STAFF_SCREENS = (
    Screen("asks to come back", "staff/coming_back", "coming_back.page", offered),
    Screen("coming back refused", "staff/coming_back", "coming_back.take", refused),
    Screen("sign without a word", "staff/coming_back", "coming_back.notice", without_a_word_on_the_sign),
    Screen("nothing to come back from", "staff/coming_back", "coming_back.page", nothing_to_come_back_from),
    Screen("record of who came back", "staff/record", "record.page", taken_back),
    Screen("record after a step-down", "staff/record", "record.page", on_the_record),
    Screen("relapse signal with the plan", "staff/flag", "flag.page", signal),
    Screen("return with the plan", "staff/flag", "flag.page", return_in_full),
)
