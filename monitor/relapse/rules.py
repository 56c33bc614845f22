"""The rules that watch over somebody who has stepped down, W1 to W5. Pure.

They take the place of the rules on scores and on missed check-ins, and compare with the scores of the day on which help
became less. Source of all five: the clinical fact sheet, part 2.2, after Ali 2017 (Behav Res Ther 94:1-8): 53 % of 439
people who had recovered relapsed within a year, 79 % of them in the first six months. What counts as a relapse is local
protocol there and here. A finding asks a person to look; it moves nobody.
"""

from collections.abc import Callable, Iterator

from monitor.care.flag_policy import FlagPolicy
from monitor.flags.facts import Evidence, Finding, Note
from monitor.flags.kinds import EvidenceCode, FlagKind, Rule, Severity
from monitor.flags.score_rules import Said
from monitor.relapse.facts import SignsNoticed, SinceThen, WatchFacts

APART_DAYS = 7
"""Two scores at caseness so many days apart confirm a relapse: clinical fact sheet, part 2.2. Local protocol."""


def findings(facts: WatchFacts, policy: FlagPolicy) -> tuple[Finding, ...]:
    """Return everything that the rules raise."""
    return tuple(said for rule in RULES for said in rule(facts, policy) if isinstance(said, Finding))


def notes(facts: WatchFacts, policy: FlagPolicy) -> tuple[Note, ...]:
    """Return why rules abstained, or that one check-in was missed."""
    return tuple(said for rule in RULES for said in rule(facts, policy) if isinstance(said, Note))


def own_sign(facts: WatchFacts, policy: FlagPolicy) -> Said:
    """W1: a sign of the patient's own plan was noticed, on whatever way they said so.

    Source: the clinical fact sheet, part 2.2: any sign that the patient chose, ticked.
    """
    if facts.noticed is not None:
        yield sign_noticed(facts.noticed)


def sign_noticed(noticed: SignsNoticed) -> Finding:
    """Return what W1 says of signs that were noticed: how many and which by their numbers, never their words."""
    figures: dict[str, int | str] = {"by": noticed.by, "on": noticed.on.isoformat()}
    if noticed.positions and noticed.version is not None:
        which = ", ".join(map(str, noticed.positions))
        figures |= {"signs": len(noticed.positions), "which": which, "version": noticed.version}
    return _signal(Rule.W1, Severity.HIGH, Evidence(EvidenceCode.SIGN_NOTICED, figures))


def early_warning(facts: WatchFacts, policy: FlagPolicy) -> Said:
    """W2: a rise since the step-down by the measure's minimal difference (PHQ-9 5, GAD-7 4), still below caseness.

    Source: the clinical fact sheet, part 2.2, for the PHQ-9 (5 points: Loewe 2004). GAD-7 4 points (Toussaint 2020) in
    the same way: local protocol.
    """
    risen = tuple(
        _rose(each)
        for each in facts.measures
        if not each.is_at_caseness and each.rise is not None and each.rise >= each.thresholds.minimal_difference
    )
    if risen:
        yield _signal(Rule.W2, Severity.HIGH, *risen)
    yield from _abstains(Rule.W2, facts)


def possible_relapse(facts: WatchFacts, policy: FlagPolicy) -> Said:
    """W3: at caseness (PHQ-9 10, GAD-7 8) on a measure on which somebody was below when they stepped down.

    Where there was no score then, nothing says that they were at caseness, so a score at caseness is enough.
    Source: the clinical fact sheet, part 2.2; the cut-offs are those of the measures.
    """
    back = tuple(_back(each) for each in facts.measures if _is_back(each))
    if back:
        yield _signal(Rule.W3, Severity.HIGH, *back)


def confirmed_relapse(facts: WatchFacts, policy: FlagPolicy) -> Said:
    """W4: at caseness and reliably worse than at the step-down (PHQ-9 6, GAD-7 4), or back at caseness and staying.

    Staying: two scores at caseness at least seven days apart and none below between them. Somebody who stepped down at
    caseness is held to the change alone. Source: the clinical fact sheet, part 2.2; Ali 2017 used caseness with
    reliable change; reliable change: PHQ-9 PMC10472176, GAD-7 NHS England reporting code.
    """
    confirmed = tuple(said for each in facts.measures for said in _confirms(each))
    if confirmed:
        yield _signal(Rule.W4, Severity.HIGH, *confirmed)
    yield from _abstains(Rule.W4, facts)


def gone_quiet(facts: WatchFacts, policy: FlagPolicy) -> Said:
    """W5: check-ins after the step-down not answered, graded as M1 and M2 grade them; the first alone is a note.

    Source: the clinical fact sheet, part 2.2: two in a row are a signal of their own, for the coordinator. Silence
    after worsening, or after an item 9 above 0, is for the same day. Local protocol.
    """
    missed = facts.missed_in_a_row
    if 0 < missed < policy.missed_review:
        yield Note(Rule.W5, (Evidence(EvidenceCode.MISSED_ONE),))
    if missed < policy.missed_review:
        return
    evidence = [Evidence(EvidenceCode.QUIET_AFTER_STEP_DOWN, {"count": missed})]
    if facts.last_safety_answer:
        evidence.append(Evidence(EvidenceCode.LAST_ITEM9, {"answer": facts.last_safety_answer}))
    if facts.was_worsening:
        evidence.append(Evidence(EvidenceCode.WORSENING_BEFORE))
    graded = Severity.HIGH if missed >= policy.missed_high else Severity.REVIEW
    yield _signal(Rule.W5, Severity.URGENT if len(evidence) > 1 else graded, *evidence)


RULES: tuple[Callable[[WatchFacts, FlagPolicy], Said], ...] = (
    own_sign,
    early_warning,
    possible_relapse,
    confirmed_relapse,
    gone_quiet,
)
"""In their own order: what comes later weighs more, but for silence."""


def _is_back(measure: SinceThen) -> bool:
    return measure.is_at_caseness and not measure.was_at_caseness


def _confirms(measure: SinceThen) -> Iterator[Evidence]:
    """What confirms a relapse on one measure, if anything does."""
    if measure.is_at_caseness and measure.is_reliably_worse:
        yield _rose(measure)
    staying = measure.staying(APART_DAYS)
    if staying is not None and not measure.was_at_caseness:
        first, later = staying
        figures = {"earlier": first.points, "last": later.points, "days": (later.on - first.on).days}
        yield Evidence(EvidenceCode.STAYED_AT_CASENESS, {"measure": measure.code, **figures})


def _abstains(rule: Rule, facts: WatchFacts) -> Iterator[Note]:
    """Say which measures have scores now, and none of the day of the step-down to compare them with."""
    unknown = tuple(
        Evidence(EvidenceCode.NO_SCORE_THEN, {"measure": each.code})
        for each in facts.measures
        if each.then is None and each.totals
    )
    if unknown:
        yield Note(rule, unknown)


def _rose(measure: SinceThen) -> Evidence:
    return Evidence(EvidenceCode.ROSE_AFTER_STEP_DOWN, {**_course(measure), "points": measure.rise or 0})


def _back(measure: SinceThen) -> Evidence:
    return Evidence(EvidenceCode.BACK_AT_CASENESS, {**_course(measure), "caseness": measure.thresholds.caseness})


def _course(measure: SinceThen) -> dict[str, int | str]:
    """The figures from then to now, of those that are known."""
    known: dict[str, int | str | None] = {
        "measure": measure.code,
        "then": measure.then,
        "last": measure.last.points if measure.last else None,
        "on": measure.then_on.isoformat() if measure.then_on else None,
    }
    return {name: value for name, value in known.items() if value is not None}


def _signal(rule: Rule, severity: Severity, *evidence: Evidence) -> Finding:
    return Finding(FlagKind.RELAPSE_SIGNAL, rule, severity, evidence)
