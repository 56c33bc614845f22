"""The weekly look in every state that staff can come to see: in a team of its own."""

from datetime import timedelta

import sqlalchemy as sa

from monitor.care import roles
from monitor.care.caseload import Engagement, Housing, Look, Medication, Signs, record_look
from monitor.care.kinds import CareRole
from monitor.care.models import Episode
from monitor.db import unit_of_work
from tests.browser.screens import Screen, Visit
from tests.browser.staff_screens import SUPERVISOR, opened, sign_in_as_clinician
from tests.phones import Asked

PRESSING = Look(
    engagement=Engagement.HARD_TO_REACH,
    medication=Medication.GAPS,
    housing=Housing.UNSETTLED,
    signs=Signs.SEEN,
    signs_words="Sleeps three hours, talks fast on the phone.",
    agreed="Pharmacy asked for weekly packs. Coordinator visits on Thursday.",
)


def looked_at(visit: Visit, days: int = 9, asked: Asked | None = None) -> Asked:
    """Somebody who was last looked at some days ago, of whose people only one is named."""
    asked = asked or visit.asked()
    clinician = asked.care.clinician.id
    with unit_of_work(visit.service.sessions) as session:
        session.execute(
            sa.update(Episode).where(Episode.id == asked.care.episode.id).values(pathway="serious_mental_illness")
        )
        episode = session.get_one(Episode, asked.care.episode.id)
        at = visit.service.now - timedelta(days=days)
        record_look(session, episode, PRESSING, staff_member_id=clinician, now=at)
        roles.assign(session, episode, CareRole.COORDINATOR, clinician, decided_by_id=clinician, now=at)
    return asked


def late(visit: Visit) -> None:
    asked = looked_at(visit)
    sign_in_as_clinician(visit, asked)
    visit.open("/staff/caseload")


def row_opened(visit: Visit) -> Asked:
    asked = looked_at(visit)
    sign_in_as_clinician(visit, asked)
    visit.open(f"/staff/caseload?open={asked.care.patient.id}")
    return asked


def opened_row(visit: Visit) -> None:
    row_opened(visit)


def left_out(visit: Visit) -> None:
    """Signs were seen, and nobody says which."""
    row_opened(visit)
    visit.page.select_option("#signs", "seen")
    visit.send_unchecked("form[action$=caseload-look] .go")


def looked_meanwhile(visit: Visit) -> None:
    asked = row_opened(visit)
    visit.page.fill("#agreed", "Rings on Friday.")
    looked_at(visit, 0, asked)
    visit.send_unchecked("form[action$=caseload-look] .go")


def assigned_meanwhile(visit: Visit) -> None:
    row_opened(visit)
    visit.page.evaluate("document.querySelector('[name=was_coordinator]').value = ''")
    visit.send_unchecked("form[action$=care-roles] button")


SCREENS = (
    Screen("nobody to look at weekly", "staff/caseload", "weekly.page", opened("/caseload"), SUPERVISOR),
    Screen("weekly look", "staff/caseload", "weekly.page", late),
    Screen("weekly look opened", "staff/caseload", "weekly.page", opened_row),
    Screen("weekly look left out", "staff/caseload", "looking.look", left_out),
    Screen("weekly look meanwhile", "staff/caseload", "looking.look", looked_meanwhile),
    Screen("care role meanwhile", "staff/caseload", "looking.assign", assigned_meanwhile),
)
