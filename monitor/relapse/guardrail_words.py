"""The guardrails in words, for staff: what each asks, why one does not stand, and why an act was not taken."""

from collections.abc import Mapping

from monitor.i18n import N_, translate
from monitor.relapse.guardrail_rules import State, Why
from monitor.relapse.guardrails import ActFault
from monitor.relapse.kinds import Guardrail

DOMAIN = "staff"

GUARDRAILS: Mapping[Guardrail, str] = {
    Guardrail.STABILITY: N_("Why they are stable, in words"),
    Guardrail.PLAN: N_("Relapse plan agreed and in their hands"),
    Guardrail.SIGNS: N_("Two early signs or more, with who does what"),
    Guardrail.WAY_BACK: N_("Way back: number, hours, promised wait"),
    Guardrail.MEDICINES: N_("Medicines go on, or none"),
    Guardrail.PRIMARY_CARE: N_("Primary care informed"),
    Guardrail.LINKS: N_("Housing, work and benefits links checked"),
    Guardrail.OWNER: N_("Named owner if they go quiet"),
    Guardrail.FOLLOW_UP: N_("Follow-up check-ins can run"),
    Guardrail.SAFETY_PLAN: N_("Safety plan looked at again"),
    Guardrail.LANGUAGE: N_("Language and way of reaching them rechecked"),
}

ASKS: Mapping[Guardrail, str] = {
    Guardrail.STABILITY: N_("What shows that this will hold: since when, and in what."),
    Guardrail.MEDICINES: N_("What goes on and who prescribes it, or that there is none."),
    Guardrail.PRIMARY_CARE: N_("Who was told, and how. Without primary care, let it go with that reason."),
    Guardrail.LINKS: N_("What you asked about, and what came of it."),
    Guardrail.SAFETY_PLAN: N_("When you looked at it together, and what changed."),
    Guardrail.LANGUAGE: N_("Which language and which way they want, asked again."),
}
"""What somebody who confirms one writes."""

STATES: Mapping[State, str] = {
    State.MET: N_("Met"),
    State.MISSING: N_("Missing"),
    State.EXCEPTED: N_("Let go, signed"),
    State.AWAITS_SIGNATURE: N_("Awaits a signature"),
}
TONES: Mapping[State, str] = {
    State.MET: "ok",
    State.MISSING: "no",
    State.EXCEPTED: "",
    State.AWAITS_SIGNATURE: "flat",
}

WHY: Mapping[Why, str] = {
    Why.NOT_CONFIRMED: N_("Nobody has confirmed it on this step."),
    Why.HELD_TOO_LONG: N_("It was confirmed too long ago to count."),
    Why.WITHDRAWN: N_("It was taken back."),
    Why.NO_PLAN: N_("There is no relapse plan yet."),
    Why.ONLY_A_DRAFT: N_("The relapse plan is a draft. It is not agreed yet."),
    Why.TOO_FEW_SIGNS: N_("The plan has fewer than two early signs."),
    Why.NOTHING_TO_DO: N_("The plan does not say what to do at the first sign."),
    Why.NO_NUMBER: N_("The plan has no number to come back on."),
    Why.NO_HOURS: N_("The plan does not say when that number is answered."),
    Why.NO_WAIT: N_("The plan promises no wait."),
    Why.NO_OWNER: N_("The plan has no owner."),
    Why.OWNER_LEFT: N_("The owner of the plan does not work in the team now."),
    Why.NO_SCHEDULE: N_("No check-ins are planned for them."),
    Why.NO_TEXTS: N_("They take no texts, and nobody has agreed to ring them instead."),
    Why.NUMBER_FAILED: N_("Texts to their number do not arrive."),
    Why.NO_CHECK_INS: N_("They have withdrawn from being asked."),
    Why.CARE_ENDS: N_("After care has ended nobody is asked. It can only be let go, with a signature."),
    Why.NO_SAFETY_PLAN: N_("Item 9 was answered above 0, and no safety plan is agreed."),
    Why.NOT_LOOKED_AT_AGAIN: N_("Nobody has looked at the safety plan with them again since, or not lately."),
    Why.NOT_NEEDED: N_("Not needed: item 9 was never answered above 0 in this episode."),
}

FAULTS: Mapping[ActFault, str] = {
    ActFault.READ_FROM_THE_RECORD: N_("This is read from the record. Nobody can confirm it: mend what is missing."),
    ActFault.WORDS: N_("Write at least a sentence."),
    ActFault.DATE: N_("Choose the day on which it was done."),
    ActFault.DATE_AHEAD: N_("This day lies ahead. Write the day on which it was done."),
    ActFault.NOTHING_TO_SIGN: N_("Not signed: what you read was taken back, replaced or signed meanwhile."),
    ActFault.NOT_A_SUPERVISOR: N_("Not signed: only a supervisor signs for a guardrail that is let go."),
    ActFault.OWN_EXCEPTION: N_("Not signed: you let it go yourself, so another supervisor signs."),
    ActFault.NOTHING_TO_WITHDRAW: N_("There is nothing to take back."),
    ActFault.CARE_HAS_ENDED: N_("Care has ended, so there is nothing to record."),
}

MEND: Mapping[Why, tuple[str, str, str]] = {
    Why.NO_PLAN: ("plan.page", "", N_("Write the plan")),
    Why.ONLY_A_DRAFT: ("plan.page", "", N_("Agree the plan")),
    Why.TOO_FEW_SIGNS: ("plan.page", "signs", N_("Name the signs")),
    Why.NOTHING_TO_DO: ("plan.page", "first_sign", N_("Say what to do")),
    Why.NO_NUMBER: ("plan.page", "number", N_("Set the number")),
    Why.NO_HOURS: ("plan.page", "hours", N_("Set the hours")),
    Why.NO_WAIT: ("plan.page", "wait", N_("Set the wait")),
    Why.NO_OWNER: ("plan.page", "owner", N_("Name the owner")),
    Why.OWNER_LEFT: ("plan.page", "owner", N_("Name the owner")),
    Why.NO_SCHEDULE: ("record.page", "", N_("Open the record")),
    Why.NO_TEXTS: ("record.page", "", N_("Agree a way to reach them")),
    Why.NUMBER_FAILED: ("record.page", "", N_("Correct the number")),
    Why.NO_CHECK_INS: ("record.page", "", N_("Open the record")),
    Why.NO_SAFETY_PLAN: ("plan.safety", "", N_("Write the safety plan")),
    Why.NOT_LOOKED_AT_AGAIN: ("plan.safety", "", N_("Open the safety plan")),
}
"""The page on which each is mended, the field there, and the words of the link."""


def guardrail_label(guardrail: Guardrail, language: str) -> str:
    """Return what a guardrail is called."""
    return translate(language, GUARDRAILS[guardrail], DOMAIN)


def state_label(state: State, language: str) -> str:
    """Return where one stands."""
    return translate(language, STATES[state], DOMAIN)


def why_sentence(why: Why, language: str) -> str:
    """Return why one stands or does not."""
    return translate(language, WHY[why], DOMAIN)
