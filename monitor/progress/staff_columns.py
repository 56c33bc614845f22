"""The columns that plot and strip share, and the strip's rows of answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from math import ceil
from statistics import median_low

from monitor.care.models import AppointmentState
from monitor.progress.series import Occasion, PointState, Trajectory

COLUMNS = 16
"""As many columns as a phone shows without one figure touching the next."""
_FEWEST = 6  # so that one check-in is not as wide as the page
_DATES = 8  # as many columns have room for their date


@dataclass(frozen=True)
class AppointmentMark:
    """The local date of an appointment, and what became of it."""

    on: date
    state: AppointmentState


@dataclass(frozen=True)
class Column:
    """One column of plot and strip: week 0 is the week of the first check-in. `dated` where its date has room."""

    week: int
    on: date
    dated: bool
    occasions: tuple[Occasion, ...]
    appointments: tuple[AppointmentState, ...]


@dataclass(frozen=True)
class Cell:
    """One answer in the strip. Without a `value`: left open, or the check-in's `state`, or none due (None)."""

    value: int | None
    state: PointState | None


@dataclass(frozen=True)
class ItemRow:
    """One item of the chosen measure over the columns, and its change from the first answers to the last."""

    number: int
    is_safety: bool
    cells: tuple[Cell, ...]
    change: int | None


@dataclass(frozen=True)
class Grid:
    """The columns: each `weeks` long and centred on its date, the first of those shown being number `opens`."""

    start: date
    weeks: int
    opens: int
    count: int

    def column(self, on: date) -> int:
        """The column of a date, counted from the first that is shown; it may lie outside."""
        return round((on - self.start).days / 7 / self.weeks) - self.opens

    def x(self, on: date) -> float:
        """The place of a date, true to time, kept within the plot."""
        columns = (on - self.start).days / 7 / self.weeks - self.opens + 0.5
        return round(min(max(columns / self.count, 0), 1) * 100, 2)


def grid(days: Sequence[date], most: int | None) -> Grid:
    """Return columns as long as the usual time between two check-ins, so that fortnightly ones leave no gaps.

    `days` are those of the check-ins, oldest first; the last `most` columns are shown, or all of them.
    """
    apart = [(later - earlier).days for earlier, later in pairwise(days)]
    weeks = max(round(median_low(apart or [7]) / 7), 1)
    whole = max(Grid(days[0], weeks, 0, 1).column(days[-1]) + 1, _FEWEST)
    count = whole if most is None else min(most, whole)
    return Grid(days[0], weeks, whole - count, count)


def fill(grid: Grid, held: Sequence[Occasion], appointments: Sequence[AppointmentMark]) -> tuple[Column, ...]:
    """Return the columns with the check-ins and appointments of each."""
    every = ceil(grid.count / _DATES)
    columns = []
    for at in range(grid.count):
        within = tuple(occasion for occasion in held if grid.column(occasion.on) == at)
        weeks = (grid.opens + at) * grid.weeks
        columns.append(
            Column(
                week=weeks,
                on=within[-1].on if within else grid.start + timedelta(weeks=weeks),
                dated=at % every == 0,
                occasions=within,
                appointments=tuple(each.state for each in appointments if grid.column(each.on) == at),
            )
        )
    return tuple(columns)


def item_rows(trajectory: Trajectory, columns: Sequence[Column]) -> tuple[ItemRow, ...]:
    """Return a row for each item; a column with several check-ins shows the newest, but never hides a safety answer."""
    answered = [point.items for point in trajectory.points if point.items]
    if not answered:
        return ()
    return tuple(
        ItemRow(
            number=number,
            is_safety=number == trajectory.safety_item,
            cells=tuple(_cell(column, trajectory, number) for column in columns),
            change=_change([items[number - 1] for items in answered]),
        )
        for number in range(1, len(answered[0]) + 1)
    )


def _cell(column: Column, trajectory: Trajectory, number: int) -> Cell:
    points = [each.points[trajectory.code] for each in column.occasions if trajectory.code in each.points]
    values = [point.items[number - 1] for point in points if point.items]
    if not values:
        return Cell(None, points[-1].state if points else None)
    if number == trajectory.safety_item:
        return Cell(max((value for value in values if value is not None), default=None), PointState.ANSWERED)
    return Cell(values[-1], PointState.ANSWERED)


def _change(values: Sequence[int | None]) -> int | None:
    first, last = values[0], values[-1]
    return None if len(values) < 2 or first is None or last is None else last - first


def answered(held: Sequence[Occasion]) -> tuple[int, int]:
    """Return the check-ins answered, and those whose text arrived."""
    states = [occasion.state for occasion in held]
    counted = [state for state in states if state is not PointState.NOT_DELIVERED]
    return sum(state is not PointState.MISSED for state in counted), len(counted)


def attended(appointments: Sequence[AppointmentMark]) -> tuple[int, int]:
    """Return the appointments attended, and those that were attended or missed."""
    ended = [each.state for each in appointments if each.state in (AppointmentState.ATTENDED, AppointmentState.MISSED)]
    return ended.count(AppointmentState.ATTENDED), len(ended)
