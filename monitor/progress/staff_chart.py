"""The geometry of the course that staff see: both measures in one plot, and under it a strip with the same columns.

Everything is in per cent of the plot, so that marks and type stay the same size on a phone. Nothing here knows a
language; `templates/progress/_staff_course.html` draws it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from math import ceil
from statistics import median_low

from monitor.care.models import AppointmentState
from monitor.progress.series import Occasion, PointState, Trajectory, occasions, runs

COLUMNS = 16
"""As many columns as a phone shows without one figure touching the next."""
_DATES = 8  # as many of them have room for their date
_LABEL_GAP = 7.2  # per cent: one line of type in a plot of 210 pixels
_MARK_GAP = 20.0  # per cent: step names closer than this stand at two heights


@dataclass(frozen=True)
class StepMark:
    """The date on which a step began, and its name as staff say it."""

    on: date
    name: str


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
    occasion: Occasion | None
    appointments: tuple[AppointmentState, ...]


@dataclass(frozen=True)
class Spot:
    """The place of one score."""

    x: float
    y: float
    estimated: bool


@dataclass(frozen=True)
class Line:
    """One measure in the plot: a segment between neighbours within a run, a spot for every score."""

    code: str
    segments: tuple[tuple[Spot, Spot], ...]
    spots: tuple[Spot, ...]


@dataclass(frozen=True)
class EndLabel:
    """A label in the end gutter: a measure's last score, or where its caseness begins. `y` keeps labels apart."""

    code: str
    score: int
    is_caseness: bool
    y: float


@dataclass(frozen=True)
class StepLine:
    """An upright line where a step began; `raised` when its name stands in the upper row, `before` left of the line."""

    x: float
    name: str
    raised: bool
    before: bool


@dataclass(frozen=True)
class Cell:
    """One answer in the strip, or why there is none: no check-in (`state`), none planned (`state` None), left open."""

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
class Course:
    """Everything the partial draws; heights in per cent from the top. `chosen` has the corridor and the item rows."""

    chosen: Trajectory
    columns: tuple[Column, ...]
    shortened: bool
    lines: tuple[Line, ...]
    scale: tuple[tuple[int, float], ...]
    corridor: tuple[float, float] | None
    caseness: tuple[float, ...]
    labels: tuple[EndLabel, ...]
    steps: tuple[StepLine, ...]
    absent: tuple[tuple[float, PointState], ...]
    rows: tuple[ItemRow, ...]
    answered: tuple[int, int]
    attended: tuple[int, int]


@dataclass(frozen=True)
class _Grid:
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


def course(
    trajectories: Sequence[Trajectory],
    *,
    chosen: str = "",
    steps: Sequence[StepMark] = (),
    appointments: Sequence[AppointmentMark] = (),
    columns: int | None = COLUMNS,
) -> Course | None:
    """Lay out the course; None before the first check-in. `chosen` is a measure's code, else the first measure.

    `columns` None shows the whole course, however long.
    """
    held = occasions(trajectories)
    if not held:
        return None
    grid = _grid([occasion.on for occasion in held], columns)
    top = max(each.maximum for each in trajectories)
    focus = next((each for each in trajectories if each.code == chosen), trajectories[0])
    shown = _columns(grid, held, appointments)
    return Course(
        chosen=focus,
        columns=shown,
        shortened=grid.opens > 0,
        lines=tuple(_line(each, grid, top) for each in trajectories),
        scale=tuple((score, _y(score, top)) for score in (*range(0, top - 4, 10), top)),
        corridor=_corridor(focus, top),
        caseness=tuple(_y(each.caseness, top) for each in trajectories),
        labels=_labels(trajectories, top),
        steps=_steps(steps, grid),
        absent=tuple((grid.x(each.on), each.state) for each in held if grid.column(each.on) >= 0 and not _scored(each)),
        rows=_rows(focus, shown),
        answered=_answered(held),
        attended=_attended(appointments),
    )


def _grid(days: Sequence[date], columns: int | None) -> _Grid:
    """Columns as long as the usual time between two check-ins, so that fortnightly ones leave no gaps."""
    apart = [(later - earlier).days for earlier, later in pairwise(days)]
    weeks = max(round(median_low(apart or [7]) / 7), 1)
    whole = _Grid(days[0], weeks, 0, 1).column(days[-1]) + 1
    count = whole if columns is None else min(columns, whole)
    return _Grid(days[0], weeks, whole - count, count)


def _columns(grid: _Grid, held: Sequence[Occasion], appointments: Sequence[AppointmentMark]) -> tuple[Column, ...]:
    newest = {grid.column(occasion.on): occasion for occasion in held}
    every = ceil(grid.count / _DATES)
    return tuple(
        Column(
            week=(grid.opens + at) * grid.weeks,
            on=newest[at].on if at in newest else grid.start + timedelta(weeks=(grid.opens + at) * grid.weeks),
            dated=at % every == 0,
            occasion=newest.get(at),
            appointments=tuple(each.state for each in appointments if grid.column(each.on) == at),
        )
        for at in range(grid.count)
    )


def _y(score: float, top: int) -> float:
    return round((1 - score / top) * 100, 2)


def _line(trajectory: Trajectory, grid: _Grid, top: int) -> Line:
    shown = [point for point in trajectory.points if grid.column(point.on) >= 0]
    lines = [
        [Spot(grid.x(point.on), _y(point.total or 0, top), point.estimated) for point in run] for run in runs(shown)
    ]
    return Line(
        code=trajectory.code,
        segments=tuple(pair for line in lines for pair in pairwise(line)),
        spots=tuple(spot for line in lines for spot in line),
    )


def _corridor(trajectory: Trajectory, top: int) -> tuple[float, float] | None:
    """Upper edge and height of the scores that are no reliable change from the first.

    Drawn half a point inside it, since a change of exactly the reliable change counts and must lie outside.
    """
    if not trajectory.scores:
        return None
    first, inside = trajectory.scores[0], trajectory.reliable_change - 0.5
    upper = _y(min(first + inside, trajectory.maximum), top)
    return upper, round(_y(max(first - inside, 0), top) - upper, 2)


def _labels(trajectories: Sequence[Trajectory], top: int) -> tuple[EndLabel, ...]:
    """The labels of the end gutter from the top down, each moved as far as it must to keep clear of the one above."""
    wanted = [EndLabel(each.code, each.caseness, True, _y(each.caseness, top)) for each in trajectories]
    wanted += [
        EndLabel(each.code, each.scores[-1], False, _y(each.scores[-1], top)) for each in trajectories if each.scores
    ]
    wanted.sort(key=lambda label: (label.y, label.is_caseness))
    placed: list[EndLabel] = []
    for left, label in zip(range(len(wanted) - 1, -1, -1), wanted, strict=True):
        lowest = 100 - left * _LABEL_GAP
        above = placed[-1].y + _LABEL_GAP if placed else 0.0
        placed.append(replace(label, y=round(max(above, min(label.y, lowest)), 2)))
    return tuple(placed)


def _steps(steps: Sequence[StepMark], grid: _Grid) -> tuple[StepLine, ...]:
    """The steps of the columns shown, with the one that was already running at their start."""
    ordered = sorted(steps, key=lambda step: step.on)
    running = [step for step in ordered if grid.x(step.on) == 0][-1:]
    lines: list[StepLine] = []
    for step in (*running, *(step for step in ordered if grid.x(step.on) > 0)):
        x = grid.x(step.on)
        close = bool(lines) and x - lines[-1].x < _MARK_GAP and not lines[-1].raised
        lines.append(StepLine(x, step.name, raised=close, before=x > 100 - _MARK_GAP))
    return tuple(lines)


def _scored(occasion: Occasion) -> bool:
    return any(point.total is not None for point in occasion.points.values())


def _rows(trajectory: Trajectory, columns: Sequence[Column]) -> tuple[ItemRow, ...]:
    answered = [point.items for point in trajectory.points if point.items]
    if not answered:
        return ()
    return tuple(
        ItemRow(
            number=number,
            is_safety=number == trajectory.safety_item,
            cells=tuple(_cell(column, trajectory.code, number) for column in columns),
            change=_change(answered[0][number - 1], answered[-1][number - 1]),
        )
        for number in range(1, len(answered[0]) + 1)
    )


def _cell(column: Column, code: str, number: int) -> Cell:
    point = column.occasion.points.get(code) if column.occasion else None
    if point is None:
        return Cell(None, None)
    return Cell(point.items[number - 1] if point.items else None, point.state)


def _change(first: int | None, last: int | None) -> int | None:
    return None if first is None or last is None else last - first


def _answered(held: Sequence[Occasion]) -> tuple[int, int]:
    """Check-ins answered, of those whose text arrived."""
    states = [occasion.state for occasion in held]
    counted = [state for state in states if state is not PointState.NOT_DELIVERED]
    return sum(state is not PointState.MISSED for state in counted), len(counted)


def _attended(appointments: Sequence[AppointmentMark]) -> tuple[int, int]:
    """Appointments attended, of those that took place or were missed."""
    ended = [each.state for each in appointments if each.state in (AppointmentState.ATTENDED, AppointmentState.MISSED)]
    return ended.count(AppointmentState.ATTENDED), len(ended)
