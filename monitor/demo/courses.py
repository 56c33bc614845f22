"""How the people of the demonstration fare: the level of their symptoms week by week, and answers that add up to it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from monitor.checkins.models import DIFFICULTY_ITEM
from monitor.checkins.service import Answers
from monitor.measures import catalogue
from monitor.measures.instrument import Direction, Instrument


class Course(StrEnum):
    """What becomes of somebody: the word that the demonstration prints beside each patient."""

    IMPROVING = "improving"
    PLATEAU = "plateau"
    DETERIORATING = "deteriorating"
    GONE_QUIET = "gone_quiet"
    UNREACHABLE = "unreachable"
    OPTED_OUT = "opted_out"
    SAFETY_ANSWER = "safety_answer"
    STEPPED_DOWN_WELL = "stepped_down_well"
    STEPPED_DOWN_RELAPSE_SIGNAL = "stepped_down_relapse_signal"
    REVIEW_OVERDUE = "review_overdue"
    WAITING_FOR_MIDDLE_STEP = "waiting_for_middle_step"
    WAITING_FOR_INTAKE = "waiting_for_intake"


@dataclass(frozen=True)
class Shape:
    """A PHQ-9 level over time: from `start` towards `floor`, halfway each `half_weeks`; then, late, up by `rise`."""

    start: float
    floor: float
    half_weeks: float
    rise: float = 0
    late_weeks: float = 1
    """Over how many of the last weeks it rises."""
    weeks: tuple[int, int] = (5, 22)
    """The shortest and the longest that such a course has run; nearly all are near the shortest."""

    def level(self, week: float, left: float) -> float:
        """Return the level after `week` weeks, with `left` weeks to go until now."""
        fall = self.floor + (self.start - self.floor) * math.pow(0.5, week / self.half_weeks)
        return fall + self.rise * max(0.0, 1 - left / self.late_weeks)


SHAPES: Mapping[Course, Shape] = {
    Course.IMPROVING: Shape(16, 3, 4),
    Course.PLATEAU: Shape(15, 14, 4, weeks=(8, 20)),
    Course.DETERIORATING: Shape(11, 10, 6, rise=13, late_weeks=3, weeks=(6, 16)),
    Course.GONE_QUIET: Shape(14, 10, 8, weeks=(8, 16)),
    Course.UNREACHABLE: Shape(13, 9, 8, weeks=(8, 16)),
    Course.OPTED_OUT: Shape(12, 8, 6, weeks=(10, 18)),
    Course.SAFETY_ANSWER: Shape(18, 14, 8, weeks=(5, 14)),
    Course.STEPPED_DOWN_WELL: Shape(15, 3, 3, weeks=(20, 38)),
    Course.STEPPED_DOWN_RELAPSE_SIGNAL: Shape(16, 3, 3, rise=10, late_weeks=5, weeks=(20, 38)),
    Course.REVIEW_OVERDUE: Shape(14, 10, 8, weeks=(10, 16)),
    Course.WAITING_FOR_MIDDLE_STEP: Shape(22, 20, 6, weeks=(8, 14)),
    Course.WAITING_FOR_INTAKE: Shape(14, 13, 6, weeks=(0, 0)),
}

RESTLESS = 1.5
"""How far one week lies from the level, as a standard deviation in points."""
LEVELS = 27
"""Levels are points of the PHQ-9; another measure follows as its own most points stand to this one."""


@dataclass(frozen=True)
class Person:
    """What makes one person's scores their own, drawn once."""

    shape: Shape
    above: float
    """How far they lie above or below their course, in points."""
    weights: tuple[float, ...]
    """Which symptoms weigh on them most."""

    @classmethod
    def drawn(cls, course: Course, chance: Random) -> "Person":
        """Draw one."""
        return cls(SHAPES[course], chance.uniform(-1.5, 1.5), tuple(chance.uniform(0.5, 2) for _ in range(9)))


def answers(
    person: Person, instruments: tuple[Instrument, ...], week: float, left: float, safety: int, chance: Random
) -> Answers:
    """Return what somebody answers to a check-in; `safety` is their answer to the safety item."""
    level = person.shape.level(week, left) + person.above
    given: dict[tuple[str, int], int | None] = {}
    for instrument in instruments:
        spec = catalogue.spec(instrument.code)
        items = [item for item in range(1, spec.item_count + 1) if item != spec.safety_item]
        most = spec.item_max * spec.item_count
        wanted = round((level + chance.normalvariate(0, RESTLESS)) * most / LEVELS)
        if spec.direction is Direction.HIGHER_IS_BETTER:
            wanted = most - wanted
        values = spread(min(max(wanted, 0), spec.item_max * len(items)), items, person.weights, spec.item_max, chance)
        given |= {(instrument.code, item): value for item, value in values.items()}
        if spec.safety_item:
            given[(instrument.code, spec.safety_item)] = safety
        if instrument.difficulty and wanted > 0:
            given[(instrument.code, DIFFICULTY_ITEM)] = min(spec.item_max, wanted // 7)
    return given


def spread(total: int, items: list[int], weights: tuple[float, ...], highest: int, chance: Random) -> dict[int, int]:
    """Return whole answers that add up to `total`, heavier on the items that weigh more."""
    values = dict.fromkeys(items, 0)
    for _ in range(total):
        room = [item for item in items if values[item] < highest]
        values[chance.choices(room, [weights[item - 1] for item in room])[0]] += 1
    return values
