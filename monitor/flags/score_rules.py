"""The flag rules about scores, N1 to N6. Pure.

A missing score never counts as no change: a rule that lacks what it needs says so in a note. Where a rule looks at a
week, the latest score counts if it lies near enough to that week, and none does if the latest check-in is unanswered.
"""

from collections.abc import Iterator
from datetime import date

from monitor.care.flag_policy import FlagPolicy
from monitor.flags.facts import EpisodeFacts, Evidence, Finding, MeasureFacts, Note, TreatmentFacts
from monitor.flags.kinds import EvidenceCode, FlagKind, Rule, Severity

Said = Iterator[Finding | Note]
Weeks = tuple[int, int]

DEPRESSION = "phq9"
"""N2, N3 and N4 were published, or are written, for the PHQ-9 alone."""


def reliable_deterioration(facts: EpisodeFacts, policy: FlagPolicy) -> Said:
    """N1: any measure risen from baseline by its reliable change (PHQ-9 6, GAD-7 4), at any time.

    Fires on one measure whatever the other did: rules for counting outcomes concern reports, not people.
    Source: NHS Talking Therapies; PHQ-9 PMC10472176; NHSDigital/mental-health-monthly-statistics.
    """
    worse = tuple(_rise(measure) for measure in facts.measures if measure.is_reliably_worse)
    if worse:
        yield Finding(FlagKind.DETERIORATING, Rule.N1, Severity.HIGH, worse)
    lacking = tuple(_lack(measure) for measure in facts.measures if measure.change is None)
    if lacking:
        yield Note(Rule.N1, lacking)


def titration(facts: EpisodeFacts, policy: FlagPolicy) -> Said:
    """N2: too small a fall of the PHQ-9 in weeks 4 to 6 after the first score, from a start at caseness.

    Source: local protocol. The table of the MacArthur tool kit that it follows could not be confirmed, so it is off
    unless a service owns it.
    """
    depression = facts.measure(DEPRESSION)
    if depression is None or not depression.began_at_caseness:
        return
    place = (depression, depression.baseline_on, policy.titration_weeks)
    score = _score_near(facts, *place, policy)
    if score is not None and (depression.baseline or 0) - score < policy.titration_fall:
        yield _not_improving(Rule.N2, _small_fall(depression, policy))
    if lacking := _lacking(facts, *place, policy):
        yield Note(Rule.N2, (lacking,))


def above_cut_point(facts: EpisodeFacts, policy: FlagPolicy) -> Said:
    """N3: PHQ-9 17 or more near week 4, 13 near week 9, 9 near week 14, from a start of 10 (caseness) or more.

    Source: Schueller 2015, two trials of therapy, n = 487: such scores went with no improvement at the end.
    """
    depression = facts.measure(DEPRESSION)
    if depression is None or not depression.began_at_caseness:
        return
    above, lacking = [], []
    for week, cut_point in policy.cut_points:
        place = (depression, depression.baseline_on, (week, week))
        score = _score_near(facts, *place, policy)
        if score is not None and score >= cut_point:
            figures = {"last": score, "week": week, "cut_point": cut_point}
            above.append(Evidence(EvidenceCode.ABOVE_CUT_POINT, {"measure": DEPRESSION, **figures}))
        if missing := _lacking(facts, *place, policy):
            lacking.append(missing)
    if above:
        yield _not_improving(Rule.N3, *above)
    if lacking:
        yield Note(Rule.N3, tuple(lacking))


def no_fall_in_treatment(facts: EpisodeFacts, policy: FlagPolicy) -> Said:
    """N4: no fall at all of the PHQ-9 after 4 weeks of an antidepressant or 6 of therapy, from a start at caseness.

    From the score when the treatment began, not from the first: what came before says nothing about the treatment.
    Source: NICE NG222, recommendation 1.9.1.
    """
    depression = facts.measure(DEPRESSION)
    if depression is None:
        return
    if not facts.treatments:
        yield Note(Rule.N4, (Evidence(EvidenceCode.NO_TREATMENT_START),))
    unchanged, lacking = [], []
    for treatment in facts.treatments:
        weeks = policy.no_response_weeks[treatment.treatment.value]
        place = (depression, treatment.started_on, (weeks, weeks))
        then, score = _score_then(depression, treatment, policy), _score_near(facts, *place, policy)
        if missing := _lacking(facts, *place, policy):
            lacking.append(missing)
        elif score is not None and then is None:
            lacking.append(_no_score_near(depression, week=0))
        elif score is not None and then is not None and depression.thresholds.caseness <= then <= score:
            unchanged.append(_no_fall(treatment, then, score, weeks))
    if unchanged:
        yield _not_improving(Rule.N4, *unchanged)
    if lacking:
        yield Note(Rule.N4, tuple(lacking))


def early_review(facts: EpisodeFacts, policy: FlagPolicy) -> Said:
    """N5: the fourth attended contact of low intensity, and no measure has fallen by its minimal difference.

    Only for people at caseness on a measure at the start: from below it there is little room to fall, so the rule would
    fire for nearly all of them, and outcome counting leaves them out as well. One measure that fell is enough to stay
    silent; one that cannot be compared, or scores older than the last check-in, make the rule abstain.
    Source: local protocol. Minimal differences: PHQ-9 5 (Loewe 2004), GAD-7 4 (Toussaint 2020).
    """
    if facts.step not in policy.low_intensity_steps or facts.attended_contacts < policy.review_contact:
        return
    if any(measure.has_fallen for measure in facts.measures):
        return
    lacking = tuple(_lack(measure) for measure in facts.measures if measure.change is None)
    if lacking or facts.latest_is_unanswered:
        yield Note(Rule.N5, lacking or (Evidence(EvidenceCode.LATEST_UNANSWERED),))
    elif any(measure.began_at_caseness for measure in facts.measures):
        reached = {"contacts": facts.attended_contacts, "week": facts.week}
        falls = tuple(_fall(measure) for measure in facts.measures)
        yield _not_improving(Rule.N5, Evidence(EvidenceCode.CONTACTS_ATTENDED, reached), *falls)


def plateau(facts: EpisodeFacts, policy: FlagPolicy) -> Said:
    """N6: the last three answered scores all within 2 points of one another, and the last still at caseness.

    Highest minus lowest, not plus or minus around a middle: 16, 14, 12 is a fall of 4, not a plateau.
    Source: local protocol.
    """
    if facts.latest_is_unanswered:
        yield Note(Rule.N6, (Evidence(EvidenceCode.LATEST_UNANSWERED),))
        return
    needed = policy.plateau_check_ins
    flat = tuple(_level(m, policy) for m in facts.measures if m.is_flat_at_caseness(needed, policy.plateau_spread))
    if flat:
        yield _not_improving(Rule.N6, *flat)
    lacking = tuple(
        Evidence(EvidenceCode.TOO_FEW_SCORES, {"measure": m.code, "count": len(m.recent), "needed": needed})
        for m in facts.measures
        if len(m.recent) < needed
    )
    if lacking:
        yield Note(Rule.N6, lacking)


# ---- near a week ----


def _is_near(day: date | None, start: date | None, weeks: Weeks, policy: FlagPolicy) -> bool:
    """Whether a day lies within some weeks after the start, or near enough to them, and after the start itself."""
    if day is None or start is None:
        return False
    first, last = weeks
    return max(1, 7 * first - policy.window_days) <= (day - start).days <= 7 * last + policy.window_days


def _score_near(
    facts: EpisodeFacts, measure: MeasureFacts, start: date | None, weeks: Weeks, policy: FlagPolicy
) -> int | None:
    """Return the latest score where it lies near those weeks and can be compared with one before it."""
    known = measure.change is not None and not facts.latest_is_unanswered
    return measure.last if known and _is_near(measure.last_on, start, weeks, policy) else None


def _lacking(
    facts: EpisodeFacts, measure: MeasureFacts, start: date | None, weeks: Weeks, policy: FlagPolicy
) -> Evidence | None:
    """Return what is missing for a judgement that could be made today; None when nothing is, or it is not the time."""
    if not _is_near(facts.today, start, weeks, policy):
        return None
    if facts.latest_is_unanswered:
        return Evidence(EvidenceCode.LATEST_UNANSWERED)
    has_one = _score_near(facts, measure, start, weeks, policy) is not None
    return None if has_one else _no_score_near(measure, week=weeks[0])


def _no_score_near(measure: MeasureFacts, *, week: int) -> Evidence:
    return Evidence(EvidenceCode.NO_SCORE_IN_WINDOW, {"measure": measure.code, "week": week})


def _score_then(measure: MeasureFacts, treatment: TreatmentFacts, policy: FlagPolicy) -> int | None:
    """Return the score when a treatment began, or soon enough afterwards."""
    if treatment.score_then is not None or measure.baseline_on is None:
        return treatment.score_then
    is_soon = (measure.baseline_on - treatment.started_on).days <= policy.window_days
    return measure.baseline if is_soon else None


# ---- what is said ----


def _not_improving(rule: Rule, *evidence: Evidence) -> Finding:
    # Of 4,394 patients one class improved only after the sixth session (PMC6428692): each such flag carries the caveat.
    caveat = Evidence(EvidenceCode.LATE_IMPROVEMENT)
    return Finding(FlagKind.NOT_IMPROVING, rule, Severity.REVIEW, (*evidence, caveat))


def _rise(measure: MeasureFacts) -> Evidence:
    return Evidence(EvidenceCode.ROSE, {**_course(measure), "threshold": measure.thresholds.reliable_change})


def _fall(measure: MeasureFacts) -> Evidence:
    best = min(score for score in (measure.best, measure.baseline, measure.last) if score is not None)
    figures = {**_course(measure), "best": best, "needed": measure.thresholds.minimal_difference}
    return Evidence(EvidenceCode.TOO_SMALL_A_FALL, figures)


def _course(measure: MeasureFacts) -> dict[str, int | str]:
    """The figures from the first to the last score, of those that are known."""
    known: dict[str, int | str | None] = {
        "measure": measure.code,
        "baseline": measure.baseline,
        "on": measure.baseline_on.isoformat() if measure.baseline_on else None,
        "last": measure.last,
        "points": measure.change,
    }
    return {name: value for name, value in known.items() if value is not None}


def _small_fall(measure: MeasureFacts, policy: FlagPolicy) -> Evidence:
    figures = _course(measure)
    if measure.last_on and measure.baseline_on:
        figures["week"] = (measure.last_on - measure.baseline_on).days // 7
    return Evidence(EvidenceCode.SMALL_FALL_BY_WEEK, {**figures, "needed": policy.titration_fall})


def _no_fall(treatment: TreatmentFacts, then: int, last: int, weeks: int) -> Evidence:
    figures: dict[str, int | str] = {
        "measure": DEPRESSION,
        "treatment": treatment.treatment.value,
        "baseline": then,
        "on": treatment.started_on.isoformat(),
        "last": last,
        "weeks": weeks,
    }
    return Evidence(EvidenceCode.NO_FALL_AT_ALL, figures)


def _level(measure: MeasureFacts, policy: FlagPolicy) -> Evidence:
    scores = measure.recent[-policy.plateau_check_ins :]
    figures: dict[str, int | str] = {
        "measure": measure.code,
        "count": len(scores),
        "scores": ", ".join(map(str, scores)),
        "spread": policy.plateau_spread,
        "caseness": measure.thresholds.caseness,
    }
    return Evidence(EvidenceCode.PLATEAU, figures)


def _lack(measure: MeasureFacts) -> Evidence:
    code = EvidenceCode.NO_BASELINE if measure.baseline is None else EvidenceCode.ONE_SCORE
    return Evidence(code, {"measure": measure.code})
