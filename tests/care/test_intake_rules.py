"""What an intake points to: numbers on their edge, worse never lighter, unknown never good, readiness no reason."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.care.intake_facts import IntakeFacts, SafetyFacts
from monitor.care.intake_kinds import Barrier, Fact, IntakeRule, Need, Offer, SelfSafety
from monitor.care.intake_rules import Proposal, propose
from monitor.care.kinds import Step
from monitor.care.pathway import Pathway, rank
from monitor.care.pathways import shipped, shipped_codes

USUAL = shipped("common_mental_health").pathway
PATHWAYS = [shipped(code).pathway for code in shipped_codes()]

SAFE = SafetyFacts(plan_or_attempt=False, able_to_keep_safe=SelfSafety.YES, item9=0)
WELL = IntakeFacts(
    phq9=4,
    gad7=3,
    wsas=5,
    difficulty=0,
    pc_ptsd5=0,
    safety=SAFE,
    severe_mental_illness=False,
    complex=False,
    earlier_low_intensity_failed=False,
    unmet_needs=frozenset(),
    importance=8,
    confidence=8,
)
"""Everything was asked, and nothing calls for more than self-management."""


def found(pathway: Pathway = USUAL, /, **changes: object) -> Proposal:
    return propose(WELL.model_copy(update=changes), pathway)


def safety(**changes: object) -> SafetyFacts:
    return SAFE.model_copy(update=changes)


def rules(proposal: Proposal) -> list[tuple[str, str]]:
    return [(fired.rule.value, fired.step.value) for fired in proposal.fired]


def test_somebody_who_is_well_and_was_asked_everything_begins_with_self_management() -> None:
    proposal = found()

    assert (proposal.step, proposal.missing, proposal.offers) == (Step.ONE, (), ())
    assert rules(proposal) == [("scores_below", "one")]


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ({"phq9": 9}, Step.ONE),
        ({"phq9": 10}, Step.TWO),
        ({"phq9": 15}, Step.TWO),
        ({"phq9": 16}, Step.THREE),
        ({"gad7": 7}, Step.ONE),
        ({"gad7": 8}, Step.TWO),
        ({"gad7": 14}, Step.TWO),
        ({"gad7": 15}, Step.THREE),
        ({"wsas": 9}, Step.ONE),
        ({"wsas": 10}, Step.TWO),
        ({"wsas": 20}, Step.TWO),
        ({"wsas": 21}, Step.MIDDLE),
        ({"difficulty": 1}, Step.ONE),
        ({"difficulty": 2}, Step.MIDDLE),
        ({"wsas": None, "difficulty": 1}, Step.ONE),
        ({"pc_ptsd5": 3}, Step.ONE),
        ({"pc_ptsd5": 4}, Step.THREE),
        ({"unmet_needs": frozenset({Need.FOOD})}, Step.ONE),
        ({"unmet_needs": frozenset({Need.FOOD, Need.HOUSING})}, Step.MIDDLE),
        ({"earlier_low_intensity_failed": True}, Step.THREE),
        ({"safety": safety(item9=1)}, Step.TWO),
        ({"safety": safety(item9=2)}, Step.MIDDLE),
        ({"safety": safety(item9=3)}, Step.MIDDLE),
        ({"safety": safety(able_to_keep_safe=SelfSafety.UNSURE)}, Step.MIDDLE),
        ({"safety": safety(able_to_keep_safe=SelfSafety.NO)}, Step.FOUR),
        ({"safety": safety(plan_or_attempt=True)}, Step.FOUR),
        ({"severe_mental_illness": True}, Step.FOUR),
        ({"complex": True}, Step.FOUR),
    ],
)
def test_each_number_of_the_usual_pathway_on_its_edge(changes: dict[str, object], step: Step) -> None:
    assert found(**changes).step is step


def test_the_highest_rule_wins_and_all_that_fired_are_kept_highest_first() -> None:
    proposal = found(phq9=18, gad7=13, wsas=19, earlier_low_intensity_failed=True)

    assert proposal.step is Step.THREE
    assert rules(proposal) == [
        ("scores_at_or_above", "three"),
        ("earlier_low_intensity_failed", "three"),
        ("scores_at_or_above", "two"),
    ]
    assert [(each.fact, each.value, each.limit) for each in proposal.fired[0].figures] == [(Fact.PHQ9, 18, 16)]
    assert {each.fact for each in proposal.fired[2].figures} == {Fact.PHQ9, Fact.GAD7, Fact.WSAS}


def test_whoever_is_at_risk_enters_at_the_highest_step_whatever_the_scores() -> None:
    for pathway in PATHWAYS:
        for unsafe in (safety(plan_or_attempt=True), safety(able_to_keep_safe=SelfSafety.NO)):
            nothing_else = propose(IntakeFacts(safety=unsafe), pathway)
            assert nothing_else.step is found(pathway, safety=unsafe).step is Step.FOUR


def test_what_a_step_assignment_keeps_of_a_rule_holds_no_score() -> None:
    assert [fired.as_json() for fired in found(phq9=18).fired] == [
        {"rule": "scores_at_or_above", "step": "three"},
        {"rule": "scores_at_or_above", "step": "two"},
    ]


def test_nothing_known_proposes_nothing_and_says_what_is_missing() -> None:
    proposal = propose(IntakeFacts(), USUAL)

    assert (proposal.step, proposal.fired) == (None, ())
    assert set(proposal.missing) == set(Fact) - {Fact.DIFFICULTY}


@pytest.mark.parametrize(
    ("unknown", "missing"),
    [
        ({"phq9": None}, Fact.PHQ9),
        ({"gad7": None}, Fact.GAD7),
        ({"wsas": None, "difficulty": None}, Fact.WSAS),
        ({"safety": safety(item9=None)}, Fact.ITEM9),
        ({"safety": safety(plan_or_attempt=None)}, Fact.PLAN_OR_ATTEMPT),
        ({"safety": safety(able_to_keep_safe=None)}, Fact.ABLE_TO_KEEP_SAFE),
        ({"severe_mental_illness": None}, Fact.SEVERE_MENTAL_ILLNESS),
        ({"complex": None}, Fact.COMPLEX),
    ],
)
def test_the_lightest_step_never_comes_from_a_question_that_nobody_asked(
    unknown: dict[str, object], missing: Fact
) -> None:
    proposal = found(**unknown)

    assert proposal.step is None
    assert proposal.missing == (missing,)


@pytest.mark.parametrize(
    ("unknown", "missing"),
    [
        ({"pc_ptsd5": None}, Fact.PC_PTSD5),
        ({"unmet_needs": None}, Fact.UNMET_NEEDS),
        ({"earlier_low_intensity_failed": None}, Fact.EARLIER_LOW_INTENSITY_FAILED),
    ],
)
def test_what_could_still_point_higher_is_named_beside_the_proposal(unknown: dict[str, object], missing: Fact) -> None:
    assert (found(**unknown).step, found(**unknown).missing) == (Step.ONE, (missing,))


def test_a_missing_score_does_not_silence_the_rules_that_can_speak() -> None:
    proposal = found(phq9=17, gad7=None)

    assert (proposal.step, proposal.missing) == (Step.THREE, (Fact.GAD7,))


@pytest.mark.parametrize(
    ("rulers", "offers"),
    [
        ({"importance": 4, "confidence": 4}, ()),
        ({"importance": 3, "confidence": 9}, tuple(Offer)),
        ({"importance": 9, "confidence": 3}, tuple(Offer)),
        ({"importance": 9, "confidence": None}, ()),
        ({"importance": None, "confidence": 0}, tuple(Offer)),
    ],
)
def test_readiness_below_four_brings_a_choice_and_a_call(rulers: dict[str, object], offers: tuple[Offer, ...]) -> None:
    proposal = found(phq9=12, **rulers)

    assert proposal.offers == offers
    assert proposal.step is Step.TWO


def maybe(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | values


WORSE: dict[str, list[object]] = {
    "phq9": [None, *range(28)],
    "gad7": [None, *range(22)],
    "wsas": [None, *range(41)],
    "difficulty": [None, 0, 1, 2, 3],
    "pc_ptsd5": [None, *range(6)],
    "severe_mental_illness": [None, False, True],
    "complex": [None, False, True],
    "earlier_low_intensity_failed": [None, False, True],
}
SAFETY: dict[str, list[object]] = {
    "plan_or_attempt": [None, False, True],
    "able_to_keep_safe": [None, *SelfSafety],
    "item9": [None, 0, 1, 2, 3],
}
"""Every fact from best to worst; unknown stands first and is compared with nothing."""

READINESS = {name: maybe(st.integers(0, 10)) for name in ("importance", "confidence")}
FACTS = st.builds(
    IntakeFacts,
    **{name: st.sampled_from(values) for name, values in WORSE.items()},
    **READINESS,
    safety=st.builds(SafetyFacts, **{name: st.sampled_from(values) for name, values in SAFETY.items()}),
    unmet_needs=maybe(st.frozensets(st.sampled_from(list(Need)))),
    barriers=st.frozensets(st.sampled_from(list(Barrier))),
)
PATHWAY = st.sampled_from(PATHWAYS)


def known(facts: IntakeFacts) -> IntakeFacts:
    """The same with a good answer to whatever was not asked."""
    update = {name: value for name, value in WELL if getattr(facts, name) is None}
    safe = {name: value for name, value in SAFE if getattr(facts.safety, name) is None}
    return facts.model_copy(update={**update, "safety": facts.safety.model_copy(update=safe)})


def is_lighter(one: Proposal, other: Proposal) -> bool:
    """Whether a proposal is less help than another; none at all is less than any."""
    return (rank(one.step) if one.step else -1) < (rank(other.step) if other.step else -1)


@given(FACTS, PATHWAY, st.data())
def test_a_worse_answer_never_proposes_a_lighter_step(
    facts: IntakeFacts, pathway: Pathway, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from([*WORSE, *SAFETY, "unmet_needs"]))
    part, scale = (facts.safety, SAFETY) if name in SAFETY else (facts, WORSE)
    now = getattr(part, name)
    worse: object
    if name == "unmet_needs":
        worse = (now or frozenset()) | data.draw(st.frozensets(st.sampled_from(list(Need))))
    else:
        worse = data.draw(st.sampled_from(scale[name][scale[name].index(now) :]))
    changed: dict[str, object] = {name: worse}
    if name in SAFETY:
        changed = {"safety": facts.safety.model_copy(update=changed)}

    assert not is_lighter(propose(facts.model_copy(update=changed), pathway), propose(facts, pathway))


@given(FACTS, PATHWAY)
def test_whoever_was_asked_everything_has_a_step(facts: IntakeFacts, pathway: Pathway) -> None:
    proposal = propose(known(facts), pathway)

    assert proposal.step in set(pathway.steps) - {Step.STEPPED_DOWN}
    assert proposal.missing == ()


@given(FACTS, PATHWAY)
def test_without_a_step_there_is_always_something_missing(facts: IntakeFacts, pathway: Pathway) -> None:
    proposal = propose(facts, pathway)

    assert proposal.step is not None or proposal.missing


@given(FACTS, PATHWAY, st.fixed_dictionaries(READINESS), st.frozensets(st.sampled_from(list(Barrier))))
def test_readiness_and_barriers_never_change_a_step(
    facts: IntakeFacts, pathway: Pathway, rulers: dict[str, object], barriers: frozenset[Barrier]
) -> None:
    here = propose(facts, pathway)
    there = propose(facts.model_copy(update={**rulers, "barriers": barriers}), pathway)

    assert replace(here, offers=()) == replace(there, offers=())


@given(FACTS, PATHWAY)
def test_the_step_is_that_of_the_highest_rule_and_each_rule_says_why(facts: IntakeFacts, pathway: Pathway) -> None:
    proposal = propose(facts, pathway)
    of_file = {(entry.rule, entry.step, entry.source) for entry in pathway.intake}

    assert proposal.step == max((fired.step for fired in proposal.fired), key=rank, default=None)
    for fired in proposal.fired:
        assert (fired.rule, fired.step, fired.source) in of_file
        assert fired.figures


@given(FACTS, PATHWAY)
def test_every_rule_that_fires_alone_is_in_the_record_of_all(facts: IntakeFacts, pathway: Pathway) -> None:
    alone = [
        fired
        for entry in pathway.intake
        for fired in propose(facts, pathway.model_copy(update={"intake": (entry,)})).fired
    ]

    assert sorted(alone, key=str) == sorted(propose(facts, pathway).fired, key=str)


@given(FACTS)
def test_what_was_found_is_kept_and_read_again_without_loss(facts: IntakeFacts) -> None:
    assert IntakeFacts.model_validate_json(facts.model_dump_json()) == facts


def test_every_rule_can_fire() -> None:
    everything: dict[str, object] = {name: scale[-1] for name, scale in WORSE.items()}
    everything["safety"] = SafetyFacts(plan_or_attempt=True, able_to_keep_safe=SelfSafety.NO, item9=3)
    everything["unmet_needs"] = frozenset(Need)
    fired = {each.rule for pathway in PATHWAYS for each in found(pathway, **everything).fired}

    assert fired == set(IntakeRule) - {IntakeRule.SCORES_BELOW}
