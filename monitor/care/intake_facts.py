"""What an intake found out about one patient: every part may be unknown, and unknown is never taken for good. Pure.

Kept as JSON beside the step that was assigned: `facts.model_dump_json()`, `IntakeFacts.model_validate_json(text)`.
"""

from pydantic import BaseModel, ConfigDict, Field

from monitor.care.intake_kinds import Barrier, Need, SelfSafety

LOW_READINESS = 4
"""Importance or confidence below this is answered with an offer, never with a step: clinical fact sheet, part 4.1."""


class _Part(BaseModel):
    """A part of what was found: never changes once made, and refuses a key that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SafetyFacts(_Part):
    """What is known of the patient's safety."""

    plan_or_attempt: bool | None = None
    """A plan to end their life, or a recent attempt to."""
    able_to_keep_safe: SelfSafety | None = None
    item9: int | None = Field(None, ge=0, le=3)
    """PHQ-9 item 9, read from the answer and never through the score."""
    contact_words: str = Field("", max_length=2000)
    """Who speaks with them the same day, when, and what was agreed: owed where there is a plan or they are not safe."""


class IntakeFacts(_Part):
    """Totals of instruments, and what was asked. None: not known, or not asked.

    Raises pydantic's ValidationError, which names the field.
    """

    phq9: int | None = Field(None, ge=0, le=27)
    gad7: int | None = Field(None, ge=0, le=21)
    wsas: int | None = Field(None, ge=0, le=40)
    difficulty: int | None = Field(None, ge=0, le=3)
    """The question after the PHQ-9: 0 not difficult at all, 1 somewhat, 2 very, 3 extremely difficult."""
    pc_ptsd5: int | None = Field(None, ge=0, le=5)
    safety: SafetyFacts = SafetyFacts()
    severe_mental_illness: bool | None = None
    """Psychosis, bipolar disorder, or the service's criteria of a serious mental illness."""
    complex: bool | None = None
    """Several conditions at once, or a history that low intensity cannot hold."""
    earlier_low_intensity_failed: bool | None = None
    """Earlier low-intensity help without a reliable improvement."""
    unmet_needs: frozenset[Need] | None = None
    """Empty: asked, and none is unmet."""
    function_words: str = Field("", max_length=2000)
    history_words: str = Field("", max_length=2000)
    importance: int | None = Field(None, ge=0, le=10)
    """How important a change is to the patient now, on a ruler from 0 to 10."""
    confidence: int | None = Field(None, ge=0, le=10)
    """How sure the patient is of being able to make it, on a ruler from 0 to 10."""
    barriers: frozenset[Barrier] = frozenset()
    """What would make it hard to come or to answer. It changes how help is offered, never which step."""
    barrier_words: str = Field("", max_length=2000)

    @property
    def is_readiness_low(self) -> bool:
        """Whether a ruler stands below 4: a reason to offer a choice and a call, and nothing else."""
        return any(ruler is not None and ruler < LOW_READINESS for ruler in (self.importance, self.confidence))
