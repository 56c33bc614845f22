"""What staff read: every finding in a whole sentence, with its rule and source, and no word that sorts or blames."""

import re
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.extract import extract

from monitor.care.flag_policy import FlagPolicy
from monitor.care.kinds import Treatment
from monitor.flags import watch_words, words
from monitor.flags.facts import EpisodeFacts, Evidence, SafetyFacts, TreatmentFacts
from monitor.flags.kinds import AttemptOutcome, EvidenceCode, FlagKind, Outcome, Rule, SelfSafety
from monitor.flags.models import FlagState
from monitor.flags.rules import findings, notes
from monitor.flags.support import Prompt
from monitor.measures import catalogue
from tests.flags.episodes import POLICY, START, dated, episode, gad7, phq9

EVERY_RULE = FlagPolicy(off=frozenset())
LATER = START + timedelta(weeks=4)

FORBIDDEN = (
    r"risk|danger|low|medium|high|non-?complian\w*|complian\w*|adheren\w*|fail\w*|non-?response|response|user|client|case"
    r"|survey|alert|notification|handler|session|refus\w*|ignor\w*|attempt|suicid\w*"
)
LOW_INTENSITY = "low intensity"  # the name of a step of care, not of a person

EPISODES = [
    episode(safety=SafetyFacts(1)),
    episode(safety=SafetyFacts(2, previous=0, previous_on=START, self_safety=SelfSafety.NO, call_asked=True)),
    episode(safety=SafetyFacts(3, previous=1, self_safety=SelfSafety.UNSURE)),
    episode(safety=SafetyFacts(None, previous=1, declined=True)),
    episode(safety=SafetyFacts(None, previous=1)),
    episode(phq9(12, 19), gad7(16, 16), attended_contacts=4),
    episode(phq9(16, 15, 15), gad7(12, 12, 12), attended_contacts=4),
    episode(phq9(12, 19), missed_in_a_row=2, last_safety_answer=1),
    episode(phq9(), gad7(8), missed_in_a_row=1),
    episode(phq9(), gad7(8)),
    episode(undelivered_in_a_row=2, number_failed=True, opted_out=True, call_requested=True),
    episode(opted_out=True, withdrew=True),
    *(
        episode(dated(phq9(18, 18), weeks=4), treatments=(TreatmentFacts(treatment, START, 18),), today=LATER)
        for treatment in Treatment
    ),
    episode(dated(phq9(18, 18), weeks=6), treatments=(TreatmentFacts(Treatment.PSYCHOLOGICAL, START),)),
    episode(dated(phq9(18, 18), weeks=1), today=LATER),
]
SINCE = {"measure": "phq9", "then": 4, "last": 9, "on": "2026-11-10"}
BY_DATE_OR_WISH = [
    Evidence(EvidenceCode.REVIEW_CAME_DUE, {"kind": "routine", "on": "2026-11-10"}),
    Evidence(EvidenceCode.REVIEW_WANTED),
    *(Evidence(EvidenceCode.OTHER_STEP_WANTED, {"wish": wish}) for wish in ("more", "less", "another_kind")),
    Evidence(EvidenceCode.STEPPED_UP, {"step": "three", "on": "2026-11-10"}),
    *(
        Evidence(EvidenceCode.CAME_BACK, {"how": how, "step": "two", "on": "2026-11-10", "days": 5})
        for how in ("page", "text", "call")
    ),
    *(Evidence(EvidenceCode.SIGN_NOTICED, {"by": by, "on": "2026-11-10"}) for by in ("page", "text", "call")),
    *(
        Evidence(EvidenceCode.SIGN_NOTICED, {"by": by, "on": "2026-11-10", "signs": 2, "which": "1, 3", "version": 1})
        for by in ("check_in", "page", "call")
    ),
    Evidence(EvidenceCode.ROSE_AFTER_STEP_DOWN, {**SINCE, "points": 5}),
    Evidence(EvidenceCode.BACK_AT_CASENESS, {**SINCE, "caseness": 10}),
    Evidence(EvidenceCode.BACK_AT_CASENESS, {"measure": "phq9", "last": 9, "on": "2026-11-10", "caseness": 10}),
    Evidence(EvidenceCode.STAYED_AT_CASENESS, {"measure": "phq9", "earlier": 11, "last": 12, "days": 14}),
    Evidence(EvidenceCode.QUIET_AFTER_STEP_DOWN, {"count": 2}),
    Evidence(EvidenceCode.NO_SCORE_THEN, {"measure": "gad7"}),
]
"""What other parts of the program raise flags with."""


def all_evidence(facts: EpisodeFacts) -> list[Evidence]:
    said = (*findings(facts, EVERY_RULE), *notes(facts, EVERY_RULE))
    return [evidence for each in said for evidence in each.evidence]


def every_text() -> list[str]:
    tables = (
        words.SENTENCES,
        words.ITEM9_ANSWERED,
        words.NO_FALL_AT_ALL,
        words.OTHER_STEP_WANTED,
        words.CAME_BACK,
        words.UNDATED,
        words.RULES,
        words.KINDS,
        words.STATES,
        words.OUTCOMES,
        words.PROMPTS,
        watch_words.SIGNS_NAMED,
        watch_words.SIGN_NOTICED,
    )
    alone = (words.MISSED_ONE, words.MISSED_SEVERAL, watch_words.NOT_KNOWN_THEN)
    return [*(text for table in tables for text in table.values()), *alone]


@pytest.mark.parametrize(
    ("evidence", "sentence"),
    [
        (Evidence("item9_answered", {"answer": 2}), "Item 9 answered 2, more than half the days."),
        (Evidence("item9_before", {"previous": 0, "on": "2026-11-10"}), "It was 0 on 10 November."),
        (Evidence("item9_before", {"previous": 0}), "It was 0 the last time."),
        (
            Evidence("missed_in_a_row", {"count": 2}),
            "2 check-ins in a row were not answered. They were asked each time.",
        ),
    ],
)
def test_evidence_reads_as_a_sentence(evidence: Evidence, sentence: str) -> None:
    assert words.sentence(evidence, "en", region="GB") == sentence


def test_deterioration_names_both_scores_the_day_and_what_counts() -> None:
    (finding,) = findings(episode(phq9(12, 19)), POLICY)
    assert words.sentence(finding.evidence[0], "en", region="GB") == (
        "PHQ-9 rose from 12 to 19 since 13 October, 7 points. "
        "A change of 6 or more is larger than the measure’s own error."
    )
    assert words.rule_line(finding.rule, "en").startswith("Rule N1, reliable deterioration")


def test_a_plateau_names_the_scores() -> None:
    (finding,) = findings(episode(phq9(16, 15, 16)), POLICY)
    assert words.sentence(finding.evidence[0], "en") == (
        "The last 3 scores of PHQ-9 are 16, 15, 16: within 2 points of one another, and still at 10 or more."
    )


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("facts", EPISODES)
def test_whatever_a_rule_says_can_be_said_in_words(facts: EpisodeFacts, language: str) -> None:
    assert all_evidence(facts)
    for evidence in all_evidence(facts):
        assert re.fullmatch(r"[^%]+\.", words.sentence(evidence, language))


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("evidence", BY_DATE_OR_WISH)
def test_whatever_a_date_or_a_wish_raises_can_be_said_in_words(evidence: Evidence, language: str) -> None:
    assert re.fullmatch(r"[^%]+\.", words.sentence(evidence, language))


def test_the_episodes_above_cover_every_evidence_and_every_rule() -> None:
    said = {evidence.code for facts in EPISODES for evidence in all_evidence(facts)}
    by_date_or_wish = {evidence.code for evidence in BY_DATE_OR_WISH}
    assert said | by_date_or_wish == set(EvidenceCode)
    assert not said & by_date_or_wish
    watching = {Rule.W1, Rule.W2, Rule.W3, Rule.W4, Rule.W5}
    others = {Rule.M2, Rule.R1, Rule.R2, Rule.R3, Rule.F1, Rule.B1, *watching}
    assert {finding.rule for facts in EPISODES for finding in findings(facts, EVERY_RULE)} == set(Rule) - others
    assert set(words.RULES) == set(Rule)


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        ("more", "Asked for more help than now."),
        ("less", "Asked for less help than now."),
        ("another_kind", "Asked for another kind of help."),
    ],
)
def test_each_wish_for_another_step_is_told_apart(wish: str, sentence: str) -> None:
    assert words.sentence(Evidence(EvidenceCode.OTHER_STEP_WANTED, {"wish": wish}), "en") == sentence


@pytest.mark.parametrize(
    ("treatment", "begun"), [(Treatment.ANTIDEPRESSANT, "the antidepressant"), (Treatment.PSYCHOLOGICAL, "the therapy")]
)
def test_no_fall_at_all_names_the_treatment_its_beginning_and_both_scores(treatment: Treatment, begun: str) -> None:
    weeks = POLICY.no_response_weeks[treatment.value]
    facts = episode(dated(phq9(15, 16), weeks=weeks), treatments=(TreatmentFacts(treatment, START, 15),))
    (sentence,) = [
        words.sentence(each, "en", region="GB") for each in all_evidence(facts) if each.code == "no_fall_at_all"
    ]
    assert sentence == (f"PHQ-9 was 15 when {begun} began on 13 October, and is 16 near week {weeks}: no fall at all.")


def test_what_to_think_of_beside_a_flag_is_said_in_questions() -> None:
    assert len(words.prompt_lines(FlagKind.NOT_IMPROVING, "en")) == 4
    assert all(line.endswith("?") for kind in FlagKind for line in words.prompt_lines(kind, "en"))
    assert words.prompt_lines(FlagKind.SAFETY, "en") == ()
    assert set(words.PROMPTS) == set(Prompt)


def test_evidence_that_came_back_from_the_database_reads_the_same() -> None:
    stored = {"code": "item9_answered", "params": {"answer": 3}}
    assert words.sentence(Evidence(**stored), "en") == "Item 9 answered 3, nearly every day."


def test_each_kind_state_and_outcome_has_a_name_of_its_own() -> None:
    names = [
        *(words.kind_label(kind, "en") for kind in FlagKind),
        *(words.state_label(state, "en") for state in FlagState),
        *(words.outcome_label(outcome, "en") for outcome in (*Outcome, *AttemptOutcome)),
    ]
    assert all(names)
    assert len(set(names)) == len(names)


def test_missed_check_ins_are_counted_in_the_tag() -> None:
    assert words.missed_label(1, "en") == "Missed 1 check-in"
    assert words.missed_label(2, "en") == "Missed 2 check-ins"


def test_rules_without_a_published_source_say_so() -> None:
    published = {Rule.N1: "PMC10472176", Rule.N3: "Schueller 2015", Rule.N4: "NICE NG222"}
    for rule in set(Rule) - set(published):
        assert "local protocol" in words.RULES[rule].lower()
    for rule, source in published.items():
        assert source in words.RULES[rule]


def test_the_points_in_a_rule_line_are_those_of_the_measures() -> None:
    for code in ("phq9", "gad7"):
        spec = catalogue.spec(code)
        assert f"{spec.name}: {spec.reliable_change} points" in words.RULES[Rule.N1]
        assert f"{spec.name} {spec.minimal_difference} points" in words.RULES[Rule.N5]


@pytest.mark.parametrize("text", every_text())
def test_no_word_sorts_people_or_blames_them(text: str) -> None:
    assert not re.search(rf"\b({FORBIDDEN})\b", text.replace(LOW_INTENSITY, ""), re.IGNORECASE)


def test_the_forbidden_words_would_be_found() -> None:
    assert re.search(rf"\b({FORBIDDEN})\b", "High risk, non-compliant", re.IGNORECASE)


def test_every_text_can_be_found_for_the_catalogues() -> None:
    sources = (Path(module.__file__ or "") for module in (words, watch_words))
    read = (BytesIO(source.read_bytes()) for source in sources)
    found = {message for each in read for _, message, _, _ in extract("python", each, keywords={"N_": None})}
    assert found == set(every_text())
