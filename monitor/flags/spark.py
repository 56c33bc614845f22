"""The course of one measure as a picture the size of a word: fixed scale, gaps left as gaps. Pure geometry."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

WIDTH, HEIGHT = 84, 28
_START, _END = 4.0, 80.0
_TOP, _FLOOR = 3.0, 23.0
LONGEST = 13
"""As many check-ins as can be told apart in it."""


@dataclass(frozen=True)
class Spark:
    """Segments between neighbouring scores, a dot for a score that stands alone or last, rings for what is missing."""

    segments: tuple[tuple[float, float, float, float], ...]
    dots: tuple[tuple[float, float], ...]
    gaps: tuple[float, ...]
    cut: float
    totals: tuple[int | None, ...]

    @property
    def last(self) -> int | None:
        """The newest score."""
        return next((total for total in reversed(self.totals) if total is not None), None)


def spark(totals: Sequence[int | None], *, maximum: int, caseness: int) -> Spark:
    """Place the last totals, oldest first; None is a check-in without a score, drawn as a ring, never as zero."""
    shown = tuple(totals[-LONGEST:])
    step = (_END - _START) / max(len(shown) - 1, 1)

    def x(at: int) -> float:
        return round(_START + at * step, 2) if len(shown) > 1 else _END

    def y(total: int) -> float:
        return round(_FLOOR - (_FLOOR - _TOP) * total / maximum, 2)

    points = [None if total is None else (x(at), y(total)) for at, total in enumerate(shown)]
    alone = [
        point
        for at, point in enumerate(points)
        if point and (at == 0 or points[at - 1] is None) and (at + 1 == len(points) or points[at + 1] is None)
    ]
    last = [point for point in points if point][-1:]
    return Spark(
        segments=tuple((*a, *b) for a, b in pairwise(points) if a and b),
        dots=tuple(dict.fromkeys([*alone, *last])),
        gaps=tuple(x(at) for at, point in enumerate(points) if point is None),
        cut=y(caseness),
        totals=shown,
    )
