"""What must hold of the rules for every episode there could be."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.care.flag_policy import FlagPolicy
from monitor.care.kinds import Treatment
from monitor.flags.facts import EpisodeFacts, Finding, MeasureFacts, SafetyFacts, TreatmentFacts
from monitor.flags.kinds import FlagKind, SelfSafety
from monitor.flags.rules import findings, notes
from tests.flags.episodes import POLICY, START, dated, episode, gad7, phq9, raised

ANSWER = st.none() | st.integers(0, 3)
SAFETY = st.builds(
    SafetyFacts,
    answer=ANSWER,
    previous=ANSWER,
    declined=st.booleans(),
    self_safety=st.none() | st.sampled_from(SelfSafety),
    call_asked=st.booleans(),
)
WEEKS = st.floats(0, 16)
SCORES = st.lists(st.integers(0, 21), max_size=6)
EPISODES = st.builds(
    EpisodeFacts,
    step=st.sampled_from(["one", "two", "middle", "three", "stepped_down"]),
    week=st.integers(0, 40),
    today=st.none() | st.dates(START, START + timedelta(weeks=20)),
    measures=st.tuples(
        st.builds(lambda scores, weeks: dated(phq9(*scores), weeks=weeks), SCORES, WEEKS),
        SCORES.map(lambda scores: gad7(*scores)),
    ),
    treatments=st.lists(
        st.builds(
            TreatmentFacts,
            treatment=st.sampled_from(Treatment),
            started_on=st.dates(START - timedelta(weeks=4), START + timedelta(weeks=8)),
            score_then=st.none() | st.integers(0, 27),
        ),
        max_size=2,
    ).map(tuple),
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


EVERY_RULE = FlagPolicy(off=frozenset())
"""A service that owns N2 as well."""


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
    assert set(raised(later, EVERY_RULE)) - set(raised(facts, EVERY_RULE)) <= {"M1", "M2"}
    assert ("N1" in raised(later)) == ("N1" in raised(facts))


@given(EPISODES)
def test_an_unanswered_check_in_never_counts_as_not_improving(facts: EpisodeFacts) -> None:
    unanswered = replace(facts, missed_in_a_row=1)
    assert all(finding.kind is not FlagKind.NOT_IMPROVING for finding in findings(unanswered, EVERY_RULE))


@given(EPISODES)
def test_a_rule_that_is_switched_off_says_nothing_and_no_other_says_less(facts: EpisodeFacts) -> None:
    for rule in ("N2", "N3", "N4", "N5", "N6"):
        without = FlagPolicy(off=frozenset({rule}))
        assert [each for each in raised(facts, EVERY_RULE) if each != rule] == raised(facts, without)
        assert all(note.rule != rule for note in notes(facts, without))


@given(EPISODES, st.integers(1, 6))
def test_a_lower_score_never_raises_deterioration(facts: EpisodeFacts, points: int) -> None:
    def lower(each: MeasureFacts) -> MeasureFacts:
        return each if each.last is None else replace(each, last=max(0, each.last - points))

    better = replace(facts, measures=tuple(map(lower, facts.measures)))
    assert "N1" in raised(facts) or "N1" not in raised(better)
