"""Check-ins exist as rows before they are due, at the hour on the patient's wall, and each with its text."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor import workflows
from monitor.care.models import Appointment
from monitor.checkins import planning
from monitor.checkins.models import CancelReason, CheckIn, CheckInKind, MonitoringPlan
from monitor.db import Sessions, unit_of_work
from monitor.messaging.gateway import RecordingGateway
from monitor.messaging.jobs import dispatch
from monitor.messaging.models import Message, MessageState
from monitor.messaging.texts import TextKind
from monitor.people.models import Channel, Party, Patient
from monitor.people.service import prefer
from monitor.worker import make_courier, plan
from tests.builders import NOW, InCare, a_check_in, a_patient, a_staff_member, a_team

MONDAY, TUESDAY, THURSDAY = 0, 1, 3
DAY, WEEK = timedelta(days=1), timedelta(days=7)


class Clinic:
    """One patient whose check-ins are to be planned, and a clock."""

    def __init__(self, sessions: Sessions, settings: object, **about: Any) -> None:
        self.sessions, self.settings, self.now = sessions, settings, about.pop("now", NOW)
        self.gateway = RecordingGateway()
        with unit_of_work(sessions) as session:
            team = a_team(session)
            about = {"planned_until": self.now, "weekday": THURSDAY, "opened_at": self.now - 60 * DAY} | about
            care = a_patient(session, team, a_staff_member(session, team), **about)
            self.patient_id, self.episode_id = care.patient.id, care.episode.id

    def plan(self, until: datetime | None = None, every: timedelta = DAY) -> int:
        """Let the clock tick once now, and until a moment once a day."""
        courier = make_courier(self.settings, self.sessions, lambda: self.now)  # type: ignore[arg-type]
        planned = plan(courier)
        while until is not None and self.now < until:
            self.now += every
            planned += plan(courier)
        return planned

    def do(self, act: Callable[[Session, Patient], Any]) -> Any:
        with unit_of_work(self.sessions) as session:
            return act(session, session.get_one(Patient, self.patient_id))

    def wish(self, *, at: time = time(10), weekday: int = THURSDAY, **wishes: Any) -> None:
        """Let the patient change how they are asked, as their settings page does."""

        def change(session: Session, patient: Patient) -> None:
            wanted = {"channel": Channel.TEXT} | wishes
            prefer(session, patient, weekday=weekday, at=at, set_by=Party.PATIENT, now=self.now, **wanted)
            planning.replan(session, patient, self.now)

        self.do(change)

    def appoint(self, starts_at: datetime) -> UUID | None:
        """Agree an appointment; return the check-in that prepares it."""

        def agree(session: Session, patient: Patient) -> UUID | None:
            episode = planning.open_episode(session, patient.id)
            assert episode is not None
            appointment = Appointment(episode_id=episode.id, starts_at=starts_at)
            session.add(appointment)
            session.flush()
            check_in = planning.plan_for_appointment(session, episode, appointment, self.now)
            return check_in.id if check_in else None

        found: UUID | None = self.do(agree)
        return found

    def ask(self) -> None:
        """Let the reminders that are due go out."""
        with unit_of_work(self.sessions) as session:
            session.execute(
                sa.update(Message)
                .where(Message.due_at <= self.now, Message.state == MessageState.QUEUED)
                .values(state=MessageState.SENT, intent_at=self.now, sent_at=self.now)
            )

    @property
    def check_ins(self) -> list[CheckIn]:
        """All of them, by when they are due."""
        with self.sessions() as session:
            return list(session.scalars(sa.select(CheckIn).order_by(CheckIn.due_at, CheckIn.sequence)))

    @property
    def waiting(self) -> list[CheckIn]:
        """Those that have not ended."""
        return [each for each in self.check_ins if each.cancelled_at is None]

    @property
    def texts(self) -> list[Message]:
        with self.sessions() as session:
            return list(session.scalars(sa.select(Message).order_by(Message.due_at)))


@pytest.fixture
def clinic(sessions: Sessions, settings: object) -> Clinic:
    """A patient in London, asked each Thursday at 10."""
    return Clinic(sessions, settings)


@pytest.mark.parametrize(
    ("zone", "region"), [("Europe/London", "GB"), ("America/New_York", "US"), ("Australia/Lord_Howe", "AU")]
)
def test_a_year_of_weekly_check_ins_keeps_the_hour_on_the_wall(
    sqlite_sessions: Sessions, settings: object, zone: str, region: str
) -> None:
    start = datetime(2026, 1, 5, 12, tzinfo=UTC)
    clinic = Clinic(sqlite_sessions, settings, zone=zone, region=region, now=start, at=time(9, 30))

    clinic.plan(until=start + 52 * WEEK, every=2 * DAY)

    local = [check_in.due_at.astimezone(ZoneInfo(zone)) for check_in in clinic.check_ins]
    year = [moment for moment in local if moment < (start + 52 * WEEK).astimezone(ZoneInfo(zone))]
    assert len(year) == 52
    assert {(moment.weekday(), moment.time()) for moment in local} == {(THURSDAY, time(9, 30))}
    assert {moment.utcoffset() for moment in year} == {
        moment.utcoffset() for moment in (datetime(2026, month, 1, tzinfo=ZoneInfo(zone)) for month in (1, 7))
    }, "both clock changes lie in this year"
    assert [moment.date() for moment in local] == [local[0].date() + n * WEEK for n in range(len(local))]
    assert [check_in.local_date for check_in in clinic.check_ins] == [moment.date() for moment in local]


def test_a_check_in_exists_two_days_before_it_is_due_and_stays_open_for_a_week(clinic: Clinic) -> None:
    clinic.plan()

    [check_in] = clinic.check_ins
    assert check_in.due_at == datetime(2026, 11, 26, 10, tzinfo=UTC)
    assert check_in.opens_at == check_in.due_at
    assert check_in.closes_at == check_in.due_at + WEEK
    assert check_in.due_at - clinic.now >= 48 * timedelta(hours=1)
    [text] = clinic.texts
    assert (text.purpose, text.state, text.due_at) == (TextKind.REMINDER, MessageState.QUEUED, check_in.due_at)
    assert text.check_in_id == check_in.id
    assert text.expires_at < check_in.closes_at


def test_the_clock_may_tick_as_often_as_it_likes(clinic: Clinic) -> None:
    clinic.plan(until=NOW + 4 * WEEK)
    for _ in range(3):
        assert clinic.plan() == 0

    assert len({check_in.local_date for check_in in clinic.check_ins}) == len(clinic.check_ins) == 5
    assert len(clinic.texts) == 5


def test_a_clock_that_stood_still_asks_for_nothing_stale(clinic: Clinic) -> None:
    """Back after eleven days, it does not ask for last Thursday, and goes on with the next one."""
    clinic.now += 11 * DAY

    clinic.plan()

    assert clinic.check_ins == []
    clinic.plan(until=clinic.now + 6 * DAY)
    assert [check_in.local_date for check_in in clinic.check_ins] == [date(2026, 12, 10)]


def test_a_clock_that_stood_still_for_a_night_catches_up(clinic: Clinic) -> None:
    clinic.now = datetime(2026, 11, 27, 8, tzinfo=UTC)  # the morning after the Thursday

    clinic.plan()

    assert [check_in.local_date for check_in in clinic.check_ins] == [date(2026, 11, 26)]


def test_every_second_week_means_every_second_week(sqlite_sessions: Sessions, settings: object) -> None:
    clinic = Clinic(sqlite_sessions, settings, every_weeks=2)

    clinic.plan(until=NOW + 7 * WEEK)

    dates = [check_in.local_date for check_in in clinic.check_ins]
    assert len(dates) == 4
    assert {after - before for before, after in pairwise(dates)} == {2 * WEEK}


def test_only_before_appointments_means_nothing_regular(sqlite_sessions: Sessions, settings: object) -> None:
    clinic = Clinic(sqlite_sessions, settings, every_weeks=None)

    clinic.plan(until=NOW + 2 * WEEK)

    assert clinic.check_ins == []


# ---- who is not asked ----


def test_during_a_pause_nothing_is_asked_and_afterwards_it_goes_on(clinic: Clinic) -> None:
    clinic.plan()
    clinic.wish(paused_until_on=date(2026, 12, 10))

    clinic.plan(until=NOW + 4 * WEEK)

    [cancelled] = [each for each in clinic.check_ins if each.cancelled_at]
    assert cancelled.local_date == date(2026, 11, 26)
    assert [each.local_date.isoformat() for each in clinic.waiting] == ["2026-12-10", "2026-12-17", "2026-12-24"]


def test_a_pause_that_is_ended_early_ends_at_once(clinic: Clinic) -> None:
    clinic.wish(paused_until_on=date(2026, 12, 24))
    clinic.plan()
    clinic.wish(paused_until_on=None)

    clinic.plan()

    assert [each.local_date for each in clinic.waiting] == [date(2026, 11, 26)]


def test_somebody_who_did_not_agree_to_texts_is_sent_none(sqlite_sessions: Sessions, settings: object) -> None:
    clinic = Clinic(sqlite_sessions, settings, consent=False)

    clinic.plan(until=NOW + 2 * WEEK)

    assert clinic.check_ins == clinic.texts == []


def test_somebody_who_is_called_by_phone_is_sent_none(clinic: Clinic) -> None:
    clinic.wish(channel=Channel.PHONE)

    clinic.plan(until=NOW + 2 * WEEK)

    assert clinic.texts == []


def test_after_an_opt_out_nothing_is_planned_and_after_an_opt_in_the_next_check_in_comes(clinic: Clinic) -> None:
    clinic.do(lambda session, patient: workflows.opt_out(session, patient, said_by=Party.PATIENT, now=clinic.now))
    clinic.plan(until=NOW + 3 * WEEK)
    assert clinic.waiting == []

    clinic.do(lambda session, patient: workflows.opt_in(session, patient, said_by=Party.PATIENT, now=clinic.now))
    clinic.plan()

    assert [each.local_date for each in clinic.waiting] == [date(2026, 12, 17)], "two days later, not in nine"


def test_a_closed_episode_is_asked_nothing(clinic: Clinic) -> None:
    def close(session: Session, patient: Patient) -> None:
        episode = planning.open_episode(session, patient.id)
        assert episode is not None
        episode.closed_at, episode.close_reason = clinic.now, "completed"  # type: ignore[assignment]

    clinic.do(close)

    clinic.plan(until=NOW + 2 * WEEK)

    assert clinic.check_ins == []


# ---- a change of plan ----


def test_a_change_of_day_keeps_what_was_asked_and_moves_what_was_not(clinic: Clinic) -> None:
    clinic.plan(until=NOW + 2 * DAY + DAY / 2)  # Thursday night
    clinic.ask()
    clinic.plan(until=NOW + 7 * DAY)
    asked, planned = clinic.check_ins
    clinic.wish(weekday=MONDAY, at=time(18))

    clinic.plan(until=NOW + 12 * DAY)

    by_id = {each.id: each for each in clinic.check_ins}
    assert by_id[asked.id].cancelled_at is None
    assert by_id[planned.id].cancel_reason is CancelReason.PLAN_CHANGED
    assert [each.due_at.isoformat() for each in clinic.waiting[1:]] == ["2026-12-07T18:00:00+00:00"]


def test_a_change_and_back_asks_once_on_the_same_day(clinic: Clinic) -> None:
    clinic.plan()
    clinic.wish(weekday=TUESDAY)
    clinic.plan()
    clinic.wish(weekday=THURSDAY)
    clinic.plan()

    assert [(each.local_date, each.sequence) for each in clinic.waiting] == [(date(2026, 11, 26), 2)]


def test_a_change_of_wishes_leaves_an_invitation_and_a_link_that_was_asked_for_alone(clinic: Clinic) -> None:
    def invite_and_ask_again(session: Session, patient: Patient) -> None:
        episode = planning.open_episode(session, patient.id)
        assert episode is not None
        first = planning.invite(session, episode, clinic.now)
        assert first is not None

    clinic.do(invite_and_ask_again)

    clinic.wish(weekday=MONDAY)

    [invitation] = clinic.check_ins
    assert (invitation.kind, invitation.cancelled_at) == (CheckInKind.FIRST, None)


def test_one_plan_that_cannot_be_counted_does_not_stop_the_others(
    sessions: Sessions, settings: object, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("monitor.worker.BATCH", 2)
    clinic = Clinic(sessions, settings, zone="Nowhere/At_All", planned_until=NOW - WEEK)
    with unit_of_work(sessions) as session:
        team = a_team(session, "South team")
        clinician = a_staff_member(session, team, "south@example.org")
        for number in range(2, 8):
            a_patient(
                session,
                team,
                clinician,
                number=f"+44770090000{number}",
                zone="Nowhere/At_All" if number % 3 == 0 else "Europe/London",
                weekday=THURSDAY,
                planned_until=NOW - number * DAY / 2,
            )

    assert clinic.plan() == 4

    with sessions() as session:
        left = session.scalars(sa.select(MonitoringPlan.planned_until).where(MonitoringPlan.planned_until < NOW))
        assert len(left.all()) == 3, "they are tried again with the next tick"
    assert len(caplog.records) == 3
    assert "Nowhere" not in caplog.text


# ---- before an appointment ----


def test_a_check_in_prepares_an_appointment_the_day_before(clinic: Clinic) -> None:
    clinic.appoint(datetime(2026, 12, 1, 14, tzinfo=UTC))

    [check_in] = clinic.check_ins
    assert check_in.kind is CheckInKind.BEFORE_APPOINTMENT
    assert check_in.due_at == datetime(2026, 11, 30, 14, tzinfo=UTC)
    assert check_in.closes_at == datetime(2026, 12, 2, 14, tzinfo=UTC), "a score of the day after still belongs to it"


@pytest.mark.parametrize(
    ("starts_at", "why"),
    [
        (NOW + timedelta(hours=20), "too late to ask the day before"),
        (datetime(2026, 11, 27, 15, tzinfo=UTC), "the regular one is due the day before"),
        (datetime(2026, 11, 30, 9, tzinfo=UTC), "the regular one is due three days before"),
    ],
)
def test_no_second_check_in_close_to_another(clinic: Clinic, starts_at: datetime, why: str) -> None:
    clinic.plan()
    regular = len(clinic.check_ins)

    assert clinic.appoint(starts_at) is None, why
    assert len(clinic.check_ins) == regular


def test_an_appointment_far_from_the_regular_one_gets_its_own(clinic: Clinic) -> None:
    clinic.plan()

    assert clinic.appoint(datetime(2026, 12, 1, 15, tzinfo=UTC)) is not None


def test_when_the_appointment_is_called_off_so_is_its_check_in(clinic: Clinic) -> None:
    clinic.appoint(datetime(2026, 12, 1, 14, tzinfo=UTC))

    def call_off(session: Session, patient: Patient) -> None:
        planning.drop_for_appointment(session, session.scalars(sa.select(Appointment)).one(), clinic.now)

    clinic.do(call_off)

    assert clinic.waiting == []
    assert [text.state for text in clinic.texts] == [MessageState.CANCELLED]


def test_a_change_of_day_plans_both_anew(clinic: Clinic) -> None:
    """The check-in before an appointment is not asked twice, and the regular one moves."""
    before = clinic.appoint(datetime(2026, 12, 1, 14, tzinfo=UTC))

    clinic.wish(weekday=MONDAY, at=time(18))
    clinic.plan(until=NOW + 4 * DAY)

    waiting = {each.kind: each for each in clinic.waiting}
    assert waiting.keys() == {CheckInKind.BEFORE_APPOINTMENT, CheckInKind.SCHEDULED}
    assert waiting[CheckInKind.BEFORE_APPOINTMENT].id != before
    assert waiting[CheckInKind.BEFORE_APPOINTMENT].due_at == datetime(2026, 11, 30, 14, tzinfo=UTC)
    assert waiting[CheckInKind.SCHEDULED].due_at == datetime(2026, 11, 30, 18, tzinfo=UTC)


def test_a_pause_holds_back_the_check_in_before_an_appointment_until_it_ends(clinic: Clinic) -> None:
    clinic.appoint(datetime(2026, 12, 1, 14, tzinfo=UTC))
    clinic.wish(paused_until_on=date(2026, 12, 10))
    assert clinic.waiting == []

    clinic.wish(paused_until_on=None)

    assert [each.kind for each in clinic.waiting] == [CheckInKind.BEFORE_APPOINTMENT]


def test_another_zone_moves_both_to_the_same_hour_there(clinic: Clinic) -> None:
    """The appointment itself is when it is: the check-in before it stays 24 hours ahead, or comes at the first hour."""
    clinic.plan()
    clinic.appoint(datetime(2026, 12, 1, 14, tzinfo=UTC))

    def move(session: Session, patient: Patient) -> None:
        patient.time_zone = "America/New_York"
        planning.replan(session, patient, clinic.now)

    clinic.do(move)
    clinic.plan()

    assert {each.kind: each.due_at for each in clinic.waiting} == {
        CheckInKind.SCHEDULED: datetime(2026, 11, 26, 15, tzinfo=UTC),
        CheckInKind.BEFORE_APPOINTMENT: datetime(2026, 11, 30, 14, tzinfo=UTC),
    }


# ---- by text, for a phone that opens no links ----


def test_who_wishes_for_the_questions_by_text_is_told_how_to_begin(clinic: Clinic) -> None:
    clinic.wish(by_text=True)
    clinic.appoint(datetime(2026, 12, 1, 14, tzinfo=UTC))

    clinic.plan()

    assert {text.purpose for text in clinic.texts} == {TextKind.BY_TEXT}
    assert len(clinic.texts) == 2


def test_what_is_planned_changes_with_the_wish(clinic: Clinic) -> None:
    clinic.plan()
    clinic.wish(by_text=True)
    clinic.plan()

    by_check_in = {text.check_in_id: text.purpose for text in clinic.texts}
    assert [by_check_in[each.id] for each in clinic.waiting] == [TextKind.BY_TEXT]


def test_a_measure_without_wording_in_their_language_comes_as_a_link(
    sqlite_sessions: Sessions, settings: object
) -> None:
    """The GAD-7 has no official Arabic wording; the page says what can be done instead."""
    clinic = Clinic(sqlite_sessions, settings, language="ar", instruments=("gad7",))
    clinic.wish(by_text=True)

    clinic.plan()

    assert {text.purpose for text in clinic.texts} == {TextKind.REMINDER}


def test_the_first_text_introduces_us_all_the_same(clinic: Clinic) -> None:
    def invite(session: Session, patient: Patient) -> None:
        episode = planning.open_episode(session, patient.id)
        assert episode is not None
        planning.invite(session, episode, clinic.now)

    clinic.wish(by_text=True)
    clinic.do(invite)

    assert [text.purpose for text in clinic.texts] == [TextKind.INVITATION]


@pytest.mark.parametrize(
    ("by_text", "nudges"),
    [(True, [TextKind.BY_TEXT, TextKind.LAST_NUDGE]), (False, [TextKind.NUDGE, TextKind.LAST_NUDGE])],
)
def test_nudges_fit_how_they_answer(clinic: Clinic, by_text: bool, nudges: list[TextKind]) -> None:
    clinic.wish(by_text=by_text)
    clinic.plan()
    clinic.now = datetime(2026, 11, 26, 10, tzinfo=UTC)

    for _ in range(5):
        dispatch(make_courier(clinic.settings, clinic.sessions, lambda: clinic.now, clinic.gateway))  # type: ignore[arg-type]
        clinic.now += DAY

    assert [text.purpose for text in clinic.texts if text.state is MessageState.SENT][1:] == nudges
    assert len(clinic.gateway.sent) == 3


# ---- what comes next, for a page to say ----


def test_the_next_check_in_is_the_nearest_that_waits(sqlite_sessions: Sessions) -> None:
    with unit_of_work(sqlite_sessions) as session:
        care = in_care(session)
        a_check_in(session, care, due_at=NOW - DAY)
        a_check_in(session, care, due_at=NOW + DAY, cancelled_at=NOW, cancel_reason=CancelReason.PAUSED)
        a_check_in(session, care, due_at=NOW + 9 * DAY)
        a_check_in(session, care, due_at=NOW + 2 * DAY)

        assert planning.next_due(session, care.episode.id, NOW) == NOW + 2 * DAY
        assert planning.next_due(session, care.episode.id, NOW + 10 * DAY) is None


def in_care(session: Session) -> InCare:
    team = a_team(session)
    return a_patient(session, team, a_staff_member(session, team))
