"""What the rules W1 to W5 say, in words for staff: of a score its figures, of a sign never the patient's own words."""

from collections.abc import Mapping

from monitor.flags.kinds import EvidenceCode, Rule
from monitor.i18n import N_

SENTENCES: Mapping[str, str] = {
    EvidenceCode.ROSE_AFTER_STEP_DOWN: N_(
        "%(measure)s was %(then)s at the step-down on %(on)s and is %(last)s now, %(points)s points more."
    ),
    EvidenceCode.BACK_AT_CASENESS: N_(
        "%(measure)s is %(last)s, at or above the cut-off of %(caseness)s. It was %(then)s at the step-down on %(on)s."
    ),
    EvidenceCode.STAYED_AT_CASENESS: N_(
        "%(measure)s was %(earlier)s, and %(last)s %(days)s days later: at or above the cut-off both times."
    ),
    EvidenceCode.QUIET_AFTER_STEP_DOWN: N_(
        "%(count)s check-ins in a row were not answered since the step-down. They were asked each time."
    ),
    EvidenceCode.NO_SCORE_THEN: N_("%(measure)s has no score from the step-down, so there is nothing to compare with."),
}

NOT_KNOWN_THEN = N_(
    "%(measure)s is %(last)s, at or above the cut-off of %(caseness)s. There is no score from the step-down on %(on)s."
)
"""Back at the cut-off, and nobody knows where they stood before."""

SIGNS_NAMED: Mapping[str, str] = {
    "check_in": N_("Signs of their own plan noticed, by the answers of %(on)s: %(signs)s."),
    "page": N_("Signs of their own plan noticed, as they said on their own page on %(on)s: %(signs)s."),
    "call": N_("Signs of their own plan noticed, as they said on the phone on %(on)s: %(signs)s."),
}
"""How many, by the way in which it was said."""

SIGN_NOTICED: Mapping[str, str] = {
    "check_in": N_(
        "Said in the answers of %(on)s that they notice a sign of their plan. Their link does not ask which."
    ),
    "page": N_("Said on their own page on %(on)s that they notice a sign of their plan."),
    "text": N_("Said by text on %(on)s that they notice a sign of their plan. A text does not say which."),
    "call": N_("Said on the phone on %(on)s that they notice a sign of their plan."),
}
"""The same where it was not said which."""

RULES: Mapping[str, str] = {
    Rule.W1: N_("Rule W1, a sign of their own plan. They chose it, so one is enough. Local protocol."),
    Rule.W2: N_(
        "Rule W2, a rise after stepping down, still below the cut-off. Smallest changes that matter: PHQ-9 5 points, "
        "Löwe 2004; GAD-7 4 points, Toussaint 2020. Local protocol."
    ),
    Rule.W3: N_(
        "Rule W3, possible relapse: at or above the cut-off (PHQ-9 10, GAD-7 8) after stepping down below it. "
        "Local protocol, after Ali 2017."
    ),
    Rule.W4: N_(
        "Rule W4, confirmed relapse: at or above the cut-off and reliably worse than at the step-down (PHQ-9 6, "
        "GAD-7 4), or there in two scores a week or more apart. Local protocol, after Ali 2017."
    ),
    Rule.W5: N_("Rule W5, gone quiet after stepping down. Local protocol."),
}
