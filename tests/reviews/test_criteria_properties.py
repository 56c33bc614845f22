"""Worse facts never turn a proposal for more help into anything lighter, and silence never counts as better."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.care.intake_kinds import Need
from monitor.care.kinds import Step
from monitor.care.pathway import rank
from monitor.reviews.facts import Course, Item9, Proposal, ReviewFacts, Scored
from monitor.reviews.kinds import Decision, Judgement
from monitor.reviews.rules import criteria, proposal
from tests.reviews.courses import PATHWAY, START, TODAY, gad7, item9, phq9

HELP = {Decision.DISCHARGE: -2, Decision.STEP_DOWN: -1, Decision.CONTINUE: 0, Decision.SIDEWAYS: 0, Decision.STEP_UP: 1}
needs = st.none() | st.frozensets(st.sampled_from(Need))

courses = st.builds(
    ReviewFacts,
    step=st.sampled_from(Step),
    today=st.just(TODAY),
    entered_on=st.just(START) | st.just(TODAY - timedelta(weeks=60)),
    since=st.just(START) | st.just(TODAY - timedelta(days=7)),
    last_contact_on=st.integers(0, 60).map(lambda days: TODAY - timedelta(days=days)),
    phq9=st.lists(st.integers(0, 27), max_size=8).map(lambda totals: phq9(*totals)),
    gad7=st.lists(st.integers(0, 21), max_size=8).map(lambda totals: gad7(*totals)),
    wsas=st.lists(st.integers(0, 40), max_size=3).map(
        lambda totals: tuple(Scored(START + timedelta(days=at), total) for at, total in enumerate(totals))
    ),
    item9=st.lists(st.none() | st.integers(0, 3), max_size=4).map(lambda values: item9(*values)),
    unable_to_keep_safe_on=st.none() | st.just(TODAY),
    missed_in_a_row=st.integers(0, 3),
    undelivered_in_a_row=st.integers(0, 2),
    gaps=st.sets(st.integers(1, 60)).map(lambda days: tuple(TODAY - timedelta(days=day) for day in days)),
    needs=needs,
    needs_before=needs,
)


def proposed(of: ReviewFacts) -> Proposal:
    return proposal(criteria(of, PATHWAY), of.step, PATHWAY)


def risen(course: Course, points: int, most: int) -> Course:
    """The same course with a higher last score."""
    if not course.scores:
        return course
    *before, last = course.scores
    return replace(course, scores=(*before, Scored(last.on, min(most, last.total + points))))


def worse(of: ReviewFacts, points: int) -> list[ReviewFacts]:
    """The same person, worse in one way at a time. A first score is where somebody began, so it stays."""
    highest = max((each.value or 0 for each in of.item9), default=0)  # an answer under an earlier one is not worse
    found = [
        replace(of, unable_to_keep_safe_on=TODAY),
        replace(of, missed_in_a_row=of.missed_in_a_row + 1),
        replace(of, last_contact_on=of.last_contact_on - timedelta(days=points)),
        replace(of, item9=(*of.item9, Item9(TODAY, max(highest, min(3, points))))),
        replace(of, item9=(*of.item9, Item9(TODAY, None))),
    ]
    if len(of.phq9.scores) != 1:
        found.append(replace(of, phq9=risen(of.phq9, points, 27)))
    if len(of.gad7.scores) != 1:
        found.append(replace(of, gad7=risen(of.gad7, points, 21)))
    if len(of.wsas) > 1:
        found.append(replace(of, wsas=(*of.wsas[:-1], Scored(of.wsas[-1].on, min(40, of.wsas[-1].total + points)))))
    if of.needs is not None:
        found.append(replace(of, needs=of.needs | {Need.HOUSING}))
    return found


@settings(max_examples=300, deadline=None)
@given(courses, st.integers(1, 12))
def test_worse_never_means_less_help(of: ReviewFacts, points: int) -> None:
    before = HELP[proposed(of).decision]
    assert [each for each in worse(of, points) if HELP[proposed(each).decision] < before] == []


@settings(max_examples=300, deadline=None)
@given(courses)
def test_what_is_not_known_is_neither_met_nor_not_met_and_says_why(of: ReviewFacts) -> None:
    for each in criteria(of, PATHWAY):
        assert bool(each.reasons) == (each.judgement is not Judgement.NOT_MET)


@settings(max_examples=200, deadline=None)
@given(courses)
def test_nobody_who_has_fallen_silent_is_proposed_less_help(of: ReviewFacts) -> None:
    silent = replace(of, missed_in_a_row=max(1, of.missed_in_a_row))
    assert HELP[proposed(silent).decision] >= 0


@settings(max_examples=200, deadline=None)
@given(courses)
def test_a_proposed_step_lies_the_right_way_and_exists(of: ReviewFacts) -> None:
    found = proposed(of)
    if found.to_step is not None:
        assert found.to_step in PATHWAY.steps
        is_up = rank(found.to_step) > rank(of.step)
        assert is_up == (found.decision is Decision.STEP_UP)
