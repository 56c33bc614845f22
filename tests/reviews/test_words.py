"""What staff read about a review: whole sentences with their figures, and no word that sorts or blames."""

import re

import pytest
from hypothesis import given, settings

from monitor.care.kinds import ReviewKind
from monitor.progress.review_page import CHANGES, CLOSE_LABELS
from monitor.progress.review_words import DIFFICULTY
from monitor.progress.staff_review_views import OWED
from monitor.reviews import words
from monitor.reviews.facts import ReviewFacts
from monitor.reviews.kinds import Because, Criterion, Decision, Indicator
from monitor.reviews.rules import criteria
from monitor.reviews.seen import Change
from tests.flags.test_words import FORBIDDEN, LOW_INTENSITY
from tests.reviews.courses import PATHWAY
from tests.reviews.test_criteria_properties import courses

EVERY_TEXT = {
    text
    for texts in (
        words.DECISIONS,
        words.KINDS,
        words.INDICATORS,
        words.CRITERIA,
        words.SOURCES,
        words.SENTENCES,
        CHANGES,
        CLOSE_LABELS,
        dict(enumerate(DIFFICULTY)),
        {lack: message for lack, (_, message) in OWED.items()},
    )
    for text in texts.values()
}


@pytest.mark.parametrize("text", sorted(EVERY_TEXT))
def test_no_word_sorts_or_blames(text: str) -> None:
    assert re.findall(rf"\b({FORBIDDEN})\b", text.replace(LOW_INTENSITY, ""), re.IGNORECASE) == []


def test_every_criterion_has_a_source() -> None:
    for criterion in Criterion:
        assert re.search("protocol|[12][09][0-9]{2}|PMC|NICE|NHS", words.source_line(criterion, "en"))


def test_every_vocabulary_has_its_words() -> None:
    assert set(words.DECISIONS) == set(Decision)
    assert set(words.KINDS) == set(ReviewKind)
    assert set(words.INDICATORS) == set(Indicator)
    assert set(words.CRITERIA) == set(words.SOURCES) == set(Criterion)
    assert set(words.SENTENCES) == set(Because)
    assert set(CHANGES) == set(Change)


@settings(max_examples=200, deadline=None)
@given(courses)
def test_whatever_a_judgement_rests_on_reads_as_a_sentence(of: ReviewFacts) -> None:
    for each in criteria(of, PATHWAY):
        for reason in each.reasons:
            said = words.reason_sentence(reason, "en", "GB")
            assert said.endswith(".")
            assert "%" not in said
            assert "None" not in said
