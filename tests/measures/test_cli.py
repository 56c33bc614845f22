"""`monitor instrument` and `monitor score`, as a safety officer or a script meets them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.cli.rules import instrument_command, score_command
from monitor.measures.catalogue import CODES, languages, load
from tests.measures.own_wording import write_wsas


def instrument(*arguments: str) -> Result:
    return CliRunner().invoke(instrument_command, arguments)


def score(line: str) -> Result:
    return CliRunner().invoke(score_command, line.split())


def refused(result: Result) -> str:
    """The one line that says what is wrong."""
    assert (result.exit_code, result.stdout) == (2, "")
    [line] = result.stderr.splitlines()
    return line.removeprefix("Error: ")


@pytest.mark.parametrize(("code", "language"), [(code, language) for code in CODES for language in languages(code)])
def test_the_wording_as_a_document_is_the_wording_that_patients_get(code: str, language: str) -> None:
    result = instrument(code, "--language", language, "--json")
    form, document = load(code, language), json.loads(result.stdout)

    assert result.exit_code == 0
    assert list(document) == [
        *("code", "language", "version", "provenance", "licence"),
        *("preamble", "stem", "items", "options", "item_options", "difficulty"),
    ]
    assert document["licence"] == form.spec.licence
    assert set(document["item_options"]) == {str(item) for item in form.item_options}
    assert (document["code"], document["language"]) == (code, language)
    assert (document["version"], document["provenance"]) == (form.version, form.provenance)
    assert (document["stem"], document["items"]) == (form.stem, list(form.items))
    assert document["options"] == [{"value": option.value, "label": option.label} for option in form.options]
    if form.difficulty:
        assert document["difficulty"] == form.difficulty.model_dump(mode="json")
    else:
        assert document["difficulty"] is None


def test_the_wording_is_english_unless_asked_for_otherwise_and_readable_without_json() -> None:
    result = instrument("gad7")

    assert result.exit_code == 0
    assert result.stdout.startswith("GAD-7 in en, version 1, official\n")
    assert "  7. Feeling afraid as if something awful might happen\n" in result.stdout
    assert "\nLicence: Free: no permission required" in result.stdout
    assert "  0 = Not at all\n" in result.stdout
    assert "  3 = Extremely difficult\n" in result.stdout


def test_provisional_wording_is_printed_with_its_mark_and_the_reason() -> None:
    result = instrument("gad7", "--language", "ar")

    assert result.exit_code == 0
    assert "GAD-7 in ar, version 1, provisional" in result.stdout
    assert "not the official translation" in result.stdout


@pytest.mark.parametrize("language", ["tr", "pt-BR", "so", "", "en\nes", "../phq9/en"])
def test_a_language_that_is_not_offered_is_refused_in_one_line(language: str) -> None:
    assert refused(instrument("phq9", "--language", language)).startswith("phq9 is not offered in ")


@pytest.mark.parametrize("code", ["phq10", "PHQ9", "phq9/en", "phq\n9"])
def test_an_unknown_instrument_is_refused_in_one_line(code: str) -> None:
    assert refused(instrument(code)).startswith("there is no instrument ")
    assert refused(CliRunner().invoke(score_command, [code, "0"])).startswith("there is no instrument ")


@pytest.mark.parametrize(
    ("line", "document"),
    [
        (
            "phq9 2 2 2 2 2 2 1 1 0 --json",
            {
                "instrument": "phq9",
                "answers": [2, 2, 2, 2, 2, 2, 1, 1, 0],
                "total": 14,
                "band": "moderate",
                "prorated": False,
                "caseness": True,
                "safety": {"item": 9, "asked": True, "answer": 0},
            },
        ),
        (
            "phq9 --json 0 0 - 0 0 0 0 0 2",
            {
                "instrument": "phq9",
                "answers": [0, 0, None, 0, 0, 0, 0, 0, 2],
                "total": None,
                "band": None,
                "prorated": False,
                "caseness": None,
                "safety": {"item": 9, "asked": True, "answer": 2},
            },
        ),
        (
            "phq9 3 3 3 3 3 3 3 3 - --prorate --json",
            {
                "instrument": "phq9",
                "answers": [3, 3, 3, 3, 3, 3, 3, 3, None],
                "total": 27,
                "band": "severe",
                "prorated": True,
                "caseness": True,
                "safety": {"item": 9, "asked": True, "answer": None},
            },
        ),
        (
            "gad7 1 1 1 1 1 1 1 --prorate --json",
            {
                "instrument": "gad7",
                "answers": [1, 1, 1, 1, 1, 1, 1],
                "total": 7,
                "band": "mild",
                "prorated": False,
                "caseness": False,
                "safety": None,
            },
        ),
    ],
)
def test_a_score_as_a_document(line: str, document: dict[str, object]) -> None:
    result = score(line)

    assert result.exit_code == 0
    assert json.loads(result.stdout) == document
    assert list(json.loads(result.stdout)) == list(document)


@pytest.mark.parametrize(
    ("line", "printed"),
    [
        (
            "who5 3 3 3 3 0",
            "WHO-5: 48 of 100\nCaseness, 50 or less: yes\nCut-off, 28 or less (depression likely): no\n",
        ),
        ("readiness 3 9", "Readiness: no total, each answer stands by itself\n"),
        ("pcptsd5 0 1 - - - -", "PC-PTSD-5: no total, the answers contradict each other\n"),
        (
            "auditc 1 1 1",
            "AUDIT-C (US): 3 of 12\nCut-off, 3 or more (women, United States): yes\n"
            "Cut-off, 4 or more (men, United States): no\n",
        ),
        (
            "wsas 9 4 4 1 0",
            "WSAS: 9 of 32\nCut-off, 10 or more (significant impairment): no\n"
            "Cut-off, 21 or more (moderately severe impairment or worse): no\n",
        ),
    ],
)
def test_other_measures_are_scored_with_the_cut_offs_that_they_have(line: str, printed: str) -> None:
    assert score(line).stdout == printed


def test_answers_that_differ_from_item_to_item_are_printed_below_it() -> None:
    printed = instrument("auditc").stdout

    assert "Licence: World Health Organization" in printed
    assert "  2. How many standard drinks" in printed
    assert "     4 = 10 or more\n" in printed


def test_words_that_are_not_ours_come_from_the_services_folder_with_the_leave_it_has(tmp_path: Path) -> None:
    assert refused(instrument("wsas")) == (
        "wsas is not offered in 'en': its words come with the copyright holder's leave alone"
    )
    write_wsas(tmp_path)
    printed = instrument("wsas", "--folder", str(tmp_path)).stdout

    assert "Permission: given by The rights holder, 2026-01-05\n" in printed
    assert "  1. First invented item\n" in printed
    assert refused(instrument("wsas")).startswith("wsas is not offered")


def test_three_skipped_items_leave_no_total_even_when_an_estimate_is_allowed() -> None:
    document = json.loads(score("gad7 - - - 3 3 3 3 --prorate --json").stdout)

    assert (document["total"], document["prorated"]) == (None, False)


@pytest.mark.parametrize(
    ("line", "printed"),
    [
        (
            "phq9 2 2 2 2 2 2 1 1 1",
            "PHQ-9: 15 of 27, moderately severe\nCaseness, 10 or more: yes\nSafety, item 9: 1\n",
        ),
        ("phq9 2 2 2 2 2 2 1 1 -", "PHQ-9: no total, 1 of 9 items skipped\nSafety, item 9: not answered\n"),
        (
            "gad7 1 1 1 - 1 1 1 --prorate",
            "GAD-7: 7 of 21, mild (an estimate: 1 of 7 items skipped)\nCaseness, 8 or more: no\n",
        ),
    ],
)
def test_a_score_in_words(line: str, printed: str) -> None:
    assert score(line).stdout == printed


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("phq9 0 0 0 4 0 0 0 0 0", "phq9 item 4: an answer is 0 to 3, or - when skipped"),
        ("phq9 0 0 0 0 -1 0 0 0 0", "phq9 item 5: an answer is 0 to 3, or - when skipped"),
        ("phq9 0 0 0 0 0 0 0 0 yes", "phq9 item 9: an answer is 0 to 3, or - when skipped"),
        ("gad7 1.0 0 0 0 0 0 0", "gad7 item 1: an answer is 0 to 3, or - when skipped"),
        ("gad7 ٢ 0 0 0 0 0 0", "gad7 item 1: an answer is 0 to 3, or - when skipped"),
        ("gad7", "gad7 takes 7 answers and got 0: item 1 has no answer"),
        ("gad7 0 0 0 0 0 0", "gad7 takes 7 answers and got 6: item 7 has no answer"),
        ("gad7 0 0 0 0 0 0 0 0", "gad7 takes 7 answers and got 8: there is no item 8"),
        ("gad7 0 0 0 0 0 0 0 --prorata", "there is no option '--prorata'"),
    ],
)
def test_bad_answers_are_refused_in_one_line_that_names_the_item(line: str, complaint: str) -> None:
    assert refused(score(line)) == complaint


def test_the_help_says_what_an_unanswered_safety_item_means() -> None:
    words = " ".join(score("--help").stdout.split())

    assert "not known, which is not 0, and never estimated" in words
