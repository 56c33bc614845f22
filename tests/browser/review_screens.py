"""Reviews in every state that staff can come to see. Whoever decides something brings a team of their own."""

from datetime import timedelta

from monitor.care.kinds import DeviationReason
from monitor.care.models import Episode
from monitor.checkins.models import Mode
from monitor.checkins.service import Delivery, find_open
from monitor.db import unit_of_work
from monitor.people.models import StaffMember
from monitor.reviews.kinds import Decision
from monitor.reviews.seen import seen
from monitor.reviews.service import Wanted, decide
from monitor.workflows import complete_check_in
from tests.browser.screens import Screen, Visit
from tests.browser.staff_screens import IMPROVING, SUPERVISOR, opened, sign_in_as_clinician
from tests.builders import an_id, answers
from tests.phones import Asked

WORDS = "Night shifts until the end of the month, then again."


def due_now(visit: Visit) -> Asked:
    """The review of somebody who has answered a check-in and whose date has come."""
    asked, now = visit.asked(), visit.service.now
    with unit_of_work(visit.service.sessions) as session:
        check_in = find_open(session, asked.token, now)
        assert check_in
        sent = Delivery(key=an_id(), language="en", mode=Mode.LINK, known_device=False)
        complete_check_in(session, check_in, answers(18, 13, 1), sent, settings=visit.service.settings, now=now)
        session.get_one(Episode, asked.care.episode.id).next_review_at = now - timedelta(days=1)
    sign_in_as_clinician(visit, asked)
    visit.open(f"/staff/patients/{asked.care.patient.id}/review")
    return asked


def shown(visit: Visit) -> None:
    due_now(visit)


def overdue(visit: Visit) -> None:
    due_now(visit)
    visit.open("/staff/reviews")


def none_due(visit: Visit) -> None:
    asked = visit.asked()
    with unit_of_work(visit.service.sessions) as session:
        session.get_one(Episode, asked.care.episode.id).next_review_at = visit.service.now + timedelta(days=20)
    sign_in_as_clinician(visit, asked)
    visit.open("/staff/reviews")


def refused(visit: Visit) -> None:
    """Another decision than the criteria propose, without a reason, a word or a date."""
    due_now(visit)
    visit.page.check("[name=decision][value=continue]")
    visit.page.fill("#next_review", "")
    visit.send_unchecked("main .go")


def chosen(visit: Visit, words: str = WORDS) -> None:
    visit.page.check("[name=decision][value=continue]")
    visit.page.select_option("#deviation", "passing_event")
    visit.page.fill("#words", words)
    visit.page.check("#understood")


def decided_meanwhile(visit: Visit) -> None:
    """What somebody wrote about a patient on whom they themselves, in another window, have just decided."""
    asked, now = due_now(visit), visit.service.now
    chosen(visit, "Wait and see until Christmas.")
    with unit_of_work(visit.service.sessions) as session:
        episode = session.get_one(Episode, asked.care.episode.id)
        member = session.get_one(StaffMember, asked.care.clinician.id)
        on = (now + timedelta(days=7)).date()
        wanted = Wanted(Decision.CONTINUE, WORDS, next_review_on=on, deviation_reason=DeviationReason.PASSING_EVENT)
        decide(session, episode.id, wanted, by=member, now=now, read_to=seen(session, episode))
    visit.send_unchecked("main .go")


def decided(visit: Visit) -> None:
    due_now(visit)
    chosen(visit)
    visit.send_unchecked("main .go")


def of_improving(visit: Visit) -> None:
    visit.open(f"/staff/patients/{visit.patient_id(IMPROVING)}/review")


SCREENS = (
    Screen("reviews", "staff/reviews", "reviews.page", opened("/reviews"), SUPERVISOR),
    Screen("review overdue", "staff/reviews", "reviews.page", overdue),
    Screen("no review due", "staff/reviews", "reviews.page", none_due),
    Screen("review", "staff/review", "reviewing.page", shown),
    Screen("review of somebody better", "staff/review", "reviewing.page", of_improving, SUPERVISOR),
    Screen("review refused", "staff/review", "reviewing.held", refused),
    Screen("review decided meanwhile", "staff/review", "reviewing.held", decided_meanwhile),
    Screen("review decided", "staff/record", "record.page", decided),
)
