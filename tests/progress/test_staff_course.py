"""The course that staff see: two measures on one scale, gaps as gaps, and no answer about safety out of sight."""

import re
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.care.models import AppointmentState
from monitor.checkins.kinds import Compared
from monitor.i18n import LANGUAGES, STAFF_LANGUAGES
from monitor.measures.catalogue import spec
from monitor.progress.series import Point, PointState, Trajectory
from monitor.progress.staff_chart import Course, Note, StepMark, course
from monitor.progress.staff_columns import AppointmentMark
from monitor.progress.staff_words import StaffWords
from tests.progress.courses import (
    LEFT_OPEN,
    MISSED,
    MONDAY,
    NOT_DELIVERED,
    Element,
    classes,
    elements,
    estimated,
    low_mood,
    page,
    point,
    trajectory,
    worry,
)

LOW_MOOD = (16, 15, 16, MISSED, 14, 15, 16, NOT_DELIVERED, 15, 16)
WORRY = (12, 13, 12, MISSED, 11, 12, 11, NOT_DELIVERED, 12, 12)
TEN_WEEKS = (low_mood(*LOW_MOOD), worry(*WORRY))
ENGLISH = StaffWords("en")


def laid_out(*trajectories: Trajectory, **options: object) -> Course:
    found = course(trajectories, **options)  # type: ignore[arg-type]
    assert found is not None
    return found


def drawn(found: Course, language: str = "en") -> str:
    with page("progress/_staff_course.html", language, "staff") as macros:
        return str(macros.course(found, StaffWords(language)))


def with_items(*answers: tuple[int | None, ...], every: int = 7) -> Trajectory:
    """PHQ-9 answered in full, or left open where an answer is None."""
    points = []
    for number, items in enumerate(answers):
        given = [item for item in items if item is not None]
        state = PointState.ANSWERED if len(given) == len(items) else PointState.PARTIAL
        total = sum(given) if state is PointState.ANSWERED else None
        on = MONDAY + timedelta(days=number * every)
        points.append(Point(on, total, state, items, "link", "en"))
    return Trajectory.of(spec("phq9"), points)


def cells(html: str, heading: str) -> list[Element]:
    """The cells of one row of the strip, its heading and its last column left out."""
    (row,) = [row for row in html.split("<tr") if f">{heading}<" in row]
    return elements(f"<tr{row}", "td")[:-1]


def test_ten_weeks_stand_where_the_design_has_them() -> None:
    found = laid_out(*TEN_WEEKS)
    depression, anxiety = found.lines
    assert [(spot.x, spot.y) for spot in depression.spots[:3]] == [(5, 40.74), (15, 44.44), (25, 40.74)]
    assert [(spot.x, spot.y) for spot in anxiety.spots[:3]] == [(5, 55.56), (15, 51.85), (25, 55.56)]
    assert found.caseness == (62.96, 70.37)
    assert found.scale == ((0, 100), (10, 62.96), (20, 25.93), (27, 0))
    assert [(label.score, label.is_caseness, label.y) for label in found.labels] == [
        (16, False, 40.74),
        (12, False, 55.56),
        (10, True, 62.96),
        (8, True, 70.37),
    ]


def test_a_gap_is_never_bridged_and_missed_differs_from_not_delivered() -> None:
    found = laid_out(*TEN_WEEKS)
    assert [len(line.segments) for line in found.lines] == [5, 5]
    assert all(end.x - start.x == pytest.approx(10) for line in found.lines for start, end in line.segments)
    assert found.absent == ((35, PointState.MISSED), (75, PointState.NOT_DELIVERED))
    assert (found.answered, "8 of 9" in drawn(found)) == ((8, 9), True)


def test_the_corridor_is_around_one_measures_first_score() -> None:
    assert laid_out(*TEN_WEEKS).chosen.code == "phq9"
    assert laid_out(*TEN_WEEKS, chosen="gad7").chosen.code == "gad7"
    assert laid_out(*TEN_WEEKS, chosen="unheard-of").chosen.code == "phq9"
    assert laid_out(low_mood(MISSED), worry(12)).corridor is None


@pytest.mark.parametrize(("code", "ordinary"), [("phq9", 5), ("gad7", 3)])
def test_a_reliable_change_lies_outside_the_corridor_and_a_point_less_inside(code: str, ordinary: int) -> None:
    for change, inside in ((ordinary, True), (ordinary + 1, False), (-ordinary, True), (-ordinary - 1, False)):
        found = laid_out(trajectory(code, 10, 10 + change))
        assert found.corridor is not None
        upper, height = found.corridor
        y = found.lines[0].spots[-1].y
        depth = min(y - upper, upper + height - y)
        assert depth > 1 if inside else depth < -1, "to be seen, it must not lie on the edge"


def test_a_course_of_one_check_in_is_not_as_wide_as_the_page() -> None:
    assert len(laid_out(low_mood(16)).columns) == 6


def test_a_long_course_shows_its_last_columns_and_all_on_request() -> None:
    long = low_mood(*[10] * 40)
    found = laid_out(long)
    assert ([column.week for column in found.columns], found.shortened) == (list(range(24, 40)), True)
    assert len(found.lines[0].spots) == 16
    assert len(found.occasions) == 40, "the table keeps them all"
    assert "columns=all" in drawn(found)
    assert len(laid_out(long, columns=None).lines[0].spots) == 40
    assert 'tabindex="0"' in drawn(laid_out(long, columns=None)), "a phone scrolls it sideways, with keys too"
    assert "tabindex" not in drawn(found)


def test_fortnightly_check_ins_leave_no_empty_columns() -> None:
    found = laid_out(trajectory("phq9", *[10] * 10, every=14))
    assert [column.week for column in found.columns] == list(range(0, 20, 2))
    assert all(column.occasions for column in found.columns)


def test_a_late_check_in_stands_true_to_its_day_and_in_the_column_of_its_week() -> None:
    late = Trajectory.of(spec("phq9"), [point(MONDAY + timedelta(days=days), 10) for days in (0, 7, 16, 21, 28, 35)])
    found = laid_out(late)
    assert found.lines[0].spots[2].x == pytest.approx((16 / 7 + 0.5) / 6 * 100, abs=0.01)
    assert [len(column.occasions) for column in found.columns] == [1] * 6


def test_steps_are_marked_where_they_began_and_the_running_one_at_the_start() -> None:
    steps = [
        StepMark(MONDAY + timedelta(days=11), "Step 2"),
        StepMark(MONDAY - timedelta(days=90), "Step 1"),
        StepMark(MONDAY - timedelta(days=5), "Middle step"),
    ]
    assert [(line.name, line.x) for line in laid_out(*TEN_WEEKS, steps=steps).steps] == [
        ("Middle step", 0),
        ("Step 2", 20.71),
    ]


def test_step_names_close_together_stand_at_two_heights() -> None:
    steps = [StepMark(MONDAY, "Step 1"), StepMark(MONDAY + timedelta(days=7), "Step 2")]
    assert [line.raised for line in laid_out(*TEN_WEEKS, steps=steps).steps] == [False, True]


def week(number: float, words: str, lane: str = "care") -> Note:
    return Note(MONDAY + timedelta(days=round(7 * number)), words, lane)


def test_what_happened_has_numbered_marks_in_two_lanes_that_never_touch() -> None:
    notes = [week(1, "review"), week(1.5, "medicine"), week(1.5, "moved house", "own"), week(4, "new job", "own")]
    found = laid_out(*TEN_WEEKS, notes=[*notes, week(2, "Step 2", "")])
    assert [(pin.number, pin.lane, [note.words for note in pin.notes]) for pin in found.pins] == [
        (1, "care", ["review", "medicine"]),
        (2, "own", ["moved house"]),
        (3, "own", ["new job"]),
    ]
    assert found.lanes == ("care", "own")
    html = drawn(found)
    assert html.count('href="#course-care"') == 2, "in the plot and in the key"
    assert html.count('href="#course-own"') == 4


@given(st.lists(st.tuples(st.integers(-50, 200), st.sampled_from(["care", "own"])), max_size=30))
def test_marks_of_one_lane_never_lie_on_each_other(days: list[tuple[int, str]]) -> None:
    notes = [Note(MONDAY + timedelta(days=day), "x", lane) for day, lane in days]
    found = laid_out(*TEN_WEEKS, notes=notes)
    for lane in ("care", "own"):
        places = [pin.x for pin in found.pins if pin.lane == lane]
        assert all(later - earlier >= 8.99 for earlier, later in pairwise(places))
    assert [pin.number for pin in found.pins] == list(range(1, len(found.pins) + 1))
    assert all(0 <= pin.x <= 100 for pin in found.pins)


def test_what_happened_before_the_columns_shown_has_no_mark_and_the_table_keeps_it() -> None:
    found = laid_out(low_mood(*[10] * 40), notes=[week(2, "moved house", "own")])
    assert found.pins == ()
    assert "moved house" in drawn(found)[drawn(found).index("<details") :]


def test_what_a_patient_noted_is_text_in_whatever_direction_it_runs() -> None:
    html = drawn(laid_out(*TEN_WEEKS, notes=[week(1, "<b>انتقلنا</b>", "own")]))
    assert html.count("<q><bdi>&lt;b&gt;انتقلنا&lt;/b&gt;</bdi></q>") == 2


def test_only_a_word_on_the_newest_answers_stands_above_the_chart() -> None:
    *earlier, last = low_mood(12, 12, 12).points
    said = Compared.WORSE
    old = Trajectory.of(spec("phq9"), [earlier[0], replace(earlier[1], compared=said), last])
    new = Trajectory.of(spec("phq9"), [*earlier, replace(last, compared=said)])
    assert laid_out(old).newest_word is None
    assert laid_out(new).newest_word is not None
    assert drawn(laid_out(old)).count("Says worse") == 1, "in the table alone"
    assert drawn(laid_out(new)).count("Says worse") == 2


def test_appointments_stand_in_their_week_and_only_those_that_ended_are_counted() -> None:
    states = dict(enumerate(AppointmentState))
    marks = [AppointmentMark(MONDAY + timedelta(days=7 * week + 2), state) for week, state in states.items()]
    found = laid_out(*TEN_WEEKS, appointments=marks)
    assert [column.appointments for column in found.columns[:4]] == [(state,) for state in AppointmentState]
    assert found.attended == (1, 2)
    html = drawn(found)
    for words in ("attended", "missed appointment", "cancelled appointment", "planned appointment"):
        assert f'aria-label="{words}"' in html


def test_the_strip_has_a_figure_for_every_answer_and_the_change_since_the_start() -> None:
    html = drawn(laid_out(with_items((2, 2, 3, 3, 1, 2, 2, 1, 0), (2, 2, 3, 2, 1, 3, 2, 0, 0))))
    assert [(cell["class"], cell.text) for cell in cells(html, "Sleep")[:2]] == [("v3", "3"), ("v3", "3")]
    assert [cell.text for cell in cells(html, "Self-worth")[:2]] == ["2", "3"]
    assert re.search(r">Self-worth<.*?<td>\+1</td>", html, re.DOTALL)
    assert re.search(r">Movement<.*?<td>−1</td>", html, re.DOTALL)
    assert re.search(r'>Interest<.*?<td class="?m"?>±0</td>', html, re.DOTALL), "not one more answer of 0"


def test_there_is_no_change_to_tell_after_one_check_in() -> None:
    (row, *_) = laid_out(with_items((2,) * 9)).rows
    assert row.change is None


def test_the_chosen_measures_own_items_are_shown() -> None:
    html = drawn(laid_out(Trajectory.of(spec("gad7"), [point(MONDAY, 7, items=(1,) * 7)])))
    assert "Nervousness" in html
    assert "Item 9" not in html


def test_a_safety_answer_stays_in_sight_when_a_second_check_in_of_the_week_says_nothing_of_it() -> None:
    twice = with_items((0,) * 9, (1, 1, 1, 1, 1, 1, 1, 1, 2), (1, 1, 1, 1, 1, 1, 1, 1, 0), (0,) * 9)
    days = (0, 7, 8, 14)
    points = [
        Point(MONDAY + timedelta(days=day), each.total, each.state, each.items)
        for day, each in zip(days, twice.points, strict=True)
    ]
    found = laid_out(Trajectory.of(spec("phq9"), points))
    safety = next(row for row in found.rows if row.is_safety)
    assert [cell.value for cell in safety.cells[:3]] == [0, 2, 0]
    assert "safety answer" not in drawn(found), "the row is named for the item"


def test_item_9_left_open_is_neither_a_zero_nor_a_missed_check_in() -> None:
    html = drawn(laid_out(with_items((1,) * 8 + (None,), (1,) * 9)))
    first, second, *_ = elements(html[html.index("Item 9, safety") :], "td")
    assert (first.text.strip(), second.text) == ("", "1")
    assert 'aria-label="left open"' in html


def test_a_missed_week_has_a_dash_and_a_week_without_a_check_in_nothing() -> None:
    answered = Point(MONDAY, 9, PointState.ANSWERED, (1,) * 9)
    weeks = [answered, Point(MONDAY + timedelta(days=7), None, PointState.MISSED)]
    html = drawn(laid_out(Trajectory.of(spec("phq9"), weeks)))
    assert [cell.text for cell in cells(html, "Mood")[:3]] == ["1", "–", ""]


def test_plot_and_strip_have_the_same_columns() -> None:
    found = laid_out(*TEN_WEEKS)
    html = drawn(found)
    head = html[html.index("<thead>") : html.index("</thead>")]
    assert len(elements(head, "th")) == len(found.columns) + 1
    assert len(cells(html, "Check-in")) == len(cells(html, "Appointment")) == len(found.columns)


@given(st.lists(st.integers(0, 27), min_size=1, max_size=3), st.lists(st.integers(0, 21), min_size=1, max_size=3))
def test_labels_at_the_end_never_overlap(depression: list[int], anxiety: list[int]) -> None:
    ys = [label.y for label in laid_out(low_mood(*depression), worry(*anxiety)).labels]
    assert len(ys) == 4
    assert all(below - above >= 7.19 for above, below in pairwise(ys))
    assert ys[0] >= 0
    assert ys[-1] <= 100.01


@given(
    st.lists(st.tuples(st.integers(0, 400), st.none() | st.integers(0, 27)), min_size=1, max_size=60),
    st.integers(-100, 500),
)
def test_whatever_happened_everything_stays_in_the_plot(days: list[tuple[int, int | None]], step: int) -> None:
    points = [
        Point(MONDAY + timedelta(days=day), total, PointState.MISSED if total is None else PointState.ANSWERED)
        for day, total in days
    ]
    found = laid_out(Trajectory.of(spec("phq9"), points), steps=[StepMark(MONDAY + timedelta(days=step), "Step 2")])
    spots = [spot for line in found.lines for spot in line.spots]
    assert all(0 <= spot.x <= 100 and 0 <= spot.y <= 100 for spot in spots)
    assert all(0 <= x <= 100 for x, _ in found.absent)
    assert all(0 <= line.x <= 100 for line in found.steps)
    assert 1 <= len(found.columns) <= 16


def test_nothing_is_drawn_before_the_first_check_in() -> None:
    assert course([low_mood(), worry()]) is None


def test_the_plot_can_be_read_out() -> None:
    assert ENGLISH.reading(TEN_WEEKS) == (
        "PHQ-9 by date: 16, 15, 16, missed, 14, 15, 16, text not delivered, 15, 16. "
        "GAD-7 by date: 12, 13, 12, missed, 11, 12, 11, text not delivered, 12, 12. Higher is heavier."
    )
    assert f'aria-label="{ENGLISH.reading(TEN_WEEKS)}"' in drawn(laid_out(*TEN_WEEKS))


def test_an_estimate_and_a_missing_score_are_named_in_the_table() -> None:
    html = drawn(laid_out(low_mood(16, estimated(14), LEFT_OPEN)))
    table = html[html.index("<details") :]
    assert [cell.text for cell in classes(elements(table, "td"), "num")] == ["16", "14, estimated", "no score"]
    plot = html[html.index('class="plot"') : html.index('class="strip"')]
    assert len(classes(elements(plot, "circle"), "gap")) == 1, "a hollow mark on the line"
    assert 'href="#course-square"' in plot


def test_nothing_needs_a_script_or_a_style_attribute() -> None:
    for element in elements(drawn(laid_out(*TEN_WEEKS, steps=[StepMark(date(2026, 9, 1), "Step 2")]))):
        assert element.tag not in ("script", "style")
        assert not {name for name in element.attributes if name == "style" or name.startswith("on")}


def test_a_steps_name_is_shown_as_text() -> None:
    assert "&lt;b&gt;" in drawn(laid_out(*TEN_WEEKS, steps=[StepMark(MONDAY, "<b>Step</b>")]))


def test_staff_languages_draw_it() -> None:
    assert set(STAFF_LANGUAGES) <= set(LANGUAGES)
    for language in STAFF_LANGUAGES:
        assert "%(" not in drawn(laid_out(*TEN_WEEKS), language)
