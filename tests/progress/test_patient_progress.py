"""The patient's page: plain sentences in three states, a picture that can be read out, the same numbers in a table."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

from monitor.checkins.kinds import Compared
from monitor.i18n import LANGUAGES
from monitor.ids import new_id
from monitor.progress import words
from monitor.progress.patient_chart import Event
from monitor.progress.patient_progress import PatientProgress, patient_progress
from monitor.progress.series import Point, Trajectory
from tests.progress.courses import (
    LEFT_OPEN,
    LOW_MOOD,
    MISSED,
    NOT_DELIVERED,
    WORRY,
    classes,
    elements,
    estimated,
    low_mood,
    page,
    trajectory,
    worry,
)

TEMPLATE = "progress/_patient_chart.svg.html"
EVENTS = (Event(date(2026, 8, 31), "moved house"), Event(date(2026, 9, 28), "guided self-help began"))
FIFTEEN_WEEKS = (low_mood(*LOW_MOOD), worry(*WORRY))

COURSES: list[tuple[Trajectory, ...]] = [
    FIFTEEN_WEEKS,
    (low_mood(4, 9, 15, 27), worry(0, 9, 21)),
    (low_mood(16), worry(9)),
    (low_mood(MISSED, NOT_DELIVERED), worry(MISSED, NOT_DELIVERED)),
    (low_mood(LEFT_OPEN, estimated(12), 12), worry(LEFT_OPEN, 9, LEFT_OPEN)),
    (low_mood(*[10] * 60), worry(*[9] * 60)),
]


def progress(*trajectories: Trajectory, language: str = "en", events: tuple[Event, ...] = ()) -> PatientProgress:
    found = patient_progress(trajectories, language, events=events)
    assert found is not None
    return found


def drawn(found: PatientProgress) -> str:
    """The whole page as the patient gets it."""
    with page(TEMPLATE, found.language) as macros:
        figures = "".join(macros.figure(figure) for figure in found.figures)
        happened = macros.happened(found) if found.happened else ""
        return f"<p>{found.lead}</p>{figures}{macros.keys(found)}{happened}{macros.numbers(found)}"


def text(html: str) -> str:
    return re.sub(r"<[^>]*>", "", html)


def test_the_page_opens_with_where_each_measure_stands() -> None:
    lead = progress(*FIFTEEN_WEEKS).lead
    assert '<time datetime="2026-08-10">' in lead
    assert re.fullmatch(
        r"Since you started on [\w ]+, low mood is clearly lighter\. Worry is about the same\.", text(lead)
    )


def test_nothing_is_said_of_a_measure_with_one_score() -> None:
    assert "orry" not in text(progress(low_mood(17, 8), worry(11, MISSED)).lead)
    assert text(progress(low_mood(17, MISSED), worry(11, 16)).lead).endswith(", worry is clearly heavier.")


def test_before_the_second_score_the_page_says_what_comes() -> None:
    assert progress(low_mood(17), worry(11)).lead.startswith("You have begun.")
    assert progress(low_mood(MISSED), worry(MISSED)).lead.startswith("Your scores will show here")


def test_there_is_no_page_before_the_first_check_in() -> None:
    assert patient_progress([low_mood(), worry()], "en") is None


@pytest.mark.parametrize(
    ("course", "caption"),
    [
        ((17, 8), "From 17 to 8: clearly lighter."),
        ((17, 12), "From 17 to 12: about the same."),
        ((8, 17), "From 8 to 17: clearly heavier."),
        ((17, MISSED), "One score so far: 17."),
        ((LEFT_OPEN,), "No score yet."),
    ],
)
def test_each_chart_has_its_sentence(course: tuple[int | Point, ...], caption: str) -> None:
    assert progress(low_mood(*course)).figures[0].caption == caption


def test_a_shortened_picture_says_so_and_still_compares_with_the_start() -> None:
    (figure,) = progress(low_mood(20, *[10] * 59)).figures
    assert figure.caption == "From 20 to 10: clearly lighter. The picture shows the last 26 weeks."


def test_the_picture_can_be_read_out() -> None:
    html = drawn(progress(*FIFTEEN_WEEKS))
    charts = [svg for svg in elements(html, "svg") if svg.attributes.get("role") == "img"]
    names = {element["id"]: element.text for element in elements(html, "title", "desc")}
    assert [svg["aria-labelledby"] for svg in charts] == ["phq9-t phq9-d", "gad7-t gad7-d"]
    assert len(names) == 4
    assert names["phq9-t"].startswith("Low mood, PHQ-9, ")
    assert names["phq9-d"] == (
        "Starts at 17, moderately severe, and ends at 8, mild. The change since the first check-in is larger than the "
        "usual ups and downs. 3 times without a check-in. The table below has every number."
    )
    assert "within the usual ups and downs" in names["gad7-d"]


def test_no_id_is_used_twice() -> None:
    ids = re.findall(r'\bid="([^"]*)"', drawn(progress(*FIFTEEN_WEEKS)))
    assert len(ids) == len(set(ids))


def test_the_line_breaks_where_nothing_was_answered() -> None:
    html = drawn(progress(*FIFTEEN_WEEKS))
    assert [len(line["points"].split()) for line in elements(html, "polyline")] == [4, 5, 3, 4, 5, 3]
    first = html[: html.index("</svg>")]
    assert len(classes(elements(first, "path"), "dot")) == 1
    assert re.search(r'class="dot" d="([^"]*)"', first)[1].count("M") == 12  # type: ignore[index]
    assert first.count('r="3.5"') == 3


def test_the_second_measure_differs_in_dash_and_shape_not_only_in_colour() -> None:
    first, second = (svg for svg in elements(drawn(progress(*FIFTEEN_WEEKS)), "svg") if "role" in svg.attributes)
    assert (first["class"], second["class"]) == ("chart", "chart two")


def test_the_table_has_every_number_newest_first() -> None:
    rows = [row for row in drawn(progress(*FIFTEEN_WEEKS, events=EVENTS)).split("<tr>") if 'scope="row"' in row]
    assert len(rows) == 15
    assert 'datetime="2026-11-16"' in rows[0]
    assert "<td>8</td><td>8</td>" in re.sub(r"\s*\n\s*", "", rows[0])
    assert [row.count('<td colspan="2">No check-in</td>') for row in rows].count(1) == 3
    assert "1: <bdi>moved house</bdi></small>" in rows[11]


def test_an_estimate_and_a_missing_score_are_named() -> None:
    html = drawn(progress(low_mood(LEFT_OPEN, estimated(12), 12)))
    assert "<td>no score</td>" in html
    assert "<td>about 12</td>" in html
    assert len(classes(elements(html, "rect"), "unscored")) == 2, "on the axis and in the key"
    assert len(classes(elements(html, "path"), "open")) == 2


def test_the_key_explains_only_what_is_there() -> None:
    with page(TEMPLATE) as macros:
        assert macros.keys(progress(low_mood(17, 16))).strip() == ""
        assert text(macros.keys(progress(low_mood(17, MISSED)))).split() == ["No", "check-in"]
        assert "Ups and downs of this size are normal" in macros.keys(progress(low_mood(27, 20, 12, 9, 6)))


def test_what_they_noted_is_numbered_and_theirs_to_take_away() -> None:
    own, care = replace(EVENTS[0], own=new_id()), EVENTS[1]
    html = drawn(progress(*FIFTEEN_WEEKS, events=(own, care)))
    assert [field["value"] for field in elements(html, "input")] == [str(own.own)]
    assert text(html).count("You added this.") == 1
    assert "Remove: moved house" in text(html), "the button says what it takes away"


def test_what_happened_after_the_last_check_in_is_in_the_picture() -> None:
    late = Event(date(2026, 11, 30), "new job")
    found = progress(*FIFTEEN_WEEKS, events=(late,))
    assert [(each.number, each.event.words) for each in found.happened] == [(1, "new job")]
    assert found.figures[0].chart.rings[0].x == 220
    assert found.figures[0].chart.marks[-1].x < 220
    assert "1: <bdi>new job</bdi>" in drawn(found)


def test_what_they_noted_before_the_picture_begins_can_still_be_taken_away() -> None:
    course = low_mood(*[10] * 60)
    early = course.points[0].on + timedelta(days=3)
    found = progress(course, events=(Event(early, "moved house", own=new_id()), Event(early, "care")))
    assert [(each.number, each.event.words) for each in found.happened] == [(None, "moved house")]
    assert found.figures[0].chart.rings == ()


def test_what_comes_again_and_again_has_a_small_mark_and_no_number() -> None:
    looks = tuple(replace(event, words="Your step was looked at", look=True) for event in EVENTS)
    found = progress(*FIFTEEN_WEEKS, events=looks)
    html = drawn(found)
    assert (found.happened, len(found.figures[0].chart.looks)) == ((), 2)
    assert classes(elements(html, "path"), "look")[0]["d"].count("M") == 2
    assert text(html).count("Your step was looked at") == 3, "once in the key, and on its day in the table"


def test_their_own_word_stands_in_the_table_as_they_said_it() -> None:
    course = low_mood(17, 8)
    said = replace(course, points=(course.points[0], replace(course.points[1], compared=Compared.WORSE)))
    assert text(drawn(progress(said))).count("You said: worse than last time") == 1
    assert "You said" not in drawn(progress(course))


def test_what_a_patient_wrote_is_shown_as_text() -> None:
    html = drawn(progress(*FIFTEEN_WEEKS, events=(Event(date(2026, 8, 31), "<b>moved</b> & tired"),)))
    assert "&lt;b&gt;moved&lt;/b&gt; &amp; tired" in html
    assert "<b>" not in html.replace("<bdi>", "")


def test_both_charts_of_half_a_year_weigh_under_nine_kilobytes() -> None:
    found = progress(low_mood(*range(26)), worry(*(number % 22 for number in range(26))))
    with page(TEMPLATE) as macros:
        assert sum(len(macros.chart(figure).encode()) for figure in found.figures) < 9_000


def test_nothing_needs_a_script_or_a_style_attribute() -> None:
    for course in COURSES:
        for element in elements(drawn(progress(*course, events=EVENTS))):
            assert element.tag not in ("script", "style")
            assert not {name for name in element.attributes if name == "style" or name.startswith("on")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_draws_every_course(language: str) -> None:
    for course in COURSES:
        html = drawn(progress(*course, language=language, events=EVENTS))
        assert "%(" not in html
        assert "nan" not in re.findall(r'="([^"]*)"', html)


FORBIDDEN = re.compile(
    r"!|\b(RCI|reliabl\w+|risks?|good|great|well done|better|worse|congrat\w*|fail\w*|streak\w*|depress\w*|anxi\w*"
    r"|disorder|diagnos\w*|patients?|users?|survey|sessions?|response|non-?compliance|recover\w*|alerts?)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("course", COURSES)
def test_the_words_neither_praise_nor_frighten_nor_diagnose(course: tuple[Trajectory, ...]) -> None:
    assert FORBIDDEN.findall(text(drawn(progress(*course)))) == []


def test_a_course_of_more_than_a_year_names_the_year_it_began_in() -> None:
    lead = progress(trajectory("phq9", *[10] * 60)).lead
    assert "2026" in text(lead)
    assert "2026" not in text(progress(*FIFTEEN_WEEKS).lead)


def test_there_are_words_for_every_published_band() -> None:
    assert {band.code for each in FIFTEEN_WEEKS for band in each.bands} == set(words.BANDS)
