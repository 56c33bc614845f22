"""Bursts of the middle step: begun in a slot with the way out planned, lengthened once, ended by a decision only."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.audit import Actor, record
from monitor.care import middle_rules
from monitor.care.kinds import RequestEnd, ReviewKind, Step
from monitor.care.middle_models import BurstExtension, SlotBooking
from monitor.care.middle_slots import book, booking_of, free_again
from monitor.care.middle_step import CannotBeAsked, NobodyWaits, burst_of, queue, request_of
from monitor.care.models import Appointment, Episode, StepAssignment
from monitor.care.pathway import Pathway
from monitor.care.pathways import InForce, for_decision, in_force
from monitor.care.promises import hours_of
from monitor.care.service_hours import MIDNIGHT, ServiceHours
from monitor.checkins.cadence import ask_every
from monitor.checkins.closing import hold
from monitor.errors import MonitorError
from monitor.flags.appointments import agree
from monitor.flags.service import evaluate
from monitor.messaging.quiet_hours import to_local, to_utc
from monitor.people.models import Role, StaffMember
from monitor.reviews.dates import DAY, Burst, of_burst
from monitor.reviews.next_dates import of_its_own

FIRED = "middle_step"
"""What led to the step where a burst is its beginning, as `StepAssignment.fired` names it."""


class Owed(StrEnum):
    """What the form of a burst or of a borrowed slot lacks."""

    WORDS = "words"
    WEEKS = "weeks"
    EXIT_STEP = "exit_step"
    DAYS = "days"
    CLOSED_THEN = "closed_then"
    OUT_OF_TURN = "out_of_turn"
    UNTIL = "until"


class BurstRefused(MonitorError):
    """Something is owed; `owed` names all of it, `ahead` who stands before in the queue. Nothing was written."""

    def __init__(self, owed: tuple[Owed, ...], ahead: str = "") -> None:
        super().__init__("the slot cannot be given as it is")
        self.owed, self.ahead = owed, ahead


class NoBurst(MonitorError):
    """They are in no burst, or have borrowed no slot: somebody may have ended it meanwhile."""


class NotAClinician(MonitorError):
    """A burst is lengthened by a clinician."""


class AlreadyLengthened(MonitorError):
    """A burst is lengthened once; `extension` says who did and when."""

    def __init__(self, extension: BurstExtension) -> None:
        super().__init__("this burst has been lengthened before")
        self.extension = extension


@dataclass(frozen=True)
class NewBurst:
    """A burst as somebody's form says it."""

    slot_id: UUID
    weeks: int
    exit_step: Step
    words: str
    """Of the way out."""
    days: tuple[int, ...]
    """The weekdays of contact, 0 for Monday."""
    at: time
    """Of each contact, on the team's clock."""
    out_of_turn: str = ""
    """Why now, where somebody stands before in the queue."""


def begin(session: Session, episode: Episode, new: NewBurst, *, by: StaffMember, now: datetime) -> SlotBooking:
    """Begin the burst that somebody waits for: slot, step, twice-weekly contacts, the reviews, all or nothing.

    Raises NobodyWaits, CannotBeAsked, BurstRefused, and NoSuchSlot, SlotTaken or HasASlot of `care.middle_slots`.
    """
    episode = _held(session, episode)
    rules, hours = for_decision(session, episode.pathway, now), hours_of(episode.care_team)
    request = request_of(session, episode.id)
    if request is None:
        raise NobodyWaits("nobody has asked for this burst, or somebody has ended the wait")
    if Step.MIDDLE not in rules.pathway.steps or not middle_rules.may_be_asked_for(episode.step):
        raise CannotBeAsked("there is no way to the middle step from here")
    first = queue(session, (episode.care_team_id,))[0]
    owed = [*_owed(new, rules.pathway, hours)]
    if first.id != request.id and not new.out_of_turn.strip():
        owed.append(Owed.OUT_OF_TURN)
    if owed:
        raise BurstRefused(tuple(owed), first.patient.preferred_name)
    today = to_local(now, hours.zone).date()
    booking = book(
        session,
        new.slot_id,
        episode,
        by=by.id,
        from_on=today,
        until_on=today + timedelta(weeks=new.weeks),
        now=now,
        exit_step=new.exit_step,
        contact_days=sorted(new.days),
        reason=new.words.strip(),
    )
    request.ended, request.ended_at, request.ended_by_id = RequestEnd.STARTED, now, by.id
    request.booking_id = booking.id
    request.out_of_turn = new.out_of_turn.strip() or None if first.id != request.id else None
    _to_the_step(session, episode, rules, booking, now)
    _look_at(session, episode, booking, rules.pathway, now)
    _agree(session, episode, _moments(today, booking.until_on, new.days, new.at, hours, now), by.id, now)
    evaluate(session, episode, now=now)  # from aftercare the rules on scores count again
    record(session, Actor("staff", by.id), "burst begun", "patient", episode.patient_id, now=now)
    return booking


def lengthen(
    session: Session, episode: Episode, weeks: int, words: str, at: time, *, by: StaffMember, now: datetime
) -> BurstExtension:
    """Lengthen a burst to so many weeks in all, once; its contacts go on. Raises NoBurst, NotAClinician,
    AlreadyLengthened and BurstRefused.
    """
    episode = _held(session, episode)
    booking, hours = burst_of(session, episode.id), hours_of(episode.care_team)
    if booking is None:
        raise NoBurst("they are in no burst")
    if by.role is not Role.CLINICIAN:
        raise NotAClinician("a burst is lengthened by a clinician")
    if booking.extension is not None:
        raise AlreadyLengthened(booking.extension)
    pathway, today = in_force(session, episode.pathway).pathway, to_local(now, hours.zone).date()
    until_on = booking.from_on + timedelta(weeks=weeks)
    owed = [Owed.WORDS] if not words.strip() else []
    if weeks not in middle_rules.longer(booking.from_on, booking.until_on, pathway) or until_on <= today:
        owed.append(Owed.WEEKS)
    owed += _closed(booking.contact_days, at, hours)
    if owed:
        raise BurstRefused(tuple(owed))
    extension = BurstExtension(
        booking_id=booking.id,
        booking=booking,
        patient=booking.patient,
        patient_id=booking.patient_id,
        at=now,
        until_on=until_on,
        decided_by_id=by.id,
        reason=words.strip(),
    )
    session.add(extension)
    session.flush()
    if episode.next_review_kind is ReviewKind.END_OF_BURST:
        _look_at(session, episode, booking, pathway, now)
    more = _moments(max(booking.until_on, today), until_on, booking.contact_days, at, hours, now)
    _agree(session, episode, more, by.id, now)
    record(session, Actor("staff", by.id), "burst lengthened", "patient", episode.patient_id, now=now)
    return extension


def borrow(
    session: Session, episode: Episode, slot_id: UUID, until_on: date, words: str, *, by: StaffMember, now: datetime
) -> SlotBooking:
    """Borrow a free slot for somebody on another step, in one's own name and with a reason.

    Raises CannotBeAsked, BurstRefused, and NoSuchSlot, SlotTaken or HasASlot of `care.middle_slots`.
    """
    episode = _held(session, episode)
    if episode.closed_at is not None or episode.step is Step.MIDDLE:
        raise CannotBeAsked("a slot is borrowed for another step than its own")
    today = to_local(now, episode.care_team.time_zone).date()
    owed = [Owed.WORDS] if not words.strip() else []
    if not DAY <= until_on - today <= timedelta(weeks=_longest(session, episode)):
        owed.append(Owed.UNTIL)
    if owed:
        raise BurstRefused(tuple(owed))
    booking = book(
        session,
        slot_id,
        episode,
        by=by.id,
        from_on=today,
        until_on=until_on,
        now=now,
        is_borrowed=True,
        borrowed_for=episode.step,
        reason=words.strip(),
    )
    record(session, Actor("staff", by.id), "borrowed middle-step slot", "patient", episode.patient_id, now=now)
    return booking


def give_back(session: Session, episode: Episode, *, by: StaffMember, now: datetime) -> None:
    """Give a borrowed slot back. Raises NoBurst where none is borrowed for them."""
    episode = _held(session, episode)
    booking = booking_of(session, episode.id)
    if booking is None or not booking.is_borrowed:
        raise NoBurst("no slot is borrowed for them")
    free_again(session, booking, by.id, now)
    record(session, Actor("staff", by.id), "gave middle-step slot back", "patient", episode.patient_id, now=now)


def stretch_of(booking: SlotBooking | None) -> Burst | None:
    """Return the dates between which a burst runs, for the dates of its reviews."""
    return Burst(booking.from_on, booking.ends_on) if booking is not None else None


def _held(session: Session, episode: Episode) -> Episode:
    """Hold an episode and return it as it stands."""
    session.flush()
    hold(session, episode.id)
    session.refresh(episode)
    session.expire(episode, ["steps"])
    return episode


def _owed(new: NewBurst, pathway: Pathway, hours: ServiceHours) -> Iterator[Owed]:
    if not new.words.strip():
        yield Owed.WORDS
    if new.weeks not in middle_rules.lengths(pathway):
        yield Owed.WEEKS
    if new.exit_step not in middle_rules.ways_out(pathway):
        yield Owed.EXIT_STEP
    if len(set(new.days)) != middle_rules.CONTACTS_A_WEEK:
        yield Owed.DAYS
    else:
        yield from _closed(new.days, new.at, hours)


def _closed(days: Iterable[int], at: time, hours: ServiceHours) -> list[Owed]:
    """Return what is owed where the team does not work then: nobody would be there for the contact."""
    week = [hours.week.get(day) for day in days]
    is_open = all(each and each[0] <= at and (at < each[1] or each[1] == MIDNIGHT) for each in week)
    return [] if is_open else [Owed.CLOSED_THEN]


def _longest(session: Session, episode: Episode) -> int:
    """Return for how many weeks a slot may be borrowed: no longer than a burst may be planned. Local protocol."""
    pathway = in_force(session, episode.pathway).pathway
    return middle_rules.lengths(pathway)[-1] if Step.MIDDLE in pathway.steps else 8


def _to_the_step(session: Session, episode: Episode, rules: InForce, booking: SlotBooking, now: datetime) -> None:
    if episode.step is Step.MIDDLE:
        return
    assignment = StepAssignment(
        episode_id=episode.id,
        step=Step.MIDDLE,
        from_at=now,
        decided_by_id=booking.booked_by_id,
        pathway_version_id=rules.version_id,
        fired=[{"rule": FIRED, "step": Step.MIDDLE.value}],
        patient=episode.patient,
        patient_id=episode.patient_id,
        reason=booking.reason,
    )
    session.add(assignment)
    session.flush()
    session.expire(episode, ["steps"])
    ask_every(session, episode, rules.pathway.plan(Step.MIDDLE).check_in_every_weeks, now)


def _look_at(session: Session, episode: Episode, booking: SlotBooking, pathway: Pathway, now: datetime) -> None:
    """Set the review that a burst owes next. One that is overdue stays so, and another that comes sooner stays."""
    stretch, present = stretch_of(booking), episode.next_review_at
    if stretch is None or present is None or present <= now:
        return
    after = of_burst(stretch, pathway, now=now, hours=hours_of(episode.care_team))
    at = of_its_own(session, episode, after.kind, after.latest)
    if episode.next_review_kind in (ReviewKind.MID_BURST, ReviewKind.END_OF_BURST) or at < present:
        episode.next_review_at, episode.next_review_kind = at, after.kind
        session.flush()


def _moments(
    after: date, until_on: date, days: Iterable[int], at: time, hours: ServiceHours, now: datetime
) -> Iterator[datetime]:
    """Yield the contacts of a burst that lie ahead; a holiday has none."""
    for on in middle_rules.contact_dates(after, until_on, set(days)):
        starts_at = to_utc(on, at, hours.zone)
        if starts_at > now and hours.is_open(starts_at):
            yield starts_at


def _agree(session: Session, episode: Episode, moments: Iterable[datetime], by: UUID, now: datetime) -> None:
    ahead = sa.select(Appointment.starts_at).where(
        Appointment.episode_id == episode.id, Appointment.starts_at > now, Appointment.cancelled_at.is_(None)
    )
    there = set(session.scalars(ahead))
    for starts_at in moments:
        if starts_at not in there:
            agree(session, episode, starts_at, staff_member_id=by, now=now)
