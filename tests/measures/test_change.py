"""What counts as a change, and how a course of care is counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.measures.catalogue import spec
from monitor.measures.change import COUNTING_RULE_SOURCES, Change, CountingRule, Outcome, at_caseness, change, outcome
from monitor.measures.instrument import Spec
from monitor.measures.scoring import TotalOutOfRange

PHQ9, GAD7 = spec("phq9"), spec("gad7")
ADULT, CYP, EITHER = CountingRule.NHS_ADULT_V1, CountingRule.NHS_CYP_V1, CountingRule.EITHER_V1

Totals = dict[str, int | None]


def totals(phq9: int | None, gad7: int | None) -> Totals:
    return {"phq9": phq9, "gad7": gad7}


@pytest.mark.parametrize(
    ("spec", "first", "last", "expected"),
    [
        (PHQ9, 15, 9, Change.RELIABLE_IMPROVEMENT),
        (PHQ9, 15, 10, Change.NO_RELIABLE_CHANGE),  # one point short
        (PHQ9, 15, 15, Change.NO_RELIABLE_CHANGE),
        (PHQ9, 10, 15, Change.NO_RELIABLE_CHANGE),
        (PHQ9, 9, 15, Change.RELIABLE_DETERIORATION),
        (PHQ9, 27, 0, Change.RELIABLE_IMPROVEMENT),
        (PHQ9, 0, 27, Change.RELIABLE_DETERIORATION),
        (GAD7, 12, 8, Change.RELIABLE_IMPROVEMENT),
        (GAD7, 12, 9, Change.NO_RELIABLE_CHANGE),
        (GAD7, 9, 12, Change.NO_RELIABLE_CHANGE),
        (GAD7, 8, 12, Change.RELIABLE_DETERIORATION),
    ],
)
def test_a_change_counts_from_the_published_size_on(spec: Spec, first: int, last: int, expected: Change) -> None:
    assert change(spec, first, last) is expected


@pytest.mark.parametrize(("first", "last"), [(None, 9), (15, None), (None, None)])
def test_a_missing_score_is_not_no_change(first: int | None, last: int | None) -> None:
    assert change(PHQ9, first, last) is None


@pytest.mark.parametrize(("first", "last"), [(28, 9), (15, -1), (None, 28), (28, None)])
def test_a_total_that_no_answers_can_give_is_refused(first: int | None, last: int | None) -> None:
    with pytest.raises(TotalOutOfRange, match="phq9"):
        change(PHQ9, first, last)


# first: PHQ-9 15, GAD-7 12. PHQ-9 9 is reliably better, 21 worse, 14 neither; GAD-7 8 is better, 16 worse, 11 neither.
@pytest.mark.parametrize(
    ("rule", "phq9", "gad7", "improved", "deteriorated", "mixed"),
    [
        (ADULT, 9, 16, False, False, True),  # better, worse
        (CYP, 9, 16, False, True, True),
        (EITHER, 9, 16, True, True, True),
        (ADULT, 21, 8, False, False, True),  # worse, better
        (CYP, 21, 8, False, True, True),
        (EITHER, 21, 8, True, True, True),
        (ADULT, 9, 11, True, False, False),  # better, no change
        (CYP, 9, 11, True, False, False),
        (EITHER, 9, 11, True, False, False),
        (ADULT, 21, 11, False, True, False),  # worse, no change
        (CYP, 21, 11, False, True, False),
        (EITHER, 21, 11, False, True, False),
        (ADULT, 14, 8, True, False, False),  # no change, better
        (CYP, 14, 16, False, True, False),  # no change, worse
        (EITHER, 14, 11, False, False, False),  # no change in either
        (ADULT, 9, 8, True, False, False),  # both better
        (CYP, 21, 16, False, True, False),  # both worse
    ],
)
def test_each_rule_counts_measures_that_disagree_in_its_own_way(
    rule: CountingRule, phq9: int, gad7: int, improved: bool, deteriorated: bool, mixed: bool
) -> None:
    result = outcome(totals(15, 12), totals(phq9, gad7), rule)

    assert (result.reliable_improvement, result.reliable_deterioration, result.mixed) == (improved, deteriorated, mixed)


@pytest.mark.parametrize(
    ("first", "last", "case_start", "recovery"),
    [
        ((10, 7), (9, 7), True, True),  # PHQ-9 alone at caseness, then neither
        ((9, 8), (9, 7), True, True),  # GAD-7 alone at caseness, then neither
        ((9, 7), (0, 0), False, False),  # never at caseness: nothing to recover from
        ((20, 15), (9, 8), True, False),  # GAD-7 still at caseness
        ((20, 15), (10, 7), True, False),  # PHQ-9 still at caseness
        ((10, 7), (9, 8), True, False),  # the other one came up
    ],
)
def test_recovery_needs_either_measure_at_the_start_and_neither_at_the_end(
    first: tuple[int, int], last: tuple[int, int], case_start: bool, recovery: bool
) -> None:
    for rule in CountingRule:
        result = outcome(totals(*first), totals(*last), rule)
        assert (result.case_start, result.recovery) == (case_start, recovery)


def test_recovery_by_one_point_is_no_reliable_recovery() -> None:
    result = outcome(totals(10, 7), totals(9, 7), ADULT)

    assert (result.recovery, result.reliable_improvement, result.reliable_recovery) == (True, False, False)


def test_reliable_recovery_is_recovery_and_reliable_improvement() -> None:
    assert outcome(totals(16, 12), totals(6, 5), ADULT).reliable_recovery is True


def test_a_mixed_course_can_recover_but_reliably_so_only_under_the_rule_that_lets_the_better_measure_win() -> None:
    first, last = totals(16, 1), totals(5, 6)

    assert [outcome(first, last, rule).recovery for rule in (ADULT, CYP, EITHER)] == [True, True, True]
    assert [outcome(first, last, rule).reliable_recovery for rule in (ADULT, CYP, EITHER)] == [False, False, True]


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (totals(15, 12), totals(9, None)),
        (totals(15, 12), totals(None, None)),
        (totals(15, None), totals(9, 8)),
        ({"phq9": 15}, {"phq9": 3}),
    ],
)
def test_a_course_without_all_four_scores_has_no_result(first: Totals, last: Totals) -> None:
    assert outcome(first, last, ADULT) == Outcome(True, None, None, None, None, None)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (totals(10, None), True),  # either is enough
        (totals(None, 8), True),
        (totals(9, None), None),  # the missing one could decide it
        (totals(None, 7), None),
        (totals(None, None), None),
        (totals(9, 7), False),
        ({"phq9": 9, "gad7": 7, "phq8": 24}, False),  # a measure outside the pair does not count
    ],
)
def test_caseness_at_the_start_is_known_only_when_no_missing_score_could_change_it(
    known: Totals, expected: bool | None
) -> None:
    assert at_caseness(known) is expected


PAIR = st.builds(totals, st.integers(0, 27), st.integers(0, 21))


@given(PAIR, PAIR)
def test_whatever_the_scores_the_rules_differ_only_where_the_measures_disagree(first: Totals, last: Totals) -> None:
    adult, cyp, either = (outcome(first, last, rule) for rule in (ADULT, CYP, EITHER))

    assert adult.mixed == cyp.mixed == either.mixed
    assert not (adult.reliable_improvement and adult.reliable_deterioration)
    assert not (cyp.reliable_improvement and cyp.reliable_deterioration)
    if not adult.mixed:
        assert adult == cyp == either


@given(PAIR, PAIR)
def test_turning_a_course_round_turns_improvement_into_deterioration(first: Totals, last: Totals) -> None:
    there, back = outcome(first, last, ADULT), outcome(last, first, ADULT)

    assert there.reliable_improvement == back.reliable_deterioration
    assert there.reliable_deterioration == back.reliable_improvement


def test_every_rule_says_where_it_comes_from_and_the_adult_one_that_it_is_a_local_reading() -> None:
    assert set(COUNTING_RULE_SOURCES) == set(CountingRule)
    assert COUNTING_RULE_SOURCES[ADULT].startswith("NHS-style, local reading")
