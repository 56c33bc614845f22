"""Where words fit in a picture that is drawn without measuring type: estimates, on the wide side."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

TYPE = 12.5
"""The size of the words in a patient's chart, in units; static/chart.css says the same."""

_NARROW, _WIDE, _ARABIC = frozenset(" .,:;'’-fijlrtIіїł"), frozenset("mwMWжшщюфмЖШЩЮФМ"), frozenset("سشصض")


def text_width(words: str) -> float:
    """Estimate the width of words, in units: what the widest of the usual system fonts needs."""
    return sum(_em(letter) for letter in words) * TYPE


def _em(letter: str) -> float:
    """The share of its size that a letter takes. Joined Arabic letters are narrow, but for a few."""
    if letter in _NARROW:
        return 0.4
    if letter in _WIDE:
        return 0.95
    if letter in _ARABIC:
        return 1.2
    return 0.45 if "\N{ARABIC LETTER HAMZA}" <= letter <= "\N{ARABIC LETTER YEH}" else 0.64


@dataclass(frozen=True)
class Box:
    """A rectangle, in the chart's units; `ink` is the opacity of a band."""

    x: float
    y: float
    width: float
    height: float
    ink: float | None = None

    def touches(self, other: "Box") -> bool:
        """Whether two rectangles overlap."""
        apart_across = self.x + self.width <= other.x or other.x + other.width <= self.x
        apart_along = self.y + self.height <= other.y or other.y + other.height <= self.y
        return not (apart_across or apart_along)


@dataclass(frozen=True)
class Mark:
    """The place of one score."""

    x: float
    y: float
    score: int
    estimated: bool = False

    @property
    def box(self) -> Box:
        """The square that its dot or triangle fills."""
        return Box(self.x - 4, self.y - 4, 8, 8)


@dataclass(frozen=True)
class Label:
    """Words at a point: x is the start, middle or end of their baseline."""

    x: float
    y: float
    words: str
    anchor: str = "start"

    @property
    def box(self) -> Box:
        """The room that the words take where they run from left to right, with a little air."""
        width = text_width(self.words) + 4
        before = {"start": 2.0, "middle": width / 2, "end": width - 2}[self.anchor]
        return Box(self.x - before, self.y - 11, width, 14)


def in_two_lines(words: str) -> tuple[str, ...]:
    """Break a band's words at the space, or the soft hyphen a translator left, that is nearest to their middle."""
    breaks = [at for at, letter in enumerate(words) if letter in " \N{SOFT HYPHEN}"]
    if not breaks:
        return (words,)
    at = min(breaks, key=lambda place: abs(place - len(words) / 2))
    hyphen = "-" if words[at] == "\N{SOFT HYPHEN}" else ""
    return tuple(line.replace("\N{SOFT HYPHEN}", "") for line in (words[:at] + hyphen, words[at + 1 :]))


def first_clear(labels: Iterable[Label], runs: Sequence[Sequence[Mark]], taken: Iterable[Box] = ()) -> Label | None:
    """Return the first of several places for the same words that no line, mark or other label crosses."""
    occupied = [*taken, *(mark.box for run in runs for mark in run)]
    segments = [pair for run in runs for pair in pairwise(run)]
    for label in labels:
        box = label.box
        if not any(box.touches(other) for other in occupied) and not any(_crosses(box, *pair) for pair in segments):
            return label
    return None


def _crosses(box: Box, start: Mark, end: Mark) -> bool:
    """Whether the straight line between two marks, the first not to the right of the second, goes through a box."""
    enters, leaves = max(start.x, box.x), min(end.x, box.x + box.width)
    if enters > leaves:
        return False
    if start.x == end.x:
        heights = (start.y, end.y)
    else:
        slope = (end.y - start.y) / (end.x - start.x)
        heights = (start.y + slope * (enters - start.x), start.y + slope * (leaves - start.x))
    return min(heights) < box.y + box.height and max(heights) > box.y
