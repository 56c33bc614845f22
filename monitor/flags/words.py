"""Flags in words, for staff: a whole sentence for each piece of evidence, and the names of kinds, states and outcomes.

No word here speaks of danger levels or blames: it names the answer, the score, or what did not arrive.
"""

from collections.abc import Mapping
from datetime import date

from monitor.care.kinds import Preference, Step, Treatment
from monitor.care.staff_words import step_in_full
from monitor.flags import watch_words
from monitor.flags.facts import Evidence
from monitor.flags.kinds import AttemptOutcome, EvidenceCode, FlagKind, Outcome, Rule
from monitor.flags.models import FlagState
from monitor.flags.support import Prompt, prompts
from monitor.i18n import N_, format_date, translate
from monitor.measures import catalogue

DOMAIN = "staff"

SENTENCES: Mapping[str, str] = {
    EvidenceCode.ITEM9_BEFORE: N_("It was %(previous)s on %(on)s."),
    EvidenceCode.ITEM9_FIRST: N_("There is no earlier answer to item 9."),
    EvidenceCode.ITEM9_DECLINED: N_("Chose not to answer item 9."),
    EvidenceCode.ITEM9_LEFT_OUT: N_("Item 9 was left out."),
    EvidenceCode.SELF_SAFETY_NO: N_("Does not feel able to keep safe today."),
    EvidenceCode.SELF_SAFETY_UNSURE: N_("Not sure about being able to keep safe today."),
    EvidenceCode.CALL_ASKED: N_("Asked for a call after the safety question."),
    EvidenceCode.ROSE: N_(
        "%(measure)s rose from %(baseline)s to %(last)s since %(on)s, %(points)s points. "
        "A change of %(threshold)s or more is larger than the measure’s own error."
    ),
    EvidenceCode.CONTACTS_ATTENDED: N_("%(contacts)s contacts attended by week %(week)s."),
    EvidenceCode.TOO_SMALL_A_FALL: N_(
        "%(measure)s was %(baseline)s at the start, %(best)s at its lowest, and is %(last)s now. "
        "A fall of %(needed)s is the smallest that matters."
    ),
    EvidenceCode.PLATEAU: N_(
        "The last %(count)s scores of %(measure)s are %(scores)s: within %(spread)s points of one another, "
        "and still at %(caseness)s or more."
    ),
    EvidenceCode.LATE_IMPROVEMENT: N_(
        "Of 4,394 patients studied, one group improved only after the sixth appointment. "
        "A flag asks for a review; it moves nobody by itself."
    ),
    EvidenceCode.MISSED_ONE: N_("One check-in was not answered."),
    EvidenceCode.MISSED_IN_A_ROW: N_("%(count)s check-ins in a row were not answered. They were asked each time."),
    EvidenceCode.LAST_ITEM9: N_("The last answer to item 9 was %(answer)s."),
    EvidenceCode.WORSENING_BEFORE: N_("The scores had worsened reliably before that."),
    EvidenceCode.TEXTS_NOT_ARRIVING: N_("The texts of %(count)s check-ins in a row did not arrive."),
    EvidenceCode.NUMBER_NOT_REACHED: N_("The network reports that texts to this number cannot be delivered."),
    EvidenceCode.TEXTS_STOPPED: N_("Asked us to stop texting. No check-ins are sent."),
    EvidenceCode.CHECK_INS_ENDED: N_("Asked us to end the check-ins, by text and by phone. Care goes on."),
    EvidenceCode.CALL_WANTED: N_("Asked for a call."),
    EvidenceCode.NO_BASELINE: N_("%(measure)s has no first score yet, so there is nothing to compare with."),
    EvidenceCode.ONE_SCORE: N_("%(measure)s has one score so far. A change needs two."),
    EvidenceCode.TOO_FEW_SCORES: N_("%(measure)s has %(count)s of the %(needed)s scores that a plateau needs."),
    EvidenceCode.LATEST_UNANSWERED: N_("The latest check-in has no score, so the course since then is unknown."),
    EvidenceCode.SMALL_FALL_BY_WEEK: N_(
        "%(measure)s was %(baseline)s on %(on)s and is %(last)s in week %(week)s after that. "
        "By then a fall of %(needed)s or more is looked for."
    ),
    EvidenceCode.ABOVE_CUT_POINT: N_(
        "%(measure)s is %(last)s near week %(week)s. In two trials of therapy, %(cut_point)s or more at that point "
        "went with too little improvement at the end."
    ),
    EvidenceCode.NO_SCORE_IN_WINDOW: N_(
        "%(measure)s has no score near week %(week)s, so the rule for that week cannot judge."
    ),
    EvidenceCode.NO_TREATMENT_START: N_(
        "It is not written down since when a treatment is under way, so nothing can be said of how it works."
    ),
    EvidenceCode.REVIEW_CAME_DUE: N_("A review was due on %(on)s."),
    EvidenceCode.REVIEW_WANTED: N_("Asked for a review of the care."),
    EvidenceCode.STEPPED_UP: N_("Stepped up on %(on)s. The first contact at the new step has not been held yet."),
    **watch_words.SENTENCES,
}
"""One sentence for each piece of evidence, but for those that have one for each answer, treatment or wish."""

ITEM9_ANSWERED: Mapping[int, str] = {
    1: N_("Item 9 answered 1, several days."),
    2: N_("Item 9 answered 2, more than half the days."),
    3: N_("Item 9 answered 3, nearly every day."),
}

NO_FALL_AT_ALL: Mapping[str, str] = {
    Treatment.ANTIDEPRESSANT: N_(
        "%(measure)s was %(baseline)s when the antidepressant began on %(on)s, and is %(last)s near week %(weeks)s: "
        "no fall at all."
    ),
    Treatment.PSYCHOLOGICAL: N_(
        "%(measure)s was %(baseline)s when the therapy began on %(on)s, and is %(last)s near week %(weeks)s: "
        "no fall at all."
    ),
}

OTHER_STEP_WANTED: Mapping[str, str] = {
    Preference.MORE: N_("Asked for more help than now."),
    Preference.LESS: N_("Asked for less help than now."),
    Preference.ANOTHER_KIND: N_("Asked for another kind of help."),
}

CAME_BACK: Mapping[str, str] = {
    "page": N_("Came back on %(on)s, from their own page, to: %(step)s."),
    "text": N_("Came back on %(on)s, by text, to: %(step)s."),
    "call": N_("Came back on %(on)s, by a call that a colleague took, to: %(step)s."),
}
"""By the way in which it was asked for. The step counts from that day, without a new referral."""

UNDATED: Mapping[str, str] = {
    EvidenceCode.ITEM9_BEFORE: N_("It was %(previous)s the last time."),
    EvidenceCode.ROSE: N_(
        "%(measure)s rose from %(baseline)s to %(last)s, %(points)s points. "
        "A change of %(threshold)s or more is larger than the measure’s own error."
    ),
}
"""The same without a date, where none is known."""

RULES: Mapping[str, str] = {
    Rule.S1: N_(
        "Rule S1, item 9 above 0. Read from the answer, not from the total. Times are local protocol; "
        "Nock 2021 asks for a look every weekday, and within 12 hours where it is urgent."
    ),
    Rule.S2: N_("Rule S2, keeping safe today. Times are local protocol, beside the UK Mental Health Triage Scale."),
    Rule.S3: N_("Rule S3, a call asked for beside a safety answer. Times are local protocol."),
    Rule.S4: N_("Rule S4, item 9 not answered after an answer above 0: unknown, not 0. Times are local protocol."),
    Rule.N1: N_(
        "Rule N1, reliable deterioration since the first score. "
        "PHQ-9: 6 points, PMC10472176. GAD-7: 4 points, NHS England reporting code."
    ),
    Rule.N2: N_(
        "Rule N2, too small a fall in weeks 4 to 6. Local protocol: the table that it follows could not be confirmed."
    ),
    Rule.N3: N_("Rule N3, at or above the cut point of the week. Schueller 2015, two trials of therapy, 487 people."),
    Rule.N4: N_(
        "Rule N4, no fall at all in treatment. NICE NG222, recommendation 1.9.1: look at causes, then change the care."
    ),
    Rule.N5: N_(
        "Rule N5, early review at low intensity. Local protocol, not a published rule. Smallest changes that matter: "
        "PHQ-9 5 points, Löwe 2004; GAD-7 4 points, Toussaint 2020."
    ),
    Rule.N6: N_("Rule N6, plateau. Local protocol, not a published rule."),
    Rule.M1: N_("Rule M1, check-ins not answered. Local protocol."),
    Rule.M2: N_("Rule M2, longer silence. Local protocol."),
    Rule.U1: N_("Rule U1, texts not arriving. Local protocol."),
    Rule.U2: N_("Rule U2, number given up by the network. Local protocol."),
    Rule.O1: N_("Rule O1, texts stopped by the patient. Local protocol."),
    Rule.C1: N_("Rule C1, a call asked for. Local protocol."),
    Rule.R1: N_("Rule R1, a review whose date has come. Only a decision at the review closes it. Local protocol."),
    Rule.R2: N_("Rule R2, a review that the patient asked for. Local protocol."),
    Rule.R3: N_("Rule R3, more, less or other help that the patient asked for. Local protocol."),
    Rule.F1: N_("Rule F1, first contact after a step up, by the date that the pathway sets. Local protocol."),
    **watch_words.RULES,
    Rule.B1: N_(
        "Rule B1, came back after stepping down. Due after the working days that the patient’s own plan promises, or "
        "without a plan after those of the pathway. Local protocol."
    ),
}

KINDS: Mapping[FlagKind, str] = {
    FlagKind.SAFETY: N_("Safety answer"),
    FlagKind.DETERIORATING: N_("Deteriorating"),
    FlagKind.RELAPSE_SIGNAL: N_("Relapse signal"),
    FlagKind.RE_ENTRY: N_("Came back"),
    FlagKind.NOT_IMPROVING: N_("Not improving"),
    FlagKind.MISSED_CHECK_INS: N_("Missed check-ins"),
    FlagKind.UNREACHABLE: N_("Unreachable"),
    FlagKind.OPTED_OUT: N_("Opted out"),
    FlagKind.CALL_REQUESTED: N_("Asked for a call"),
    FlagKind.REVIEW_REQUESTED: N_("Asked for a review"),
    FlagKind.REVIEW_DUE: N_("Review due"),
    FlagKind.FIRST_CONTACT_DUE: N_("New step not begun"),
}

STATES: Mapping[FlagState, str] = {
    FlagState.OPEN: N_("Open"),
    FlagState.SEEN: N_("Seen"),
    FlagState.ACTED: N_("Acted on"),
    FlagState.CLOSED: N_("Closed"),
}

OUTCOMES: Mapping[Outcome | AttemptOutcome, str] = {
    Outcome.SPOKE: N_("Spoke together"),
    Outcome.HANDED_OVER: N_("Handed over"),
    Outcome.PLAN_UPDATED: N_("Plan updated together"),
    Outcome.EMERGENCY_SERVICES: N_("Emergency services"),
    Outcome.CARE_CHANGED: N_("Care changed"),
    Outcome.CONTINUED_WITH_REASON: N_("Carry on, with a reason"),
    Outcome.NUMBER_CORRECTED: N_("Number corrected"),
    Outcome.OTHER_CHANNEL_AGREED: N_("Another way agreed"),
    Outcome.ANSWERED_SINCE: N_("Answered since"),
    Outcome.NO_CONTACT_WANTED: N_("Wants no contact"),
    Outcome.REVIEWED: N_("Decided at a review"),
    Outcome.FIRST_CONTACT_HELD: N_("First contact held"),
    Outcome.RECORDED_IN_ERROR: N_("Recorded in error"),
    AttemptOutcome.TRIED_NO_ANSWER: N_("Tried, no answer"),
    AttemptOutcome.LEFT_MESSAGE: N_("Left a message"),
    AttemptOutcome.WRONG_NUMBER: N_("Wrong number"),
    AttemptOutcome.ASKED_TO_RING_LATER: N_("Asked us to ring later"),
    AttemptOutcome.SPOKE_NOT_SETTLED: N_("Spoke, not settled yet"),
}

PROMPTS: Mapping[Prompt, str] = {
    Prompt.ENGAGEMENT: N_("Engagement: do the times, the way there, the language and the way we ask still suit them?"),
    Prompt.ALLIANCE: N_("Working together: are the goals still theirs, and how is it for them to work with you?"),
    Prompt.MEDICATION: N_("Medication: is it taken, at the dose that was agreed, and how is it tolerated?"),
    Prompt.SOCIAL_NEED: N_("Daily life: has anything changed at home, at work, with money, food or the people around?"),
}

MISSED_ONE = N_("Missed 1 check-in")
MISSED_SEVERAL = N_("Missed %(count)s check-ins")


def sentence(evidence: Evidence, language: str, region: str | None = None) -> str:
    """Return one piece of evidence as a whole sentence; `region` ('US', 'GB') decides how a date is written.

    Raises KeyError for evidence of another capability.
    """
    params: dict[str, object] = dict(evidence.params)
    if "measure" in params:
        params["measure"] = catalogue.spec(str(params["measure"])).name
    if "step" in params:
        params["step"] = step_in_full(Step(str(params["step"])), language)
    if "on" in params:
        params["on"] = format_date(date.fromisoformat(str(params["on"])), language, region=region)
    return translate(language, _message(evidence), DOMAIN, **params)


def rule_line(rule: str, language: str) -> str:
    """Return the name of a rule and its source. Raises KeyError for a rule of another capability."""
    return translate(language, RULES[rule], DOMAIN)


def kind_label(kind: FlagKind, language: str) -> str:
    """Return the name of a kind of flag, as in a filter."""
    return translate(language, KINDS[kind], DOMAIN)


def missed_label(count: int, language: str) -> str:
    """Return the tag for that many missed check-ins in a row."""
    if count == 1:
        return translate(language, MISSED_ONE, DOMAIN)
    return translate(language, MISSED_SEVERAL, DOMAIN, count=count)


def prompt_lines(kind: FlagKind, language: str) -> tuple[str, ...]:
    """Return the questions to think of beside a flag of a kind; often none."""
    return tuple(translate(language, PROMPTS[prompt], DOMAIN) for prompt in prompts(kind))


def state_label(state: FlagState, language: str) -> str:
    """Return how far a flag has come."""
    return translate(language, STATES[state], DOMAIN)


def outcome_label(outcome: Outcome | AttemptOutcome, language: str) -> str:
    """Return what a person did, as on the button."""
    return translate(language, OUTCOMES[outcome], DOMAIN)


def _message(evidence: Evidence) -> str:
    if evidence.code == EvidenceCode.ITEM9_ANSWERED:
        return ITEM9_ANSWERED[int(evidence.params["answer"])]
    if evidence.code == EvidenceCode.NO_FALL_AT_ALL:
        return NO_FALL_AT_ALL[str(evidence.params["treatment"])]
    if evidence.code == EvidenceCode.OTHER_STEP_WANTED:
        return OTHER_STEP_WANTED[str(evidence.params["wish"])]
    if evidence.code == EvidenceCode.CAME_BACK:
        return CAME_BACK[str(evidence.params["how"])]
    if evidence.code == EvidenceCode.SIGN_NOTICED:
        ways = watch_words.SIGNS_NAMED if "signs" in evidence.params else watch_words.SIGN_NOTICED
        return ways[str(evidence.params["by"])]
    if evidence.code == EvidenceCode.BACK_AT_CASENESS and "then" not in evidence.params:
        return watch_words.NOT_KNOWN_THEN
    if "on" not in evidence.params and evidence.code in UNDATED:
        return UNDATED[evidence.code]
    return SENTENCES[evidence.code]
