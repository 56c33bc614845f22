"""Outcomes of many courses of care together: counts with their denominators, under a named counting rule.

Formulas: nhsengland/Talking-Therapies (Key Metrics Dashboard, KM monthly update.sql) and MindStep (BMC Psychiatry 2018,
table 1). A missing score is never "no change": such a course stays in the denominator, adds to no numerator, and is
counted as not known.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from monitor.measures.change import OUTCOME_MEASURES, CountingRule, Outcome, outcome

FINISHED_CONTACTS = 2
"""Attended contacts from which a course is finished. Source: nhsengland/Talking-Therapies, completed treatment."""


@dataclass(frozen=True)
class CourseOfCare:
    """First and last totals by measure, None where there is none, and how many contacts were attended."""

    first: Mapping[str, int | None]
    last: Mapping[str, int | None]
    attended_contacts: int

    @property
    def finished(self) -> bool:
        """Whether it counts as a finished course."""
        return self.attended_contacts >= FINISHED_CONTACTS

    @property
    def paired(self) -> bool:
        """Whether all four scores are there."""
        return all(totals.get(code) is not None for totals in (self.first, self.last) for code in OUTCOME_MEASURES)


@dataclass(frozen=True)
class Rate:
    """A share with both its parts."""

    numerator: int
    denominator: int

    @property
    def percent(self) -> float | None:
        """The share in per cent, to one decimal, halves up; None of nothing."""
        if self.denominator == 0:
            return None
        share = Decimal(100 * self.numerator) / self.denominator
        return float(share.quantize(Decimal("0.1"), ROUND_HALF_UP))


@dataclass(frozen=True)
class Totals:
    """What all courses together came to. `not_known`: finished courses of which a score is missing."""

    finished: Rate
    """Of all courses; every other rate is of finished ones."""
    case_start: Rate
    data_completeness: Rate
    recovery: Rate
    """Of the finished less those known to be below caseness at the start; and so is `reliable_recovery`."""
    reliable_recovery: Rate
    reliable_improvement: Rate
    no_reliable_change: Rate
    reliable_deterioration: Rate
    mixed: Rate
    not_known: Rate


def outcome_of(course: CourseOfCare, rule: CountingRule) -> Outcome:
    """Return what one course came to, finished or not. Raises TotalOutOfRange."""
    return outcome(course.first, course.last, rule)


def totals(courses: Iterable[CourseOfCare], rule: CountingRule) -> Totals:
    """Return what courses came to together. Raises TotalOutOfRange."""
    everybody = list(courses)
    finished = [course for course in everybody if course.finished]
    came_to = [outcome_of(course, rule) for course in finished]
    could_recover = len(finished) - _count(came_to, "case_start", False)
    all_finished = len(finished)
    return Totals(
        finished=Rate(all_finished, len(everybody)),
        case_start=Rate(_count(came_to, "case_start"), all_finished),
        data_completeness=Rate(sum(course.paired for course in finished), all_finished),
        recovery=Rate(_count(came_to, "recovery"), could_recover),
        reliable_recovery=Rate(_count(came_to, "reliable_recovery"), could_recover),
        reliable_improvement=Rate(_count(came_to, "reliable_improvement"), all_finished),
        no_reliable_change=Rate(sum(map(_is_unchanged, came_to)), all_finished),
        reliable_deterioration=Rate(_count(came_to, "reliable_deterioration"), all_finished),
        mixed=Rate(_count(came_to, "mixed"), all_finished),
        not_known=Rate(_count(came_to, "mixed", None), all_finished),
    )


def _count(came_to: Sequence[Outcome], what: str, value: bool | None = True) -> int:
    return sum(getattr(each, what) is value for each in came_to)


def _is_unchanged(came_to: Outcome) -> bool:
    """Whether both measures are known and neither changed: never what is left over."""
    changes = (came_to.reliable_improvement, came_to.reliable_deterioration, came_to.mixed)
    return all(change is False for change in changes)
