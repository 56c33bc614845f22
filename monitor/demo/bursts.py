"""The middle step of the demonstration: slots, who waits for one, who is in a burst, and who has borrowed one."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import partial
from random import Random
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.care.kinds import LOW_INTENSITY, MiddleReason, Step
from monitor.care.middle_models import MiddleSlot, SlotBooking
from monitor.care.middle_slots import booking_of, bookings, set_slots, slots
from monitor.care.middle_step import ask, burst_of, queue, request_of
from monitor.care.models import Appointment
from monitor.care.pathways import in_force
from monitor.care.promises import hours_of
from monitor.checkins.closing import hold
from monitor.demo.clinic import FOUNDED_BEFORE, Clinic
from monitor.demo.colleagues import Colleagues
from monitor.demo.lives_kinds import Dates, InCare
from monitor.demo.phrases import ASKED_FOR, BORROWED_FOR, LONGER, OUT_OF_TURN, URGENT_PLACE, WAY_OUT
from monitor.demo.roster import Entry
from monitor.demo.shown import ASKED_FOR_A_SLOT, BORROWED, SLOTS, WAITING_SINCE
from monitor.demo.timeline import Timeline
from monitor.messaging.quiet_hours import to_local, to_utc
from monitor.people.models import Role
from monitor.reviews import bursts

AT = time(9, 15)
"""Of each contact: no other appointment of the demonstration begins at a quarter past."""
DAYS = ((0, 3), (1, 4))
WEEKS = 8
MORE_WEEKS = 4
DECIDED_BEFORE = timedelta(days=4)
"""How long before its end a burst that helps is lengthened."""
BORROWED_FOR_WEEKS = timedelta(weeks=4)


def give_slots(session: Session, clinic: Clinic, now: datetime) -> None:
    """Give each team its slots, as the administrator's command does; `now` is the present moment."""
    for team, (protected, open_to_all) in zip(clinic.teams, SLOTS, strict=True):
        set_slots(session, team, protected=protected, open_to_all=open_to_all, now=now - FOUNDED_BEFORE)


@dataclass
class Bursts:
    """What the middle step is to one patient."""

    session: Session
    timeline: Timeline
    entry: Entry
    care: InCare
    clinic: Clinic
    colleagues: Colleagues
    dates: Dates
    meet: Callable[[datetime, datetime], None]
    """Keeps or misses the contact of the first moment, told at the second."""
    changed: Callable[[datetime], None]
    """Told when a burst has begun: the step and the reviews are others."""
    _foreseen: set[UUID] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._chance = Random(f"middle step of {self.entry.number}")  # noqa: S311  # the same fiction each time

    def begin(self) -> None:
        """Foresee what the roster says of them."""
        number, hours = self.entry.number, hours_of(self.care.episode.care_team)
        if number in ASKED_FOR_A_SLOT:
            before = ASKED_FOR_A_SLOT[number][1]
            self.timeline.at(hours.add_hours(self.dates.ends_at - before, 0.5), self._ask)
        if number in BORROWED:
            self.timeline.at(hours.add_hours(self.dates.ends_at - BORROWED[number], 0.5), self._borrow)

    def look(self, now: datetime) -> None:
        """Foresee the burst that a decision has asked for; the latest to ask wait."""
        request = request_of(self.session, self.care.episode.id)
        if request is None or request.id in self._foreseen:
            return
        self._foreseen.add(request.id)
        if request.asked_at < self.dates.ends_at - WAITING_SINCE and self.entry.number not in ASKED_FOR_A_SLOT:
            offered = hours_of(self.care.episode.care_team).add_hours(now, self._chance.uniform(5, 14))
            self.timeline.at(offered, self._start)

    def _start(self, now: datetime) -> None:
        slot, episode = self._free_slot(is_protected=True), self.care.episode
        if slot is None or request_of(self.session, episode.id) is None:
            return
        first = queue(self.session, (episode.care_team_id,))[0]
        new = bursts.NewBurst(
            slot_id=slot.id,
            weeks=WEEKS,
            exit_step=Step.TWO if Step.TWO in in_force(self.session, episode.pathway).pathway.steps else Step.THREE,
            words=WAY_OUT[self.entry.number % len(WAY_OUT)],
            days=DAYS[self.entry.number % len(DAYS)],
            at=AT,
            out_of_turn="" if first.episode_id == episode.id else OUT_OF_TURN,
        )
        by = self.clinic.there(self.colleagues.caller, now)
        booking = bursts.begin(self.session, episode, new, by=by, now=now)
        ends_at = to_utc(booking.until_on, AT, episode.care_team.time_zone)
        self.timeline.at(ends_at - DECIDED_BEFORE, partial(self._lengthen, booking))
        self._foresee_contacts(now)
        self.changed(now)

    def _lengthen(self, booking: SlotBooking, now: datetime) -> None:
        if burst_of(self.session, self.care.episode.id) is not booking:
            return
        by = self.clinic.member(self.entry.place.team, Role.CLINICIAN)
        bursts.lengthen(self.session, self.care.episode, WEEKS + MORE_WEEKS, LONGER, AT, by=by, now=now)
        self._foresee_contacts(now)
        self.changed(now)

    def _foresee_contacts(self, now: datetime) -> None:
        ours = sa.select(Appointment).where(Appointment.episode_id == self.care.episode.id, Appointment.starts_at > now)
        zone = self.care.episode.care_team.time_zone
        for each in self.session.scalars(ours.where(Appointment.cancelled_at.is_(None))).all():
            if to_local(each.starts_at, zone).time() == AT and each.id not in self._foreseen:
                self._foreseen.add(each.id)
                self.timeline.at(each.starts_at + timedelta(minutes=45), partial(self.meet, each.starts_at))

    def _ask(self, now: datetime) -> None:
        episode, reason = self.care.episode, ASKED_FOR_A_SLOT[self.entry.number][0]
        if episode.step not in LOW_INTENSITY or request_of(self.session, episode.id) is not None:
            return
        hold(self.session, episode.id)
        pathway, by = in_force(self.session, episode.pathway).pathway, self.clinic.there(self.colleagues.caller, now)
        words = URGENT_PLACE if reason is MiddleReason.URGENT_NEED else ASKED_FOR
        ask(self.session, episode, (reason,), words, pathway=pathway, by=by.id, now=now)

    def _borrow(self, now: datetime) -> None:
        episode, slot = self.care.episode, self._free_slot(is_protected=True)
        if slot is None or episode.step is Step.MIDDLE or booking_of(self.session, episode.id) is not None:
            return
        until_on = to_local(self.dates.ends_at + BORROWED_FOR_WEEKS, episode.care_team.time_zone).date()
        by = self.clinic.there(self.care.accountable, now)
        bursts.borrow(self.session, episode, slot.id, until_on, BORROWED_FOR, by=by, now=now)

    def _free_slot(self, *, is_protected: bool) -> MiddleSlot | None:
        """Return the first free slot of the team, of the kind that is asked for where there is one."""
        every = slots(self.session, (self.care.episode.care_team_id,))
        taken = bookings(self.session, [each.id for each in every])
        free = [each for each in every if each.id not in taken]
        return min(free, key=lambda each: (each.is_protected is not is_protected, each.number), default=None)
