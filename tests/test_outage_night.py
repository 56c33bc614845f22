"""The provider is down from six in the evening until three at night. Nobody is woken, and nobody pays for it."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from monitor.checkins.models import CancelReason, CheckIn
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.models import Flag
from monitor.messaging.gateway import (
    NO_CONNECTION,
    NotAccepted,
    Receipt,
    RecordingGateway,
    RefusalKind,
    Refused,
    SendingFailed,
)
from monitor.messaging.models import Outage
from monitor.messaging.outages import open_outage, outages_between
from monitor.messaging.quiet_hours import allowed
from monitor.worker import make_courier, tick
from tests.builders import a_patient, a_staff_member, a_team

MINUTE, HOUR, DAY, WEEK = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
THURSDAY = datetime(2026, 11, 26, tzinfo=UTC)
DOWN, UP = THURSDAY + 18 * HOUR, THURSDAY + 27 * HOUR
MANY, FEW = 24, 4
"""More than a handful, and less."""
LONDON = "Europe/London"

NOBODY_ANSWERS = NotAccepted(NO_CONNECTION)
ACCOUNT_REFUSED = Refused("20003", RefusalKind.CONFIGURATION)


class Provider(RecordingGateway):
    """A provider that is down for a while."""

    def __init__(self, clock: Callable[[], datetime], failure: SendingFailed, down: datetime, up: datetime) -> None:
        super().__init__()
        self._clock, self._failure, self._down, self._up = clock, failure, down, up
        self.taken: list[tuple[datetime, str]] = []
        self.tries = 0

    def send(self, to: str, body: str, reference: UUID, *, valid_for: timedelta) -> Receipt:
        """Take it, or fail as long as it is down."""
        if self._down <= self._clock() < self._up:
            self.tries += 1
            raise self._failure
        self.taken.append((self._clock(), to))
        return super().send(to, body, reference, valid_for=valid_for)


class Night:
    """A service whose patients are asked on Thursday from six to half past seven in the evening, and do not answer."""

    def __init__(
        self, sessions: Sessions, settings: Settings, failure: SendingFailed, patients: int, up: datetime = UP
    ) -> None:
        self.sessions, self.now = sessions, DOWN - 10 * MINUTE
        self.provider = Provider(lambda: self.now, failure, DOWN, up)
        self.courier = make_courier(settings, sessions, lambda: self.now, self.provider)
        with unit_of_work(sessions) as session:
            team = a_team(session)
            clinician = a_staff_member(session, team)
            for number in range(patients):
                a_patient(
                    session,
                    team,
                    clinician,
                    number=f"+4477009{number:05}",
                    weekday=3,
                    at=time(18 + number // 2 % 2, 30 * (number % 2)),
                    opened_at=self.now - 60 * DAY,
                    planned_until=self.now - HOUR,
                )

    def pass_until(self, until: datetime, every: timedelta = 10 * MINUTE) -> None:
        """Let the clock tick."""
        while self.now < until:
            self.now = min(self.now + every, until)
            tick(self.courier)

    @property
    def outages(self) -> list[Outage]:
        with self.sessions() as session:
            return outages_between(session, THURSDAY, THURSDAY + 30 * DAY)

    def rows(self, of: type[CheckIn] | type[Flag]) -> list[CheckIn] | list[Flag]:
        with self.sessions() as session:
            return list(session.scalars(sa.select(of)))


@pytest.mark.parametrize("failure", [NOBODY_ANSWERS, ACCOUNT_REFUSED], ids=["nobody answers", "account refused"])
def test_nothing_goes_at_night_and_in_the_morning_each_patient_gets_one_text(
    sqlite_sessions: Sessions, settings: Settings, failure: SendingFailed
) -> None:
    night = Night(sqlite_sessions, settings, failure, MANY)

    night.pass_until(UP - 3 * HOUR)
    with sqlite_sessions() as session:
        outage = open_outage(session)
        assert outage is not None, "the manager is told while it lasts"
        assert DOWN <= outage.began_at <= DOWN + HOUR
    assert night.provider.tries < 3 * MANY, "nobody hammers at a closed door"
    night.pass_until(THURSDAY + 33 * HOUR)  # nine in the morning
    night.pass_until(THURSDAY + 36 * HOUR, every=MINUTE * 2)

    taken = night.provider.taken
    assert Counter(to for _, to in taken) == {f"+4477009{number:05}": 1 for number in range(MANY)}
    assert all(at.date() == (THURSDAY + DAY).date() and allowed(at, LONDON) for at, _ in taken)
    assert len({at for at, _ in taken}) > 3, "a few at a time"
    [outage] = night.outages
    assert outage.ended_at is not None


def test_nobody_is_taken_for_somebody_who_did_not_answer(sqlite_sessions: Sessions, settings: Settings) -> None:
    """Each has as long as ever, from when they were really asked; to let that pass once is a miss, and no flag."""
    night = Night(sqlite_sessions, settings, NOBODY_ANSWERS, FEW)
    night.pass_until(THURSDAY + 36 * HOUR, every=30 * MINUTE)

    night.now = DOWN + 2 * HOUR + WEEK - DAY
    night.pass_until(DOWN + 2 * HOUR + WEEK, every=6 * HOUR)
    first = [each for each in night.rows(CheckIn) if each.local_date == THURSDAY.date()]
    assert [each.missed_at for each in first] == [None] * FEW
    night.pass_until(THURSDAY + 36 * HOUR + WEEK, every=6 * HOUR)

    first = [each for each in night.rows(CheckIn) if each.local_date == THURSDAY.date()]
    assert all(each.missed_at and each.missed_at - each.due_at > WEEK + 12 * HOUR for each in first)
    assert night.rows(Flag) == []


def test_who_was_never_asked_has_missed_nothing(sqlite_sessions: Sessions, settings: Settings) -> None:
    """Two days later it comes back: the evening's questions are stale, and those of next week come as ever."""
    night = Night(sqlite_sessions, settings, ACCOUNT_REFUSED, FEW, up=DOWN + 2 * DAY)

    night.pass_until(DOWN + 2 * DAY + HOUR, every=HOUR)
    assert night.provider.taken == []
    night.pass_until(DOWN + WEEK + 2 * HOUR, every=3 * HOUR)

    ended = [each.cancel_reason for each in night.rows(CheckIn) if each.local_date == THURSDAY.date()]
    assert ended == [CancelReason.NOT_SENT] * FEW
    assert night.rows(Flag) == []
    assert Counter(to for _, to in night.provider.taken).most_common(1)[0][1] == 1
