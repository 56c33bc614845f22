"""Episodes for the flag tests: each states only what matters to it."""

from dataclasses import replace
from datetime import date, timedelta

from monitor.care.flag_policy import FlagPolicy
from monitor.flags.facts import EpisodeFacts, MeasureFacts, Thresholds
from monitor.flags.kinds import Rule
from monitor.flags.rules import findings, notes
from monitor.measures import catalogue

POLICY = FlagPolicy()
START = date(2026, 10, 13)


def measure(code: str, *scores: int) -> MeasureFacts:
    spec = catalogue.spec(code)
    thresholds = Thresholds(spec.caseness, spec.reliable_change, spec.minimal_difference)
    if not scores:
        return MeasureFacts(code, thresholds)
    return MeasureFacts(
        code,
        thresholds,
        baseline=scores[0],
        baseline_on=START,
        last=scores[-1],
        best=min(scores),
        worst=max(scores),
        count=len(scores),
        recent=scores[-3:],
    )


def dated(course: MeasureFacts, *, weeks: float) -> MeasureFacts:
    """The same course with its last score so many weeks after the first."""
    return replace(course, last_on=START + timedelta(days=round(7 * weeks)))


def phq9(*scores: int) -> MeasureFacts:
    return measure("phq9", *scores)


def gad7(*scores: int) -> MeasureFacts:
    return measure("gad7", *scores)


def episode(*measures: MeasureFacts, **facts: object) -> EpisodeFacts:
    return EpisodeFacts(step="two", week=4, measures=measures, **facts)


def raised(facts: EpisodeFacts, policy: FlagPolicy = POLICY) -> list[str]:
    return [finding.rule for finding in findings(facts, policy)]


def noted(facts: EpisodeFacts, rule: Rule) -> list[str]:
    return [evidence.code for note in notes(facts, POLICY) if note.rule == rule for evidence in note.evidence]
