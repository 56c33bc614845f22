"""From what was measured to the bars. Nothing here opens a browser."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from statistics import median
from typing import TYPE_CHECKING

from monitor.bench.report import Bar, Gate, Machine

if TYPE_CHECKING:
    from benchmarks.browser.measuring import Sample

NEAR_THE_FLOOR, BEFORE_SURVEYJS, BEFORE_LHC_FORMS = 1.15, 1 / 4, 1 / 6
BLOCKED_BEYOND_FLOOR, TAP_WITHIN = 50, 200
"""Milliseconds; 200 is where an interaction stops being good (Web Vitals, INP)."""
CHART_BYTES, CHART_TIME = 0.15, 0.6
WHOLE_CHECK_IN = 5.5
"""kB (1,000 bytes) of body as it is served."""


class Shown(StrEnum):
    """What is opened."""

    FLOOR = "bare HTML (the floor)"
    FIRST_SCREEN = "ours, first screen"
    FIRST_QUESTION = "ours, question 1"
    SURVEYJS = "SurveyJS"
    LHC_FORMS = "LHC-Forms"
    CHART = "ours, the chart page"
    UPLOT = "uPlot"


OURS = frozenset({Shown.FIRST_SCREEN, Shown.FIRST_QUESTION, Shown.CHART})


@dataclass(frozen=True)
class Figures:
    """The medians of n openings; sizes in kB, times in milliseconds. `registered`: of how many the tap worked."""

    where: str
    shown: Shown
    n: int
    requests: float
    wire: float
    scripts: float
    paint: float
    ready: float
    blocked: float
    tap: float | None
    registered: int
    heap: float


def medians(where: str, shown: Shown, samples: "Sequence[Sample]") -> Figures:
    """Sum up the openings of one page under one condition."""
    taps = [sample.tap for sample in samples if sample.tap is not None]
    return Figures(
        where=where,
        shown=shown,
        n=len(samples),
        requests=median(sample.requests for sample in samples),
        wire=median(sample.wire for sample in samples) / 1000,
        scripts=median(sample.scripts for sample in samples) / 1000,
        paint=median(sample.paint for sample in samples),
        ready=median(sample.ready for sample in samples),
        blocked=median(sample.blocked for sample in samples),
        tap=median(taps) if taps else None,
        registered=sum(sample.registered for sample in samples),
        heap=median(sample.heap for sample in samples) / 1_000_000,
    )


@dataclass(frozen=True)
class Found:
    """The figures of one condition by what was shown."""

    number: int
    figures: Mapping[Shown, Figures]

    def bar(self, what: str, ours: float, reference: float, beside: str, target: float, unit: str = "ms") -> Bar:
        """Return one of its bars."""
        any_of_ours = next(self.figures[shown] for shown in Shown if shown in OURS & self.figures.keys())
        return Bar(
            number=self.number,
            what=what,
            where=any_of_ours.where,
            unit=unit,
            ours=ours,
            reference=reference,
            beside=beside,
            target=target,
            n=any_of_ours.n,
        )


def check_in_bars(found: Found) -> Iterator[Bar]:
    """How soon a check-in can be tapped. Of its first screen and its first question, the later one counts."""
    figures = found.figures
    ready = max(figures[Shown.FIRST_SCREEN].ready, figures[Shown.FIRST_QUESTION].ready)
    for shown, target in (
        (Shown.FLOOR, NEAR_THE_FLOOR),
        (Shown.SURVEYJS, BEFORE_SURVEYJS),
        (Shown.LHC_FORMS, BEFORE_LHC_FORMS),
    ):
        yield found.bar("check-in can be tapped", ready, figures[shown].ready, shown, target)


def light_bars(found: Found) -> Iterator[Bar]:
    """How much a check-in keeps a slow processor from its patient."""
    ours = [found.figures[Shown.FIRST_SCREEN], found.figures[Shown.FIRST_QUESTION]]
    blocked, tap = max(each.blocked for each in ours), max(each.tap or 0 for each in ours)
    most = found.figures[Shown.FLOOR].blocked + BLOCKED_BEYOND_FLOOR
    yield found.bar("main thread blocked", blocked, most, f"the floor + {BLOCKED_BEYOND_FLOOR}", 1)
    yield found.bar("a tap is seen to work", tap, TAP_WITHIN, "a good interaction", 1)


def chart_bars(found: Found, charts: int) -> Iterator[Bar]:
    """How much two trajectories weigh, in bytes without the page around them, and how soon that page has drawn them.

    The peer's page is nothing but its charts.
    """
    ours, peer = found.figures[Shown.CHART], found.figures[Shown.UPLOT]
    yield found.bar("charts and their style, brotli", charts / 1000, peer.wire, Shown.UPLOT, CHART_BYTES, "kB")
    yield found.bar("chart drawn", ours.ready, peer.ready, Shown.UPLOT, CHART_TIME)


def size_bar(size: int) -> Bar:
    """How large the whole check-in is as it is served, in bytes."""
    return Bar(1, "whole check-in, brotli", "as served", "kB", size / 1000, WHOLE_CHECK_IN, "our aim", 1, 1)


@dataclass(frozen=True)
class Report:
    """One run. `processor` says how the machine was slowed down; `forced`, that it was busy."""

    machine: Machine
    browser: str
    index: float
    processor: tuple[str, ...]
    forced: bool
    figures: tuple[Figures, ...]
    bars: tuple[Bar, ...]
    gates: tuple[Gate, ...]

    @property
    def passed(self) -> bool:
        """Whether every bar is met and every gate holds."""
        return all(bar.met for bar in self.bars) and all(gate.passed for gate in self.gates)

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        return {**asdict(self), "bars": [bar.as_dict() for bar in self.bars], "passed": self.passed}
