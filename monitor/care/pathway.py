"""What a pathway is: its steps by intensity, contact and length, its clocks, its rules and their sources. Pure.

A pathway is a file that a service owns. Rules are named and take parameters; there is no language to write new ones in.
`pathway_loading` reads one and looks for what contradicts itself; a `Pathway` alone has only the shape of one.
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from monitor.care.flag_policy import FlagPolicy
from monitor.care.intake_kinds import Fact, IntakeRule
from monitor.care.kinds import CareRole, Intensity, Step

ORDER = (Step.STEPPED_DOWN, *(step for step in Step if step is not Step.STEPPED_DOWN))
"""The steps by how much help they are: stepped down stands below all others."""

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


def rank(step: Step) -> int:
    """Return how much help a step is beside the others: a higher number is more."""
    return ORDER.index(step)


class _Part(BaseModel):
    """A part of a pathway: never changes once read, and refuses a key that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class StepPlan(_Part):
    """One step: how much help it is, how often there is contact, how fast somebody answers, how long it lasts.

    Days and weeks are of the calendar, `answers_within_days` working days.
    """

    name: Words
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
    source: Words


class IntakeEntry(_Part):
    """One intake rule: which step it points to, with its numbers."""

    rule: IntakeRule
    step: Step
    source: Words
    phq9: int | None = Field(None, ge=1, le=27)
    gad7: int | None = Field(None, ge=1, le=21)
    wsas: int | None = Field(None, ge=1, le=39)
    pc_ptsd5: int | None = Field(None, ge=1, le=5)
    item9: int | None = Field(None, ge=1, le=3)
    needs: int | None = Field(None, ge=1, le=4)

    @property
    def limits(self) -> Mapping[Fact, int]:
        """The numbers that the file names, by what they are compared with."""
        named = {
            Fact.PHQ9: self.phq9,
            Fact.GAD7: self.gad7,
            Fact.WSAS: self.wsas,
            Fact.PC_PTSD5: self.pc_ptsd5,
            Fact.ITEM9: self.item9,
            Fact.UNMET_NEEDS: self.needs,
        }
        return {fact: limit for fact, limit in named.items() if limit is not None}

    def number(self, fact: Fact) -> int:
        """Return one of its numbers. Raises KeyError for one that the file does not name."""
        return self.limits[fact]


class Clocks(_Part):
    """Time limits of decisions, in days of the calendar. Local protocol unless `source` says more."""

    assign_step_days: int = Field(14, ge=1, le=42)
    step_up_days: int = Field(14, ge=1, le=28)
    review_warning_days: int = Field(3, ge=0, le=14)
    mid_burst_review_days: int = Field(14, ge=1, le=28)
    after_step_down_days: int = Field(28, ge=7, le=92)
    guardrails_hold_days: int = Field(28, ge=7, le=92)
    """How long what somebody confirmed before a step-down counts."""
    residual_every_weeks: int = Field(2, ge=1, le=4)
    """How often somebody is asked at first who stepped down with residual symptoms (PHQ-9 of 5 to 9)."""
    residual_weeks: int = Field(13, ge=4, le=52)
    middle_answer_days: int = Field(2, ge=1, le=5)
    """Working days until a request for the middle step is answered."""
    middle_wait_days: int = Field(7, ge=1, le=28)
    """From the request to the beginning of a burst, as the team means to keep it."""
    source: Words


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
    source: Words


class Pathway(_Part):
    """A pathway as its file says."""

    code: str = Field(pattern=r"^[a-z][a-z_]{2,39}$")
    name: Words
    about: Words
    caseload_review: bool = False
    """Whether every patient is looked at once a week: engagement, medication, housing, early-warning signs."""
    care_roles: tuple[CareRole, ...] = ()
    """Who must be named for every patient, besides the accountable person."""
    steps: Mapping[Step, StepPlan]
    intake: tuple[IntakeEntry, ...]
    clocks: Clocks
    criteria: Criteria
    flags: FlagPolicy

    def plan(self, step: Step) -> StepPlan:
        """Return what a step is in this pathway. Raises KeyError for a step that it does not have."""
        return self.steps[step]
