"""The names of the intake rules and of what they look at. Pure."""

from enum import StrEnum


class IntakeRule(StrEnum):
    """A named rule of `monitor.care.intake_rules`; a pathway file gives it its numbers and the step it points to."""

    AT_RISK = "at_risk"
    """A plan to end their life, a recent attempt, or not able to keep safe: direct entry."""
    SEVERE_MENTAL_ILLNESS = "severe_mental_illness"
    """Psychosis, bipolar disorder, or criteria of a serious mental illness: direct entry."""
    SAFETY_SIGNAL = "safety_signal"
    """Item 9 at or above its number, or not sure of being able to keep safe: never the lightest step."""
    COMPLEX = "complex"
    """Several conditions at once, or a history that low intensity cannot hold: direct entry."""
    SCORES_AT_OR_ABOVE = "scores_at_or_above"
    """One of the named measures at or above its number."""
    SCORES_BELOW = "scores_below"
    """All of the named measures below their numbers, and every question about safety and direct entry answered well."""
    TRAUMA_SCREEN = "trauma_screen"
    """PC-PTSD-5 at or above its number."""
    EARLIER_LOW_INTENSITY_FAILED = "earlier_low_intensity_failed"
    FUNCTION_IMPAIRED = "function_impaired"
    """Daily life very or extremely difficult, or WSAS above its number."""
    UNMET_SOCIAL_NEEDS = "unmet_social_needs"
    """At least `needs` unmet: food, housing, transport, safety."""


class SelfSafety(StrEnum):
    """The answer to "Do you feel able to keep yourself safe today?"."""

    YES = "yes"
    UNSURE = "unsure"
    NO = "no"


class Need(StrEnum):
    """A need of daily life that may be unmet."""

    FOOD = "food"
    HOUSING = "housing"
    TRANSPORT = "transport"
    SAFETY = "safety"
    """Safe from other people, at home or elsewhere."""


class Barrier(StrEnum):
    """What would make it hard to come or to answer."""

    LANGUAGE = "language"
    READING = "reading"
    PHONE = "phone"
    """No phone of their own, or none that is private."""
    TRAVEL = "travel"
    HOURS = "hours"
    """Work or caring for somebody leaves no free hours."""
    COST = "cost"
    HEALTH = "health"
    """Illness of the body, pain, hearing, sight."""
    TRUST = "trust"
    """Earlier care that went badly, or worry about who gets to know."""


class Fact(StrEnum):
    """One thing that an intake asks about: what a rule looked at, or what is still missing."""

    PHQ9 = "phq9"
    GAD7 = "gad7"
    WSAS = "wsas"
    DIFFICULTY = "difficulty"
    PC_PTSD5 = "pc_ptsd5"
    ITEM9 = "item9"
    PLAN_OR_ATTEMPT = "plan_or_attempt"
    ABLE_TO_KEEP_SAFE = "able_to_keep_safe"
    SEVERE_MENTAL_ILLNESS = "severe_mental_illness"
    COMPLEX = "complex"
    EARLIER_LOW_INTENSITY_FAILED = "earlier_low_intensity_failed"
    UNMET_NEEDS = "unmet_needs"


class Offer(StrEnum):
    """What a patient is offered whose readiness is low; it never delays or changes a step."""

    CHOICE = "choice"
    """Two or more ways to begin, of which they choose one."""
    COORDINATOR_CALL = "coordinator_call"
