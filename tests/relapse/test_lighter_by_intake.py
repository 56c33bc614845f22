"""Another intake that assigns a lighter step makes help less, and so it owes the guardrails."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from monitor.care.intake import GuardrailsOwed, ReviewOwed
from monitor.care.intake_models import Intake
from monitor.care.kinds import DeviationReason, Step
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.people.models import StaffMember
from monitor.relapse.kinds import Guardrail
from monitor.relapse.models import StepDown
from tests.care.intakes import MODERATE, MORE_SEVERE, Clinic
from tests.plans import meet_guardrails
from tests.staff_browser import words

LIGHTER = {"deviation": DeviationReason.PREFERENCE}


@pytest.fixture
def clinic(sqlite_sessions: Sessions, settings: Settings) -> Clinic:
    """A patient whose first intake led to step three, two days ago."""
    found = Clinic(sqlite_sessions, settings)
    found.app.wait(minutes=20)
    found.hold(found.new(MORE_SEVERE, Step.THREE))
    found.app.wait(days=2)
    return found


def meets_them(clinic: Clinic) -> None:
    with unit_of_work(clinic.sessions) as session:
        episode = clinic.episode(session)
        by = session.scalars(sa.select(StaffMember).where(StaffMember.id == episode.accountable_id)).one()
        meet_guardrails(session, episode, by, clinic.app.now - timedelta(minutes=5))


def held(clinic: Clinic) -> tuple[int, int, Step]:
    with clinic.sessions() as session:
        count = [session.scalar(sa.select(sa.func.count()).select_from(each)) or 0 for each in (Intake, StepDown)]
        return count[0], count[1], clinic.episode(session).step


def test_it_is_refused_with_every_guardrail_that_is_missing(clinic: Clinic) -> None:
    with pytest.raises(GuardrailsOwed) as told:
        clinic.hold(clinic.new(MODERATE, Step.TWO))
    assert told.value.missing == (*tuple(Guardrail)[:8], Guardrail.LANGUAGE)
    assert held(clinic) == (1, 0, Step.THREE)


def test_with_all_eleven_the_step_down_is_kept(clinic: Clinic) -> None:
    meets_them(clinic)
    clinic.hold(clinic.new(MODERATE, Step.TWO))
    assert held(clinic) == (2, 1, Step.TWO)
    with clinic.sessions() as session:
        row = session.scalars(sa.select(StepDown)).one()
        assert (row.from_step, row.to_step) == (Step.THREE, Step.TWO)
        assert row.step_assignment_id == clinic.episode(session).steps[-1].id


def test_the_same_step_and_a_heavier_one_are_not_held_back(clinic: Clinic) -> None:
    clinic.hold(clinic.new(MORE_SEVERE, Step.THREE))
    assert held(clinic) == (2, 0, Step.THREE)


def test_the_first_intake_is_not_held_back_wherever_it_leads(sqlite_sessions: Sessions, settings: Settings) -> None:
    clinic = Clinic(sqlite_sessions, settings)
    clinic.app.wait(minutes=20)
    clinic.hold(clinic.new(MODERATE, Step.ONE, **LIGHTER))
    assert held(clinic) == (1, 0, Step.ONE)


def test_a_review_that_is_due_comes_before_them(clinic: Clinic) -> None:
    with unit_of_work(clinic.sessions) as session:
        clinic.episode(session).next_review_at = clinic.app.now - timedelta(days=1)
    with pytest.raises(ReviewOwed):
        clinic.hold(clinic.new(MODERATE, Step.TWO))


def test_the_page_names_them_with_links_and_keeps_what_was_typed(clinic: Clinic) -> None:
    with clinic.sessions() as session:
        patient_id = clinic.episode(session).patient_id
    browser = clinic.app.browser("maren@example.org")
    page = browser.post(f"/patients/{patient_id}/intake", **clinic.fields(reason="Feels much better than then."))
    assert page.status_code == 409
    assert "this step is lighter than the present one, and guardrails are missing" in words(page)
    assert "Relapse plan agreed and in their hands" in words(page)
    assert f"/patients/{patient_id}/step-down#plan" in page.text
    assert "Feels much better than then." in page.text
    assert held(clinic) == (1, 0, Step.THREE)
