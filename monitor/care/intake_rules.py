"""Which step the facts of an intake point to. Pure: facts and pathway in, proposal out; a person assigns.

The highest step that fires wins, and all that fired is kept. Direct entry at a high step is ordinary. What is not known
never counts as low. Readiness never changes the step (clinical fact sheet, part 4.1).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from monitor.care.intake_facts import IntakeFacts
from monitor.care.intake_kinds import Fact, IntakeRule, Offer, SelfSafety
from monitor.care.kinds import Step
from monitor.care.pathway import IntakeEntry, Pathway, rank

HARD = 2
"""The difficulty question from here on means very or extremely difficult: PHQ-9 form, answers 0 to 3."""


@dataclass(frozen=True)
class Figure:
    """One fact that a rule rests on: a total, an answer, or a number of needs, and the number it was compared with."""

    fact: Fact
    value: int | str
    limit: int | None = None


@dataclass(frozen=True)
class Fired:
    """A rule that fired, the step it points to, why, and whose rule it is."""

    rule: IntakeRule
    step: Step
    figures: tuple[Figure, ...]
    source: str

    def as_json(self) -> dict[str, str]:
        """Return what a step assignment keeps: the rule and its step, and no score."""
        return {"rule": self.rule.value, "step": self.step.value}


@dataclass(frozen=True)
class Proposal:
    """What the rules propose. `step` is None where nothing fired because something is missing."""

    step: Step | None
    fired: tuple[Fired, ...]
    """Highest step first, then in the order of the file."""
    missing: tuple[Fact, ...]
    """What is not known and could point higher, or would let a rule speak at all."""
    offers: tuple[Offer, ...] = ()


def propose(facts: IntakeFacts, pathway: Pathway) -> Proposal:
    """Return the step that the rules of a pathway propose, with everything that fired."""
    found = [Fired(entry.rule, entry.step, figures, entry.source) for entry, figures in _firing(facts, pathway.intake)]
    found.sort(key=lambda each: -rank(each.step))
    return Proposal(
        step=found[0].step if found else None,
        fired=tuple(found),
        missing=_missing(facts, pathway.intake),
        offers=tuple(Offer) if facts.is_readiness_low else (),
    )


Figures = tuple[Figure, ...]


def _firing(facts: IntakeFacts, entries: tuple[IntakeEntry, ...]) -> Iterator[tuple[IntakeEntry, Figures]]:
    for entry in entries:
        figures = _RULES[entry.rule](facts, entry)
        if figures:
            yield entry, figures


def _at_risk(facts: IntakeFacts, _entry: IntakeEntry) -> Figures:
    safety = facts.safety
    plan = (Figure(Fact.PLAN_OR_ATTEMPT, "yes"),) if safety.plan_or_attempt else ()
    unable = safety.able_to_keep_safe is SelfSafety.NO
    return (*plan, *((Figure(Fact.ABLE_TO_KEEP_SAFE, SelfSafety.NO.value),) if unable else ()))


def _safety_signal(facts: IntakeFacts, entry: IntakeEntry) -> Figures:
    """Look at item 9 itself, never at the total; not being able to keep safe is worse than not being sure."""
    safety, limit = facts.safety, entry.number(Fact.ITEM9)
    item9 = (Figure(Fact.ITEM9, safety.item9, limit),) if safety.item9 is not None and safety.item9 >= limit else ()
    says = safety.able_to_keep_safe
    unsafe = (Figure(Fact.ABLE_TO_KEEP_SAFE, says.value),) if says in (SelfSafety.UNSURE, SelfSafety.NO) else ()
    return (*item9, *unsafe)


def _scores_at_or_above(facts: IntakeFacts, entry: IntakeEntry) -> Figures:
    scores = _scores(facts)
    return tuple(
        Figure(fact, score, limit)
        for fact, limit in entry.limits.items()
        if (score := scores[fact]) is not None and score >= limit
    )


def _scores_below(facts: IntakeFacts, entry: IntakeEntry) -> Figures:
    """Fire only where all is known: the lightest step must not come from a question that nobody asked."""
    if not _nothing_presses(facts):
        return ()
    figures = [_below(facts, fact, limit) for fact, limit in entry.limits.items()]
    return tuple(figure for figure in figures if figure) if all(figures) else ()


def _below(facts: IntakeFacts, fact: Fact, limit: int) -> Figure | None:
    score = _scores(facts)[fact]
    if fact is Fact.WSAS:
        if facts.difficulty is not None and facts.difficulty >= HARD:
            return None
        if score is None and facts.difficulty is not None:  # a service without the WSAS asks the question of the PHQ-9
            return Figure(Fact.DIFFICULTY, facts.difficulty, HARD)
    return Figure(fact, score, limit) if score is not None and score < limit else None


def _nothing_presses(facts: IntakeFacts) -> bool:
    safety = facts.safety
    return (
        safety.plan_or_attempt is False
        and safety.able_to_keep_safe is SelfSafety.YES
        and safety.item9 == 0
        and facts.severe_mental_illness is False
        and facts.complex is False
    )


def _trauma_screen(facts: IntakeFacts, entry: IntakeEntry) -> Figures:
    limit = entry.number(Fact.PC_PTSD5)
    found = facts.pc_ptsd5 is not None and facts.pc_ptsd5 >= limit
    return (Figure(Fact.PC_PTSD5, facts.pc_ptsd5 or 0, limit),) if found else ()


def _function_impaired(facts: IntakeFacts, entry: IntakeEntry) -> Figures:
    """WSAS above its number (its bands begin above it), or daily life very or extremely difficult."""
    limit = entry.number(Fact.WSAS)
    wsas = (Figure(Fact.WSAS, facts.wsas, limit + 1),) if facts.wsas is not None and facts.wsas > limit else ()
    hard = facts.difficulty is not None and facts.difficulty >= HARD
    return (*wsas, *((Figure(Fact.DIFFICULTY, facts.difficulty or 0, HARD),) if hard else ()))


def _unmet_social_needs(facts: IntakeFacts, entry: IntakeEntry) -> Figures:
    limit, count = entry.number(Fact.UNMET_NEEDS), len(facts.unmet_needs or ())
    return (Figure(Fact.UNMET_NEEDS, count, limit),) if count >= limit else ()


def _said(fact: Fact) -> Callable[[IntakeFacts, IntakeEntry], Figures]:
    """Return the rule that fires on a plain yes."""
    return lambda facts, _entry: (Figure(fact, "yes"),) if getattr(facts, fact) else ()


_RULES: Mapping[IntakeRule, Callable[[IntakeFacts, IntakeEntry], Figures]] = {
    IntakeRule.AT_RISK: _at_risk,
    IntakeRule.SEVERE_MENTAL_ILLNESS: _said(Fact.SEVERE_MENTAL_ILLNESS),
    IntakeRule.SAFETY_SIGNAL: _safety_signal,
    IntakeRule.COMPLEX: _said(Fact.COMPLEX),
    IntakeRule.SCORES_AT_OR_ABOVE: _scores_at_or_above,
    IntakeRule.SCORES_BELOW: _scores_below,
    IntakeRule.TRAUMA_SCREEN: _trauma_screen,
    IntakeRule.EARLIER_LOW_INTENSITY_FAILED: _said(Fact.EARLIER_LOW_INTENSITY_FAILED),
    IntakeRule.FUNCTION_IMPAIRED: _function_impaired,
    IntakeRule.UNMET_SOCIAL_NEEDS: _unmet_social_needs,
}

_ASKED: Mapping[IntakeRule, frozenset[Fact]] = {
    IntakeRule.AT_RISK: frozenset({Fact.PLAN_OR_ATTEMPT, Fact.ABLE_TO_KEEP_SAFE}),
    IntakeRule.SAFETY_SIGNAL: frozenset({Fact.ITEM9, Fact.ABLE_TO_KEEP_SAFE}),
    IntakeRule.SEVERE_MENTAL_ILLNESS: frozenset({Fact.SEVERE_MENTAL_ILLNESS}),
    IntakeRule.COMPLEX: frozenset({Fact.COMPLEX}),
    IntakeRule.SCORES_AT_OR_ABOVE: frozenset(),  # what the file names
    IntakeRule.SCORES_BELOW: frozenset(
        {Fact.ITEM9, Fact.PLAN_OR_ATTEMPT, Fact.ABLE_TO_KEEP_SAFE, Fact.SEVERE_MENTAL_ILLNESS, Fact.COMPLEX}
    ),
    IntakeRule.TRAUMA_SCREEN: frozenset({Fact.PC_PTSD5}),
    IntakeRule.EARLIER_LOW_INTENSITY_FAILED: frozenset({Fact.EARLIER_LOW_INTENSITY_FAILED}),
    IntakeRule.FUNCTION_IMPAIRED: frozenset({Fact.WSAS}),
    IntakeRule.UNMET_SOCIAL_NEEDS: frozenset({Fact.UNMET_NEEDS}),
}
"""What each rule needs to know, besides the scores that its entry names."""


def _missing(facts: IntakeFacts, entries: tuple[IntakeEntry, ...]) -> tuple[Fact, ...]:
    """Return what the rules of a pathway ask about and nobody knows."""
    asked = {fact for entry in entries for fact in (*_ASKED[entry.rule], *entry.limits)}
    known = facts.model_dump(exclude={"safety"}) | facts.safety.model_dump()
    if known[Fact.DIFFICULTY] is not None:
        asked.discard(Fact.WSAS)  # either tells how hard daily life is
    return tuple(fact for fact in Fact if fact in asked and known[fact] is None)


def _scores(facts: IntakeFacts) -> Mapping[Fact, int | None]:
    return {Fact.PHQ9: facts.phq9, Fact.GAD7: facts.gad7, Fact.WSAS: facts.wsas}
