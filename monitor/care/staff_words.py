"""Steps and appointments in words, for staff."""

from collections.abc import Mapping

from monitor.care.kinds import CareRole, DeviationReason, Preference, Treatment
from monitor.care.models import AppointmentState, Step
from monitor.i18n import N_, translate

DOMAIN = "staff"

STEPS: Mapping[Step, str] = {
    Step.ONE: N_("Step 1"),
    Step.TWO: N_("Step 2"),
    Step.MIDDLE: N_("Middle step"),
    Step.THREE: N_("Step 3"),
    Step.FOUR: N_("Step 4"),
    Step.STEPPED_DOWN: N_("Stepped down"),
}

STEPS_IN_FULL: Mapping[Step, str] = {
    Step.ONE: N_("Step 1, self-management"),
    Step.TWO: N_("Step 2, guided self-help"),
    Step.MIDDLE: N_("Middle step, 4 to 8 weeks"),
    Step.THREE: N_("Step 3, high intensity"),
    Step.FOUR: N_("Step 4, specialist"),
    Step.STEPPED_DOWN: N_("Stepped down"),
}

APPOINTMENTS: Mapping[AppointmentState, str] = {
    AppointmentState.PLANNED: N_("Planned"),
    AppointmentState.ATTENDED: N_("Attended"),
    AppointmentState.MISSED: N_("Missed"),
    AppointmentState.CANCELLED: N_("Cancelled"),
}

DEVIATION_REASONS: Mapping[DeviationReason, str] = {
    DeviationReason.PREFERENCE: N_("They want something else"),
    DeviationReason.CLINICAL_JUDGEMENT: N_("What is known of them says more than the scores"),
    DeviationReason.PASSING_EVENT: N_("A recent event explains the scores"),
    DeviationReason.SAFETY: N_("Safety that is not in the scores"),
    DeviationReason.OTHER_CARE: N_("In care elsewhere that meets the need"),
    DeviationReason.ACCESS: N_("Language, travel, hours or another barrier"),
    DeviationReason.NO_CAPACITY: N_("The proposed step has no room"),
    DeviationReason.MISSING_DATA: N_("Too little is known for the rule to be right"),
}

PREFERENCES: Mapping[Preference, str] = {
    Preference.AS_PROPOSED: N_("As proposed"),
    Preference.MORE: N_("More help"),
    Preference.LESS: N_("Less help"),
    Preference.ANOTHER_KIND: N_("Another kind of help"),
    Preference.UNDECIDED: N_("Undecided"),
    Preference.NOT_ASKED: N_("Not asked"),
}

CARE_ROLES: Mapping[CareRole, str] = {
    CareRole.LEAD_CLINICIAN: N_("Lead clinician"),
    CareRole.COORDINATOR: N_("Coordinator"),
    CareRole.MEDICATION_OVERSIGHT: N_("Medication oversight"),
}

TREATMENTS: Mapping[Treatment, str] = {
    Treatment.ANTIDEPRESSANT: N_("Antidepressant, at a recognised dose"),
    Treatment.PSYCHOLOGICAL: N_("Psychological therapy"),
}


def step_label(step: Step, language: str) -> str:
    """Return the short name of a step."""
    return translate(language, STEPS[step], DOMAIN)


def step_in_full(step: Step, language: str) -> str:
    """Return the name of a step with what it is."""
    return translate(language, STEPS_IN_FULL[step], DOMAIN)


def appointment_label(state: AppointmentState, language: str) -> str:
    """Return what became of an appointment."""
    return translate(language, APPOINTMENTS[state], DOMAIN)
