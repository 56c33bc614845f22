"""What must hold of the rules for every episode there could be."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from monitor.flags.facts import EpisodeFacts, Finding, MeasureFacts, SafetyFacts
from monitor.flags.kinds import FlagKind, SelfSafety
from monitor.flags.rules import findings, notes
from tests.flags.episodes import POLICY, episode, gad7, phq9, raised

ANSWER = st.none() | st.integers(0, 3)
SAFETY = st.builds(
    SafetyFacts,
    answer=ANSWER,
    previous=ANSWER,
    declined=st.booleans(),
    self_safety=st.none() | st.sampled_from(SelfSafety),
    call_asked=st.booleans(),
)
SCORES = st.lists(st.integers(0, 21), max_size=6)
EPISODES = st.builds(
    EpisodeFacts,
    step=st.sampled_from(["one", "two", "middle", "three", "stepped_down"]),
    week=st.integers(0, 40),
    measures=st.tuples(SCORES.map(lambda scores: phq9(*scores)), SCORES.map(lambda scores: gad7(*scores))),
    attended_contacts=st.integers(0, 8),
    missed_in_a_row=st.integers(0, 4),
    undelivered_in_a_row=st.integers(0, 4),
    number_failed=st.booleans(),
    last_safety_answer=ANSWER,
    had_open_worsening=st.booleans(),
    safety=st.none() | SAFETY,
    opted_out=st.booleans(),
    call_requested=st.booleans(),
)


def safety_findings(facts: EpisodeFacts) -> list[Finding]:
    return [finding for finding in findings(facts, POLICY) if finding.kind is FlagKind.SAFETY]


@given(EPISODES)
def test_evaluating_twice_says_the_same(facts: EpisodeFacts) -> None:
    assert findings(facts, POLICY) == findings(facts, POLICY)
    assert notes(facts, POLICY) == notes(facts, POLICY)


@given(EPISODES)
def test_the_safety_answer_is_read_by_itself(facts: EpisodeFacts) -> None:
    assert safety_findings(facts) == safety_findings(episode(safety=facts.safety))


@given(EPISODES)
def test_one_more_missed_check_in_never_removes_a_safety_finding_nor_passes_for_no_change(facts: EpisodeFacts) -> None:
    later = replace(facts, missed_in_a_row=facts.missed_in_a_row + 1)
    assert safety_findings(later) == safety_findings(facts)
    assert set(raised(later)) - set(raised(facts)) <= {"M1", "M2"}
    assert ("N1" in raised(later)) == ("N1" in raised(facts))


@given(EPISODES, st.integers(1, 6))
def test_a_lower_score_never_raises_deterioration(facts: EpisodeFacts, points: int) -> None:
    def lower(each: MeasureFacts) -> MeasureFacts:
        return each if each.last is None else replace(each, last=max(0, each.last - points))

    better = replace(facts, measures=tuple(map(lower, facts.measures)))
    assert "N1" in raised(facts) or "N1" not in raised(better)
