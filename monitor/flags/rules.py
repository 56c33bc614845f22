"""The flag rules: facts about one episode in, findings and notes out. Pure.

A missing score never counts as no change: a rule that lacks what it needs says so in a note. A finding asks a person to
look; it moves nobody, and no rule withdraws what another found.
"""

from collections.abc import Callable, Iterator

from monitor.care.flag_policy import FlagPolicy
from monitor.flags.facts import EpisodeFacts, Evidence, Finding, MeasureFacts, Note, SafetyFacts
from monitor.flags.kinds import EvidenceCode, FlagKind, Rule, SelfSafety, Severity

Said = Iterator[Finding | Note]


def findings(facts: EpisodeFacts, policy: FlagPolicy) -> tuple[Finding, ...]:
    """Return everything that the rules raise, in the order of the worklist."""
    return tuple(said for said in _evaluate(facts, policy) if isinstance(said, Finding))


def notes(facts: EpisodeFacts, policy: FlagPolicy) -> tuple[Note, ...]:
    """Return what the rules say without raising anything: why one abstained, or that one check-in was missed."""
    return tuple(said for said in _evaluate(facts, policy) if isinstance(said, Note))


def _evaluate(facts: EpisodeFacts, policy: FlagPolicy) -> Said:
    return (said for rule in RULES for said in rule(facts, policy) if said.rule not in policy.off)


def item9_answered(facts: EpisodeFacts, policy: FlagPolicy) -> Said:
    """S1: item 9 answered 1, 2 or 3, all alike; only the clock differs.

    Source: Simon 2013 (appi.ps.201200587): each answer above 0 predicts attempts. Local protocol for what follows.
    """
    safety = facts.safety
    if safety and safety.answer:
        yield _safety(Rule.S1, Evidence(EvidenceCode.ITEM9_ANSWERED, {"answer": safety.answer}), _before(safety))


def not_sure_to_keep_safe(facts: EpisodeFacts, policy: FlagPolicy) -> Said:
    """S2: not able, or not sure to be able, to keep safe today, whatever item 9 says. Local protocol."""
    if facts.safety and facts.safety.self_safety is SelfSafety.NO:
        yield _safety(Rule.S2, Evidence(EvidenceCode.SELF_SAFETY_NO))
    if facts.safety and facts.safety.self_safety is SelfSafety.UNSURE:
        yield _safety(Rule.S2, Evidence(EvidenceCode.SELF_SAFETY_UNSURE))


def call_asked_after_safety_answer(facts: EpisodeFacts, policy: FlagPolicy) -> Said:
    """S3: a call asked for beside a safety answer. Local protocol."""
    if facts.safety and facts.safety.call_asked and _is_concerning(facts.safety):
        yield _safety(Rule.S3, Evidence(EvidenceCode.CALL_ASKED))


def item9_unanswered(facts: EpisodeFacts, policy: FlagPolicy) -> Said:
    """S4: item 9 declined or left out by somebody whose last answer was above 0.

    An unanswered item is unknown, not 0. Local protocol.
    """
    safety = facts.safety
    if safety and safety.is_missing_after_positive:
        code = EvidenceCode.ITEM9_DECLINED if safety.declined else EvidenceCode.ITEM9_LEFT_OUT
        yield _safety(Rule.S4, Evidence(code), _before(safety))


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


def missed_check_ins(facts: EpisodeFacts, policy: FlagPolicy) -> Said:
    """M1, M2: check-ins whose texts arrived and were not answered, graded; fewer than the first grade are a note.

    Silence after worsening, or after an item 9 above 0, is for the same day. Local protocol.
    """
    missed = facts.missed_in_a_row
    if missed == 0:
        return
    count = (
        Evidence(EvidenceCode.MISSED_ONE) if missed == 1 else Evidence(EvidenceCode.MISSED_IN_A_ROW, {"count": missed})
    )
    if missed < policy.missed_review:
        yield Note(Rule.M1, (count,))
        return
    rule, severity = (Rule.M2, Severity.HIGH) if missed >= policy.missed_high else (Rule.M1, Severity.REVIEW)
    yield _out_of_touch(facts, FlagKind.MISSED_CHECK_INS, rule, severity, count)


def unreachable(facts: EpisodeFacts, policy: FlagPolicy) -> Said:
    """U1, U2: texts of two check-ins in a row that did not arrive, or a number that the network has given up.

    Local protocol.
    """
    if facts.undelivered_in_a_row >= policy.undelivered:
        count = Evidence(EvidenceCode.TEXTS_NOT_ARRIVING, {"count": facts.undelivered_in_a_row})
        yield _out_of_touch(facts, FlagKind.UNREACHABLE, Rule.U1, Severity.HIGH, count)
    if facts.number_failed:
        failed = Evidence(EvidenceCode.NUMBER_NOT_REACHED)
        yield _out_of_touch(facts, FlagKind.UNREACHABLE, Rule.U2, Severity.HIGH, failed)


def opted_out(facts: EpisodeFacts, policy: FlagPolicy) -> Said:
    """O1: the patient stopped our texts. That is a right, not a fault; the team learns that monitoring stands still."""
    if facts.opted_out:
        stopped = Evidence(EvidenceCode.TEXTS_STOPPED)
        yield _out_of_touch(facts, FlagKind.OPTED_OUT, Rule.O1, Severity.HIGH, stopped)


def call_requested(facts: EpisodeFacts, policy: FlagPolicy) -> Said:
    """C1: a call asked for. Beside a safety answer it belongs to the safety flag (S3) and its shorter clock."""
    asked_apart = facts.safety is not None and facts.safety.call_asked and not _is_concerning(facts.safety)
    if facts.call_requested or asked_apart:
        wanted = Evidence(EvidenceCode.CALL_WANTED)
        yield Finding(FlagKind.CALL_REQUESTED, Rule.C1, Severity.HIGH, (wanted,))


RULES: tuple[Callable[[EpisodeFacts, FlagPolicy], Said], ...] = (
    item9_answered,
    not_sure_to_keep_safe,
    call_asked_after_safety_answer,
    item9_unanswered,
    reliable_deterioration,
    early_review,
    plateau,
    missed_check_ins,
    unreachable,
    opted_out,
    call_requested,
)
"""In the order of the worklist."""


def _safety(rule: Rule, *evidence: Evidence) -> Finding:
    return Finding(FlagKind.SAFETY, rule, Severity.URGENT, evidence)


def _not_improving(rule: Rule, *evidence: Evidence) -> Finding:
    # Of 4,394 patients one class improved only after the sixth session (PMC6428692): each such flag carries the caveat.
    caveat = Evidence(EvidenceCode.LATE_IMPROVEMENT)
    return Finding(FlagKind.NOT_IMPROVING, rule, Severity.REVIEW, (*evidence, caveat))


def _out_of_touch(facts: EpisodeFacts, kind: FlagKind, rule: Rule, severity: Severity, first: Evidence) -> Finding:
    evidence = [first]
    if facts.last_safety_answer:
        evidence.append(Evidence(EvidenceCode.LAST_ITEM9, {"answer": facts.last_safety_answer}))
    if facts.was_worsening:
        evidence.append(Evidence(EvidenceCode.WORSENING_BEFORE))
    return Finding(kind, rule, Severity.URGENT if len(evidence) > 1 else severity, tuple(evidence))


def _is_concerning(safety: SafetyFacts) -> bool:
    unsafe = safety.self_safety in (SelfSafety.NO, SelfSafety.UNSURE)
    return bool(safety.answer) or unsafe or safety.is_missing_after_positive


def _before(safety: SafetyFacts) -> Evidence:
    if safety.previous is None:
        return Evidence(EvidenceCode.ITEM9_FIRST)
    figures: dict[str, int | str] = {"previous": safety.previous}
    if safety.previous_on is not None:
        figures["on"] = safety.previous_on.isoformat()
    return Evidence(EvidenceCode.ITEM9_BEFORE, figures)


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
