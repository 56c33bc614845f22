"""People in the year after they stepped down, drawn as a study found them. Everybody here is invented.

Ali 2017 (Behav Res Ther 94:1-8): of 439 who had recovered 53 % relapsed within a year, 79 % of these within six months.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from tests.builders import NOW

DOWN_AT = NOW
EVERY = timedelta(weeks=4)
MONTHS = 13
"""Check-ins in a year, one every four weeks."""
RELAPSED, WITHIN_SIX_MONTHS = 0.53, 0.79
GOES_QUIET, MISSES_ONE, NOTICES_FIRST, NOTICES_ANYWAY = 0.08, 0.02, 0.25, 0.03
CASENESS = {"phq9": 10, "gad7": 8}


@dataclass(frozen=True)
class Answered:
    """What somebody sends at one check-in."""

    phq9: int
    gad7: int
    noticed: bool = False

    @property
    def is_at_caseness(self) -> bool:
        return self.phq9 >= CASENESS["phq9"] or self.gad7 >= CASENESS["gad7"]


@dataclass(frozen=True)
class Life:
    """One year: where they were when they stepped down, and each check-in; None where it is not answered."""

    then: Answered
    months: tuple[Answered | None, ...]
    relapses: int | None

    def crossings(self, after: timedelta = timedelta()) -> Iterator[tuple[str, datetime]]:
        """Each sign that is noticed, the first return to caseness and the first silence: by which rule, and when.

        `after` is how long it takes to answer.
        """
        for month, said in enumerate(self.months, start=1):
            if said is not None and said.noticed:
                yield "W1", asked_at(month) + after
        back = next((month for month, said in enumerate(self.months, 1) if said and said.is_at_caseness), None)
        if back is not None:
            yield "W3", asked_at(back) + after
        quiet = next((at for at, two in enumerate(pairwise(self.months), 2) if two == (None, None)), None)
        if quiet is not None:
            yield "W5", closes_at(quiet)

    def something_begins(self, month: int) -> bool:
        """Whether a check-in is missed, or the first to say something; at the last one all that came before counts."""
        is_missed = self.months[month - 1] is None
        return month == MONTHS or is_missed or any(at == asked_at(month) for _, at in self.crossings())


def asked_at(month: int) -> datetime:
    """When the check-in of a month is due, from 1."""
    return DOWN_AT + month * EVERY


def closes_at(month: int) -> datetime:
    return asked_at(month) + timedelta(days=7)


def draw(rng: random.Random) -> Life:
    """Draw somebody's year."""
    then = Answered(rng.randint(0, 9), rng.randint(0, 7))
    relapses = _month_of_relapse(rng) if rng.random() < RELAPSED else None
    months = [_answered(rng, then, is_ill=relapses is not None and at >= relapses) for at in range(1, MONTHS + 1)]
    notices = relapses - 1 if relapses and rng.random() < NOTICES_FIRST else None
    if relapses is None and rng.random() < NOTICES_ANYWAY:
        notices = rng.randint(1, MONTHS)
    if notices:
        seen = months[notices - 1]
        months[notices - 1] = Answered(seen.phq9, seen.gad7, noticed=True)
    return Life(then, tuple(_with_silence(rng, months)), relapses)


def _month_of_relapse(rng: random.Random) -> int:
    return rng.randint(1, 6) if rng.random() < WITHIN_SIX_MONTHS else rng.randint(7, 12)


def _answered(rng: random.Random, then: Answered, *, is_ill: bool) -> Answered:
    """The scores of one month: near those of the step-down, or at caseness on one measure at least."""
    phq9 = min(9, max(0, then.phq9 + rng.randint(-3, 4)))
    gad7 = min(7, max(0, then.gad7 + rng.randint(-3, 3)))
    if is_ill and rng.random() < 0.8:
        phq9 = rng.randint(10, 21)
    elif is_ill:
        gad7 = rng.randint(8, 18)
    return Answered(phq9, gad7)


def _with_silence(rng: random.Random, months: list[Answered]) -> Iterator[Answered | None]:
    """Some answer no more from a month on, others leave one out."""
    silent_from = rng.randint(2, MONTHS - 1) if rng.random() < GOES_QUIET else MONTHS + 1
    before: Answered | None = months[0]
    for month, said in enumerate(months, start=1):
        passes_over = before is not None and not said.noticed and rng.random() < MISSES_ONE
        before = None if month >= silent_from or passes_over else said
        yield before
