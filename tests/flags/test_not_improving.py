"""Scores that do not get better: the early review (N5) and the plateau (N6). Neither moves anyone."""

from dataclasses import replace

import pytest

from monitor.care.flag_policy import FlagPolicy
from monitor.flags.facts import EpisodeFacts, Evidence
from monitor.flags.kinds import FlagKind, Rule, Severity
from monitor.flags.rules import findings
from tests.flags.episodes import POLICY, episode, gad7, noted, phq9, raised

FOURTH = {"attended_contacts": 4}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (episode(phq9(16, 12), gad7(12, 9), attended_contacts=3), []),  # not yet
        (episode(phq9(16, 12), gad7(12, 9), **FOURTH), ["N5"]),  # 4 and 3: each one point short
        (episode(phq9(16, 11), gad7(12, 12), **FOURTH), []),  # either is enough
        (episode(phq9(16, 16), gad7(12, 8), **FOURTH), []),
        (episode(phq9(16, 12), gad7(12, 9), attended_contacts=6), ["N5"]),  # reached, and passed
        (episode(phq9(10, 9), gad7(7, 7), **FOURTH), ["N5"]),  # at caseness on one measure at the start
        (episode(phq9(9, 8), gad7(8, 7), **FOURTH), ["N5"]),
        (episode(phq9(9, 8), gad7(7, 6), **FOURTH), []),  # on neither: little room to fall
        (episode(phq9(16, 11, 14), **FOURTH), ["N5"]),  # had fallen, and came back
    ],
)
def test_review_at_the_fourth_contact(facts: EpisodeFacts, expected: list[str]) -> None:
    assert raised(facts) == expected


@pytest.mark.parametrize(("step", "expected"), [("one", ["N5"]), ("two", ["N5"]), ("middle", []), ("three", [])])
def test_the_review_at_the_fourth_contact_belongs_to_low_intensity(step: str, expected: list[str]) -> None:
    assert raised(replace(episode(phq9(16, 16), **FOURTH), step=step)) == expected


def test_the_review_tells_where_each_measure_stands() -> None:
    (finding,) = findings(episode(phq9(16, 11, 14), gad7(12, 11), **FOURTH), POLICY)
    assert (finding.kind, finding.severity) == (FlagKind.NOT_IMPROVING, Severity.REVIEW)
    assert finding.evidence[0] == Evidence("contacts_attended", {"contacts": 4, "week": 4})
    assert [(each.params["measure"], each.params["best"]) for each in finding.evidence[1:-1]] == [
        ("phq9", 11),
        ("gad7", 11),
    ]


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        (episode(phq9(16, 15), gad7(), **FOURTH), ["no_baseline"]),
        (episode(phq9(16, 15), gad7(12), **FOURTH), ["one_score"]),
        (episode(phq9(16, 15), gad7(12, 12), missed_in_a_row=1, **FOURTH), ["latest_unanswered"]),
        (episode(phq9(16, 15), gad7(12, 12), undelivered_in_a_row=1, **FOURTH), ["latest_unanswered"]),
    ],
)
def test_a_missing_score_is_not_taken_for_no_change(facts: EpisodeFacts, why: list[str]) -> None:
    assert raised(facts) == []
    assert noted(facts, Rule.N5) == why


def test_a_measure_that_fell_settles_it_though_the_other_is_missing() -> None:
    facts = episode(phq9(16, 10), gad7(), **FOURTH)
    assert raised(facts) == []
    assert noted(facts, Rule.N5) == []


@pytest.mark.parametrize(
    ("scores", "is_plateau"),
    [
        ((16, 15, 16), True),
        ((16, 14, 15), True),  # 2 apart
        ((16, 13, 15), False),  # 3 apart
        ((16, 14, 12), False),  # within 2 of the middle, and a steady fall of 4
        ((12, 11, 10), True),  # the last still at caseness
        ((11, 10, 9), False),  # no longer
        ((9, 9, 10), True),
        ((20, 15, 15, 15), True),  # only the last three count
        ((15, 15), False),
    ],
)
def test_plateau_of_phq9(scores: tuple[int, ...], is_plateau: bool) -> None:
    assert raised(episode(phq9(*scores))) == (["N6"] if is_plateau else [])


@pytest.mark.parametrize(("scores", "is_plateau"), [((8, 8, 8), True), ((9, 8, 7), False), ((10, 8, 8), True)])
def test_plateau_of_gad7(scores: tuple[int, ...], is_plateau: bool) -> None:
    assert raised(episode(gad7(*scores))) == (["N6"] if is_plateau else [])


def test_a_plateau_needs_three_scores_and_says_so() -> None:
    facts = episode(phq9(15, 15))
    assert noted(facts, Rule.N6) == ["too_few_scores"]


@pytest.mark.parametrize("unanswered", [{"missed_in_a_row": 1}, {"undelivered_in_a_row": 1}])
def test_no_plateau_is_found_while_the_latest_check_in_is_unanswered(unanswered: dict[str, int]) -> None:
    facts = episode(phq9(15, 15, 15), **unanswered)
    assert raised(facts) == []
    assert noted(facts, Rule.N6) == ["latest_unanswered"]


@pytest.mark.parametrize("facts", [episode(phq9(16, 16), **FOURTH), episode(phq9(15, 15, 15))])
def test_each_such_flag_carries_the_caveat_on_late_improvement(facts: EpisodeFacts) -> None:
    for finding in findings(facts, FlagPolicy()):
        assert finding.kind is FlagKind.NOT_IMPROVING
        assert finding.evidence[-1].code == "late_improvement"
