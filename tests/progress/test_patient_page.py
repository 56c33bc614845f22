"""A patient's progress page: the course of the open episode, told in words first, and gaps left as gaps."""

from datetime import timedelta
from uuid import UUID

import pytest

from monitor import workflows
from monitor.checkins.models import CancelReason, Mode
from monitor.checkins.service import Delivery
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.ids import new_id
from monitor.people import devices
from monitor.progress.patient_course import Course, course
from monitor.progress.series import PointState
from tests.builders import NOW, InCare, a_check_in, an_id, answers
from tests.phones import Phone, an_open_check_in

PIN = "284915"
Week = tuple[int | None, int | None] | PointState


def test_the_page_begins_with_words_and_draws_each_measure(sessions: Sessions, settings: Settings) -> None:
    care = lived_through(sessions, settings, [(17, 11), (14, 11), (9, 10)])
    page = own_phone(sessions, settings, care).get("/me").text

    assert "low mood is clearly lighter" in page
    assert "Worry is about the same" in page
    assert page.count('<svg class="chart') >= 2
    assert page.index("clearly lighter") < page.index("<svg")
    assert "You have checked in 3 times." in page


def test_after_a_safety_answer_the_page_begins_with_help_and_nothing_cheerful(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    weeks: list[Week] = [(17, 11), (9, 10), (6, 5)]
    well = own_phone(sqlite_sessions, settings, lived_through(sqlite_sessions, settings, weeks)).get("/me").text
    care = lived_through(sqlite_sessions, settings, weeks, safety=1)
    page = own_phone(sqlite_sessions, settings, care).get("/me").text

    assert "low mood is clearly lighter" in well
    assert "low mood is clearly lighter" not in page
    assert "Worth noticing" not in page
    assert page.index("These people answer") < page.index("<svg")


def test_gaps_are_shown_as_gaps_and_never_as_a_score(sqlite_sessions: Sessions, settings: Settings) -> None:
    care = lived_through(sqlite_sessions, settings, [(17, 11), PointState.MISSED, PointState.NOT_DELIVERED, (12, 9)])

    found = of(sqlite_sessions, care.patient.id)

    states = [point.state for point in found.trajectories[0].points]
    assert states == [PointState.ANSWERED, PointState.MISSED, PointState.NOT_DELIVERED, PointState.ANSWERED]
    assert found.trajectories[0].scores == (17, 12)
    assert found.answered == 2


def test_a_measure_that_was_not_asked_in_a_language_left_no_question_open(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    care = lived_through(sqlite_sessions, settings, [(17, 11), (12, None)])

    found = of(sqlite_sessions, care.patient.id)

    assert [len(trajectory.points) for trajectory in found.trajectories] == [2, 1]
    assert "left open" not in own_phone(sqlite_sessions, settings, care).get("/me").text


def test_a_check_in_with_a_question_left_out_has_no_score(sqlite_sessions: Sessions, settings: Settings) -> None:
    asked = an_open_check_in(sqlite_sessions)
    phone = own_phone(sqlite_sessions, settings, asked.care)
    phone.post(asked.path, phone.fill_in(asked.path, phq9_2=""))

    found = of(sqlite_sessions, asked.care.patient.id)

    assert [(point.total, point.state) for point in found.trajectories[0].points] == [(None, PointState.PARTIAL)]
    assert "no score" in phone.get("/me").text


def test_before_the_first_check_in_the_page_says_so(sqlite_sessions: Sessions, settings: Settings) -> None:
    care = an_open_check_in(sqlite_sessions, planned_until=NOW).care

    page = own_phone(sqlite_sessions, settings, care).get("/me")

    assert page.status_code == 200
    assert "Your first check-in will show here" in page.text
    assert "Your next check-in comes on" in page.text
    assert of(sqlite_sessions, an_id()).trajectories == ()


def test_a_long_course_shows_half_a_year_and_all_of_it_on_demand(sqlite_sessions: Sessions, settings: Settings) -> None:
    care = lived_through(sqlite_sessions, settings, [(10, 8)] * 30)
    phone = own_phone(sqlite_sessions, settings, care)

    recent, everything = phone.get("/me").text, phone.get("/me?all=1").text

    assert "Show everything since I started" in recent
    assert "Show everything" not in everything
    assert recent.count("<tr>") < everything.count("<tr>") == 31


def test_a_patient_sees_their_own_course_alone(sqlite_sessions: Sessions, settings: Settings) -> None:
    lived_through(sqlite_sessions, settings, [(24, 21), (24, 21)])
    care = lived_through(sqlite_sessions, settings, [(3, 2), (3, 2)])

    page = own_phone(sqlite_sessions, settings, care).get("/me").text

    assert (page.count("<td>3</td>"), page.count("<td>2</td>")) == (2, 2)
    assert "<td>24</td>" not in page


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_page_names_nobody_and_praises_nothing(
    sqlite_sessions: Sessions, settings: Settings, language: str
) -> None:
    care = lived_through(sqlite_sessions, settings, [(17, 11), (4, 2)], language=language)

    page = own_phone(sqlite_sessions, settings, care).get("/me").text
    body = page[page.index("<main>") : page.index("</main>")].lower()

    assert "noor" not in body
    assert not [word for word in ("well done", "great", "congrat", "risk", "!") if word in body]


def lived_through(
    sessions: Sessions, settings: Settings, weeks: list[Week], *, safety: int = 0, **patient: str
) -> InCare:
    care = an_open_check_in(sessions, asked={"due_at": NOW + timedelta(days=6)}, **patient).care
    with unit_of_work(sessions) as session:
        for ago, week in zip(range(len(weeks), 0, -1), weeks, strict=True):
            due = NOW - timedelta(weeks=ago)
            check_in = a_check_in(session, care, due_at=due)
            if week is PointState.MISSED:
                check_in.missed_at = due + timedelta(days=7)
            elif week is PointState.NOT_DELIVERED:
                check_in.cancelled_at, check_in.cancel_reason = due + timedelta(days=7), CancelReason.NOT_DELIVERED
            elif isinstance(week, tuple):
                delivery = Delivery(new_id(), "en", Mode.LINK, known_device=True)
                given, now = answers(*week, item9=safety if ago == 1 else 0), due + timedelta(hours=1)
                workflows.complete_check_in(session, check_in, given, delivery, settings=settings, now=now)
    return care


def own_phone(sessions: Sessions, settings: Settings, care: InCare) -> Phone:
    phone = Phone(sessions, settings)
    with unit_of_work(sessions) as session:
        token = devices.begin_enrolment(session, care.patient, None, NOW).token
    phone.post(f"/set-up/{token}", {"pin": PIN, "again": PIN})
    return phone


def of(sessions: Sessions, patient_id: UUID) -> Course:
    with unit_of_work(sessions) as session:
        return course(session, patient_id)
