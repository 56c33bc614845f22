"""The vocabularies of reviews. Pure."""

from collections.abc import Mapping
from enum import StrEnum


class Decision(StrEnum):
    """What a review decides. There is no other way for one to end."""

    CONTINUE = "continue"
    STEP_UP = "step_up"
    STEP_DOWN = "step_down"
    SIDEWAYS = "sideways"
    """The same intensity by another way."""
    DISCHARGE = "discharge"


CHANGES_STEP = frozenset({Decision.STEP_UP, Decision.STEP_DOWN})


class Indicator(StrEnum):
    """The five things that every review looks at, in the order of the page."""

    TREND = "trend"
    FUNCTIONING = "functioning"
    ENGAGEMENT = "engagement"
    SAFETY = "safety"
    UNMET_NEEDS = "unmet_needs"


class Criterion(StrEnum):
    """A named criterion of `monitor.reviews.rules`: any one of the first eight points up, all of the next four down."""

    RELIABLE_DETERIORATION = "reliable_deterioration"
    TWICE_TOO_SMALL_A_FALL = "twice_too_small_a_fall"
    ABOVE_CUT_POINT = "above_cut_point"
    SEVERE_AT_LOW_INTENSITY = "severe_at_low_intensity"
    FUNCTION_IMPAIRED = "function_impaired"
    SAFETY_ANSWER = "safety_answer"
    OUT_OF_TOUCH = "out_of_touch"
    NEW_UNMET_NEED = "new_unmet_need"
    BELOW_CASENESS = "below_caseness"
    IMPROVED_OR_REMITTED = "improved_or_remitted"
    ITEM9_ZERO_TWICE = "item9_zero_twice"
    FUNCTION_RESTORED = "function_restored"
    COURSE_COMPLETE = "course_complete"
    """Somebody who stepped down has been followed as long as the pathway says."""


POINTS_TO: Mapping[Criterion, Decision] = {
    **dict.fromkeys(Criterion, Decision.STEP_UP),
    Criterion.BELOW_CASENESS: Decision.STEP_DOWN,
    Criterion.IMPROVED_OR_REMITTED: Decision.STEP_DOWN,
    Criterion.ITEM9_ZERO_TWICE: Decision.STEP_DOWN,
    Criterion.FUNCTION_RESTORED: Decision.STEP_DOWN,
    Criterion.COURSE_COMPLETE: Decision.DISCHARGE,
}

SHOWN_UNDER: Mapping[Criterion, Indicator] = {
    **dict.fromkeys(Criterion, Indicator.TREND),
    Criterion.FUNCTION_IMPAIRED: Indicator.FUNCTIONING,
    Criterion.FUNCTION_RESTORED: Indicator.FUNCTIONING,
    Criterion.OUT_OF_TOUCH: Indicator.ENGAGEMENT,
    Criterion.COURSE_COMPLETE: Indicator.ENGAGEMENT,
    Criterion.SAFETY_ANSWER: Indicator.SAFETY,
    Criterion.ITEM9_ZERO_TWICE: Indicator.SAFETY,
    Criterion.NEW_UNMET_NEED: Indicator.UNMET_NEEDS,
}


class Judgement(StrEnum):
    """What a criterion came to. Without the data it is unknown: never met, and never not met."""

    MET = "met"
    NOT_MET = "not_met"
    UNKNOWN = "unknown"


class Because(StrEnum):
    """What a judgement rests on; `words` has one sentence for each. Parameters stand behind the members."""

    RISEN = "risen"  # measure, first, last, points, threshold
    TWICE_SMALL_FALL = "twice_small_fall"  # measure, first, opens, closes, count, needed
    ABOVE_CUT = "above_cut"  # measure, score, week, cut, last
    AT_OR_ABOVE = "at_or_above"  # measure, last, threshold
    WSAS_ABOVE = "wsas_above"  # last, threshold
    WSAS_RISEN = "wsas_risen"  # first, last, threshold
    ITEM9_ANSWERED = "item9_answered"  # answer, on
    UNABLE_TO_KEEP_SAFE = "unable_to_keep_safe"  # on
    MISSED_AND_SILENT = "missed_and_silent"  # missed, days
    NEED_HOUSING = "need_housing"
    NEED_SAFETY = "need_safety"
    BELOW_LONG_ENOUGH = "below_long_enough"  # measure, count, days, caseness
    FALLEN = "fallen"  # measure, first, last, points, threshold
    REMITTED = "remitted"  # measure, last, threshold
    ZERO_TWICE = "zero_twice"
    WSAS_BELOW = "wsas_below"  # last, threshold
    WSAS_FALLEN = "wsas_fallen"  # first, last, threshold
    FOLLOWED_LONG_ENOUGH = "followed_long_enough"  # weeks
    NO_SCORE = "no_score"  # measure
    ONE_SCORE = "one_score"  # measure
    LATEST_UNKNOWN = "latest_unknown"
    RULE_OFF = "rule_off"
    TOO_EARLY = "too_early"  # week
    NO_SCORE_NEAR_WEEK = "no_score_near_week"  # measure, week
    WSAS_NOT_ASKED = "wsas_not_asked"
    WSAS_ASKED_ONCE = "wsas_asked_once"
    ITEM9_NOT_ANSWERED = "item9_not_answered"
    ITEM9_DECLINED = "item9_declined"
    ITEM9_ANSWERED_ONCE = "item9_answered_once"
    NEEDS_NOT_ASKED = "needs_not_asked"


class Lack(StrEnum):
    """What a decision lacks, or why it cannot be taken."""

    WORDS = "words"
    DEVIATION_REASON = "deviation_reason"
    TO_STEP = "to_step"
    NEXT_REVIEW = "next_review"
    NEXT_REVIEW_NOT_AHEAD = "next_review_not_ahead"
    NEXT_REVIEW_TOO_LATE = "next_review_too_late"
    CLOSE_REASON = "close_reason"
    SAFETY_FLAG_OPEN = "safety_flag_open"
    CARE_HAS_ENDED = "care_has_ended"
    GUARDRAILS = "guardrails"
    """Help does not become less, nor end as completed, before its guardrails stand."""
