"""What a pathway is: its steps by intensity, contact and length, its clocks, its rules and their sources. Pure.

A pathway is a file that a service owns. Rules are named and take parameters; there is no language to write new ones in.
"""

from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from monitor.care.flag_policy import FlagPolicy
from monitor.care.intake_kinds import IntakeRule
from monitor.care.kinds import LOW_INTENSITY, Intensity, Step

ORDER = tuple(Step)


class _Part(BaseModel):
    """A part of a pathway: never changes once read, and refuses a key that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class StepPlan(_Part):
    """One step: how much help it is, how often there is contact, how fast somebody answers, how long it lasts.

    Days and weeks are of the calendar, `answers_within_days` working days.
    """

    name: str
    intensity: Intensity
    contact_every_days: int = Field(ge=1, le=366)
    check_in_every_weeks: int = Field(ge=1, le=12)
    answers_within_days: int = Field(ge=0, le=20)
    """Working days until somebody answers a question or a wish of the patient; 0 is the same day."""
    escalates_to: Step | None = None
    """Where somebody goes who needs more."""
    weeks: tuple[int, int] | None = None
    """The shortest and the longest that it lasts; None without an end."""
    contacts_at_most: int | None = Field(None, ge=1, le=60)
    first_review_days: int = Field(ge=1, le=92)
    review_every_days: int = Field(ge=1, le=92)
    source: str


class IntakeEntry(_Part):
    """One intake rule: which step it points to, with its numbers."""

    rule: IntakeRule
    step: Step
    source: str
    phq9: int | None = Field(None, ge=0, le=27)
    gad7: int | None = Field(None, ge=0, le=21)
    wsas: int | None = Field(None, ge=0, le=40)
    needs: int | None = Field(None, ge=1, le=8)


class Clocks(_Part):
    """Time limits of decisions, in days of the calendar. Local protocol unless `source` says more."""

    assign_step_days: int = Field(14, ge=1, le=42)
    step_up_days: int = Field(14, ge=1, le=28)
    review_warning_days: int = Field(3, ge=0, le=14)
    mid_burst_review_days: int = Field(14, ge=1, le=28)
    after_step_down_days: int = Field(28, ge=7, le=92)
    source: str


class Criteria(_Part):
    """The numbers of the step-up and step-down criteria of a review."""

    up_phq9: int = Field(ge=1, le=27)
    up_gad7: int = Field(ge=1, le=21)
    up_item9: int = Field(ge=1, le=3)
    up_wsas: int = Field(ge=1, le=40)
    up_wsas_rise: int = Field(ge=1, le=40)
    up_missed: int = Field(ge=1, le=6)
    up_no_contact_days: int = Field(ge=1, le=92)
    down_check_ins: int = Field(ge=2, le=4)
    down_apart_days: int = Field(ge=7, le=56)
    down_wsas: int = Field(ge=0, le=40)
    source: str


class Pathway(_Part):
    """A pathway as its file says. Raises pydantic's ValidationError, which names the part."""

    code: str = Field(pattern=r"[a-z][a-z_]{2,39}")
    name: str
    about: str
    caseload_review: bool = False
    """Whether every patient is looked at once a week: engagement, medication, housing, early-warning signs."""
    care_roles: tuple[str, ...] = ()
    steps: Mapping[Step, StepPlan]
    intake: tuple[IntakeEntry, ...]
    clocks: Clocks
    criteria: Criteria
    flags: FlagPolicy

    def plan(self, step: Step) -> StepPlan:
        """Return what a step is in this pathway. Raises KeyError for a step that it does not have."""
        return self.steps[step]

    @model_validator(mode="after")
    def _steps_make_a_stair(self) -> Self:
        for step, plan in self.steps.items():
            if (plan.intensity is Intensity.LOW) != (step in LOW_INTENSITY):
                raise ValueError(f"steps.{step}: steps one and two are of low intensity, and no other step is")
            if plan.escalates_to is not None and plan.escalates_to not in self.steps:
                raise ValueError(f"steps.{step}.escalates_to: this pathway has no step {plan.escalates_to}")
        for number, entry in enumerate(self.intake, start=1):
            if entry.step not in self.steps:
                raise ValueError(f"intake rule {number}, {entry.rule}: this pathway has no step {entry.step}")
        return self
