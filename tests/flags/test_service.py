"""One open flag for each reason; new evidence joins it; only a person closes it, with an outcome and a reason."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.audit import AuditEntry
from monitor.care.models import Appointment, Step, StepAssignment
from monitor.care.pathways import USUAL_PATHWAY, shipped
from monitor.checkins.models import CheckIn, MeasureState
from monitor.db import Sessions, unit_of_work
from monitor.flags import service
from monitor.flags.facts import SafetyFacts
from monitor.flags.kinds import CLOSES, AttemptOutcome, EvidenceCode, FlagKind, Outcome, Rule, Severity
from monitor.flags.models import Flag, FlagEvent, FlagEventKind, FlagState
from monitor.flags.service import FlagClosed, OutcomeNotAllowed
from monitor.ids import new_id
from monitor.people.models import StaffMember
from tests.builders import NOW, a_check_in, a_flag, a_patient, a_staff_member
from tests.flags.ward import DAY, HOUR, WEEK, Ward


@pytest.fixture
def ward(sessions: Sessions) -> Ward:
    """Somebody in care, about whom nothing is known yet."""
    return Ward(sessions)


# ---- opening and joining ----


def test_where_there_is_nothing_to_say_no_flag_is_opened(ward: Ward) -> None:
    ward.stands(baseline=14, last=10, best=10, worst=14, second_last=12, third_last=13)

    ward.look()

    assert ward.flags == []


def test_a_flag_has_an_owner_a_clock_and_its_reason(ward: Ward) -> None:
    ward.answers_item_9(1)

    flag = ward.flag
    assert (flag.kind, flag.severity, flag.state) == (FlagKind.SAFETY, Severity.URGENT, FlagState.OPEN)
    assert (flag.owner_id, flag.opened_at) == (ward.care.clinician.id, NOW)
    assert NOW < flag.due_at <= NOW + DAY
    [event] = flag.events
    assert (event.kind, event.rule) == (FlagEventKind.OPENED, Rule.S1)
    assert event.evidence == [
        {"code": EvidenceCode.ITEM9_ANSWERED, "params": {"answer": 1}},
        {"code": EvidenceCode.ITEM9_FIRST, "params": {}},
    ]


def test_the_same_evidence_again_is_not_said_twice(ward: Ward) -> None:
    ward.stands(baseline=8, last=16, best=8, worst=16)

    for hour in range(3):
        ward.look(NOW + hour * HOUR)

    assert ward.kinds == [FlagKind.DETERIORATING]
    assert len(ward.flag.events) == 1


def test_new_evidence_joins_the_flag_that_is_open_and_must_be_read_again(ward: Ward) -> None:
    ward.stands(baseline=8, last=16, best=8, worst=16)
    ward.look()
    ward.does(lambda session, flag, by: service.mark_seen(session, flag, by, NOW + HOUR))
    due_at = ward.flag.due_at
    ward.stands(baseline=8, last=18, best=8, worst=18)

    ward.look(NOW + DAY)

    assert ward.kinds == [FlagKind.DETERIORATING]
    assert [event.kind for event in ward.flag.events] == [
        FlagEventKind.OPENED,
        FlagEventKind.SEEN,
        FlagEventKind.EVIDENCE,
    ]
    assert ward.flag.state is FlagState.OPEN
    assert ward.flag.due_at == due_at, "the first clock runs on"


def test_different_reasons_are_different_flags(ward: Ward) -> None:
    ward.stands(baseline=8, last=16, best=8, worst=16)

    ward.look(safety=SafetyFacts(answer=3), check_in_id=new_id(), opted_out=True)

    assert set(ward.kinds) == {FlagKind.SAFETY, FlagKind.DETERIORATING, FlagKind.OPTED_OUT}


def test_the_database_holds_the_same_flag_once_even_if_two_find_it_at_once(ward: Ward) -> None:
    ward.answers_item_9(1)

    with pytest.raises(sa.exc.IntegrityError), unit_of_work(ward.sessions) as session:
        session.execute(
            sa.insert(Flag).values(
                episode_id=ward.care.episode.id,
                patient_id=ward.care.patient.id,
                kind=FlagKind.SAFETY,
                severity=Severity.URGENT,
                owner_id=ward.care.clinician.id,
                opened_at=NOW,
                due_at=NOW,
            )
        )


# ---- safety ----


def test_a_heavier_answer_brings_the_nearer_clock(ward: Ward) -> None:
    ward.answers_item_9(1)
    first = ward.flag.due_at

    ward.answers_item_9(3, NOW + HOUR)

    assert ward.flag.due_at < first
    assert ward.flag.due_at <= NOW + 2 * HOUR


def test_a_lighter_answer_neither_closes_nor_delays(ward: Ward) -> None:
    ward.answers_item_9(3)
    due_at = ward.flag.due_at

    ward.answers_item_9(1, NOW + HOUR)
    ward.answers_item_9(0, NOW + 2 * HOUR)

    assert (ward.flag.due_at, ward.flag.state) == (due_at, FlagState.OPEN)


def test_a_safety_clock_never_moves_back_even_after_somebody_has_tried_to_ring(ward: Ward) -> None:
    ward.answers_item_9(3)
    due_at = ward.flag.due_at
    ward.does(
        lambda session, flag, by: service.record_attempt(
            session, flag, by, AttemptOutcome.TRIED_NO_ANSWER, "Rang.", NOW + HOUR
        )
    )

    ward.answers_item_9(1, NOW + 2 * DAY)

    assert ward.flag.due_at == due_at
    assert ward.flag.state is FlagState.OPEN, "what was tried before is no answer to what joined now"


def test_the_same_answer_in_another_check_in_is_always_news(ward: Ward) -> None:
    ward.answers_item_9(1)
    ward.answers_item_9(1, NOW + WEEK)

    assert [event.kind for event in ward.flag.events] == [FlagEventKind.OPENED, FlagEventKind.EVIDENCE]


def test_the_same_answer_of_the_same_check_in_is_said_once(ward: Ward) -> None:
    check_in_id = ward.answers_item_9(2)

    ward.look(NOW + timedelta(minutes=2), safety=SafetyFacts(answer=2), check_in_id=check_in_id)

    assert len(ward.flag.events) == 1


def test_after_it_was_closed_a_safety_answer_opens_a_new_flag(ward: Ward) -> None:
    ward.answers_item_9(1)
    ward.closes()

    ward.answers_item_9(1, NOW + WEEK)

    closed, opened = ward.flags
    assert (closed.state, opened.state) == (FlagState.CLOSED, FlagState.OPEN)
    assert len(closed.events) == 2


# ---- decisions hold ----


def test_a_decision_about_a_course_holds_while_it_gets_no_worse(ward: Ward) -> None:
    ward.stands(baseline=8, last=16, best=8, worst=16)
    ward.look()
    ward.closes(Outcome.CONTINUED_WITH_REASON)

    ward.look(NOW + WEEK)
    ward.stands(baseline=8, last=15, best=8, worst=16)
    ward.look(NOW + 2 * WEEK)

    assert len(ward.flags) == 1


def test_a_worse_score_reopens_what_was_decided(ward: Ward) -> None:
    ward.stands(baseline=8, last=16, best=8, worst=16)
    ward.look()
    ward.closes(Outcome.CONTINUED_WITH_REASON)
    ward.stands(baseline=8, last=17, best=8, worst=17)

    ward.look(NOW + WEEK)

    assert [flag.state for flag in ward.flags] == [FlagState.CLOSED, FlagState.OPEN]


def test_another_measure_that_gets_worse_reopens_what_was_decided(ward: Ward) -> None:
    ward.stands(baseline=8, last=16, best=8, worst=16)
    ward.look()
    ward.closes(Outcome.CONTINUED_WITH_REASON)
    ward.stands("gad7", baseline=5, last=10, best=5, worst=10)

    ward.look(NOW + WEEK)

    assert [flag.state for flag in ward.flags] == [FlagState.CLOSED, FlagState.OPEN]


@pytest.mark.parametrize(
    ("later", "flags"), [(timedelta(days=28), 1), (timedelta(days=28, seconds=1), 2)], ids=["4 weeks", "longer"]
)
def test_a_decision_holds_for_four_weeks(ward: Ward, later: timedelta, flags: int) -> None:
    ward.stands(baseline=14, last=14, second_last=14, third_last=15, best=14, worst=15)
    ward.look()
    assert ward.kinds == [FlagKind.NOT_IMPROVING]
    ward.closes(Outcome.CARE_CHANGED)

    ward.look(NOW + HOUR + later)

    assert len(ward.flags) == flags


# ---- silence ----


def test_missed_check_ins_are_counted_once_however_often_one_looks(ward: Ward) -> None:
    for at in (NOW - WEEK, NOW):
        ward.misses(at)
    for hour in range(4):
        ward.look(NOW + hour * HOUR)

    assert ward.kinds == [FlagKind.MISSED_CHECK_INS]
    assert [event.evidence[0]["params"] for event in ward.flag.events if event.evidence] == [{"count": 2}]


def test_a_third_missed_check_in_joins_and_shortens_the_clock(ward: Ward) -> None:
    for at in (NOW - WEEK, NOW):
        ward.misses(at)
    ward.look()
    ward.misses(NOW + DAY)

    ward.look(NOW + DAY)

    assert ward.flag.severity is Severity.HIGH
    assert [event.rule for event in ward.flag.events] == [Rule.M1, Rule.M2]


def test_a_flag_for_silence_that_was_closed_stays_closed_until_another_check_in_is_missed(ward: Ward) -> None:
    for at in (NOW - WEEK, NOW):
        ward.misses(at)
    ward.look()
    ward.closes()

    ward.look(NOW + DAY)
    assert len(ward.flags) == 1

    ward.misses(NOW + WEEK)
    ward.look(NOW + WEEK)
    assert [flag.state for flag in ward.flags] == [FlagState.CLOSED, FlagState.OPEN]


def test_a_second_silence_of_the_same_length_is_flagged_like_the_first(ward: Ward) -> None:
    for at in (NOW - 2 * WEEK, NOW - WEEK):
        ward.misses(at)
    ward.look(NOW - WEEK)
    ward.closes(at=NOW - WEEK + HOUR)
    with unit_of_work(ward.sessions) as session:
        a_check_in(session, ward.care, due_at=NOW - WEEK + 2 * HOUR, sequence=2, completed_at=NOW)
    for at in (NOW + WEEK, NOW + 2 * WEEK):
        ward.misses(at)

    ward.look(NOW + 2 * WEEK)

    assert [flag.state for flag in ward.flags] == [FlagState.CLOSED, FlagState.OPEN]


def test_silence_after_a_safety_answer_is_for_the_same_day(ward: Ward) -> None:
    ward.stands(baseline=10, last=10, best=10, worst=10, safety_answer=1, count=1)
    for at in (NOW - WEEK, NOW):
        ward.misses(at)

    ward.look()

    assert ward.flag.severity is Severity.URGENT
    assert ward.flag.due_at == NOW.replace(hour=17)


# ---- what staff do ----


def test_a_flag_goes_from_open_to_seen_to_acted_to_closed_and_says_who_did_what(ward: Ward) -> None:
    ward.answers_item_9(1)
    ward.does(lambda session, flag, by: service.mark_seen(session, flag, by, NOW + HOUR))
    ward.does(lambda session, flag, by: service.mark_seen(session, flag, by, NOW + 2 * HOUR))
    assert ward.flag.state is FlagState.SEEN
    ward.does(
        lambda session, flag, by: service.record_attempt(
            session, flag, by, AttemptOutcome.LEFT_MESSAGE, "Will ring again.", NOW + 3 * HOUR
        )
    )
    assert ward.flag.state is FlagState.ACTED

    ward.closes(at=NOW + 4 * HOUR)

    flag = ward.flag
    assert (flag.state, flag.outcome, flag.reason) == (FlagState.CLOSED, Outcome.SPOKE, "We spoke.")
    assert (flag.closed_by_id, flag.closed_at) == (ward.care.clinician.id, NOW + 4 * HOUR)
    assert [(event.kind, event.at) for event in flag.events] == [
        (FlagEventKind.OPENED, NOW),
        (FlagEventKind.SEEN, NOW + HOUR),
        (FlagEventKind.ATTEMPT, NOW + 3 * HOUR),
        (FlagEventKind.CLOSED, NOW + 4 * HOUR),
    ]
    with ward.sessions() as session:
        trail = session.execute(sa.select(AuditEntry.action, AuditEntry.actor_id).order_by(AuditEntry.sequence))
        assert [tuple(row) for row in trail] == [
            (f"flag {kind}", ward.care.clinician.id) for kind in ("seen", "attempt", "closed")
        ]


@pytest.mark.parametrize("kind", FlagKind)
def test_only_the_outcomes_of_its_kind_close_a_flag(ward: Ward, kind: FlagKind) -> None:
    with unit_of_work(ward.sessions) as session:
        session.add(a_flag(ward.care, kind))
    for outcome in sorted(set(Outcome) - set(CLOSES[kind])):
        with pytest.raises(OutcomeNotAllowed):
            ward.closes(outcome)
    assert ward.flag.state is FlagState.OPEN
    assert ward.flag.events == []

    for outcome in CLOSES[kind][-1:]:  # a review that is due is closed by none: only a review decides it
        ward.closes(outcome)
        assert ward.flag.state is FlagState.CLOSED


@pytest.mark.parametrize("reason", ["", " ", "\n\t "])
def test_no_flag_is_closed_without_a_reason(ward: Ward, reason: str) -> None:
    ward.answers_item_9(1)

    with pytest.raises(OutcomeNotAllowed):
        ward.does(lambda session, flag, by: service.close(session, flag, by, Outcome.SPOKE, reason, NOW))

    assert ward.flag.state is FlagState.OPEN


def test_handing_over_changes_the_owner_and_not_the_clock(ward: Ward) -> None:
    ward.answers_item_9(1)
    due_at = ward.flag.due_at
    with unit_of_work(ward.sessions) as session:
        colleague = a_staff_member(session, ward.care.team, "sam@example.org", name="Sam Hollis")

    ward.does(lambda session, flag, by: service.hand_over(session, flag, by, colleague, "On leave.", NOW + HOUR))

    assert (ward.flag.owner_id, ward.flag.due_at, ward.flag.state) == (colleague.id, due_at, FlagState.OPEN)
    assert ward.flag.events[-1].kind is FlagEventKind.HANDED_OVER


ACTS: dict[str, Callable[[Session, Flag, StaffMember], None]] = {
    "seen": lambda session, flag, by: service.mark_seen(session, flag, by, NOW),
    "tried": lambda session, flag, by: service.record_attempt(
        session, flag, by, AttemptOutcome.LEFT_MESSAGE, "Rang.", NOW
    ),
    "closed": lambda session, flag, by: service.close(session, flag, by, Outcome.SPOKE, "Spoke.", NOW),
    "handed over": lambda session, flag, by: service.hand_over(session, flag, by, by, "Leave.", NOW),
}


@pytest.mark.parametrize("act", ACTS)
def test_a_closed_flag_stays_as_it_was_closed(ward: Ward, act: str) -> None:
    ward.answers_item_9(1)
    ward.closes()

    with pytest.raises(FlagClosed):
        ward.does(ACTS[act])

    assert len(ward.flag.events) == 2


@pytest.mark.parametrize("act", ACTS)
def test_somebody_who_looked_before_a_colleague_closed_it_is_told_so(ward: Ward, act: str) -> None:
    """The flag as a slow page has it is not the flag as it is."""
    ward.answers_item_9(1)
    with ward.sessions() as slow:
        flag = slow.scalars(sa.select(Flag)).one()
        by = slow.get_one(StaffMember, ward.care.clinician.id)
        slow.commit()
        ward.closes()

        with pytest.raises(FlagClosed):
            ACTS[act](slow, flag, by)


# ---- the facts behind ----


def test_contacts_count_from_the_last_return_to_low_intensity(ward: Ward) -> None:
    """Four contacts at a high step, then back: the fourth contact of low intensity is still to come."""
    ward.stands(baseline=14, last=16, second_last=12, third_last=9, best=9, worst=16)
    ward.stands("gad7", baseline=12, last=11, second_last=7, third_last=13, best=7, worst=13)
    with unit_of_work(ward.sessions) as session:
        for week, step in ((2, Step.THREE), (6, Step.TWO)):
            session.add(
                StepAssignment(
                    episode_id=ward.care.episode.id,
                    step=step,
                    from_at=NOW - 8 * WEEK + week * WEEK,
                    decided_by_id=ward.care.clinician.id,
                    pathway_version_id=shipped(USUAL_PATHWAY).version_id,
                    patient_id=ward.care.patient.id,
                )
            )
        for week in range(3):
            at = NOW - 8 * WEEK + week * DAY
            session.add(Appointment(episode_id=ward.care.episode.id, starts_at=at, attended_at=at))
    ward.look()
    assert ward.flags == []

    with unit_of_work(ward.sessions) as session:
        for days in range(4):
            at = NOW - WEEK + days * DAY
            session.add(Appointment(episode_id=ward.care.episode.id, starts_at=at, attended_at=at))
    ward.look()

    assert ward.kinds == [FlagKind.NOT_IMPROVING]


def test_somebody_elses_silence_and_scores_are_not_held_against_anyone(ward: Ward) -> None:
    with unit_of_work(ward.sessions) as session:
        other = a_patient(session, ward.care.team, ward.care.clinician, number="+447700900002")
        session.add(MeasureState(episode_id=other.episode.id, instrument="phq9", count=3, baseline=5, last=20))
        for weeks in (1, 2, 3):
            a_check_in(session, other, due_at=NOW - (weeks + 1) * WEEK, missed_at=NOW - weeks * WEEK)

    ward.look()

    assert ward.flags == []
    with ward.sessions() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(CheckIn)) == 3
        assert session.scalar(sa.select(sa.func.count()).select_from(FlagEvent)) == 0
