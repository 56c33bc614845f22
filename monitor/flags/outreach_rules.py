"""When somebody who has gone quiet, or who waits for a call, is rung next. Pure.

No guideline sets the number or spacing of calls to people who have stopped answering a symptom monitor, so all of it is
local protocol: the first try by the clock of its reason, the next on another day and at another time of day, and after
the third one two people decide together how to go on. There is no last try, and nothing here ends care.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

from monitor.flags.clocks import ServiceHours

TRIES = 3
"""Local protocol: after so many calls that reached nobody, whoever calls and whoever is accountable decide together."""
AFTER_A_TALK = 2
"""Local protocol: so many working days after somebody agreed to answer, we look whether they have."""
HOURS = MappingProxyType({"morning": time(10), "midday": time(12, 30), "afternoon": time(15), "evening": time(18)})
"""Local protocol: the hour at which a call of each part of the day is due, on the patient's wall."""
_ENDS = (("morning", time(12)), ("midday", time(14)), ("afternoon", time(17)))
_NOON = time(12)


class Stage(StrEnum):
    """What kind of call comes next. The order of the members is the order of the list."""

    PROMISED = "promised"
    """They asked for it, or were told by when."""
    FIRST = "first"
    AGAIN = "again"
    """On another day, at another time of day."""
    DECIDE = "decide"
    """Several calls have reached nobody: letter, visit, emergency contact, or go on trying."""


class Came(StrEnum):
    """What came of a call, as far as the next one depends on it."""

    TALKED = "talked"
    LATER = "later"
    NOT_REACHED = "not_reached"


@dataclass(frozen=True)
class Try:
    """One call that was made; `call_at` is when they asked to be rung again."""

    at: datetime
    came: Came
    call_at: datetime | None = None


@dataclass(frozen=True)
class Reason:
    """Why somebody is to be rung: since when, by when at first, and whether they were told so."""

    since: datetime
    due: datetime
    is_promised: bool = False


@dataclass(frozen=True)
class Next:
    """When the next call is due (UTC), of which kind, and how many before it reached nobody."""

    at: datetime
    stage: Stage
    in_vain: int = 0


def next_call(
    reasons: Sequence[Reason], tries: Sequence[Try], hours: ServiceHours, *, zone: str, best: str = "any"
) -> Next:
    """Return when somebody is rung next. `tries` are those since the reasons began, oldest first; moments are aware.

    `zone` is the patient's own, `best` the part of their day that suits them. Raises ValueError without a reason.
    """
    due = min(reason.due for reason in reasons)
    promised = [reason.due for reason in reasons if reason.is_promised]
    in_vain = _in_vain(tries)
    if not in_vain:
        return _after_a_talk(due, bool(promised), tries[-1] if tries else None, hours)
    last = in_vain[-1].at
    if len(in_vain) >= TRIES:
        return Next(hours.add_working_days(last, 1), Stage.DECIDE, len(in_vain))
    another = _another_time(last, {part_of_day(each.at, zone) for each in in_vain}, hours, zone, best)
    kept = [each for each in promised if last < each < another]
    return Next(min(kept, default=another), Stage.PROMISED if promised else Stage.AGAIN, len(in_vain))


def part_of_day(moment: datetime, zone: str) -> str:
    """Return the part of the day on a wall clock of a zone: morning, midday, afternoon or evening."""
    local = moment.astimezone(ZoneInfo(zone)).time()
    return next((part for part, end in _ENDS if local < end), "evening")


def _in_vain(tries: Sequence[Try]) -> list[Try]:
    """Return the tries that reached nobody since somebody was last spoken to."""
    found: list[Try] = []
    for each in tries:
        found = [*found, each] if each.came is Came.NOT_REACHED else []
    return found


def _after_a_talk(due: datetime, is_promised: bool, talk: Try | None, hours: ServiceHours) -> Next:
    if talk is not None and talk.came is Came.LATER and talk.call_at is not None:
        return Next(talk.call_at, Stage.PROMISED)
    if talk is not None and talk.at >= due:
        return Next(hours.add_working_days(talk.at, AFTER_A_TALK), Stage.AGAIN)
    if talk is not None:
        due = max(due, hours.add_working_days(talk.at, AFTER_A_TALK))
    return Next(due, Stage.PROMISED if is_promised else Stage.FIRST)


def _another_time(last: datetime, tried: set[str], hours: ServiceHours, zone: str, best: str) -> datetime:
    """Return a time on the next working day, at a part of the day that was not tried yet where the service is open."""
    noon = hours.next_working_day_at(last, _NOON)
    day = noon.astimezone(ZoneInfo(hours.zone)).date()
    return next(_moments(day, part_of_day(last, zone), tried, hours, zone, best), noon)


def _moments(
    day: date, last_part: str, tried: set[str], hours: ServiceHours, zone: str, best: str
) -> Iterator[datetime]:
    """Yield the hours of a working day at which to ring, the most promising first."""
    parts, after = list(HOURS), list(HOURS).index(last_part)
    order = sorted(parts, key=lambda part: (part in tried, part != best, (parts.index(part) - after) % len(parts)))
    for part in order:
        moment = datetime.combine(day, HOURS[part], ZoneInfo(zone)).astimezone(UTC)
        if hours.is_open(moment) and moment.astimezone(ZoneInfo(hours.zone)).date() == day:
            yield moment
