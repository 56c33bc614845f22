"""What the page finds worth noticing: two calm lines at most, about answers and never about a total, or none at all."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.i18n import LANGUAGES
from monitor.progress.patient_course import Course
from monitor.progress.patient_noticing import TOPICS, worth_noticing
from monitor.progress.series import Point, PointState, Trajectory
from tests.progress.courses import MISSED, MONDAY, NOT_DELIVERED, trajectory

CALM = (1, 1, 2, 1, 1, 1, 1, 1, 0)
Given = tuple[int | None, ...] | Point


def answered(code: str, *weeks: Given) -> Trajectory:
    """A measure with its answers, week by week."""
    points = [week if isinstance(week, Point) else whole(week) for week in weeks]
    return trajectory(code, *points)


def whole(items: tuple[int | None, ...]) -> Point:
    given = [item for item in items if item is not None]
    if len(given) < len(items):
        return Point(MONDAY, None, PointState.PARTIAL, items)
    return Point(MONDAY, sum(given), PointState.ANSWERED, items)


def sleep(*values: int | None, safety: tuple[int | None, ...] = ()) -> Trajectory:
    """PHQ-9 in which only the answers about sleep, and the safety item, change."""
    said = [*safety, *[0] * (len(values) - len(safety))]
    return answered("phq9", *((1, 1, each, 1, 1, 1, 1, 1, nine) for each, nine in zip(values, said, strict=True)))


def noticed(*measures: Trajectory, answered: int = 9, **more: object) -> list[str]:
    """The lines in English, without their markup."""
    lines = worth_noticing(Course(measures, answered, **more), "en")  # type: ignore[arg-type]
    return [re.sub("<[^>]*>", "", line) for line in lines]


def test_an_answer_that_fell_and_stayed_is_named_by_its_topic_and_the_day_it_is_held_against() -> None:
    assert noticed(sleep(3, 2, 2)) == [
        "You have checked in 9 times.",
        "Your answers about sleep are lighter than on 10 August.",
    ]


@pytest.mark.parametrize(
    "values",
    [
        (3, 2),  # once is not yet staying
        (3, 3, 2),
        (3, 2, 3),
        (3, 1, 2),  # on its way up again
        (2, 2, 2),
        (1, 2, 2),
        (1, 3, 2, 2),  # lighter than in between, and not than at the start
        (3, None, 2),
        (3, 2, None),
        (None, 2, 2),
    ],
)
def test_an_answer_that_did_not_fall_or_did_not_stay_is_not_named(values: tuple[int | None, ...]) -> None:
    assert not [line for line in noticed(sleep(*values)) if "sleep" in line]


def test_a_missed_check_in_between_changes_nothing_about_what_was_answered() -> None:
    weeks = [(1, 1, each, 1, 1, 1, 1, 1, 0) for each in (3, 2)]
    assert "sleep" in noticed(answered("phq9", *weeks, MISSED, weeks[1]))[-1]


def test_only_the_answer_that_fell_most_is_named() -> None:
    weeks = [(3, 1, each, 1, 1, 1, 1, 1, 0) for each in (3, 1, 1)]
    worries = [(3, 1, 1, 1, 1, 1, 1), *[(2, 1, 1, 1, 1, 1, 1)] * 2]
    lines = noticed(answered("phq9", *weeks), answered("gad7", *worries))
    assert lines[1:] == ["Your answers about sleep are lighter than on 10 August."]


@pytest.mark.parametrize("safety", [(0, 1, 0), (0, 0, 3), (0, 0, None), (0, None, 0)])
def test_nothing_is_noticed_while_an_answer_about_safety_is_among_the_last_two(safety: tuple[int | None, ...]) -> None:
    assert noticed(sleep(3, 2, 2, safety=safety)) == []


def test_an_older_answer_about_safety_no_longer_silences_the_page() -> None:
    assert len(noticed(sleep(3, 2, 2, safety=(2, 0, 0)))) == 2


@pytest.mark.parametrize(("days", "lines"), [(7, 0), (14, 0), (15, 0), (6, 2)])
def test_what_was_said_about_safety_and_not_sent_counts_as_said(days: int, lines: int) -> None:
    drafts = frozenset({MONDAY + timedelta(days=days)})
    assert len(noticed(sleep(3, 2, 2), safety_drafts=drafts)) == lines


def test_the_safety_item_itself_is_never_told_as_a_change() -> None:
    assert noticed(answered("phq9", (*CALM[:8], 3), CALM, CALM)) == ["You have checked in 9 times."]
    assert TOPICS["phq9"][8] is None


@pytest.mark.parametrize("gap", [MISSED, NOT_DELIVERED])
def test_after_a_gap_they_are_welcome_and_nothing_is_counted(gap: Point) -> None:
    assert noticed(answered("phq9", CALM, gap, gap, CALM)) == ["It is good to see you again."]
    assert noticed(answered("phq9", CALM, gap, CALM, CALM))[0] == "You have checked in 9 times."


def test_while_a_check_in_is_missed_nobody_is_welcomed_back_and_nobody_scolded() -> None:
    assert noticed(answered("phq9", CALM, MISSED)) == ["You have checked in 9 times."]


def test_before_the_first_answers_there_is_nothing_to_notice() -> None:
    assert noticed() == []
    assert noticed(answered("phq9", MISSED)) == []


def test_a_total_that_fell_is_no_reason_to_say_anything() -> None:
    lighter = answered("phq9", (3, 3, 3, 3, 3, 3, 3, 3, 0), (3, 3, 3, 3, 3, 3, 3, 2, 0), CALM)
    assert noticed(lighter) == [
        "You have checked in 9 times.",
        "Your answers about moving and resting are lighter than on 10 August.",
    ]


def test_every_item_has_a_topic_in_every_language_and_two_lines_are_all_there_ever_is() -> None:
    for code, topics in TOPICS.items():
        for number, topic in enumerate(topics):
            weeks = [tuple(each if at == number else 1 for at in range(len(topics))) for each in (3, 0, 0)]
            measure = replace(answered(code, *weeks), safety_item=None)
            for language in LANGUAGES:
                lines = worth_noticing(Course((measure,), 3), language)
                assert len(lines) == (1 if topic is None else 2)
                assert not [line for line in lines if "!" in line or "%(" in line]
