"""Reviews in words, for staff: each criterion with why and its source, and the names of decisions and reviews.

No word here speaks of danger levels or blames: it names the answer, the score, or what is not known.
"""

from collections.abc import Mapping
from datetime import date

from monitor.care.kinds import ReviewKind
from monitor.i18n import N_, format_date, translate
from monitor.measures import catalogue
from monitor.reviews.facts import Reason
from monitor.reviews.kinds import Because, Criterion, Decision, Indicator

DOMAIN = "staff"

DECISIONS: Mapping[Decision, str] = {
    Decision.CONTINUE: N_("Go on as it is"),
    Decision.STEP_UP: N_("Step up"),
    Decision.STEP_DOWN: N_("Step down"),
    Decision.SIDEWAYS: N_("Other help on the same step"),
    Decision.DISCHARGE: N_("End care"),
}

KINDS: Mapping[ReviewKind, str] = {
    ReviewKind.FIRST: N_("First review"),
    ReviewKind.AT_CONTACT: N_("Review at the fourth appointment"),
    ReviewKind.ROUTINE: N_("Review"),
    ReviewKind.MID_BURST: N_("Review within the middle step"),
    ReviewKind.END_OF_BURST: N_("Review at the end of the middle step"),
    ReviewKind.AFTER_STEP_UP: N_("Review after stepping up"),
    ReviewKind.AFTER_STEP_DOWN: N_("Review after stepping down"),
    ReviewKind.REQUESTED: N_("Review they asked for"),
}

INDICATORS: Mapping[Indicator, str] = {
    Indicator.TREND: N_("Trend"),
    Indicator.FUNCTIONING: N_("Functioning"),
    Indicator.ENGAGEMENT: N_("Engagement"),
    Indicator.SAFETY: N_("Safety"),
    Indicator.UNMET_NEEDS: N_("Unmet needs"),
}

CRITERIA: Mapping[Criterion, str] = {
    Criterion.RELIABLE_DETERIORATION: N_("Reliably worse since the start"),
    Criterion.TWICE_TOO_SMALL_A_FALL: N_("Too small a fall, twice"),
    Criterion.ABOVE_CUT_POINT: N_("Above the cut point of the week"),
    Criterion.SEVERE_AT_LOW_INTENSITY: N_("Severe scores at low intensity"),
    Criterion.FUNCTION_IMPAIRED: N_("Daily life much impaired"),
    Criterion.SAFETY_ANSWER: N_("Safety answer since the last review"),
    Criterion.OUT_OF_TOUCH: N_("Missed check-ins and no contact"),
    Criterion.NEW_UNMET_NEED: N_("New need for housing or safety at home"),
    Criterion.BELOW_CASENESS: N_("Below caseness on both, and for long enough"),
    Criterion.IMPROVED_OR_REMITTED: N_("Reliably better, or in remission"),
    Criterion.ITEM9_ZERO_TWICE: N_("Item 9 answered 0 twice"),
    Criterion.FUNCTION_RESTORED: N_("Daily life restored"),
    Criterion.COURSE_COMPLETE: N_("Followed as long as planned"),
}

SOURCES: Mapping[Criterion, str] = {
    Criterion.RELIABLE_DETERIORATION: N_("PHQ-9: 6 points, PMC10472176. GAD-7: 4 points, NHS England reporting code."),
    Criterion.TWICE_TOO_SMALL_A_FALL: N_("Local protocol: its table could not be confirmed."),
    Criterion.ABOVE_CUT_POINT: N_("Schueller 2015, two trials, 487 people, from a start of 10 or more."),
    Criterion.SEVERE_AT_LOW_INTENSITY: N_("PHQ-9 16: NICE NG222, more severe depression. GAD-7 15: published band."),
    Criterion.FUNCTION_IMPAIRED: N_("Bands: Mundt 2002. The rise is local protocol."),
    Criterion.SAFETY_ANSWER: N_("Local protocol. A later answer of 0 does not take it back."),
    Criterion.OUT_OF_TOUCH: N_("Local protocol."),
    Criterion.NEW_UNMET_NEED: N_("Local protocol."),
    Criterion.BELOW_CASENESS: N_("Caseness: NHS Talking Therapies. How many and how long is local protocol."),
    Criterion.IMPROVED_OR_REMITTED: N_("Remission, PHQ-9 below 5: Kroenke 2001. Reliable change as above."),
    Criterion.ITEM9_ZERO_TWICE: N_("Local protocol. An answer of 0 is not safety: ask."),
    Criterion.FUNCTION_RESTORED: N_("Bands: Mundt 2002. The fall is local protocol."),
    Criterion.COURSE_COMPLETE: N_("Ali 2017: 53 of 100 relapsed within a year, 79 of 100 of those within six months."),
}

SENTENCES: Mapping[Because, str] = {
    Because.RISEN: N_("%(measure)s rose from %(first)s to %(last)s, %(points)s points; %(threshold)s count."),
    Because.TWICE_SMALL_FALL: N_(
        "%(measure)s was %(first)s at the start. In weeks %(opens)s to %(closes)s, %(count)s scores had not fallen by "
        "%(needed)s."
    ),
    Because.ABOVE_CUT: N_("%(measure)s was %(score)s in week %(week)s, where %(cut)s counts. It is %(last)s now."),
    Because.AT_OR_ABOVE: N_("%(measure)s is %(last)s; %(threshold)s or more counts."),
    Because.WSAS_ABOVE: N_("WSAS is %(last)s; above %(threshold)s counts."),
    Because.WSAS_RISEN: N_("WSAS rose from %(first)s to %(last)s; %(threshold)s points count."),
    Because.ITEM9_ANSWERED: N_("Item 9 answered %(answer)s on %(on)s."),
    Because.UNABLE_TO_KEEP_SAFE: N_("Did not feel able to keep safe on %(on)s."),
    Because.MISSED_AND_SILENT: N_(
        "%(missed)s check-ins missed in a row, and nobody has spoken with them for %(days)s days."
    ),
    Because.NEED_HOUSING: N_("Without a secure place to live, and this is new."),
    Because.NEED_SAFETY: N_("Afraid of somebody at home or close to them, and this is new."),
    Because.BELOW_LONG_ENOUGH: N_(
        "%(measure)s below %(caseness)s at the last %(count)s check-ins, over %(days)s days."
    ),
    Because.FALLEN: N_("%(measure)s fell from %(first)s to %(last)s, %(points)s points; %(threshold)s count."),
    Because.REMITTED: N_("%(measure)s is %(last)s; below %(threshold)s counts."),
    Because.ZERO_TWICE: N_("The last two answers to item 9 were 0."),
    Because.WSAS_BELOW: N_("WSAS is %(last)s; below %(threshold)s counts."),
    Because.WSAS_FALLEN: N_("WSAS fell from %(first)s to %(last)s; %(threshold)s points count."),
    Because.FOLLOWED_LONG_ENOUGH: N_("%(weeks)s weeks have passed since stepping down."),
    Because.NO_SCORE: N_("%(measure)s has no score."),
    Because.ONE_SCORE: N_("%(measure)s has one score. A change needs two."),
    Because.LATEST_UNKNOWN: N_("The newest check-in has no answer, or the scores are older than six weeks."),
    Because.RULE_OFF: N_("This rule is switched off in the pathway."),
    Because.TOO_EARLY: N_("Too early: it looks at week %(week)s."),
    Because.NO_SCORE_NEAR_WEEK: N_("%(measure)s has no score near week %(week)s."),
    Because.WSAS_NOT_ASKED: N_("WSAS has not been asked."),
    Because.WSAS_ASKED_ONCE: N_("WSAS was asked once. A rise needs two."),
    Because.ITEM9_NOT_ANSWERED: N_("Item 9 has not been answered yet."),
    Because.ITEM9_DECLINED: N_("Chose not to answer item 9."),
    Because.ITEM9_ANSWERED_ONCE: N_("Item 9 was answered once."),
    Because.NEEDS_NOT_ASKED: N_("Daily needs have not been asked about."),
}


def decision_label(decision: Decision, language: str) -> str:
    """Return the name of a decision."""
    return translate(language, DECISIONS[decision], DOMAIN)


def kind_label(kind: ReviewKind, language: str) -> str:
    """Return which review it is."""
    return translate(language, KINDS[kind], DOMAIN)


def indicator_label(indicator: Indicator, language: str) -> str:
    """Return the name of one of the five indicators."""
    return translate(language, INDICATORS[indicator], DOMAIN)


def criterion_label(criterion: Criterion, language: str) -> str:
    """Return the name of a criterion."""
    return translate(language, CRITERIA[criterion], DOMAIN)


def source_line(criterion: Criterion, language: str) -> str:
    """Return where a criterion comes from."""
    return translate(language, SOURCES[criterion], DOMAIN)


def reason_sentence(reason: Reason, language: str, region: str | None = None) -> str:
    """Return one thing that a judgement rests on as a whole sentence; `region` decides how a date is written."""
    params: dict[str, object] = dict(reason.params)
    if "measure" in params:
        params["measure"] = catalogue.spec(str(params["measure"])).name
    if "on" in params:
        params["on"] = format_date(date.fromisoformat(str(params["on"])), language, region=region)
    return translate(language, SENTENCES[reason.code], DOMAIN, **params)
