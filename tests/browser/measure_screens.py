"""The form for a patient's measures in every state that staff can come to see."""

from monitor.care.models import Episode
from monitor.checkins.choosing import Chosen, choose
from monitor.checkins.planning import open_plan
from monitor.db import unit_of_work
from tests.browser.screens import Screen, Visit
from tests.browser.staff_screens import sign_in_as_clinician
from tests.phones import Asked


def on_the_record(visit: Visit) -> Asked:
    """The record of a patient of one's own, with the form open."""
    asked = visit.asked()
    sign_in_as_clinician(visit, asked)
    visit.open(f"/staff/patients/{asked.care.patient.id}#measures")
    visit.page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    return asked


def shown(visit: Visit) -> None:
    on_the_record(visit)


def chosen(visit: Visit) -> None:
    """The PHQ-8, and more than there is room for."""
    asked = on_the_record(visit)
    decide(visit, asked, ("phq8", "gad7"), {"phq15": 1, "auditc": 12})
    visit.page.reload()


def refused(visit: Visit) -> None:
    """Item 9 left out, without a word that it is on purpose."""
    on_the_record(visit)
    visit.page.check("[name=depression][value=phq8]")
    visit.send_unchecked("form[action$=measures] .go")


def changed_meanwhile(visit: Visit) -> None:
    asked = on_the_record(visit)
    decide(visit, asked, ("phq9", "gad7"), {"auditc": 52})
    visit.send_unchecked("form[action$=measures] .go")


def decide(visit: Visit, asked: Asked, instruments: tuple[str, ...], slower: dict[str, int]) -> None:
    """Let a colleague choose the measures of a patient."""
    with unit_of_work(visit.service.sessions) as session:
        episode, plan = session.get_one(Episode, asked.care.episode.id), open_plan(session, asked.care.episode.id)
        assert plan
        by, now = asked.care.clinician.id, visit.service.now
        choose(session, episode, Chosen(instruments, slower), made_from=plan.id, by=by, now=now)


SCREENS = (
    Screen("measures", "staff/record", "record.page", shown),
    Screen("measures without item 9", "staff/record", "record.page", chosen),
    Screen("measures refused", "staff/measures", "measuring.change", refused),
    Screen("measures changed meanwhile", "staff/measures", "measuring.change", changed_meanwhile),
)
