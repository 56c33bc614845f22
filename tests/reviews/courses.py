"""Facts for the criteria: each course states only what matters to it."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from monitor.care.kinds import Step
from monitor.care.pathways import USUAL_PATHWAY, shipped
from monitor.flags.facts import Thresholds
from monitor.measures import catalogue
from monitor.reviews.facts import Course, Item9, Judged, ReviewFacts, Scored
from monitor.reviews.kinds import Criterion, Judgement
from monitor.reviews.rules import criteria

PATHWAY = shipped(USUAL_PATHWAY).pathway
START = date(2026, 9, 1)
TODAY = START + timedelta(weeks=10)


def course(code: str, *totals: int, last_on: date = TODAY, every: int = 7) -> Course:
    """A measure answered every so many days, the last time on `last_on`."""
    spec = catalogue.tracked(code)
    thresholds = Thresholds(spec.caseness, spec.reliable_change, spec.minimal_difference)
    days = [last_on - timedelta(days=every * back) for back in range(len(totals))][::-1]
    return Course(code, thresholds, tuple(map(Scored, days, totals)))


def phq9(*totals: int, **when: Any) -> Course:
    return course("phq9", *totals, **when)


def gad7(*totals: int, **when: Any) -> Course:
    return course("gad7", *totals, **when)


def item9(*values: int | None) -> tuple[Item9, ...]:
    """Answers to the safety item, a week apart, the last one today."""
    return tuple(Item9(TODAY - timedelta(weeks=len(values) - 1 - at), value) for at, value in enumerate(values))


STABLE = ReviewFacts(
    step=Step.TWO,
    today=TODAY,
    entered_on=START,
    since=START,
    last_contact_on=TODAY - timedelta(days=3),
    phq9=phq9(12, 12, 12),
    gad7=gad7(9, 9, 9),
    item9=item9(0, 0, 0),
)
"""Somebody at caseness on both, no better and no worse, in touch and answering."""

WELL = replace(STABLE, phq9=phq9(14, 8, 7, 6), gad7=gad7(10, 5, 4, 4))
"""Somebody who is better and has been for three weeks."""


def facts(base: ReviewFacts = STABLE, **changed: Any) -> ReviewFacts:
    return replace(base, **changed)


def judged(of: ReviewFacts, criterion: Criterion) -> Judged | None:
    return next((each for each in criteria(of, PATHWAY) if each.criterion is criterion), None)


def came_to(of: ReviewFacts, criterion: Criterion) -> Judgement | None:
    """What a criterion came to; None where it does not apply."""
    found = judged(of, criterion)
    return found.judgement if found else None


def why(of: ReviewFacts, criterion: Criterion) -> list[str]:
    found = judged(of, criterion)
    return [reason.code for reason in found.reasons] if found else []
