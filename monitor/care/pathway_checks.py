"""What contradicts itself in a pathway whose every part has the right shape. Pure.

Each check gets the parts that could be read, so that one misprint does not hide what is wrong elsewhere.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, product

from monitor.care.intake_facts import IntakeFacts, SafetyFacts
from monitor.care.intake_kinds import Fact, IntakeRule, Need, SelfSafety
from monitor.care.intake_rules import propose
from monitor.care.kinds import LOW_INTENSITY, Intensity, Step
from monitor.care.pathway import Criteria, IntakeEntry, Pathway, StepPlan, rank
from monitor.care.pathway_locating import Place

Steps = Mapping[Step, StepPlan]
Entries = Mapping[int, IntakeEntry]

SCORES = (Fact.PHQ9, Fact.GAD7, Fact.WSAS)

_NUMBERS: Mapping[IntakeRule, tuple[Fact, ...]] = {
    IntakeRule.SCORES_AT_OR_ABOVE: SCORES,
    IntakeRule.SCORES_BELOW: SCORES,
    IntakeRule.TRAUMA_SCREEN: (Fact.PC_PTSD5,),
    IntakeRule.SAFETY_SIGNAL: (Fact.ITEM9,),
    IntakeRule.FUNCTION_IMPAIRED: (Fact.WSAS,),
    IntakeRule.UNMET_SOCIAL_NEEDS: (Fact.UNMET_NEEDS,),
}
"""The numbers that a rule takes: at least one of the scores, and exactly these of the others."""

_INTENSITIES = tuple(Intensity)


@dataclass(frozen=True)
class Contradiction:
    """What does not fit, where, and how to mend it."""

    place: Place
    words: str


def steps(plans: Steps, known: Sequence[Step]) -> Iterator[Contradiction]:
    """Check the steps; `known` holds every step that the file has, readable or not."""
    if known and not any(step is not Step.STEPPED_DOWN for step in known):
        yield Contradiction(("steps",), "there is no step on which care begins; add one besides stepped_down")
    for step, plan in plans.items():
        yield from _intensity(step, plan)
        yield from _lengths(step, plan)
        yield from _escalation(step, plans, known)
    for (lighter, plan), (heavier, other) in combinations(sorted(plans.items(), key=lambda item: rank(item[0])), 2):
        if lighter is not Step.STEPPED_DOWN and _INTENSITIES.index(plan.intensity) > _INTENSITIES.index(
            other.intensity
        ):
            yield Contradiction(
                ("steps", heavier, "intensity"),
                f"{other.intensity} is less help than step {lighter} gives, which is {plan.intensity}",
            )


def _intensity(step: Step, plan: StepPlan) -> Iterator[Contradiction]:
    place = ("steps", step, "intensity")
    if step in LOW_INTENSITY and plan.intensity is not Intensity.LOW:
        yield Contradiction(place, f'step {step} is of low intensity in every pathway; write "low"')
    if step not in LOW_INTENSITY and plan.intensity is Intensity.LOW:
        yield Contradiction(place, "only steps one and two are of low intensity; use one of them, or write another")
    if (step is Step.STEPPED_DOWN) != (plan.intensity is Intensity.AFTERCARE):
        yield Contradiction(place, "aftercare is the intensity of stepped_down, and of no other step")


def _lengths(step: Step, plan: StepPlan) -> Iterator[Contradiction]:
    if plan.weeks is None:
        return
    shortest, longest = plan.weeks
    if not 1 <= shortest <= longest:
        yield Contradiction(
            ("steps", step, "weeks"), f"write the shorter first, both 1 or more; it is [{shortest}, {longest}]"
        )
        return
    for name in ("first_review_days", "review_every_days"):
        days = getattr(plan, name)
        if days > longest * 7:
            yield Contradiction(
                ("steps", step, name),
                f"the step lasts {longest} weeks, so its review comes after its end; at most {longest * 7}",
            )


def _escalation(step: Step, plans: Steps, known: Sequence[Step]) -> Iterator[Contradiction]:
    target, place = plans[step].escalates_to, ("steps", step, "escalates_to")
    if target is None:
        return
    if target not in known:
        yield Contradiction(place, f"there is no step {target} here; it is one of {_listed(known)}")
    elif way := _way_back(step, plans):
        yield Contradiction(place, f"this goes in a circle: {' to '.join(way)}; name a step with more help")
    elif rank(target) <= rank(step):
        yield Contradiction(place, f"step {target} is less help than step {step}; name a step with more")


def _way_back(step: Step, plans: Steps) -> tuple[Step, ...]:
    """Return the way from a step by escalation back to itself, or nothing."""
    way = [step]
    while (here := plans.get(way[-1])) is not None and here.escalates_to is not None:
        if here.escalates_to in way:
            return (*way, step) if here.escalates_to is step else ()
        way.append(here.escalates_to)
    return ()


def intake(entries: Entries, known: Sequence[Step], *, is_whole: bool) -> Iterator[Contradiction]:
    """Check each intake rule by itself and against the others; `is_whole` when every rule of the file could be read."""
    for number, entry in entries.items():
        yield from _target(number, entry, known)
        yield from _numbers(number, entry)
    yield from _at_risk(entries, known, is_whole)
    above = {number: entry for number, entry in entries.items() if entry.rule is IntakeRule.SCORES_AT_OR_ABOVE}
    below = {number: entry for number, entry in entries.items() if entry.rule is IntakeRule.SCORES_BELOW}
    yield from _wrong_way(above)
    for number, entry in below.items():
        yield from _overlaps(number, entry, above)


def _target(number: int, entry: IntakeEntry, known: Sequence[Step]) -> Iterator[Contradiction]:
    place = ("intake", number, "step")
    if known and entry.step not in known:
        yield Contradiction(place, f"there is no step {entry.step} here; it is one of {_listed(known)}")
    elif entry.step is Step.STEPPED_DOWN:
        yield Contradiction(place, "care does not begin at stepped_down; name another step")


def _numbers(number: int, entry: IntakeEntry) -> Iterator[Contradiction]:
    takes = _NUMBERS.get(entry.rule, ())
    for fact in entry.limits:
        if fact not in takes:
            yield Contradiction(("intake", number, _key(fact)), f"{entry.rule} does not look at this; take it out")
    if takes and not any(fact in entry.limits for fact in takes):
        wanted = " or ".join(_key(fact) for fact in takes)
        yield Contradiction(("intake", number, "rule"), f"{entry.rule} needs its number; add {wanted}")


def _at_risk(entries: Entries, known: Sequence[Step], is_whole: bool) -> Iterator[Contradiction]:
    """Whoever is at risk enters at the step with the most help: no file may leave that out."""
    if not known:
        return
    highest = max(known, key=rank)
    found = [(number, entry) for number, entry in entries.items() if entry.rule is IntakeRule.AT_RISK]
    if not found and is_whole:
        yield Contradiction(("intake",), f'there is no rule at_risk; add it with step = "{highest}"')
    for number, entry in found:
        if entry.step is not highest and entry.step in known:
            yield Contradiction(
                ("intake", number, "step"), f"at_risk points to the step with the most help, which is {highest} here"
            )


def _wrong_way(above: Entries) -> Iterator[Contradiction]:
    """A higher step needs a higher number: the other one could never decide."""
    for (number, entry), (_, other) in chain(
        combinations(above.items(), 2), combinations(reversed(list(above.items())), 2)
    ):
        if rank(entry.step) > rank(other.step):
            for fact in SCORES:
                mine, theirs = entry.limits.get(fact), other.limits.get(fact)
                if mine is not None and theirs is not None and mine <= theirs:
                    yield Contradiction(
                        ("intake", number, _key(fact)),
                        f"step {entry.step} begins at {mine}, and step {other.step}, which is less help, at {theirs}; "
                        f"write more than {theirs}",
                    )


def _overlaps(number: int, entry: IntakeEntry, above: Entries) -> Iterator[Contradiction]:
    for other in above.values():
        if rank(entry.step) > rank(other.step):
            yield Contradiction(
                ("intake", number, "step"),
                f"lower scores point to step {entry.step}, and higher ones to {other.step}, which is less help",
            )
        for fact in SCORES:
            mine, theirs = entry.limits.get(fact), other.limits.get(fact)
            if mine is not None and theirs is not None and mine > theirs:
                yield Contradiction(
                    ("intake", number, _key(fact)),
                    f"below {mine} overlaps with step {other.step}, which begins at {theirs}; at most {theirs}",
                )


def people(pathway: Pathway) -> Iterator[Contradiction]:
    """Check that each care role is named once."""
    for role in sorted({role for role in pathway.care_roles if pathway.care_roles.count(role) > 1}):
        yield Contradiction(("care_roles",), f"{role} stands here more than once; name it once")


def criteria(found: Criteria) -> Iterator[Contradiction]:
    """Check the numbers of a review against each other."""
    if found.down_wsas >= found.up_wsas:
        yield Contradiction(
            ("criteria", "down_wsas"), f"must be below up_wsas, which is {found.up_wsas}; it is {found.down_wsas}"
        )


def gaps(pathway: Pathway) -> Iterator[Contradiction]:
    """Find answers that leave somebody without a step although everything was asked.

    Every combination of the scores next to a number of the file, and each further answer by itself.
    """
    grids = [_edges(pathway, fact, most) for fact, most in ((Fact.PHQ9, 27), (Fact.GAD7, 21), (Fact.WSAS, 40))]
    for phq9, gad7, wsas in product(*grids):
        facts = _ALL_WELL.model_copy(update={"phq9": phq9, "gad7": gad7, "wsas": wsas})
        if propose(facts, pathway).step is None:
            yield _gap(f"PHQ-9 {phq9}, GAD-7 {gad7}, WSAS {wsas} and nothing else")
            return
    for words, change in _FURTHER.items():
        if propose(_ALL_WELL.model_copy(update=change), pathway).step is None:
            yield _gap(f"the lowest scores with {words}")


_KEEPS_SAFE = SafetyFacts(plan_or_attempt=False, able_to_keep_safe=SelfSafety.YES, item9=0)
_ALL_WELL = IntakeFacts(
    phq9=0,
    gad7=0,
    wsas=0,
    difficulty=0,
    pc_ptsd5=0,
    safety=_KEEPS_SAFE,
    severe_mental_illness=False,
    complex=False,
    earlier_low_intensity_failed=False,
    unmet_needs=frozenset(),
)
_FURTHER: Mapping[str, Mapping[str, object]] = {
    "item 9 of 1": {"safety": _KEEPS_SAFE.model_copy(update={"item9": 1})},
    "not sure of keeping safe": {"safety": _KEEPS_SAFE.model_copy(update={"able_to_keep_safe": SelfSafety.UNSURE})},
    "daily life very difficult": {"difficulty": 2},
    "a serious mental illness": {"severe_mental_illness": True},
    "marked complexity": {"complex": True},
    "a positive trauma screen": {"pc_ptsd5": 5},
    "earlier low-intensity help that brought nothing": {"earlier_low_intensity_failed": True},
    "every need unmet": {"unmet_needs": frozenset(Need)},
}


def _edges(pathway: Pathway, fact: Fact, most: int) -> list[int]:
    """Return the scores at which a rule could change its mind."""
    limits = [entry.limits[fact] for entry in pathway.intake if fact in entry.limits]
    near = {0, most, *(limit + step for limit in limits for step in (-1, 0, 1))}
    return sorted(score for score in near if 0 <= score <= most)


def _gap(who: str) -> Contradiction:
    return Contradiction(("intake",), f"{who}: no rule gives a step; add one, or change a number")


def _key(fact: Fact) -> str:
    """Return how the file calls a number."""
    return "needs" if fact is Fact.UNMET_NEEDS else fact.value


def _listed(known: Sequence[Step]) -> str:
    return ", ".join(step.value for step in sorted(known, key=rank))
