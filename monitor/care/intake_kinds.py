"""The names of the intake rules and of what they look at. Pure."""

from enum import StrEnum


class IntakeRule(StrEnum):
    """A named rule of `monitor.care.intake_rules`; a pathway file gives it its numbers and the step it points to."""

    AT_RISK = "at_risk"
    """A plan to end their life, a recent attempt, or not able to keep safe: direct entry."""
    SEVERE_MENTAL_ILLNESS = "severe_mental_illness"
    """Psychosis, bipolar disorder, or criteria of a serious mental illness: direct entry."""
    COMPLEX = "complex"
    """Several conditions at once, or a history that low intensity cannot hold: direct entry."""
    SCORES_AT_OR_ABOVE = "scores_at_or_above"
    """One of the named measures at or above its number."""
    SCORES_BELOW = "scores_below"
    """All of the named measures below their numbers, and nothing unsafe."""
    TRAUMA_SCREEN = "trauma_screen"
    """PC-PTSD-5 at or above its cut-off."""
    EARLIER_LOW_INTENSITY_FAILED = "earlier_low_intensity_failed"
    FUNCTION_IMPAIRED = "function_impaired"
    """Daily life very or extremely difficult, or WSAS above its number."""
    UNMET_SOCIAL_NEEDS = "unmet_social_needs"
    """At least `needs` unmet: food, housing, transport, safety."""
