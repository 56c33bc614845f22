"""The geometry of the course that staff see: both measures in one plot, and under it a strip with the same columns.

Everything is in per cent of the plot, so that marks and type stay the same size on a phone. Nothing here knows a
language; `templates/progress/_staff_course.html` draws it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from monitor.care.models import AppointmentState
from monitor.progress.own_word import OwnWord, own_word
from monitor.progress.series import Occasion, PointState, Trajectory, occasions, runs
from monitor.progress.staff_columns import (
    COLUMNS,
    AppointmentMark,
    Column,
    Grid,
    ItemRow,
    answered,
    attended,
    fill,
    grid,
    item_rows,
)

_LABEL_GAP = 7.2  # per cent: one line of type in a plot of 210 pixels
_LETTER = 4.0  # per cent: one letter of a step's name, on a phone
_SHARED_PIN = 9.0  # per cent: on a phone two pins closer than this would touch, so they share one
LANES = ("care", "own")
"""Under the plot: reviews and treatments, and what the patient noted themselves."""


@dataclass(frozen=True)
class StepMark:
    """The date on which a step began, and its name as staff say it."""

    on: date
    name: str


@dataclass(frozen=True)
class Note:
    """What happened on a date, in words that are ready to be shown. `lane` is one of LANES, or nothing for no pin."""

    on: date
    words: str
    lane: str


@dataclass(frozen=True)
class Pin:
    """The numbered mark of one note, or of several of one lane close together; the key has their words."""

    number: int
    x: float
    lane: str
    notes: tuple[Note, ...]


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
class Course:
    """Everything the partial draws; heights in per cent from the top. `chosen` has the corridor and the item rows."""

    trajectories: tuple[Trajectory, ...]
    occasions: tuple[Occasion, ...]
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
    notes: tuple[Note, ...]
    pins: tuple[Pin, ...]

    @property
    def is_wide(self) -> bool:
        """Whether it has more columns than a phone has room for."""
        return len(self.columns) > COLUMNS

    @property
    def lanes(self) -> tuple[str, ...]:
        """The lanes that have a pin, from the plot downward."""
        return tuple(lane for lane in LANES if any(pin.lane == lane for pin in self.pins))

    @property
    def newest_word(self) -> OwnWord | None:
        """The patient's own word on the newest check-in that was answered, if they said one."""
        newest = next((each for each in reversed(self.occasions) if each.is_answered), None)
        return self.word_on(newest) if newest else None

    def word_on(self, occasion: Occasion) -> OwnWord | None:
        """Return the patient's own word on a check-in."""
        return own_word(self.occasions, occasion)

    def since(self, occasion: Occasion) -> tuple[Note, ...]:
        """Return what happened between a check-in and the next one."""
        at = self.occasions.index(occasion)
        until = self.occasions[at + 1].on if at + 1 < len(self.occasions) else date.max
        return tuple(note for note in self.notes if occasion.on <= note.on < until)

    @property
    def check_in_states(self) -> tuple[PointState, ...]:
        """The states of check-ins that the columns show."""
        found = {occasion.state for column in self.columns for occasion in column.occasions}
        return tuple(state for state in PointState if state in found)

    @property
    def appointment_states(self) -> tuple[AppointmentState, ...]:
        """The states of appointments that the columns show."""
        found = {state for column in self.columns for state in column.appointments}
        return tuple(state for state in AppointmentState if state in found)


def course(
    trajectories: Sequence[Trajectory],
    *,
    chosen: str = "",
    steps: Sequence[StepMark] = (),
    appointments: Sequence[AppointmentMark] = (),
    notes: Sequence[Note] = (),
    columns: int | None = COLUMNS,
) -> Course | None:
    """Lay out the course; None before the first check-in. `chosen` is a measure's code, else the first measure.

    `columns` None shows the whole course, however long.
    """
    held = occasions(trajectories)
    if not held:
        return None
    lanes = grid([occasion.on for occasion in held], columns)
    top = max(each.maximum for each in trajectories)
    focus = next((each for each in trajectories if each.code == chosen), trajectories[0])
    shown = fill(lanes, held, appointments)
    return Course(
        trajectories=tuple(trajectories),
        occasions=held,
        chosen=focus,
        columns=shown,
        shortened=lanes.opens > 0,
        lines=tuple(_line(each, lanes, top) for each in trajectories),
        scale=tuple((score, _y(score, top)) for score in (*range(0, top - 4, 10), top)),
        corridor=_corridor(focus, top),
        caseness=tuple(_y(each.caseness, top) for each in trajectories),
        labels=_labels(trajectories, top),
        steps=_steps(steps, lanes),
        absent=tuple(
            (lanes.x(each.on), each.state) for column in shown for each in column.occasions if not _scored(each)
        ),
        rows=item_rows(focus, shown),
        answered=answered(held),
        attended=attended(appointments),
        notes=tuple(notes),
        pins=_pins(notes, lanes),
    )


def _y(score: float, top: int) -> float:
    return round((1 - score / top) * 100, 2)


def _line(trajectory: Trajectory, grid: Grid, top: int) -> Line:
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


def _steps(steps: Sequence[StepMark], grid: Grid) -> tuple[StepLine, ...]:
    """The steps of the columns shown, with the one that was already running at their start."""
    ordered = sorted(steps, key=lambda step: step.on)
    running = [step for step in ordered if grid.x(step.on) == 0][-1:]
    lines: list[StepLine] = []
    lower_row_ends = -1.0
    for step in (*running, *(step for step in ordered if grid.x(step.on) > 0)):
        x, width = grid.x(step.on), (len(step.name) + 1) * _LETTER
        before = x + width > 100
        raised = (x - width if before else x) < lower_row_ends
        lines.append(StepLine(x, step.name, raised, before))
        if not raised:
            lower_row_ends = x if before else x + width
    return tuple(lines)


def _pins(notes: Sequence[Note], grid: Grid) -> tuple[Pin, ...]:
    """The notes of the columns shown, numbered by date."""
    pins: list[Pin] = []
    for note in sorted((note for note in notes if note.lane), key=lambda note: note.on):
        if grid.column(note.on) < 0:
            continue
        x = grid.x(note.on)
        near = next((at for at, pin in enumerate(pins) if pin.lane == note.lane and x - pin.x < _SHARED_PIN), None)
        if near is None:
            pins.append(Pin(len(pins) + 1, x, note.lane, (note,)))
        else:
            pins[near] = replace(pins[near], notes=(*pins[near].notes, note))
    return tuple(pins)


def _scored(occasion: Occasion) -> bool:
    return any(point.total is not None for point in occasion.points.values())
