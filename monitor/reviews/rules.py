"""The criteria of a review: facts and a pathway in, judgements and a proposal out. Pure.

A criterion that cannot be judged is unknown and says why. A high score stands until a newer one takes its place, and a
lower one that is no longer news is unknown: silence never counts as better. A proposal moves nobody.
Sources stand at each criterion, and in the pathway's own `criteria.source` for its numbers.
"""

from collections.abc import Callable, Iterable

from monitor.care.kinds import Step
from monitor.care.pathway import ORDER, Pathway, rank
from monitor.reviews.facts import Judged, Proposal, ReviewFacts
from monitor.reviews.judging import Said
from monitor.reviews.kinds import Decision
from monitor.reviews.step_down_rules import (
    below_caseness,
    course_complete,
    function_restored,
    improved_or_remitted,
    item9_zero_twice,
)
from monitor.reviews.step_up_rules import (
    above_cut_point,
    function_impaired,
    new_unmet_need,
    out_of_touch,
    reliable_deterioration,
    safety_answer,
    severe_at_low_intensity,
    twice_too_small_a_fall,
)


def criteria(facts: ReviewFacts, pathway: Pathway) -> tuple[Judged, ...]:
    """Return every criterion that applies, judged: those for more help first."""
    return tuple(judged for rule in RULES for judged in rule(facts, pathway))


def proposal(judged: Iterable[Judged], step: Step, pathway: Pathway) -> Proposal:
    """Return what the criteria propose: any one for more help, all for less, else to go on.

    On the heaviest step there is nothing heavier to propose, so it is to go on, whatever is met.
    """
    judged = tuple(judged)
    heavier, lighter = pathway.plan(step).escalates_to, lighter_step(step, pathway)
    if any(each.is_met and each.points_to is Decision.STEP_UP for each in judged):
        return Proposal(Decision.STEP_UP, heavier) if heavier else Proposal(Decision.CONTINUE)
    if not _all_met(judged, Decision.STEP_DOWN):
        return Proposal(Decision.CONTINUE)
    if lighter is not None:
        return Proposal(Decision.STEP_DOWN, lighter)
    return Proposal(Decision.DISCHARGE if _all_met(judged, Decision.DISCHARGE) else Decision.CONTINUE)


def lighter_step(step: Step, pathway: Pathway) -> Step | None:
    """Return where somebody who is well steps down to: aftercare, or the next lighter step of a pathway without it."""
    lighter = steps_towards(Decision.STEP_DOWN, step, pathway)
    if Step.STEPPED_DOWN in lighter:
        return Step.STEPPED_DOWN
    return lighter[-1] if lighter else None


def steps_towards(decision: Decision, step: Step, pathway: Pathway) -> tuple[Step, ...]:
    """Return the steps of a pathway that lie up or down from one, lightest first; none for any other decision."""
    at = rank(step)
    beyond = {Decision.STEP_UP: ORDER[at + 1 :], Decision.STEP_DOWN: ORDER[:at]}
    return tuple(each for each in beyond.get(decision, ()) if each in pathway.steps)


RULES: tuple[Callable[[ReviewFacts, Pathway], Said], ...] = (
    safety_answer,
    reliable_deterioration,
    severe_at_low_intensity,
    above_cut_point,
    twice_too_small_a_fall,
    function_impaired,
    out_of_touch,
    new_unmet_need,
    below_caseness,
    improved_or_remitted,
    item9_zero_twice,
    function_restored,
    course_complete,
)
"""In the order of the page."""


def _all_met(judged: Iterable[Judged], decision: Decision) -> bool:
    asked = [each for each in judged if each.points_to is decision]
    return bool(asked) and all(each.is_met for each in asked)
