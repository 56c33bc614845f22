"""A trajectory: the scores of one person on one measure over time, with its gaps left as gaps."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Self

from monitor.checkins.kinds import Compared
from monitor.measures.instrument import Band, SeverityBand, TrackedSpec


class PointState(StrEnum):
    """What became of one check-in."""

    ANSWERED = "answered"
    PARTIAL = "partial"  # sent with a question left open
    MISSED = "missed"
    NOT_DELIVERED = "not_delivered"  # our text did not arrive: never counted as missed


class Direction(StrEnum):
    """Where someone stands against their first score, in the only words that a patient reads about it."""

    CLEARLY_LIGHTER = "clearly_lighter"
    ABOUT_THE_SAME = "about_the_same"
    CLEARLY_HEAVIER = "clearly_heavier"
    NOT_ENOUGH = "not_enough"  # fewer than two scores


class ImpossiblePoint(ValueError):
    """A point that no check-in can have produced: a score where nothing was answered, or one off the scale."""


@dataclass(frozen=True)
class Point:
    """One check-in on one measure. `on` is its local date; `at` the moment it was sent in, aware UTC.

    `total` is None when there is no score. `mode` (link, text, phone ...) and `language` say how it was answered, empty
    where it was not. `compared` is the patient's own word on the whole check-in.
    """

    on: date
    total: int | None
    state: PointState
    items: tuple[int | None, ...] | None = None
    mode: str = ""
    language: str = ""
    at: datetime | None = None
    estimated: bool = False
    compared: Compared | None = None

    def __post_init__(self) -> None:
        if self.total is not None and not self.is_answered:
            raise ImpossiblePoint(f"a check-in that was {self.state} has no score")

    @property
    def is_answered(self) -> bool:
        """Whether anything was answered, a score or not."""
        return self.state in (PointState.ANSWERED, PointState.PARTIAL)


_NEVER = datetime.min.replace(tzinfo=UTC)


def _when(point: Point) -> tuple[date, datetime]:
    return point.on, point.at or _NEVER


@dataclass(frozen=True)
class Trajectory:
    """One measure's points, oldest first whatever order they came in, with the measure's published numbers.

    `safety_item` is the number of the safety item, counted from 1. Raises `ImpossiblePoint` for a score off the scale.
    """

    code: str
    maximum: int
    bands: tuple[Band, ...]
    caseness: int
    reliable_change: int
    points: tuple[Point, ...]
    safety_item: int | None = None

    def __post_init__(self) -> None:
        if any(point.total is not None and not 0 <= point.total <= self.maximum for point in self.points):
            raise ImpossiblePoint(f"a score of {self.code} lies outside 0 to {self.maximum}")
        object.__setattr__(self, "points", tuple(sorted(self.points, key=_when)))

    @property
    def scores(self) -> tuple[int, ...]:
        """The totals there are, oldest first."""
        return tuple(point.total for point in self.points if point.total is not None)

    @property
    def scored(self) -> tuple[Point, ...]:
        """The points that have a total, oldest first."""
        return tuple(point for point in self.points if point.total is not None)

    @classmethod
    def of(cls, spec: TrackedSpec, points: Iterable[Point]) -> Self:
        """Build one with an instrument's own numbers."""
        return cls(
            code=spec.code,
            maximum=spec.maximum,
            bands=spec.bands,
            caseness=spec.caseness,
            reliable_change=spec.reliable_change,
            points=tuple(points),
            safety_item=spec.safety_item,
        )

    def band(self, total: int) -> SeverityBand:
        """Return the band that a total falls in."""
        return next(band.code for band in reversed(self.bands) if total >= band.lowest)


def direction(trajectory: Trajectory) -> Direction:
    """Compare the last score with the first by the measure's reliable change, which itself counts as a clear change."""
    scores = trajectory.scores
    if len(scores) < 2:
        return Direction.NOT_ENOUGH
    change = scores[-1] - scores[0]
    if abs(change) < trajectory.reliable_change:
        return Direction.ABOUT_THE_SAME
    return Direction.CLEARLY_LIGHTER if change < 0 else Direction.CLEARLY_HEAVIER


def runs(points: Sequence[Point]) -> tuple[tuple[Point, ...], ...]:
    """Split points into unbroken runs of scores: a point without one ends a run and is in none."""
    found: list[list[Point]] = [[]]
    for point in points:
        if point.total is None:
            found.append([])
        else:
            found[-1].append(point)
    return tuple(tuple(run) for run in found if run)


@dataclass(frozen=True)
class Window:
    """The days that a picture shows, both ends included. `shortened` when earlier check-ins are left out."""

    first: date
    last: date
    shortened: bool = False

    def __contains__(self, on: date) -> bool:
        return self.first <= on <= self.last

    @property
    def weeks(self) -> float:
        """Its length in weeks, 0 for a single day."""
        return (self.last - self.first).days / 7


def window(trajectories: Iterable[Trajectory], weeks: int | None = None) -> Window | None:
    """Return the days that several measures share on the page, at most the last `weeks`; None without any check-in."""
    days = sorted(point.on for trajectory in trajectories for point in trajectory.points)
    if not days:
        return None
    opens = days[0] if weeks is None else max(days[0], days[-1] - timedelta(weeks=weeks))
    shown = next(day for day in days if day >= opens)
    return Window(shown, days[-1], shortened=shown > days[0])


@dataclass(frozen=True)
class Occasion:
    """One check-in with the point of each measure that it asked for, by the measure's code."""

    on: date
    points: Mapping[str, Point]

    @property
    def state(self) -> PointState:
        """Partial when any measure is; else answered when any is; else why there is nothing."""
        states = {point.state for point in self.points.values()}
        order = (PointState.PARTIAL, PointState.ANSWERED, PointState.NOT_DELIVERED, PointState.MISSED)
        return next(state for state in order if state in states)

    @property
    def is_answered(self) -> bool:
        """Whether anything was answered, a score or not."""
        return any(point.is_answered for point in self.points.values())

    @property
    def compared(self) -> Compared | None:
        """What the patient said of the whole check-in, if they were asked and said."""
        return next((point.compared for point in self.points.values() if point.compared), None)


def occasions(trajectories: Iterable[Trajectory]) -> tuple[Occasion, ...]:
    """Put the measures of each check-in together, oldest first: points of one check-in share their date and moment."""
    found: dict[tuple[date, datetime], dict[str, Point]] = {}
    for trajectory in trajectories:
        for point in trajectory.points:
            found.setdefault(_when(point), {})[trajectory.code] = point
    return tuple(Occasion(on, found[on, at]) for on, at in sorted(found))
