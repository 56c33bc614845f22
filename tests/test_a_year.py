"""A year of weekly questions at nine in the morning, over both clock changes, on both hemispheres."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from monitor import workflows
from monitor.checkins.models import CheckIn, Mode, Submission
from monitor.checkins.service import Delivery
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag
from monitor.ids import new_id
from monitor.messaging.gateway import RecordingGateway
from monitor.messaging.models import Message, MessageState
from monitor.messaging.texts import TextKind
from monitor.people.models import Patient
from monitor.worker import close, dispatch, make_courier, plan
from tests.builders import a_patient, a_staff_member, a_team, answers

ZONES = (
    "Europe/London",
    "America/New_York",
    "Africa/Cairo",
    "America/Santiago",
    "Pacific/Auckland",
    "Australia/Lord_Howe",  # whose clocks change by half an hour
)
SUNDAY, NINE = 6, time(9)
START = datetime(2026, 1, 5, 12, tzinfo=UTC)
"""A Monday."""
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
END = START + 52 * WEEK
TICK = timedelta(seconds=60)
LAG = timedelta(seconds=41)
"""The clock ticks when it ticks, not on the minute."""
READS_AFTER = timedelta(minutes=20)


T = TypeVar("T")


class Year:
    """One patient in each zone, who answers soon after each text; the clock goes where something is due."""

    def __init__(self, sessions: Sessions, settings: Settings) -> None:
        self.sessions, self.settings, self.now = sessions, settings, START
        self.gateway = RecordingGateway()
        self.courier = make_courier(settings, sessions, lambda: self.now, self.gateway)
        with unit_of_work(sessions) as session:
            team = a_team(session)
            clinician = a_staff_member(session, team)
            for number, zone in enumerate(ZONES):
                a_patient(
                    session,
                    team,
                    clinician,
                    number=f"+44770090000{number}",
                    zone=zone,
                    weekday=SUNDAY,  # clocks change on Sundays, in Cairo on Fridays
                    at=NINE,
                    opened_at=START,
                    planned_until=START,
                )

    def live(self) -> None:
        """Let the year pass: each day is planned, and each hour in which something is due has its tick."""
        for day in range(365):
            self.now = START + day * DAY
            plan(self.courier)
            while (due := self._next_due()) is not None and due < START + (day + 1) * DAY:
                self.now = due + LAG
                dispatch(self.courier)
                self.now += READS_AFTER
                self._answer()
            close(self.courier)

    def _next_due(self) -> datetime | None:
        with self.sessions() as session:
            waiting = sa.select(sa.func.min(Message.due_at)).where(Message.state == MessageState.QUEUED)
            return session.scalar(waiting)

    def _answer(self) -> None:
        with unit_of_work(self.sessions) as session:
            asked = sa.select(CheckIn).where(CheckIn.completed_at.is_(None), CheckIn.opens_at <= self.now)
            for check_in in session.scalars(asked).all():
                how = Delivery(new_id(), "en", Mode.LINK, known_device=False)
                workflows.complete_check_in(session, check_in, answers(8, 6), how, settings=self.settings, now=self.now)

    def sent(self) -> dict[str, list[datetime]]:
        """When each zone's texts went, on the wall there."""
        with self.sessions() as session:
            zones = {each.id: each.time_zone for each in session.scalars(sa.select(Patient))}
            rows = session.execute(
                sa.select(Message.patient_id, Message.sent_at)
                .where(Message.purpose == TextKind.REMINDER, Message.sent_at.is_not(None))
                .order_by(Message.sent_at)
            ).all()
        found: dict[str, list[datetime]] = {zone: [] for zone in ZONES}
        for patient_id, sent_at in rows:
            found[zones[patient_id]].append(sent_at.astimezone(ZoneInfo(zones[patient_id])))
        return found

    def rows(self, column: "sa.ColumnElement[T] | InstrumentedAttribute[T]") -> list[T]:
        """Everything in one column."""
        with self.sessions() as session:
            return list(session.scalars(sa.select(column)))


def test_everybody_is_asked_on_52_sundays_at_nine_on_their_own_wall_and_nothing_else_is_sent(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    """Whoever answers gets no nudge, is never missed, and raises no flag of contact."""
    year = Year(sqlite_sessions, settings)

    year.live()

    for zone, moments in year.sent().items():
        assert len(moments) == 52, zone
        assert {moment.weekday() for moment in moments} == {SUNDAY}
        assert all(moment.replace(tzinfo=None) - midnight(moment) - 9 * HOUR < TICK for moment in moments), zone
        assert {moment.hour for moment in moments} == {9}, zone
        assert len({moment.utcoffset() for moment in moments}) == 2, f"both clock changes of {zone} lie in the year"
        assert all(after.date() - before.date() == WEEK for before, after in pairwise(moments)), zone
    assert len(year.gateway.sent) == 52 * len(ZONES)
    assert set(Counter(year.rows(Submission.patient_id)).values()) == {52}
    assert set(year.rows(CheckIn.missed_at)) == {None}
    assert set(year.rows(Flag.kind)).isdisjoint({FlagKind.MISSED_CHECK_INS, FlagKind.UNREACHABLE, FlagKind.SAFETY})


def midnight(moment: datetime) -> datetime:
    return datetime.combine(moment.date(), time())
