"""A patient's record: what was asked, what came back, what became of each text, and nothing that claims more."""

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from monitor import workflows
from monitor.care.models import Appointment, Step, StepAssignment
from monitor.care.pathways import USUAL_PATHWAY, shipped
from monitor.checkins.models import CancelReason, CheckIn, CheckInKind, Mode
from monitor.checkins.service import Delivery
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag
from monitor.ids import new_id
from monitor.messaging.models import Message, MessageState, SkipReason
from monitor.messaging.texts import TextKind
from monitor.people.models import Patient
from tests.builders import NOW, InCare, a_check_in, a_patient, a_staff_member, a_team, answers
from tests.staff_browser import StaffApp, words


class Course:
    """Noor of the North team, in care for ten weeks, and the browser of Maren, who looks."""

    def __init__(self, sessions: Sessions, settings: Settings, **patient: Any) -> None:
        self.sessions, self.settings = sessions, settings
        with unit_of_work(sessions) as session:
            self.maren = a_staff_member(session, a_team(session))
            team = self.maren.memberships[0].care_team
            opened = NOW - timedelta(weeks=10)
            self.noor: InCare = a_patient(session, team, self.maren, opened_at=opened, **patient)
        self.app = StaffApp(settings, sessions)
        self.maren_s = self.app.browser("maren@example.org")

    def answers(self, weeks_ago: int, given: dict[tuple[str, int], int | None], **delivery: Any) -> CheckIn:
        """An answered check-in."""
        now = NOW - timedelta(weeks=weeks_ago)
        how = {"mode": Mode.LINK, "language": "en", "known_device": False, **delivery}
        with unit_of_work(self.sessions) as session:
            check_in = a_check_in(session, self.noor, due_at=now - timedelta(hours=2))
            self.text(session, check_in, MessageState.DELIVERED)
            workflows.complete_check_in(
                session, check_in, given, Delivery(new_id(), **how), settings=self.settings, now=now
            )
        return check_in

    def asked(self, weeks_ago: int, state: MessageState, *, skip: SkipReason | None = None, **ended: Any) -> CheckIn:
        """A check-in that was not answered, with its one text."""
        with unit_of_work(self.sessions) as session:
            check_in = a_check_in(session, self.noor, due_at=NOW - timedelta(weeks=weeks_ago, hours=2), **ended)
            self.text(session, check_in, state, skip)
        return check_in

    def text(self, session, check_in: CheckIn, state: MessageState, skip: SkipReason | None = None) -> None:
        session.add(
            Message(
                patient=session.get_one(Patient, self.noor.patient.id),
                patient_id=self.noor.patient.id,
                check_in_id=check_in.id,
                purpose=TextKind.REMINDER,
                dedupe_key=str(check_in.id),
                language="en",
                due_at=check_in.due_at,
                expires_at=check_in.closes_at,
                state=state,
                skip_reason=skip,
                intent_at=check_in.due_at,
                sent_at=check_in.due_at,
                created_at=check_in.due_at,
            )
        )
        session.flush()

    def said(self, **query: str) -> str:
        """What the record says."""
        return self.maren_s.text(f"/patients/{self.noor.patient.id}", **query)


@pytest.fixture
def course(sqlite_sessions: Sessions, settings: Settings) -> Course:
    return Course(sqlite_sessions, settings)


def test_the_record_stands_on_one_page(sessions: Sessions, settings: Settings) -> None:
    course = Course(sessions, settings)
    course.answers(2, answers(17, 9))
    course.answers(1, answers(14, 8))
    course.answers(0, answers(8, 8), known_device=True)
    course.asked(3, MessageState.DELIVERED, missed_at=NOW - timedelta(weeks=2))
    course.asked(4, MessageState.UNDELIVERED, cancelled_at=NOW, cancel_reason=CancelReason.NOT_DELIVERED)

    said = course.said()

    assert "Step 2, guided self-help, week 10 of care" in said
    assert "Accountable clinician Maren Okafor" in said
    assert "Mon 22 Feb, 10:00" in said
    assert "3 of 4 answered. 1 more did not arrive." in said
    assert "PHQ-9 fell from 17 to 8: reliable improvement" in said
    assert "English, Monday 10:00, Europe/London. North team" in said
    assert [entry.subject_id for entry in course.app.audit("viewed patient")] == [course.noor.patient.id]


def test_a_record_without_any_check_in_says_so(course: Course) -> None:
    said = course.said()

    assert "No check-in has been answered or missed yet." in said
    assert "Item 9 has not been answered yet." in said
    assert "None sent yet." in said


HOW = [
    ({"mode": Mode.LINK}, "Answered today 10:00 by link, in English."),
    ({"mode": Mode.PHONE}, "Answered today 10:00 by phone, in English."),
    ({"mode": Mode.INTERPRETER, "language": "uk"}, "Answered today 10:00 with an interpreter, in Ukrainian."),
    ({"mode": Mode.CLINIC, "language": "pt_BR"}, "Answered today 10:00 at the clinic, in Portuguese (Brazil)."),
]


@pytest.mark.parametrize(("delivery", "said"), HOW)
def test_the_record_says_how_it_was_answered_and_never_that_it_was_confirmed(
    course: Course, delivery: dict[str, Any], said: str
) -> None:
    course.answers(0, answers(8, 8), **delivery)

    page = course.said()

    assert said in page
    assert "confirmed" not in page
    assert "set up as theirs" not in page


def test_a_phone_that_was_set_up_is_said_to_be_one(course: Course) -> None:
    course.answers(0, answers(8, 8), known_device=True)

    assert "From a phone that was set up as theirs." in course.said()


HAPPENED = [
    (MessageState.QUEUED, {}, "Text waits to go"),
    (MessageState.SENDING, {}, "Text is on its way since"),
    (MessageState.UNKNOWN, {}, "the network is being asked whether it has it"),
    (MessageState.SENT, {}, "the network has not said whether it arrived"),
    (MessageState.DELIVERED, {}, "Text arrived; sent"),
    (
        MessageState.UNDELIVERED,
        {"cancelled_at": NOW, "cancel_reason": CancelReason.NOT_DELIVERED},
        "Not delivered. Text did not arrive",
    ),
    (MessageState.FAILED, {}, "Text could not be sent"),
    (MessageState.CANCELLED, {}, "Text cancelled: it was not needed any more."),
    (MessageState.ABANDONED, {}, "nobody could confirm that it left today 8:00, and it is not sent twice"),
]


@pytest.mark.parametrize(("state", "ended", "said"), HAPPENED, ids=lambda value: str(value)[:20])
def test_each_text_says_what_became_of_it(
    course: Course, state: MessageState, ended: dict[str, Any], said: str
) -> None:
    course.asked(0, state, **ended)

    assert said in course.said()


@pytest.mark.parametrize("skip", list(SkipReason))
def test_a_text_that_was_not_sent_says_why(course: Course, skip: SkipReason) -> None:
    course.asked(0, MessageState.SKIPPED, skip=skip)

    assert "Text not sent: " in course.said()


@pytest.mark.parametrize("reason", list(CancelReason))
def test_a_check_in_that_was_left_out_is_never_called_missed(course: Course, reason: CancelReason) -> None:
    course.asked(0, MessageState.CANCELLED, cancelled_at=NOW, cancel_reason=reason)

    said = course.said()
    assert "Left out: " in said or "does not count as missed" in said
    assert "None sent yet." in said


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (CheckInKind.FIRST, "today 8:00 First check-in Text"),
        (CheckInKind.SCHEDULED, "today 8:00 Check-in Text"),
        (CheckInKind.BEFORE_APPOINTMENT, "today 8:00 Check-in before an appointment Text"),
        (CheckInKind.REQUESTED, "today 8:00 Check-in they asked for Text"),
    ],
)
def test_every_kind_of_check_in_has_its_name(course: Course, kind: CheckInKind, name: str) -> None:
    course.asked(0, MessageState.DELIVERED, kind=kind)

    assert name in course.said()


def test_answers_that_were_begun_and_not_sent_say_so(course: Course) -> None:
    check_in = course.asked(0, MessageState.DELIVERED)
    with unit_of_work(course.sessions) as session:
        begun = {("phq9", 1): 2, ("phq9", 9): 1}
        workflows.save_early(session, session.get_one(CheckIn, check_in.id), begun, call_asked=False, now=NOW)

    said = course.said()

    assert "Begun, not sent: 2 answers kept." in said
    assert "Item 9 answered 1, several days. Given on the phone before the check-in was sent, and kept." in said
    assert "Noticed today 10:00, from a check-in that was begun and not sent." in said


def test_a_safety_answer_that_was_changed_before_sending_stays(course: Course) -> None:
    check_in = course.asked(0, MessageState.DELIVERED)
    with unit_of_work(course.sessions) as session:
        row = session.get_one(CheckIn, check_in.id)
        workflows.save_early(session, row, {("phq9", 9): 3}, call_asked=False, now=NOW)
        delivery = Delivery(new_id(), "en", Mode.LINK, known_device=False)
        workflows.complete_check_in(session, row, answers(4, 4), delivery, settings=course.settings, now=NOW)

    said = course.said()

    assert "Item 9 answered 3, nearly every day. Given on the phone before the check-in was sent, and kept." in said
    assert "An answer of 0 is not safety." in said


def test_nothing_is_said_of_other_answers_where_there_are_none(course: Course) -> None:
    course.answers(0, answers(8, 8, item9=2))

    said = course.said()

    assert "No other answer to item 9 was above 0. An answer of 0 is not safety." in said
    assert "was 0." not in said


def test_declining_the_safety_item_is_not_an_answer_of_0(course: Course) -> None:
    course.answers(0, answers(8, 8, item9=None))

    assert "Chose not to answer item 9." in course.said()


def test_no_word_sorts_the_patient_by_danger(course: Course) -> None:
    course.answers(1, answers(12, 9, item9=1))
    course.answers(0, answers(20, 15, item9=3))

    said = course.said().casefold()

    for word in ("high risk", "low risk", "at risk", "suicid", "non-compliant", "failed to"):
        assert word not in said


def test_what_they_wrote_is_text_in_their_language(course: Course) -> None:
    course.answers(0, answers(8, 8), language="pl", note="<b>Nie śpię</b>")

    page = course.maren_s.get(f"/patients/{course.noor.patient.id}").text

    assert '<q><bdi lang="pl">&lt;b&gt;Nie śpię&lt;/b&gt;</bdi></q>' in page


def test_the_title_and_the_address_name_nobody(course: Course) -> None:
    page = course.maren_s.get(f"/patients/{course.noor.patient.id}").text

    title = re.search(r"<title>([^<]*)</title>", page)
    assert title
    assert title[1] == "Record · Riverside Talking Support"


def test_a_step_in_the_log_carries_its_reason_and_who_decided(course: Course) -> None:
    with unit_of_work(course.sessions) as session:
        patient = session.get_one(Patient, course.noor.patient.id)
        session.add(
            StepAssignment(
                episode_id=course.noor.episode.id,
                step=Step.THREE,
                from_at=NOW - timedelta(days=3),
                decided_by_id=course.maren.id,
                pathway_version_id=shipped(USUAL_PATHWAY).version_id,
                patient=patient,
                patient_id=patient.id,
                reason="PHQ-9 16 at day 14.",
            )
        )

    said = course.said()

    assert "Sat 21 Nov Step changed to: Step 3. PHQ-9 16 at day 14. Maren Okafor" in said
    assert "Care began at: Step 2." in said
    assert "Step 3, high intensity" in said


def test_the_open_flag_of_greatest_urgency_comes_first(course: Course) -> None:
    course.answers(1, answers(12, 9, item9=1))
    course.answers(0, answers(20, 15))

    page = course.maren_s.get(f"/patients/{course.noor.patient.id}").text

    summaries = re.findall(r'<summary><span class="tag \w*">([^<]*)<', page)
    assert summaries[:2] == ["Safety answer", "Deteriorating"]


def test_older_check_ins_are_one_link_away(course: Course) -> None:
    for week in range(9):
        course.asked(week, MessageState.DELIVERED, missed_at=NOW)

    assert course.said().count("Check-in Text arrived") == 6
    assert "All 9 check-ins" in course.said()
    assert course.said(texts="all").count("Check-in Text arrived") == 9


def test_an_appointment_plans_the_check_in_before_it(course: Course) -> None:
    page = course.maren_s.post(f"/patients/{course.noor.patient.id}/appointments", on="2026-12-03", at="14:30")

    assert page.status_code == 303
    with unit_of_work(course.sessions) as session:
        appointment = session.scalars(sa.select(Appointment)).one()
        check_in = session.scalars(sa.select(CheckIn)).one()
        assert appointment.starts_at.isoformat() == "2026-12-03T14:30:00+00:00"
        assert (check_in.kind, check_in.appointment_id) == (CheckInKind.BEFORE_APPOINTMENT, appointment.id)
    assert "Thu 3 Dec, 14:30" in course.said()


@pytest.mark.parametrize(
    ("on", "at", "named"), [("", "14:30", "on"), ("3 Dec", "14:30", "on"), ("2026-12-03", "2 pm", "at")]
)
def test_an_appointment_without_day_or_time_is_shown_again(course: Course, on: str, at: str, named: str) -> None:
    page = course.maren_s.post(f"/patients/{course.noor.patient.id}/appointments", on=on, at=at)

    assert page.status_code == 422
    assert f'id="{named}-fault"' in page.text
    assert f'value="{at}"' in page.text


@pytest.mark.parametrize(
    ("became", "said"), [("attended", "Attended"), ("missed", "Missed"), ("cancelled", "Cancelled")]
)
def test_what_became_of_an_appointment_is_written_down_once(course: Course, became: str, said: str) -> None:
    patient = course.noor.patient.id
    course.maren_s.post(f"/patients/{patient}/appointments", on="2026-12-03", at="14:30")
    with unit_of_work(course.sessions) as session:
        appointment = session.scalars(sa.select(Appointment.id)).one()

    for what in (became, "missed"):
        course.maren_s.post(f"/patients/{patient}/appointments", appointment=str(appointment), became=what)

    assert f"Thu 3 Dec, 14:30 {said}" in course.said()
    with unit_of_work(course.sessions) as session:
        cancelled = session.scalars(sa.select(CheckIn.cancel_reason)).one()
        assert cancelled == (CancelReason.PLAN_CHANGED if became == "cancelled" else None)


def test_the_fourth_contact_without_change_asks_for_a_review(course: Course) -> None:
    course.answers(6, answers(16, 12))
    course.answers(0, answers(15, 11))
    with unit_of_work(course.sessions) as session:
        for week in range(4):
            session.add(Appointment(episode_id=course.noor.episode.id, starts_at=NOW - timedelta(weeks=week, hours=1)))
    with unit_of_work(course.sessions) as session:
        appointments = session.scalars(sa.select(Appointment.id)).all()

    for appointment in appointments:
        course.maren_s.post(
            f"/patients/{course.noor.patient.id}/appointments", appointment=str(appointment), became="attended"
        )

    with unit_of_work(course.sessions) as session:
        assert session.scalars(sa.select(Flag.kind)).all() == [FlagKind.NOT_IMPROVING]
    assert "4 contacts attended by week 10." in course.said()


def test_without_safety_cover_the_record_says_what_is_not_sent(sqlite_sessions: Sessions, settings: Settings) -> None:
    with unit_of_work(sqlite_sessions) as session:
        team = a_team(session, "East team", covered=False)
        noor = a_patient(session, team, a_staff_member(session, team))
    app = StaffApp(settings, sqlite_sessions)

    said = words(app.browser("maren@example.org").get(f"/patients/{noor.patient.id}"))

    assert "Nobody is named to read the safety answers of East team." in said
    assert "check-ins with item 9 are not sent" in said
