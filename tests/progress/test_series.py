"""Where somebody stands, as the patient reads it: three states against the first score, and gaps that stay gaps."""

from datetime import UTC, date, datetime

import pytest

from monitor.measures.catalogue import spec
from monitor.progress.series import (
    Direction,
    ImpossiblePoint,
    Point,
    PointState,
    Trajectory,
    Window,
    direction,
    occasions,
    runs,
    window,
)
from tests.progress.courses import (
    LEFT_OPEN,
    MISSED,
    MONDAY,
    NOT_DELIVERED,
    estimated,
    low_mood,
    moved,
    point,
    trajectory,
    worry,
)

LIGHTER, SAME, HEAVIER = Direction.CLEARLY_LIGHTER, Direction.ABOUT_THE_SAME, Direction.CLEARLY_HEAVIER


@pytest.mark.parametrize(
    ("code", "first", "last", "expected"),
    [
        ("phq9", 12, 7, SAME),  # 5 points are within the measure's own error
        ("phq9", 12, 6, LIGHTER),
        ("phq9", 12, 17, SAME),
        ("phq9", 12, 18, HEAVIER),
        ("gad7", 12, 9, SAME),
        ("gad7", 12, 8, LIGHTER),
        ("gad7", 12, 15, SAME),
        ("gad7", 12, 16, HEAVIER),
        ("phq9", 0, 0, SAME),
        ("phq9", 27, 0, LIGHTER),
    ],
)
def test_a_change_is_clear_from_the_reliable_change_on(code: str, first: int, last: int, expected: Direction) -> None:
    assert direction(trajectory(code, first, last)) is expected


def test_the_last_score_is_compared_with_the_first_whatever_lay_between() -> None:
    assert direction(low_mood(12, 27, 27, 0, 12)) is SAME
    assert direction(low_mood(18, 10, 17)) is SAME, "not with the best one"


@pytest.mark.parametrize("course", [(), (12,), (MISSED, MISSED), (LEFT_OPEN, 12, MISSED), (LEFT_OPEN, LEFT_OPEN)])
def test_fewer_than_two_scores_say_nothing(course: tuple[int | Point, ...]) -> None:
    assert direction(low_mood(*course)) is Direction.NOT_ENOUGH


def test_a_missed_check_in_is_neither_the_first_nor_the_last_score() -> None:
    assert direction(low_mood(MISSED, 18, LEFT_OPEN, 12, NOT_DELIVERED)) is LIGHTER


def test_points_are_put_in_order_of_their_dates() -> None:
    given = (point(date(2026, 9, 1), 9), point(date(2026, 8, 1), 20), point(date(2026, 8, 15), 14))
    ordered = Trajectory.of(spec("phq9"), given)
    assert ordered.scores == (20, 14, 9)
    assert direction(ordered) is LIGHTER


def test_two_check_ins_of_one_day_stand_in_the_order_in_which_they_were_sent() -> None:
    morning = Point(MONDAY, 9, PointState.ANSWERED, at=datetime(2026, 8, 10, 8, tzinfo=UTC))
    evening = Point(MONDAY, 15, PointState.ANSWERED, at=datetime(2026, 8, 10, 18, tzinfo=UTC))
    assert Trajectory.of(spec("phq9"), (evening, morning)).scores == (9, 15)


@pytest.mark.parametrize("state", [PointState.MISSED, PointState.NOT_DELIVERED])
def test_what_was_not_answered_cannot_have_a_score(state: PointState) -> None:
    with pytest.raises(ImpossiblePoint):
        Point(MONDAY, 0, state)


@pytest.mark.parametrize("total", [-1, 28])
def test_a_score_off_the_scale_is_refused(total: int) -> None:
    with pytest.raises(ImpossiblePoint):
        low_mood(12, total)


@pytest.mark.parametrize(
    ("total", "band"),
    [(0, "minimal"), (4, "minimal"), (5, "mild"), (14, "moderate"), (15, "moderately_severe"), (27, "severe")],
)
def test_a_score_has_its_published_band(total: int, band: str) -> None:
    assert low_mood().band(total) == band


@pytest.mark.parametrize("gap", [MISSED, NOT_DELIVERED, LEFT_OPEN])
def test_a_gap_ends_a_run_and_is_in_none(gap: Point) -> None:
    found = runs(low_mood(gap, 17, 18, gap, gap, 15, gap).points)
    assert [[each.total for each in run] for run in found] == [[17, 18], [15]]


def test_an_estimated_score_does_not_break_a_run() -> None:
    assert len(runs(low_mood(17, estimated(16), 15).points)) == 1


def test_the_measures_of_a_page_share_their_days() -> None:
    later = trajectory("gad7", 9, 8, start=date(2026, 9, 7))
    assert window([low_mood(17, 15), later]) == Window(MONDAY, date(2026, 9, 14))


def test_the_last_26_weeks_are_shown_from_their_first_check_in_on() -> None:
    weekly = low_mood(*[10] * 60)
    shown = window([weekly], 26)
    assert shown is not None
    assert (shown.weeks, shown.shortened) == (26, True)
    assert sum(each.on in shown for each in weekly.points) == 27
    assert window([low_mood(*[10] * 27)], 26) == Window(MONDAY, date(2027, 2, 8)), "26 weeks are not too long"


def test_there_is_nothing_to_show_before_the_first_check_in() -> None:
    assert window([low_mood(), worry()]) is None


def test_a_check_in_holds_the_points_of_its_measures() -> None:
    first, second = occasions([low_mood(17, MISSED), worry(11, MISSED)])
    assert {code: each.total for code, each in first.points.items()} == {"phq9": 17, "gad7": 11}
    assert (first.state, second.state) == (PointState.ANSWERED, PointState.MISSED)


def test_two_check_ins_of_one_day_stay_two() -> None:
    planned, asked = (
        point(MONDAY, 12),
        moved(Point(MONDAY, 19, PointState.ANSWERED, at=datetime(2026, 8, 10, 7, tzinfo=UTC)), MONDAY),
    )
    assert [each.points["phq9"].total for each in occasions([Trajectory.of(spec("phq9"), (planned, asked))])] == [
        19,
        12,
    ]


def test_one_open_question_makes_the_whole_check_in_partial() -> None:
    answered = Point(MONDAY, 17, PointState.ANSWERED)
    (only,) = occasions([Trajectory.of(spec("phq9"), [answered]), worry(LEFT_OPEN)])
    assert only.state is PointState.PARTIAL
