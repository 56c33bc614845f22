"""What a change from a first to a last score means: for one measure, and for a course of care under a named rule."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from monitor.measures import catalogue
from monitor.measures.instrument import TrackedSpec
from monitor.measures.scoring import caseness, check_total


class Change(StrEnum):
    """A change of one measure, held against the measure's own error (`Spec.reliable_change`)."""

    RELIABLE_IMPROVEMENT = "reliable_improvement"
    NO_RELIABLE_CHANGE = "no_reliable_change"
    RELIABLE_DETERIORATION = "reliable_deterioration"


def change(spec: TrackedSpec, first: int | None, last: int | None) -> Change | None:
    """How a measure changed from its first total to its last; None when either is missing. Raises TotalOutOfRange.

    A change as large as `spec.reliable_change` already counts. Source: `spec.sources.reliable_change`.
    """
    for total in (first, last):
        if total is not None:
            check_total(spec, total)
    if first is None or last is None:
        return None  # no score is not the same as no change
    if first - last >= spec.reliable_change:
        return Change.RELIABLE_IMPROVEMENT
    if last - first >= spec.reliable_change:
        return Change.RELIABLE_DETERIORATION
    return Change.NO_RELIABLE_CHANGE


class CountingRule(StrEnum):
    """How a course is counted when one measure is reliably better and the other reliably worse.

    The value carries the version; reports print it with its entry in COUNTING_RULE_SOURCES.
    """

    NHS_ADULT_V1 = "nhs_adult_v1"
    NHS_CYP_V1 = "nhs_cyp_v1"
    EITHER_V1 = "either_v1"


COUNTING_RULE_SOURCES: Mapping[CountingRule, str] = {
    CountingRule.NHS_ADULT_V1: (
        "NHS-style, local reading: counted neither as improved nor as deteriorated. The published reporting code for "
        "adults (nhsengland/Talking-Therapies) reads ready-made results, so its own rule could not be confirmed."
    ),
    CountingRule.NHS_CYP_V1: (
        "NHS reporting code for children and young people (NHSDigital/mental-health-monthly-statistics, September "
        "2025): one measure reliably worse counts as deteriorated, whatever the other did."
    ),
    CountingRule.EITHER_V1: (
        "Research variant (MindStep, BMC Psychiatry 2018, s12888-018-1987-1, table 1; NCT05134103): one measure "
        "reliably better counts as improved, whatever the other did. Deterioration is counted likewise (a local "
        "reading), so a course can be both."
    ),
}

OUTCOME_MEASURES: tuple[str, ...] = ("phq9", "gad7")  # the pair of NHS Talking Therapies: PMC5942544, table 2


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one course of care. None: a score that it needs is missing, which is never the same as False.

    `mixed`: one measure reliably better and the other reliably worse; shown as itself under every rule.
    """

    case_start: bool | None
    recovery: bool | None
    reliable_improvement: bool | None
    reliable_deterioration: bool | None
    mixed: bool | None
    reliable_recovery: bool | None


def outcome(first: Mapping[str, int | None], last: Mapping[str, int | None], rule: CountingRule) -> Outcome:
    """The outcome of a course from its first and last totals, by code of the OUTCOME_MEASURES; others are ignored.

    Recovery: either measure at caseness at the start, neither at the end (MindStep table 1). People who were not at
    caseness at the start cannot recover, so a rate divides by `case_start`. All but `case_start` need all four totals.
    Raises TotalOutOfRange.
    """
    case_start, case_end = at_caseness(first), at_caseness(last)
    changes = [change(catalogue.tracked(code), first.get(code), last.get(code)) for code in OUTCOME_MEASURES]
    if None in changes:
        return Outcome(case_start, None, None, None, None, None)
    better, worse = Change.RELIABLE_IMPROVEMENT in changes, Change.RELIABLE_DETERIORATION in changes
    improved, deteriorated = _counted(rule, better=better, worse=worse)
    recovery = bool(case_start) and not case_end
    return Outcome(
        case_start=case_start,
        recovery=recovery,
        reliable_improvement=improved,
        reliable_deterioration=deteriorated,
        mixed=better and worse,
        reliable_recovery=recovery and improved,
    )


def at_caseness(totals: Mapping[str, int | None]) -> bool | None:
    """Whether either outcome measure is at caseness; None when the missing one could decide it.

    Raises TotalOutOfRange.
    """
    given = {code: total for code in OUTCOME_MEASURES if (total := totals.get(code)) is not None}
    if any([caseness(catalogue.spec(code), total) for code, total in given.items()]):
        return True
    return False if len(given) == len(OUTCOME_MEASURES) else None


def _counted(rule: CountingRule, *, better: bool, worse: bool) -> tuple[bool, bool]:
    """(reliable improvement, reliable deterioration) of a course with a measure reliably better, worse, or both."""
    match rule:
        case CountingRule.NHS_ADULT_V1:
            return better and not worse, worse and not better
        case CountingRule.NHS_CYP_V1:
            return better and not worse, worse
        case CountingRule.EITHER_V1:
            return better, worse
