"""What happens to one patient: texts go, answers come or do not, and the program's own journeys take it from there."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from random import Random
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor import workflows
from monitor.care.models import Appointment, Step
from monitor.checkins import planning, prompts
from monitor.checkins.models import CheckIn, CheckInState
from monitor.config import Settings
from monitor.demo.arrivals import Dates, InCare, follow, stand_on
from monitor.demo.colleagues import Colleagues
from monitor.demo.courses import Course, Person
from monitor.demo.phrases import STEPPED_DOWN
from monitor.demo.replies import WEEK, reply, reply_after
from monitor.demo.roster import Entry
from monitor.demo.texting import note_fate
from monitor.demo.timeline import Timeline
from monitor.messaging.models import ACCEPTED, Message, MessageState
from monitor.messaging.quiet_hours import next_opening, to_utc
from monitor.messaging.texts import TextKind
from monitor.people import devices
from monitor.people.models import Party

LEFT_FOR_THE_CLOCK = timedelta(hours=1)
"""Texts that fell due this lately stay in the outbox: the running service sends them."""
FORTNIGHT = timedelta(weeks=2)
PIN = "246810"


@dataclass
class Life:
    """One patient's way through the months, from the day they came into care."""

    session: Session
    settings: Settings
    timeline: Timeline
    entry: Entry
    dates: Dates
    person: Person
    care: InCare
    colleagues: Colleagues
    chance: Random
    _phone_is_known: bool = False
    _seen: set[UUID] = field(default_factory=set)

    def begin(self, now: datetime) -> None:
        """Foresee what is arranged on the first day."""
        dates, zone, at = self.dates, self.entry.place.zone, self.timeline.at
        at(next_opening(now + timedelta(days=1), zone), self._invite)
        at(to_utc(dates.starts_on, dates.at, zone) - planning.AHEAD, self._plan)
        self._book(now, now + timedelta(days=7))
        if self.chance.random() < 0.4:
            at(now + timedelta(days=7, minutes=45), self._set_up_phone)
        if dates.stepped_down_on:
            at(to_utc(dates.stepped_down_on, dates.at, zone) - timedelta(days=4), self._step_down)
        if dates.changes_at and self.entry.course is Course.OPTED_OUT:
            at(dates.changes_at, self._opt_out)

    def _invite(self, now: datetime) -> None:
        planning.invite(self.session, self.care.episode, now)
        self._foresee_texts()

    def _plan(self, now: datetime) -> None:
        plan = planning.open_plan(self.session, self.care.episode.id)
        if plan is not None and planning.plan_ahead(self.session, plan, now):
            self._foresee_texts()
        self.timeline.at(now + WEEK, self._plan)

    def _foresee_texts(self) -> None:
        """Foresee the texts that have just been queued and, with the first of each check-in, what comes of it."""
        queued = self.session.scalars(
            sa.select(Message)
            .where(Message.patient_id == self.care.patient.id, Message.state == MessageState.QUEUED)
            .order_by(Message.due_at, Message.purpose)
        )
        for message in queued:
            if message.id in self._seen:
                continue
            self._seen.add(message.id)
            if message.due_at <= self.dates.ends_at - LEFT_FOR_THE_CLOCK:
                self.timeline.at(next_opening(message.due_at, self.entry.place.zone), partial(self._text, message))
            if message.purpose in (TextKind.INVITATION, TextKind.REMINDER):
                self._foresee_answer(self.session.get_one(CheckIn, message.check_in_id))

    def _foresee_answer(self, check_in: CheckIn) -> None:
        self.timeline.at(check_in.closes_at, partial(self._close, check_in))
        wait = reply_after(self.entry, self.dates, check_in, self.chance)
        if wait is not None:
            self.timeline.at(check_in.due_at + wait, partial(self._answer, check_in))

    def _text(self, message: Message, now: datetime) -> None:
        if message.state is not MessageState.QUEUED:
            return
        fate = self._fate(now)
        note_fate(message, fate, self.settings, now)
        if fate in ACCEPTED or fate is MessageState.UNDELIVERED:
            prompts.after_sent(self.session, message, now)
            self._foresee_texts()

    def _fate(self, now: datetime) -> MessageState:
        since = self.dates.changes_at if self.entry.course is Course.UNREACHABLE else None
        if since is None or now < since:
            return MessageState.DELIVERED
        if self.entry.number % 2:
            return MessageState.UNDELIVERED
        return MessageState.SKIPPED if self.care.patient.number_failed_at else MessageState.FAILED

    def _answer(self, check_in: CheckIn, now: datetime) -> None:
        if check_in.state(now) is not CheckInState.OPEN:
            return
        is_known = self._phone_is_known and self.chance.random() < 0.6
        said = reply(self.entry, self.dates, self.person, check_in, is_known, self.chance, now)
        workflows.complete_check_in(
            self.session,
            check_in,
            said.answers,
            said.delivery,
            call_asked=said.call_asked,
            settings=self.settings,
            now=now,
        )
        self.colleagues.look(now)

    def _close(self, check_in: CheckIn, now: datetime) -> None:
        if check_in.state(now) is CheckInState.OVERDUE:
            workflows.close_overdue(self.session, check_in, now)
            self.colleagues.look(now)

    def _set_up_phone(self, now: datetime) -> None:
        """Enrol the patient's phone at the clinic, as the two pages would."""
        accountable = self.care.accountable
        invited = devices.begin_enrolment(self.session, self.care.patient, accountable.id, now)
        invitation = devices.invited_by_token(self.session, invited.token, now)
        if invitation is not None:
            devices.enrol(self.session, invitation, PIN, now)
            self._phone_is_known = True

    def _step_down(self, now: datetime) -> None:
        stand_on(self.session, self.care.episode, Step.STEPPED_DOWN, STEPPED_DOWN, self.care.accountable, now)
        plan = planning.open_plan(self.session, self.care.episode.id)
        if plan is not None and self.dates.stepped_down_on:
            plan.until_at = now
            self.session.flush()
            follow(self.session, self.care.episode, self.dates.stepped_down_on, 2, now)
            planning.replan(self.session, self.care.patient, now)

    def _opt_out(self, now: datetime) -> None:
        workflows.opt_out(self.session, self.care.patient, said_by=Party.PATIENT, now=now)
        self.colleagues.look(now)

    def _book(self, now: datetime, starts_at: datetime) -> None:
        appointment = Appointment(episode_id=self.care.episode.id, starts_at=starts_at)
        self.session.add(appointment)
        self.session.flush()
        planning.plan_for_appointment(self.session, self.care.episode, appointment, now)
        self._foresee_texts()
        self.timeline.at(starts_at, partial(self._meet, appointment))

    def _meet(self, appointment: Appointment, now: datetime) -> None:
        """Keep an appointment or miss it, and agree on the next, until the patient has stepped down."""
        if self.chance.random() < 0.85:
            appointment.attended_at = now + timedelta(minutes=50)
        else:
            appointment.missed_at = now + timedelta(minutes=50)
        down = self.dates.stepped_down_on
        if down is None or now.date() < down:
            self._book(now, now + FORTNIGHT)
