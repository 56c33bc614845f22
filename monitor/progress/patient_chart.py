"""The geometry of a patient's chart: one measure, drawn by `templates/progress/_patient_chart.svg.html`.

One unit is one pixel on a phone 360 wide. Every measure has the same units a point, so that slopes compare and charts
differ in height, not in scale. Nothing here knows a language: words come in as `ChartWords`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from math import ceil
from typing import TypeVar
from uuid import UUID

from monitor.measures.instrument import SeverityBand
from monitor.progress.placing import Box, Label, Mark, first_clear, in_two_lines, text_width
from monitor.progress.series import Point, Trajectory, Window, runs

WIDTH = 304
WEEKS = 26
"""How much of a long trajectory is shown before it needs a page of its own."""

_PLOT_START, _PLOT_END = 22, 228
_RULER, _RULER_WORDS = 230, 232
_TOP = 42  # above it: the lane of the events, and the upper end of the ruler
_POINT = 7  # units a point of the score
_FIRST, _SPAN = 31, 189  # where the first check-in stands, and how far after it the last one may
_SHORTEST = 6  # weeks: two check-ins a week apart are not stretched over the whole width
_BELOW = 26  # room under the axis for the months
_SHARED_RING = 20  # two events closer than this share one ring


@dataclass(frozen=True)
class ChartWords:
    """What a chart says, in the patient's language; `month` names the month of a date."""

    title: str
    description: str
    bands: Mapping[SeverityBand, str]
    heavier: str
    lighter: str
    ordinary: str
    month: Callable[[date], str]


@dataclass(frozen=True)
class Event:
    """Something that happened on a date, in words that are ready to be shown.

    `own` is its id if they noted it. What is a `look` comes again and again: it has a small mark and no number.
    """

    on: date
    words: str
    own: UUID | None = None
    look: bool = False


@dataclass(frozen=True)
class Ring:
    """The numbered ring of one event, or of several close together; the key has their words."""

    number: int
    x: float
    events: tuple[Event, ...]


@dataclass(frozen=True)
class Tick:
    """A month's tick on the axis, with its name where that fits."""

    x: float
    name: str | None


@dataclass(frozen=True)
class Chart:
    """Everything the partial draws, in units from the upper left corner; texts of `dir=rtl` start at their right."""

    title: str
    description: str
    height: float
    base: float
    plot: tuple[float, float]
    bands: tuple[Box, ...]
    cuts: tuple[float, ...]
    corridor: Box | None
    edges: tuple[float, ...]
    scale: tuple[Label, ...]
    ruler: tuple[Label, ...]
    ends: tuple[Label, ...]
    months: tuple[Tick, ...]
    rings: tuple[Ring, ...]
    looks: tuple[float, ...]
    ordinary: Label | None
    runs: tuple[tuple[Mark, ...], ...]
    missed: tuple[float, ...]
    unscored: tuple[float, ...]
    scores: tuple[Label, ...]

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Every score's place, oldest first."""
        return tuple(mark for run in self.runs for mark in run)

    @property
    def lines(self) -> tuple[str, ...]:
        """The points of each line. Like the paths below it is put together here, since a template takes far longer."""
        return tuple(" ".join(f"{mark.x},{mark.y}" for mark in run) for run in self.runs if len(run) > 1)

    @property
    def axis(self) -> str:
        """The path of the axis and its ticks."""
        return self.across((self.base,)) + "".join(f"M{tick.x} {self.base}v5" for tick in self.months)

    def across(self, heights: Iterable[float]) -> str:
        """Return the path of level lines over the plot."""
        start, end = self.plot
        return "".join(f"M{start} {y}H{end}" for y in heights)

    def dots(self, *, triangles: bool, estimated: bool) -> str:
        """Return one path of all marks of a kind: far smaller than as many elements."""
        marks = [mark for mark in self.marks if mark.estimated is estimated]
        if triangles:
            return "".join(f"M{mark.x} {mark.y - 5}l4.5 8.5h-9z" for mark in marks)
        return "".join(f"M{mark.x - 4} {mark.y}a4 4 0 1 0 8 0a4 4 0 1 0-8 0z" for mark in marks)


@dataclass(frozen=True)
class Frame:
    """What the charts of one page share: the days shown, the events, and whether time runs from right to left."""

    window: Window
    events: tuple[Event, ...] = ()
    mirrored: bool = False

    def x(self, on: date) -> float:
        """Return the place of a date, true to time, to half a unit."""
        weeks = (on - self.window.first).days / 7
        return _half(_FIRST + weeks * _SPAN / max(self.window.weeks, _SHORTEST))

    @property
    def rings(self) -> tuple[Ring, ...]:
        """The events within the window as numbered rings, oldest first."""
        found: list[Ring] = []
        for event in sorted(self.events, key=lambda event: event.on):
            if event.on not in self.window or event.look:
                continue
            if found and self.x(event.on) - found[-1].x < _SHARED_RING:
                found[-1] = replace(found[-1], events=(*found[-1].events, event))
            else:
                found.append(Ring(len(found) + 1, self.x(event.on), (event,)))
        return tuple(found)

    @property
    def looks(self) -> tuple[float, ...]:
        """Where somebody looked at how it goes."""
        return tuple(self.x(event.on) for event in self.events if event.look and event.on in self.window)


def draw(trajectory: Trajectory, frame: Frame, words: ChartWords) -> Chart:
    """Lay out one measure's chart. The corridor stands around the very first score, shown or not."""
    base = _y(trajectory, 0)
    shown = [point for point in trajectory.points if point.on in frame.window]
    lines = tuple(tuple(_mark(point, trajectory, frame) for point in run) for run in runs(shown))
    corridor = _corridor(trajectory)
    edges = tuple(y for y in (corridor.y, corridor.y + corridor.height) if _TOP < y < base) if corridor else ()
    scores = _scores(lines, base)
    chart = Chart(
        title=words.title,
        description=words.description,
        height=base + _BELOW,
        base=base,
        plot=(_PLOT_START, _PLOT_END),
        bands=_bands(trajectory),
        cuts=tuple(_y(trajectory, score) for score in _ticks(trajectory)[1:]),
        corridor=corridor,
        edges=edges,
        scale=tuple(Label(16, _y(trajectory, score) + 4.5, str(score), "end") for score in _ticks(trajectory)),
        ruler=_ruler(trajectory, words.bands),
        ends=(Label(_RULER_WORDS, 30, f"↑ {words.heavier}"), Label(_RULER_WORDS, base + 19, f"↓ {words.lighter}")),
        months=_months(frame, words.month),
        rings=frame.rings,
        looks=frame.looks,
        ordinary=_ordinary(words.ordinary, corridor, lines, scores, base),
        runs=lines,
        missed=tuple(frame.x(point.on) for point in shown if not point.is_answered),
        unscored=tuple(frame.x(point.on) for point in shown if point.is_answered and point.total is None),
        scores=scores,
    )
    return _mirror(chart) if frame.mirrored else chart


def _half(value: float) -> float:
    """Round to half a unit, below what a phone shows, and write whole numbers as whole: it keeps the page small."""
    doubled = round(value * 2)
    return doubled // 2 if doubled % 2 == 0 else doubled / 2


def _y(trajectory: Trajectory, score: int) -> int:
    return _TOP + (trajectory.maximum - score) * _POINT


def _ticks(trajectory: Trajectory) -> tuple[int, ...]:
    """The scores with a number: 0, the published cuts, the maximum."""
    return (0, *(band.lowest for band in trajectory.bands[1:]), trajectory.maximum)


def _mark(point: Point, trajectory: Trajectory, frame: Frame) -> Mark:
    score = point.total or 0
    return Mark(frame.x(point.on), _y(trajectory, score), score, point.estimated)


def _corridor(trajectory: Trajectory) -> Box | None:
    """The scores that are not clearly different from the first one, cut at the ends of the scale."""
    if not trajectory.scores:
        return None
    first = trajectory.scores[0]
    upper = _y(trajectory, min(first + trajectory.reliable_change, trajectory.maximum))
    lower = _y(trajectory, max(first - trajectory.reliable_change, 0))
    return Box(_PLOT_START, upper, _PLOT_END - _PLOT_START, lower - upper)


def _bands(trajectory: Trajectory) -> tuple[Box, ...]:
    """The ruler: heavier is denser, and no hue says good or bad."""
    limits = [_y(trajectory, score) for score in _ticks(trajectory)]
    return tuple(
        Box(_RULER, upper, WIDTH - _RULER, lower - upper, ink=round(0.03 + 0.025 * step, 3))
        for step, (lower, upper) in enumerate(pairwise(limits))
    )


def _ruler(trajectory: Trajectory, words: Mapping[SeverityBand, str]) -> tuple[Label, ...]:
    labels: list[Label] = []
    for band, box in zip(trajectory.bands, _bands(trajectory), strict=True):
        lines = in_two_lines(words[band.code])
        middle = box.y + box.height / 2 + 4.5
        starts = (_half(middle),) if len(lines) == 1 else (_half(middle - 7), _half(middle + 7))
        labels += [Label(_RULER_WORDS, y, line) for y, line in zip(starts, lines, strict=True)]
    return tuple(labels)


def _months(frame: Frame, name: Callable[[date], str]) -> tuple[Tick, ...]:
    """A tick where the picture starts and at each first of a month, and as many names as have room after their tick."""
    start = frame.window.first
    days = [start, *_firsts(start, start + timedelta(weeks=max(frame.window.weeks, _SHORTEST)))]
    places = [frame.x(day) for day in days]
    widest = max(text_width(name(day)) for day in days)
    every = ceil(widest / (frame.x(start + timedelta(days=28)) - places[0]))
    ticks = []
    for at, (place, day) in enumerate(zip(places, days, strict=True)):
        limit = places[1] if at == 0 and len(places) > 1 else _RULER
        named = (at - 1) % every == 0 if at else True
        ticks.append(Tick(place, name(day) if named and place + text_width(name(day)) < limit else None))
    return tuple(ticks)


def _firsts(start: date, end: date) -> Iterator[date]:
    """The first days of the months after `start`, up to `end`."""
    day = start
    while (day := (day.replace(day=1) + timedelta(days=32)).replace(day=1)) <= end:
        yield day


def _scores(lines: Sequence[Sequence[Mark]], base: float) -> tuple[Label, ...]:
    """The first and the last score, under their mark, or above it where a line or the axis is in the way."""
    marks = [mark for line in lines for mark in line]
    placed: list[Label] = []
    for mark in dict.fromkeys((*marks[:1], *marks[-1:])):
        under, above = (Label(mark.x, mark.y + dy, str(mark.score), "middle") for dy in (19, -9))
        places = (under, above) if under.y <= base - 5 else (above,)
        placed.append(first_clear(places, lines, [label.box for label in placed]) or places[0])
    return tuple(placed)


def _ordinary(
    words: str, corridor: Box | None, lines: Sequence[Sequence[Mark]], scores: Sequence[Label], base: float
) -> Label | None:
    """The corridor's name on its upper edge, for a rising line under its lower edge; None where it has no room."""
    if corridor is None or not lines or text_width(words) > _PLOT_END - _PLOT_START - 6:
        return None
    upper, lower = (Label(_PLOT_START + 3, y, words) for y in (corridor.y - 5, corridor.y + corridor.height + 14))
    rising = lines[-1][-1].y < lines[0][0].y
    places = (lower, upper) if rising else (upper, lower)
    inside = [place for place in places if place.y >= _TOP and place.y + 3 <= base]
    return first_clear(inside, lines, [label.box for label in scores])


_Placed = TypeVar("_Placed", Mark, Label, Tick, Ring)


def _mirror(chart: Chart) -> Chart:
    """The same chart with time from right to left. Anchors stay: `dir=rtl` itself swaps start and end."""

    def box(it: Box) -> Box:
        return replace(it, x=WIDTH - it.x - it.width)

    def each(them: Iterable[_Placed]) -> tuple[_Placed, ...]:
        return tuple(replace(it, x=WIDTH - it.x) for it in them)

    return replace(
        chart,
        plot=(WIDTH - chart.plot[0], WIDTH - chart.plot[1]),
        bands=tuple(box(band) for band in chart.bands),
        corridor=box(chart.corridor) if chart.corridor else None,
        scale=each(chart.scale),
        ruler=each(chart.ruler),
        ends=each(chart.ends),
        months=each(chart.months),
        rings=each(chart.rings),
        ordinary=each([chart.ordinary])[0] if chart.ordinary else None,
        runs=tuple(each(run) for run in chart.runs),
        looks=tuple(WIDTH - x for x in chart.looks),
        missed=tuple(WIDTH - x for x in chart.missed),
        unscored=tuple(WIDTH - x for x in chart.unscored),
        scores=each(chart.scores),
    )
