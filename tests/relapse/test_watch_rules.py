"""What raises a relapse signal after stepping down: boundary by boundary, from the scores of that day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.flags.facts import Finding
from monitor.flags.kinds import EvidenceCode, FlagKind, Rule, Severity
from monitor.measures import catalogue
from monitor.relapse.facts import SignsNoticed, SinceThen, Total, WatchFacts, since_then
from monitor.relapse.rules import APART_DAYS, findings, notes
from tests.flags.episodes import POLICY

DAY = date(2026, 6, 1)
"""Stepped down on this day."""


def phq9(then: int | None, *totals: int, every: int = 28) -> SinceThen:
    return measure("phq9", then, *totals, every=every)


def gad7(then: int | None, *totals: int, every: int = 28) -> SinceThen:
    return measure("gad7", then, *totals, every=every)


def measure(code: str, then: int | None, *totals: int, every: int) -> SinceThen:
    since = tuple(Total(points, DAY + timedelta(days=every * at)) for at, points in enumerate(totals, start=1))
    return since_then(code, then, DAY, since)


def found(*measures: SinceThen, **facts: object) -> list[Finding]:
    return list(findings(WatchFacts(measures, **facts), POLICY))  # type: ignore[arg-type]


def raised(*measures: SinceThen, **facts: object) -> list[str]:
    return [str(finding.rule) for finding in found(*measures, **facts)]


# ---- W1: an own sign ----


@pytest.mark.parametrize("by", ["check_in", "page", "text", "call"])
def test_an_own_sign_is_enough_however_it_was_said(by: str) -> None:
    assert raised(phq9(4, 2), noticed=SignsNoticed(by, DAY)) == ["W1"]


def test_a_sign_is_told_by_its_number_and_never_in_words() -> None:
    (finding,) = found(noticed=SignsNoticed("check_in", DAY, (1, 3), version=2))

    assert finding.evidence[0].params == {
        "by": "check_in",
        "on": "2026-06-01",
        "signs": 2,
        "which": "1, 3",
        "version": 2,
    }


# ---- W2 to W4: scores against those of the step-down ----


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        (phq9(4, 8), []),  # 4 points: less than matters
        (phq9(4, 9), ["W2"]),  # 5 points, still below 10
        (phq9(0, 9), ["W2"]),  # 9 points: reliably worse, but no relapse below caseness
        (phq9(5, 10), ["W3"]),  # at caseness, 5 points: possible
        (phq9(4, 10), ["W3", "W4"]),  # at caseness and 6 points: confirmed
        (phq9(9, 10), ["W3"]),  # one point over the line
        (phq9(9, 15), ["W3", "W4"]),
        (phq9(9, 14), ["W3"]),
        (phq9(10, 10), []),  # stepped down at caseness: only the change counts
        (phq9(10, 15), []),
        (phq9(10, 16), ["W4"]),
        (phq9(12, 9), []),
        (phq9(4, 12, 3), []),  # it is the newest score that is looked at
        (gad7(3, 6), []),
        (gad7(3, 7), ["W2"]),  # 4 points, still below 8
        (gad7(5, 8), ["W3"]),
        (gad7(4, 8), ["W3", "W4"]),
        (gad7(8, 11), []),
        (gad7(8, 12), ["W4"]),
        (phq9(4), []),  # nothing answered yet
    ],
)
def test_scores_are_held_against_those_of_the_step_down(scores: SinceThen, expected: list[str]) -> None:
    assert raised(scores) == expected


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        (phq9(9, 10, 10, every=6), ["W3"]),  # six days apart
        (phq9(9, 10, 10, every=7), ["W3", "W4"]),
        (phq9(9, 10, 10, 10, every=4), ["W3", "W4"]),  # the first and the third
        (phq9(9, 10, 9, 10, every=28), ["W3"]),  # below in between: it did not stay
        (phq9(10, 10, 10, every=28), []),  # stepped down at caseness
        (phq9(None, 10, 10, every=28), ["W3", "W4"]),
    ],
)
def test_two_scores_at_caseness_a_week_apart_confirm_a_relapse(scores: SinceThen, expected: list[str]) -> None:
    assert raised(scores) == expected


def test_that_it_stays_is_said_once_in_the_same_words_however_long_it_goes_on() -> None:
    def said(*totals: int) -> object:
        (confirmed,) = (each for each in found(phq9(9, *totals)) if each.rule == Rule.W4)
        return confirmed.evidence

    assert said(10, 11) == said(10, 11, 12) == said(10, 11, 12, 10)


def test_without_a_score_of_the_step_down_only_caseness_can_speak_and_the_others_say_why_they_do_not() -> None:
    nothing_then = WatchFacts((phq9(None, 9),))

    assert raised(phq9(None, 9)) == []
    assert raised(phq9(None, 10)) == ["W3"]
    assert [(note.rule, note.evidence[0].code) for note in notes(nothing_then, POLICY)] == [
        (Rule.W2, EvidenceCode.NO_SCORE_THEN),
        (Rule.W4, EvidenceCode.NO_SCORE_THEN),
    ]
    assert notes(WatchFacts((phq9(None), phq9(4, 9))), POLICY) == ()


def test_each_measure_speaks_for_itself() -> None:
    assert raised(phq9(4, 9), gad7(5, 8)) == ["W2", "W3"]
    (early, possible) = found(phq9(4, 9), gad7(5, 8))
    assert early.evidence[0].params == {"measure": "phq9", "then": 4, "last": 9, "on": "2026-06-01", "points": 5}
    assert possible.evidence[0].params == {"measure": "gad7", "then": 5, "last": 8, "on": "2026-06-01", "caseness": 8}


# ---- W5: gone quiet ----


@pytest.mark.parametrize(
    ("missed", "facts", "severity"),
    [
        (0, {}, None),
        (1, {}, None),
        (2, {}, Severity.REVIEW),
        (3, {}, Severity.HIGH),
        (2, {"last_safety_answer": 0}, Severity.REVIEW),
        (2, {"last_safety_answer": 1}, Severity.URGENT),
        (2, {"had_open_worsening": True}, Severity.URGENT),
        (3, {"last_safety_answer": 2}, Severity.URGENT),
    ],
)
def test_silence_is_a_signal_from_the_second_on(missed: int, facts: dict[str, object], severity: Severity) -> None:
    said = found(missed_in_a_row=missed, **facts)

    assert [each.severity for each in said] == ([] if severity is None else [severity])
    assert all(each.rule == Rule.W5 for each in said)


def test_silence_after_worsening_is_for_the_same_day() -> None:
    (early, quiet) = found(phq9(2, 8), missed_in_a_row=2)

    assert (early.rule, quiet.rule) == (Rule.W2, Rule.W5)
    assert quiet.severity is Severity.URGENT
    assert [each.code for each in quiet.evidence][1:] == [EvidenceCode.WORSENING_BEFORE]


def test_one_missed_check_in_is_a_note() -> None:
    (note,) = notes(WatchFacts(missed_in_a_row=1), POLICY)
    assert (note.rule, note.evidence[0].code) == (Rule.W5, EvidenceCode.MISSED_ONE)


# ---- what always holds ----


def courses(code: str) -> st.SearchStrategy[SinceThen]:
    points = st.integers(0, catalogue.tracked(code).maximum)
    totals = st.lists(st.tuples(st.integers(1, 30), points), max_size=6)

    def course(then: int | None, gaps: list[tuple[int, int]]) -> SinceThen:
        on, found = DAY, []
        for days, total in gaps:
            on += timedelta(days=days)
            found.append(Total(total, on))
        return since_then(code, then, DAY, tuple(found))

    return st.builds(course, st.none() | points, totals)


@given(courses("phq9") | courses("gad7"))
def test_a_crossing_is_never_passed_over_and_nothing_else_raises(course: SinceThen) -> None:
    """Written anew from the numbers alone."""
    caseness, reliable, matters = {"phq9": (10, 6, 5), "gad7": (8, 4, 4)}[course.code]
    said = raised(course)
    if not course.totals:
        assert said == []
        return
    last, then = course.totals[-1].points, course.then
    assert ("W3" in said) == (last >= caseness and (then is None or then < caseness))
    assert ("W2" in said) == (last < caseness and then is not None and last - then >= matters)
    if then is not None and last >= caseness and last - then >= reliable:
        assert "W4" in said
    if "W4" in said:
        assert last >= caseness


@given(courses("phq9"), courses("gad7"), st.integers(0, 5), st.none() | st.integers(0, 3))
def test_every_finding_is_one_kind_and_its_evidence_is_codes_and_numbers(
    phq9: SinceThen, gad7: SinceThen, missed: int, safety: int | None
) -> None:
    for finding in found(phq9, gad7, missed_in_a_row=missed, last_safety_answer=safety):
        assert finding.kind is FlagKind.RELAPSE_SIGNAL
        assert finding.evidence
        assert all(each.code in set(EvidenceCode) for each in finding.evidence)


def test_the_gap_that_confirms_is_a_week() -> None:
    assert APART_DAYS == 7
