"""When a service is open, and clocks that run only then. Deadlines promised in open hours are counted here.

A day's hours are one stretch of real time: its opening and closing are fixed on the wall clock, and in between an hour
is an hour, whatever the clocks do.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count, islice
from typing import NamedTuple, Self

from monitor.errors import MonitorError
from monitor.messaging.quiet_hours import to_local, to_utc

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MIDNIGHT = time.min


class InvalidServiceHours(MonitorError):
    """The opening hours of a service cannot be read; the text names the part."""


class NoServiceHours(InvalidServiceHours):
    """The service is never open, so no clock could ever run out."""


class _WorkingDay(NamedTuple):
    on: date
    opens_at: datetime
    closes_at: datetime


@dataclass(frozen=True)
class ServiceHours:
    """The hours of each working weekday (0 for Monday), the dates when the service is closed all day, and its zone.

    Closing at 00:00 is the midnight that ends the day, so 00:00 to 00:00 is all of it. Raises InvalidServiceHours,
    UnknownZone, and NoServiceHours when no weekday is open.
    """

    week: Mapping[int, tuple[time, time]]
    holidays: frozenset[date]
    zone: str

    def __post_init__(self) -> None:
        to_utc(date(2000, 1, 1), MIDNIGHT, self.zone)  # raises UnknownZone
        if not self.week:
            raise NoServiceHours("week: the service must be open on one weekday at least")
        for weekday, (opens, closes) in self.week.items():
            if weekday not in range(7):
                raise InvalidServiceHours(f"week: {weekday} is not a weekday, Monday is 0 and Sunday is 6")
            _check_hours(WEEKDAYS[weekday], opens, closes)

    def is_open(self, now: datetime) -> bool:
        """Return whether the service is open: from the opening time, up to but not including the closing time."""
        today = self._working_day(to_local(now, self.zone).date())
        return today is not None and today.opens_at <= now < today.closes_at

    def next_opening(self, now: datetime) -> datetime:
        """Return the next moment (UTC) when the service is open: now itself if it is."""
        return max(self._current_or_next(now).opens_at, now.astimezone(UTC))

    def add_hours(self, start: datetime, hours: float) -> datetime:
        """Return the moment (UTC) when the service has been open for `hours` since `start`; 0 or more."""
        at, left = start.astimezone(UTC), timedelta(hours=hours)
        if left < timedelta(0):
            raise ValueError(f"{hours} hours lie in the past")
        days = self._working_days(start)
        while left:
            day = next(days)
            at = max(at, day.opens_at)
            spent = min(left, max(day.closes_at - at, timedelta(0)))
            at, left = at + spent, left - spent
        return at

    def end_of_working_day(self, start: datetime) -> datetime:
        """Return today's closing if the service is open or has yet to open today, else the next working day's (UTC)."""
        return self._current_or_next(start).closes_at

    def end_of_next_working_day(self, start: datetime) -> datetime:
        """Return the closing (UTC) of the first working day after the local date of `start`."""
        return self.add_working_days(start, 1)

    def add_working_days(self, start: datetime, n: int) -> datetime:
        """Return the closing (UTC) of the nth working day after the local date of `start`; 1 or more."""
        if n < 1:
            raise ValueError(f"{n} working days: count from 1")
        return next(islice(self._later_days(start), n - 1, None)).closes_at

    def next_working_day_at(self, start: datetime, at: time) -> datetime:
        """Return wall time `at` (UTC) on the first working day after the local date of `start`.

        Where the service is not open at that time, the day's closing.
        """
        day = next(self._later_days(start))
        wanted = to_utc(day.on, at, self.zone)
        return wanted if day.opens_at <= wanted < day.closes_at else day.closes_at

    def to_json(self) -> dict[str, object]:
        """Return the hours as JSON can hold them; `from_json` reads them back."""
        week = {WEEKDAYS[weekday]: [_clock(each) for each in self.week[weekday]] for weekday in sorted(self.week)}
        return {"zone": self.zone, "week": week, "holidays": [each.isoformat() for each in sorted(self.holidays)]}

    @classmethod
    def from_json(cls, document: object) -> Self:
        """Read {"zone": "Europe/London", "week": {"monday": ["09:00", "17:00"]}, "holidays": ["2026-12-25"]}.

        Holidays may be left out. Raises InvalidServiceHours, NoServiceHours or UnknownZone, naming the part.
        """
        if not isinstance(document, Mapping):
            raise InvalidServiceHours("service hours: must be an object with zone, week and holidays")
        unknown = sorted(set(map(str, document)) - {"zone", "week", "holidays"})
        if unknown:
            raise InvalidServiceHours(f"{unknown[0]}: not a part of service hours; zone, week and holidays are")
        zone, week, holidays = document.get("zone"), document.get("week"), document.get("holidays", [])
        if not isinstance(zone, str):
            raise InvalidServiceHours("zone: must be a name as in Europe/London")
        if not isinstance(week, Mapping):
            raise InvalidServiceHours("week: must be an object from weekday to opening and closing time")
        if not isinstance(holidays, list):
            raise InvalidServiceHours("holidays: must be a list of dates")
        hours = dict(_read_hours(name, pair) for name, pair in week.items())
        return cls(hours, frozenset(_read_holiday(n, text) for n, text in enumerate(holidays)), zone)

    def _current_or_next(self, now: datetime) -> _WorkingDay:
        return next(day for day in self._working_days(now) if day.closes_at > now)

    def _later_days(self, start: datetime) -> Iterator[_WorkingDay]:
        today = to_local(start, self.zone).date()
        return (day for day in self._working_days(start) if day.on > today)

    def _working_days(self, start: datetime) -> Iterator[_WorkingDay]:
        """Yield the working days without end, from the local date of `start`."""
        today = to_local(start, self.zone).date()
        days = (self._working_day(today + timedelta(days=ahead)) for ahead in count())
        return (day for day in days if day is not None)

    def _working_day(self, on: date) -> _WorkingDay | None:
        if on in self.holidays or on.weekday() not in self.week:
            return None
        opens, closes = self.week[on.weekday()]
        opens_at = to_utc(on, opens, self.zone)
        closes_at = to_utc(on + timedelta(days=1) if closes == MIDNIGHT else on, closes, self.zone)
        # A clock change can skip the hours, and once in a lifetime the whole date: then nobody was there.
        skipped = opens_at >= closes_at or to_local(opens_at, self.zone).date() != on
        return None if skipped else _WorkingDay(on, opens_at, closes_at)


def _check_hours(weekday: str, opens: time, closes: time) -> None:
    for each in (opens, closes):
        if each.tzinfo or each.second or each.microsecond:
            raise InvalidServiceHours(f"week.{weekday}: {each} must be a plain hour and minute")
    if opens >= closes != MIDNIGHT:
        raise InvalidServiceHours(f"week.{weekday}: closes at {_clock(closes)}, not after it opens at {_clock(opens)}")


def _read_hours(weekday: object, pair: object) -> tuple[int, tuple[time, time]]:
    if weekday not in WEEKDAYS:
        raise InvalidServiceHours(f"week.{weekday}: not a weekday; write {', '.join(WEEKDAYS)}")
    if not isinstance(pair, list) or len(pair) != 2:
        raise InvalidServiceHours(f"week.{weekday}: must be two times, opening and closing")
    opens, closes = (_read_time(f"week.{weekday}", text) for text in pair)
    return WEEKDAYS.index(str(weekday)), (opens, closes)


def _read_time(part: str, text: object) -> time:
    try:
        read = time.fromisoformat(str(text))
    except ValueError:
        read = None
    if read is None or _clock(read) != text:
        raise InvalidServiceHours(f"{part}: {text!r} is not a time; write it as 09:00")
    return read


def _read_holiday(position: int, text: object) -> date:
    try:
        read = date.fromisoformat(str(text))
    except ValueError:
        read = None
    if read is None or read.isoformat() != text:
        raise InvalidServiceHours(f"holidays[{position}]: {text!r} is not a date; write it as 2026-12-25")
    return read


def _clock(value: time) -> str:
    return value.isoformat(timespec="minutes")
