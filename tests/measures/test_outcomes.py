"""Outcomes of many courses together: what is counted, out of how many, and what a missing score does to it."""

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.measures.change import CountingRule
from monitor.measures.outcomes import CourseOfCare, Rate, Totals, outcome_of, totals

ADULT, CYP, EITHER = CountingRule


def course(phq9: tuple[int | None, int | None], gad7: tuple[int | None, int | None], contacts: int = 6) -> CourseOfCare:
    """A course by the first and the last total of each measure."""
    return CourseOfCare({"phq9": phq9[0], "gad7": gad7[0]}, {"phq9": phq9[1], "gad7": gad7[1]}, contacts)


BETTER_WORSE = course((16, 8), (8, 14))
WORSE_BETTER = course((8, 16), (14, 8))
BETTER_SAME = course((16, 8), (10, 9))
WORSE_SAME = course((10, 18), (10, 10))
CONFLICTS = (BETTER_WORSE, WORSE_BETTER, BETTER_SAME, WORSE_SAME)
RECOVERED = course((16, 6), (12, 5))
NOT_A_CASE = course((8, 7), (6, 6))
NO_LAST = course((16, None), (12, 5))
BEGUN = course((16, 6), (12, 5), contacts=1)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (ADULT, [(False, False, True), (False, False, True), (True, False, False), (False, True, False)]),
        (CYP, [(False, True, True), (False, True, True), (True, False, False), (False, True, False)]),
        (EITHER, [(True, True, True), (True, True, True), (True, False, False), (False, True, False)]),
    ],
)
def test_when_measures_disagree_the_named_rule_decides_and_mixed_stays_visible(
    rule: CountingRule, expected: list[tuple[bool, bool, bool]]
) -> None:
    came_to = [outcome_of(each, rule) for each in CONFLICTS]
    assert [(each.reliable_improvement, each.reliable_deterioration, each.mixed) for each in came_to] == expected


@pytest.mark.parametrize(
    ("rule", "improved", "unchanged", "deteriorated"), [(ADULT, 1, 0, 1), (CYP, 1, 0, 3), (EITHER, 3, 0, 3)]
)
def test_the_conflicts_counted_together(rule: CountingRule, improved: int, unchanged: int, deteriorated: int) -> None:
    counted = totals(CONFLICTS, rule)
    assert counted.reliable_improvement == Rate(improved, 4)
    assert counted.no_reliable_change == Rate(unchanged, 4)
    assert counted.reliable_deterioration == Rate(deteriorated, 4)
    assert counted.mixed == Rate(2, 4)


@pytest.mark.parametrize(
    ("one", "recovered"),
    [
        (course((10, 9), (7, 7)), True),  # at caseness by either at the start, by neither at the end
        (course((9, 9), (8, 7)), True),
        (course((16, 10), (12, 5)), False),  # both must be below at the end
        (course((16, 5), (12, 8)), False),
        (course((9, 5), (7, 3)), False),  # who was below cannot recover
    ],
)
def test_recovery_needs_either_at_the_start_and_neither_at_the_end(one: CourseOfCare, recovered: bool) -> None:
    assert outcome_of(one, ADULT).recovery is recovered


def test_who_was_below_caseness_is_left_out_of_recovery_and_counts_for_improvement() -> None:
    counted = totals([RECOVERED, NOT_A_CASE, WORSE_SAME], ADULT)
    assert counted.recovery == Rate(1, 2)
    assert counted.reliable_recovery == Rate(1, 2)
    assert counted.case_start == Rate(2, 3)
    assert counted.reliable_improvement == Rate(1, 3)
    assert counted.no_reliable_change == Rate(1, 3)


def test_recovery_without_a_reliable_fall_is_no_reliable_recovery() -> None:
    counted = totals([course((11, 9), (7, 7))], ADULT)
    assert (counted.recovery, counted.reliable_recovery) == (Rate(1, 1), Rate(0, 1))


@pytest.mark.parametrize(("contacts", "finished"), [(0, False), (1, False), (2, True), (3, True)])
def test_a_course_is_finished_from_two_attended_contacts_on(contacts: int, finished: bool) -> None:
    one = course((16, 6), (12, 5), contacts)
    assert one.finished is finished
    assert totals([one], ADULT).finished == Rate(int(finished), 1)


def test_only_finished_courses_are_counted() -> None:
    assert totals([RECOVERED, BEGUN], ADULT).recovery == Rate(1, 1)


def test_a_missing_score_is_never_no_change_it_stays_in_the_denominator_and_is_counted_as_not_known() -> None:
    counted = totals([RECOVERED, NO_LAST], ADULT)
    assert counted.recovery == Rate(1, 2)
    assert counted.reliable_improvement == Rate(1, 2)
    assert counted.no_reliable_change == Rate(0, 2)
    assert counted.not_known == Rate(1, 2)
    assert counted.data_completeness == Rate(1, 2)


def test_a_start_that_is_not_known_is_not_known_to_be_below_caseness() -> None:
    counted = totals([RECOVERED, course((None, 5), (6, 5))], ADULT)
    assert counted.case_start == Rate(1, 2)
    assert counted.recovery == Rate(1, 2)


@pytest.mark.parametrize(
    ("numerator", "denominator", "percent"),
    [(1, 3, 33.3), (2, 3, 66.7), (1, 16, 6.3), (1, 8, 12.5), (0, 5, 0.0), (5, 5, 100.0), (0, 0, None)],
)
def test_a_rate_has_one_decimal_and_halves_go_up(numerator: int, denominator: int, percent: float | None) -> None:
    assert Rate(numerator, denominator).percent == percent


TOTAL = st.none() | st.integers(0, 21)
COURSES = st.lists(st.builds(course, st.tuples(TOTAL, TOTAL), st.tuples(TOTAL, TOTAL), st.integers(0, 4)), max_size=12)


@given(COURSES, st.sampled_from(CountingRule))
def test_no_part_is_ever_larger_than_its_whole(courses: list[CourseOfCare], rule: CountingRule) -> None:
    counted = totals(courses, rule)
    for each in fields(Totals):
        rate = getattr(counted, each.name)
        assert 0 <= rate.numerator <= rate.denominator <= len(courses)


@given(COURSES)
def test_under_the_adult_rule_every_finished_course_is_counted_once(courses: list[CourseOfCare]) -> None:
    counted = totals(courses, ADULT)
    parts = (
        counted.reliable_improvement,
        counted.no_reliable_change,
        counted.reliable_deterioration,
        counted.mixed,
        counted.not_known,
    )
    assert sum(part.numerator for part in parts) == counted.finished.numerator


@given(COURSES)
def test_which_rule_is_chosen_changes_neither_recovery_nor_what_is_mixed_or_missing(
    courses: list[CourseOfCare],
) -> None:
    same = [
        (counted.finished, counted.recovery, counted.mixed, counted.not_known, counted.data_completeness)
        for counted in (totals(courses, rule) for rule in CountingRule)
    ]
    assert same[0] == same[1] == same[2]
