"""Each criterion at its boundary, and what is not known: never met, and never not met."""

from datetime import timedelta

import pytest

from monitor.care.intake_kinds import Need
from monitor.care.kinds import Step
from monitor.reviews.facts import ReviewFacts, Scored
from monitor.reviews.kinds import Because, Criterion, Decision, Judgement
from monitor.reviews.rules import criteria, lighter_step, proposal, steps_towards
from tests.reviews.courses import PATHWAY, STABLE, START, TODAY, WELL, came_to, facts, gad7, item9, judged, phq9, why

MET, NOT_MET, UNKNOWN = Judgement.MET, Judgement.NOT_MET, Judgement.UNKNOWN
QUIET = {"missed_in_a_row": 1}


def wsas(*totals: int) -> tuple[Scored, ...]:
    return tuple(Scored(START + timedelta(weeks=4 * at), total) for at, total in enumerate(totals))


def proposed(of: ReviewFacts) -> tuple[Decision, Step | None]:
    found = proposal(criteria(of, PATHWAY), of.step, PATHWAY)
    return found.decision, found.to_step


@pytest.mark.parametrize(
    ("changed", "judgement"),
    [
        ({"phq9": phq9(12, 17)}, NOT_MET),
        ({"phq9": phq9(12, 18)}, MET),
        ({"gad7": gad7(9, 12)}, NOT_MET),
        ({"gad7": gad7(9, 13)}, MET),
        ({"phq9": phq9(12)}, UNKNOWN),
        ({"phq9": phq9()}, UNKNOWN),
        ({"phq9": phq9(12), "gad7": gad7(9, 13)}, MET),
        (QUIET, UNKNOWN),
        ({**QUIET, "phq9": phq9(12, 18)}, MET),
        ({"phq9": phq9(12, 12, last_on=TODAY - timedelta(days=43)), "gad7": gad7(9, 9, last_on=START)}, UNKNOWN),
        ({"phq9": phq9(12, 12, last_on=TODAY - timedelta(days=42)), "gad7": gad7(9, 9, last_on=START)}, NOT_MET),
    ],
)
def test_reliable_deterioration_of_one_measure_is_enough(changed: dict[str, object], judgement: Judgement) -> None:
    assert came_to(facts(**changed), Criterion.RELIABLE_DETERIORATION) is judgement


@pytest.mark.parametrize(
    ("changed", "judgement"),
    [
        ({"phq9": phq9(15)}, NOT_MET),
        ({"phq9": phq9(16)}, MET),
        ({"gad7": gad7(14)}, NOT_MET),
        ({"gad7": gad7(15)}, MET),
        ({"phq9": phq9(16), "step": Step.ONE}, MET),
        ({"phq9": phq9(27), "step": Step.MIDDLE}, None),
        ({"phq9": phq9(27), "step": Step.THREE}, None),
        ({"gad7": gad7()}, UNKNOWN),
        (QUIET, UNKNOWN),
    ],
)
def test_severe_scores_count_at_low_intensity_only(changed: dict[str, object], judgement: Judgement | None) -> None:
    assert came_to(facts(**changed), Criterion.SEVERE_AT_LOW_INTENSITY) is judgement


@pytest.mark.parametrize(
    ("totals", "weeks", "judgement"),
    [
        ((18, 17), 4, MET),
        ((18, 16), 4, NOT_MET),
        ((18, 13), 9, MET),
        ((18, 12), 9, NOT_MET),
        ((18, 9), 14, MET),
        ((18, 8), 14, NOT_MET),
        ((9, 27), 14, NOT_MET),  # it says nothing about a start below 10
        ((10, 17), 4, MET),
        ((18, 18), 2, UNKNOWN),  # too early
        ((18,), 5, UNKNOWN),  # the first score alone
        ((), 5, UNKNOWN),
    ],
)
def test_cut_points_of_weeks_4_9_and_14(totals: tuple[int, ...], weeks: int, judgement: Judgement) -> None:
    course = phq9(*totals, every=7 * weeks)
    assert came_to(facts(phq9=course), Criterion.ABOVE_CUT_POINT) is judgement


def test_a_cut_point_without_a_score_near_its_week_is_unknown_and_says_so() -> None:
    of = facts(phq9=phq9(18, 18, 18, every=14, last_on=TODAY))  # weeks 0, 2 and 4
    assert came_to(of, Criterion.ABOVE_CUT_POINT) is MET
    later = facts(of, today=TODAY + timedelta(weeks=6, days=1))  # week 9 is over without a score
    assert why(later, Criterion.ABOVE_CUT_POINT) == [Because.NO_SCORE_NEAR_WEEK]
    assert came_to(later, Criterion.ABOVE_CUT_POINT) is UNKNOWN


def test_somebody_who_fell_below_the_cut_point_since_is_not_above_it() -> None:
    assert came_to(facts(phq9=phq9(20, 18, 18, 18, 18, 9)), Criterion.ABOVE_CUT_POINT) is NOT_MET


def test_the_titration_table_is_off_unless_a_service_owns_it() -> None:
    assert why(STABLE, Criterion.TWICE_TOO_SMALL_A_FALL) == [Because.RULE_OFF]


@pytest.mark.parametrize(
    ("totals", "judgement"),
    [
        ((14, 14, 14, 14, 13, 13), MET),  # weeks 4 and 5
        ((14, 14, 14, 14, 12, 13), UNKNOWN),  # week 6 is still to come
        ((14, 14, 14, 14, 12, 13, 12, 13), NOT_MET),
        ((14, 14, 14, 14, 13), UNKNOWN),  # one so far
        ((14, 14, 14, 14, 13, 13, 13, 12), NOT_MET),  # has fallen since
        ((9, 9, 9, 9, 9, 9, 9, 9), NOT_MET),
    ],
)
def test_twice_too_small_a_fall_where_it_is_on(totals: tuple[int, ...], judgement: Judgement) -> None:
    owned = PATHWAY.model_copy(update={"flags": PATHWAY.flags.model_copy(update={"off": frozenset()})})
    found = {each.criterion: each.judgement for each in criteria(facts(phq9=phq9(*totals)), owned)}
    assert found[Criterion.TWICE_TOO_SMALL_A_FALL] is judgement


@pytest.mark.parametrize(
    ("totals", "up", "down"),
    [
        ((), UNKNOWN, None),
        ((20,), UNKNOWN, NOT_MET),
        ((21,), MET, NOT_MET),
        ((9,), UNKNOWN, MET),
        ((10, 17), NOT_MET, NOT_MET),
        ((10, 18), MET, NOT_MET),
        ((20, 13), NOT_MET, NOT_MET),
        ((20, 12), NOT_MET, MET),
        ((12, 9), NOT_MET, MET),
        ((12, 10), NOT_MET, NOT_MET),
    ],
)
def test_functioning(totals: tuple[int, ...], up: Judgement, down: Judgement | None) -> None:
    of = facts(wsas=wsas(*totals))
    assert (came_to(of, Criterion.FUNCTION_IMPAIRED), came_to(of, Criterion.FUNCTION_RESTORED)) == (up, down)


@pytest.mark.parametrize(
    ("values", "up", "down"),
    [
        ((0, 0), NOT_MET, MET),
        ((1, 0), NOT_MET, NOT_MET),
        ((0, 1), NOT_MET, NOT_MET),
        ((0, 2), MET, NOT_MET),
        ((2, 0, 0), MET, MET),  # a later 0 does not take it back
        ((0,), NOT_MET, UNKNOWN),
        ((), UNKNOWN, UNKNOWN),
        ((0, None), UNKNOWN, UNKNOWN),
        ((None, 0), NOT_MET, UNKNOWN),
        ((3, None), MET, NOT_MET),
    ],
)
def test_safety_answers(values: tuple[int | None, ...], up: Judgement, down: Judgement) -> None:
    of = facts(item9=item9(*values))
    assert (came_to(of, Criterion.SAFETY_ANSWER), came_to(of, Criterion.ITEM9_ZERO_TWICE)) == (up, down)


def test_a_safety_answer_before_the_last_review_was_looked_at_there() -> None:
    of = facts(item9=item9(2, 0, 0), since=TODAY - timedelta(weeks=1))
    assert came_to(of, Criterion.SAFETY_ANSWER) is NOT_MET
    assert came_to(facts(of, item9=item9(0, 0, 2), since=TODAY + timedelta(1)), Criterion.SAFETY_ANSWER) is MET


def test_not_able_to_keep_safe_is_enough_whatever_item_9_says() -> None:
    of = facts(unable_to_keep_safe_on=TODAY)
    assert why(of, Criterion.SAFETY_ANSWER) == [Because.UNABLE_TO_KEEP_SAFE]
    assert proposed(of) == (Decision.STEP_UP, Step.MIDDLE)


@pytest.mark.parametrize(
    ("missed", "undelivered", "days", "judgement"),
    [(1, 0, 60, NOT_MET), (2, 0, 13, NOT_MET), (2, 0, 14, MET), (0, 5, 60, NOT_MET)],
)
def test_out_of_touch_takes_two_missed_and_a_fortnight_of_silence(
    missed: int, undelivered: int, days: int, judgement: Judgement
) -> None:
    of = facts(missed_in_a_row=missed, undelivered_in_a_row=undelivered, last_contact_on=TODAY - timedelta(days=days))
    assert came_to(of, Criterion.OUT_OF_TOUCH) is judgement


@pytest.mark.parametrize(
    ("needs", "before", "judgement"),
    [
        (None, None, UNKNOWN),
        (frozenset(), None, NOT_MET),
        ({Need.HOUSING}, None, MET),
        ({Need.HOUSING}, {Need.FOOD}, MET),
        ({Need.HOUSING}, {Need.HOUSING}, NOT_MET),
        ({Need.SAFETY}, set(), MET),
        ({Need.FOOD, Need.TRANSPORT}, set(), NOT_MET),
    ],
)
def test_a_new_need_for_housing_or_safety(
    needs: set[Need] | None, before: set[Need] | None, judgement: Judgement
) -> None:
    of = facts(
        needs=None if needs is None else frozenset(needs), needs_before=None if before is None else frozenset(before)
    )
    assert came_to(of, Criterion.NEW_UNMET_NEED) is judgement


@pytest.mark.parametrize(
    ("changed", "judgement"),
    [
        ({}, MET),
        ({"phq9": phq9(14, 8, 6)}, NOT_MET),  # two of them, a week apart
        ({"phq9": phq9(14, 8, 6, every=14)}, MET),
        ({"phq9": phq9(14, 9, 10, 9)}, NOT_MET),
        ({"gad7": gad7(10, 8, 7, 7)}, NOT_MET),
        ({"gad7": gad7(10)}, NOT_MET),
        ({"gad7": gad7()}, UNKNOWN),
        ({"gaps": (TODAY - timedelta(days=10),)}, NOT_MET),  # the row is broken
        ({"gaps": (TODAY - timedelta(days=20),)}, MET),
        (QUIET, UNKNOWN),
    ],
)
def test_below_caseness_on_both_for_long_enough(changed: dict[str, object], judgement: Judgement) -> None:
    assert came_to(facts(WELL, **changed), Criterion.BELOW_CASENESS) is judgement


@pytest.mark.parametrize(
    ("changed", "judgement"),
    [
        ({"phq9": phq9(14, 8), "gad7": gad7(10, 10)}, MET),
        ({"phq9": phq9(14, 9), "gad7": gad7(10, 7)}, NOT_MET),
        ({"phq9": phq9(14, 9), "gad7": gad7(10, 6)}, MET),
        ({"phq9": phq9(14, 8), "gad7": gad7(4, 8)}, NOT_MET),  # one better, the other worse
        ({"phq9": phq9(9, 4), "gad7": gad7(6, 6)}, MET),
        ({"phq9": phq9(9, 5), "gad7": gad7(6, 6)}, NOT_MET),
        ({"phq9": phq9(4), "gad7": gad7(6)}, MET),
        ({"phq9": phq9(6), "gad7": gad7(6)}, UNKNOWN),
        ({"phq9": phq9(14, 8), "gad7": gad7(6)}, UNKNOWN),
        (QUIET, UNKNOWN),
    ],
)
def test_reliably_better_or_in_remission(changed: dict[str, object], judgement: Judgement) -> None:
    assert came_to(facts(WELL, **changed), Criterion.IMPROVED_OR_REMITTED) is judgement


@pytest.mark.parametrize(
    ("of", "decision", "to_step"),
    [
        (STABLE, Decision.CONTINUE, None),
        (WELL, Decision.STEP_DOWN, Step.STEPPED_DOWN),
        (facts(WELL, item9=item9(0, 1)), Decision.CONTINUE, None),
        (facts(WELL, wsas=wsas(12, 12)), Decision.CONTINUE, None),
        (facts(WELL, needs=frozenset({Need.HOUSING})), Decision.STEP_UP, Step.MIDDLE),  # more help outweighs less
        (facts(STABLE, phq9=phq9(12, 18), step=Step.ONE), Decision.STEP_UP, Step.TWO),
        (facts(STABLE, phq9=phq9(12, 18), step=Step.FOUR), Decision.CONTINUE, None),
        (facts(STABLE, phq9=phq9(12, 18), step=Step.STEPPED_DOWN), Decision.STEP_UP, Step.TWO),
        (facts(WELL, step=Step.STEPPED_DOWN), Decision.CONTINUE, None),
        (facts(WELL, step=Step.STEPPED_DOWN, entered_on=TODAY - timedelta(weeks=52)), Decision.DISCHARGE, None),
    ],
)
def test_what_is_proposed(of: ReviewFacts, decision: Decision, to_step: Step | None) -> None:
    assert proposed(of) == (decision, to_step)


def test_a_criterion_that_is_unknown_always_says_why() -> None:
    empty = facts(phq9=phq9(), gad7=gad7(), item9=())
    for each in criteria(empty, PATHWAY):
        assert bool(each.reasons) == (each.judgement is not NOT_MET), each


def test_steps_lie_up_and_down_by_how_much_help_they_are() -> None:
    assert steps_towards(Decision.STEP_UP, Step.TWO, PATHWAY) == (Step.MIDDLE, Step.THREE, Step.FOUR)
    assert steps_towards(Decision.STEP_DOWN, Step.TWO, PATHWAY) == (Step.STEPPED_DOWN, Step.ONE)
    assert steps_towards(Decision.CONTINUE, Step.TWO, PATHWAY) == ()
    assert lighter_step(Step.STEPPED_DOWN, PATHWAY) is None


def test_evidence_names_the_figures() -> None:
    found = judged(facts(phq9=phq9(12, 18)), Criterion.RELIABLE_DETERIORATION)
    assert found is not None
    assert dict(found.reasons[0].params) == {"measure": "phq9", "first": 12, "last": 18, "points": 6, "threshold": 6}
