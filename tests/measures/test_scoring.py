"""A score is the published score or none."""

from fractions import Fraction
from math import floor
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.measures import scoring
from monitor.measures.catalogue import TRACKED, spec
from monitor.measures.instrument import SeverityBand, Spec
from monitor.measures.scoring import AnswerOutOfRange, TotalOutOfRange, WrongNumberOfAnswers, score

PHQ9, GAD7 = spec("phq9"), spec("gad7")
SPECS = st.sampled_from([PHQ9, GAD7])
ANSWER = st.integers(0, 3)


def answers_with_total(spec: Spec, total: int) -> list[int]:
    threes, rest = divmod(total, 3)
    answers = [3] * threes + [rest] * (rest > 0)
    return answers + [0] * (spec.item_count - len(answers))


@st.composite
def answered(draw: st.DrawFn, at_least_skipped: int = 0, at_most_skipped: int = 9) -> tuple[Spec, list[int | None]]:
    """An instrument and a set of answers to it with some items skipped."""
    spec = draw(SPECS)
    answers: list[int | None] = draw(st.lists(ANSWER, min_size=spec.item_count, max_size=spec.item_count))
    most = min(at_most_skipped, spec.item_count)
    skipped = draw(st.sets(st.integers(0, spec.item_count - 1), min_size=at_least_skipped, max_size=most))
    return spec, [None if place in skipped else answer for place, answer in enumerate(answers)]


@pytest.mark.parametrize(
    ("spec", "total", "band"),
    [
        (PHQ9, 0, "minimal"),
        (PHQ9, 4, "minimal"),
        (PHQ9, 5, "mild"),
        (PHQ9, 9, "mild"),
        (PHQ9, 10, "moderate"),
        (PHQ9, 14, "moderate"),
        (PHQ9, 15, "moderately_severe"),
        (PHQ9, 19, "moderately_severe"),
        (PHQ9, 20, "severe"),
        (PHQ9, 27, "severe"),
        (GAD7, 0, "minimal"),
        (GAD7, 4, "minimal"),
        (GAD7, 5, "mild"),
        (GAD7, 9, "mild"),
        (GAD7, 10, "moderate"),
        (GAD7, 14, "moderate"),
        (GAD7, 15, "severe"),
        (GAD7, 21, "severe"),
    ],
)
def test_each_severity_band_begins_and_ends_where_published(spec: Spec, total: int, band: str) -> None:
    scored = score(spec, answers_with_total(spec, total))

    assert (scored.total, scored.band) == (total, SeverityBand(band))


@pytest.mark.parametrize(
    ("spec", "total", "caseness"),
    [(PHQ9, 9, False), (PHQ9, 10, True), (GAD7, 7, False), (GAD7, 8, True)],
)
def test_caseness_begins_at_the_published_cut_off(spec: Spec, total: int, caseness: bool) -> None:
    assert score(spec, answers_with_total(spec, total)).caseness is caseness


@pytest.mark.parametrize("total", [-1, 28])
def test_a_total_that_no_answers_can_give_has_neither_band_nor_caseness(total: int) -> None:
    with pytest.raises(TotalOutOfRange, match="0 to 27"):
        scoring.band(PHQ9, total)
    with pytest.raises(TotalOutOfRange, match="0 to 27"):
        scoring.caseness(PHQ9, total)


@given(answered(at_most_skipped=0))
def test_the_total_is_the_sum_of_the_answers(form: tuple[Spec, list[int]]) -> None:
    spec, answers = form
    scored = score(spec, answers)

    assert scored.total == sum(answers)
    assert not scored.prorated
    assert scored == score(spec, answers, prorate=True), "with nothing missing there is nothing to estimate"


@given(answered(at_most_skipped=9), st.randoms(use_true_random=False), st.booleans())
def test_the_order_of_the_answers_does_not_matter_to_the_total(
    form: tuple[Spec, list[int | None]], random: Random, prorate: bool
) -> None:
    spec, answers = form
    shuffled = list(answers)
    random.shuffle(shuffled)

    assert score(spec, answers, prorate=prorate).total == score(spec, shuffled, prorate=prorate).total


@given(answered(at_least_skipped=1))
def test_a_skipped_item_leaves_no_total_and_nothing_made_from_one(form: tuple[Spec, list[int | None]]) -> None:
    spec, answers = form
    scored = score(spec, answers)

    assert (scored.total, scored.band, scored.caseness, scored.prorated) == (None, None, None, False)
    assert scored.missing == answers.count(None)


@given(answered(at_least_skipped=1, at_most_skipped=2))
def test_an_estimate_is_the_mean_times_the_items_with_halves_up_and_says_that_it_is_one(
    form: tuple[Spec, list[int | None]],
) -> None:
    spec, answers = form
    known = [answer for answer in answers if answer is not None]
    scored = score(spec, answers, prorate=True)

    assert scored.total == floor(Fraction(sum(known) * spec.item_count, len(known)) + Fraction(1, 2))
    assert scored.prorated
    assert sum(known) <= scored.total <= spec.maximum
    assert scored.caseness is (scored.total >= spec.caseness)


@pytest.mark.parametrize(
    ("spec", "answers", "total"),
    [
        (PHQ9, [1, 1, 1, 1, 0, 0, 0, 0, None], 5),  # 4.5
        (PHQ9, [1, 1, 1, 1, 1, 1, 1, 1, None], 9),  # 9 exactly
        (PHQ9, [2, 1, 1, 1, 0, 0, 0, None, None], 6),  # 6.43
        (PHQ9, [3, 3, 3, 3, 3, 3, 3, None, None], 27),
        (GAD7, [1, 1, 1, 0, 0, 0, None], 4),  # 3.5
        (GAD7, [2, 1, 0, 0, 0, None, None], 4),  # 4.2
    ],
)
def test_estimates_worked_out_by_hand(spec: Spec, answers: list[int | None], total: int) -> None:
    assert score(spec, answers, prorate=True).total == total


@given(answered(at_least_skipped=3))
def test_with_three_items_skipped_there_is_no_estimate_either(form: tuple[Spec, list[int | None]]) -> None:
    spec, answers = form
    scored = score(spec, answers, prorate=True)

    assert scored.total is None
    assert not scored.prorated


@given(answered(), st.booleans())
def test_the_safety_answer_is_the_answer_to_item_9_whatever_else_was_answered(
    form: tuple[Spec, list[int | None]], prorate: bool
) -> None:
    spec, answers = form
    scored = score(spec, answers, prorate=prorate)

    if spec is PHQ9:
        assert (scored.safety_asked, scored.safety) == (True, answers[8])
    else:
        assert (scored.safety_asked, scored.safety) == (False, None)


def test_a_skipped_item_9_stays_unanswered_when_the_total_is_estimated() -> None:
    scored = score(PHQ9, [3, 3, 3, 3, 3, 3, 3, 3, None], prorate=True)

    assert scored.total == 27
    assert scored.safety is None


def test_a_safety_answer_is_read_even_when_every_other_item_is_skipped() -> None:
    scored = score(PHQ9, [None] * 8 + [1])

    assert (scored.total, scored.safety) == (None, 1)


@pytest.mark.parametrize("code", TRACKED)
@pytest.mark.parametrize("answer", [-1, 4, 30])
def test_an_answer_that_is_not_on_the_form_is_refused_by_item(code: str, answer: int) -> None:
    answers = answers_with_total(spec(code), 0)
    answers[4] = answer

    with pytest.raises(AnswerOutOfRange, match=f"^{code} item 5: an answer is 0 to 3") as refused:
        score(spec(code), answers)
    assert str(answer) not in str(refused.value).removeprefix(f"{code} item 5: an answer is 0 to 3")


@pytest.mark.parametrize(
    ("count", "line"),
    [
        (0, "phq9 takes 9 answers and got 0: item 1 has no answer"),
        (8, "phq9 takes 9 answers and got 8: item 9 has no answer"),
        (10, "phq9 takes 9 answers and got 10: there is no item 10"),
    ],
)
def test_too_few_or_too_many_answers_are_refused_by_item(count: int, line: str) -> None:
    with pytest.raises(WrongNumberOfAnswers, match=f"^{line}$"):
        score(PHQ9, [0] * count, prorate=True)
