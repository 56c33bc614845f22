"""What a score near a certain week says: too small a fall (N2), the cut points (N3), no fall in treatment (N4)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.care.flag_policy import FlagPolicy
from monitor.care.kinds import Treatment
from monitor.flags.facts import EpisodeFacts, Evidence, MeasureFacts, TreatmentFacts
from monitor.flags.kinds import FlagKind, Rule, Severity
from monitor.flags.rules import findings
from tests.flags.episodes import POLICY, START, dated, episode, gad7, noted, phq9, raised

TITRATION = FlagPolicy(off=frozenset())
UNANSWERED = [{"missed_in_a_row": 1}, {"undelivered_in_a_row": 1}]


def after(weeks: float, *scores: int, **facts: object) -> EpisodeFacts:
    """PHQ-9 scores, the last one so many weeks after the first, looked at on the day of the last."""
    return episode(dated(phq9(*scores), weeks=weeks), today=START + timedelta(days=round(7 * weeks)), **facts)


# ---- N3, the cut points of Schueller 2015 ----


@pytest.mark.parametrize(
    ("week", "last", "expected"),
    [
        (4, 17, ["N3"]),
        (4, 16, []),
        (9, 13, ["N3"]),
        (9, 12, []),
        (14, 9, ["N3"]),
        (14, 8, []),
        (3, 17, ["N3"]),  # a week before and after counts
        (5, 17, ["N3"]),
        (20 / 7, 17, []),  # and no more
        (36 / 7, 17, []),
        (6.5, 20, []),  # between two of the weeks
        (20, 20, []),
    ],
)
def test_a_score_at_or_above_the_cut_point_of_its_week(week: float, last: int, expected: list[str]) -> None:
    assert raised(after(week, 18, last)) == expected


@pytest.mark.parametrize(("first", "expected"), [(9, []), (10, ["N3"])])
def test_cut_points_are_for_those_who_began_at_10_or_more(first: int, expected: list[str]) -> None:
    assert raised(after(14, first, 9)) == expected


def test_cut_points_are_those_of_the_phq9() -> None:
    assert raised(episode(dated(gad7(18, 18), weeks=4), today=START)) == []


def test_a_first_score_alone_is_no_score_at_a_later_week() -> None:
    assert raised(after(4, 18), FlagPolicy(cut_points=((0, 10),))) == []


def test_the_finding_names_the_score_the_week_and_the_cut_point_and_carries_the_caveat() -> None:
    (finding,) = findings(after(4.5, 20, 18), POLICY)
    assert (finding.kind, finding.rule, finding.severity) == (FlagKind.NOT_IMPROVING, Rule.N3, Severity.REVIEW)
    figures = {"measure": "phq9", "last": 18, "week": 4, "cut_point": 17}
    assert finding.evidence == (Evidence("above_cut_point", figures), Evidence("late_improvement"))


# ---- N2, off unless a service owns it ----


@pytest.mark.parametrize(
    ("weeks", "scores", "expected"),
    [
        (5, (14, 13), ["N2"]),  # a fall of 1
        (5, (14, 12), []),
        (5, (14, 15), ["N2"]),
        (3, (14, 14), ["N2"]),
        (7, (14, 14), ["N2"]),
        (20 / 7, (14, 14), []),
        (50 / 7, (14, 14), []),
        (5, (9, 9), []),  # began below caseness
    ],
)
def test_too_small_a_fall_in_weeks_4_to_6(weeks: float, scores: tuple[int, ...], expected: list[str]) -> None:
    assert raised(after(weeks, *scores), TITRATION) == expected
    assert raised(after(weeks, *scores)) == []


def test_too_small_a_fall_is_told_with_both_scores_and_what_was_looked_for() -> None:
    (finding,) = findings(after(5, 14, 13), TITRATION)
    assert (finding.rule, finding.severity, finding.evidence[-1].code) == ("N2", Severity.REVIEW, "late_improvement")
    assert finding.evidence[0].params == {
        "measure": "phq9",
        "baseline": 14,
        "on": "2026-10-13",
        "last": 13,
        "points": -1,
        "week": 5,
        "needed": 2,
    }


# ---- N4, no fall at all in treatment ----


def treated(treatment: Treatment, then: int | None, weeks: float, *scores: int) -> EpisodeFacts:
    return after(weeks, *scores, treatments=(TreatmentFacts(treatment, START, then),))


@pytest.mark.parametrize(
    ("treatment", "weeks", "expected"),
    [
        (Treatment.ANTIDEPRESSANT, 2.5, []),
        (Treatment.ANTIDEPRESSANT, 3, ["N4"]),
        (Treatment.ANTIDEPRESSANT, 4, ["N4"]),
        (Treatment.ANTIDEPRESSANT, 5, ["N4"]),
        (Treatment.ANTIDEPRESSANT, 5.5, []),
        (Treatment.PSYCHOLOGICAL, 4, []),
        (Treatment.PSYCHOLOGICAL, 6, ["N4"]),
        (Treatment.PSYCHOLOGICAL, 7.5, []),
    ],
)
def test_no_fall_at_all_after_4_weeks_of_an_antidepressant_or_6_of_therapy(
    treatment: Treatment, weeks: float, expected: list[str]
) -> None:
    assert raised(treated(treatment, 14, weeks, 14, 14)) == expected


@pytest.mark.parametrize(
    ("then", "scores", "expected"),
    [
        (14, (14, 15), ["N4"]),
        (14, (14, 13), []),  # one point is a fall
        (9, (9, 12), []),  # from below caseness
        (16, (11, 16), ["N4"]),  # from the score when it began, not from the first
        (20, (11, 14), []),
        (None, (14, 14), ["N4"]),  # first asked on the day on which it began
    ],
)
def test_the_fall_is_counted_from_when_the_treatment_began(
    then: int | None, scores: tuple[int, ...], expected: list[str]
) -> None:
    assert raised(treated(Treatment.ANTIDEPRESSANT, then, 4, *scores)) == expected


def test_a_first_score_long_after_the_beginning_is_no_start_to_compare_with() -> None:
    begun = TreatmentFacts(Treatment.ANTIDEPRESSANT, START - timedelta(days=8))
    facts = after(3, 14, 14, treatments=(begun,))
    assert raised(facts) == []
    assert noted(facts, Rule.N4) == ["no_score_in_window"]
    assert raised(replace(facts, treatments=(replace(begun, started_on=START - timedelta(days=7)),))) == ["N4"]


def test_without_a_beginning_of_treatment_the_rule_says_so() -> None:
    assert noted(after(4, 14, 14), Rule.N4) == ["no_treatment_start"]


# ---- what is missing ----


def everything(*measures: MeasureFacts, **facts: object) -> EpisodeFacts:
    """An episode for which week 4 has come for every one of these rules."""
    treatments = (TreatmentFacts(Treatment.ANTIDEPRESSANT, START, 18),)
    return episode(*measures, today=START + timedelta(weeks=4), treatments=treatments, **facts)


def test_all_three_would_speak() -> None:
    assert raised(everything(dated(phq9(18, 18), weeks=4)), TITRATION) == ["N2", "N3", "N4"]


@pytest.mark.parametrize("unanswered", UNANSWERED)
@pytest.mark.parametrize("rule", ["N3", "N4"])
def test_while_the_latest_check_in_is_unanswered_they_abstain_and_say_so(
    unanswered: dict[str, int], rule: Rule
) -> None:
    facts = everything(dated(phq9(18, 18), weeks=4), **unanswered)
    assert raised(facts, TITRATION) == []
    assert noted(facts, rule) == ["latest_unanswered"]


@pytest.mark.parametrize("rule", ["N3", "N4"])
def test_without_a_score_near_the_week_they_abstain_and_say_so(rule: Rule) -> None:
    facts = everything(dated(phq9(18, 18), weeks=1))
    assert raised(facts, TITRATION) == []
    assert noted(facts, rule) == ["no_score_in_window"]


def test_before_its_week_a_rule_says_nothing() -> None:
    facts = replace(everything(dated(phq9(18, 18), weeks=1)), today=START + timedelta(weeks=1))
    assert noted(facts, Rule.N3) == noted(facts, Rule.N4) == []
