"""What a patient may be told once a check-in is in: how it compares with the one before."""

from collections.abc import Mapping
from enum import StrEnum

from monitor.checkins.course import Course
from monitor.checkins.kinds import Compared
from monitor.checkins.models import CheckIn
from monitor.measures import catalogue
from monitor.measures.change import Change, change


class SinceLastTime(StrEnum):
    """A check-in against the one before it, in the only words that a patient reads about it."""

    ABOUT_THE_SAME = "about_the_same"
    LIGHTER = "lighter"
    HEAVIER = "heavier"
    BOTH = "both"
    """One measure lighter, another heavier."""


def since_last_time(courses: Mapping[str, Course], check_in: CheckIn) -> SinceLastTime | None:
    """Compare the scores of a completed check-in with those before it; None when nothing can be compared.

    A change counts from the measure's own error on (`Spec.reliable_change`), as everywhere. Scores that are older or
    newer than this check-in say nothing about it.
    """
    changes = {
        change(catalogue.tracked(code), course.second_last, course.last)
        for code, course in courses.items()
        if code in catalogue.TRACKED and course.last_at is not None and course.last_at == check_in.completed_at
    } - {None}
    if not changes:
        return None
    lighter, heavier = Change.RELIABLE_IMPROVEMENT in changes, Change.RELIABLE_DETERIORATION in changes
    if lighter and heavier:
        return SinceLastTime.BOTH
    if lighter or heavier:
        return SinceLastTime.LIGHTER if lighter else SinceLastTime.HEAVIER
    return SinceLastTime.ABOUT_THE_SAME


SAYS: Mapping[Compared, SinceLastTime] = {
    Compared.BETTER: SinceLastTime.LIGHTER,
    Compared.SAME: SinceLastTime.ABOUT_THE_SAME,
    Compared.WORSE: SinceLastTime.HEAVIER,
}


def says_otherwise(said: Compared | None, since: SinceLastTime) -> bool:
    """Return whether a patient's own word differs from their scores: then a page sets neither against the other."""
    return said is not None and SAYS[said] is not since
