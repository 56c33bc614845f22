"""A staff member's dates as a calendar that any program can subscribe to. It names nobody and leads to the worklist.

The file lies on phones and in clouds that this service knows nothing of: a title says what kind of date it is, and
nothing in it tells two patients apart. RFC 5545; times are UTC, dates are whole days, so no time zone is described.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from icalendar import Calendar, Event
from sqlalchemy.orm import Session, aliased, joinedload

from monitor.access import POLICY, Action
from monitor.care.middle_models import SlotBooking
from monitor.care.models import Appointment, Episode
from monitor.checkins.call_models import Call, CallOutcome
from monitor.db import keyring
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag
from monitor.i18n import N_, SOURCE_LANGUAGE, STAFF_LANGUAGES, translate
from monitor.people.models import StaffMember
from monitor.people.needs_models import CalendarFeed
from monitor.progress.my_patients import stood_in_for
from monitor.relapse.kinds import PlanKind, PlanState
from monitor.relapse.models import RelapsePlan

AHEAD, BACK = timedelta(days=90), timedelta(days=7)
"""What was due within the last week still stands, in its own place."""


class DateKind(StrEnum):
    """What a date is for; the titles say no more than this."""

    REVIEW = "review"
    PLAN_REVIEW = "plan_review"
    CALL = "call"
    BURST_ENDS = "burst_ends"
    APPOINTMENT = "appointment"


TITLES = {
    DateKind.REVIEW: N_("Review"),
    DateKind.PLAN_REVIEW: N_("Plan review"),
    DateKind.CALL: N_("Call"),
    DateKind.BURST_ENDS: N_("Burst ends"),
    DateKind.APPOINTMENT: N_("Appointment"),
}
NAME = N_("Dates")
CALLS_PROMISED = (FlagKind.CALL_REQUESTED, FlagKind.RE_ENTRY)


@dataclass(frozen=True)
class Entry:
    """One date: of what, of which row, and when; a moment is aware UTC, a date a whole day."""

    kind: DateKind
    row_id: UUID
    at: datetime | date


def may_have_feed(member: StaffMember) -> bool:
    """Return whether somebody's work has dates: those who care for patients."""
    return member.ended_at is None and Action.RECORD in POLICY[member.role]


def entries(session: Session, member: StaffMember, now: datetime) -> list[Entry]:
    """Return a staff member's dates of the coming 90 days, and of whoever they stand in for, in a few statements.

    Only what their teams of this moment have in care.
    """
    whose = {member.id, *stood_in_for(session, member.id, now)}
    teams = [each.care_team_id for each in member.memberships if each.until_at is None]
    ours = (Episode.closed_at.is_(None), Episode.care_team_id.in_(teams))
    span = _Span(now - BACK, now + AHEAD)
    found = [
        *_reviews(session, ours, whose, span),
        *_plan_reviews(session, ours, whose, span),
        *_calls(session, ours, whose, span),
        *_bursts(session, ours, whose, span),
        *_appointments(session, ours, whose, span),
    ]
    return sorted(found, key=lambda each: (_moment(each.at), each.kind, each.row_id))


def calendar(found: Sequence[Entry], feed: CalendarFeed, address: str) -> bytes:
    """Return the dates as a calendar whose entries lead to `address`, in the staff member's language."""
    spoken = feed.staff_member.language
    language = spoken if spoken in STAFF_LANGUAGES else SOURCE_LANGUAGE
    made = Calendar()
    made.add("prodid", "-//monitor//dates//EN")
    made.add("version", "2.0")
    made.add("x-wr-calname", translate(language, NAME, "staff"))
    made.add("refresh-interval", timedelta(hours=1), parameters={"VALUE": "DURATION"})
    for entry in found:
        made.add_component(_event(entry, feed, translate(language, TITLES[entry.kind], "staff"), address))
    return bytes(made.to_ical())


def _event(entry: Entry, feed: CalendarFeed, title: str, address: str) -> Event:
    event = Event()
    event.add("uid", _uid(entry, feed))
    # Of the feed, not of the reading: an entry that is the same looks the same, so nobody is told of it anew.
    event.add("dtstamp", feed.made_at)
    event.add("dtstart", entry.at)
    event.add("summary", title)
    event.add("url", address)
    event.add("class", "PRIVATE")
    event.add("transp", "OPAQUE" if entry.kind is DateKind.APPOINTMENT else "TRANSPARENT")
    return event


def _uid(entry: Entry, feed: CalendarFeed) -> str:
    """Return a name that only this service can tie to a row. A date that moves is another entry: the old one goes."""
    return keyring().digest("calendar", f"{feed.id}:{entry.kind}:{entry.row_id}:{entry.at.isoformat()}").hex()[:32]


@dataclass(frozen=True)
class _Span:
    start: datetime
    end: datetime

    def holds(self, column: Any) -> sa.ColumnElement[bool]:
        """Return the condition that a moment lies within."""
        return sa.and_(column >= self.start, column < self.end)

    def holds_day(self, day: date) -> bool:
        """Return whether a date does."""
        return self.start.date() <= day < self.end.date()


Ours = tuple[sa.ColumnElement[bool], ...]


def _reviews(session: Session, ours: Ours, whose: set[UUID], span: _Span) -> Iterator[Entry]:
    wanted = sa.select(Episode.id, Episode.next_review_at).where(
        *ours, Episode.accountable_id.in_(whose), span.holds(Episode.next_review_at)
    )
    for episode_id, at in session.execute(wanted):
        if at is not None:
            yield Entry(DateKind.REVIEW, episode_id, at)


def _plan_reviews(session: Session, ours: Ours, whose: set[UUID], span: _Span) -> Iterator[Entry]:
    """Of the plan that counts: the newest agreed version."""
    later = aliased(RelapsePlan)
    newer = sa.exists().where(
        later.episode_id == RelapsePlan.episode_id,
        later.kind == PlanKind.STAYING_WELL,
        later.state == PlanState.AGREED,
        later.version > RelapsePlan.version,
    )
    wanted = (
        sa.select(RelapsePlan.id, RelapsePlan.review_on)
        .join(Episode, Episode.id == RelapsePlan.episode_id)
        .where(
            *ours,
            RelapsePlan.kind == PlanKind.STAYING_WELL,
            RelapsePlan.state == PlanState.AGREED,
            RelapsePlan.owner_id.in_(whose),
            ~newer,
        )
    )
    for plan_id, on in session.execute(wanted):
        if on is not None and span.holds_day(on):
            yield Entry(DateKind.PLAN_REVIEW, plan_id, on)


def _calls(session: Session, ours: Ours, whose: set[UUID], span: _Span) -> Iterator[Entry]:
    """What a flag promises, and what a patient who was rung asked for: the newest word of each."""
    promised = (
        sa.select(Flag.id, Flag.due_at)
        .join(Episode, Episode.id == Flag.episode_id)
        .where(
            *ours,
            Flag.closed_at.is_(None),
            Flag.kind.in_(CALLS_PROMISED),
            Flag.owner_id.in_(whose),
            span.holds(Flag.due_at),
        )
    )
    later = aliased(Call)
    asked_for = (
        sa.select(Call.id, Call.call_at)
        .join(Episode, Episode.id == Call.episode_id)
        .where(
            *ours,
            Call.outcome == CallOutcome.CALL_LATER,
            span.holds(Call.call_at),
            sa.or_(Call.staff_member_id.in_(whose), Episode.accountable_id.in_(whose)),
            ~sa.exists().where(later.episode_id == Call.episode_id, later.at > Call.at),
        )
    )
    for row_id, at in (*session.execute(promised), *session.execute(asked_for)):
        if at is not None:
            yield Entry(DateKind.CALL, row_id, at)


def _bursts(session: Session, ours: Ours, whose: set[UUID], span: _Span) -> Iterator[Entry]:
    bookings = session.scalars(
        sa.select(SlotBooking)
        .join(Episode, Episode.id == SlotBooking.episode_id)
        .where(
            *ours,
            SlotBooking.ended_at.is_(None),
            SlotBooking.is_borrowed.is_(False),
            sa.or_(SlotBooking.booked_by_id.in_(whose), Episode.accountable_id.in_(whose)),
        )
        .options(joinedload(SlotBooking.extension))
    )
    for booking in bookings:
        if span.holds_day(booking.ends_on):
            yield Entry(DateKind.BURST_ENDS, booking.id, booking.ends_on)


def _appointments(session: Session, ours: Ours, whose: set[UUID], span: _Span) -> Iterator[Entry]:
    wanted = (
        sa.select(Appointment.id, Appointment.starts_at)
        .join(Episode, Episode.id == Appointment.episode_id)
        .where(
            *ours,
            Episode.accountable_id.in_(whose),
            Appointment.cancelled_at.is_(None),
            Appointment.missed_at.is_(None),
            Appointment.attended_at.is_(None),
            span.holds(Appointment.starts_at),
        )
    )
    for appointment_id, at in session.execute(wanted):
        yield Entry(DateKind.APPOINTMENT, appointment_id, at)


def _moment(at: datetime | date) -> str:
    return at.isoformat() if isinstance(at, datetime) else datetime.combine(at, time()).isoformat()
