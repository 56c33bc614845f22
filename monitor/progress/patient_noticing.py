"""What is worth noticing besides the scores: at most two calm lines, or none. Never praise, never about a total."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from markupsafe import Markup, escape

from monitor.i18n import N_, markup, translate, translate_plural
from monitor.progress.patient_course import Course
from monitor.progress.series import Occasion, Point, PointState, Trajectory, occasions
from monitor.progress.words import time_tag

TOPICS: Mapping[str, tuple[str | None, ...]] = {
    # Translators: each of these stands in "Your answers about %(topic)s are lighter than on %(date)s."
    "phq9": (
        N_("interest in things"),
        N_("mood"),
        N_("sleep"),
        N_("energy"),
        N_("eating"),
        N_("how you see yourself"),
        N_("keeping your mind on things"),
        N_("moving and resting"),
        None,  # the safety item is never told as a change
    ),
    "gad7": (
        N_("feeling on edge"),
        N_("stopping worries"),
        N_("worrying a lot"),
        N_("relaxing"),
        N_("sitting still"),
        N_("being easily annoyed"),
        N_("being afraid"),
    ),
}
"""What each item of a measure is about, in its order, in a few neutral words."""


def worth_noticing(course: Course, language: str) -> tuple[Markup, ...]:
    """Return the lines in the patient's language; none while an answer about safety is among the last two check-ins."""
    held = occasions(course.trajectories)
    answered = [each for each in held if each.is_answered]
    if not answered or safety_lately(course):
        return ()
    return (_here(course, held, language), *_lighter(course.trajectories, answered[-1].on, language))


def safety_lately(course: Course) -> bool:
    """Whether the safety item was answered above 0, or not answered, in one of the last two check-ins or after them.

    Then nothing cheerful stands on the page. Drafts count: what somebody said on the way and then took back was said.
    """
    lately = [each for each in occasions(course.trajectories) if each.is_answered][-2:]
    safety_items = {each.code: each.safety_item for each in course.trajectories if each.safety_item is not None}
    said = [
        point.items[safety_items[code] - 1] if point.items else None
        for each in lately
        for code, point in each.points.items()
        if code in safety_items
    ]
    since = lately[0].on if lately else date.min
    return any(value != 0 for value in said) or any(day >= since for day in course.safety_drafts)


def _here(course: Course, held: Sequence[Occasion], language: str) -> Markup:
    """Say that they are back after a gap, without counting it; else how often they have checked in."""
    back = len(held) > 1 and held[-1] not in _gaps(held) and held[-2] in _gaps(held)
    if back:
        return markup(language, N_("It is good to see you again."))
    return escape(
        translate_plural(
            language, "You have checked in %(count)s time.", "You have checked in %(count)s times.", course.answered
        )
    )


def _gaps(held: Sequence[Occasion]) -> list[Occasion]:
    return [each for each in held if each.state in (PointState.MISSED, PointState.NOT_DELIVERED)]


def _lighter(trajectories: Sequence[Trajectory], today: date, language: str) -> Iterator[Markup]:
    """Yield the item that fell most since the first check-in, if one fell and stayed so for two check-ins in a row."""
    found = [(fell, since, topic) for each in trajectories for fell, since, topic in _fallen(each)]
    if not found:
        return
    _, since, topic = max(found, key=lambda each: each[0])
    yield markup(
        language,
        N_("Your answers about %(topic)s are lighter than on %(date)s."),
        topic=translate(language, topic),
        date=time_tag(since.on, language, today=today),
    )


def _fallen(trajectory: Trajectory) -> Iterator[tuple[int, Point, str]]:
    points = [point for point in trajectory.points if point.items]
    if len(points) < 3:
        return
    first, before, last = (point.items or () for point in (points[0], *points[-2:]))
    for topic, start, then, now in zip(TOPICS[trajectory.code], first, before, last, strict=True):
        if topic is None or start is None or then is None or now is None:
            continue
        if now <= then < start:
            yield start - then, points[0], topic
