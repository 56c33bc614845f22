"""The day before an appointment its time comes by text: once, at a fair hour, and never a time that no longer holds."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor import workflows
from monitor.care.models import Appointment, AppointmentState, CloseReason
from monitor.checkins import appointment_texts, planning
from monitor.checkins.wishes import wish, wishes_of
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags import appointments
from monitor.i18n import LANGUAGES
from monitor.messaging.gateway import RecordingGateway
from monitor.messaging.jobs import dispatch
from monitor.messaging.models import Message, MessageState, SkipReason
from monitor.messaging.segments import count
from monitor.messaging.texts import TextKind
from monitor.people.models import Channel, Party, Patient
from monitor.people.service import prefer
from monitor.worker import make_courier
from tests.builders import NOW, a_patient, a_staff_member, a_team

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ON_THURSDAY = datetime(2026, 11, 26, 15, tzinfo=UTC)
"""Two days and five hours after NOW, a Tuesday at 10."""


@dataclass
class Clinic:
    """One patient, asked at 10 on their own clock, and a service whose clock is moved by hand."""

    sessions: Sessions
    settings: Settings
    about: dict[str, Any] = field(default_factory=dict)
    now: datetime = NOW
    gateway: RecordingGateway = field(default_factory=RecordingGateway)

    def __post_init__(self) -> None:
        with unit_of_work(self.sessions) as session:
            team = a_team(session)
            clinician = a_staff_member(session, team)
            care = a_patient(session, team, clinician, every_weeks=None, **self.about)
            care.plan.before_appointments = False
            self.patient_id, self.clinician_id = care.patient.id, clinician.id

    def do(self, act: Callable[[Session, Patient], Any]) -> Any:
        with unit_of_work(self.sessions) as session:
            return act(session, session.get_one(Patient, self.patient_id))

    def agree(self, starts_at: datetime = ON_THURSDAY) -> UUID:
        """Agree an appointment as staff do."""

        def agree(session: Session, patient: Patient) -> UUID:
            episode = planning.open_episode(session, patient.id)
            assert episode is not None
            appointments.agree(session, episode, starts_at, staff_member_id=self.clinician_id, now=self.now)
            return session.scalars(sa.select(Appointment.id).where(Appointment.starts_at == starts_at)).one()

        found: UUID = self.do(agree)
        return found

    def end(self, appointment_id: UUID, became: AppointmentState) -> None:
        def end(session: Session, patient: Patient) -> None:
            episode = planning.open_episode(session, patient.id)
            assert episode is not None
            clinician_id = self.clinician_id
            appointments.end(session, episode, appointment_id, became, staff_member_id=clinician_id, now=self.now)

        self.do(end)

    def wish(self, **changes: Any) -> None:
        """Let the patient change their settings."""
        self.do(lambda s, patient: wish(s, patient, replace(wishes_of(s, patient, self.now), **changes), self.now))

    def look_ahead(self) -> int:
        queued: int = self.do(
            lambda session, _: appointment_texts.queue_ahead(session, self.now, sender=self.settings.sender_name)
        )
        return queued

    def pass_time(self, until: datetime) -> None:
        """Let the clock look ahead and send, every hour up to a moment: now and then, and when something is due."""
        courier = make_courier(self.settings, self.sessions, lambda: self.now, self.gateway)
        while self.now < until:
            self.now = min(self.now + HOUR, until)
            if self.now.hour % 8 == 0:
                self.look_ahead()
            if any(text.due_at <= self.now for text in self.waiting):
                dispatch(courier)
                self.look_ahead()

    @property
    def texts(self) -> list[Message]:
        with self.sessions() as session:
            rows = list(session.scalars(sa.select(Message).order_by(Message.created_at, Message.id)))
            assert all(row.patient for row in rows)
            return rows

    @property
    def waiting(self) -> list[Message]:
        return [text for text in self.texts if text.state is MessageState.QUEUED]

    @property
    def said(self) -> list[str]:
        return [text.body for text in self.gateway.sent]


@pytest.fixture
def clinic(sessions: Sessions, settings: Settings) -> Clinic:
    """A patient in London."""
    return Clinic(sessions, settings)


@pytest.fixture
def quick(sqlite_sessions: Sessions, settings: Settings) -> Clinic:
    """The same, for what does not depend on the database."""
    return Clinic(sqlite_sessions, settings)


def test_the_day_before_at_the_patients_hour_they_read_when_it_is(clinic: Clinic) -> None:
    clinic.agree()

    clinic.pass_time(until=ON_THURSDAY)

    [text] = clinic.texts
    assert (text.purpose, text.state, text.check_in_id) == (TextKind.APPOINTMENT, MessageState.SENT, None)
    assert text.sent_at == datetime(2026, 11, 25, 10, tzinfo=UTC)
    assert clinic.said == ["Riverside: your appointment is on Thursday 26 November at 15:00."]


@pytest.mark.parametrize(
    ("agreed_at", "starts_at", "due_at"),
    [
        ("2026-11-25 11:00", "2026-11-26 15:00", "2026-11-25 15:00"),  # their hour is past: 24 hours before
        ("2026-11-25 10:00", "2026-11-26 15:00", "2026-11-25 15:00"),  # it strikes now
        ("2026-11-25 15:00", "2026-11-26 15:00", None),  # agreed a day before: they know
        ("2026-11-26 08:00", "2026-11-26 15:00", None),
        ("2026-11-25 12:00", "2026-11-26 08:00", None),
        ("2026-11-24 22:00", "2026-11-25 21:30", "2026-11-25 09:00"),  # 21:30 is night: at nine that morning
        ("2026-11-24 10:00", "2026-11-28 09:00", None),  # far ahead: not yet
    ],
)
def test_its_moment(quick: Clinic, agreed_at: str, starts_at: str, due_at: str | None) -> None:
    quick.now = utc(agreed_at)
    quick.agree(utc(starts_at))

    quick.look_ahead()

    assert [text.due_at for text in quick.texts] == ([utc(due_at)] if due_at else [])


def test_far_ahead_it_waits_and_then_comes_once(quick: Clinic) -> None:
    starts_at = ON_THURSDAY + 14 * DAY
    quick.agree(starts_at)

    quick.pass_time(until=starts_at)

    assert [text.sent_at for text in quick.texts] == [datetime(2026, 12, 9, 10, tzinfo=UTC)]


def test_after_a_day_in_which_nothing_ran_it_still_never_comes_at_night(quick: Clinic) -> None:
    quick.agree()
    quick.look_ahead()
    quick.now = utc("2026-11-26 02:00")

    quick.pass_time(until=utc("2026-11-26 08:59"))
    assert quick.said == []
    quick.pass_time(until=utc("2026-11-26 09:00"))
    assert len(quick.said) == 1


def test_an_hour_before_it_is_of_no_use_any_more(quick: Clinic) -> None:
    quick.agree()
    quick.look_ahead()
    quick.now = ON_THURSDAY - HOUR

    quick.pass_time(until=ON_THURSDAY + DAY)

    assert quick.said == []
    assert [text.skip_reason for text in quick.texts] == [SkipReason.EXPIRED]


# ---- a time that no longer holds ----


def test_one_that_is_called_off_takes_its_text_back(clinic: Clinic) -> None:
    appointment_id = clinic.agree()
    clinic.look_ahead()

    clinic.end(appointment_id, AppointmentState.CANCELLED)
    clinic.pass_time(until=ON_THURSDAY)

    assert clinic.said == []
    assert [text.state for text in clinic.texts] == [MessageState.CANCELLED]


def test_the_new_time_is_said_and_not_the_old_one(clinic: Clinic) -> None:
    appointment_id = clinic.agree()
    clinic.look_ahead()

    def move(session: Session, patient: Patient) -> None:
        session.get_one(Appointment, appointment_id).starts_at = ON_THURSDAY + HOUR

    clinic.do(move)
    clinic.pass_time(until=ON_THURSDAY)

    assert clinic.said == ["Riverside: your appointment is on Thursday 26 November at 16:00."]
    assert [(text.state, text.skip_reason) for text in clinic.texts] == [
        (MessageState.SKIPPED, SkipReason.APPOINTMENT_CHANGED),
        (MessageState.SENT, None),
    ]


def test_another_zone_is_another_time_on_the_wall(quick: Clinic) -> None:
    quick.agree()
    quick.look_ahead()

    quick.do(lambda _, patient: setattr(patient, "time_zone", "America/New_York"))
    quick.pass_time(until=ON_THURSDAY)

    assert quick.said == ["Riverside: your appointment is on Thursday 26 November at 10:00."]


def test_there_and_back_again_says_it_once_in_the_last_language(clinic: Clinic) -> None:
    clinic.agree()
    for language in ("es", "en", "es"):
        clinic.look_ahead()
        clinic.wish(language=language)

    clinic.pass_time(until=ON_THURSDAY)

    [said] = clinic.said
    assert "jueves" in said
    assert len([text for text in clinic.texts if text.state is MessageState.CANCELLED]) == 3


def test_another_hour_moves_it(quick: Clinic) -> None:
    quick.agree()
    quick.look_ahead()

    quick.wish(at=time(18))
    quick.look_ahead()

    assert [text.due_at for text in quick.waiting] == [datetime(2026, 11, 25, 18, tzinfo=UTC)]


@pytest.mark.parametrize("became", [AppointmentState.ATTENDED, AppointmentState.MISSED])
def test_one_that_was_brought_forward_and_is_over_is_not_announced(quick: Clinic, became: AppointmentState) -> None:
    appointment_id = quick.agree()
    quick.look_ahead()

    quick.end(appointment_id, became)
    quick.pass_time(until=ON_THURSDAY)

    assert quick.said == []
    assert quick.look_ahead() == 0, "and nobody asks again at every look"


# ---- who gets none ----


def test_who_has_stopped_texts_gets_none_until_they_start_them_again(clinic: Clinic) -> None:
    clinic.agree()
    clinic.look_ahead()
    clinic.do(lambda session, patient: workflows.opt_out(session, patient, said_by=Party.PATIENT, now=clinic.now))
    clinic.pass_time(until=NOW + 5 * HOUR)
    assert clinic.waiting == []

    clinic.do(lambda session, patient: workflows.opt_in(session, patient, said_by=Party.PATIENT, now=clinic.now))
    clinic.pass_time(until=ON_THURSDAY)

    assert len(clinic.said) == 1


def test_who_never_agreed_gets_none(sqlite_sessions: Sessions, settings: Settings) -> None:
    clinic = Clinic(sqlite_sessions, settings, about={"consent": False})
    clinic.agree()

    assert clinic.look_ahead() == 0


def test_who_is_called_by_phone_gets_none(quick: Clinic) -> None:
    quick.agree()
    quick.look_ahead()

    def call(session: Session, patient: Patient) -> None:
        prefer(
            session, patient, weekday=0, at=time(10), channel=Channel.PHONE, set_by=Party.STAFF, now=quick.now + HOUR
        )

    quick.do(call)
    quick.pass_time(until=ON_THURSDAY)

    assert quick.said == []
    quick.agree(ON_THURSDAY + DAY)
    assert quick.look_ahead() == 0


def test_a_break_from_questions_is_none_from_appointments(quick: Clinic) -> None:
    quick.agree()
    quick.wish(paused_until_on=date(2026, 12, 24))

    quick.pass_time(until=ON_THURSDAY)

    assert len(quick.said) == 1


def test_whose_care_has_ended_gets_none(quick: Clinic) -> None:
    quick.agree()
    quick.look_ahead()

    def close(session: Session, patient: Patient) -> None:
        episode = planning.open_episode(session, patient.id)
        assert episode is not None
        episode.closed_at, episode.close_reason = quick.now, CloseReason.MOVED

    quick.do(close)
    quick.pass_time(until=ON_THURSDAY)

    assert quick.said == []
    assert [text.skip_reason for text in quick.texts] == [SkipReason.EPISODE_CLOSED]


def test_one_patient_whose_zone_is_wrong_does_not_keep_it_from_the_others(
    quick: Clinic, caplog: pytest.LogCaptureFixture
) -> None:
    quick.agree()
    with unit_of_work(quick.sessions) as session:
        team = a_team(session, "South team")
        clinician = a_staff_member(session, team, "south@example.org")
        care = a_patient(session, team, clinician, number="+447700900002", zone="Nowhere/At_All")
        session.add(Appointment(episode_id=care.episode.id, starts_at=ON_THURSDAY - HOUR))

    assert quick.look_ahead() == 1
    assert len(caplog.records) == 1
    assert "Nowhere" not in caplog.text


# ---- what it says ----


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_gives_day_and_time_in_the_patients_language_and_nothing_else(
    sqlite_sessions: Sessions, settings: Settings, language: str
) -> None:
    """Neither the clinic nor a name: it shows on a lock screen. A long sender and day are two segments at most."""
    clinic = Clinic(sqlite_sessions, settings, about={"language": language, "zone": "Asia/Kathmandu"})
    clinic.agree(utc("2026-11-26 23:30"))  # 5:15 on Friday in Kathmandu

    clinic.look_ahead()

    [text] = clinic.texts
    body = text.prepared
    assert "Riverside" in body
    assert "5:15" in body
    assert "27" in body
    assert text.language == language
    assert not {"Maren", "Okafor", "Noor", "North team"} & set(body.split())
    assert count(body).segments <= 2


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
