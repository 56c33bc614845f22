"""The criteria for more help: any one of them proposes it. Pure.

A high score stands until a newer one takes its place; a lower one that is no longer news is unknown.
"""

from monitor.care.intake_kinds import Need
from monitor.care.kinds import Intensity
from monitor.care.pathway import Pathway
from monitor.reviews.facts import Course, Reason, ReviewFacts, Scored
from monitor.reviews.judging import (
    Said,
    about,
    has_risen,
    judged,
    lacking,
    met,
    moved,
    not_met,
    unknown,
    unsaid,
    week_of,
)
from monitor.reviews.kinds import Because, Criterion


def reliable_deterioration(facts: ReviewFacts, pathway: Pathway) -> Said:
    """A measure risen by its reliable change since the first score (PHQ-9 6, GAD-7 4): rule N1 of the flags.

    Source: PHQ-9 PMC10472176; GAD-7 NHSDigital/mental-health-monthly-statistics.
    """
    risen = tuple(moved(Because.RISEN, each) for each in facts.courses if has_risen(each))
    yield judged(Criterion.RELIABLE_DETERIORATION, risen, lacking(facts, scores=2))


def twice_too_small_a_fall(facts: ReviewFacts, pathway: Pathway) -> Said:
    """N2 twice: two PHQ-9 totals of weeks 4 to 6 without the fall that is looked for by then, and none since.

    Source: unconfirmed table (clinical facts, titration), so a pathway has it off unless a service owns it.
    """
    course, policy = facts.phq9, pathway.flags
    if "N2" in policy.off:
        return (yield unknown(Criterion.TWICE_TOO_SMALL_A_FALL, Reason(Because.RULE_OFF)))
    if course.first is None or course.last is None:
        return (yield unknown(Criterion.TWICE_TOO_SMALL_A_FALL, about(Because.NO_SCORE, course)))
    first, (opens, closes) = course.first, policy.titration_weeks
    looked_at = [score for score in course.scores[1:] if opens <= week_of(first, score.on) <= closes]
    small = [score for score in looked_at if first.total - score.total < policy.titration_fall]
    is_over = week_of(first, facts.today) > closes
    if first.total < course.thresholds.caseness or first.total - course.last.total >= policy.titration_fall:
        yield not_met(Criterion.TWICE_TOO_SMALL_A_FALL)
    elif len(small) >= 2:
        figures = {"first": first.total, "count": len(small), "needed": policy.titration_fall}
        figures |= {"opens": opens, "closes": closes}
        yield met(Criterion.TWICE_TOO_SMALL_A_FALL, about(Because.TWICE_SMALL_FALL, course, **figures))
    elif len(looked_at) < 2 and is_over:
        yield unknown(Criterion.TWICE_TOO_SMALL_A_FALL, about(Because.NO_SCORE_NEAR_WEEK, course, week=closes))
    elif not is_over:
        yield unknown(Criterion.TWICE_TOO_SMALL_A_FALL, Reason(Because.TOO_EARLY, {"week": closes}))
    else:
        yield not_met(Criterion.TWICE_TOO_SMALL_A_FALL)


def above_cut_point(facts: ReviewFacts, pathway: Pathway) -> Said:
    """N3: the PHQ-9 at or above the cut point of the newest of the weeks 4, 9 and 14, and not below it since.

    Source: Schueller 2015, two trials, n = 487, from a start of 10 or more. A score within 7 days counts for its week.
    """
    course, policy = facts.phq9, pathway.flags
    if "N3" in policy.off:
        return (yield unknown(Criterion.ABOVE_CUT_POINT, Reason(Because.RULE_OFF)))
    if course.first is None or course.last is None:
        return (yield unknown(Criterion.ABOVE_CUT_POINT, about(Because.NO_SCORE, course)))
    first, window = course.first, policy.window_days
    if first.total < course.thresholds.caseness:
        return (yield not_met(Criterion.ABOVE_CUT_POINT))
    marks = [
        mark for mark in policy.cut_points if _near(course, mark[0], window) or _is_over(first, facts, mark[0], window)
    ]
    if not marks:
        return (yield unknown(Criterion.ABOVE_CUT_POINT, Reason(Because.TOO_EARLY, {"week": policy.cut_points[0][0]})))
    week, cut = marks[-1]
    near = _near(course, week, window)
    if not near:
        return (yield unknown(Criterion.ABOVE_CUT_POINT, about(Because.NO_SCORE_NEAR_WEEK, course, week=week)))
    score = near[0]
    if min(score.total, course.last.total) >= cut:
        figures = {"score": score.total, "week": week, "cut": cut, "last": course.last.total}
        yield met(Criterion.ABOVE_CUT_POINT, about(Because.ABOVE_CUT, course, **figures))
    else:
        yield not_met(Criterion.ABOVE_CUT_POINT)


def severe_at_low_intensity(facts: ReviewFacts, pathway: Pathway) -> Said:
    """The PHQ-9 at 16 or more, or the GAD-7 at 15 or more, on a step of low intensity.

    Source: NICE NG222, more severe depression; GAD-7 15, published band.
    """
    if pathway.plan(facts.step).intensity is not Intensity.LOW:
        return
    numbers = ((facts.phq9, pathway.criteria.up_phq9), (facts.gad7, pathway.criteria.up_gad7))
    severe = tuple(
        about(Because.AT_OR_ABOVE, course, last=course.last.total, threshold=number)
        for course, number in numbers
        if course.last and course.last.total >= number
    )
    yield judged(Criterion.SEVERE_AT_LOW_INTENSITY, severe, lacking(facts, scores=1))


def function_impaired(facts: ReviewFacts, pathway: Pathway) -> Said:
    """WSAS above 20, or risen by 8. Source: bands Mundt 2002; the rise is local protocol, its number is unconfirmed."""
    if not facts.wsas:
        return (yield unknown(Criterion.FUNCTION_IMPAIRED, Reason(Because.WSAS_NOT_ASKED)))
    numbers, first, last = pathway.criteria, facts.wsas[0].total, facts.wsas[-1].total
    reasons = []
    if last > numbers.up_wsas:
        reasons.append(Reason(Because.WSAS_ABOVE, {"last": last, "threshold": numbers.up_wsas}))
    if last - first >= numbers.up_wsas_rise:
        reasons.append(Reason(Because.WSAS_RISEN, {"first": first, "last": last, "threshold": numbers.up_wsas_rise}))
    once = (Reason(Because.WSAS_ASKED_ONCE),) if len(facts.wsas) < 2 else ()
    yield judged(Criterion.FUNCTION_IMPAIRED, tuple(reasons), once)


def safety_answer(facts: ReviewFacts, pathway: Pathway) -> Said:
    """Item 9 answered 2 or more, or not able to keep safe, since the last review.

    A later answer of 0 does not take it back: the review is where a person looks at it. Local protocol.
    """
    given = [answer for answer in facts.item9 if answer.value is not None]
    counted = [answer for answer in given if answer.on >= facts.since] + given[-1:]
    worst = max(counted, key=lambda answer: (answer.value or 0, answer.on), default=None)
    reasons = []
    if worst is not None and (worst.value or 0) >= pathway.criteria.up_item9:
        reasons.append(Reason(Because.ITEM9_ANSWERED, {"answer": worst.value or 0, "on": worst.on.isoformat()}))
    if facts.unable_to_keep_safe_on is not None:
        reasons.append(Reason(Because.UNABLE_TO_KEEP_SAFE, {"on": facts.unable_to_keep_safe_on.isoformat()}))
    yield judged(Criterion.SAFETY_ANSWER, tuple(reasons), unsaid(facts))


def out_of_touch(facts: ReviewFacts, pathway: Pathway) -> Said:
    """Two check-ins missed in a row, and nobody has spoken with them for 14 days. Local protocol."""
    days, numbers = (facts.today - facts.last_contact_on).days, pathway.criteria
    if facts.missed_in_a_row >= numbers.up_missed and days >= numbers.up_no_contact_days:
        figures: dict[str, int | str] = {"missed": facts.missed_in_a_row, "days": days}
        yield met(Criterion.OUT_OF_TOUCH, Reason(Because.MISSED_AND_SILENT, figures))
    else:
        yield not_met(Criterion.OUT_OF_TOUCH)


def new_unmet_need(facts: ReviewFacts, pathway: Pathway) -> Said:
    """Housing or safety from others newly unmet; one that was never asked about before is new. Local protocol."""
    if facts.needs is None:
        return (yield unknown(Criterion.NEW_UNMET_NEED, Reason(Because.NEEDS_NOT_ASKED)))
    codes = {Need.HOUSING: Because.NEED_HOUSING, Need.SAFETY: Because.NEED_SAFETY}
    new = facts.needs - (facts.needs_before or frozenset())
    yield judged(Criterion.NEW_UNMET_NEED, tuple(Reason(code) for need, code in codes.items() if need in new), ())


def _near(course: Course, week: int, window: int) -> list[Scored]:
    """Return the totals within `window` days of a week after the first, the nearest first."""
    days = {score: abs((score.on - course.scores[0].on).days - 7 * week) for score in course.scores[1:]}
    return sorted((score for score, off in days.items() if off <= window), key=days.__getitem__)


def _is_over(first: Scored, facts: ReviewFacts, week: int, window: int) -> bool:
    return (facts.today - first.on).days > 7 * week + window
