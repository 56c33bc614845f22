"""Relapse plans and safety plans as they are kept: versions, what counts, and what keeps one from being agreed."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from monitor.audit import AuditEntry
from monitor.care.intake_models import CareRoleAssignment
from monitor.care.kinds import CareRole, Step
from monitor.care.models import CloseReason
from monitor.care.promises import runs
from monitor.care.service_hours import ServiceHours
from monitor.db import Sessions, unit_of_work
from monitor.people.models import TeamMembership
from monitor.relapse.content import Person, SafetySteps, Sign, StayingWell
from monitor.relapse.kinds import Fault, Given, PlanKind, PlanState
from monitor.relapse.models import RelapsePlan, WarningSign
from monitor.relapse.patient_hours import hours_line
from monitor.relapse.plan_rules import Written, WrittenSafety, faults, safety_faults
from monitor.relapse.plan_start import offer
from monitor.relapse.plans import (
    CareHasEnded,
    PlanRefused,
    Saved,
    agreed,
    newest,
    save_safety,
    save_staying_well,
    versions,
    written_beside,
)
from tests.builders import HOURS, NOW, InCare, a_patient, a_staff_member, a_team, an_id
from tests.plans import SIGNS, a_written_plan

TODAY = NOW.date()
CARER = an_id()
WHOLE = Written(
    content=StayingWell(first_sign="Walk", number="+441632960123", hours="9 to 17"),
    signs=SIGNS[:2],
    language="en",
    owner_id=CARER,
    review_on=TODAY + timedelta(weeks=12),
    back_to=Step.TWO,
    wait_days=5,
    given=Given.PHONE,
)
STEPS = (Step.ONE, Step.TWO)
SAFE = WrittenSafety(SafetySteps(warning_signs=("No sleep",), people=(Person(name="Ana"),)), "en", Given.PRINT)


@pytest.fixture
def care(sessions: Sessions) -> InCare:
    with unit_of_work(sessions) as session:
        team = a_team(session)
        return a_patient(session, team, a_staff_member(session, team))


def save(sessions: Sessions, care: InCare, plan: Written, *, agree: bool = True, **how: object) -> Saved:
    with unit_of_work(sessions) as session:
        episode = session.merge(care.episode)
        about = {"based_on_id": None, "by": care.clinician.id, "now": NOW, **how}
        return save_staying_well(session, episode, plan, agree=agree, **about)  # type: ignore[arg-type]


# ---- what a plan lacks ----


@pytest.mark.parametrize(
    ("changed", "lacks"),
    [
        ({}, ()),
        ({"signs": SIGNS[:1]}, (Fault.TOO_FEW_SIGNS,)),
        ({"signs": (*SIGNS[:1], Sign(words=" "))}, (Fault.TOO_FEW_SIGNS,)),
        ({"signs": ()}, (Fault.TOO_FEW_SIGNS,)),
        ({"content": WHOLE.content.model_copy(update={"first_sign": ""})}, (Fault.NOTHING_TO_DO,)),
        ({"content": WHOLE.content.model_copy(update={"number": ""})}, (Fault.NO_NUMBER,)),
        ({"content": WHOLE.content.model_copy(update={"hours": ""})}, (Fault.NO_HOURS,)),
        ({"wait_days": None}, (Fault.NO_WAIT,)),
        ({"back_to": None}, (Fault.NO_STEP_BACK,)),
        ({"back_to": Step.STEPPED_DOWN}, (Fault.NO_STEP_BACK,)),
        ({"back_to": Step.FOUR}, (Fault.NO_STEP_BACK,)),
        ({"owner_id": None}, (Fault.NO_OWNER,)),
        ({"owner_id": an_id()}, (Fault.OWNER_LEFT,)),
        ({"review_on": None}, (Fault.NO_REVIEW_DATE,)),
        ({"review_on": TODAY}, (Fault.REVIEW_DATE_NOT_AHEAD,)),
        ({"review_on": TODAY + timedelta(days=1)}, ()),
        ({"given": None}, (Fault.NOT_GIVEN,)),
        ({"signs": (), "owner_id": None, "wait_days": None}, (Fault.TOO_FEW_SIGNS, Fault.NO_WAIT, Fault.NO_OWNER)),
    ],
)
def test_a_plan_is_agreed_only_with_signs_a_way_back_and_an_owner(
    changed: dict[str, object], lacks: tuple[Fault, ...]
) -> None:
    plan = replace(WHOLE, **changed)  # type: ignore[arg-type]
    assert faults(plan, carers={CARER}, steps=STEPS, today=TODAY) == lacks


@pytest.mark.parametrize(
    ("plan", "lacks"),
    [
        (SAFE, ()),
        (replace(SAFE, content=SAFE.content.model_copy(update={"warning_signs": ()})), (Fault.NO_WARNING_SIGNS,)),
        (replace(SAFE, content=SAFE.content.model_copy(update={"people": ()})), (Fault.NOBODY_TO_CALL,)),
        (
            replace(SAFE, content=SafetySteps(warning_signs=("No sleep",), professionals=(Person(name="A line"),))),
            (),
        ),
        (replace(SAFE, given=None), (Fault.NOT_GIVEN,)),
    ],
)
def test_a_safety_plan_needs_a_sign_and_somebody_to_call(plan: WrittenSafety, lacks: tuple[Fault, ...]) -> None:
    assert safety_faults(plan) == lacks


# ---- versions ----


def test_what_lacks_leaves_nothing_behind(sessions: Sessions, care: InCare) -> None:
    with pytest.raises(PlanRefused) as refusal:
        save(sessions, care, a_written_plan(care, signs=(), wait_days=None))
    assert refusal.value.faults == (Fault.TOO_FEW_SIGNS, Fault.NO_WAIT)
    with sessions() as session:
        for table in (RelapsePlan, WarningSign, CareRoleAssignment):
            assert session.scalar(sa.select(sa.func.count()).select_from(table)) == 0


def test_somebody_who_left_the_team_cannot_own_a_plan(sessions: Sessions, care: InCare) -> None:
    with unit_of_work(sessions) as session:
        session.execute(
            sa.update(TeamMembership)
            .where(TeamMembership.staff_member_id == care.clinician.id)
            .values(until_at=NOW - timedelta(days=1))
        )
    with pytest.raises(PlanRefused) as refusal:
        save(sessions, care, a_written_plan(care))
    assert refusal.value.faults == (Fault.OWNER_LEFT,)


def test_each_save_is_a_version_of_its_own_and_the_newest_agreed_one_counts(sessions: Sessions, care: InCare) -> None:
    first = save(sessions, care, a_written_plan(care)).plan
    second = save(sessions, care, a_written_plan(care, wait_days=3), based_on_id=first.id).plan
    draft = save(sessions, care, a_written_plan(care, wait_days=9), agree=False, based_on_id=second.id).plan
    with sessions() as session:
        every = versions(session, care.episode.id, PlanKind.STAYING_WELL)
        assert [(each.version, each.state, each.wait_days) for each in every] == [
            (3, PlanState.DRAFT, 9),
            (2, PlanState.AGREED, 3),
            (1, PlanState.AGREED, 5),
        ]
        counts, last = agreed(session, care.episode.id), newest(session, care.episode.id, PlanKind.STAYING_WELL)
        assert counts
        assert last
        assert (counts.id, last.id) == (second.id, draft.id)
        assert [sign.words for sign in counts.signs] == [sign.words for sign in SIGNS]
        assert [sign.position for sign in counts.signs] == [1, 2, 3]
        assert draft.given is None


def test_the_owner_becomes_the_coordinator_with_the_agreement_and_not_before(sessions: Sessions, care: InCare) -> None:
    def coordinators() -> int:
        with sessions() as session:
            found = sa.select(sa.func.count()).where(CareRoleAssignment.role == CareRole.COORDINATOR)
            return session.scalar(found) or 0

    draft = save(sessions, care, a_written_plan(care), agree=False)
    assert coordinators() == 0
    save(sessions, care, a_written_plan(care), based_on_id=draft.plan.id)
    assert coordinators() == 1


def test_whoever_comes_second_keeps_a_version_and_learns_of_the_first(sessions: Sessions, care: InCare) -> None:
    begun = save(sessions, care, a_written_plan(care), agree=False).plan
    first = save(sessions, care, a_written_plan(care, wait_days=3), based_on_id=begun.id)
    second = save(sessions, care, a_written_plan(care, wait_days=7), based_on_id=begun.id)
    assert first.meanwhile is None
    assert second.meanwhile is not None
    assert second.meanwhile.id == first.plan.id
    with sessions() as session:
        every = versions(session, care.episode.id, PlanKind.STAYING_WELL)
        assert [beside.version if (beside := written_beside(every, each)) else None for each in every] == [
            2,
            None,
            None,
        ]


def test_two_first_versions_at_once_are_both_kept(sessions: Sessions, care: InCare) -> None:
    save(sessions, care, a_written_plan(care))
    second = save(sessions, care, a_written_plan(care, wait_days=2))
    assert second.meanwhile is not None
    assert (second.plan.version, second.plan.based_on_id) == (2, None)


@pytest.mark.parametrize("agree", [True, False])
def test_the_same_form_twice_is_one_version(sessions: Sessions, care: InCare, agree: bool) -> None:
    first = save(sessions, care, a_written_plan(care), agree=agree)
    second = save(sessions, care, a_written_plan(care), agree=agree)
    assert (second.plan.id, second.meanwhile) == (first.plan.id, None)
    with sessions() as session:
        action = f"staying_well plan {'agreed' if agree else 'draft'}"
        assert len(session.scalars(sa.select(AuditEntry).where(AuditEntry.action == action)).all()) == 1


@pytest.mark.parametrize(
    "changed", [{"signs": SIGNS[:2]}, {"wait_days": 2}, {"given": Given.PRINT}, {"review_on": date(2027, 3, 1)}]
)
def test_any_other_form_is_another_version(sessions: Sessions, care: InCare, changed: dict[str, object]) -> None:
    save(sessions, care, a_written_plan(care))
    assert save(sessions, care, a_written_plan(care, **changed)).plan.version == 2


def test_a_version_of_somebody_else_is_never_named_as_the_one_before(sessions: Sessions, care: InCare) -> None:
    with unit_of_work(sessions) as session:
        other = a_patient(session, care.team, care.clinician, number="+447700900009")
    theirs = save(sessions, other, a_written_plan(other)).plan
    assert save(sessions, care, a_written_plan(care), based_on_id=theirs.id).plan.based_on_id is None


def test_the_two_plans_are_counted_apart(sessions: Sessions, care: InCare) -> None:
    save(sessions, care, a_written_plan(care))
    with unit_of_work(sessions) as session:
        episode = session.merge(care.episode)
        how = {"agree": True, "based_on_id": None, "by": care.clinician.id, "now": NOW}
        saved = save_safety(session, episode, SAFE, **how)  # type: ignore[arg-type]
        assert (saved.plan.version, saved.plan.kind, saved.plan.owner_id) == (1, PlanKind.SAFETY, None)
        with pytest.raises(PlanRefused):
            save_safety(session, episode, replace(SAFE, given=None), **how)  # type: ignore[arg-type]


def test_after_care_has_ended_nothing_is_written(sessions: Sessions, care: InCare) -> None:
    with unit_of_work(sessions) as session:
        episode = session.merge(care.episode)
        episode.closed_at, episode.close_reason, episode.next_review_at = NOW, CloseReason.MOVED, None
    with pytest.raises(CareHasEnded):
        save(sessions, care, a_written_plan(care), agree=False)


# ---- what a plan begins with ----


def test_a_plan_begins_with_the_teams_number_hours_and_the_wait_of_the_pathway(
    sqlite_sessions: Sessions,
) -> None:
    with unit_of_work(sqlite_sessions) as session:
        team = a_team(session)
        maren = a_staff_member(session, team)
        care = a_patient(session, team, maren, language="de")
        begins = offer(session, care.episode, NOW)
        assert (begins.number, begins.hours) == ("+441632960123", "Montag bis Freitag 9:00–17:00\xa0Uhr")
        assert (begins.wait_days, begins.back_to, begins.owner_id) == (5, Step.TWO, maren.id)
        assert begins.review_on == date(2027, 2, 16)
        assert Step.STEPPED_DOWN not in begins.steps


def test_hours_of_any_shape_are_put_in_words() -> None:
    week = {"monday": ["09:00", "12:00"], "tuesday": ["09:00", "12:00"], "friday": ["14:00", "00:00"]}
    hours = ServiceHours.from_json({**HOURS, "week": week})
    assert hours_line(runs(hours), "en") == "Monday to Tuesday 9:00–12:00, Friday 14:00–24:00"
    assert "، " in hours_line(runs(hours), "ar")


def test_eight_who_save_at_the_same_moment_lose_nothing(sessions: Sessions, care: InCare) -> None:
    with unit_of_work(sessions) as session:
        begun = save_staying_well(
            session,
            session.merge(care.episode),
            a_written_plan(care),
            agree=False,
            based_on_id=None,
            by=care.clinician.id,
            now=NOW,
        ).plan
    start = threading.Barrier(8)

    def write(days: int) -> bool:
        start.wait()
        saved = save(sessions, care, a_written_plan(care, wait_days=days), based_on_id=begun.id)
        return saved.meanwhile is not None

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(write, range(1, 9)))
    assert told.count(False) == 1
    with sessions() as session:
        every = versions(session, care.episode.id, PlanKind.STAYING_WELL)
        assert [each.version for each in every] == list(range(9, 0, -1))
        assert {each.wait_days for each in every[:8]} == set(range(1, 9))
