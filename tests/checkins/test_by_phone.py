"""Asked by phone: the same check-ins at the same hours, without a text, and missed only once somebody has rung."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor import workflows
from monitor.care.models import Appointment, Episode
from monitor.checkins import enrolment, planning
from monitor.checkins.call_models import Call, CallOutcome
from monitor.checkins.enrolment import NewPatient
from monitor.checkins.models import CancelReason, CheckIn, CheckInKind, MonitoringPlan, Submission
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.kinds import FlagKind, Outcome
from monitor.flags.models import Flag
from monitor.flags.outreach import record_call
from monitor.flags.service import close as close_flag
from monitor.messaging.gateway import RecordingGateway
from monitor.messaging.models import Message
from monitor.messaging.texts import PROMPTS, TextKind
from monitor.people.models import Channel, Party, Patient, Purpose, StaffMember
from monitor.people.service import has_consent, preference, state_consent
from monitor.worker import close, make_courier, plan, tick
from tests.builders import NOW, a_patient, a_staff_member, a_team, token_of
from tests.checkins.desk import Desk

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
THURSDAY = 3
ABOUT_CHECK_INS = PROMPTS | {TextKind.NEW_LINK, TextKind.QUESTION}


class Rung:
    """One patient, asked each Thursday at 10 in London, and a clock."""

    def __init__(self, sessions: Sessions, settings: Settings, *, by_phone: bool = True, **about: Any) -> None:
        self.sessions, self.settings, self.now = sessions, settings, NOW
        self.gateway = RecordingGateway()
        with unit_of_work(sessions) as session:
            team = a_team(session)
            about = {"planned_until": NOW, "weekday": THURSDAY} | about
            self.care = a_patient(session, team, a_staff_member(session, team), **about)
        if by_phone:
            self.moves_to_the_phone()

    def do(self, act: Callable[[Session, Patient], Any]) -> Any:
        with unit_of_work(self.sessions) as session:
            return act(session, session.get_one(Patient, self.care.patient.id))

    def moves_to_the_phone(self) -> None:
        by = self.care.clinician.id
        self.do(lambda session, patient: enrolment.ask_by_phone(session, patient, staff_member_id=by, now=self.now))

    def courier(self) -> Any:
        return make_courier(self.settings, self.sessions, lambda: self.now, self.gateway)

    def runs(self, until: datetime | None = None, every: timedelta = DAY) -> None:
        """Let the clock tick now and until a moment."""
        tick(self.courier())
        while until is not None and self.now < until:
            self.now += every
            tick(self.courier())

    def rings(self, outcome: CallOutcome, check_in_id: UUID, **more: Any) -> None:
        by = self.care.clinician.id
        with unit_of_work(self.sessions) as session:
            episode = session.get_one(Episode, self.care.episode.id)
            record_call(session, episode, outcome, by=by, now=self.now, check_in_id=check_in_id, **more)

    @property
    def check_ins(self) -> list[CheckIn]:
        with self.sessions() as session:
            return list(session.scalars(sa.select(CheckIn).order_by(CheckIn.due_at)))

    @property
    def texts(self) -> list[Message]:
        with self.sessions() as session:
            return list(session.scalars(sa.select(Message).order_by(Message.created_at, Message.id)))

    @property
    def flags(self) -> list[Flag]:
        with self.sessions() as session:
            return list(session.scalars(sa.select(Flag).order_by(Flag.opened_at)))


@pytest.fixture
def rung(sessions: Sessions, settings: Settings) -> Rung:
    return Rung(sessions, settings)


@pytest.fixture
def here(sqlite_sessions: Sessions, settings: Settings) -> Rung:
    """For what does not depend on the database."""
    return Rung(sqlite_sessions, settings)


# ---- planned like everybody's ----


def test_check_ins_come_at_the_hour_they_chose_and_no_text_does(rung: Rung) -> None:
    rung.runs(until=NOW + 3 * WEEK)

    asked = [each for each in rung.check_ins if each.due_at <= NOW + 2 * WEEK]
    assert [each.local_date for each in asked] == [date(2026, 11, 26), date(2026, 12, 3)]
    assert {each.due_at.hour for each in asked} == {10}
    assert all(each.closes_at - each.due_at == WEEK for each in asked)
    assert rung.texts == []
    assert rung.gateway.sent == []


def test_being_rung_needs_consent_to_check_ins_and_none_to_texts(here: Rung) -> None:
    def says(granted: bool, *purposes: Purpose) -> None:
        def state(session: Session, patient: Patient) -> None:
            state_consent(session, patient, purposes, granted, said_by=Party.PATIENT, now=here.now)
            planning.replan(session, patient, here.now)

        here.do(state)

    says(False, Purpose.TEXTS)
    here.runs(until=NOW + WEEK)
    assert len(here.check_ins) == 2

    says(False, Purpose.CHECK_INS)
    before = len(here.check_ins)
    here.runs(until=NOW + 5 * WEEK)
    assert len(here.check_ins) == before


def test_somebody_added_without_texts_is_rung_from_the_first_week_on(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    with unit_of_work(sqlite_sessions) as session:
        team = a_team(session)
        by = a_staff_member(session, team)
        new = NewPatient(
            preferred_name="Noor",
            number="+447700900001",
            number_is_shared=False,
            record_number=None,
            birth_year=None,
            language="en",
            region="GB",
            time_zone="Europe/London",
            access_needs=None,
            care_team_id=team.id,
            accountable_id=by.id,
            pathway="common_mental_health",
            instruments=("phq9", "gad7"),
            every_weeks=1,
            before_appointments=True,
            weekday=THURSDAY,
            at=time(10),
            agrees_to_texts=False,
            consented_on=NOW.date(),
        )
        patient = enrolment.enrol_patient(session, new, by.id, NOW)
        assert not has_consent(session, patient.id, Purpose.TEXTS)
    now = NOW + WEEK

    plan(make_courier(settings, sqlite_sessions, lambda: now))

    with sqlite_sessions() as session:
        assert [each.local_date for each in session.scalars(sa.select(CheckIn))] == [date(2026, 12, 3)]
        assert session.scalars(sa.select(Message)).all() == []


def test_the_check_in_before_an_appointment_is_asked_by_phone_too(here: Rung) -> None:
    starts_at = NOW + 12 * DAY

    def agree(session: Session, patient: Patient) -> None:
        episode = planning.open_episode(session, patient.id)
        assert episode is not None
        appointment = Appointment(episode_id=episode.id, starts_at=starts_at)
        session.add(appointment)
        session.flush()
        planning.plan_for_appointment(session, episode, appointment, here.now)

    here.do(agree)

    assert [each.kind for each in here.check_ins] == [CheckInKind.BEFORE_APPOINTMENT]
    assert here.texts == []


def test_a_pause_plans_nothing_and_afterwards_they_are_rung_again(here: Rung) -> None:
    by = here.care.clinician.id
    until = date(2026, 12, 8)
    here.do(lambda session, patient: enrolment.pause(session, patient, until, staff_member_id=by, now=here.now))
    here.runs(until=NOW + 3 * WEEK)

    assert min(each.local_date for each in here.check_ins) == date(2026, 12, 10)


def test_a_change_of_plan_leaves_alone_what_is_due_to_be_rung_about(here: Rung) -> None:
    here.runs()
    here.now = NOW + 3 * DAY
    here.do(lambda session, patient: planning.replan(session, patient, here.now))

    [due] = here.check_ins
    assert due.due_at < here.now
    assert due.cancelled_at is None


# ---- moving to the phone and back ----


def test_whoever_stopped_texts_and_agrees_to_be_rung_is_rung(rung: Rung) -> None:
    here = rung
    here.do(lambda session, patient: workflows.opt_in(session, patient, said_by=Party.PATIENT, now=here.now))
    here.do(lambda session, patient: workflows.opt_out(session, patient, said_by=Party.PATIENT, now=here.now))
    [flag] = here.flags
    assert flag.kind is FlagKind.OPTED_OUT

    with unit_of_work(here.sessions) as session:
        member = session.get_one(StaffMember, here.care.clinician.id)
        open_flag = session.get_one(Flag, flag.id)
        close_flag(session, open_flag, member, Outcome.OTHER_CHANNEL_AGREED, "We ring on Thursdays.", here.now)
    here.runs(until=NOW + WEEK)

    with here.sessions() as session:
        wishes = preference(session, here.care.patient.id)
        assert wishes is not None
        assert (wishes.channel, wishes.weekday, wishes.set_by) == (Channel.PHONE, THURSDAY, Party.STAFF)
    assert [each.local_date for each in here.check_ins] == [date(2026, 11, 26), date(2026, 12, 3)]
    assert here.texts == []


def test_a_text_that_waited_does_not_go_once_they_are_rung(sqlite_sessions: Sessions, settings: Settings) -> None:
    texted = Rung(sqlite_sessions, settings, by_phone=False)
    texted.runs()
    assert [each.purpose for each in texted.texts] == [TextKind.REMINDER]

    texted.moves_to_the_phone()
    texted.runs(until=NOW + WEEK, every=HOUR * 12)

    assert texted.gateway.sent == []
    assert [each.purpose for each in texted.texts] == [TextKind.REMINDER]


def test_no_new_link_goes_to_somebody_who_is_rung(here: Rung) -> None:
    here.runs()
    [check_in] = here.check_ins
    here.now = check_in.due_at + HOUR

    with unit_of_work(here.sessions) as session:
        episode = session.get_one(Episode, here.care.episode.id)
        assert not enrolment.send_link(session, episode, here.care.clinician.id, here.now)
        workflows.request_link(session, token_of(check_in), here.now)

    assert here.texts == []


ACTS = ("phone", "texts", "stop", "link", "old link", "later")


@pytest.mark.parametrize("seed", range(8))
def test_whoever_is_rung_never_gets_a_text_about_a_check_in(
    sqlite_sessions: Sessions, settings: Settings, seed: int
) -> None:
    draw = Random(seed)  # noqa: S311  # a run that can be had again
    there = Rung(sqlite_sessions, settings, by_phone=False)
    there.do(
        lambda session, patient: enrolment.ask_by_text(
            session, patient, draw.random() < 0.5, staff_member_id=there.care.clinician.id, now=NOW
        )
    )
    rung, texted = 0, 0
    for act in ["later", "later", "phone", *draw.choices(ACTS, weights=(3, 2, 1, 2, 2, 4), k=16)]:
        before = sent_about_check_ins(there)
        _do(there, act)
        new, is_texted = sent_about_check_ins(there) - before, channel_of(there) is Channel.TEXT
        rung, texted = rung + (not is_texted), texted + new
        assert is_texted or not new

    assert rung, "some of the time they were rung"
    assert texted, "and before that texts went"


def _do(there: Rung, act: str) -> None:
    tokens = [token_of(each) for each in there.check_ins]

    def step(session: Session, patient: Patient) -> None:
        match act:
            case "phone":
                enrolment.ask_by_phone(session, patient, staff_member_id=there.care.clinician.id, now=there.now)
            case "texts":
                workflows.opt_in(session, patient, said_by=Party.PATIENT, now=there.now)
            case "stop":
                workflows.opt_out(session, patient, said_by=Party.PATIENT, now=there.now)
            case "link":
                episode = session.get_one(Episode, there.care.episode.id)
                enrolment.send_link(session, episode, there.care.clinician.id, there.now)
            case "old link" if tokens:
                workflows.request_link(session, tokens[-1], there.now)

    there.do(step)
    if act == "later":
        there.now += 25 * HOUR
    tick(there.courier())


def sent_about_check_ins(there: Rung) -> int:
    return sum(each.purpose in ABOUT_CHECK_INS and each.intent_at is not None for each in there.texts)


def channel_of(there: Rung) -> Channel:
    with there.sessions() as session:
        wishes = preference(session, there.care.patient.id)
        assert wishes is not None
        return wishes.channel


# ---- how it ends ----


@pytest.mark.parametrize(
    ("outcome", "more", "was_asked"),
    [
        (CallOutcome.COULD_NOT_REACH, {}, True),
        (CallOutcome.REACHED, {"words": "Not today."}, True),
        (CallOutcome.AGREED_TO_CHECK_IN, {}, True),
        (CallOutcome.WRONG_NUMBER, {}, False),
        (CallOutcome.CALL_LATER, {"call_at": NOW + 4 * DAY}, False),
        (None, {}, False),
    ],
)
def test_it_is_missed_only_if_somebody_rang_and_could_have_been_answered(
    rung: Rung, outcome: CallOutcome | None, more: dict[str, Any], was_asked: bool
) -> None:
    rung.runs()
    [check_in] = rung.check_ins
    rung.now = check_in.due_at + HOUR
    if outcome is not None:
        rung.rings(outcome, check_in.id, **more)

    rung.now = check_in.closes_at
    close(rung.courier())

    ended = rung.check_ins[0]
    assert (ended.missed_at is not None) is was_asked
    assert ended.cancel_reason == (None if was_asked else CancelReason.NOT_SENT)


def test_a_call_about_another_check_in_makes_none_missed(here: Rung) -> None:
    here.runs(until=NOW + 8 * DAY)
    first, second = here.check_ins[:2]
    here.now = first.due_at + HOUR
    here.rings(CallOutcome.COULD_NOT_REACH, second.id)  # not open yet, so the call is about none

    here.now = first.closes_at
    close(here.courier())

    assert here.check_ins[0].cancel_reason is CancelReason.NOT_SENT
    with here.sessions() as session:
        assert [call.check_in_id for call in session.scalars(sa.select(Call))] == [None]


def test_two_missed_calls_in_a_row_are_silence_like_two_missed_texts(here: Rung) -> None:
    for _ in range(2):
        here.runs(until=here.now + 2 * DAY)
        waiting = next(each for each in here.check_ins if each.missed_at is None)
        here.now = waiting.due_at + HOUR
        here.rings(CallOutcome.COULD_NOT_REACH, waiting.id)
        here.now = waiting.closes_at
        tick(here.courier())

    assert [flag.kind for flag in here.flags] == [FlagKind.MISSED_CHECK_INS]


def test_check_ins_that_nobody_rang_about_raise_nothing_and_end_nothing(here: Rung) -> None:
    here.runs(until=NOW + 6 * WEEK)

    closed = [each for each in here.check_ins if each.closes_at <= here.now]
    assert len(closed) >= 4
    assert {each.cancel_reason for each in closed} == {CancelReason.NOT_SENT}
    assert here.flags == []
    with here.sessions() as session:
        assert session.scalars(sa.select(MonitoringPlan.until_at)).all() == [None]


def test_answers_on_the_phone_complete_the_check_in_that_was_due(sqlite_sessions: Sessions, settings: Settings) -> None:
    desk = Desk(sqlite_sessions, settings)
    with unit_of_work(sqlite_sessions) as session:
        patient = session.get_one(Patient, desk.noor.patient.id)
        enrolment.ask_by_phone(session, patient, staff_member_id=desk.maren.id, now=NOW)
    due = desk.check_in(due_at=NOW - HOUR)

    sent = desk.maren_s.post(
        f"/patients/{desk.noor.patient.id}/calls", outcome="agreed_to_check_in", check_in=str(due.id)
    )
    assert sent.location == desk.path
    assert desk.send(desk.fill_in("interpreter")).status_code == 303

    [submission] = desk.all(Submission)
    assert (submission.check_in_id, submission.mode) == (due.id, "interpreter")
    assert "Nobody to call now." in desk.maren_s.text("/calls")


def test_staff_move_a_patient_to_the_phone_from_the_record(sqlite_sessions: Sessions, settings: Settings) -> None:
    desk = Desk(sqlite_sessions, settings)
    record = f"/patients/{desk.noor.patient.id}"
    assert "Ring instead of texting" in desk.maren_s.text(record)

    desk.maren_s.post(f"{record}/by-text", by_phone="yes")

    said = desk.maren_s.text(record)
    assert "The next questions are asked by phone" in said
    assert "Called, not texted" in said
    assert "Check-ins by phone" in said
    assert "Start texts" in said
    desk.maren_s.post(f"{record}/opt-in")
    assert "Ring instead of texting" in desk.maren_s.text(record)
