"""Step-downs in the demonstration: eleven guardrails, plans in the patient's words, and what follows them."""

from collections import Counter
from typing import Any

import phonenumbers
import sqlalchemy as sa

from monitor.care.kinds import Step
from monitor.care.models import Episode
from monitor.db import reading
from monitor.demo.courses import Course
from monitor.demo.guide import roster
from monitor.demo.plan_phrases import PLANS
from monitor.demo.roster import ROSTER
from monitor.demo.shown import HALF_WAY
from monitor.flags.kinds import FlagKind, Rule
from monitor.flags.models import Flag, FlagEvent
from monitor.i18n import LANGUAGES
from monitor.messaging.quiet_hours import to_local
from monitor.relapse.board import standing_of
from monitor.relapse.gate import checklist
from monitor.relapse.kinds import Guardrail, GuardrailAct, PlanKind, PlanState, Standing
from monitor.relapse.models import GuardrailRecord, RelapsePlan, SignAnswer, StepDown
from monitor.relapse.plans import agreed, content_of
from tests.builders import NOW
from tests.demo.conftest import Riverside


def test_every_language_has_a_plan_of_its_own() -> None:
    assert set(PLANS) == set(LANGUAGES)
    assert len({words.body for words in PLANS.values()}) == len(LANGUAGES)


def test_nobody_steps_down_without_a_plan_in_their_language_and_all_eleven_guardrails(riverside: Riverside) -> None:
    with reading(riverside.sessions) as session:
        downs = session.scalars(sa.select(StepDown)).all()

        assert len(downs) >= 2
        for each in downs:
            plan = session.get_one(RelapsePlan, each.plan_id)
            assert plan.state is PlanState.AGREED
            assert plan.language == plan.patient.language
            assert {state["guardrail"] for state in each.guardrails} == set(Guardrail)
            assert {state["state"] for state in each.guardrails} <= {"met", "excepted"}


def test_the_people_in_plans_have_numbers_that_are_kept_for_fiction(riverside: Riverside) -> None:
    with reading(riverside.sessions) as session:
        plans = session.scalars(sa.select(RelapsePlan).where(RelapsePlan.kind == PlanKind.STAYING_WELL)).all()
        people = [person for plan in plans for person in content_of(plan).people]

    assert people
    assert all(each.number.startswith("+441632960") and len(each.number) == 13 for each in people)
    assert all(phonenumbers.parse(each.number) for each in people)


def test_an_exception_was_let_go_by_one_and_signed_by_another(riverside: Riverside) -> None:
    with reading(riverside.sessions) as session:
        acts = Counter(session.scalars(sa.select(GuardrailRecord.act)))
        signed = session.scalars(
            sa.select(GuardrailRecord).where(GuardrailRecord.act == GuardrailAct.COUNTERSIGNED)
        ).one()
        exception = session.get_one(GuardrailRecord, signed.of_id)

        assert acts[GuardrailAct.CONFIRMED] > acts[GuardrailAct.EXCEPTED] == 1
        assert signed.staff_member_id != exception.staff_member_id


def test_who_stepped_down_is_asked_for_their_signs_and_every_four_weeks(riverside: Riverside) -> None:
    with reading(riverside.sessions) as session:
        well, back = (
            _episode(session, each) for each in (Course.STEPPED_DOWN_WELL, Course.STEPPED_DOWN_RELAPSE_SIGNAL)
        )

        assert _noticed(session, well) == {False}
        assert _noticed(session, back) == {False, True}


def test_signs_that_came_back_have_told_the_coordinator(riverside: Riverside) -> None:
    with reading(riverside.sessions) as session:
        episode = _episode(session, Course.STEPPED_DOWN_RELAPSE_SIGNAL)
        ours = Flag.episode_id == episode.id
        flag = session.scalars(sa.select(Flag).where(ours, Flag.kind == FlagKind.RELAPSE_SIGNAL)).one()
        rules = set(session.scalars(sa.select(FlagEvent.rule).where(FlagEvent.flag_id == flag.id)))
        plan = agreed(session, episode.id)

        assert flag.closed_at is None
        assert Rule.W1 in rules
        assert plan is not None
        assert flag.owner_id == plan.owner_id
        assert standing_of(session, episode, NOW) is Standing.TRIGGERED


def test_a_plan_is_due_for_another_look(riverside: Riverside) -> None:
    with reading(riverside.sessions) as session:
        episode = _episode(session, Course.STEPPED_DOWN_WELL)
        plan = agreed(session, episode.id)

        assert episode.step is Step.STEPPED_DOWN
        assert plan is not None
        assert plan.review_on is not None
        assert plan.review_on <= to_local(NOW, episode.care_team.time_zone).date()
        assert standing_of(session, episode, NOW) is Standing.DUE


def test_a_step_down_is_half_way_with_eight_of_eleven(riverside: Riverside) -> None:
    (number,) = HALF_WAY
    with reading(riverside.sessions) as session:
        patient = roster(session)[number - 1][1]
        episode = session.scalars(sa.select(Episode).where(Episode.patient_id == patient.id)).one()
        found = checklist(session, episode, NOW)

        assert episode.step is not Step.STEPPED_DOWN
        assert found.standing == 8
        assert found.plan is not None
        assert found.plan.language == patient.language == ROSTER[number - 1].language


def _episode(session: Any, course: Course) -> Episode:
    patient = next(patient for word, patient in roster(session) if word == course)
    return session.scalars(sa.select(Episode).where(Episode.patient_id == patient.id)).one()


def _noticed(session: Any, episode: Episode) -> set[bool]:
    return set(session.scalars(sa.select(SignAnswer.noticed).where(SignAnswer.episode_id == episode.id)))
