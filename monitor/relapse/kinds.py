"""The vocabularies of relapse plans. Pure."""

from enum import StrEnum


class PlanKind(StrEnum):
    """Which of the two plans that a patient makes with the team."""

    STAYING_WELL = "staying_well"
    """The relapse plan."""
    SAFETY = "safety"
    """Six steps, made before a crisis: Stanley and Brown 2012. Our own page around their public steps."""


class PlanState(StrEnum):
    """Where a version of a plan stands. What is due for review or triggered is read from dates and flags."""

    DRAFT = "draft"
    AGREED = "agreed"


class Standing(StrEnum):
    """Where a patient's relapse plan stands, as the board shows it; derived, never stored."""

    TRIGGERED = "triggered"
    """A sign was noticed, or somebody asked to come back, and it is not answered yet."""
    DUE = "due"
    """Its review date has come."""
    DRAFT = "draft"
    AGREED = "agreed"
    NONE = "none"


class SignKind(StrEnum):
    """Where somebody notices an early-warning sign."""

    THOUGHTS = "thoughts"
    BODY = "body"
    BEHAVIOUR = "behaviour"
    OTHERS_NOTICE = "others_notice"


class Given(StrEnum):
    """How an agreed plan came into the patient's hands."""

    PHONE = "phone"
    PRINT = "print"
    READ_ALOUD = "read_aloud"


class Guardrail(StrEnum):
    """What has to stand before help becomes less: the clinical fact sheet, part 4.4, in its order and numbers."""

    STABILITY = "stability"
    PLAN = "plan"
    SIGNS = "signs"
    WAY_BACK = "way_back"
    MEDICINES = "medicines"
    PRIMARY_CARE = "primary_care"
    LINKS = "links"
    OWNER = "owner"
    FOLLOW_UP = "follow_up"
    SAFETY_PLAN = "safety_plan"
    LANGUAGE = "language"

    @property
    def number(self) -> int:
        """From 1, as on the page."""
        return list(Guardrail).index(self) + 1


class GuardrailAct(StrEnum):
    """What a person did about a guardrail."""

    CONFIRMED = "confirmed"
    EXCEPTED = "excepted"
    """Let go with a reason; it counts once a supervisor has signed."""
    COUNTERSIGNED = "countersigned"
    WITHDRAWN = "withdrawn"
    """What was confirmed or excepted before no longer counts."""


class How(StrEnum):
    """How somebody asked to come back."""

    PAGE = "page"
    TEXT = "text"
    CALL = "call"


class Fault(StrEnum):
    """What a plan lacks before it can be agreed."""

    TOO_FEW_SIGNS = "too_few_signs"
    NOTHING_TO_DO = "nothing_to_do"
    """No word on what to do at the first sign."""
    NO_NUMBER = "no_number"
    NO_HOURS = "no_hours"
    NO_WAIT = "no_wait"
    NO_STEP_BACK = "no_step_back"
    NO_OWNER = "no_owner"
    OWNER_LEFT = "owner_left"
    """Its owner does not work in the patient's team."""
    NO_REVIEW_DATE = "no_review_date"
    REVIEW_DATE_NOT_AHEAD = "review_date_not_ahead"
    NOT_GIVEN = "not_given"
    NO_WARNING_SIGNS = "no_warning_signs"
    NOBODY_TO_CALL = "nobody_to_call"
