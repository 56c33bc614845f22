"""What a plan needs before it can be agreed: facts in, faults out. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from monitor.care.kinds import Step
from monitor.relapse.content import SafetySteps, Sign, StayingWell
from monitor.relapse.kinds import Fault, Given

FEWEST_SIGNS = 2
"""Guardrail 3: at least two early-warning signs, with who does what (clinical fact sheet, part 4.4)."""


@dataclass(frozen=True)
class Written:
    """A relapse plan as a form has it, whole or not."""

    content: StayingWell
    signs: Sequence[Sign]
    language: str
    owner_id: UUID | None = None
    review_on: date | None = None
    back_to: Step | None = None
    wait_days: int | None = None
    """Working days."""
    given: Given | None = None


@dataclass(frozen=True)
class WrittenSafety:
    """A safety plan as a form has it."""

    content: SafetySteps
    language: str
    given: Given | None = None


def faults(plan: Written, *, carers: Collection[UUID], steps: Collection[Step], today: date) -> tuple[Fault, ...]:
    """Return everything that keeps a relapse plan from being agreed, in the order of its page.

    `carers` are who may own it, `steps` those to which somebody can come back.
    """
    content = plan.content
    lacks = {
        Fault.TOO_FEW_SIGNS: sum(bool(sign.words) for sign in plan.signs) < FEWEST_SIGNS,
        Fault.NOTHING_TO_DO: not content.first_sign,
        Fault.NO_NUMBER: not content.number,
        Fault.NO_HOURS: not content.hours,
        Fault.NO_WAIT: plan.wait_days is None,
        Fault.NO_STEP_BACK: plan.back_to not in steps,
        Fault.NO_OWNER: plan.owner_id is None,
        Fault.OWNER_LEFT: plan.owner_id is not None and plan.owner_id not in carers,
        Fault.NO_REVIEW_DATE: plan.review_on is None,
        Fault.REVIEW_DATE_NOT_AHEAD: plan.review_on is not None and plan.review_on <= today,
        Fault.NOT_GIVEN: plan.given is None,
    }
    return tuple(fault for fault, is_so in lacks.items() if is_so)


def safety_faults(plan: WrittenSafety) -> tuple[Fault, ...]:
    """Return everything that keeps a safety plan from being agreed."""
    content = plan.content
    lacks = {
        Fault.NO_WARNING_SIGNS: not any(content.warning_signs),
        Fault.NOBODY_TO_CALL: not (content.people or content.professionals),
        Fault.NOT_GIVEN: plan.given is None,
    }
    return tuple(fault for fault, is_so in lacks.items() if is_so)
