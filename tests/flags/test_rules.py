"""What raises a flag, what stays silent, and what says that it cannot judge."""

from dataclasses import replace

import pytest

from monitor.flags.facts import EpisodeFacts, Evidence, SafetyFacts
from monitor.flags.kinds import FlagKind, Rule, SelfSafety, Severity
from monitor.flags.rules import findings
from monitor.measures import catalogue
from monitor.measures.change import Change, change
from tests.flags.episodes import POLICY, START, episode, gad7, measure, noted, phq9, raised

# ---- the safety answer ----


@pytest.mark.parametrize("answer", [1, 2, 3])
def test_item_9_above_0_raises_the_same_flag_whichever_answer_it_was(answer: int) -> None:
    (finding,) = findings(episode(safety=SafetyFacts(answer)), POLICY)
    assert (finding.kind, finding.rule, finding.severity) == (FlagKind.SAFETY, "S1", Severity.URGENT)
    assert finding.evidence[0] == Evidence("item9_answered", {"answer": answer})


def test_item_9_answered_0_raises_nothing() -> None:
    assert raised(episode(safety=SafetyFacts(0, previous=3))) == []


def test_item_9_counts_again_when_it_has_not_changed() -> None:
    assert raised(episode(safety=SafetyFacts(1, previous=1))) == ["S1"]


def test_item_9_is_told_with_the_answer_before_it() -> None:
    (finding,) = findings(episode(safety=SafetyFacts(2, previous=0, previous_on=START)), POLICY)
    assert finding.evidence[1] == Evidence("item9_before", {"previous": 0, "on": "2026-10-13"})


@pytest.mark.parametrize(
    "around",
    [
        episode(phq9(20, 1), gad7(15, 0)),  # a total that looks well
        episode(phq9()),  # no total at all
        episode(missed_in_a_row=5, undelivered_in_a_row=5, number_failed=True, opted_out=True),
        episode(phq9(9, 20), had_open_worsening=True, call_requested=True),
    ],
)
def test_nothing_hides_a_safety_answer(around: EpisodeFacts) -> None:
    facts = replace(around, safety=SafetyFacts(1, declined=True, self_safety=SelfSafety.YES))
    assert raised(facts)[0] == "S1"


@pytest.mark.parametrize(
    ("safety", "expected"),
    [
        (SafetyFacts(None, previous=1, declined=True), ["item9_declined", "item9_before"]),
        (SafetyFacts(None, previous=3), ["item9_left_out", "item9_before"]),
        (SafetyFacts(None, previous=0, declined=True), []),
        (SafetyFacts(None, previous=None, declined=True), []),
        (SafetyFacts(0, previous=2), []),
    ],
)
def test_item_9_not_answered_after_an_answer_above_0(safety: SafetyFacts, expected: list[str]) -> None:
    found = findings(episode(safety=safety), POLICY)
    assert [evidence.code for finding in found for evidence in finding.evidence] == expected
    assert {finding.rule for finding in found} <= {"S4"}


@pytest.mark.parametrize(
    ("safety", "expected"),
    [
        (SafetyFacts(0, self_safety=SelfSafety.NO), ["S2"]),
        (SafetyFacts(0, self_safety=SelfSafety.UNSURE), ["S2"]),
        (SafetyFacts(0, self_safety=SelfSafety.YES), []),
        (SafetyFacts(2, self_safety=SelfSafety.YES), ["S1"]),
        (SafetyFacts(2, self_safety=SelfSafety.UNSURE, call_asked=True), ["S1", "S2", "S3"]),
        (SafetyFacts(1, call_asked=True), ["S1", "S3"]),
        (SafetyFacts(None, previous=2, call_asked=True), ["S3", "S4"]),
        (SafetyFacts(0, self_safety=SelfSafety.UNSURE, call_asked=True), ["S2", "S3"]),
        (SafetyFacts(0, call_asked=True), ["C1"]),
    ],
)
def test_what_is_said_after_item_9(safety: SafetyFacts, expected: list[str]) -> None:
    assert raised(episode(safety=safety)) == expected


# ---- reliable deterioration ----


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (episode(phq9(12, 17)), []),  # one point short
        (episode(phq9(12, 18)), ["N1"]),
        (episode(gad7(8, 11)), []),
        (episode(gad7(8, 12)), ["N1"]),
        (episode(phq9(3, 9)), ["N1"]),  # also below caseness
        (episode(phq9(12, 18), gad7(15, 8)), ["N1"]),  # better on the other
        (episode(phq9(18, 9, 14)), []),  # from the first score, not from the best
        (replace(episode(phq9(12, 19)), step="four", missed_in_a_row=1), ["N1"]),  # any time
    ],
)
def test_reliable_deterioration(facts: EpisodeFacts, expected: list[str]) -> None:
    assert raised(facts) == expected


def test_one_finding_names_each_measure_that_is_worse() -> None:
    (finding,) = findings(episode(phq9(12, 19), gad7(10, 14)), POLICY)
    assert [evidence.params["measure"] for evidence in finding.evidence] == ["phq9", "gad7"]
    assert finding.evidence[0].params == {
        "measure": "phq9",
        "baseline": 12,
        "on": "2026-10-13",
        "last": 19,
        "points": 7,
        "threshold": 6,
    }


def test_without_two_scores_deterioration_abstains_and_says_so() -> None:
    facts = episode(phq9(), gad7(20))
    assert raised(facts) == []
    assert noted(facts, Rule.N1) == ["no_baseline", "one_score"]


@pytest.mark.parametrize("code", ["phq9", "gad7"])
def test_deterioration_means_here_what_it_means_in_outcomes(code: str) -> None:
    spec = catalogue.spec(code)
    for first in range(28 if code == "phq9" else 22):
        for last in range(28 if code == "phq9" else 22):
            worse = change(spec, first, last) is Change.RELIABLE_DETERIORATION
            assert measure(code, first, last).is_reliably_worse is worse


# ---- the other kinds ----


@pytest.mark.parametrize(
    ("missed", "rule", "severity"),
    [(0, None, None), (1, None, None), (2, "M1", Severity.REVIEW), (3, "M2", Severity.HIGH), (9, "M2", Severity.HIGH)],
)
def test_missed_check_ins_are_graded(missed: int, rule: str | None, severity: Severity | None) -> None:
    found = [(finding.rule, finding.severity) for finding in findings(episode(missed_in_a_row=missed), POLICY)]
    assert found == ([(rule, severity)] if rule else [])


def test_silence_after_item_9_answered_0_is_silence_like_any_other() -> None:
    (finding,) = findings(episode(phq9(16, 12), missed_in_a_row=2, last_safety_answer=0), POLICY)
    assert finding.severity is Severity.REVIEW


def test_one_missed_check_in_is_a_note() -> None:
    assert noted(episode(missed_in_a_row=1), Rule.M1) == ["missed_one"]


@pytest.mark.parametrize(
    "silence",
    [
        {"missed_in_a_row": 2},
        {"missed_in_a_row": 3},
        {"undelivered_in_a_row": 2},
        {"number_failed": True},
        {"opted_out": True},
    ],
)
@pytest.mark.parametrize(
    "before", [episode(last_safety_answer=1), episode(had_open_worsening=True), episode(phq9(10, 16))]
)
def test_silence_after_worsening_or_item_9_is_for_the_same_day(
    before: EpisodeFacts, silence: dict[str, object]
) -> None:
    found = [each for each in findings(replace(before, **silence), POLICY) if each.kind is not FlagKind.DETERIORATING]
    assert [each.severity for each in found] == [Severity.URGENT]
    assert found[0].evidence[-1].code in ("last_item9", "worsening_before")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (episode(undelivered_in_a_row=1), []),
        (episode(undelivered_in_a_row=2), ["U1"]),
        (episode(number_failed=True), ["U2"]),
        (episode(undelivered_in_a_row=9), ["U1"]),  # and never a missed check-in
        (episode(opted_out=True), ["O1"]),
        (episode(call_requested=True), ["C1"]),
        (episode(), []),
    ],
)
def test_unreachable_opted_out_and_calls(facts: EpisodeFacts, expected: list[str]) -> None:
    assert raised(facts) == expected


def test_findings_come_in_the_order_of_the_worklist() -> None:
    facts = episode(
        phq9(12, 19, 19, 19),
        missed_in_a_row=0,
        undelivered_in_a_row=0,
        number_failed=True,
        opted_out=True,
        call_requested=True,
        safety=SafetyFacts(3, call_asked=True),
    )
    kinds = [finding.kind for finding in findings(facts, POLICY)]
    assert kinds == sorted(kinds, key=list(FlagKind).index)
    by_others = {
        FlagKind.RELAPSE_SIGNAL,
        FlagKind.RE_ENTRY,
        FlagKind.REVIEW_REQUESTED,
        FlagKind.REVIEW_DUE,
        FlagKind.FIRST_CONTACT_DUE,
    }
    assert set(kinds) == set(FlagKind) - {FlagKind.MISSED_CHECK_INS} - by_others
