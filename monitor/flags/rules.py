"""The flag rules: facts about one episode in, findings and notes out. Pure.

Here are the rules on safety answers and on contact; those on scores are in `score_rules`. A finding asks a person to
look; it moves nobody, and no rule withdraws what another found.
"""

from collections.abc import Callable, Iterable

from monitor.care.flag_policy import FlagPolicy
from monitor.care.kinds import Step
from monitor.flags.facts import EpisodeFacts, Evidence, Finding, Note, SafetyFacts
from monitor.flags.kinds import EvidenceCode, FlagKind, Rule, SelfSafety, Severity
from monitor.flags.score_rules import (
    Said,
    above_cut_point,
    early_review,
    no_fall_in_treatment,
    plateau,
    reliable_deterioration,
    titration,
)


def findings(facts: EpisodeFacts, policy: FlagPolicy) -> tuple[Finding, ...]:
    """Return everything that the rules raise, in the order of the worklist."""
    return tuple(said for said in _evaluate(facts, policy) if isinstance(said, Finding))


def notes(facts: EpisodeFacts, policy: FlagPolicy) -> tuple[Note, ...]:
    """Return what the rules say without raising anything: why one abstained, or that one check-in was missed."""
    return tuple(said for said in _evaluate(facts, policy) if isinstance(said, Note))


def _evaluate(facts: EpisodeFacts, policy: FlagPolicy) -> Said:
    return (said for rule in _in_use(facts) for said in rule(facts, policy) if said.rule not in policy.off)


def _in_use(facts: EpisodeFacts) -> Iterable[Callable[[EpisodeFacts, FlagPolicy], Said]]:
    """Whoever has stepped down is watched by the rules of their relapse plan, W1 to W5, in place of some of these."""
    if facts.step != Step.STEPPED_DOWN:
        return RULES
    return (rule for rule in RULES if rule not in SILENT_AFTER_STEP_DOWN)


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
    """O1: the patient stopped our texts, or check-ins of any kind. That is a right; monitoring stands still."""
    if facts.opted_out:
        stopped = Evidence(EvidenceCode.CHECK_INS_ENDED if facts.withdrew else EvidenceCode.TEXTS_STOPPED)
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
    titration,
    above_cut_point,
    no_fall_in_treatment,
    early_review,
    plateau,
    missed_check_ins,
    unreachable,
    opted_out,
    call_requested,
)
"""In the order of the worklist."""

SILENT_AFTER_STEP_DOWN = (
    reliable_deterioration,
    titration,
    above_cut_point,
    no_fall_in_treatment,
    early_review,
    plateau,
    missed_check_ins,
)
"""They compare with the start of care, or ask how a treatment works; after it, scores are held against its end."""


def _safety(rule: Rule, *evidence: Evidence) -> Finding:
    return Finding(FlagKind.SAFETY, rule, Severity.URGENT, evidence)


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
