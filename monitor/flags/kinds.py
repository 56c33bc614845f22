"""The vocabularies of flags. Pure: everything else in this capability imports from here."""

from collections.abc import Mapping
from enum import StrEnum

from monitor.care.intake_kinds import SelfSafety as SelfSafety


class FlagKind(StrEnum):
    """Why somebody needs a person's decision. The order of the members is the order on the worklist."""

    SAFETY = "safety"
    DETERIORATING = "deteriorating"
    RELAPSE_SIGNAL = "relapse_signal"
    RE_ENTRY = "re_entry"
    """Came back after stepping down: somebody speaks with them by the time that their plan promises."""
    NOT_IMPROVING = "not_improving"
    """Answers, and the scores do not get better."""
    MISSED_CHECK_INS = "missed_check_ins"
    """Our texts arrive and are not answered."""
    UNREACHABLE = "unreachable"
    """Our texts do not arrive: never a patient who did not answer."""
    OPTED_OUT = "opted_out"
    CALL_REQUESTED = "call_requested"
    REVIEW_REQUESTED = "review_requested"
    """The patient asks for a review, or for another step."""
    REVIEW_DUE = "review_due"
    """The date of a review has come, and nobody has decided."""
    FIRST_CONTACT_DUE = "first_contact_due"
    """Stepped up, and the new care has not begun."""


class Severity(StrEnum):
    """How soon we act. It says nothing about the patient: nobody is sorted by danger (NICE NG225)."""

    REVIEW = "review"
    """Within the week."""
    HIGH = "high"
    """Within two working days."""
    URGENT = "urgent"
    """The same working day or sooner."""


class Rule(StrEnum):
    """What raised a finding. S safety, N scores, M missed, U unreachable, O opted out, C call, R review, F contact.

    W watches after stepping down, B comes back.
    """

    S1 = "S1"
    S2 = "S2"
    S3 = "S3"
    S4 = "S4"
    N1 = "N1"
    N2 = "N2"
    N3 = "N3"
    N4 = "N4"
    N5 = "N5"
    N6 = "N6"
    M1 = "M1"
    M2 = "M2"
    U1 = "U1"
    U2 = "U2"
    O1 = "O1"
    C1 = "C1"
    R1 = "R1"
    R2 = "R2"
    R3 = "R3"
    F1 = "F1"
    W1 = "W1"
    W2 = "W2"
    W3 = "W3"
    W4 = "W4"
    W5 = "W5"
    B1 = "B1"


class EvidenceCode(StrEnum):
    """What a finding or a note rests on; `words` has one sentence for each. Parameters stand behind the members."""

    ITEM9_ANSWERED = "item9_answered"  # answer
    ITEM9_BEFORE = "item9_before"  # previous, on when known
    ITEM9_FIRST = "item9_first"
    ITEM9_DECLINED = "item9_declined"
    ITEM9_LEFT_OUT = "item9_left_out"
    SELF_SAFETY_NO = "self_safety_no"
    SELF_SAFETY_UNSURE = "self_safety_unsure"
    CALL_ASKED = "call_asked"
    ROSE = "rose"  # measure, baseline, last, points, threshold, on when known
    CONTACTS_ATTENDED = "contacts_attended"  # contacts, week
    TOO_SMALL_A_FALL = "too_small_a_fall"  # measure, baseline, last, points, best, needed, on when known
    PLATEAU = "plateau"  # measure, count, scores, spread, caseness
    LATE_IMPROVEMENT = "late_improvement"
    MISSED_ONE = "missed_one"
    MISSED_IN_A_ROW = "missed_in_a_row"  # count
    LAST_ITEM9 = "last_item9"  # answer
    WORSENING_BEFORE = "worsening_before"
    TEXTS_NOT_ARRIVING = "texts_not_arriving"  # count
    NUMBER_NOT_REACHED = "number_not_reached"
    TEXTS_STOPPED = "texts_stopped"
    CHECK_INS_ENDED = "check_ins_ended"
    CALL_WANTED = "call_wanted"
    NO_BASELINE = "no_baseline"  # measure
    ONE_SCORE = "one_score"  # measure
    TOO_FEW_SCORES = "too_few_scores"  # measure, count, needed
    LATEST_UNANSWERED = "latest_unanswered"
    SMALL_FALL_BY_WEEK = "small_fall_by_week"  # measure, baseline, last, points, week, needed
    ABOVE_CUT_POINT = "above_cut_point"  # measure, last, week, cut_point
    NO_FALL_AT_ALL = "no_fall_at_all"  # measure, baseline, last, weeks, treatment
    NO_SCORE_IN_WINDOW = "no_score_in_window"  # measure, week
    NO_TREATMENT_START = "no_treatment_start"
    REVIEW_CAME_DUE = "review_came_due"  # kind, on
    REVIEW_WANTED = "review_wanted"
    OTHER_STEP_WANTED = "other_step_wanted"  # wish: more, less or another_kind
    STEPPED_UP = "stepped_up"  # step, on
    SIGN_NOTICED = "sign_noticed"  # by: check_in, page, text or call; on; when known signs: how many, which, version
    ROSE_AFTER_STEP_DOWN = "rose_after_step_down"  # measure, then, last, points; on: the day of the step-down
    BACK_AT_CASENESS = "back_at_caseness"  # measure, last, caseness; then when known; on as above
    STAYED_AT_CASENESS = "stayed_at_caseness"  # measure, earlier, last, days
    QUIET_AFTER_STEP_DOWN = "quiet_after_step_down"  # count
    NO_SCORE_THEN = "no_score_then"  # measure
    CAME_BACK = "came_back"  # how: page, text or call; step, on, days: the wait in working days


class Outcome(StrEnum):
    """What a person did that closes a flag. Nothing else closes one: no later answer, no time passed."""

    SPOKE = "spoke"
    HANDED_OVER = "handed_over"
    PLAN_UPDATED = "plan_updated"
    EMERGENCY_SERVICES = "emergency_services"
    CARE_CHANGED = "care_changed"
    CONTINUED_WITH_REASON = "continued_with_reason"
    NUMBER_CORRECTED = "number_corrected"
    OTHER_CHANNEL_AGREED = "other_channel_agreed"
    ANSWERED_SINCE = "answered_since"
    NO_CONTACT_WANTED = "no_contact_wanted"
    REVIEWED = "reviewed"
    """Decided at a review, which holds the reason."""
    FIRST_CONTACT_HELD = "first_contact_held"
    RECORDED_IN_ERROR = "recorded_in_error"


class AttemptOutcome(StrEnum):
    """What a person did that is recorded and leaves the flag open."""

    TRIED_NO_ANSWER = "tried_no_answer"
    LEFT_MESSAGE = "left_message"
    WRONG_NUMBER = "wrong_number"
    ASKED_TO_RING_LATER = "asked_to_ring_later"
    SPOKE_NOT_SETTLED = "spoke_not_settled"


_DECISIONS = (Outcome.CARE_CHANGED, Outcome.CONTINUED_WITH_REASON, Outcome.HANDED_OVER, Outcome.RECORDED_IN_ERROR)

CLOSES: Mapping[FlagKind, tuple[Outcome, ...]] = {
    # Each means that somebody had contact, or that a named person has taken it on. A call into the void, a wrong
    # number or a slip of the pen does not close a safety answer (clinical rule: it is never cleared, edited or undone).
    FlagKind.SAFETY: (Outcome.SPOKE, Outcome.PLAN_UPDATED, Outcome.EMERGENCY_SERVICES, Outcome.HANDED_OVER),
    # A score asks for a decision about care, so a talk alone does not close these two.
    FlagKind.DETERIORATING: _DECISIONS,
    FlagKind.RELAPSE_SIGNAL: (Outcome.SPOKE, Outcome.PLAN_UPDATED, *_DECISIONS),
    FlagKind.RE_ENTRY: (Outcome.FIRST_CONTACT_HELD, Outcome.NO_CONTACT_WANTED, Outcome.HANDED_OVER),
    FlagKind.NOT_IMPROVING: _DECISIONS,
    FlagKind.MISSED_CHECK_INS: (
        Outcome.SPOKE,
        Outcome.ANSWERED_SINCE,
        Outcome.NUMBER_CORRECTED,
        Outcome.OTHER_CHANNEL_AGREED,
        Outcome.CARE_CHANGED,
        Outcome.NO_CONTACT_WANTED,
        Outcome.HANDED_OVER,
        Outcome.RECORDED_IN_ERROR,
    ),
    FlagKind.UNREACHABLE: (
        Outcome.NUMBER_CORRECTED,
        Outcome.OTHER_CHANNEL_AGREED,
        Outcome.SPOKE,
        Outcome.CARE_CHANGED,
        Outcome.NO_CONTACT_WANTED,
        Outcome.HANDED_OVER,
        Outcome.RECORDED_IN_ERROR,
    ),
    FlagKind.OPTED_OUT: (
        Outcome.OTHER_CHANNEL_AGREED,
        Outcome.SPOKE,
        Outcome.CARE_CHANGED,
        Outcome.NO_CONTACT_WANTED,
        Outcome.HANDED_OVER,
        Outcome.RECORDED_IN_ERROR,
    ),
    FlagKind.CALL_REQUESTED: (Outcome.SPOKE, Outcome.NO_CONTACT_WANTED, Outcome.HANDED_OVER),
    FlagKind.REVIEW_REQUESTED: (Outcome.SPOKE, Outcome.NO_CONTACT_WANTED),
    FlagKind.REVIEW_DUE: (),
    FlagKind.FIRST_CONTACT_DUE: (Outcome.FIRST_CONTACT_HELD, Outcome.CARE_CHANGED, Outcome.RECORDED_IN_ERROR),
}
"""The outcomes that close each kind, in the order in which a page offers them. A review closes some with `REVIEWED`."""

CLOSED_BY_REVIEW = frozenset(
    {FlagKind.DETERIORATING, FlagKind.NOT_IMPROVING, FlagKind.REVIEW_REQUESTED, FlagKind.REVIEW_DUE}
)
"""A review that is decided answers these; nothing but a review answers `REVIEW_DUE`."""

NEVER_SNOOZED = frozenset(
    {
        FlagKind.SAFETY,
        FlagKind.RE_ENTRY,
        FlagKind.CALL_REQUESTED,
        FlagKind.REVIEW_DUE,
        FlagKind.FIRST_CONTACT_DUE,
    }
)
"""What a patient has just told us, and dates that were promised, are not put off."""

BULK = frozenset({FlagKind.MISSED_CHECK_INS})
"""What may be worked several at a time."""

DECLINABLE = frozenset({FlagKind.NOT_IMPROVING, FlagKind.MISSED_CHECK_INS})
"""Topics on which a patient may want no more contact. Never safety, deterioration or a request of their own."""


class Reached(StrEnum):
    """Whom a flag was taken to when its time ran out; the outcome of an `escalated` event."""

    LEAD = "lead"
    MANAGER = "manager"
    BOTH = "both"
