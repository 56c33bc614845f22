"""Whom to ring, and what a call does: silence is called about until somebody is reached, and never ends care."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from monitor.care.models import Appointment, CloseReason, Episode
from monitor.checkins.call_models import CallOutcome
from monitor.checkins.models import CheckIn, MonitoringPlan
from monitor.db import Sessions, unit_of_work
from monitor.flags import outreach
from monitor.flags.call_list import Why
from monitor.flags.kinds import AttemptOutcome, FlagKind, Outcome
from monitor.flags.models import Flag, FlagEvent, FlagEventKind
from monitor.flags.outreach_rules import Stage
from monitor.flags.taking import EvidenceSince, record_attempt, snooze
from monitor.messaging.models import Message
from monitor.messaging.texts import TextKind
from monitor.people.models import Channel, StaffMember
from monitor.people.needs import Needs, state_needs
from monitor.people.needs_models import TimeOfDay
from monitor.people.service import change_preference, preference
from tests.builders import NOW, a_check_in
from tests.flags.calls import DAY, HOUR, QUIET, SIGN, WEEK, Ringing

SILENCE = (FlagKind.MISSED_CHECK_INS, FlagKind.UNREACHABLE)


@pytest.fixture
def ringing(sessions: Sessions) -> Ringing:
    return Ringing(sessions)


@pytest.fixture
def here(sqlite_sessions: Sessions) -> Ringing:
    """For what does not depend on the database."""
    return Ringing(sqlite_sessions)


# ---- whom to ring ----


@pytest.mark.parametrize(
    ("kind", "why", "stage"),
    [
        (FlagKind.MISSED_CHECK_INS, Why.MISSED_CHECK_INS, Stage.FIRST),
        (FlagKind.UNREACHABLE, Why.UNREACHABLE, Stage.FIRST),
        (FlagKind.CALL_REQUESTED, Why.CALL_REQUESTED, Stage.PROMISED),
        (FlagKind.RE_ENTRY, Why.RE_ENTRY, Stage.PROMISED),
    ],
)
def test_a_flag_of_silence_or_a_promise_is_rung_about_by_its_clock(
    here: Ringing, kind: FlagKind, why: Why, stage: Stage
) -> None:
    here.flag(here.patient(), kind, due_at=NOW + 2 * DAY)

    found = here.entry()

    assert list(found.reasons) == [why]
    assert found.next is not None
    assert (found.next.at, found.next.stage) == (NOW + 2 * DAY, stage)


@pytest.mark.parametrize(
    "kind",
    sorted(set(FlagKind) - {*SILENCE, FlagKind.CALL_REQUESTED, FlagKind.RE_ENTRY}),
)
def test_no_other_flag_asks_for_a_call(here: Ringing, kind: FlagKind) -> None:
    here.flag(here.patient(), kind)

    assert here.to_ring() == []


def test_who_has_gone_quiet_after_stepping_down_is_rung_and_who_noticed_a_sign_is_on_the_worklist(
    ringing: Ringing,
) -> None:
    quiet, noticed = ringing.patient("Noor"), ringing.patient("Mateo")
    ringing.find(quiet, QUIET)
    ringing.find(noticed, SIGN)

    assert [list(each.reasons) for each in ringing.to_ring()] == [[Why.QUIET_AFTER_STEP_DOWN]]
    assert ringing.entry().episode.id == quiet.episode.id


def test_a_missed_appointment_is_rung_about_the_next_working_day_until_there_is_contact(ringing: Ringing) -> None:
    care = ringing.patient()
    ringing.misses_appointment(care, NOW - 2 * HOUR)

    found = ringing.entry()
    assert list(found.reasons) == [Why.MISSED_APPOINTMENT]
    assert found.next is not None
    assert found.next.at == NOW + timedelta(days=1, hours=7), "Wednesday at 17, when the service closes"

    ringing.rings(care, CallOutcome.COULD_NOT_REACH)
    assert len(ringing.to_ring()) == 1
    ringing.rings(care, CallOutcome.REACHED, NOW + HOUR)
    assert ringing.to_ring(NOW + HOUR) == []


def test_an_appointment_that_they_came_to_since_is_contact(here: Ringing) -> None:
    care = here.patient()
    here.misses_appointment(care, NOW - 7 * DAY)
    with unit_of_work(here.sessions) as session:
        session.add(Appointment(episode_id=care.episode.id, starts_at=NOW - DAY, attended_at=NOW - DAY))

    assert here.to_ring() == []


def test_promised_calls_come_first_and_then_the_nearest(here: Ringing) -> None:
    here.flag(here.patient("Late"), FlagKind.MISSED_CHECK_INS, due_at=NOW + 3 * DAY)
    here.flag(here.patient("Soon"), FlagKind.UNREACHABLE, due_at=NOW + HOUR)
    here.flag(here.patient("Promised"), FlagKind.CALL_REQUESTED, due_at=NOW + 5 * DAY)

    assert [each.episode.patient.preferred_name for each in here.to_ring()] == ["Promised", "Soon", "Late"]


def test_what_is_set_aside_is_not_rung_about_until_it_is_back(here: Ringing) -> None:
    flag_id = here.flag(here.patient(), FlagKind.MISSED_CHECK_INS)
    with unit_of_work(here.sessions) as session:
        member = session.get_one(StaffMember, here.maren.id)
        snooze(session, session.get_one(Flag, flag_id), member, NOW + 3 * DAY, "Away with family.", NOW)

    assert here.to_ring() == []
    assert len(here.to_ring(NOW + 3 * DAY)) == 1


def test_nobody_of_another_team_and_nobody_whose_care_has_ended_is_on_the_list(here: Ringing) -> None:
    here.flag(here.patient(here=False), FlagKind.MISSED_CHECK_INS)
    ended = here.patient()
    here.flag(ended, FlagKind.MISSED_CHECK_INS)
    with unit_of_work(here.sessions) as session:
        episode = session.get_one(Episode, ended.episode.id)
        episode.closed_at, episode.close_reason = NOW, CloseReason.MOVED
        episode.accountable_id = episode.next_review_at = None

    assert here.to_ring() == []
    assert len(here.to_ring(who=here.sven)) == 1


def test_the_list_takes_as_many_statements_for_twelve_as_for_three(ringing: Ringing) -> None:
    def counted() -> int:
        said: list[str] = []
        engine = ringing.sessions.kw["bind"]

        def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
            said.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        ringing.to_ring()
        event.remove(engine, "before_cursor_execute", note)
        return len([each for each in said if each.lstrip().upper().startswith("SELECT")])

    def some(many: int) -> None:
        for _ in range(many):
            care = ringing.patient(by=Channel.PHONE)
            ringing.flag(care, FlagKind.MISSED_CHECK_INS)
            ringing.rings(care, CallOutcome.COULD_NOT_REACH)
            with unit_of_work(ringing.sessions) as session:
                a_check_in(session, care, due_at=NOW - HOUR)

    some(3)
    few = counted()
    some(9)

    assert counted() == few
    assert len(ringing.to_ring()) == 12


# ---- what a call does ----


def test_being_reached_closes_silence_with_what_was_said(ringing: Ringing) -> None:
    care = ringing.patient()
    for kind in (*SILENCE, FlagKind.CALL_REQUESTED, FlagKind.RE_ENTRY, FlagKind.DETERIORATING):
        ringing.flag(care, kind)

    done = ringing.rings(care, CallOutcome.REACHED, words="She had a new phone.")

    flags = ringing.flags(care)
    assert {flag.outcome for kind, flag in flags.items() if kind in (*SILENCE, FlagKind.CALL_REQUESTED)} == {
        Outcome.SPOKE
    }
    assert flags[FlagKind.RE_ENTRY].outcome is Outcome.FIRST_CONTACT_HELD
    assert flags[FlagKind.DETERIORATING].closed_at is None, "a talk alone settles no score"
    assert flags[FlagKind.UNREACHABLE].closed_by_id == ringing.cora.id
    assert set(done.closed) == {*SILENCE, FlagKind.CALL_REQUESTED, FlagKind.RE_ENTRY}
    assert ringing.to_ring() == []


def test_a_call_that_closes_something_says_what_was_talked_about(here: Ringing) -> None:
    care = here.patient()
    here.flag(care, FlagKind.MISSED_CHECK_INS)

    with pytest.raises(outreach.WordsOwed):
        here.rings(care, CallOutcome.REACHED, words="  ")

    assert here.calls(care) == []
    assert here.flags(care)[FlagKind.MISSED_CHECK_INS].closed_at is None


def test_silence_after_stepping_down_is_settled_by_a_talk_and_a_sign_that_was_noticed_is_not(here: Ringing) -> None:
    quiet, both = here.patient("Noor"), here.patient("Mateo")
    here.find(quiet, QUIET)
    here.find(both, QUIET, SIGN)

    here.rings(quiet, CallOutcome.REACHED, words="Was on holiday.")
    here.rings(both, CallOutcome.REACHED, words="Sleeps badly.")

    assert here.flags(quiet)[FlagKind.RELAPSE_SIGNAL].outcome is Outcome.SPOKE
    assert here.flags(both)[FlagKind.RELAPSE_SIGNAL].closed_at is None
    assert here.to_ring() == [], "they are not silent any more; the flag stays on the worklist"


@pytest.mark.parametrize(
    ("outcome", "written", "more"),
    [
        (CallOutcome.COULD_NOT_REACH, AttemptOutcome.TRIED_NO_ANSWER, {}),
        (CallOutcome.WRONG_NUMBER, AttemptOutcome.WRONG_NUMBER, {}),
        (CallOutcome.CALL_LATER, AttemptOutcome.ASKED_TO_RING_LATER, {"call_at": NOW + DAY}),
        (CallOutcome.AGREED_TO_CHECK_IN, AttemptOutcome.SPOKE_NOT_SETTLED, {}),
    ],
)
def test_any_other_outcome_is_written_on_the_flag_which_stays_open(
    ringing: Ringing, outcome: CallOutcome, written: AttemptOutcome, more: dict[str, object]
) -> None:
    care = ringing.patient()
    flag_id = ringing.flag(care, FlagKind.MISSED_CHECK_INS)

    ringing.rings(care, outcome, words="Noise on the line.", **more)

    with ringing.sessions() as session:
        flag = session.get_one(Flag, flag_id)
        tried = [each for each in flag.events if each.kind is FlagEventKind.ATTEMPT]
        assert [(each.outcome, each.words) for each in tried] == [(written, "Noise on the line.")]
        assert flag.closed_at is None
    [call] = ringing.calls(care)
    assert (call.outcome, call.staff_member_id) == (outcome, ringing.cora.id)


def test_whoever_asks_to_be_rung_later_stands_there_with_their_time(here: Ringing) -> None:
    care = here.patient()
    here.flag(care, FlagKind.MISSED_CHECK_INS)
    here.rings(care, CallOutcome.CALL_LATER, call_at=NOW + 5 * HOUR)

    found = here.entry().next

    assert found is not None
    assert (found.at, found.stage) == (NOW + 5 * HOUR, Stage.PROMISED)


@pytest.mark.parametrize("call_at", [None, NOW, NOW - HOUR])
def test_a_call_for_later_has_a_time_ahead(here: Ringing, call_at: object) -> None:
    with pytest.raises(outreach.WhenOwed):
        here.rings(here.patient(), CallOutcome.CALL_LATER, call_at=call_at)


def test_only_a_call_for_later_has_a_time(here: Ringing) -> None:
    with pytest.raises(outreach.WhenOwed):
        here.rings(here.patient(), CallOutcome.COULD_NOT_REACH, call_at=NOW + DAY)


def test_whoever_agrees_to_check_in_gets_a_new_link(here: Ringing) -> None:
    care = here.patient()
    here.flag(care, FlagKind.MISSED_CHECK_INS)
    with unit_of_work(here.sessions) as session:
        a_check_in(session, care, due_at=NOW - 8 * DAY, missed_at=NOW - DAY)

    done = here.rings(care, CallOutcome.AGREED_TO_CHECK_IN)

    assert done.sent_link
    assert not done.answers_now
    with here.sessions() as session:
        assert [each.purpose for each in session.scalars(sa.select(Message))] == [TextKind.NEW_LINK]


@pytest.mark.parametrize("by", ["phone", "no consent"])
def test_whoever_gets_no_texts_is_asked_at_once_when_they_agree(here: Ringing, by: str) -> None:
    values = {"by": Channel.PHONE} if by == "phone" else {"consent": False}
    care = here.patient(**values)

    done = here.rings(care, CallOutcome.AGREED_TO_CHECK_IN)

    assert done.answers_now
    with here.sessions() as session:
        assert session.scalars(sa.select(Message)).all() == []


def test_the_second_of_two_who_ring_at_once_learns_of_the_first(ringing: Ringing) -> None:
    care = ringing.patient()
    ringing.flag(care, FlagKind.MISSED_CHECK_INS)
    opened = NOW - timedelta(minutes=5)
    ringing.rings(care, CallOutcome.COULD_NOT_REACH, NOW - timedelta(minutes=1), by=ringing.maren, read_to=opened)

    with pytest.raises(outreach.CalledMeanwhile) as refused:
        ringing.rings(care, CallOutcome.COULD_NOT_REACH, read_to=opened)

    assert (refused.value.who, refused.value.outcome) == ("Maren Okafor", CallOutcome.COULD_NOT_REACH)
    assert len(ringing.calls(care)) == 1
    ringing.rings(care, CallOutcome.COULD_NOT_REACH, read_to=NOW)
    assert len(ringing.calls(care)) == 2


def test_what_came_in_while_the_page_was_open_is_read_before_a_flag_is_closed(here: Ringing) -> None:
    care = here.patient()
    here.find(care, QUIET)
    opened = NOW + HOUR
    here.find(care, SIGN, at=NOW + 2 * HOUR)
    here.rings(care, CallOutcome.REACHED, NOW + 3 * HOUR, words="We spoke.", read_to=opened)
    assert here.flags(care)[FlagKind.RELAPSE_SIGNAL].closed_at is None

    missed = here.patient("Mateo")
    flag_id = here.flag(missed, FlagKind.MISSED_CHECK_INS)
    with unit_of_work(here.sessions) as session:
        event_ = FlagEvent(flag_id=flag_id, at=NOW + HOUR, kind=FlagEventKind.EVIDENCE, rule="M2", evidence=[])
        event_.patient_id = missed.patient.id
        session.add(event_)
    with pytest.raises(EvidenceSince):
        here.rings(missed, CallOutcome.REACHED, NOW + 2 * HOUR, words="We spoke.", read_to=NOW)
    assert here.calls(missed) == []


def test_nobody_is_rung_for_care_that_has_ended(here: Ringing) -> None:
    care = here.patient()
    with unit_of_work(here.sessions) as session:
        episode = session.get_one(Episode, care.episode.id)
        episode.closed_at, episode.close_reason = NOW, CloseReason.MOVED
        episode.accountable_id = episode.next_review_at = None

    with pytest.raises(outreach.CareHasEnded):
        here.rings(care, CallOutcome.COULD_NOT_REACH)


# ---- the round of calls ----


def test_what_was_tried_from_the_page_of_the_flag_counts_and_no_call_counts_twice(here: Ringing) -> None:
    care = here.patient()
    flag_id = here.flag(care, FlagKind.MISSED_CHECK_INS, opened_at=NOW - 3 * DAY)
    with unit_of_work(here.sessions) as session:
        flag, member = session.get_one(Flag, flag_id), session.get_one(StaffMember, here.maren.id)
        record_attempt(session, flag, member, AttemptOutcome.LEFT_MESSAGE, "", NOW - 2 * DAY)
    here.rings(care, CallOutcome.COULD_NOT_REACH, NOW - DAY)

    found = here.entry()

    assert [each.outcome for each in found.made] == [AttemptOutcome.LEFT_MESSAGE, CallOutcome.COULD_NOT_REACH]
    assert [each.by.name for each in found.made if each.by] == ["Maren Okafor", "Cora Bell"]
    assert found.next is not None
    assert (found.next.stage, found.next.in_vain) == (Stage.AGAIN, 2)


def test_after_the_third_call_in_vain_it_is_decided_with_the_accountable_person_and_nothing_ends(
    ringing: Ringing,
) -> None:
    care = ringing.patient()
    ringing.flag(care, FlagKind.MISSED_CHECK_INS, opened_at=NOW - DAY)
    for day in range(3):
        ringing.rings(care, CallOutcome.COULD_NOT_REACH, NOW + day * DAY)

    found = ringing.entry(NOW + 3 * DAY)

    assert found.next is not None
    assert found.next.stage is Stage.DECIDE
    assert found.episode.accountable is not None
    assert found.episode.accountable.name == "Maren Okafor"
    ringing.rings(care, CallOutcome.COULD_NOT_REACH, NOW + 3 * DAY)
    assert len(ringing.to_ring(NOW + 3 * DAY)) == 1


def test_what_suits_the_patient_is_known_to_whoever_rings(here: Ringing) -> None:
    care = here.patient(language="ar")
    here.flag(care, FlagKind.MISSED_CHECK_INS, opened_at=NOW - DAY)
    needs = Needs(TimeOfDay.AFTERNOON, interpreter=True, words="Ask for Noor, not for Mrs.")
    here.do(care, lambda session, patient: state_needs(session, patient, needs, by=here.maren.id, now=NOW))
    here.rings(care, CallOutcome.COULD_NOT_REACH)

    found = here.entry()

    assert found.needs.interpreter
    assert found.next is not None
    assert found.next.at == NOW + timedelta(days=1, hours=5), "at three in the afternoon"


OUTCOMES = st.sampled_from(list(CallOutcome))


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(outcomes=st.lists(st.tuples(OUTCOMES, st.integers(1, 72)), min_size=1, max_size=12), by=st.sampled_from(Channel))
def test_no_row_of_calls_ends_care_and_silence_closes_only_when_somebody_was_reached(
    here: Ringing, outcomes: list[tuple[CallOutcome, int]], by: Channel
) -> None:
    care, now = here.patient(by=by), NOW
    for kind in SILENCE:
        here.flag(care, kind)
    reached = False
    for outcome, hours in outcomes:
        now += timedelta(hours=hours)
        more = {"call_at": now + DAY} if outcome is CallOutcome.CALL_LATER else {}
        here.rings(care, outcome, now, words="Words.", **more)
        reached = reached or outcome is CallOutcome.REACHED

        flags = here.flags(care)
        assert all((flags[kind].closed_at is not None) == reached for kind in SILENCE)
        assert reached or care.episode.id in [each.episode.id for each in here.to_ring(now)]
        with here.sessions() as session:
            assert session.get_one(Episode, care.episode.id).closed_at is None
            assert session.get_one(MonitoringPlan, care.plan.id).until_at is None


# ---- those who are asked by phone ----


def test_a_check_in_by_phone_stands_there_while_it_is_open(ringing: Ringing) -> None:
    care = ringing.patient(by=Channel.PHONE)
    with unit_of_work(ringing.sessions) as session:
        check_in = a_check_in(session, care, due_at=NOW)

    found = ringing.entry()
    assert list(found.reasons) == [Why.CHECK_IN_BY_PHONE]
    assert found.check_in is not None
    assert found.check_in.id == check_in.id
    assert found.next is not None
    assert found.next.at == NOW
    assert ringing.to_ring(NOW - timedelta(seconds=1)) == []
    assert ringing.to_ring(NOW + WEEK) == []


def test_somebody_who_is_texted_is_not_rung_about_an_open_check_in(here: Ringing) -> None:
    care = here.patient()
    with unit_of_work(here.sessions) as session:
        a_check_in(session, care, due_at=NOW)

    assert here.to_ring() == []


def test_nobody_is_rung_for_answers_during_a_pause(here: Ringing) -> None:
    care = here.patient(by=Channel.PHONE)
    with unit_of_work(here.sessions) as session:
        a_check_in(session, care, due_at=NOW - HOUR)
        before = preference(session, care.patient.id)
        assert before is not None
        until = (NOW + WEEK).date()
        change_preference(session, care.patient, before, set_by=before.set_by, now=NOW, paused_until_on=until)

    assert here.to_ring() == []


def test_the_call_names_the_check_in_that_it_was_about_and_only_one_of_their_own(here: Ringing) -> None:
    care, other = here.patient(by=Channel.PHONE), here.patient("Mateo", by=Channel.PHONE)
    with unit_of_work(here.sessions) as session:
        own, theirs = a_check_in(session, care).id, a_check_in(session, other).id

    here.rings(care, CallOutcome.COULD_NOT_REACH, check_in_id=own)
    here.rings(care, CallOutcome.COULD_NOT_REACH, NOW + HOUR, check_in_id=theirs)

    assert [call.check_in_id for call in here.calls(care)] == [own, None]
    with here.sessions() as session:
        assert session.get_one(CheckIn, theirs).completed_at is None
