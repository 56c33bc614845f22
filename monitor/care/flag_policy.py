"""Every number of the flag rules and clocks, its default and where it comes from. Pure.

A number with no readable published source says "Local protocol": a service owns it and answers for it.
"""

from collections.abc import Iterator
from datetime import time
from itertools import pairwise
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from monitor.care.kinds import LOW_INTENSITY

TRIAGE_SCALE = "UK Mental Health Triage Scale: B within 4 hours, C within 24 hours"
CONSENSUS = "Nock 2021, Psychiatr Res Clin Pract 3:57-66: look every weekday, answer what is imminent within 12 hours"
MINIMAL_DIFFERENCES = (
    "PHQ-9 5 points (Loewe 2004, PubMed 15550799), GAD-7 4 points (Toussaint 2020, J Affect Disord 265:395-401)"
)


class Contradictions(ValueError):
    """Numbers that do not fit together: each field, and how to mend it."""

    def __init__(self, faults: tuple[tuple[str, str], ...]) -> None:
        super().__init__("; ".join(f"{name} {words}" for name, words in faults))
        self.faults = faults


class FlagPolicy(BaseModel):
    """The parameters of the flag rules. Hours and days are service time unless the name says ceiling.

    Reliable change and caseness are not here: they belong to the measures. Safety rules have no switch.
    Raises pydantic's ValidationError, which names the field.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    off: frozenset[Literal["N2", "N3", "N4", "N5", "N6"]] = Field(
        frozenset({"N2"}),
        description="Rules that a service may switch off. N2 is off unless a service owns it: its table could not be "
        "confirmed.",
    )
    low_intensity_steps: frozenset[str] = Field(
        LOW_INTENSITY, description="The steps of low intensity, the same in every pathway."
    )
    titration_weeks: tuple[int, int] = Field(
        (4, 6), description="Local protocol: the weeks after the first score in which N2 looks. Unconfirmed table."
    )
    titration_fall: int = Field(
        2, ge=1, le=6, description="Local protocol: a smaller fall on the PHQ-9 is inadequate. Unconfirmed table."
    )
    cut_points: tuple[tuple[int, int], ...] = Field(
        ((4, 17), (9, 13), (14, 9)),
        description="(week, PHQ-9 at or above) from a start of 10 or more: Schueller 2015, two trials, n = 487.",
    )
    window_days: int = Field(7, ge=0, le=14, description="Local protocol: a score this near to a week counts for it.")
    no_response_weeks: dict[Literal["antidepressant", "psychological"], int] = Field(
        {"antidepressant": 4, "psychological": 6},
        description="No response at all: NICE NG222, 1.9.1, 4 weeks of an antidepressant, 4 to 6 of therapy.",
    )
    review_contact: int = Field(
        4,
        ge=2,
        le=20,
        description=f"Local protocol: review at the fourth attended contact. Change looked for: {MINIMAL_DIFFERENCES}.",
    )
    plateau_check_ins: int = Field(3, ge=2, le=3, description="Local protocol: three answered check-ins.")
    plateau_spread: int = Field(
        2,
        ge=0,
        le=3,
        description="Local protocol: highest and lowest at most 2 points apart. Within 2 of a middle would let them be "
        f"4 apart, and a steady fall of 4 may be a change that matters: {MINIMAL_DIFFERENCES}.",
    )
    missed_review: int = Field(2, ge=1, le=4, description="Local protocol: a coordinator looks after two in a row.")
    missed_high: int = Field(3, ge=2, le=6, description="Local protocol: and sooner after three in a row.")
    undelivered: int = Field(2, ge=1, le=4, description="Local protocol: texts of two check-ins in a row not arrived.")

    safety_first_hours: int = Field(
        1, ge=1, le=4, description=f"Local protocol: item 9 = 3, or not able to keep safe. Beside it: {TRIAGE_SCALE}."
    )
    safety_first_ceiling: int = Field(
        4, ge=1, le=12, description=f"Local protocol: the same, on the clock on the wall. Beside it: {CONSENSUS}."
    )
    safety_second_hours: int = Field(
        4, ge=1, le=8, description=f"Local protocol: item 9 = 2, unsure, or a call asked. Beside it: {TRIAGE_SCALE}."
    )
    safety_second_ceiling: int = Field(
        24, ge=4, le=24, description=f"Local protocol: the same, on the clock on the wall. Beside it: {TRIAGE_SCALE}."
    )
    safety_unanswered_days: int = Field(
        1, ge=1, le=1, description=f"Local protocol: item 9 not answered after one above 0. Beside it: {CONSENSUS}."
    )
    deteriorating_days: int = Field(1, ge=1, le=5, description="Local protocol: one working day.")
    relapse_signal_days: int = Field(2, ge=1, le=5, description="Local protocol: two working days.")
    not_improving_days: int = Field(5, ge=1, le=10, description="Local protocol: five working days.")
    missed_review_days: int = Field(5, ge=1, le=10, description="Local protocol: five working days.")
    missed_high_days: int = Field(2, ge=1, le=5, description="Local protocol: two working days.")
    lost_contact_days: int = Field(
        2, ge=1, le=5, description="Local protocol: two working days for unreachable and opted out."
    )
    review_requested_days: int = Field(5, ge=1, le=10, description="Local protocol: five working days.")
    first_contact_days: int = Field(
        14, ge=1, le=28, description="Local protocol, days on the calendar: a step-up begins within two weeks."
    )
    repeats_before_decline: int = Field(
        2, ge=2, le=6, description="Local protocol: closed flags of a kind after which contact may be declined."
    )
    escalate_after_hours: int = Field(
        4, ge=1, le=16, description="Local protocol: service hours from the lead to the manager for a safety answer."
    )
    escalate_after_days: int = Field(
        2, ge=1, le=10, description="Local protocol: working days from the lead to the manager for everything else."
    )
    snooze_at_most_days: int = Field(28, ge=1, le=56, description="Local protocol: the longest snooze.")
    call_by: time = Field(
        time(11), description="Local protocol: local time on the next working day, or its close where not open then."
    )

    @model_validator(mode="after")
    def _numbers_fit_together(self) -> Self:
        faults = tuple(self._faults())
        if faults:
            raise Contradictions(faults)
        return self

    def _faults(self) -> Iterator[tuple[str, str]]:
        """Yield each field that contradicts another, and how to mend it."""
        if self.low_intensity_steps != LOW_INTENSITY:
            yield "low_intensity_steps", "is the same in every pathway, steps one and two; take it out"
        if self.missed_high <= self.missed_review:
            yield "missed_high", f"must be above missed_review, which is {self.missed_review}; it is {self.missed_high}"
        for grade in ("first", "second"):
            hours = getattr(self, f"safety_{grade}_hours")
            if getattr(self, f"safety_{grade}_ceiling") < hours:
                yield f"safety_{grade}_ceiling", f"must be at least safety_{grade}_hours, which is {hours}"
        if self.safety_second_hours < self.safety_first_hours:
            yield "safety_second_hours", f"must be at least safety_first_hours, which is {self.safety_first_hours}"
        if self.safety_second_ceiling < self.safety_first_ceiling:
            first = self.safety_first_ceiling
            yield "safety_second_ceiling", f"must be at least safety_first_ceiling, which is {first}"
        if not 1 <= self.titration_weeks[0] <= self.titration_weeks[1]:
            yield "titration_weeks", "needs the earlier week first, both 1 or more"
        weeks = self.no_response_weeks
        if set(weeks) != {"antidepressant", "psychological"} or not all(2 <= each <= 12 for each in weeks.values()):
            yield "no_response_weeks", "needs antidepressant and psychological, each 2 to 12 weeks"
        if any(later[0] <= sooner[0] or later[1] > sooner[1] for sooner, later in pairwise(self.cut_points)):
            yield "cut_points", "needs the weeks in their order, and no score above the one before it"
