"""Steps and appointments in words, for staff."""

from collections.abc import Mapping

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


def step_label(step: Step, language: str) -> str:
    """Return the short name of a step."""
    return translate(language, STEPS[step], DOMAIN)


def step_in_full(step: Step, language: str) -> str:
    """Return the name of a step with what it is."""
    return translate(language, STEPS_IN_FULL[step], DOMAIN)


def appointment_label(state: AppointmentState, language: str) -> str:
    """Return what became of an appointment."""
    return translate(language, APPOINTMENTS[state], DOMAIN)
