"""The pathways that come with the program, and what is said about a file that cannot be used."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.care.flag_policy import FlagPolicy
from monitor.care.intake_kinds import IntakeRule
from monitor.care.kinds import CareRole, Intensity, Step
from monitor.care.pathway import Pathway, rank
from monitor.care.pathway_loading import Fault, InvalidPathway, read
from monitor.care.pathways import shipped, shipped_codes, shipped_text

USUAL, SERIOUS, CO_OCCURRING = "common_mental_health", "serious_mental_illness", "co_occurring_needs"
TEXT = shipped_text(USUAL)

Edit = Callable[[str], str]


def pathways() -> list[Pathway]:
    return [shipped(code).pathway for code in shipped_codes()]


def faults(text: str) -> list[str]:
    """What is said about a file, line by line."""
    with pytest.raises(InvalidPathway) as refused:
        read(text, "ours.toml")
    return str(refused.value).splitlines()


def line_of(part: str, text: str = TEXT) -> int:
    """The line on which something stands for the first time."""
    assert part in text
    return text[: text.index(part)].count("\n") + 1


def changed(old: str, new: str) -> str:
    assert old in TEXT
    return TEXT.replace(old, new, 1)


def test_three_pathways_come_with_the_program_the_usual_one_first() -> None:
    assert shipped_codes() == (USUAL, CO_OCCURRING, SERIOUS)
    for code in shipped_codes():
        assert shipped(code).pathway.code == code


def test_every_part_of_every_pathway_names_its_source() -> None:
    known = ("Local protocol", "local protocol", "NICE NG222", "Delgadillo 2018", "Ali 2017", "NHS Talking Therapies")
    for pathway in pathways():
        parts = [*pathway.steps.values(), *pathway.intake, pathway.clocks, pathway.criteria]
        for part in parts:
            assert any(name in part.source for name in known), part


def test_what_could_not_be_confirmed_is_off_in_every_pathway() -> None:
    for pathway in pathways():
        assert "N2" in pathway.flags.off


def test_the_numbers_of_the_usual_pathway_are_those_of_the_fact_sheet() -> None:
    usual = shipped(USUAL).pathway
    two, three, one = (
        next(each for each in usual.intake if each.rule is rule and each.step is step)
        for rule, step in (
            (IntakeRule.SCORES_AT_OR_ABOVE, Step.TWO),
            (IntakeRule.SCORES_AT_OR_ABOVE, Step.THREE),
            (IntakeRule.SCORES_BELOW, Step.ONE),
        )
    )

    assert (one.phq9, one.gad7, one.wsas) == (two.phq9, two.gad7, two.wsas) == (10, 8, 10)
    assert (three.phq9, three.gad7) == (16, 15)
    assert (usual.plan(Step.ONE).first_review_days, usual.plan(Step.TWO).first_review_days) == (21, 14)
    assert usual.plan(Step.MIDDLE).weeks == (4, 8)
    assert (usual.clocks.assign_step_days, usual.clocks.step_up_days) == (14, 14)
    assert usual.flags == FlagPolicy()


def test_a_serious_mental_illness_has_its_people_and_its_weekly_look() -> None:
    serious = shipped(SERIOUS).pathway

    assert serious.caseload_review
    assert serious.care_roles == tuple(CareRole)
    assert set(serious.steps) == {Step.THREE, Step.FOUR, Step.STEPPED_DOWN}


def test_co_occurring_needs_have_one_coordinator() -> None:
    assert shipped(CO_OCCURRING).pathway.care_roles == (CareRole.COORDINATOR,)
    assert not shipped(CO_OCCURRING).pathway.caseload_review


def test_every_step_but_the_highest_leads_to_one_with_more_help() -> None:
    for pathway in pathways():
        highest = max(pathway.steps, key=rank)
        for step, plan in pathway.steps.items():
            assert (plan.escalates_to is None) == (step is highest)
        assert pathway.steps[Step.STEPPED_DOWN].intensity is Intensity.AFTERCARE


def test_every_fault_of_a_file_is_named_at_once_each_on_its_line() -> None:
    text = TEXT
    for old, new in (
        ("first_review_days = 21", "first_review_days = 200"),
        ("answers_within_days = 3", "answers_within_days = 3.5"),
        ("weeks = [4, 12]", "weeks = [12, 4]"),
        ('rule = "complex"', 'rule = "complx"'),
        ("assign_step_days = 14\n", "assign_step_day = 14\n"),
        ('off = ["N2"]', 'off = ["S1"]'),
    ):
        assert old in text
        text = text.replace(old, new, 1)

    assert faults(text) == [
        f"ours.toml:{line_of('answers_within_days = 3.5', text)}: steps.one.answers_within_days: "
        "must be a whole number; it is 3.5",
        f"ours.toml:{line_of('first_review_days = 200', text)}: steps.one.first_review_days: "
        "must be at most 92; it is 200",
        f"ours.toml:{line_of('weeks = [12, 4]', text)}: steps.two.weeks: "
        "write the shorter first, both 1 or more; it is [12, 4]",
        f'ours.toml:{line_of("complx", text)}: intake rule 3.rule: it is "complx"; did you mean "complex"?',
        f"ours.toml:{line_of('assign_step_day =', text)}: clocks.assign_step_day: "
        "is not known here; did you mean assign_step_days?",
        f"ours.toml:{line_of('S1', text)}: flags.off.0: must be 'N2', 'N3', 'N4', 'N5' or 'N6'; it is \"S1\"",
    ]


WRONG: list[tuple[str, str, str, str]] = [
    ('code = "common_mental_health"', 'code = "Our own"', 'code = "Our', "code: must be 3 to 40 small letters"),
    ('name = "Guided self-help"', 'name = " "', 'name = " "', "steps.two.name: must not be empty"),
    ('source = "Local protocol: same-day route."', "", "[steps.four]", "steps.four.source: is missing; add it"),
    ("[steps.one]", 'care_roles = ["co-ordinator"]\n\n[steps.one]', "care_roles", 'did you mean "coordinator"?'),
    ("[steps.one]", 'care_roles = ["coordinator", "coordinator"]\n\n[steps.one]', "care_roles", "more than once"),
    ("weeks = [4, 12]", "weeks = [12, 4]", "weeks = [12", "steps.two.weeks: write the shorter first"),
    ("weeks = [4, 12]", "weeks = [4, 8, 12]", "weeks = [4, 8,", "steps.two.weeks: must have at most 2 entries"),
    ("weeks = [4, 12]", "weeks = [1, 1]", "first_review_days = 14", "steps.two.first_review_days: the step lasts 1"),
    ("answers_within_days = 3", "answers_within_days = true", "= true", "must be a whole number; it is true"),
    ('intensity = "middle"', 'intensity = "low"', "", "steps.middle.intensity: only steps one and two"),
    ('intensity = "low"', 'intensity = "high"', 'intensity = "high"', "steps.one.intensity: step one is of low"),
    ('intensity = "specialist"', 'intensity = "middle"', "", "steps.four.intensity: middle is less help than step thr"),
    ('intensity = "aftercare"', 'intensity = "high"', "", "steps.stepped_down.intensity: aftercare is the intensity"),
    (
        'escalates_to = "three"',
        'escalates_to = "two"',
        'escalates_to = "middle"',
        "this goes in a circle: two to middle to two",
    ),
    ('escalates_to = "four"', 'escalates_to = "one"', "", "steps.three.escalates_to: "),
    ('escalates_to = "four"', 'escalates_to = "stepped_down"', "", "steps.three.escalates_to: "),
    ("[steps.four]", "[steps.fuor]", "[steps.fuor]", "steps.fuor: is not known here; did you mean four?"),
    ('rule = "at_risk"\nstep = "four"', 'rule = "at_risk"\nstep = "three"', "", "at_risk points to the step with the"),
    ('rule = "at_risk"', 'rule = "complex"', "[[intake]]", "intake: there is no rule at_risk; add it with step ="),
    ('rule = "complex"\nstep = "four"', 'rule = "complex"\nstep = "stepped_down"', "", "care does not begin at step"),
    ('rule = "complex"', 'rule = "complex"\nphq9 = 4', "phq9 = 4", "intake rule 3.phq9: complex does not look at this"),
    ("needs = 2\n", "", 'rule = "unmet', "unmet_social_needs needs its number; add needs"),
    ("pc_ptsd5 = 4\n", "pc_ptsd5 = 6\n", "pc_ptsd5 = 6", "intake rule 5.pc_ptsd5: must be at most 5; it is 6"),
    ("phq9 = 16", "phq9 = 10", "phq9 = 10", "intake rule 4.phq9: step three begins at 10, and step two"),
    (
        'step = "one"\nphq9 = 10',
        'step = "one"\nphq9 = 11',
        "phq9 = 11",
        "below 11 overlaps with step two",
    ),
    (
        'step = "one"\nphq9 = 10',
        'step = "three"\nphq9 = 10',
        'step = "three"\nphq9 = 10',
        "lower scores point to step three",
    ),
    ("wsas = 10\n", "", "[[intake]]", "intake: PHQ-9 0, GAD-7 0, WSAS 10 and nothing else: no rule gives a step"),
    ("item9 = 1\n", "item9 = 2\n", "[[intake]]", "intake: the lowest scores with item 9 of 1: no rule gives a step"),
    ("down_wsas = 10", "down_wsas = 20", "down_wsas = 20", "criteria.down_wsas: must be below up_wsas, which is 20"),
    ("[criteria]", "[criterai]", "[criterai]", "criterai: is not known here; did you mean criteria?"),
    ('off = ["N2"]', "missed_high = 2", "missed_high = 2", "flags.missed_high: must be above missed_review, which is"),
    ('off = ["N2"]', "safety_first_hours = 4\nsafety_first_ceiling = 3", "safety_first_ceiling", "must be at least"),
    ('off = ["N2"]', 'low_intensity_steps = ["one"]', "low_intensity_steps", "is the same in every pathway"),
    ('off = ["N2"]', "titration_weeks = [6, 4]", "titration_weeks", "needs the earlier week first"),
    ('off = ["N2"]', "cut_points = [[9, 13], [4, 17]]", "cut_points", "needs the weeks in their order"),
    ('off = ["N2"]', "cut_points = [[4, 13], [9, 17]]", "cut_points", "and no score above the one before it"),
    ('off = ["N2"]', "no_response_weeks = {antidepressant = 4}", "no_response", "needs antidepressant and psycholo"),
    ('off = ["N2"]', 'call_by = "noon"', "call_by", "flags.call_by: must be a time of day, as 11:00:00"),
]


@pytest.mark.parametrize(("old", "new", "where", "said"), WRONG)
def test_what_is_wrong_is_said_with_its_line_and_its_mend(old: str, new: str, where: str, said: str) -> None:
    text = changed(old, new)

    found = [fault for fault in faults(text) if said in fault]

    assert len(found) == 1, faults(text)
    line = int(found[0].split(":")[1])
    assert line == line_of(where, text) if where else text.splitlines()[line - 1] == new.splitlines()[-1]


def test_a_misprint_is_one_fault_and_not_one_for_each_place_that_uses_the_step() -> None:
    assert len(faults(changed("[steps.four]", "[steps.fuor]"))) == 1


def test_a_misprint_hides_nothing_that_is_wrong_elsewhere() -> None:
    text = changed("answers_within_days = 3", "answers_within_days = -3").replace('"three"\nweeks', '"two"\nweeks', 1)

    said = "\n".join(faults(text))

    assert "must be at least 0; it is -3" in said
    assert "this goes in a circle" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (changed("[steps.two]", "[steps.two"), r"ours\.toml:\d+: this is not TOML, column 11: Expected '\]'.*"),
        (TEXT + "\nname", rf"ours\.toml:{TEXT.count(chr(10)) + 2}: this is not TOML: Expected.*"),
        (changed("[criteria]", "[clocks]"), r"ours\.toml:\d+: this is not TOML, column 8: Cannot declare.*"),
        ("", r"ours\.toml:1: code: is missing; add it"),
        ("steps = 3\nintake = true", r"ours\.toml:1: code: is missing; add it"),
    ],
)
def test_a_file_that_is_no_pathway_at_all_is_refused_in_words(text: str, said: str) -> None:
    assert re.fullmatch(said, faults(text)[0])


def test_the_line_is_right_behind_values_over_several_lines_and_in_inline_tables() -> None:
    text = changed('about = "Adults', 'about = """\n[steps.one]\nweeks = 3\nAdults').replace("both.", 'both.""', 1)
    text = text.replace("weeks = [4, 12]", "weeks = [\n  4, # ]\n  0,\n]", 1).replace('"two"\nfirst', '"won"\nfirst', 1)

    assert [int(fault.split(":")[1]) for fault in faults(text)] == [
        line_of('"won"', text),
        line_of("weeks = [\n", text),
    ]


@pytest.mark.parametrize("kept", ["\ufeff" + TEXT, TEXT.replace("\n", "\r\n")])
def test_a_file_from_another_editor_reads_the_same(kept: str) -> None:
    assert read(kept) == read(TEXT)


VALUES = ["0", "-1", "200", "3.5", "nan", "true", '""', '"two"', "[]", "[1]", "{}", "1979-05-27", "07:32:00", "'''x'''"]


@given(st.data())
def test_whatever_is_done_to_a_line_the_file_is_read_or_every_fault_has_its_place(data: st.DataObject) -> None:
    lines = TEXT.split("\n")
    for _ in range(data.draw(st.integers(1, 3))):
        number = data.draw(st.integers(0, len(lines) - 1))
        key = lines[number].split("=")[0]
        values = [f"{key}= {value}" for value in VALUES]
        others = ["", key, lines[number][:-1], "[[intake]]", "[steps.two]", lines[number - 1]]
        lines[number] = data.draw(st.sampled_from(values) | st.sampled_from(others))
    for fault in faults_if_any("\n".join(lines)):
        assert 1 <= fault.line <= len(lines)
        assert fault.words
        assert "Input should" not in fault.words


def faults_if_any(text: str) -> tuple[Fault, ...]:
    try:
        read(text)
    except InvalidPathway as refused:
        return refused.faults
    return ()
