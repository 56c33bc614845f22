"""The daily proof: one query finds what the rules find one by one, and what is missing is put right."""

import logging
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor import workflows
from monitor.care.flag_policy import FlagPolicy
from monitor.care.models import USUAL_PATHWAY
from monitor.checkins.models import MeasureState, Mode
from monitor.checkins.service import Delivery
from monitor.db import Sessions, reading, unit_of_work
from monitor.flags import service
from monitor.flags.called_for import RULES, Wanted, best_query, groups_in_force, sweep
from monitor.flags.kinds import FlagKind, Outcome, Rule
from monitor.flags.models import Flag, FlagEvent
from monitor.flags.proof import Proof, prove, rebuild_courses, states_disagreeing
from monitor.flags.rules import findings
from monitor.ids import new_id
from tests.builders import NOW, InCare, a_check_in, a_patient, a_staff_member, a_team, answers
from tests.flags.episodes import POLICY
from tests.flags.published import ANOTHER, OTHER_NUMBERS, numbers, put_in_force, with_numbers
from tests.flags.random_courses import Course, random_courses, write

EPISODES = 2_000
POLICIES = {USUAL_PATHWAY: POLICY, ANOTHER: numbers(OTHER_NUMBERS)}
"""The two that the random courses are judged by: as shipped, and with every number changed."""


def found_one_by_one(course: Course) -> set[Rule]:
    """What the pure rules raise from the facts of an open episode by the policy of its own pathway."""
    return {finding.rule for finding in findings(course.facts, POLICIES[course.pathway]) if finding.kind in RULES}


def due_by_rules(courses, episodes) -> set[Wanted]:
    return {
        (episode.id, kind)
        for course, episode in zip(courses, episodes, strict=True)
        if not course.closed
        for kind, rules in RULES.items()
        if found_one_by_one(course) & set(rules)
    }


def test_one_query_calls_for_exactly_what_the_rules_find_one_by_one(sessions: Sessions) -> None:
    """From the state rows and from the scores themselves; each pair once, and each episode by its own pathway."""
    courses = random_courses(EPISODES, seed=4, pathways=(USUAL_PATHWAY, ANOTHER))
    with unit_of_work(sessions) as session:
        put_in_force(session, with_numbers(OTHER_NUMBERS, ANOTHER))
        episodes = write(session, courses)
        expected = due_by_rules(courses, episodes)

    with reading(sessions) as session:
        from_states, from_scores = sweep(session), best_query(session)

    counts = {kind: sum(kind is each for _, each in expected) for kind in RULES}
    assert min(counts.values()) > EPISODES / 50, counts
    assert sorted(from_states) == sorted(expected)
    assert sorted(from_scores) == sorted(expected)


def test_every_rule_that_is_swept_can_call_for_its_flag() -> None:
    """By each rule alone some flag is called for, so the comparison above speaks about all of them."""
    courses = random_courses(EPISODES, seed=4, pathways=(USUAL_PATHWAY, ANOTHER))
    alone = {
        (course.pathway, *ours)
        for course in courses
        for rules in RULES.values()
        if len(ours := found_one_by_one(course) & set(rules)) == 1
    }
    swept = {rule for rules in RULES.values() for rule in rules}

    assert {rule for pathway, rule in alone if pathway == USUAL_PATHWAY} == swept - {Rule.N2}
    assert {rule for pathway, rule in alone if pathway == ANOTHER} == swept - {Rule.N5}


def test_pathways_with_the_same_numbers_are_asked_about_together(sessions: Sessions) -> None:
    with unit_of_work(sessions) as session:
        as_shipped = groups_in_force(session)
        put_in_force(session, with_numbers(OTHER_NUMBERS))
        changed = groups_in_force(session)

    assert [USUAL_PATHWAY in group.codes for group in as_shipped].count(True) == 1
    assert all(FlagPolicy() == group.policy for group in as_shipped if USUAL_PATHWAY in group.codes)
    assert (USUAL_PATHWAY,) in [group.codes for group in changed if group.policy == numbers(OTHER_NUMBERS)]


def test_a_version_put_in_force_is_the_one_that_is_swept_by(sessions: Sessions, care: InCare, settings) -> None:
    """Three scores of 14, 14 and 15 are no plateau to a service that looks for no difference at all."""
    with unit_of_work(sessions) as session:
        flat = a_patient(session, care.team, care.clinician, number="+447700900003")
        for weeks_ago, phq9 in ((3, 14), (2, 14), (1, 15)):
            send(session, flat, settings, weeks_ago=weeks_ago, phq9=phq9)
        before = sweep(session)
        put_in_force(session, with_numbers("plateau_spread = 0"))
        after = sweep(session)

    assert (flat.episode.id, FlagKind.NOT_IMPROVING) in before
    assert (flat.episode.id, FlagKind.NOT_IMPROVING) not in after


# ---- the state rows ----


def send(session: Session, care: InCare, settings, *, weeks_ago: int, phq9: int, item9: int = 0) -> None:
    now = NOW - timedelta(weeks=weeks_ago)
    check_in = a_check_in(session, care, due_at=now - timedelta(hours=1))
    given = answers(phq9=phq9, gad7=5, item9=item9)
    delivery = Delivery(new_id(), "en", Mode.LINK, known_device=False)
    workflows.complete_check_in(session, check_in, given, delivery, settings=settings, now=now)


@pytest.fixture
def care(sessions: Sessions, settings) -> InCare:
    """Somebody whose PHQ-9 rose from 6 to 14 in three weeks, and somebody well."""
    with unit_of_work(sessions) as session:
        team = a_team(session)
        clinician = a_staff_member(session, team)
        care = a_patient(session, team, clinician)
        well = a_patient(session, team, clinician, number="+447700900002")
        for weeks_ago, phq9 in ((3, 6), (2, 10), (1, 14)):
            send(session, care, settings, weeks_ago=weeks_ago, phq9=phq9, item9=weeks_ago % 2)
            send(session, well, settings, weeks_ago=weeks_ago, phq9=4)
    return care


def test_the_state_rows_are_what_the_answers_make_of_them(sessions: Sessions, care: InCare) -> None:
    with reading(sessions) as session:
        rebuilt = rebuild_courses(session, care.episode.id)

        assert states_disagreeing(session, [care.episode.id]) == []
        assert (rebuilt["phq9"].baseline, rebuilt["phq9"].last, rebuilt["phq9"].count) == (6, 14, 3)
        assert (rebuilt["phq9"].safety_answer, rebuilt["phq9"].safety_at) == (1, NOW - timedelta(weeks=1))


@pytest.mark.parametrize("wrong", [{"baseline": 14}, {"safety_answer": 0}, {"third_last": None}, {"count": 2}])
def test_a_state_row_that_the_answers_did_not_make_is_found_and_rebuilt(
    sessions: Sessions, care: InCare, wrong: dict[str, int | None]
) -> None:
    change(sessions, care, **wrong)
    with reading(sessions) as session:
        assert states_disagreeing(session, [care.episode.id]) == [care.episode.id]

    assert prove(sessions, lambda: NOW) == Proof(rebuilt=1, raised=0, held=0)
    with reading(sessions) as session:
        assert states_disagreeing(session, [care.episode.id]) == []


def change(sessions: Sessions, care: InCare, **values: int | None) -> None:
    with unit_of_work(sessions) as session:
        ours = MeasureState.episode_id == care.episode.id
        session.execute(sa.update(MeasureState).where(ours, MeasureState.instrument == "phq9").values(**values))


def test_a_state_row_that_is_gone_is_written_again(sessions: Sessions, care: InCare) -> None:
    with unit_of_work(sessions) as session:
        session.execute(sa.delete(MeasureState).where(MeasureState.episode_id == care.episode.id))

    assert prove(sessions, lambda: NOW).rebuilt == 1
    with reading(sessions) as session:
        assert session.get_one(MeasureState, (care.episode.id, "phq9")).last == 14


# ---- the flags ----


def flags(session: Session) -> list[tuple[FlagKind, bool]]:
    return [(flag.kind, flag.closed_at is None) for flag in session.scalars(sa.select(Flag).order_by(Flag.opened_at))]


@pytest.fixture
def lost(sessions: Sessions, care: InCare, monkeypatch: pytest.MonkeyPatch, settings) -> InCare:
    """Somebody whose worsening was stored by a program that forgot to look at the rules."""
    with unit_of_work(sessions) as session:
        care = a_patient(session, care.team, care.clinician, number="+447700900003")
        with monkeypatch.context() as forgetful:
            forgetful.setattr(service, "evaluate", lambda *args, **kwargs: ())
            for weeks_ago, phq9 in ((2, 5), (1, 16)):
                send(session, care, settings, weeks_ago=weeks_ago, phq9=phq9)
    return care


def test_a_flag_that_is_called_for_and_not_there_is_raised(sessions: Sessions, lost: InCare) -> None:
    assert prove(sessions, lambda: NOW) == Proof(rebuilt=0, raised=1, held=0)

    with reading(sessions) as session:
        flag = session.scalars(sa.select(Flag).where(Flag.episode_id == lost.episode.id)).one()
        assert (flag.kind, flag.opened_at) == (FlagKind.DETERIORATING, NOW)
    assert prove(sessions, lambda: NOW + timedelta(days=1)) == Proof(rebuilt=0, raised=0, held=0)


def test_nothing_joins_a_flag_that_is_there(sessions: Sessions, lost: InCare) -> None:
    """The proof looks at what is missing; seen and acted on stay as a person left them."""
    with reading(sessions) as session:
        before = session.scalar(sa.select(sa.func.count()).select_from(FlagEvent))

    prove(sessions, lambda: NOW)

    with reading(sessions) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(FlagEvent)) == before + 1


def test_what_a_person_has_decided_holds(sessions: Sessions, care: InCare) -> None:
    with unit_of_work(sessions) as session:
        flag = session.scalars(sa.select(Flag).where(Flag.kind == FlagKind.DETERIORATING)).one()
        service.close(session, flag, care.clinician, Outcome.CONTINUED_WITH_REASON, "A hard month; we go on.", NOW)

    assert prove(sessions, lambda: NOW + timedelta(days=1)) == Proof(rebuilt=0, raised=0, held=1)
    with reading(sessions) as session:
        assert (FlagKind.DETERIORATING, True) not in flags(session)


def test_the_log_counts_and_names_nobody(sessions: Sessions, lost: InCare, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="monitor.flags.proof"):
        prove(sessions, lambda: NOW)

    assert [record.getMessage() for record in caplog.records] == ["proof: Proof(rebuilt=0, raised=1, held=0)"]
    assert caplog.records[0].levelno == logging.WARNING
