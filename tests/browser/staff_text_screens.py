"""The staff screens about texts, and about answers that staff enter: those that need a life of their own make one."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from monitor.db import unit_of_work
from monitor.ids import new_id
from monitor.messaging.models import InboundText, MessageState, Outage, Understood
from monitor.messaging.texts import TextKind
from monitor.people.models import Party, Patient, Purpose
from monitor.people.service import state_consent
from monitor.workflows import opt_out
from tests.browser.screens import Screen, Visit
from tests.browser.staff_screens import IMPROVING, SUPERVISOR, WITH_FLAG, opened, sign_in_as_clinician
from tests.builders import a_text

DELIVERED = MessageState.DELIVERED


def texts_of_patient(visit: Visit) -> None:
    visit.open(f"/staff/patients/{visit.patient_id(WITH_FLAG)}/messages")


def no_contact_problem(visit: Visit) -> None:
    sign_in_as_clinician(visit, visit.asked())
    visit.open("/staff/contact-problems")


def contact_problem(visit: Visit) -> None:
    """Somebody who has stopped our texts, and whose number does not work either."""
    asked = visit.asked()
    with unit_of_work(visit.service.sessions) as session:
        patient = session.get_one(Patient, asked.care.patient.id)
        opt_out(session, patient, said_by=Party.PATIENT, now=visit.service.now)
        patient.number_failed_at = visit.service.now - timedelta(days=2)
    sign_in_as_clinician(visit, asked)
    visit.open("/staff/contact-problems")


def texts_to_and_fro(visit: Visit) -> None:
    """The texts of somebody who answered by text, whose last one did not arrive, and who wrote words besides."""
    asked, now = visit.asked(), visit.service.now
    with unit_of_work(visit.service.sessions) as session:
        patient = session.get_one(Patient, asked.care.patient.id)
        for minute in range(5):
            session.add(a_text(patient.id, now - timedelta(minutes=30 - minute), DELIVERED, TextKind.QUESTION))
            session.add(a_reply(patient, "2", Understood.ANSWER, now - timedelta(minutes=29 - minute)))
        session.add(a_reply(patient, "شكرا, call me", Understood.NOTHING_OPEN, now - timedelta(minutes=9)))
        session.add(a_text(patient.id, now, MessageState.UNDELIVERED, TextKind.NUDGE, error_code="30003", segments=2))
    sign_in_as_clinician(visit, asked)
    visit.open(f"/staff/patients/{asked.care.patient.id}/messages")


def a_reply(patient: Patient, body: str, understood: Understood, at: datetime) -> InboundText:
    return InboundText(
        patient=patient,
        patient_id=patient.id,
        provider_id=str(new_id()),
        number_hash=patient.number_hash,
        body=body,
        received_at=at,
        understood_as=understood,
        handled_at=at,
    )


def answers_to_enter(visit: Visit) -> None:
    asked = visit.asked()
    sign_in_as_clinician(visit, asked)
    visit.open(f"/staff/patients/{asked.care.patient.id}/answers")


def nothing_to_enter(visit: Visit) -> None:
    asked = visit.asked()
    with unit_of_work(visit.service.sessions) as session:
        patient = session.get_one(Patient, asked.care.patient.id)
        state_consent(session, patient, (Purpose.CHECK_INS,), False, said_by=Party.PATIENT, now=visit.service.now)
    sign_in_as_clinician(visit, asked)
    visit.open(f"/staff/patients/{asked.care.patient.id}/answers")


def answers_in_arabic(visit: Visit) -> None:
    answers_to_enter(visit)
    visit.page.select_option("#spoken", "ar")
    visit.send_unchecked("button[name=show]")


def some_answers_entered(visit: Visit) -> None:
    answers_to_enter(visit)
    visit.page.check("[name=phq9_9][value='1']")
    visit.send_unchecked("main button.go")


def answers_entered(visit: Visit) -> None:
    answers_to_enter(visit)
    visit.page.evaluate("document.querySelectorAll('[type=radio][value=\"2\"]').forEach(each => each.checked = true)")
    visit.page.check("[name=mode][value=phone]")
    visit.send_unchecked("main button.go")


def while_texts_do_not_go(path: str) -> Callable[[Visit], None]:
    """A page during an outage that followed another, with a text of yesterday that did not go."""

    def go(visit: Visit) -> None:
        now, patient_id = visit.service.now, visit.patient_id(IMPROVING)
        with unit_of_work(visit.service.sessions) as session:
            patient = session.get_one(Patient, UUID(patient_id))
            waiting = a_text(patient.id, now - timedelta(days=1), MessageState.QUEUED, TextKind.REMINDER)
            over, lasting = (
                Outage(began_at=now - timedelta(hours=hours), ended_at=ended, code="20003", try_at=now)
                for hours, ended in ((5, now - timedelta(hours=4)), (2, None))
            )
            session.add_all([waiting, over, lasting])
        visit.open(f"/staff{path}")
        with unit_of_work(visit.service.sessions) as session:
            for row in (waiting, over, lasting):
                session.delete(session.get_one(type(row), row.id))

    return go


SCREENS = (
    Screen("worklist in an outage", "staff/worklist", "worklist.page", while_texts_do_not_go("/"), SUPERVISOR),
    Screen("no contact problem", "staff/contact_problems", "reach.page", no_contact_problem),
    Screen("contact problem", "staff/contact_problems", "reach.page", contact_problem),
    Screen(
        "counts with texts that did not go",
        "staff/counts",
        "worklist.page",
        while_texts_do_not_go("/?view=counts"),
        SUPERVISOR,
    ),
    Screen("texts of a patient", "staff/messages", "messages.page", texts_of_patient, SUPERVISOR),
    Screen("texts to and fro", "staff/messages", "messages.page", texts_to_and_fro),
    Screen("answers to enter", "staff/entry", "entering.page", answers_to_enter),
    Screen("answers to enter in Arabic", "staff/entry", "entering.submit", answers_in_arabic),
    Screen("some answers entered", "staff/entry", "entering.submit", some_answers_entered),
    Screen("answers entered", "staff/record", "record.page", answers_entered),
    Screen("nothing to enter", "staff/entry", "entering.page", nothing_to_enter),
    Screen("wording of texts", "staff/texts_preview", "wording.page", opened("/texts"), SUPERVISOR),
    Screen("wording in Arabic", "staff/texts_preview", "wording.page", opened("/texts?language=ar"), SUPERVISOR),
)
