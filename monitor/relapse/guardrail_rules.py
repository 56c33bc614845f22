"""Which of the eleven guardrails stand before help becomes less: facts in, states out. Pure.

The list is the clinical fact sheet's, part 4.4. How long a word counts and who signs an exception is local protocol.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from monitor.relapse.kinds import Guardrail, GuardrailAct
from monitor.relapse.plan_rules import FEWEST_SIGNS


class State(StrEnum):
    """Where one guardrail stands."""

    MET = "met"
    MISSING = "missing"
    EXCEPTED = "excepted"
    """Let go with a reason, and a supervisor has signed."""
    AWAITS_SIGNATURE = "awaits_signature"
    """Let go with a reason that nobody has signed yet: it does not count."""


STANDS = frozenset({State.MET, State.EXCEPTED})

BY_A_PERSON = frozenset(
    {Guardrail.STABILITY, Guardrail.MEDICINES, Guardrail.PRIMARY_CARE, Guardrail.LINKS, Guardrail.LANGUAGE}
)
"""What no table can know: somebody looks, and says so in words. Everything else is read from what was written down."""
CONFIRMABLE = BY_A_PERSON | {Guardrail.SAFETY_PLAN}
"""That a safety plan was looked at again is a person's word as well, once there is one."""
WITH_A_DATE = frozenset({Guardrail.PRIMARY_CARE})
"""Owes the day on which it was done."""


class Why(StrEnum):
    """Why a guardrail does not stand, or why it needs nobody."""

    NOT_CONFIRMED = "not_confirmed"
    HELD_TOO_LONG = "held_too_long"
    """Somebody confirmed it, longer ago than that counts."""
    WITHDRAWN = "withdrawn"
    NO_PLAN = "no_plan"
    ONLY_A_DRAFT = "only_a_draft"
    TOO_FEW_SIGNS = "too_few_signs"
    NOTHING_TO_DO = "nothing_to_do"
    NO_NUMBER = "no_number"
    NO_HOURS = "no_hours"
    NO_WAIT = "no_wait"
    NO_OWNER = "no_owner"
    OWNER_LEFT = "owner_left"
    NO_SCHEDULE = "no_schedule"
    NO_TEXTS = "no_texts"
    """They take no texts, and nobody has agreed to ring instead."""
    NUMBER_FAILED = "number_failed"
    """Texts to their number do not arrive."""
    NO_CHECK_INS = "no_check_ins"
    """They have withdrawn from being asked at all."""
    CARE_ENDS = "care_ends"
    """Nobody is asked any more once care has ended."""
    NO_SAFETY_PLAN = "no_safety_plan"
    NOT_LOOKED_AT_AGAIN = "not_looked_at_again"
    NOT_NEEDED = "not_needed"


@dataclass(frozen=True)
class Act:
    """What a person did about a guardrail, without its words. `of` is the exception that is signed."""

    id: UUID
    act: GuardrailAct
    at: datetime
    of: UUID | None = None


@dataclass(frozen=True)
class PlanFacts:
    """What the agreed relapse plan says that guardrails ask for."""

    at: datetime
    signs: int
    says_what_to_do: bool
    has_number: bool
    has_hours: bool
    has_wait: bool
    has_owner: bool
    owner_is_in_team: bool


@dataclass(frozen=True)
class Facts:
    """Everything that the guardrails of one episode may know. Moments are aware UTC."""

    now: datetime
    step_began_at: datetime
    hold: timedelta
    """How long a person's word counts."""
    care_ends: bool = False
    """Care is to end, and not only to become less."""
    plan: PlanFacts | None = None
    """The newest agreed version."""
    has_draft: bool = False
    is_asked: bool = True
    """A monitoring plan is open."""
    agrees_to_check_ins: bool = True
    by_phone: bool = False
    takes_texts: bool = True
    number_works: bool = True
    item9_above_zero_at: datetime | None = None
    """When item 9 was last answered above 0 in this episode."""
    safety_plan_at: datetime | None = None
    """When the safety plan that counts was agreed."""


@dataclass(frozen=True)
class Stands:
    """One guardrail: its state, why, and the acts that it rests on."""

    guardrail: Guardrail
    state: State
    why: Why | None = None
    rests_on: UUID | None = None
    """The confirmation or the exception."""
    signed_by: UUID | None = None
    """The countersignature of that exception."""
    since: datetime | None = None
    """When what was read from the tables came to be."""


def standing(guardrail: Guardrail, facts: Facts, acts: Sequence[Act]) -> Stands:
    """Return where one guardrail stands. `acts` are those about it, oldest first; those of an earlier step are passed.

    A guardrail that is met needs no exception, and an exception that nobody has signed is none.
    """
    counting = [each for each in acts if each.at >= facts.step_began_at]
    newest = counting[-1] if counting else None
    found = _by_word(guardrail, facts, newest) if guardrail in BY_A_PERSON else _computed(guardrail, facts, newest)
    if found.state is State.MET:
        return found
    return _excepted(guardrail, facts, counting) or found


def _by_word(guardrail: Guardrail, facts: Facts, newest: Act | None) -> Stands:
    if newest is None:
        return Stands(guardrail, State.MISSING, Why.NOT_CONFIRMED)
    if newest.act is GuardrailAct.WITHDRAWN:
        return Stands(guardrail, State.MISSING, Why.WITHDRAWN)
    if not _still_counts(newest.at, facts):
        return Stands(guardrail, State.MISSING, Why.HELD_TOO_LONG)
    if newest.act is GuardrailAct.CONFIRMED:
        return Stands(guardrail, State.MET, rests_on=newest.id)
    return Stands(guardrail, State.MISSING, Why.NOT_CONFIRMED)


def _computed(guardrail: Guardrail, facts: Facts, newest: Act | None) -> Stands:
    if guardrail is Guardrail.SAFETY_PLAN:
        return _safety_plan(facts, newest)
    if guardrail is Guardrail.FOLLOW_UP:
        why = _why_not_asked(facts)
        return Stands(guardrail, State.MISSING if why else State.MET, why)
    if facts.plan is None:
        return Stands(guardrail, State.MISSING, Why.ONLY_A_DRAFT if facts.has_draft else Why.NO_PLAN)
    why = _lacks_of(facts.plan, guardrail)
    return Stands(guardrail, State.MISSING if why else State.MET, why, since=facts.plan.at)


def _lacks_of(plan: PlanFacts, guardrail: Guardrail) -> Why | None:
    """Return the first thing that an agreed plan lacks for one guardrail. That it was handed over is part of agreed."""
    lacks: dict[Guardrail, tuple[tuple[Why, bool], ...]] = {
        Guardrail.PLAN: (),
        Guardrail.SIGNS: (
            (Why.TOO_FEW_SIGNS, plan.signs < FEWEST_SIGNS),
            (Why.NOTHING_TO_DO, not plan.says_what_to_do),
            (Why.NO_OWNER, not plan.has_owner),
        ),
        Guardrail.WAY_BACK: (
            (Why.NO_NUMBER, not plan.has_number),
            (Why.NO_HOURS, not plan.has_hours),
            (Why.NO_WAIT, not plan.has_wait),
        ),
        Guardrail.OWNER: (
            (Why.NO_OWNER, not plan.has_owner),
            (Why.OWNER_LEFT, plan.has_owner and not plan.owner_is_in_team),
        ),
    }
    return next((why for why, is_so in lacks[guardrail] if is_so), None)


def _why_not_asked(facts: Facts) -> Why | None:
    if facts.care_ends:
        return Why.CARE_ENDS
    if not facts.is_asked:
        return Why.NO_SCHEDULE
    if not facts.agrees_to_check_ins:
        return Why.NO_CHECK_INS
    if facts.by_phone:
        return None
    if not facts.takes_texts:
        return Why.NO_TEXTS
    return None if facts.number_works else Why.NUMBER_FAILED


def _safety_plan(facts: Facts, newest: Act | None) -> Stands:
    """Item 9 above 0 ever: the plan was agreed or looked at again since then, and lately. Never above 0: not needed."""
    guardrail, said_at, plan_at = Guardrail.SAFETY_PLAN, facts.item9_above_zero_at, facts.safety_plan_at
    if said_at is None:
        return Stands(guardrail, State.MET, Why.NOT_NEEDED)
    if plan_at is None:
        return Stands(guardrail, State.MISSING, Why.NO_SAFETY_PLAN)
    if plan_at > said_at and _still_counts(plan_at, facts):
        return Stands(guardrail, State.MET, since=plan_at)
    looked_again = newest is not None and newest.act is GuardrailAct.CONFIRMED and newest.at > said_at
    if newest is not None and looked_again and _still_counts(newest.at, facts):
        return Stands(guardrail, State.MET, rests_on=newest.id)
    return Stands(guardrail, State.MISSING, Why.NOT_LOOKED_AT_AGAIN)


def _excepted(guardrail: Guardrail, facts: Facts, acts: Sequence[Act]) -> Stands | None:
    """Return the exception that is the last word about a guardrail, signed or not; None where there is none."""
    if not acts or acts[-1].act not in (GuardrailAct.EXCEPTED, GuardrailAct.COUNTERSIGNED):
        return None
    newest = acts[-1]
    wanted = newest.of or newest.id
    exception = next((each for each in acts if each.id == wanted), None)
    if exception is None or not _still_counts(exception.at, facts):
        return None
    if exception is newest:
        return Stands(guardrail, State.AWAITS_SIGNATURE, rests_on=exception.id)
    return Stands(guardrail, State.EXCEPTED, rests_on=exception.id, signed_by=newest.id)


def _still_counts(at: datetime, facts: Facts) -> bool:
    return at <= facts.now <= at + facts.hold
