"""Where somebody stands with the middle step, in one line: for the record, the review and the page of the slots."""

from datetime import datetime

from sqlalchemy.orm import Session

from monitor.care.middle_models import SlotBooking, StepRequest
from monitor.care.middle_rules import week_of, weeks_between
from monitor.care.middle_slots import booking_of
from monitor.care.middle_step import request_of
from monitor.care.models import Episode
from monitor.care.staff_words import step_label
from monitor.flags.due import Reader, age
from monitor.i18n import N_, format_date


def middle_line(session: Session, episode: Episode, now: datetime, reader: Reader) -> str:
    """Return that somebody waits for a burst, is in one, or has a borrowed slot; nothing where none of it holds."""
    booking = booking_of(session, episode.id)
    if booking is None:
        request = request_of(session, episode.id)
        return waits(request, now, reader) if request else ""
    return (
        borrowed(booking, reader) if booking.is_borrowed else f"{week(booking, now, reader)} {way_out(booking, reader)}"
    )


def waits(request: StepRequest, now: datetime, reader: Reader) -> str:
    """Return for how long somebody has waited, and by when they are to be answered."""
    said = N_("Waiting for the middle step: %(age)s. Answer due %(when)s.")
    when = reader.day_and_time(request.answer_due_at, now)
    return reader.say(said, age=age(request.asked_at, now, reader), when=when)


def is_late(booking: SlotBooking, now: datetime, reader: Reader) -> bool:
    """Whether a burst is past its end: it goes on until somebody decides."""
    return reader.local(now).date() >= booking.ends_on


def week(booking: SlotBooking, now: datetime, reader: Reader) -> str:
    """Return the week of a burst out of how many."""
    weeks = weeks_between(booking.from_on, booking.ends_on)
    if is_late(booking, now, reader):
        said, on = N_("Burst of %(weeks)s weeks, past its end on %(date)s: decide."), _day(booking, reader)
        return reader.say(said, weeks=weeks, date=on)
    count = week_of(booking.from_on, reader.local(now).date())
    said = (
        N_("Burst, week %(week)s of %(weeks)s, lengthened.")
        if booking.extension
        else N_("Burst, week %(week)s of %(weeks)s.")
    )
    return reader.say(said, week=count, weeks=weeks)


def week_briefly(booking: SlotBooking, now: datetime, reader: Reader) -> str:
    """Return the same where a table says that it is a burst."""
    weeks = weeks_between(booking.from_on, booking.ends_on)
    if is_late(booking, now, reader):
        return reader.say(N_("%(weeks)s weeks, over on %(date)s: decide"), weeks=weeks, date=_day(booking, reader))
    said = N_("%(week)s of %(weeks)s, lengthened") if booking.extension else N_("%(week)s of %(weeks)s")
    return reader.say(said, week=week_of(booking.from_on, reader.local(now).date()), weeks=weeks)


def way_out(booking: SlotBooking, reader: Reader) -> str:
    """Return where a burst leads, as planned."""
    step = step_label(booking.exit_step, reader.language) if booking.exit_step else ""
    return reader.say(N_("Planned way out: %(step)s."), step=step)


def borrowed(booking: SlotBooking, reader: Reader) -> str:
    """Return in whose name a slot is borrowed, for which step and until when."""
    said = N_("Slot %(number)s borrowed for %(step)s by %(name)s, until %(date)s.")
    step = step_label(booking.borrowed_for, reader.language) if booking.borrowed_for else ""
    return reader.say(
        said, number=booking.slot.number, step=step, name=booking.booked_by.name, date=_day(booking, reader)
    )


def _day(booking: SlotBooking, reader: Reader) -> str:
    return format_date(booking.ends_on, reader.language, "EEEdMMM", reader.region)
