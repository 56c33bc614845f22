"""Relapse plans and safety plans in words, for staff."""

from collections.abc import Iterable, Mapping

from monitor.i18n import N_, translate
from monitor.relapse.kinds import Fault, Given, PlanKind, PlanState, SignKind, Standing

DOMAIN = "staff"

FAULTS: Mapping[Fault, tuple[str, str]] = {
    Fault.TOO_FEW_SIGNS: ("signs", N_("Write at least two early signs, in their words.")),
    Fault.NOTHING_TO_DO: ("first_sign", N_("Write what they do at the first sign.")),
    Fault.NO_NUMBER: ("number", N_("Write the number on which they come back.")),
    Fault.NO_HOURS: ("hours", N_("Write when somebody answers that number.")),
    Fault.NO_WAIT: ("wait", N_("Write the wait that the service can keep, in working days.")),
    Fault.NO_STEP_BACK: ("back_to", N_("Choose the step to which they come back.")),
    Fault.NO_OWNER: ("owner", N_("Choose who acts when a sign is noticed or they go quiet.")),
    Fault.OWNER_LEFT: ("owner", N_("This person does not work in the team now. Choose somebody who does.")),
    Fault.NO_REVIEW_DATE: ("review_on", N_("Choose when you look at the plan together again.")),
    Fault.REVIEW_DATE_NOT_AHEAD: ("review_on", N_("Choose a date after today.")),
    Fault.NOT_GIVEN: ("given", N_("Choose how the plan came into their hands.")),
    Fault.NO_WARNING_SIGNS: ("warning_signs", N_("Write at least one sign that it is getting hard.")),
    Fault.NOBODY_TO_CALL: ("people", N_("Name somebody to call: a person in step 4, or a professional in step 5.")),
}
"""The field beside which each is said, and how to mend it."""

FIELDS: Mapping[str, str] = {
    "signs": N_("Early signs"),
    "first_sign": N_("At the first sign"),
    "lapse": N_("In a bad week"),
    "relapse": N_("When it keeps on"),
    "helped": N_("What helped"),
    "keeps": N_("What they keep doing"),
    "triggers": N_("What may make it harder"),
    "people": N_("People to turn to"),
    "medicines": N_("Medicines"),
    "prescriber": N_("Who prescribes"),
    "matters": N_("Why it matters to them"),
    "number": N_("Number"),
    "hours": N_("Hours"),
    "wait": N_("Promised wait, in working days"),
    "back_to": N_("Step to come back to"),
    "owner": N_("Who acts"),
    "review_on": N_("Look at this plan again"),
    "given": N_("In their hands"),
}
"""The parts of a relapse plan, in the order of its page."""

SAFETY_FIELDS: Mapping[str, str] = {
    "warning_signs": N_("Signs that it is getting hard"),
    "alone": N_("What they can do by themselves"),
    "places": N_("People and places that take their mind off it"),
    "people": N_("People they can ask for help"),
    "professionals": N_("Professionals and lines they can call"),
    "surroundings": N_("How they make their surroundings safer"),
    "given": N_("In their hands"),
}
"""The six steps, in their order, and how the plan was given."""

SIGN_KINDS: Mapping[SignKind, str] = {
    SignKind.THOUGHTS: N_("Thoughts"),
    SignKind.BODY: N_("Body"),
    SignKind.BEHAVIOUR: N_("Behaviour"),
    SignKind.OTHERS_NOTICE: N_("What others notice"),
}

GIVEN: Mapping[Given, str] = {
    Given.PHONE: N_("On their phone"),
    Given.PRINT: N_("On paper"),
    Given.READ_ALOUD: N_("Read aloud to them"),
}

STATES: Mapping[PlanState, str] = {
    PlanState.DRAFT: N_("Draft"),
    PlanState.AGREED: N_("Agreed"),
}

KINDS: Mapping[PlanKind, str] = {
    PlanKind.STAYING_WELL: N_("Relapse plan"),
    PlanKind.SAFETY: N_("Safety plan"),
}

STANDINGS: Mapping[Standing, str] = {
    Standing.TRIGGERED: N_("Triggered"),
    Standing.DUE: N_("Due for review"),
    Standing.NONE: N_("Stepped down without an agreed plan"),
    Standing.DRAFT: N_("Draft"),
    Standing.AGREED: N_("Agreed"),
}
"""In the order of the board."""

SIGN_NUMBER = N_("Sign %(number)s")
PERSON_NUMBER = N_("Person %(number)s")
PROFESSIONAL_NUMBER = N_("Professional %(number)s")


def field_label(name: str, language: str, *, safety: bool = False) -> str:
    """Return the name of a part of a plan. Raises KeyError for one that it does not have."""
    return translate(language, (SAFETY_FIELDS if safety else FIELDS)[name], DOMAIN)


def labels(language: str, rows: Iterable[tuple[str, str, int]], *, safety: bool = False) -> Mapping[str, str]:
    """Return the label of every field of a form. `rows` are its numbered lines: prefix, message and how many."""
    named = {name: field_label(name, language, safety=safety) for name in (SAFETY_FIELDS if safety else FIELDS)}
    numbered = {
        f"{prefix}-{number}": translate(language, message, DOMAIN, number=number)
        for prefix, message, count in rows
        for number in range(1, count + 1)
    }
    return {**named, **numbered}


def sign_kind_label(kind: SignKind, language: str) -> str:
    """Return where a sign is noticed."""
    return translate(language, SIGN_KINDS[kind], DOMAIN)


def given_label(given: Given, language: str) -> str:
    """Return how a plan came into the patient's hands."""
    return translate(language, GIVEN[given], DOMAIN)


def state_label(state: PlanState, language: str) -> str:
    """Return where a version stands."""
    return translate(language, STATES[state], DOMAIN)


def kind_label(kind: PlanKind, language: str) -> str:
    """Return the name of a plan."""
    return translate(language, KINDS[kind], DOMAIN)


def standing_label(standing: Standing, language: str) -> str:
    """Return where a patient's relapse plan stands."""
    return translate(language, STANDINGS[standing], DOMAIN)
