"""How one patient is reached besides by text: what they need, whom they let be told, and the calls that are made."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from random import Random
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.care.promises import hours_of
from monitor.checkins.call_models import CallOutcome
from monitor.checkins.models import CheckIn, CheckInState, Mode
from monitor.demo.clinic import Clinic
from monitor.demo.colleagues import Colleagues
from monitor.demo.courses import Course
from monitor.demo.lives_kinds import Dates, InCare
from monitor.demo.phrases import ON_THE_PHONE, RANG, RING_AGAIN
from monitor.demo.roster import Entry
from monitor.demo.shown import DOCTOR_TOLD_EACH, HAS_CALENDAR, HAS_NEEDS_EACH, RING_LATER
from monitor.demo.timeline import Timeline
from monitor.flags.outreach import record_call
from monitor.people import sharing
from monitor.people.calendar_feeds import make_feed
from monitor.people.needs import Needs, state_needs
from monitor.people.needs_models import TimeOfDay
from monitor.people.service import is_rung

NEEDS = (
    Needs(best_time=TimeOfDay.MORNING, words="Works nights: rings back after ten."),
    Needs(best_time=TimeOfDay.EVENING, large_text=True),
    Needs(best_time=TimeOfDay.AFTERNOON, audio=True, words="Speak slowly; the line at home is poor."),
    Needs(best_time=TimeOfDay.MIDDAY, paper=True),
)
ASKED_AFTER = timedelta(hours=2)
"""How long after they came somebody asked what they need and whom they let be told."""
STILL_DUE = timedelta(days=6)
"""A check-in by phone that fell due this lately is still to be asked: one call has reached nobody."""
RINGS_AGAIN_AFTER = timedelta(hours=4)
CALENDAR_SINCE = timedelta(days=30)


@dataclass
class Calling:
    """The calls to one patient."""

    session: Session
    timeline: Timeline
    entry: Entry
    care: InCare
    clinic: Clinic
    colleagues: Colleagues
    dates: Dates
    answer: Callable[[CheckIn, Mode, datetime], None]
    """Takes the answers of a check-in that is asked on the phone."""
    close: Callable[[CheckIn, datetime], None]
    """Closes a check-in whose time is up."""
    _foreseen: set[UUID] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._chance = Random(f"calls to {self.entry.number}")  # noqa: S311  # the same fiction each time

    def begin(self, now: datetime) -> None:
        """Foresee what they say of themselves, and the call that they asked for another time."""
        self.timeline.at(now + ASKED_AFTER, self._write_down)
        if self.entry.number in RING_LATER:
            since, hours = self.dates.ends_at - RING_LATER[self.entry.number], hours_of(self.care.episode.care_team)
            self.timeline.at(hours.add_hours(since, 0.5), self._later)

    def look(self, now: datetime) -> None:
        """Foresee the calls about check-ins that are asked by phone."""
        if self.entry.course is not Course.OPTED_OUT or not is_rung(self.session, self.care.patient.id):
            return
        ahead = sa.select(CheckIn).where(CheckIn.episode_id == self.care.episode.id, CheckIn.closes_at > now)
        hours = hours_of(self.care.episode.care_team)
        for check_in in self.session.scalars(ahead.order_by(CheckIn.due_at)).all():
            if check_in.id in self._foreseen or check_in.cancelled_at or check_in.completed_at:
                continue
            self._foreseen.add(check_in.id)
            first = hours.add_hours(max(check_in.due_at, now), self._chance.uniform(0.5, 3))
            self.timeline.at(first, partial(self._ring, check_in, self._chance.random() < 0.5))
            self.timeline.at(check_in.closes_at, partial(self.close, check_in))

    def _write_down(self, now: datetime) -> None:
        number, patient, by = self.entry.number, self.care.patient, self.colleagues.caller.id
        if number % HAS_NEEDS_EACH == 0:
            needs = NEEDS[number // HAS_NEEDS_EACH % len(NEEDS)]
            state_needs(self.session, patient, needs, by=by, now=now)
        elif self.entry.language not in ("en", "es") and number % HAS_NEEDS_EACH == 1:
            state_needs(self.session, patient, Needs(interpreter=True), by=by, now=now)
        if number % DOCTOR_TOLD_EACH == 0:
            sharing.write_down(self.session, patient, True, sharing.Asked.VISIT, staff_member_id=by, now=now)

    def _ring(self, check_in: CheckIn, is_there: bool, now: datetime) -> None:
        """Ring about a check-in: they pick up and answer, or somebody rings again."""
        if check_in.state(now) is not CheckInState.OPEN:
            return
        if check_in.due_at > self.dates.ends_at - STILL_DUE:
            is_there = False
        if not is_there:
            self._record(CallOutcome.COULD_NOT_REACH, RANG, now, check_in)
            if check_in.due_at <= self.dates.ends_at - STILL_DUE:
                again = hours_of(self.care.episode.care_team).add_hours(now + RINGS_AGAIN_AFTER, 1)
                self.timeline.at(again, partial(self._ring, check_in, True))
            return
        self._record(CallOutcome.AGREED_TO_CHECK_IN, ON_THE_PHONE, now, check_in)
        self.answer(check_in, Mode.PHONE, now)

    def _later(self, now: datetime) -> None:
        """Write down that they picked up and wanted to be rung another time, which is soon now."""
        at = hours_of(self.care.episode.care_team).add_hours(self.dates.ends_at, 2)
        self._record(CallOutcome.CALL_LATER, RING_AGAIN, now, call_at=at)

    def _record(
        self,
        outcome: CallOutcome,
        words: str,
        now: datetime,
        check_in: CheckIn | None = None,
        call_at: datetime | None = None,
    ) -> None:
        record_call(
            self.session,
            self.care.episode,
            outcome,
            by=self.clinic.there(self.colleagues.caller, now).id,
            now=now,
            call_at=call_at,
            words=words,
            check_in_id=check_in.id if check_in else None,
        )
        self.colleagues.look(now)


def make_calendar(session: Session, clinic: Clinic, now: datetime) -> None:
    """Let one of the coordinators read their dates in a calendar; nobody keeps its address."""
    reader = next(row for colleague, row in clinic.staff if colleague.email == HAS_CALENDAR)
    make_feed(session, reader.id, now - CALENDAR_SINCE)
