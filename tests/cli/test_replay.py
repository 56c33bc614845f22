"""`monitor replay`: a service runs its own past through the rules before it turns one on."""

import json
from pathlib import Path

import pytest

from tests.cli.program import Program
from tests.flags.published import with_numbers

HEADER = "patient,date,instrument,score,item9"
PAST = """
A,2026-03-02,phq9,12,0
A,2026-03-02,gad7,9,
A,2026-03-09,phq9,19,1
A,2026-03-09,gad7,10,
A,2026-03-16,phq9,,
A,2026-03-16,gad7,,
A,2026-03-23,phq9,,
B,2026-03-02,phq9,18,
B,2026-03-30,phq9,18,
B,2026-04-06,phq9,17,
"""


@pytest.fixture
def bare(program: Program) -> Program:
    """No settings and no database: the rules need neither."""
    program.environment.clear()
    return program


def file(folder: Path, rows: str = PAST, header: str = HEADER) -> str:
    path = folder / "past.csv"
    path.write_text(f"{header}\n{rows.strip()}\n", encoding="utf-8")
    return str(path)


def document(bare: Program, *arguments: str) -> dict[str, object]:
    result = bare("replay", *arguments, "--json")
    assert (result.status, result.err) == (0, "")
    return json.loads(result.out)


def findings(bare: Program, *arguments: str) -> list[tuple[str, str, str]]:
    return [(each["date"], each["patient"], each["rule"]) for each in document(bare, *arguments)["findings"]]


def test_each_finding_has_its_day_its_rule_and_its_evidence(bare: Program, tmp_path: Path) -> None:
    found = document(bare, file(tmp_path))

    assert list(found) == ["pathway", "findings", "load"]
    assert found["pathway"] == "common_mental_health"
    assert [list(each) for each in found["findings"]] == [["patient", "date", "kind", "rule", "evidence"]] * 5
    assert [(each["date"], each["patient"], each["rule"]) for each in found["findings"]] == [
        ("2026-03-09", "A", "S1"),
        ("2026-03-09", "A", "N1"),
        ("2026-03-23", "A", "M1"),
        ("2026-03-30", "B", "N3"),
        ("2026-04-06", "B", "N6"),
    ]
    rise = found["findings"][1]
    assert rise["kind"] == "deteriorating"
    assert rise["evidence"] == [
        {
            "code": "rose",
            "params": {
                "measure": "phq9",
                "baseline": 12,
                "on": "2026-03-02",
                "last": 19,
                "points": 7,
                "threshold": 6,
            },
            "text": "PHQ-9 rose from 12 to 19 since 2 March, 7 points. "
            "A change of 6 or more is larger than the measure’s own error.",
        }
    ]


def test_the_load_is_counted_by_week_and_rule(bare: Program, tmp_path: Path) -> None:
    assert document(bare, file(tmp_path))["load"] == [
        {"week": "2026-W11", "rule": "S1", "findings": 1},
        {"week": "2026-W11", "rule": "N1", "findings": 1},
        {"week": "2026-W13", "rule": "M1", "findings": 1},
        {"week": "2026-W14", "rule": "N3", "findings": 1},
        {"week": "2026-W15", "rule": "N6", "findings": 1},
    ]


def test_the_order_of_rows_does_not_matter(bare: Program, tmp_path: Path) -> None:
    straight = document(bare, file(tmp_path))
    backwards = "\n".join(reversed(PAST.strip().splitlines()))
    assert document(bare, file(tmp_path, backwards)) == straight


def test_item_9_may_be_left_out_of_the_file(bare: Program, tmp_path: Path) -> None:
    rows = "A,2026-03-02,phq9,12\nA,2026-03-09,phq9,19"
    assert findings(bare, file(tmp_path, rows, "patient,date,instrument,score")) == [("2026-03-09", "A", "N1")]


def test_an_answer_to_item_9_counts_though_there_is_no_score(bare: Program, tmp_path: Path) -> None:
    assert findings(bare, file(tmp_path, "A,2026-03-02,phq9,,2")) == [("2026-03-02", "A", "S1")]


def test_a_check_in_with_one_of_two_scores_was_answered(bare: Program, tmp_path: Path) -> None:
    half = "A,2026-03-02,phq9,,\nA,2026-03-02,gad7,5,\nA,2026-03-09,phq9,,\nA,2026-03-09,gad7,5,"
    assert findings(bare, file(tmp_path, half)) == []
    assert findings(bare, file(tmp_path, half.replace("5", ""))) == [("2026-03-09", "A", "M1")]


def test_another_pathway_file_is_tried(bare: Program, tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    path.write_text(with_numbers('off = ["N2", "N6"]', "our_own"), encoding="utf-8")

    found = document(bare, file(tmp_path), "--pathway", str(path))

    assert found["pathway"] == "our_own"
    assert [each["rule"] for each in found["findings"] if each["patient"] == "B"] == ["N3"]


def test_a_pathway_of_the_program_is_named_by_its_code(bare: Program, tmp_path: Path) -> None:
    path = file(tmp_path)
    assert document(bare, path, "--pathway", "common_mental_health") == document(bare, path)


def test_people_read_sentences_and_a_table(bare: Program, tmp_path: Path) -> None:
    result = bare("replay", file(tmp_path))

    assert (result.status, result.err) == (0, "")
    assert "2026-03-09  A  Deteriorating, rule N1\n            PHQ-9 rose from 12 to 19" in result.out
    printed = " ".join(result.out.split())
    assert "2026-W11 1 1 0 0 0 2" in printed
    assert "Findings: 5, patients: 2. Pathway common_mental_health; switched off: N2." in printed
    assert "N4, N5 and the rules on calls and texts stay silent here" in printed


def test_a_past_without_findings_is_said_so(bare: Program, tmp_path: Path) -> None:
    assert "Findings: 0, patients: 1" in " ".join(bare("replay", file(tmp_path, "A,2026-03-02,phq9,3,0")).out.split())


def test_every_bad_row_is_named_and_nothing_is_run(bare: Program, tmp_path: Path) -> None:
    rows = "\n".join(
        (
            ",2026-03-02,phq9,12,0",
            "A,2026-3-02,gad7,9,",
            "A,2026-03-09,phq8,19,1",
            "A,2026-03-16,phq9,28,5",
            "A,2026-03-23,gad7,3,1",
            "A,2026-03-30,phq9,2,3",
            "A,2026-04-06,gad7,3,",
            "A,2026-04-06,gad7,4,",
            "A,2026-04-13,gad7,4",
            "A,2026-02-30,,4,",
        )
    )
    result = bare("replay", file(tmp_path, rows), "--json")

    assert (result.status, result.out) == (2, "")
    assert result.err.splitlines() == [
        "monitor: past.csv line 2, patient: is missing",
        "past.csv line 3, date: is not a date such as 2026-11-24",
        "past.csv line 4, instrument: must be one of phq9, gad7",
        "past.csv line 5, score: must be a whole number, 0 to 27",
        "past.csv line 5, item9: must be a whole number, 0 to 3",
        "past.csv line 6, item9: belongs to phq9",
        "past.csv line 7, item9: cannot be more than the score that it is part of",
        "past.csv line 9, instrument: stands on line 8 for the same patient and date",
        "past.csv line 10, has 4 values where the header has 5",
        "past.csv line 11, date: is not a date such as 2026-11-24",
        "past.csv line 11, instrument: is missing",
    ]


@pytest.mark.parametrize("wanted", ["nothing", "../common_mental_health", "nowhere.toml"])
def test_a_pathway_that_is_not_there_is_named(bare: Program, tmp_path: Path, wanted: str) -> None:
    assert "--pathway" in bare("replay", file(tmp_path), "--pathway", wanted).refusal()


def test_a_faulty_pathway_is_refused_by_its_line(bare: Program, tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    path.write_text(with_numbers("plateau_spread = 30"), encoding="utf-8")

    result = bare("replay", file(tmp_path), "--pathway", str(path))

    assert (result.status, result.out) == (2, "")
    assert "ours.toml:" in result.err
    assert "plateau_spread" in result.err
