"""When check-ins fall due: weeks counted on local dates, then turned into instants one by one.

Time is never added to an instant to reach the next week: across a clock change that would move the hour on the
patient's wall.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from monitor.errors import MonitorError
from monitor.messaging.quiet_hours import DEFAULT_WINDOW, Window, next_opening, to_local
from monitor.messaging.quiet_hours import to_utc as to_utc


class InvalidCadence(MonitorError):
    """The plan's weeks or weekday cannot be counted."""


@dataclass(frozen=True)
class Cadence:
    """Every so many weeks on a weekday (0 for Monday) at a wall time in a zone, from the first such day on."""

    every_weeks: int
    weekday: int
    at: time
    zone: str
    starts_on: date

    def __post_init__(self) -> None:
        if self.every_weeks < 1:
            raise InvalidCadence(f"every {self.every_weeks} weeks: a check-in comes every 1 week or more")
        if self.weekday not in range(7):
            raise InvalidCadence(f"weekday {self.weekday}: Monday is 0 and Sunday is 6")


@dataclass(frozen=True)
class Occurrence:
    """One check-in to come: the local date that names it, and the instant (UTC) when it falls due."""

    local_date: date
    at_utc: datetime


def occurrences(plan: Cadence, after: datetime, until: datetime) -> list[Occurrence]:
    """Return what falls due after `after`, up to and including `until`, in order, one a local date.

    So one call may begin where the last one ended: nothing is planned twice, and nothing is left out.
    """
    step = timedelta(weeks=plan.every_weeks)
    first = plan.starts_on + timedelta(days=(plan.weekday - plan.starts_on.weekday()) % 7)
    begun = (to_local(after, plan.zone).date() - first) // step
    on = first + max(0, begun) * step
    found = []
    while (at_utc := to_utc(on, plan.at, plan.zone)) <= until:
        if at_utc > after:
            found.append(Occurrence(on, at_utc))
        on += step
    return found


def before_appointment(
    starts_at_utc: datetime, zone: str, *, hours_before: int = 24, window: Window = DEFAULT_WINDOW
) -> Occurrence | None:
    """Return the check-in that prepares an appointment: `hours_before` it, or when texts may next go after that.

    None when no text may go before the appointment starts.
    """
    starts_at = starts_at_utc.astimezone(UTC)
    at_utc = next_opening(starts_at - timedelta(hours=hours_before), zone, window)
    return Occurrence(to_local(at_utc, zone).date(), at_utc) if at_utc < starts_at else None
