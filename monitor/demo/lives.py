"""What happens to one patient: texts go, answers come or do not, and the program's own journeys take it from there."""

from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from functools import partial
from random import Random
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor import texting, workflows
from monitor.care import treatments
from monitor.care.kinds import LOW_INTENSITY, Step, Treatment
from monitor.care.models import Appointment, AppointmentState
from monitor.checkins import planning, prompts
from monitor.checkins.enrolment import send_link
from monitor.checkins.models import CheckIn, CheckInState, Mode, MonitoringPlan
from monitor.config import Settings
from monitor.demo.aftercare import Aftercare
from monitor.demo.bursts import Bursts
from monitor.demo.calling import Calling
from monitor.demo.clinic import Clinic
from monitor.demo.colleagues import Colleagues
from monitor.demo.courses import Course, Person
from monitor.demo.lives_kinds import Dates, InCare
from monitor.demo.looking import Looking
from monitor.demo.noting import Noting
from monitor.demo.replies import WEEK, Reply, noticed, reply, reply_after
from monitor.demo.reviewing import Reviewing
from monitor.demo.roster import Entry
from monitor.demo.shown import ANTIDEPRESSANT_EACH, STEPPED_UP_LATELY, WISHES
from monitor.demo.texting import note_fate
from monitor.demo.timeline import Timeline
from monitor.flags.appointments import agree, end
from monitor.flags.wishes import Wish
from monitor.messaging.models import Message, MessageState
from monitor.messaging.quiet_hours import next_opening, to_local, to_utc
from monitor.messaging.statuses import LOST
from monitor.messaging.texts import TextKind
from monitor.people import devices
from monitor.people.models import Party, StaffMember
from monitor.relapse.watching import watched_signs
from monitor.reviews.kinds import Decision
from monitor.reviews.service import after_contact

LEFT_FOR_THE_CLOCK = timedelta(hours=1)
"""Texts that fell due this lately stay in the outbox: the running service sends them."""
ASKS = frozenset({TextKind.INVITATION, TextKind.REMINDER, TextKind.BY_TEXT})
"""The first text about a check-in; its nudges follow from it."""
APPOINTMENT_LASTS = timedelta(minutes=50)
PIN = "246810"

# Made once: a text is foreseen whenever another one goes.
_QUEUED = (
    sa.select(Message, CheckIn)
    .join(CheckIn, CheckIn.id == Message.check_in_id)
    .where(Message.patient_id == sa.bindparam("patient_id"), Message.state == MessageState.QUEUED)
    .order_by(Message.due_at, Message.purpose)
)


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
    clinic: Clinic
    colleagues: Colleagues
    chance: Random
    _has_begun: bool = False
    """Whether they came to an appointment yet."""
    _phone_is_known: bool = False
    _seen: set[UUID] = field(default_factory=set)
    _foreseen: set[UUID] = field(default_factory=set)
    """Check-ins of which it is known whether they will be answered: of two texts that ask, the first decides."""
    _needs_no_nudge: set[UUID] = field(default_factory=set)
    """Check-ins answered within a day: two cancelled nudges for each of them would double the outbox and the wait."""

    def __post_init__(self) -> None:
        self._present_plan = plan_of(self.session, self.care)
        chance = Random(f"reviews of {self.entry.number}")  # noqa: S311  # a course of its own: the others stay as they are
        self._reviewing = Reviewing(
            self.session,
            self.timeline,
            self.entry,
            self.dates,
            self.care,
            self.clinic,
            self.colleagues,
            chance,
            self._plan_anew,
        )
        known = (self.session, self.timeline, self.entry, self.care, self.clinic, self.colleagues, self.dates)
        self._aftercare = Aftercare(*known, self._changed)
        self._bursts = Bursts(*known, self._keep, self._changed)
        self._calling = Calling(*known, self._answer_on_the_phone, self._close)

    def begin(self, now: datetime) -> None:
        """Foresee what is arranged on the first day."""
        self.colleagues.begin()
        self._reviewing.begin(now)
        self._aftercare.begin()
        self._bursts.begin()
        self._bursts.look(now)
        self._calling.begin(now)
        Looking(self.session, self.timeline, self.entry, self.care, self.clinic, self.dates).begin(now)
        dates, zone, at = self.dates, self.entry.place.zone, self.timeline.at
        at(next_opening(now + timedelta(days=1), zone), self._invite)
        at(to_utc(dates.starts_on, dates.at, zone) - planning.AHEAD, self._plan)
        if dates.stepped_down_on:
            at(to_utc(dates.stepped_down_on, dates.at, zone) - timedelta(days=4), self._step_down)
        if dates.changes_at and self.entry.course is Course.OPTED_OUT:
            at(dates.changes_at, self._opt_out)
        if self.entry.number in WISHES:
            wish, before = WISHES[self.entry.number]
            at(dates.ends_at - before, partial(self._ask, wish))

    def _invite(self, now: datetime) -> None:
        send_link(self.session, self.care.episode, self.care.accountable.id, now)
        self._foresee_texts()
        if self.entry.course is Course.WAITING_FOR_INTAKE:
            return  # their first appointment is still to come
        zone, chance = self.entry.place.zone, self.chance
        at = time(chance.choice((9, 10, 11, 13, 14, 15)), chance.choice((0, 30)))
        starts_at = to_utc(to_local(self.dates.opened_at, zone).date() + WEEK, at, zone)  # a working day, as that was
        self._book(now, starts_at)
        if chance.random() < 0.3:
            self.timeline.at(starts_at + APPOINTMENT_LASTS, self._set_up_phone)

    def _plan(self, now: datetime) -> None:
        if planning.plan_ahead(self.session, self._present_plan, now):
            self._foresee_texts()
        self._calling.look(now)
        self.timeline.at(now + WEEK, self._plan)

    def _foresee_texts(self) -> None:
        """Foresee the texts that have just been queued and, with the first of each check-in, what comes of it."""
        for message, check_in in self.session.execute(_QUEUED, {"patient_id": self.care.patient.id}):
            if message.id in self._seen:
                continue
            self._seen.add(message.id)
            if message.due_at <= self.dates.ends_at - LEFT_FOR_THE_CLOCK:
                self.timeline.at(next_opening(message.due_at, self.entry.place.zone), partial(self._text, message))
            if message.purpose in ASKS and check_in.id not in self._foreseen:
                self._foreseen.add(check_in.id)
                self._foresee_answer(check_in)

    def _foresee_answer(self, check_in: CheckIn) -> None:
        self.timeline.at(check_in.closes_at, partial(self._close, check_in))
        wait = reply_after(self.entry, self.dates, check_in, self.chance)
        if wait is not None:
            self.timeline.at(check_in.due_at + wait, partial(self._answer, check_in))
            if wait < prompts.NUDGES[0][1]:
                self._needs_no_nudge.add(check_in.id)

    def _text(self, message: Message, now: datetime) -> None:
        if message.state is not MessageState.QUEUED:
            return
        fate = self._fate(now)
        note_fate(message, fate, self.settings, now)
        if fate in LOST:
            texting.after_lost(self.session, message, now)
            self.colleagues.look(now)
        if message.sent_at and message.purpose in ASKS and message.check_in_id not in self._needs_no_nudge:
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
        self._complete(check_in, said, now)

    def _answer_on_the_phone(self, check_in: CheckIn, mode: Mode, now: datetime) -> None:
        said = reply(self.entry, self.dates, self.person, check_in, False, self.chance, now)
        self._complete(check_in, replace(said, delivery=replace(said.delivery, mode=mode, note=None)), now)

    def _complete(self, check_in: CheckIn, said: Reply, now: datetime) -> None:
        is_down = self.care.episode.step is Step.STEPPED_DOWN
        signs = watched_signs(self.session, self.care.episode.id) if is_down else ()
        workflows.complete_check_in(
            self.session,
            check_in,
            said.answers,
            said.delivery,
            noticed=noticed(self.entry, self.dates, [each.id for each in signs], now),
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
            Noting(self.session, self.timeline, self.entry, self.dates, self.care.patient).begin(now)

    def _step_down(self, now: datetime) -> None:
        """Step down those who are well at a review."""
        self._reviewing.hold(now, Decision.STEP_DOWN)

    def _changed(self, now: datetime) -> None:
        """Go on from a step that no review has decided."""
        self._plan_anew(now)
        self._reviewing.foresee(now)

    def _plan_anew(self, now: datetime) -> None:
        """Go on with the plan that counts after a decision, if that is another one, and with what it asked for."""
        before, self._present_plan = self._present_plan, plan_of(self.session, self.care)
        if before is not self._present_plan:
            planning.plan_ahead(self.session, self._present_plan, now)
            self._foresee_texts()
        self._bursts.look(now)

    def _ask(self, wish: Wish, now: datetime) -> None:
        workflows.ask(self.session, self.care.episode, wish, now)
        self.colleagues.look(now)
        self._reviewing.foresee(now)

    def _opt_out(self, now: datetime) -> None:
        workflows.opt_out(self.session, self.care.patient, said_by=Party.PATIENT, now=now)
        self.colleagues.look(now)

    def _book(self, now: datetime, starts_at: datetime) -> None:
        """Agree on an appointment; what becomes of it is written down at its end."""
        agree(self.session, self.care.episode, starts_at, staff_member_id=self.care.accountable.id, now=now)
        if self._present_plan.before_appointments:
            self._foresee_texts()
        self.timeline.at(starts_at + APPOINTMENT_LASTS, partial(self._meet, starts_at))

    def _meet(self, starts_at: datetime, now: datetime) -> None:
        """Keep an appointment or miss it, and agree on the next, until the patient has stepped down."""
        self._keep(starts_at, now)
        down = self.dates.stepped_down_on
        if down is None or now.date() < down:
            local = to_local(starts_at, self.entry.place.zone)
            self._book(now, to_utc(local.date() + 2 * WEEK, local.time(), self.entry.place.zone))

    def _keep(self, starts_at: datetime, now: datetime) -> None:
        """Write down what became of an appointment."""
        became = AppointmentState.ATTENDED if self.chance.random() < 0.85 else AppointmentState.MISSED
        if now > self.dates.ends_at - STEPPED_UP_LATELY.get(self.entry.number, timedelta()):
            became = AppointmentState.MISSED  # the new care has not begun
        episode, accountable = self.care.episode, self.clinic.there(self.care.accountable, now)
        appointment_id = self.session.scalars(
            sa.select(Appointment.id).where(Appointment.episode_id == episode.id, Appointment.starts_at == starts_at)
        ).one()
        end(self.session, episode, appointment_id, became, staff_member_id=accountable.id, now=now)
        if became is AppointmentState.ATTENDED:
            after_contact(self.session, episode, appointment_id, by=accountable, now=now)
            self._begin_treatment(accountable, now)
        self.colleagues.look(now)
        self._reviewing.foresee(now)

    def _begin_treatment(self, by: StaffMember, now: datetime) -> None:
        """Write down at the first appointment which treatment begins with it."""
        if self._has_begun:
            return
        self._has_begun = True
        begun = [Treatment.PSYCHOLOGICAL] if self.care.episode.step not in LOW_INTENSITY else []
        begun += [Treatment.ANTIDEPRESSANT] if self.entry.number % ANTIDEPRESSANT_EACH == 0 else []
        for each in begun:
            treatments.start(self.session, self.care.episode, each, now.date(), by=by.id, now=now)


def plan_of(session: Session, care: InCare) -> MonitoringPlan:
    """Return the monitoring plan that counts now. Raises LookupError once care has ended."""
    plan = planning.open_plan(session, care.episode.id)
    if plan is None:
        raise LookupError("an open episode has a plan")
    return plan
