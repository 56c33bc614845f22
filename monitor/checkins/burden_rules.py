"""How much a monitoring plan asks of a patient, and which slower measures a check-in has room for. Pure.

What every check-in asks is never weighed: the measures of the course are neither delayed nor dropped.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from math import ceil
from typing import Protocol

from monitor.measures import catalogue

WEEK = timedelta(days=7)


class Planned(Protocol):
    """What a monitoring plan asks: a stored plan, or one that is being made."""

    @property
    def instruments(self) -> Sequence[str]:
        """What every check-in asks."""

    @property
    def slower(self) -> Mapping[str, int]:
        """What is asked less often: every so many weeks."""

    @property
    def every_weeks(self) -> int | None:
        """How often check-ins come; None: only before appointments."""


@dataclass(frozen=True)
class Burden:
    """What a plan asks in a week on average, rounded up, beside the ceiling; `no_room`: what never fits under it."""

    items_per_week: int
    ceiling: int
    exceeded: bool
    no_room: tuple[str, ...]


@dataclass(frozen=True)
class Asked:
    """A check-in of an episode that was answered or still can be: its local date and what it asks."""

    on: date
    codes: tuple[str, ...]


def burden(plan: Planned, ceiling: int) -> Burden:
    """Weigh a plan against a ceiling of questions a week. Without a rhythm, one check-in a week is assumed."""
    every = plan.every_weeks or 1
    each_time = catalogue.items_in(plan.instruments)
    # A measure due every 3 weeks comes with every second check-in of a fortnightly plan: every 4 weeks.
    slower = sum(
        Fraction(catalogue.items_in((code,)), ceil(Fraction(weeks, every)) * every)
        for code, weeks in plan.slower.items()
    )
    items = ceil(Fraction(each_time, every) + slower)
    no_room = tuple(code for code in plan.slower if catalogue.items_in((*plan.instruments, code)) > ceiling)
    return Burden(items, ceiling, items > ceiling or bool(no_room), no_room)


def joining(
    plan: Planned, own: Sequence[str], on: date, asked: Iterable[Asked], *, starts_on: date, ceiling: int
) -> tuple[str, ...]:
    """Return the slower measures that a check-in takes along, the longest overdue first, as far as there is room.

    `own` is what it asks anyway and `asked` every other check-in of the episode. A turn comes so many weeks after the
    check-in that asked last, at first with the plan; where there is no room it waits for the next check-in.
    """
    others = list(asked)
    same_week = sum(catalogue.items_in(each.codes) for each in others if abs(each.on - on) < WEEK)
    turns = {
        code: max((each.on + weeks * WEEK for each in others if code in each.codes), default=starts_on)
        for code, weeks in plan.slower.items()
        if code not in own
    }
    taken: list[str] = []
    for code in sorted(turns, key=lambda code: (turns[code], catalogue.CODES.index(code))):
        if turns[code] <= on and same_week + catalogue.items_in((*own, *taken, code)) <= ceiling:
            taken.append(code)
    return tuple(taken)
