"""The daily proof: one query finds what the rules find one by one, and what is missing is put right."""

import logging
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor import workflows
from monitor.checkins.models import MeasureState, Mode
from monitor.checkins.service import Delivery
from monitor.db import Sessions, reading, unit_of_work
from monitor.flags import service
from monitor.flags.called_for import POLICY, RULES, Wanted, best_query, sweep
from monitor.flags.kinds import FlagKind, Outcome
from monitor.flags.models import Flag, FlagEvent
from monitor.flags.proof import Proof, prove, rebuild_courses, states_disagreeing
from monitor.flags.rules import findings
from monitor.ids import new_id
from tests.builders import NOW, InCare, a_check_in, a_patient, a_staff_member, a_team, answers
from tests.flags.random_courses import random_courses, write

EPISODES = 2_000


def due_by_rules(courses, episodes) -> set[Wanted]:
    """What the pure rules raise from the facts of each open episode, one at a time."""
    return {
        (episode.id, finding.kind)
        for course, episode in zip(courses, episodes, strict=True)
        if not course.closed
        for finding in findings(course.facts, POLICY)
        if finding.kind in RULES
    }


def test_one_query_calls_for_exactly_what_the_rules_find_one_by_one(sessions: Sessions) -> None:
    """From the state rows and from the scores themselves; each pair once."""
    courses = random_courses(EPISODES, seed=1)
    with unit_of_work(sessions) as session:
        episodes = write(session, courses)
        expected = due_by_rules(courses, episodes)

    with reading(sessions) as session:
        from_states, from_scores = sweep(session), best_query(session)

    counts = {kind: sum(kind is each for _, each in expected) for kind in RULES}
    assert min(counts.values()) > EPISODES / 50, counts
    assert sorted(from_states) == sorted(expected)
    assert sorted(from_scores) == sorted(expected)


def test_every_rule_that_is_swept_can_call_for_its_flag() -> None:
    """The random courses reach each rule, so the comparison above speaks about all of them."""
    raised = {finding.rule for course in random_courses(EPISODES, seed=1) for finding in findings(course.facts, POLICY)}

    assert raised >= {rule for rules in RULES.values() for rule in rules}


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

    assert prove(sessions, lambda: NOW) == Proof(rebuilt=1, missing=0, raised=0)
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
    assert prove(sessions, lambda: NOW) == Proof(rebuilt=0, missing=1, raised=1)

    with reading(sessions) as session:
        flag = session.scalars(sa.select(Flag).where(Flag.episode_id == lost.episode.id)).one()
        assert (flag.kind, flag.opened_at) == (FlagKind.DETERIORATING, NOW)
    assert prove(sessions, lambda: NOW + timedelta(days=1)) == Proof(rebuilt=0, missing=0, raised=0)


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

    assert prove(sessions, lambda: NOW + timedelta(days=1)) == Proof(rebuilt=0, missing=1, raised=0)
    with reading(sessions) as session:
        assert (FlagKind.DETERIORATING, True) not in flags(session)


def test_the_log_counts_and_names_nobody(sessions: Sessions, lost: InCare, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="monitor.flags.proof"):
        prove(sessions, lambda: NOW)

    assert [record.getMessage() for record in caplog.records] == ["proof: Proof(rebuilt=0, missing=1, raised=1)"]
    assert caplog.records[0].levelno == logging.WARNING
