"""The picture of a trajectory: where each thing stands, and that nothing leaves the box or fills a gap."""

from dataclasses import replace
from datetime import date, timedelta
from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.i18n import LANGUAGES
from monitor.measures.catalogue import spec
from monitor.progress.patient_chart import WEEKS, WIDTH, Chart, Event, Frame, draw
from monitor.progress.placing import Label, in_two_lines, text_width
from monitor.progress.series import Point, PointState, Trajectory, window
from monitor.progress.words import chart_words
from tests.progress.courses import (
    LEFT_OPEN,
    LOW_MOOD,
    MISSED,
    MONDAY,
    NOT_DELIVERED,
    WORRY,
    estimated,
    low_mood,
    point,
    worry,
)

EVENTS = (Event(date(2026, 9, 28), "guided self-help began"), Event(date(2026, 8, 31), "moved house"))


def chart(
    trajectory: Trajectory, language: str = "en", events: tuple[Event, ...] = (), weeks: int | None = WEEKS
) -> Chart:
    shown = window([trajectory], weeks)
    assert shown is not None
    frame = Frame(shown, events, mirrored=LANGUAGES[language].rtl)
    return draw(trajectory, frame, chart_words(trajectory, shown, language))


def places(chart: Chart) -> list[list[tuple[float, float]]]:
    return [[(mark.x, mark.y) for mark in run] for run in chart.runs]


def placed(labels: tuple[Label, ...]) -> list[tuple[float, float, str]]:
    return [(label.x, label.y, label.words) for label in labels]


def test_fifteen_weeks_of_low_mood_stand_where_the_design_has_them() -> None:
    drawn = chart(low_mood(*LOW_MOOD), events=EVENTS)
    assert places(drawn) == [
        [(31, 112), (44.5, 105), (58, 119), (71.5, 126)],
        [(112, 133), (125.5, 126), (139, 147), (152.5, 147), (166, 161)],
        [(193, 168), (206.5, 161), (220, 175)],
    ]
    assert drawn.missed == (85, 98.5, 179.5)
    assert placed(drawn.scores) == [(31, 131, "17"), (220, 194, "8")]
    assert [(tick.x, tick.name) for tick in drawn.months] == [(31, "Aug"), (73.5, "Sept"), (131.5, "Oct"), (191, "Nov")]
    assert [(ring.number, ring.x, ring.events[0].words) for ring in drawn.rings] == [
        (1, 71.5, "moved house"),
        (2, 125.5, "guided self-help began"),
    ]
    assert (drawn.height, drawn.base) == (257, 231)


def test_worry_has_the_same_units_a_point_and_is_only_lower() -> None:
    drawn = chart(worry(*WORRY))
    assert places(drawn)[0] == [(31, 112), (44.5, 105), (58, 105), (71.5, 119)]
    assert (drawn.height, drawn.base) == (215, 189)


def test_the_ruler_has_the_published_bands() -> None:
    drawn = chart(low_mood(*LOW_MOOD))
    assert [(band.y, band.height, band.ink) for band in drawn.bands] == [
        (196, 35, 0.03),
        (161, 35, 0.055),
        (126, 35, 0.08),
        (91, 35, 0.105),
        (42, 49, 0.13),
    ]
    assert placed(drawn.ruler) == [
        (232, 218, "minimal"),
        (232, 183, "mild"),
        (232, 148, "moderate"),
        (232, 106, "moderately"),
        (232, 120, "severe"),
        (232, 71, "severe"),
    ]
    assert placed(drawn.ends) == [(232, 30, "↑ heavier"), (232, 250, "↓ lighter")]
    assert [(tick.y, tick.words) for tick in drawn.scale] == [
        (235.5, "0"),
        (200.5, "5"),
        (165.5, "10"),
        (130.5, "15"),
        (95.5, "20"),
        (46.5, "27"),
    ]


@pytest.mark.parametrize(
    ("first", "upper", "height", "edges"),
    [
        (17, 70, 84, (70, 154)),  # 23 to 11
        (25, 42, 56, (98,)),  # cut at 27: no edge there
        (4, 161, 70, (161,)),  # cut at 0
    ],
)
def test_the_corridor_is_the_first_score_and_the_reliable_change(
    first: int, upper: int, height: int, edges: tuple[int, ...]
) -> None:
    drawn = chart(low_mood(first, 12))
    assert drawn.corridor is not None
    assert (drawn.corridor.y, drawn.corridor.height, drawn.edges) == (upper, height, edges)


def test_the_corridor_stays_at_the_first_score_when_that_is_no_longer_shown() -> None:
    assert chart(low_mood(20, *[5] * 59)).corridor == chart(low_mood(20, 5)).corridor


def test_the_corridors_name_moves_out_of_the_way_of_the_line() -> None:
    falling, rising = chart(low_mood(17, 16, 8)), chart(low_mood(12, 14, 20))
    assert falling.ordinary is not None
    assert rising.ordinary is not None
    assert (falling.ordinary.x, falling.ordinary.y) == (25, 65)
    assert rising.ordinary.y == 189 + 14, "under the lower edge, which is at 6"
    assert chart(low_mood(27, 20, 12, 9, 6)).ordinary is None, "no room: the key says it"


def test_a_gap_is_never_bridged_and_never_a_zero() -> None:
    drawn = chart(low_mood(10, MISSED, 12, NOT_DELIVERED, LEFT_OPEN, 14))
    assert [len(run) for run in drawn.runs] == [1, 1, 1]
    assert all(mark.y < drawn.base for mark in drawn.marks)
    assert len(drawn.missed) == 2
    assert len(drawn.unscored) == 1


def test_a_score_of_zero_is_on_the_axis_and_its_number_above_it() -> None:
    drawn = chart(low_mood(27, 26, 10, 1, 0))
    assert drawn.marks[-1].y == drawn.base
    assert drawn.scores[-1].y == drawn.base - 9


def test_the_highest_score_has_its_number_inside_the_box() -> None:
    for course in ((27, 0), (27, 27), (0, 27)):
        assert all(label.box.y > 0 for label in chart(low_mood(*course)).scores)


def test_an_estimate_is_marked_as_one() -> None:
    assert [mark.estimated for mark in chart(low_mood(17, estimated(16), 15)).marks] == [False, True, False]


def test_one_check_in_is_one_dot_with_one_number() -> None:
    drawn = chart(low_mood(16))
    assert places(drawn) == [[(31, 119)]]
    assert [label.words for label in drawn.scores] == ["16"]


@pytest.mark.parametrize("course", [(MISSED, MISSED), (LEFT_OPEN,)])
def test_without_a_score_there_is_an_axis_and_no_corridor(course: tuple[Point, ...]) -> None:
    drawn = chart(low_mood(*course))
    assert (drawn.corridor, drawn.runs, drawn.scores, drawn.ordinary) == (None, (), (), None)
    assert len(drawn.missed) + len(drawn.unscored) == len(course)


def test_two_scores_of_one_day_have_two_numbers_apart() -> None:
    drawn = chart(Trajectory.of(spec("phq9"), [point(MONDAY, 12), replace(point(MONDAY, 13), at=None)]))
    first, second = drawn.scores
    assert not first.box.touches(second.box)


def test_two_check_ins_a_week_apart_are_not_stretched_over_the_page() -> None:
    assert places(chart(low_mood(16, 12))) == [[(31, 119), (62.5, 147)]]


def test_sixty_check_ins_show_the_last_26_weeks_and_all_on_request() -> None:
    course = low_mood(*[10] * 60)
    assert len(chart(course).marks) == 27
    assert len(chart(course, weeks=None).marks) == 60


def test_events_close_together_share_a_ring_and_those_outside_have_none() -> None:
    near = (Event(MONDAY, "a"), Event(MONDAY + timedelta(days=7), "b"), Event(MONDAY + timedelta(days=42), "c"))
    rings = chart(
        low_mood(*LOW_MOOD), events=(*near, Event(date(2026, 1, 1), "before"), Event(date(2027, 1, 1), "after"))
    ).rings
    assert [[event.words for event in ring.events] for ring in rings] == [["a", "b"], ["c"]]


def test_arabic_is_the_exact_mirror_image() -> None:
    english, arabic = chart(low_mood(*LOW_MOOD), events=EVENTS), chart(low_mood(*LOW_MOOD), "ar", events=EVENTS)
    assert places(arabic) == [[(304 - x, y) for x, y in run] for run in places(english)]
    assert arabic.missed == tuple(304 - x for x in english.missed)
    assert arabic.plot == (282, 76)
    assert [band.x for band in arabic.bands] == [0] * 5
    assert arabic.corridor is not None
    assert (arabic.corridor.x, arabic.corridor.width) == (76, 206)
    assert [tick.x for tick in arabic.months] == [273, 230.5, 172.5, 113]
    assert [(label.x, label.anchor) for label in arabic.scale] == [(288, "end")] * 6
    assert {label.x for label in arabic.ruler} == {72}
    assert [ring.x for ring in arabic.rings] == [304 - ring.x for ring in english.rings]


def test_digits_stay_latin_in_every_language() -> None:
    for language in LANGUAGES:
        drawn = chart(low_mood(*LOW_MOOD), language)
        assert [label.words for label in drawn.scores] == ["17", "8"]


@pytest.mark.parametrize(
    ("words", "lines"),
    [
        ("severe", ("severe",)),
        ("moderately severe", ("moderately", "severe")),
        ("متوسط إلى شديد", ("متوسط", "إلى شديد")),
        ("mittel\N{SOFT HYPHEN}schwer", ("mittel-", "schwer")),
    ],
)
def test_two_words_of_a_band_break_in_two_lines(words: str, lines: tuple[str, ...]) -> None:
    assert in_two_lines(words) == lines


def test_months_have_names_only_where_those_have_room() -> None:
    for language in LANGUAGES:
        for course in (LOW_MOOD, [10] * 27, [10] * 60):
            ticks = [tick for tick in chart(low_mood(*course), language, weeks=None).months if tick.name]
            assert ticks, language
            starts = [abs(tick.x - (WIDTH if LANGUAGES[language].rtl else 0)) for tick in ticks]
            for (tick, start), after in zip(zip(ticks, starts, strict=True), (*starts[1:], 230), strict=True):
                assert start + text_width(tick.name or "") <= after, (language, tick)


def test_a_chart_of_more_than_a_year_says_which_year() -> None:
    names = [tick.name for tick in chart(low_mood(*[10] * 60), weeks=None).months if tick.name]
    assert any("2027" in name for name in names)


codes = st.sampled_from(["phq9", "gad7"])


@st.composite
def trajectories(draw: st.DrawFn) -> Trajectory:
    """Any series: dates in any order and more than once, any scores, any gaps, up to sixty check-ins."""
    numbers = spec(draw(codes))
    days = st.integers(0, 600).map(lambda days: MONDAY + timedelta(days=days))
    scored = st.builds(
        Point,
        on=days,
        total=st.integers(0, numbers.maximum),
        state=st.sampled_from([PointState.ANSWERED, PointState.PARTIAL]),
        estimated=st.booleans(),
    )
    gaps = st.builds(Point, on=days, total=st.none(), state=st.sampled_from(PointState))
    return Trajectory.of(numbers, draw(st.lists(scored | gaps, min_size=1, max_size=60)))


@given(trajectories(), st.sampled_from(sorted(LANGUAGES)), st.sampled_from([WEEKS, None]))
def test_whatever_happened_the_picture_stays_in_its_box(course: Trajectory, language: str, weeks: int | None) -> None:
    events = (Event(course.points[0].on, "a"), Event(course.points[-1].on, "b"))
    drawn = chart(course, language, events, weeks)
    xs = [*(mark.x for mark in drawn.marks), *drawn.missed, *drawn.unscored, *(ring.x for ring in drawn.rings)]
    ys = [mark.y for mark in drawn.marks]
    assert all(isfinite(value) for value in (*xs, *ys))
    assert all(4 <= x <= WIDTH - 4 for x in xs)
    assert all(42 <= y <= drawn.base < drawn.height for y in ys)
    for label in drawn.scores:
        assert 0 <= label.x - text_width(label.words) / 2 <= label.x + text_width(label.words) / 2 <= WIDTH
        assert 12 <= label.y <= drawn.base
    shown = [each for each in course.points if each.on >= course.points[-1].on - timedelta(weeks=weeks or 600)]
    assert len(drawn.marks) == sum(each.total is not None for each in shown)
    assert len(drawn.missed) == sum(not each.is_answered for each in shown)
