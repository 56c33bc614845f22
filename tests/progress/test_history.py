"""What was decided, by whom, under which rules, and why where it went against them."""

from datetime import timedelta

import pytest

from monitor.care.intake_models import CareRoleAssignment, Handoff
from monitor.care.kinds import CareRole, DeviationReason, HandoffReason, Preference, ReviewKind, Step
from monitor.care.models import Episode, StepAssignment
from monitor.care.pathways import USUAL_PATHWAY, shipped
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.people.models import Absence, Patient
from monitor.reviews.kinds import Decision
from monitor.reviews.models import Review
from tests.builders import NOW, a_staff_member
from tests.progress.test_staff_page import Course

VERSION = shipped(USUAL_PATHWAY).version_id


@pytest.fixture
def course(sqlite_sessions: Sessions, settings: Settings) -> Course:
    return Course(sqlite_sessions, settings)


def a_review(course: Course, **values) -> None:
    with unit_of_work(course.sessions) as session:
        session.add(
            Review(
                **{
                    "episode_id": course.noor.episode.id,
                    "patient": session.get_one(Patient, course.noor.patient.id),
                    "patient_id": course.noor.patient.id,
                    "kind": ReviewKind.ROUTINE,
                    "due_at": NOW - timedelta(days=3),
                    "done_at": NOW - timedelta(days=1),
                    "decided_by_id": course.maren.id,
                    "pathway_version_id": VERSION,
                    "proposal": Decision.CONTINUE,
                    "decision": Decision.CONTINUE,
                    "criteria": [],
                    "preference": Preference.AS_PROPOSED,
                    "understood": True,
                    "next_review_at": NOW + timedelta(days=14),
                    "seen": "{}",
                    "words": "Only just begun.",
                    **values,
                }
            )
        )


def test_a_review_says_what_was_decided_and_under_which_rules(sessions: Sessions, settings: Settings) -> None:
    course = Course(sessions, settings)
    a_review(course)

    said = course.said()

    assert "Review: Go on as it is." in said
    assert "“" not in said
    assert "Only just begun." in said
    assert "Next review set for Tue 8 Dec. It was due on Sat 21 Nov." in said
    assert f"Pathway version {VERSION.hex[:8]}." in said
    assert "The rules proposed" not in said


def test_a_decision_against_the_rules_says_what_they_proposed_and_why(course: Course) -> None:
    met = [{"criterion": "reliable_deterioration", "points_to": "step_up"}]
    reason = DeviationReason.PASSING_EVENT
    a_review(course, proposal=Decision.STEP_UP, deviation_reason=reason, criteria=met)

    said = course.said()

    assert "The rules proposed: Step up. A recent event explains the scores." in said
    assert "Met: Reliably worse since the start." in said


def test_a_step_against_the_intake_rules_says_so_too(course: Course) -> None:
    with unit_of_work(course.sessions) as session:
        session.add(
            StepAssignment(
                episode_id=course.noor.episode.id,
                step=Step.TWO,
                from_at=NOW - timedelta(days=2),
                decided_by_id=course.maren.id,
                pathway_version_id=VERSION,
                proposed_step=Step.THREE,
                deviation_reason=DeviationReason.PREFERENCE,
                patient=session.get_one(Patient, course.noor.patient.id),
                patient_id=course.noor.patient.id,
                reason="Wants to begin with the books.",
            )
        )

    said = course.said()

    assert "Step changed to: Step 2. The rules proposed: Step 3. They want something else." in said
    assert "Wants to begin with the books." in said


def test_the_record_says_when_the_next_review_is_and_leads_to_it(course: Course) -> None:
    page = course.maren_s.get(f"/patients/{course.noor.patient.id}").text

    assert f'href="/patients/{course.noor.patient.id}/review"' in page
    assert "First review" in course.said()


def test_whoever_is_away_is_said_to_be_with_who_stands_in(course: Course) -> None:
    with unit_of_work(course.sessions) as session:
        daniel = a_staff_member(session, course.noor.team, "daniel@example.org", name="Daniel Hoxha")
        session.add(
            Absence(
                staff_member_id=course.maren.id,
                cover_id=daniel.id,
                recorded_by_id=course.maren.id,
                from_at=NOW - timedelta(days=1),
                until_at=NOW + timedelta(days=5),
            )
        )
    assert "Maren Okafor Away now; Daniel Hoxha stands in." in course.said()

    course.app.wait(days=6)
    course.app.now = NOW + timedelta(days=5)
    course.maren_s = course.app.browser("maren@example.org")
    assert "Away now" not in course.said()


def test_care_roles_and_changes_of_the_accountable_person_are_there(course: Course) -> None:
    with unit_of_work(course.sessions) as session:
        daniel = a_staff_member(session, course.noor.team, "daniel@example.org", name="Daniel Hoxha")
        episode = session.get_one(Episode, course.noor.episode.id)
        session.add(
            CareRoleAssignment(
                episode_id=episode.id,
                role=CareRole.MEDICATION_OVERSIGHT,
                staff_member_id=daniel.id,
                from_at=NOW,
                decided_by_id=course.maren.id,
            )
        )
        session.add(
            Handoff(
                episode_id=episode.id,
                at=NOW - timedelta(hours=1),
                from_id=daniel.id,
                to_id=course.maren.id,
                decided_by_id=daniel.id,
                from_team_id=episode.care_team_id,
                to_team_id=episode.care_team_id,
                reason=HandoffReason.CASELOAD,
                patient_id=course.noor.patient.id,
            )
        )

    said = course.said()

    assert "Medication oversight: Daniel Hoxha" in said
    assert "Accountable from now on: Maren Okafor, after Daniel Hoxha." in said


def test_a_long_log_shows_its_newest_and_a_way_to_the_rest(course: Course) -> None:
    for days in range(2, 14):
        at = NOW - timedelta(days=days)
        a_review(course, due_at=at, done_at=at, words=f"Number {days}.")

    said = course.said()

    assert "Number 2." in said
    assert "Number 13." not in said
    assert "All 13 entries" in said
    assert "Number 13." in course.said(log="all")
