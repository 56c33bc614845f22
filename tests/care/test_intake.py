"""Assigning a step: what is kept with it, what is refused, and that it is all or nothing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from monitor.audit import AuditEntry
from monitor.care.handoffs import CannotTakeOver
from monitor.care.intake import (
    AnswersSince,
    CareEnded,
    DeviationOwed,
    NoSuchStep,
    ReviewOwed,
    RolesOwed,
    StepDecided,
    WordsOwed,
    newest_held,
)
from monitor.care.intake_facts import IntakeFacts, SafetyFacts
from monitor.care.intake_kinds import Need, SelfSafety
from monitor.care.intake_models import CareRoleAssignment, Handoff, Intake
from monitor.care.kinds import CareRole, DeviationReason, HandoffReason, MiddleReason, RequestEnd, ReviewKind, Step
from monitor.care.middle_models import StepRequest
from monitor.care.middle_step import ask, request_of
from monitor.care.models import CloseReason, Episode, StepAssignment
from monitor.care.pathways import USUAL_PATHWAY, shipped
from monitor.care.roles import NotACarer
from monitor.checkins.known import known_of
from monitor.checkins.models import CancelReason, CheckIn, Mode, MonitoringPlan
from monitor.checkins.service import Delivery
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.kinds import FlagKind, Outcome
from monitor.flags.models import Flag
from monitor.flags.reviewed import review_due
from monitor.flags.service import raise_flags
from monitor.messaging.models import MessageState
from monitor.people.models import Patient
from monitor.workflows import assign_step, complete_check_in, save_early
from tests.builders import NOW, a_check_in, a_text, an_id, answers
from tests.care.intakes import MODERATE, MORE_SEVERE, Clinic


@pytest.fixture
def clinic(sessions: Sessions, settings: Settings) -> Clinic:
    return Clinic(sessions, settings)


@pytest.fixture
def sqlite_clinic(sqlite_sessions: Sessions, settings: Settings) -> Clinic:
    return Clinic(sqlite_sessions, settings)


# ---- what is kept ----


def test_the_step_keeps_what_was_proposed_and_every_rule_that_fired(clinic: Clinic) -> None:
    clinic.app.wait(days=3)

    clinic.hold(clinic.new(MORE_SEVERE, Step.THREE))

    with clinic.sessions() as session:
        episode = clinic.episode(session)
        assigned = episode.steps[-1]
        assert (assigned.step, assigned.proposed_step, assigned.deviation_reason) == (Step.THREE, Step.THREE, None)
        assert {(each["rule"], each["step"]) for each in assigned.fired} >= {
            ("scores_at_or_above", "three"),
            ("scores_at_or_above", "two"),
        }
        assert assigned.pathway_version_id == shipped(episode.pathway).version_id
        assert (assigned.reason, assigned.decided_by_id) == ("Agreed.", clinic.maren.id)
        held = newest_held(session, episode)
        assert held
        assert held.facts == MORE_SEVERE
        assert (held.intake.step_assignment_id, held.intake.understood) == (assigned.id, True)
        days = shipped(episode.pathway).pathway.plan(Step.THREE).first_review_days
        assert episode.next_review_at == NOW + timedelta(days=3 + days)
        assert episode.next_review_kind is ReviewKind.FIRST
        assert session.scalar(sa.select(AuditEntry.subject_id).where(AuditEntry.action == "assigned step")) == (
            clinic.noor.patient.id
        )


@pytest.mark.parametrize(
    ("facts", "step"),
    [
        (MORE_SEVERE, Step.THREE),
        (IntakeFacts(safety=SafetyFacts(plan_or_attempt=True)), Step.FOUR),
        (IntakeFacts(severe_mental_illness=True), Step.FOUR),
        (IntakeFacts(complex=True), Step.FOUR),
        (IntakeFacts(safety=SafetyFacts(able_to_keep_safe=SelfSafety.NO)), Step.FOUR),
    ],
)
def test_somebody_may_begin_at_step_three_or_four(sqlite_clinic: Clinic, facts: IntakeFacts, step: Step) -> None:
    sqlite_clinic.app.wait(minutes=20)

    sqlite_clinic.hold(sqlite_clinic.new(facts, step))

    with sqlite_clinic.sessions() as session:
        assigned = sqlite_clinic.episode(session).steps[-1]
        assert (assigned.step, assigned.proposed_step) == (step, step)


def test_check_ins_follow_the_step_and_those_already_asked_for_stay(clinic: Clinic) -> None:
    clinic.app.wait(minutes=20)
    with unit_of_work(clinic.sessions) as session:
        asked_id, planned_id = a_check_in(session, clinic.noor).id, a_check_in(session, clinic.noor, sequence=2).id
        session.add(a_text(clinic.noor.patient.id, NOW, MessageState.SENT, check_in_id=asked_id))
        session.add(a_text(clinic.noor.patient.id, NOW, MessageState.QUEUED, check_in_id=planned_id))

    clinic.hold(clinic.new())

    with clinic.sessions() as session:
        plans = session.scalars(sa.select(MonitoringPlan).order_by(MonitoringPlan.from_at)).all()
        assert [(each.every_weeks, each.until_at is None) for each in plans] == [(4, False), (1, True)]
        assert plans[0].instruments == plans[1].instruments
        assert session.get_one(CheckIn, asked_id).cancelled_at is None
        assert session.get_one(CheckIn, planned_id).cancel_reason is CancelReason.PLAN_CHANGED


def test_a_new_accountable_person_leaves_a_hand_over_behind(clinic: Clinic) -> None:
    clinic.app.wait(minutes=20)

    clinic.hold(clinic.new(accountable_id=clinic.sven.id))

    with clinic.sessions() as session:
        assert clinic.episode(session).accountable_id == clinic.sven.id
        handed = session.scalars(sa.select(Handoff)).one()
        assert (handed.from_id, handed.to_id) == (clinic.maren.id, clinic.sven.id)
        assert handed.reason is HandoffReason.STEP_CHANGE


def test_a_late_intake_answers_the_date_that_waited_for_it(clinic: Clinic) -> None:
    clinic.app.wait(days=15)
    with unit_of_work(clinic.sessions) as session:
        episode = clinic.episode(session)
        due = review_due(ReviewKind.FIRST, NOW.date())
        raise_flags(session, episode, (due,), now=clinic.app.now - timedelta(hours=1))

    clinic.hold(clinic.new())

    with clinic.sessions() as session:
        flag = session.scalars(sa.select(Flag)).one()
        assert (flag.kind, flag.outcome) == (FlagKind.REVIEW_DUE, Outcome.REVIEWED)
        assert (flag.closed_by_id, flag.reason) == (clinic.maren.id, "Agreed.")


def test_another_intake_neither_skips_nor_postpones_a_review(sqlite_clinic: Clinic) -> None:
    clinic = sqlite_clinic
    clinic.app.wait(minutes=20)
    clinic.hold(clinic.new())
    with clinic.sessions() as session:
        review_at = clinic.episode(session).next_review_at
    clinic.app.wait(days=13)
    clinic.hold(clinic.new(MORE_SEVERE, Step.THREE))
    with clinic.sessions() as session:
        assert clinic.episode(session).next_review_at == review_at, "never later"

    clinic.app.wait(days=1)
    with pytest.raises(ReviewOwed):
        clinic.hold(clinic.new())


def test_an_intake_can_be_held_again_and_both_are_kept(sqlite_clinic: Clinic) -> None:
    sqlite_clinic.app.wait(minutes=20)
    sqlite_clinic.hold(sqlite_clinic.new())
    sqlite_clinic.app.wait(days=10)
    sqlite_clinic.hold(sqlite_clinic.new(MORE_SEVERE, Step.THREE))

    assert len(sqlite_clinic.intakes()) == 2
    with sqlite_clinic.sessions() as session:
        assert [each.step for each in sqlite_clinic.episode(session).steps] == [Step.ONE, Step.TWO, Step.THREE]


# ---- what is refused ----


@pytest.mark.parametrize(
    ("facts", "step", "changed", "refused"),
    [
        (MODERATE, Step.STEPPED_DOWN, {"deviation": DeviationReason.PREFERENCE}, NoSuchStep),
        (MODERATE, Step.THREE, {}, DeviationOwed),
        (MORE_SEVERE, Step.TWO, {"deviation": None}, DeviationOwed),
        (MODERATE, Step.TWO, {"reason": "  "}, WordsOwed),
        (MODERATE, Step.THREE, {"deviation": DeviationReason.PREFERENCE, "reason": ""}, WordsOwed),
    ],
)
def test_what_is_not_decided_well_is_refused_and_nothing_is_kept(
    clinic: Clinic, facts: IntakeFacts, step: Step, changed: dict[str, Any], refused: type[Exception]
) -> None:
    before = clinic.app.rows()

    with pytest.raises(refused):
        clinic.hold(clinic.new(facts, step, **changed))

    assert clinic.app.rows() == before


def test_a_step_that_the_pathway_lacks_cannot_be_assigned(sqlite_sessions: Sessions, settings: Settings) -> None:
    clinic = Clinic(sqlite_sessions, settings, pathway="serious_mental_illness")

    with pytest.raises(NoSuchStep):
        clinic.hold(clinic.new(step=Step.ONE, deviation=DeviationReason.PREFERENCE))


def test_a_pathway_that_names_roles_gets_its_people(sessions: Sessions, settings: Settings) -> None:
    clinic = Clinic(sessions, settings, pathway="co_occurring_needs")
    clinic.app.wait(minutes=20)
    depart = {"deviation": DeviationReason.CLINICAL_JUDGEMENT, "step": Step.THREE}

    with pytest.raises(RolesOwed):
        clinic.hold(clinic.new(**depart))
    with pytest.raises(NotACarer):
        clinic.hold(clinic.new(**depart, roles={CareRole.COORDINATOR: clinic.stranger.id}))
    assert clinic.intakes() == []
    clinic.hold(clinic.new(**depart, roles={CareRole.COORDINATOR: clinic.sven.id}))

    with clinic.sessions() as session:
        role = session.scalars(sa.select(CareRoleAssignment)).one()
        assert (role.role, role.staff_member_id) == (CareRole.COORDINATOR, clinic.sven.id)


def test_departing_without_a_reason_is_refused_by_the_database_itself(clinic: Clinic) -> None:
    for wanting in ({"deviation_reason": None, "reason": "Words."}, {"deviation_reason": "preference", "reason": None}):
        with pytest.raises(IntegrityError), unit_of_work(clinic.sessions) as session:
            session.add(
                StepAssignment(
                    episode_id=clinic.noor.episode.id,
                    patient=session.get_one(Patient, clinic.noor.patient.id),
                    step=Step.TWO,
                    proposed_step=Step.THREE,
                    from_at=NOW + timedelta(days=1),
                    decided_by_id=clinic.maren.id,
                    pathway_version_id=shipped("common_mental_health").version_id,
                    **wanting,
                )
            )


def test_care_that_has_ended_gets_no_step(sqlite_clinic: Clinic) -> None:
    with unit_of_work(sqlite_clinic.sessions) as session:
        episode = sqlite_clinic.episode(session)
        episode.closed_at, episode.close_reason = NOW, CloseReason.MOVED

    with pytest.raises(CareEnded):
        sqlite_clinic.hold(sqlite_clinic.new())


def test_when_the_last_write_breaks_nothing_of_the_intake_remains(clinic: Clinic) -> None:
    clinic.app.wait(minutes=20)
    before = clinic.app.rows()

    with pytest.raises(CannotTakeOver):
        clinic.hold(clinic.new(accountable_id=clinic.stranger.id))

    assert clinic.app.rows() == before


# ---- somebody else, or the patient, was faster ----


def test_of_two_who_decide_at_once_one_is_told_who_was_faster(clinic: Clinic) -> None:
    clinic.app.wait(minutes=20)
    mark, ready = clinic.mark(), Barrier(2)

    def decide(by: UUID) -> str:
        ready.wait()
        try:
            with unit_of_work(clinic.sessions) as session:
                episode = clinic.episode(session)
                assign_step(session, episode, clinic.new(), mark=mark, every_weeks=1, by=by, now=clinic.app.now)
        except StepDecided as refusal:
            return refusal.name
        return "assigned"

    with ThreadPoolExecutor(2) as both:
        said = sorted(both.map(decide, (clinic.maren.id, clinic.sven.id)))

    assert said in (["Maren Okafor", "assigned"], ["Sven Lund", "assigned"])
    assert len(clinic.intakes()) == 1


@pytest.mark.parametrize("sent", [True, False], ids=["a whole check-in", "item 9 alone, not yet sent"])
def test_what_they_answer_meanwhile_is_looked_at_first(sqlite_clinic: Clinic, settings: Settings, sent: bool) -> None:
    clinic = sqlite_clinic
    mark, sent_now = clinic.mark(), Delivery(key=an_id(), language="en", mode=Mode.LINK, known_device=False)
    with unit_of_work(clinic.sessions) as session:
        check_in = a_check_in(session, clinic.noor)
        if sent:
            complete_check_in(session, check_in, answers(19, 12, 2), sent_now, settings=settings, now=NOW)
        else:
            save_early(session, check_in, {("phq9", 9): 2}, call_asked=False, now=NOW)

    with pytest.raises(AnswersSince), unit_of_work(clinic.sessions) as session:
        assign_step(
            session, clinic.episode(session), clinic.new(), mark=mark, every_weeks=1, by=clinic.maren.id, now=NOW
        )

    with clinic.sessions() as session:
        known = known_of(session, clinic.episode(session))
        assert known.found["item9"].value == 2
        assert ("phq9" in known.found) is sent


def test_what_a_check_in_asked_beside_its_scores_is_known_too(sqlite_clinic: Clinic, settings: Settings) -> None:
    clinic, said = sqlite_clinic, {("phq9", 0): 2, ("readiness", 1): 9, ("readiness", 2): 3}
    said |= {("social_needs", item): int(item == 2) for item in (1, 2, 3)}
    with unit_of_work(clinic.sessions) as session:
        asked = ("phq9", "gad7", "readiness", "social_needs")
        check_in = a_check_in(session, clinic.noor, instruments=asked)
        sent_now = Delivery(key=an_id(), language="en", mode=Mode.LINK, known_device=False)
        given = answers(12, 9, 0) | said | {("social_needs", 4): None}
        complete_check_in(session, check_in, given, sent_now, settings=settings, now=NOW)

        known = known_of(session, clinic.episode(session))

    values = {name: each.value for name, each in known.found.items()}
    assert values == {"phq9": 12, "gad7": 9, "item9": 0, "difficulty": 2, "importance": 9, "confidence": 3}
    assert (known.unmet, known.needs_asked) == ({Need.HOUSING}, False), "the last one they would rather not answer"


# ---- safety and readiness ----


def test_what_is_told_to_a_person_who_is_there_raises_no_flag_against_them(sqlite_clinic: Clinic) -> None:
    sqlite_clinic.app.wait(minutes=20)
    sqlite_clinic.hold(sqlite_clinic.new(IntakeFacts(safety=SafetyFacts(plan_or_attempt=True)), Step.FOUR))

    with sqlite_clinic.sessions() as session:
        assert session.scalars(sa.select(Flag)).all() == []


@pytest.mark.parametrize("ruler", [None, 0, 3, 4, 10])
def test_readiness_never_changes_refuses_or_delays_a_step(sqlite_clinic: Clinic, ruler: int | None) -> None:
    clinic = sqlite_clinic
    clinic.app.wait(minutes=20)

    clinic.hold(clinic.new(MORE_SEVERE.model_copy(update={"importance": ruler, "confidence": ruler}), Step.THREE))

    with clinic.sessions() as session:
        episode = clinic.episode(session)
        assigned = episode.steps[-1]
        assert (assigned.step, assigned.proposed_step, assigned.from_at) == (Step.THREE, Step.THREE, clinic.app.now)
        assert episode.next_review_at == clinic.app.now + timedelta(days=28)


def test_low_readiness_is_kept_and_stands_in_nobodys_way(sqlite_clinic: Clinic) -> None:
    clinic = sqlite_clinic
    clinic.app.wait(minutes=20)

    page = clinic.browser.post(clinic.path, **clinic.fields(importance="0", confidence="0"))

    assert page.status_code == 303
    with clinic.sessions() as session:
        episode = clinic.episode(session)
        held = newest_held(session, episode)
        assert held
        assert (held.facts.importance, held.facts.is_readiness_low) == (0, True)
        assert (episode.step, session.scalars(sa.select(Intake.at)).one()) == (Step.TWO, clinic.app.now)


def test_an_intake_belongs_to_its_own_episode(clinic: Clinic) -> None:
    with unit_of_work(clinic.sessions) as session:
        clinic.waits(session, name="Samir", number="+447700900002")
    clinic.app.wait(minutes=20)
    clinic.hold(clinic.new())

    with clinic.sessions() as session:
        for episode in session.scalars(sa.select(Episode)):
            assert (newest_held(session, episode) is not None) == (episode.id == clinic.noor.episode.id)


# ---- the middle step ----


def test_an_intake_that_leads_to_the_middle_step_asks_for_a_slot_with_what_it_found(sqlite_clinic: Clinic) -> None:
    found = MODERATE.model_copy(update={"wsas": 24, "unmet_needs": frozenset({Need.HOUSING, Need.FOOD})})
    sqlite_clinic.app.wait(minutes=20)

    sqlite_clinic.hold(sqlite_clinic.new(found, Step.MIDDLE, reason="Notice to leave the flat."))

    with sqlite_clinic.sessions() as session:
        request = request_of(session, sqlite_clinic.noor.episode.id)
        assert request is not None
        assert request.reasons == ["urgent_need", "function_impaired", "unmet_needs"]
        assert (request.is_fast, request.words) == (True, "Notice to leave the flat.")


def test_an_intake_that_leads_elsewhere_ends_the_wait(sqlite_clinic: Clinic) -> None:
    with unit_of_work(sqlite_clinic.sessions) as session:
        episode, pathway = sqlite_clinic.episode(session), shipped(USUAL_PATHWAY).pathway
        reasons = {MiddleReason.COORDINATOR_REQUEST}
        request = ask(session, episode, reasons, "Soon.", pathway=pathway, by=sqlite_clinic.maren.id, now=NOW)
    sqlite_clinic.app.wait(minutes=20)

    sqlite_clinic.hold(sqlite_clinic.new())

    with sqlite_clinic.sessions() as session:
        ended = session.get_one(StepRequest, request.id)
        assert (ended.ended, ended.ended_by_id) == (RequestEnd.OTHER_STEP, sqlite_clinic.maren.id)
