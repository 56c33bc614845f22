"""What goes to a patient's own doctor, the calendar of a staff member, and the texts of whole teams."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from monitor.care.models import Episode
from monitor.checkins.models import Mode
from monitor.checkins.service import Delivery, find_open
from monitor.db import unit_of_work
from monitor.messaging.models import MessageState, SkipReason, Understood
from monitor.messaging.texts import TextKind
from monitor.people.models import Patient
from monitor.people.sharing import Asked as HowAsked
from monitor.people.sharing import withdraw, write_down
from monitor.workflows import complete_check_in
from tests.browser.screens import Screen, Visit
from tests.browser.staff_screens import sign_in_as_clinician
from tests.browser.staff_text_screens import a_reply
from tests.builders import a_text, an_id, answers
from tests.phones import Asked
from tests.plans import CONTENT, an_agreed_plan, stepped_down

MEDICINES = "Sertraline 100 mg in the morning"


def agreed(visit: Visit) -> Asked:
    """Somebody who has stepped down with a plan, has answered since, and agreed that their doctor may be told."""
    asked, now = visit.asked(), visit.service.now
    with unit_of_work(visit.service.sessions) as session:
        episode = session.get_one(Episode, asked.care.episode.id)
        care = replace(asked.care, episode=episode, patient=episode.patient)
        content = CONTENT.model_copy(update={"medicines": MEDICINES, "prescriber": "Dr Lind, Harbour Street"})
        plan = an_agreed_plan(session, care, now - timedelta(days=8), content=content)
        stepped_down(session, care, plan, at=now - timedelta(days=7))
        check_in = find_open(session, asked.token, now)
        assert check_in
        sent = Delivery(key=an_id(), language="en", mode=Mode.LINK, known_device=False)
        complete_check_in(session, check_in, answers(6, 5), sent, settings=visit.service.settings, now=now)
        write_down(
            session, care.patient, True, HowAsked.VISIT, staff_member_id=care.clinician.id, now=now - timedelta(days=9)
        )
    sign_in_as_clinician(visit, asked)
    return asked


def summary(visit: Visit) -> None:
    visit.open(f"/staff/patients/{agreed(visit).care.patient.id}/summary")


def taken_back(visit: Visit) -> None:
    asked = agreed(visit)
    with unit_of_work(visit.service.sessions) as session:
        withdraw(session, session.get_one(Patient, asked.care.patient.id), visit.service.now)
    visit.open(f"/staff/patients/{asked.care.patient.id}/summary")


def what_they_agreed_to(visit: Visit) -> None:
    visit.open(f"/staff/patients/{agreed(visit).care.patient.id}/sharing")


def half_written_down(visit: Visit) -> None:
    what_they_agreed_to(visit)
    visit.page.select_option("#said", "no")
    visit.send_unchecked("main .go")


def no_calendar(visit: Visit) -> None:
    sign_in_as_clinician(visit, visit.asked())
    visit.open("/staff/calendar")


def new_calendar(visit: Visit) -> None:
    no_calendar(visit)
    visit.send_unchecked("main .go")


def messages(kind: str) -> Callable[[Visit], None]:
    """The texts of a team in which somebody has one of each kind."""

    def go(visit: Visit) -> None:
        asked, now = visit.asked(), visit.service.now
        yesterday, later = now - timedelta(days=1), now + timedelta(hours=23)
        with unit_of_work(visit.service.sessions) as session:
            patient = session.get_one(Patient, asked.care.patient.id)
            session.add_all(
                (
                    a_text(patient.id, yesterday, MessageState.DELIVERED),
                    a_text(patient.id, yesterday, MessageState.UNDELIVERED, TextKind.NUDGE, error_code="30003"),
                    a_text(patient.id, now, MessageState.ABANDONED),
                    a_text(patient.id, yesterday, MessageState.SKIPPED, skip_reason=SkipReason.OVER_CAP),
                    a_text(patient.id, later, MessageState.QUEUED, TextKind.LAST_NUDGE, attempt=1),
                    a_reply(patient, "Call me", Understood.NOTHING_OPEN, yesterday),
                )
            )
        sign_in_as_clinician(visit, asked)
        visit.open(f"/staff/messages?kind={kind}")

    return go


def no_messages(visit: Visit) -> None:
    sign_in_as_clinician(visit, visit.asked())
    visit.open("/staff/messages?kind=left_out")


def doctor_may_be_told(visit: Visit) -> None:
    """The settings of somebody who agreed that their doctor may be told, and can end it."""
    asked, now = visit.own_phone(), visit.service.now
    with unit_of_work(visit.service.sessions) as session:
        patient = session.get_one(Patient, asked.care.patient.id)
        write_down(session, patient, True, HowAsked.PHONE, staff_member_id=asked.care.clinician.id, now=now)
    visit.open("/me/settings")


PATIENT_SCREENS = (
    Screen("settings with a doctor who may be told", "patient/settings", "settings.show", doctor_may_be_told),
)
SCREENS = (
    Screen("summary for the doctor", "staff/summary", "sharing.page", summary),
    Screen("summary without consent", "staff/sharing", "sharing.page", taken_back),
    Screen("what they agreed to", "staff/sharing", "sharing.statements", what_they_agreed_to),
    Screen("half written down", "staff/sharing", "agreeing.say", half_written_down),
    Screen("no calendar", "staff/calendar", "subscribing.page", no_calendar),
    Screen("a new calendar", "staff/calendar", "subscribing.change", new_calendar),
    Screen("messages", "staff/sent_texts", "messages.of_teams", messages("all")),
    Screen("messages that did not arrive", "staff/sent_texts", "messages.of_teams", messages("not_arrived")),
    Screen("messages that wait", "staff/sent_texts", "messages.of_teams", messages("held")),
    Screen("replies to read", "staff/sent_texts", "messages.of_teams", messages("replies")),
    Screen("no messages", "staff/sent_texts", "messages.of_teams", no_messages),
)
