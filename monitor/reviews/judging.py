"""What the criteria share: how a judgement is made of what is met and of what is lacking. Pure."""

from collections.abc import Iterator
from datetime import date

from monitor.reviews.facts import Course, Judged, Reason, ReviewFacts, Scored
from monitor.reviews.kinds import Because, Criterion, Judgement

Said = Iterator[Judged]


def judged(criterion: Criterion, reasons: tuple[Reason, ...], lacks: tuple[Reason, ...]) -> Judged:
    """Return a criterion as met with its reasons; else as unknown with what is lacking; else as not met."""
    if reasons:
        return Judged(criterion, Judgement.MET, reasons)
    return Judged(criterion, Judgement.UNKNOWN, lacks) if lacks else not_met(criterion)


def met(criterion: Criterion, *reasons: Reason) -> Judged:
    """Return a criterion that is met."""
    return Judged(criterion, Judgement.MET, reasons)


def not_met(criterion: Criterion) -> Judged:
    """Return a criterion that the data speak against."""
    return Judged(criterion, Judgement.NOT_MET)


def unknown(criterion: Criterion, *lacks: Reason) -> Judged:
    """Return a criterion that cannot be judged."""
    return Judged(criterion, Judgement.UNKNOWN, lacks)


def lacking(facts: ReviewFacts, *, scores: int) -> tuple[Reason, ...]:
    """Return what is missing to say how the scores stand now, when each measure needs one or two of them."""
    missing = [
        about(Because.ONE_SCORE if course.scores else Because.NO_SCORE, course)
        for course in facts.courses
        if len(course.scores) < scores
    ]
    return (*missing, *_not_news(facts))


def unsaid(facts: ReviewFacts) -> tuple[Reason, ...]:
    """Return what is missing to say what the safety item is answered now."""
    if not facts.item9:
        return (Reason(Because.ITEM9_NOT_ANSWERED),)
    declined = (Reason(Because.ITEM9_DECLINED),) if facts.item9[-1].value is None else ()
    return (*declined, *_not_news(facts))


def _not_news(facts: ReviewFacts) -> tuple[Reason, ...]:
    return (Reason(Because.LATEST_UNKNOWN),) if facts.latest_is_unknown else ()


def has_risen(course: Course) -> bool:
    """Whether a measure has reliably worsened since the first score."""
    return course.change is not None and course.change >= course.thresholds.reliable_change


def has_fallen(course: Course) -> bool:
    """Whether a measure has reliably improved since the first score."""
    return course.change is not None and -course.change >= course.thresholds.reliable_change


def moved(code: Because, course: Course) -> Reason:
    """Return a reliable change with its figures."""
    first, last = course.scores[0].total, course.scores[-1].total
    figures = {"first": first, "last": last, "points": abs(last - first)}
    return about(code, course, **figures, threshold=course.thresholds.reliable_change)


def about(code: Because, course: Course, **figures: int | str) -> Reason:
    """Return a reason that names its measure."""
    return Reason(code, {"measure": course.code, **figures})


def week_of(first: Scored, on: date) -> int:
    """Return how many whole weeks after the first score a day lies."""
    return (on - first.on).days // 7
