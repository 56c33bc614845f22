"""Decisions in the demonstration: steps assigned, reviews held or left, and what staff were told."""

from collections import Counter
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from monitor.care.intake import is_awaited
from monitor.care.intake_models import Intake, TreatmentStart
from monitor.care.kinds import DeviationReason, Step
from monitor.care.models import Episode, StepAssignment
from monitor.db import reading
from monitor.demo.courses import Course
from monitor.demo.guide import roster
from monitor.flags.kinds import FlagKind, Outcome
from monitor.flags.models import Flag, FlagEvent, FlagEventKind
from monitor.flags.notice_models import Notice, NoticeKind
from monitor.flags.proof import prove
from monitor.people.absences import standing_in
from monitor.people.models import Absence, Role
from monitor.reviews.kinds import Decision
from monitor.reviews.models import Review
from tests.builders import NOW
from tests.demo.conftest import SMALL, Riverside


def test_everybody_but_who_has_just_come_was_given_a_step_at_an_intake(riverside: Riverside) -> None:
    with reading(riverside.sessions) as session:
        assert session.scalar(sa.select(sa.func.count(Intake.id))) == SMALL - 1
        assert is_awaited(session, _episode(session, Course.WAITING_FOR_INTAKE).id)


def test_most_begin_as_the_rules_propose_and_who_does_not_has_a_reason(riverside: Riverside) -> None:
    with reading(riverside.sessions) as session:
        begun = session.scalars(sa.select(StepAssignment).join(Intake, Intake.step_assignment_id == StepAssignment.id))
        departs = Counter(each.proposed_step is not each.step for each in begun)
        decided = session.scalars(sa.select(StepAssignment).where(StepAssignment.deviation_reason.is_not(None))).all()

        assert departs[False] > 3 * departs[True] > 0
        assert all(each.reason and each.proposed_step is not None for each in decided)


def test_reviews_are_held_with_words_and_most_go_on_as_proposed(riverside: Riverside) -> None:
    with reading(riverside.sessions) as session:
        held = session.scalars(sa.select(Review)).all()
        decisions = Counter(each.decision for each in held)

        assert len(held) > 30
        assert decisions.keys() >= {Decision.CONTINUE, Decision.STEP_UP, Decision.STEP_DOWN}
        assert decisions[Decision.CONTINUE] > len(held) / 2
        assert all(len(each.words.split()) > 2 and each.done_at <= NOW for each in held)
        assert sum(each.deviation_reason is None for each in held) > len(held) / 2
        assert sum(each.done_at > each.due_at for each in held) < len(held) / 4


def test_who_waits_for_the_middle_step_was_reviewed_and_there_is_no_place(riverside: Riverside) -> None:
    with reading(riverside.sessions) as session:
        newest = _reviews(session, Course.WAITING_FOR_MIDDLE_STEP)[-1]

        assert (newest.proposal, newest.decision) == (Decision.STEP_UP, Decision.CONTINUE)
        assert newest.deviation_reason is DeviationReason.NO_CAPACITY


def test_the_overdue_review_has_gone_up_and_only_a_review_can_answer_it(riverside: Riverside) -> None:
    with reading(riverside.sessions) as session:
        episode = _episode(session, Course.REVIEW_OVERDUE)
        flag = _open(session, episode, FlagKind.REVIEW_DUE)

        assert flag is not None
        assert flag.escalation > 0
        assert _reviews(session, Course.REVIEW_OVERDUE), "the ones before were held"
        events = session.scalars(sa.select(FlagEvent.kind).where(FlagEvent.flag_id == flag.id)).all()
        assert events.count(FlagEventKind.ESCALATED) == flag.escalation


def test_somebody_was_stepped_up_and_their_new_care_has_not_begun(riverside: Riverside) -> None:
    with reading(riverside.sessions) as session:
        episode = _episode(session, Course.PLATEAU)
        newest, flag = _reviews(session, Course.PLATEAU)[-1], _open(session, episode, FlagKind.FIRST_CONTACT_DUE)

        assert newest.decision is Decision.STEP_UP
        assert NOW - newest.done_at < timedelta(days=10)
        assert episode.step is newest.to_step is Step.MIDDLE
        assert flag is not None
        assert newest.done_at < NOW < flag.due_at


def test_who_is_well_stepped_down_by_a_review(riverside: Riverside) -> None:
    with reading(riverside.sessions) as session:
        decided = [each.decision for each in _reviews(session, Course.STEPPED_DOWN_WELL)]

    assert decided.count(Decision.STEP_DOWN) == 1
    assert decided[-1] is Decision.CONTINUE, "and was looked at again since"


def test_a_patient_has_asked_for_a_review_and_it_is_near(riverside: Riverside) -> None:
    with reading(riverside.sessions) as session:
        episode = _episode(session, Course.IMPROVING)

        assert _open(session, episode, FlagKind.REVIEW_REQUESTED) is not None
        assert NOW < episode.next_review_at < NOW + timedelta(days=8)


def test_one_of_the_clinicians_is_away_and_somebody_does_their_work(riverside: Riverside) -> None:
    with reading(riverside.sessions) as session:
        away = session.scalars(sa.select(Absence)).one()

        assert away.from_at < NOW < away.until_at
        assert away.staff_member.role is Role.CLINICIAN
        assert standing_in(session, away.staff_member_id, NOW) == away.cover_id
        late = sa.select(Flag).where(Flag.owner_id == away.staff_member_id, Flag.closed_at.is_(None))
        assert not [flag for flag in session.scalars(late) if flag.due_at < away.until_at]


def test_a_treatment_begins_with_the_first_appointment(riverside: Riverside) -> None:
    with reading(riverside.sessions) as session:
        begun = session.scalars(sa.select(TreatmentStart)).all()

        assert begun
        assert all(each.started_on == each.at.date() for each in begun)


def test_what_staff_were_told_in_the_past_went_then_and_does_not_go_again(riverside: Riverside) -> None:
    with reading(riverside.sessions) as session:
        told = session.scalars(sa.select(Notice)).all()

        assert {each.kind for each in told} == set(NoticeKind)
        assert not [each for each in told if each.sent_at is None and each.due_at <= NOW]


def test_a_first_contact_closes_what_waited_for_it_and_nothing_else_does(riverside: Riverside) -> None:
    with reading(riverside.sessions) as session:
        rows = session.execute(sa.select(Flag.kind, Flag.outcome).where(Flag.closed_at.is_not(None)))
        outcomes = {(kind, outcome) for kind, outcome in rows}

    assert {outcome for kind, outcome in outcomes if kind is FlagKind.REVIEW_DUE} == {Outcome.REVIEWED}
    contacts = {outcome for kind, outcome in outcomes if kind is FlagKind.FIRST_CONTACT_DUE}
    assert contacts <= {Outcome.FIRST_CONTACT_HELD}


def test_the_daily_proof_finds_nothing_to_put_right(riverside: Riverside) -> None:
    proof = prove(riverside.sessions, lambda: NOW)

    assert (proof.rebuilt, proof.raised) == (0, 0)


def _episode(session: Any, course: Course) -> Episode:
    patient = next(patient for word, patient in roster(session) if word == course)
    return session.scalars(sa.select(Episode).where(Episode.patient_id == patient.id)).one()


def _open(session: Any, episode: Episode, kind: FlagKind) -> Flag | None:
    ours = sa.select(Flag).where(Flag.episode_id == episode.id, Flag.kind == kind, Flag.closed_at.is_(None))
    return session.scalars(ours).one_or_none()


def _reviews(session: Any, course: Course) -> list[Review]:
    ours = sa.select(Review).where(Review.episode_id == _episode(session, course).id)
    return list(session.scalars(ours.order_by(Review.done_at)))
