"""How somebody says that it goes, beside what the scores did: shown where the two differ, and deciding nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.checkins.kinds import Compared
from monitor.measures.change import Change
from monitor.progress.own_word import OwnWord, own_word, own_word_at
from monitor.progress.series import Trajectory, occasions
from monitor.progress.staff_words import StaffWords
from tests.builders import NOW
from tests.progress.courses import MISSED, low_mood, worry

BETTER, SAME, WORSE = Compared.BETTER, Compared.SAME, Compared.WORSE
NONE = Change.NO_RELIABLE_CHANGE
FELL, ROSE = Change.RELIABLE_IMPROVEMENT, Change.RELIABLE_DETERIORATION


def says(said: Compared, *measures: Trajectory) -> Change | None:
    """What the scores did against a word on the newest check-in."""
    held = occasions([spoken(each, said) for each in measures])
    found = own_word(held, held[-1])
    assert found is not None
    assert found.said is said
    return found.scores


def spoken(course: Trajectory, said: Compared) -> Trajectory:
    *before, last = course.points
    return replace(course, points=(*before, replace(last, compared=said)))


@pytest.mark.parametrize(
    ("said", "last", "against"),
    [
        (WORSE, 12, NONE),
        (WORSE, 11, NONE),  # it fell a little
        (WORSE, 13, None),  # any rise agrees with them
        (WORSE, 6, FELL),
        (WORSE, 7, NONE),
        (WORSE, 18, None),
        (BETTER, 12, NONE),
        (BETTER, 13, NONE),
        (BETTER, 11, None),
        (BETTER, 18, ROSE),
        (BETTER, 17, NONE),
        (BETTER, 6, None),
        (SAME, 17, None),
        (SAME, 7, None),
        (SAME, 18, ROSE),
        (SAME, 6, FELL),
    ],
)
def test_a_word_and_a_score_differ_where_the_score_did_something_else(
    said: Compared, last: int, against: Change | None
) -> None:
    assert says(said, low_mood(12, last)) is against


def test_one_measure_that_agrees_is_enough() -> None:
    assert says(WORSE, low_mood(12, 12), worry(9, 10)) is None
    assert says(WORSE, low_mood(12, 12), worry(9, 9)) is NONE


def test_scores_that_went_both_ways_say_nothing_against_a_word() -> None:
    for said in Compared:
        assert says(said, low_mood(18, 12), worry(5, 9)) is None


def test_last_time_is_the_last_score_and_not_a_gap() -> None:
    assert says(WORSE, low_mood(18, 12, MISSED, 12)) is NONE


def test_without_a_score_before_there_is_nothing_to_differ_from() -> None:
    assert says(WORSE, low_mood(12)) is None


def test_who_said_nothing_has_no_word() -> None:
    held = occasions([low_mood(12, 12)])
    assert own_word(held, held[-1]) is None
    assert own_word_at(held, None, NOW) is None


def test_a_submission_without_a_score_of_the_course_keeps_its_word() -> None:
    held = occasions([spoken(low_mood(12, 12), WORSE)])
    moment = held[-1].points["phq9"].at
    assert moment is not None
    assert own_word_at(held, WORSE, moment) == OwnWord(WORSE, NONE)
    assert own_word_at(held, WORSE, moment + timedelta(hours=1)) == OwnWord(WORSE)


def test_there_are_words_for_whatever_can_be_said() -> None:
    words = StaffWords("en")
    courses = [(12, last) for last in range(28)]
    said = {words.own_word(OwnWord(each, says(each, low_mood(*course)))) for each in Compared for course in courses}
    assert len(said) == 9
    assert "Says worse; the score is about the same as last time." in said
