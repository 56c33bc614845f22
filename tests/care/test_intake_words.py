"""What staff read at an intake: every rule and promise in a whole sentence, and no word that sorts or blames."""

import re
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.extract import extract, extract_from_file

from monitor.care import intake, staff_intake_words, staff_words
from monitor.care.intake_facts import IntakeFacts, SafetyFacts
from monitor.care.intake_kinds import Barrier, Fact, IntakeRule, Need, SelfSafety
from monitor.care.intake_rules import propose
from monitor.care.kinds import CareRole, DeviationReason, Preference, Step, Treatment
from monitor.care.pathways import shipped, shipped_codes
from monitor.care.promises import step_promise
from monitor.care.staff_intake_words import PATHWAYS, fired_lines, pathway_label, promise_lines
from monitor.checkins import staff_intake_forms, staff_intake_page, staff_intake_views
from monitor.config import RESOURCES
from tests.builders import NOW
from tests.flags.test_words import FORBIDDEN, LOW_INTENSITY

MODULES = (staff_intake_words, staff_intake_forms, staff_intake_page, staff_intake_views)
TEMPLATES = ("intake", "intakes", "treatment", "_treatments")
ALLOWED = (LOW_INTENSITY, "In danger now:")  # the name of a step of care; what stands before the emergency number

EVERYTHING = IntakeFacts(
    phq9=20,
    gad7=16,
    wsas=30,
    difficulty=3,
    pc_ptsd5=4,
    safety=SafetyFacts(plan_or_attempt=True, able_to_keep_safe=SelfSafety.NO, item9=3),
    severe_mental_illness=True,
    complex=True,
    earlier_low_intensity_failed=True,
    unmet_needs=frozenset(Need),
)
NOTHING_MUCH = IntakeFacts(
    phq9=4,
    gad7=3,
    wsas=5,
    difficulty=0,
    safety=SafetyFacts(plan_or_attempt=False, able_to_keep_safe=SelfSafety.YES, item9=0),
    severe_mental_illness=False,
    complex=False,
)


def every_text() -> list[str]:
    found: list[str] = []
    for module in MODULES:
        source = BytesIO(Path(str(module.__file__)).read_bytes())
        keywords = {"N_": None, "translate_plural": (2, 3)}
        found += [str(message) for _, message, _, _ in extract("python", source, keywords=keywords)]
    for name in TEMPLATES:
        path = RESOURCES / "templates" / "staff" / f"{name}.html"
        found += [str(message) for _, message, _, _ in extract_from_file("jinja2", str(path), keywords={"_": None})]
    return found


@pytest.mark.parametrize("text", sorted(set(every_text())))
def test_no_word_sorts_people_or_blames_them(text: str) -> None:
    for each in ALLOWED:
        text = text.replace(each, "")

    assert not re.search(rf"\b({FORBIDDEN})\b", text, re.IGNORECASE)


def test_every_member_of_each_vocabulary_has_a_name_of_its_own() -> None:
    for words, vocabulary in (
        (staff_intake_words.FACTS, Fact),
        (staff_intake_words.NEEDS, Need),
        (staff_intake_words.BARRIERS, Barrier),
        (staff_intake_words.KEEPS_SAFE, SelfSafety),
        (staff_words.DEVIATION_REASONS, DeviationReason),
        (staff_words.PREFERENCES, Preference),
        (staff_words.CARE_ROLES, CareRole),
        (staff_words.TREATMENTS, Treatment),
    ):
        assert list(words) == list(vocabulary)
        assert len(set(words.values())) == len(words)


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("code", shipped_codes())
def test_whatever_fires_is_said_with_its_figures_and_its_source(code: str, language: str) -> None:
    pathway = shipped(code).pathway
    lines = [line for facts in (EVERYTHING, NOTHING_MUCH) for line in fired_lines(propose(facts, pathway), language)]

    assert lines
    for line in lines:
        assert re.fullmatch(r"[^%]+\.", line.words), line
        assert line.step
        assert line.source


def test_the_facts_above_let_every_rule_speak() -> None:
    pathway = shipped("common_mental_health").pathway
    fired = {each.rule for facts in (EVERYTHING, NOTHING_MUCH) for each in propose(facts, pathway).fired}

    assert fired == set(IntakeRule)


def test_only_what_is_lighter_than_the_proposal_is_outranked() -> None:
    proposal = propose(EVERYTHING, shipped("common_mental_health").pathway)

    assert proposal.step is Step.FOUR
    for line, fired in zip(fired_lines(proposal, "en"), proposal.fired, strict=True):
        assert line.is_outranked == (fired.step is not Step.FOUR)


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("code", shipped_codes())
def test_every_step_of_every_pathway_can_say_what_it_promises(code: str, language: str) -> None:
    pathway = shipped(code).pathway
    for step, plan in pathway.steps.items():
        lines = promise_lines(step_promise(plan, NOW), language, "GB", "Europe/London")

        assert len(lines) >= 4, step
        assert all(re.fullmatch(r"[^%]+\.", line) for line in lines), lines


def test_a_burst_says_when_it_ends_and_where_more_help_is() -> None:
    plan = shipped("common_mental_health").pathway.plan(Step.MIDDLE)
    promise = step_promise(plan, NOW)

    assert promise.ends_between == (NOW + timedelta(weeks=4), NOW + timedelta(weeks=8))
    assert promise.first_review_at == NOW + timedelta(days=plan.first_review_days)
    said = promise_lines(promise, "en", "GB", "Europe/London")
    assert "Ends between 22 December 2026 and 19 January 2027." in said
    assert "Who needs more goes to: Step 3, high intensity." in said


def test_pathways_that_come_with_the_program_are_named_in_the_readers_language() -> None:
    assert set(PATHWAYS) == set(shipped_codes())
    for code in shipped_codes():
        assert pathway_label(shipped(code).pathway, "en")


def test_nobody_begins_where_others_have_stepped_down_to() -> None:
    for code in shipped_codes():
        assert Step.STEPPED_DOWN not in intake.steps_to_begin_with(shipped(code).pathway)
