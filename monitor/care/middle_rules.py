"""The middle step's rules: why somebody goes there, in which order, for how long, on which days. Pure."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Protocol, TypeVar

from monitor.care.intake_kinds import IntakeRule, Need
from monitor.care.kinds import FAST_TRACK, LOW_INTENSITY, MiddleReason, Step
from monitor.care.pathway import Pathway, rank

WEEK = timedelta(weeks=1)
CONTACTS_A_WEEK = 2
"""Clinical fact sheet, part 4.1: contact twice a week."""
MORE_WEEKS_AT_MOST = 4
"""Local protocol: one extension takes a burst at most this far beyond the longest that the pathway plans."""
WAITS_OF_WEEKS = 12
"""Local protocol: the median wait is that of the bursts begun in the last twelve weeks."""
URGENT = frozenset({Need.SAFETY, Need.HOUSING})
"""Unmet needs that cannot wait: clinical fact sheet, part 4.1 with 4.3. The fast track itself: local protocol."""


@dataclass(frozen=True)
class Known:
    """What is known of a patient that speaks for the middle step; None: not asked."""

    step: Step
    wsas: int | None = None
    needs: Collection[Need] | None = None
    no_better: bool = False
    """Whether low intensity did not help: before, or as a criterion of the review says now."""


class InTheQueue(Protocol):
    """What the order looks at: `monitor.care.middle_models.StepRequest` is one."""

    @property
    def is_fast(self) -> bool:
        """Whether it goes before a longer wait."""

    @property
    def asked_at(self) -> datetime:
        """When the wait began."""

    @property
    def id(self) -> object:
        """Settles which of two comes first that were asked for in one moment."""


W = TypeVar("W", bound=InTheQueue)


def suggested(known: Known, pathway: Pathway) -> tuple[MiddleReason, ...]:
    """Return the reasons that the facts give, with the numbers of the pathway's own entry rules.

    Source: clinical fact sheet, part 4.1: no better on step two, WSAS above 20 (Mundt 2002), two unmet needs.
    """
    limits = {entry.rule: entry for entry in pathway.intake if entry.step is Step.MIDDLE}
    impaired, unmet = limits.get(IntakeRule.FUNCTION_IMPAIRED), limits.get(IntakeRule.UNMET_SOCIAL_NEEDS)
    needs = known.needs or ()
    found = {
        MiddleReason.URGENT_NEED: bool(URGENT & set(needs)),
        MiddleReason.STEP_TWO_FAILED: known.no_better and known.step in LOW_INTENSITY,
        MiddleReason.FUNCTION_IMPAIRED: bool(
            impaired and impaired.wsas and known.wsas is not None and known.wsas > impaired.wsas
        ),
        MiddleReason.UNMET_NEEDS: bool(unmet and unmet.needs and len(needs) >= unmet.needs),
    }
    return tuple(reason for reason, holds in found.items() if holds)


def is_fast(reasons: Iterable[MiddleReason]) -> bool:
    """Return whether one of the reasons goes before a longer wait."""
    return not FAST_TRACK.isdisjoint(reasons)


def may_be_asked_for(step: Step) -> bool:
    """Return whether somebody on a step may be asked in: from a heavier one the way down is a review's to decide."""
    return rank(step) <= rank(Step.MIDDLE)


def in_turn(waits: Iterable[W]) -> list[W]:
    """Return who is served when: the fast track first, then the longest wait."""
    return sorted(waits, key=lambda each: (not each.is_fast, each.asked_at, str(each.id)))


def ways_out(pathway: Pathway) -> tuple[Step, ...]:
    """Return where a burst may lead, heaviest first."""
    return tuple(sorted((step for step in pathway.steps if step is not Step.MIDDLE), key=rank, reverse=True))


def lengths(pathway: Pathway) -> range:
    """Return how many weeks a burst may be planned for: 4 to 8 unless the pathway says otherwise."""
    shortest, longest = pathway.plan(Step.MIDDLE).weeks or (4, 8)
    return range(shortest, longest + 1)


def longer(from_on: date, until_on: date, pathway: Pathway) -> range:
    """Return to how many weeks in all a burst may be lengthened."""
    return range(weeks_between(from_on, until_on) + 1, lengths(pathway)[-1] + MORE_WEEKS_AT_MOST + 1)


def weeks_between(from_on: date, until_on: date) -> int:
    """Return how many whole weeks lie between two dates."""
    return (until_on - from_on) // WEEK


def week_of(from_on: date, today: date) -> int:
    """Return which week of a burst a date lies in, from 1; past its end it counts on."""
    return (today - from_on) // WEEK + 1


def contact_dates(after: date, until_on: date, weekdays: Collection[int]) -> Iterator[date]:
    """Yield the dates of some weekdays (0 for Monday), from one date up to another and without it."""
    for ordinal in range(after.toordinal(), until_on.toordinal()):
        on = date.fromordinal(ordinal)
        if on.weekday() in weekdays:
            yield on


def median_wait(waits: Sequence[timedelta]) -> int | None:
    """Return the median of some waits in whole days; None of none."""
    return round(median(wait / timedelta(days=1) for wait in waits)) if waits else None
