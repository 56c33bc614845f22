"""The criteria for less help: all of them together propose it. Pure.

What was better once is not known to be so now: with the newest check-in unanswered all of this is unknown.
"""

from collections.abc import Sequence

from monitor.care.kinds import Step
from monitor.care.pathway import Pathway
from monitor.reviews.facts import Course, Reason, ReviewFacts, Scored
from monitor.reviews.judging import (
    Said,
    about,
    has_fallen,
    has_risen,
    judged,
    lacking,
    met,
    moved,
    not_met,
    unknown,
    unsaid,
)
from monitor.reviews.kinds import Because, Criterion

REMISSION = 5
"""PHQ-9 below 5 is remission: Kroenke 2001; the follow-up measure of NCQA (HEDIS DRR-E)."""


def below_caseness(facts: ReviewFacts, pathway: Pathway) -> Said:
    """Both measures below caseness at two consecutive check-ins or more, over 14 days or more.

    A check-in that was not answered breaks the row. Caseness: NHS Talking Therapies; the counts are local protocol.
    """
    lacks = lacking(facts, scores=1)
    runs = [(course, _run_below(course, facts)) for course in facts.courses]
    numbers = pathway.criteria
    is_long = all(_is_long(run, numbers.down_check_ins, numbers.down_apart_days) for _, run in runs)
    if lacks or not is_long:
        return (yield judged(Criterion.BELOW_CASENESS, (), lacks))
    reasons = (
        about(
            Because.BELOW_LONG_ENOUGH,
            course,
            count=len(run),
            days=(run[-1].on - run[0].on).days,
            caseness=course.thresholds.caseness,
        )
        for course, run in runs
    )
    yield met(Criterion.BELOW_CASENESS, *reasons)


def improved_or_remitted(facts: ReviewFacts, pathway: Pathway) -> Said:
    """Reliable improvement on one measure and no reliable worsening on the other, or remission (PHQ-9 below 5)."""
    last, lacks = facts.phq9.last, lacking(facts, scores=2)
    reasons: tuple[Reason, ...] = ()
    if not lacks and not any(has_risen(course) for course in facts.courses):
        reasons = tuple(moved(Because.FALLEN, course) for course in facts.courses if has_fallen(course))
    if last is not None and last.total < REMISSION and not facts.latest_is_unknown:
        reasons += (about(Because.REMITTED, facts.phq9, last=last.total, threshold=REMISSION),)
    yield judged(Criterion.IMPROVED_OR_REMITTED, reasons, lacks)


def item9_zero_twice(facts: ReviewFacts, pathway: Pathway) -> Said:
    """The last two answers to item 9 both 0. Neither is safety; it is what this asks for. Local protocol."""
    lacks, last = unsaid(facts), facts.item9[-2:]
    if any(answer.value for answer in last):
        yield not_met(Criterion.ITEM9_ZERO_TWICE)
    elif lacks:
        yield unknown(Criterion.ITEM9_ZERO_TWICE, *lacks)
    elif len(last) < 2:
        yield unknown(Criterion.ITEM9_ZERO_TWICE, Reason(Because.ITEM9_ANSWERED_ONCE))
    elif last[0].value is None:
        yield unknown(Criterion.ITEM9_ZERO_TWICE, Reason(Because.ITEM9_DECLINED))
    else:
        yield met(Criterion.ITEM9_ZERO_TWICE, Reason(Because.ZERO_TWICE))


def function_restored(facts: ReviewFacts, pathway: Pathway) -> Said:
    """WSAS below 10, or fallen by 8, where it is asked. Source: Mundt 2002; the fall is local protocol."""
    if not facts.wsas:
        return
    numbers, first, last = pathway.criteria, facts.wsas[0].total, facts.wsas[-1].total
    reasons = []
    if last < numbers.down_wsas:
        reasons.append(Reason(Because.WSAS_BELOW, {"last": last, "threshold": numbers.down_wsas}))
    if first - last >= numbers.up_wsas_rise:
        reasons.append(Reason(Because.WSAS_FALLEN, {"first": first, "last": last, "threshold": numbers.up_wsas_rise}))
    yield judged(Criterion.FUNCTION_RESTORED, tuple(reasons), ())


def course_complete(facts: ReviewFacts, pathway: Pathway) -> Said:
    """After stepping down: followed as long as the pathway says. 12 months: Ali 2017, 53 % relapsed within a year."""
    weeks = pathway.plan(facts.step).weeks
    if facts.step is not Step.STEPPED_DOWN or weeks is None:
        return
    if (facts.today - facts.entered_on).days >= 7 * weeks[0]:
        yield met(Criterion.COURSE_COMPLETE, Reason(Because.FOLLOWED_LONG_ENOUGH, {"weeks": weeks[0]}))
    else:
        yield not_met(Criterion.COURSE_COMPLETE)


def _run_below(course: Course, facts: ReviewFacts) -> Sequence[Scored]:
    """Return the newest scores below caseness without a score above or an unanswered check-in between them."""
    run: list[Scored] = []
    last_gap = max(facts.gaps, default=None)
    for score in reversed(course.scores):
        if score.total >= course.thresholds.caseness or (last_gap is not None and score.on <= last_gap):
            break
        run.insert(0, score)
    return run


def _is_long(run: Sequence[Scored], check_ins: int, days: int) -> bool:
    return len(run) >= check_ins and (run[-1].on - run[0].on).days >= days
