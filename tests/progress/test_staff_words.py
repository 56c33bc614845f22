"""What staff read about a course: where each measure stands, and how each check-in was answered."""

import pytest

from monitor.checkins.models import Mode
from monitor.i18n import STAFF_LANGUAGES
from monitor.measures.catalogue import spec
from monitor.progress.series import Occasion, Point, PointState
from monitor.progress.staff_words import StaffWords
from tests.progress.courses import LEFT_OPEN, MISSED, MONDAY, NOT_DELIVERED, low_mood, point

ENGLISH = StaffWords("en")


@pytest.mark.parametrize(
    ("scores", "sentence"),
    [
        ((16, 16), "PHQ-9 is where it started, 16."),
        ((16, 11), "PHQ-9 went from 16 to 11: no reliable change, less than 6 points."),
        ((16, 10), "PHQ-9 fell from 16 to 10: reliable improvement, 6 points or more."),
        ((10, 16), "PHQ-9 rose from 10 to 16: reliable deterioration, 6 points or more."),
        ((16, MISSED), "PHQ-9 has one score, 16."),
        ((LEFT_OPEN,), "PHQ-9 has no score yet."),
    ],
)
def test_the_sentence_says_where_the_measure_stands(scores: tuple[int | Point, ...], sentence: str) -> None:
    assert ENGLISH.sentence([low_mood(*scores)]) == sentence


@pytest.mark.parametrize(
    ("one", "how"),
    [
        (point(MONDAY, 9, language="pl"), "by link, Polish"),
        (point(MONDAY, 9, mode="clinic", language="pt_BR"), "at the clinic, Portuguese (Brazil)"),
        (Point(MONDAY, None, PointState.PARTIAL, (1, None), "text", "ar"), "by text, Arabic; 1 question left open"),
        (
            Point(MONDAY, None, PointState.PARTIAL, (None, None), "phone", "en"),
            "by phone, English; 2 questions left open",
        ),
        (MISSED, "missed"),
        (NOT_DELIVERED, "text not delivered"),
    ],
)
def test_the_table_says_how_each_check_in_was_answered(one: Point, how: str) -> None:
    assert ENGLISH.how(Occasion(MONDAY, {"phq9": one})) == how


def test_every_way_of_answering_has_its_words() -> None:
    for language in STAFF_LANGUAGES:
        for mode in Mode:
            assert StaffWords(language).how(Occasion(MONDAY, {"phq9": point(MONDAY, 9, mode=mode, language="uk")}))


def test_both_measures_have_names_for_all_their_items() -> None:
    for code in ("phq9", "gad7"):
        names = [ENGLISH.item(code, number) for number in range(1, spec(code).item_count + 1)]
        assert len(set(names)) == spec(code).item_count
        assert max(len(name) for name in names) <= 14, "the column is as wide as that on a phone"
