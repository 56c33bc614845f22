"""The intake in every state that staff can come to see. Whoever changes something brings a team of their own."""

from collections.abc import Callable

from monitor.care.intake import NewIntake
from monitor.care.kinds import DeviationReason, Preference, Step
from monitor.care.models import Episode
from monitor.checkins.known import known_of
from monitor.checkins.models import Mode
from monitor.checkins.service import Delivery, find_open
from monitor.db import unit_of_work
from monitor.workflows import assign_step, complete_check_in
from tests.browser.screens import Screen, Visit
from tests.browser.staff_screens import IMPROVING, SUPERVISOR, opened, sign_in_as_clinician
from tests.builders import an_id, answers
from tests.care.intakes import MORE_SEVERE
from tests.phones import Asked


def waiting(visit: Visit) -> None:
    sign_in_as_clinician(visit, visit.asked())
    visit.open("/staff/intakes")


def answered(visit: Visit) -> Asked:
    """The intake of somebody who has answered a check-in."""
    asked, now = visit.asked(), visit.service.now
    with unit_of_work(visit.service.sessions) as session:
        check_in = find_open(session, asked.token, now)
        assert check_in
        sent = Delivery(key=an_id(), language="en", mode=Mode.LINK, known_device=False)
        complete_check_in(session, check_in, answers(18, 13, 1), sent, settings=visit.service.settings, now=now)
    sign_in_as_clinician(visit, asked)
    visit.open(f"/staff/patients/{asked.care.patient.id}/intake")
    return asked


def shown(visit: Visit) -> None:
    answered(visit)


def proposed(visit: Visit) -> None:
    """With an answer that comes first, and little confidence."""
    answered(visit)
    visit.page.select_option("#able_to_keep_safe", "unsure")
    visit.page.select_option("#confidence", "2")
    visit.page.check("[name=unmet_needs][value=housing]")
    visit.send_unchecked("button[value=propose]")


def departed(visit: Visit) -> None:
    """Another step than the rules propose, without a word."""
    answered(visit)
    visit.page.check("[name=step][value=two]")
    visit.page.select_option("#plan_or_attempt", "yes")
    visit.send_unchecked("main .go")


def decided_meanwhile(visit: Visit) -> None:
    """What somebody wrote about a patient whom a colleague has just assigned a step."""
    asked, now = answered(visit), visit.service.now
    by = asked.care.clinician.id
    visit.page.fill("#reason", "Agreed with her.")
    visit.page.select_option("#preference", "as_proposed")
    with unit_of_work(visit.service.sessions) as session:
        episode = session.get_one(Episode, asked.care.episode.id)
        new = NewIntake(
            facts=MORE_SEVERE,
            referred_on=now.date(),
            preference=Preference.LESS,
            understood=False,
            step=Step.TWO,
            reason="Would rather begin with guided self-help.",
            deviation=DeviationReason.PREFERENCE,
            accountable_id=by,
        )
        mark = known_of(session, episode).mark
        assign_step(session, episode, new, mark=mark, every_weeks=1, by=by, now=now)
    visit.send_unchecked("main .go")


def of_improving(path: str) -> Callable[[Visit], None]:
    """A page of a patient of the demonstration."""
    return lambda visit: visit.open(f"/staff/patients/{visit.patient_id(IMPROVING)}{path}")


def treatment_refused(visit: Visit) -> None:
    of_improving("")(visit)
    visit.page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    visit.send_unchecked("button[value=stop]")


SCREENS = (
    Screen("waiting for an intake", "staff/intakes", "intakes.page_of_waiting", waiting),
    Screen("nobody waits", "staff/intakes", "intakes.page_of_waiting", opened("/intakes"), SUPERVISOR),
    Screen("intake", "staff/intake", "intake.page", shown),
    Screen("intake proposed", "staff/intake", "intake.submit", proposed),
    Screen("intake refused", "staff/intake", "intake.submit", departed),
    Screen("decided meanwhile", "staff/intake", "intake.submit", decided_meanwhile),
    Screen("step assigned", "staff/intake", "intake.page", of_improving("/intake"), SUPERVISOR),
    Screen("treatment refused", "staff/treatment", "intake.treatment", treatment_refused, SUPERVISOR),
)
