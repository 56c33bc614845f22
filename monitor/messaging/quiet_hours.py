"""Quiet hours: when a text may reach a patient, by the clock on the patient's wall; and wall time as instants."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from monitor.errors import MonitorError


class UnknownZone(MonitorError):
    """The name is not a time zone of the IANA database."""


class InvalidWindow(MonitorError):
    """The hours in which texts may go do not lie within one day."""


@dataclass(frozen=True)
class Window:
    """The part of a local day in which texts may go: from `opens`, up to but not including `closes`."""

    opens: time
    closes: time

    def __post_init__(self) -> None:
        if self.opens.tzinfo or self.closes.tzinfo or self.opens >= self.closes:
            raise InvalidWindow(f"texts may go from {self.opens} until {self.closes}: it must open before it closes")


# Local protocol. US federal law keeps telephone solicitation to 8:00-21:00 at the recipient, and the stricter states
# that publish plain hours begin at 9:00 (Connecticut) or end at 20:00 (Florida, Maryland, New Jersey and others).
# Care texts are mostly outside those laws; we keep to them anyway. Rhode Island and Texas (Sunday) are stricter still.
DEFAULT_WINDOW = Window(time(9), time(20))


def allowed(now_utc: datetime, zone: str, window: Window = DEFAULT_WINDOW) -> bool:
    """Return whether the clock on a wall in `zone` stands within the window."""
    return window.opens <= to_local(now_utc, zone).time() < window.closes


def next_opening(now_utc: datetime, zone: str, window: Window = DEFAULT_WINDOW) -> datetime:
    """Return the next moment (UTC) when a text may go: now itself within the window, else the next time it opens.

    Where a clock change skips the opening hour, it is that much later; where it skips the whole window, a day later.
    """
    if allowed(now_utc, zone, window):
        return now_utc.astimezone(UTC)
    today = to_local(now_utc, zone).date()
    openings = (to_utc(today + timedelta(days=ahead), window.opens, zone) for ahead in count())
    return next(opening for opening in openings if opening > now_utc and allowed(opening, zone, window))


def to_utc(local_date: date, local_time: time, zone: str) -> datetime:
    """Return the instant (UTC) when a wall clock in `zone` shows this date and time.

    Where the clock goes back and shows it twice, the first; where it goes forward over it, the instant as far after the
    gap as the time lay inside it: 02:30 becomes 03:30 (PEP 495, fold=0). Raises UnknownZone.
    """
    wall = datetime.combine(local_date, local_time.replace(tzinfo=None, fold=0), _zone(zone))
    return wall.astimezone(UTC)


def to_local(moment: datetime, zone: str) -> datetime:
    """Return what a wall clock in `zone` shows at a moment.

    Raises ValueError for a moment without a zone, which would silently be read as the machine's own time; UnknownZone.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return moment.astimezone(_zone(zone))


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise UnknownZone(f"{name!r} is not a time zone; write it as in Europe/London") from None
