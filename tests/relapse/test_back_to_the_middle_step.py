"""Whoever agreed to come back to the middle step waits for one of its slots, not for somebody to think of it."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from monitor.audit import AuditEntry
from monitor.care.kinds import MiddleReason, Step
from monitor.care.middle_models import SlotBooking, StepRequest
from monitor.care.middle_step import queue, unasked
from monitor.care.models import Episode
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.people.models import StaffMember
from monitor.relapse.kinds import How
from monitor.relapse.reentry import come_back
from monitor.reviews.bursts import borrow
from tests.builders import NOW, InCare
from tests.care.clinic_of_slots import WHY, Clinic
from tests.plans import an_agreed_plan, stepped_down
from tests.staff_browser import StaffApp, words

DAY = timedelta(days=1)


@pytest.fixture
def clinic(sqlite_sessions: Sessions) -> Clinic:
    """A team with two slots."""
    return Clinic(sqlite_sessions)


def who_stepped_down(clinic: Clinic, back_to: Step = Step.MIDDLE) -> InCare:
    care = clinic.patient()
    with unit_of_work(clinic.sessions) as session:
        episode = clinic.episode(care, session)
        there = replace(care, episode=episode, patient=episode.patient)
        stepped_down(session, there, an_agreed_plan(session, there, back_to=back_to))
    return care


def comes_back(clinic: Clinic, care: InCare, how: How = How.PAGE) -> None:
    call = {"taken_by": clinic.ines.id, "words": "Rang; the flat is lost again."} if how is How.CALL else {}
    with unit_of_work(clinic.sessions) as session:
        come_back(session, clinic.episode(care, session), how, now=NOW, **call)  # type: ignore[arg-type]


def actors(clinic: Clinic, action: str) -> list[str]:
    with clinic.sessions() as session:
        return list(session.scalars(sa.select(AuditEntry.actor).where(AuditEntry.action == action)))


def waits(clinic: Clinic) -> list[StepRequest]:
    with clinic.sessions() as session:
        assert unasked(session, (clinic.team.id,)) == []
        return list(queue(session, (clinic.team.id,)))


@pytest.mark.parametrize(("how", "actor"), [(How.PAGE, "patient"), (How.TEXT, "patient"), (How.CALL, "staff")])
def test_however_they_come_back_they_stand_in_the_queue_with_a_clock(clinic: Clinic, how: How, actor: str) -> None:
    care = who_stepped_down(clinic)

    comes_back(clinic, care, how)
    comes_back(clinic, care, how)

    [request] = waits(clinic)
    assert (request.episode_id, request.asked_at) == (care.episode.id, NOW)
    assert request.reasons == [MiddleReason.COORDINATOR_REQUEST.value]
    assert request.answer_due_at == NOW.replace(hour=17) + 2 * DAY
    assert request.asked_by_id == clinic.maren.id, "whoever wrote the plan had agreed to it"
    assert actors(clinic, "asked for the middle step") == [actor]


def test_another_step_asks_for_no_slot(clinic: Clinic) -> None:
    comes_back(clinic, who_stepped_down(clinic, Step.TWO))

    assert waits(clinic) == []


def test_a_wait_that_had_begun_goes_on(clinic: Clinic) -> None:
    care = who_stepped_down(clinic)
    before = clinic.asks(care, (MiddleReason.URGENT_NEED,), NOW - DAY)

    comes_back(clinic, care)

    [request] = waits(clinic)
    assert (request.id, request.asked_at, request.is_fast) == (before.id, NOW - DAY, True)


def test_a_slot_borrowed_for_aftercare_is_free_for_a_burst(clinic: Clinic) -> None:
    care = who_stepped_down(clinic)
    slot = clinic.slots()[0]
    with unit_of_work(clinic.sessions) as session:
        episode, by = clinic.episode(care, session), session.get_one(StaffMember, clinic.maren.id)
        borrow(session, episode, slot.id, (NOW + 9 * DAY).date(), WHY, by=by, now=NOW - DAY)

    comes_back(clinic, care)

    assert [each.episode_id for each in waits(clinic)] == [care.episode.id]
    clinic.begins(care)
    with clinic.sessions() as session:
        held = session.scalars(sa.select(SlotBooking).order_by(SlotBooking.booked_at)).all()
        assert [(each.is_borrowed, each.ended_at) for each in held] == [(True, NOW), (False, None)]
        assert session.get_one(Episode, care.episode.id).step is Step.MIDDLE


def test_who_came_back_without_a_word_is_shown_without_empty_quotation_marks(
    clinic: Clinic, settings: Settings
) -> None:
    care = who_stepped_down(clinic)
    comes_back(clinic, care)
    browser = StaffApp(settings, clinic.sessions).browser("maren@example.org")

    for page in ("/middle-step", f"/patients/{care.patient.id}/middle-step"):
        shown = browser.get(page)
        assert "The team asks for it" in words(shown)
        assert "<q><bdi></bdi></q>" not in shown.text
