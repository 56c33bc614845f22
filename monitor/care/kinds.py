"""The vocabularies of care. Pure: everything else in this capability imports from here."""

from enum import StrEnum


class Step(StrEnum):
    """Where in stepped care somebody is, lightest first."""

    ONE = "one"
    TWO = "two"
    MIDDLE = "middle"
    THREE = "three"
    FOUR = "four"
    STEPPED_DOWN = "stepped_down"


LOW_INTENSITY = frozenset({Step.ONE, Step.TWO})
"""Steps whose fourth contact calls for a review (clinical fact sheet, part 2.1, N5); a pathway cannot change that."""


class Intensity(StrEnum):
    """How much help a step is: steps are compared by this, never by the name of a programme."""

    LOW = "low"
    MIDDLE = "middle"
    HIGH = "high"
    SPECIALIST = "specialist"
    AFTERCARE = "aftercare"


class DeviationReason(StrEnum):
    """Why a person decided otherwise than the rule proposed."""

    PREFERENCE = "preference"
    """The patient wants something else."""
    CLINICAL_JUDGEMENT = "clinical_judgement"
    """What is known of the person says more than the scores do."""
    PASSING_EVENT = "passing_event"
    """A recent event explains the scores."""
    SAFETY = "safety"
    OTHER_CARE = "other_care"
    """Already in care elsewhere that meets the need."""
    ACCESS = "access"
    """Language, travel, hours or another barrier."""
    NO_CAPACITY = "no_capacity"
    """The step that was proposed has no room."""
    MISSING_DATA = "missing_data"
    """Too little is known for the rule to be right."""


class ReviewKind(StrEnum):
    """Which review comes next."""

    FIRST = "first"
    AT_CONTACT = "at_contact"
    """At the fourth attended contact of low intensity."""
    ROUTINE = "routine"
    MID_BURST = "mid_burst"
    END_OF_BURST = "end_of_burst"
    AFTER_STEP_UP = "after_step_up"
    AFTER_STEP_DOWN = "after_step_down"
    REQUESTED = "requested"
    """The patient asked for it."""


class Preference(StrEnum):
    """What the patient wants, as they said it."""

    AS_PROPOSED = "as_proposed"
    MORE = "more"
    LESS = "less"
    ANOTHER_KIND = "another_kind"
    UNDECIDED = "undecided"
    NOT_ASKED = "not_asked"


class Treatment(StrEnum):
    """A treatment whose beginning starts a clock."""

    ANTIDEPRESSANT = "antidepressant"
    """At a recognised dose."""
    PSYCHOLOGICAL = "psychological"


class CareRole(StrEnum):
    """What somebody is to one patient, besides the accountable person."""

    LEAD_CLINICIAN = "lead_clinician"
    COORDINATOR = "coordinator"
    MEDICATION_OVERSIGHT = "medication_oversight"


class HandoffReason(StrEnum):
    """Why another person became accountable."""

    STEP_CHANGE = "step_change"
    TEAM_CHANGE = "team_change"
    LEAVE = "leave"
    DEPARTURE = "departure"
    REQUEST = "request"
    CASELOAD = "caseload"


class MiddleReason(StrEnum):
    """Why somebody is to have a burst of the middle step."""

    URGENT_NEED = "urgent_need"
    """An unmet need of safety or housing: the fast track."""
    STEP_TWO_FAILED = "step_two_failed"
    FUNCTION_IMPAIRED = "function_impaired"
    UNMET_NEEDS = "unmet_needs"
    COORDINATOR_REQUEST = "coordinator_request"


FAST_TRACK = frozenset({MiddleReason.URGENT_NEED})
"""Who goes before those who have waited longer. Local protocol."""


class RequestEnd(StrEnum):
    """How the wait for a burst ended."""

    STARTED = "started"
    DECLINED = "declined"
    """The patient wants something else."""
    OTHER_STEP = "other_step"
    """A decision took them to another step."""
    CARE_ENDED = "care_ended"
