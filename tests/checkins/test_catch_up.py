"""After a time in which nothing went: the newest text, by day, a few at a time, and nobody is the worse for it."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.checkins import catch_up, planning
from monitor.checkins.models import CancelReason, CheckIn, CheckInKind
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.models import Flag
from monitor.messaging import outbox
from monitor.messaging.gateway import RecordingGateway
from monitor.messaging.jobs import DispatchReport, dispatch
from monitor.messaging.models import Message, MessageState, SkipReason
from monitor.messaging.texts import TextKind
from monitor.worker import close, make_courier, plan
from tests.builders import InCare, a_patient, a_staff_member, a_team

MINUTE, HOUR, DAY, WEEK = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(days=7)
THURSDAY = datetime(2026, 11, 26, 10, tzinfo=UTC)
"""When everybody here is asked: at 10 in London."""


class Clinic:
    """Patients who are all asked at the same hour, and a service that does not always run."""

    def __init__(self, sessions: Sessions, settings: Settings, patients: int = 1, **about: Any) -> None:
        self.sessions, self.now, self.gateway = sessions, THURSDAY - HOUR, RecordingGateway()
        self.courier = make_courier(settings, sessions, lambda: self.now, self.gateway)
        with unit_of_work(sessions) as session:
            team = a_team(session)
            clinician = a_staff_member(session, team)
            about = {"weekday": 3, "planned_until": self.now, "opened_at": self.now - 60 * DAY} | about
            self.care = [
                a_patient(session, team, clinician, number=f"+4477009{number:05}", **about)
                for number in range(patients)
            ]

    def at(self, moment: datetime) -> DispatchReport:
        """Let one tick pass at a moment."""
        self.now = moment
        plan(self.courier)
        texts = dispatch(self.courier)
        close(self.courier)
        return texts

    def send_at(self, moment: datetime) -> int:
        """Send what may go at a moment; return how many texts that were."""
        self.now = moment
        return dispatch(self.courier).sent

    def do(self, act: Callable[[Session, InCare], Any]) -> Any:
        with unit_of_work(self.sessions) as session:
            return act(session, self.care[0])

    def add(self, due_at: datetime, kind: CheckInKind, purpose: TextKind = TextKind.REMINDER) -> CheckIn:
        """Plan another check-in for the first patient."""

        def add(session: Session, care: InCare) -> CheckIn | None:
            return planning.add_check_in(
                session,
                care.episode,
                care.plan.instruments,
                kind,
                due_at.date(),
                due_at=due_at,
                closes_at=due_at + WEEK,
                now=self.now,
                purpose=purpose,
            )

        added: CheckIn = self.do(add)
        return added

    @property
    def check_ins(self) -> list[CheckIn]:
        with self.sessions() as session:
            return list(session.scalars(sa.select(CheckIn).order_by(CheckIn.due_at)))

    @property
    def texts(self) -> list[Message]:
        with self.sessions() as session:
            return list(session.scalars(sa.select(Message).order_by(Message.created_at, Message.due_at)))

    @property
    def flags(self) -> list[Flag]:
        with self.sessions() as session:
            return list(session.scalars(sa.select(Flag)))


@pytest.fixture
def clinic(sessions: Sessions, settings: Settings) -> Clinic:
    """One patient."""
    return Clinic(sessions, settings)


@pytest.fixture
def quick(sqlite_sessions: Sessions, settings: Settings) -> Clinic:
    """The same, for what does not depend on the database."""
    return Clinic(sqlite_sessions, settings)


# ---- the time to answer runs from when they were asked ----


def test_who_is_asked_a_day_late_has_a_day_longer(clinic: Clinic) -> None:
    clinic.at(THURSDAY - HOUR)

    clinic.at(THURSDAY + DAY)

    [check_in] = clinic.check_ins
    assert check_in.closes_at == THURSDAY + DAY + WEEK
    clinic.at(THURSDAY + WEEK + HOUR)
    assert clinic.check_ins[0].missed_at is None
    clinic.at(THURSDAY + DAY + WEEK)
    assert clinic.check_ins[0].missed_at is not None


def test_nudges_count_from_the_late_text_too(quick: Clinic) -> None:
    quick.at(THURSDAY - HOUR)

    quick.at(THURSDAY + DAY)

    nudges = {text.purpose: text.due_at for text in quick.texts if text.state is MessageState.QUEUED}
    assert nudges == {TextKind.NUDGE: THURSDAY + 2 * DAY, TextKind.LAST_NUDGE: THURSDAY + 4 * DAY}


def test_a_nudge_gives_no_more_time(quick: Clinic) -> None:
    quick.at(THURSDAY - HOUR)
    for moment in (THURSDAY, THURSDAY + DAY, THURSDAY + 3 * DAY):
        quick.at(moment)

    assert [text.purpose for text in quick.texts if text.state is MessageState.SENT] == [
        TextKind.REMINDER,
        TextKind.NUDGE,
        TextKind.LAST_NUDGE,
    ]
    assert quick.check_ins[0].closes_at == THURSDAY + WEEK


def test_a_few_minutes_move_nothing(quick: Clinic) -> None:
    quick.at(THURSDAY - HOUR)

    quick.at(THURSDAY + 40 * MINUTE)

    assert quick.check_ins[0].closes_at == THURSDAY + WEEK


@pytest.mark.parametrize(
    ("late", "longer"), [(59 * MINUTE, 0 * HOUR), (HOUR, HOUR), (30 * HOUR, 30 * HOUR), (9 * DAY, 7 * DAY)]
)
def test_it_stays_open_as_much_longer_and_never_more_than_twice_as_long(late: timedelta, longer: timedelta) -> None:
    check_in = CheckIn(due_at=THURSDAY, closes_at=THURSDAY + WEEK)

    catch_up.make_up_for(check_in, THURSDAY + late)

    assert check_in.closes_at == THURSDAY + WEEK + longer


# ---- only the newest ----


def test_of_two_that_are_late_the_newer_one_goes_and_the_older_is_never_missed(clinic: Clinic) -> None:
    """The service stood still over both days."""
    older = clinic.add(THURSDAY - 30 * HOUR, CheckInKind.BEFORE_APPOINTMENT)
    newer = clinic.add(THURSDAY - 10 * HOUR, CheckInKind.REQUESTED)

    clinic.at(THURSDAY - HOUR / 2)

    states = {text.check_in_id: (text.state, text.skip_reason) for text in clinic.texts if text.due_at <= THURSDAY}
    assert states[older.id] == (MessageState.SKIPPED, SkipReason.STALE)
    assert states[newer.id] == (MessageState.SENT, None)
    clinic.at(THURSDAY - 30 * HOUR + WEEK)
    ended = {check_in.id: check_in for check_in in clinic.check_ins}[older.id]
    assert (ended.missed_at, ended.cancel_reason) == (None, CancelReason.NOT_SENT)
    assert clinic.flags == []


def test_a_nudge_gives_way_to_the_next_check_in(quick: Clinic) -> None:
    older = quick.add(THURSDAY - 2 * DAY, CheckInKind.BEFORE_APPOINTMENT)
    quick.at(THURSDAY - 2 * DAY)
    quick.add(THURSDAY - 20 * HOUR, CheckInKind.REQUESTED)

    quick.at(THURSDAY - 50 * MINUTE)

    nudge = next(text for text in quick.texts if text.purpose is TextKind.NUDGE and text.check_in_id == older.id)
    assert nudge.skip_reason is SkipReason.STALE
    assert len(quick.gateway.sent) == 2


def test_nothing_takes_the_place_of_the_text_that_introduces_us(quick: Clinic) -> None:
    invitation = quick.add(THURSDAY - 30 * HOUR, CheckInKind.FIRST, TextKind.INVITATION)
    quick.add(THURSDAY - 10 * HOUR, CheckInKind.REQUESTED)

    quick.at(THURSDAY - HOUR / 2)

    introduction = next(text for text in quick.texts if text.check_in_id == invitation.id)
    assert quick.gateway.sent[0].reference == introduction.id


def test_a_newer_one_that_cannot_go_takes_nobodys_place(quick: Clinic) -> None:
    older = quick.add(THURSDAY - 30 * HOUR, CheckInKind.BEFORE_APPOINTMENT)
    newer = quick.add(THURSDAY - 10 * HOUR, CheckInKind.REQUESTED)
    quick.do(lambda session, _: outbox.cancel_waiting(session, check_in_id=newer.id, now=quick.now))

    quick.at(THURSDAY - HOUR / 2)

    states = {text.check_in_id: text.state for text in quick.texts if text.due_at <= THURSDAY}
    assert states[older.id] is MessageState.SENT


# ---- a few at a time ----

MANY = 3 * catch_up.HANDFUL


@pytest.fixture
def crowd(sqlite_sessions: Sessions, settings: Settings) -> Clinic:
    """Sixty patients who are asked at the same hour, and a service that stops an hour before it."""
    clinic = Clinic(sqlite_sessions, settings, MANY)
    clinic.at(THURSDAY - HOUR)
    return clinic


def sent_by_minute(clinic: Clinic, since: datetime, minutes: int) -> Counter[int]:
    """Let it run for so many minutes; return how many texts went in each."""
    return Counter({minute: clinic.send_at(since + minute * MINUTE) for minute in range(minutes)})


def test_on_time_they_all_go_at_once(crowd: Clinic) -> None:
    assert crowd.at(THURSDAY).sent == MANY


def test_late_they_go_spread_over_half_an_hour(crowd: Clinic) -> None:
    went = sent_by_minute(crowd, THURSDAY + 4 * HOUR, catch_up.SPREAD_MINUTES)

    assert went.total() == MANY == len({text.to for text in crowd.gateway.sent}), "each has one"
    busiest = max(went.values())
    assert busiest <= catch_up.HANDFUL + MANY // 4, "the last handful goes together"
    assert sum(1 for each in went.values() if each) > 8
    closing = {check_in.closes_at - check_in.due_at - WEEK for check_in in crowd.check_ins}
    assert all(4 * HOUR <= longer < 5 * HOUR for longer in closing)


def test_late_at_night_they_are_spread_over_the_morning(crowd: Clinic) -> None:
    night = THURSDAY + 17 * HOUR  # three in the morning
    assert [crowd.send_at(night + hour * HOUR) for hour in range(6)] == [0] * 6

    went = sent_by_minute(crowd, night + 6 * HOUR, catch_up.SPREAD_MINUTES)

    assert went.total() == MANY == len({text.to for text in crowd.gateway.sent})
    assert max(went.values()) <= catch_up.HANDFUL + MANY // 4


def test_put_off_by_an_outage_they_are_late_all_the_same(crowd: Clinic) -> None:
    """While nothing goes each try puts off what was due; it is how long ago it was due at first that counts."""
    with unit_of_work(crowd.sessions) as session:
        session.execute(sa.update(Message).values(due_at=THURSDAY + 4 * HOUR - MINUTE))

    assert crowd.at(THURSDAY + 4 * HOUR).sent < MANY // 2


def test_a_handful_goes_at_once(sqlite_sessions: Sessions, settings: Settings) -> None:
    few = Clinic(sqlite_sessions, settings, 5)
    few.at(THURSDAY - HOUR)

    assert few.at(THURSDAY + 4 * HOUR).sent == 5


def test_a_wait_that_would_outlast_its_use_is_none(crowd: Clinic) -> None:
    """Ten minutes before the last evening of use is over, whose minute would come tomorrow goes now."""
    ten_to_eight = THURSDAY + planning.REMINDER_IS_USEFUL - 2 * HOUR - 10 * MINUTE  # of the second day

    assert sent_by_minute(crowd, ten_to_eight, 10).total() == MANY
