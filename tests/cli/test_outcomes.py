"""`monitor outcomes`, as a service manager or a script meets it."""

import json
from pathlib import Path

import pytest

from tests.cli.program import Program

HEADER = "patient,phq9_first,phq9_last,gad7_first,gad7_last,attended_contacts"
COURSES = """
better-worse,16,8,8,14,6
worse-better,8,16,14,8,4
better-same,16,8,10,9,3
worse-same,10,18,10,10,2
recovered,16,6,12,5,8
no-case,9,8,7,6,5
no-last,16,,12,5,5
begun,16,4,12,4,1
"""
KEYS = [
    "patient",
    "finished",
    "case_start",
    "recovery",
    "reliable_improvement",
    "reliable_deterioration",
    "mixed",
    "reliable_recovery",
]


@pytest.fixture
def bare(program: Program) -> Program:
    """No settings and no database: counting needs neither."""
    program.environment.clear()
    return program


def file(folder: Path, rows: str, header: str = HEADER) -> str:
    path = folder / "courses.csv"
    path.write_text(f"{header}\n{rows.strip()}\n", encoding="utf-8")
    return str(path)


def document(bare: Program, path: str, *options: str) -> dict[str, object]:
    result = bare("outcomes", path, "--json", *options)
    assert (result.status, result.err) == (0, "")
    return json.loads(result.out)


@pytest.mark.parametrize(
    ("rule", "improved", "deteriorated"), [("nhs_adult_v1", 2, 1), ("nhs_cyp_v1", 2, 3), ("either_v1", 4, 3)]
)
def test_the_document_holds_every_course_and_the_totals(
    bare: Program, tmp_path: Path, rule: str, improved: int, deteriorated: int
) -> None:
    found = document(bare, file(tmp_path, COURSES), "--rule", rule)

    assert found["rule"] == rule
    assert found["source"]
    assert [list(each) for each in found["patients"]] == [KEYS] * 8
    assert [each["patient"] for each in found["patients"] if each["mixed"]] == ["better-worse", "worse-better"]
    totals = found["totals"]
    assert totals["finished"] == {"numerator": 7, "denominator": 8, "rate": 87.5}
    assert totals["recovery"] == {"numerator": 1, "denominator": 6, "rate": 16.7}
    assert totals["reliable_recovery"] == {"numerator": 1, "denominator": 6, "rate": 16.7}
    assert (totals["reliable_improvement"]["numerator"], totals["reliable_improvement"]["denominator"]) == (improved, 7)
    assert totals["reliable_deterioration"]["numerator"] == deteriorated
    assert totals["data_completeness"] == {"numerator": 6, "denominator": 7, "rate": 85.7}
    assert totals["not_known"] == {"numerator": 1, "denominator": 7, "rate": 14.3}


def test_the_rule_for_adults_is_taken_unless_another_is_named(bare: Program, tmp_path: Path) -> None:
    path = file(tmp_path, COURSES)
    assert document(bare, path) == document(bare, path, "--rule", "nhs_adult_v1")


def test_what_a_missing_score_leaves_open_is_null(bare: Program, tmp_path: Path) -> None:
    (one,) = document(bare, file(tmp_path, "no-last,16,,12,5,5"))["patients"]
    assert one == dict(zip(KEYS, ["no-last", True, True, None, None, None, None, None], strict=True))


def test_a_rate_of_nothing_is_null(bare: Program, tmp_path: Path) -> None:
    assert document(bare, file(tmp_path, ""))["totals"]["recovery"] == {"numerator": 0, "denominator": 0, "rate": None}


def test_the_table_names_the_rule_its_source_and_what_becomes_of_missing_scores(bare: Program, tmp_path: Path) -> None:
    result = bare("outcomes", file(tmp_path, COURSES), "--rule", "nhs_cyp_v1")

    assert result.status == 0
    printed = " ".join(result.out.split())
    assert "Rule nhs_cyp_v1. NHS reporting code for children and young people" in printed
    assert "A course with a missing score is not counted as unchanged" in printed
    assert "Mixed: one better, one worse 2 7 28.6" in printed
    assert "Recovery 1 6 16.7" in printed
    assert "no-last yes yes - - - - -" in printed


def test_a_name_with_brackets_is_printed_as_it_is(bare: Program, tmp_path: Path) -> None:
    assert "[b]12[/b]" in bare("outcomes", file(tmp_path, "[b]12[/b],16,8,12,5,6")).out


def test_a_file_from_a_spreadsheet_is_read(bare: Program, tmp_path: Path) -> None:
    path = tmp_path / "courses.csv"
    quoted = ",".join(f'"{name}"' for name in HEADER.split(","))
    path.write_bytes(f"{quoted}\r\n\r\n 0012 , 16 ,8,12,5,6\r\n,,,,,\r\n".encode("utf-8-sig"))

    (one,) = document(bare, str(path))["patients"]

    assert one["patient"] == "0012"


def test_every_bad_row_is_named_and_nothing_is_counted(bare: Program, tmp_path: Path) -> None:
    rows = "\n".join(
        (
            "A,28,8,12,5,6",
            ",16,8,12,5,",
            "B,16,8,12,5,6",
            "C,16.5,-1,twelve,22,two",
            "B,16,8,12,5,6",
            "D,16,8,12,5",
        )
    )
    result = bare("outcomes", file(tmp_path, rows), "--json")

    assert (result.status, result.out) == (2, "")
    assert result.err.splitlines() == [
        "monitor: courses.csv line 2, phq9_first: must be a whole number, 0 to 27",
        "courses.csv line 3, patient: is missing",
        "courses.csv line 3, attended_contacts: is missing",
        "courses.csv line 5, attended_contacts: must be a whole number, 0 or more",
        "courses.csv line 5, phq9_first: must be a whole number, 0 to 27",
        "courses.csv line 5, gad7_first: must be a whole number, 0 to 21",
        "courses.csv line 5, phq9_last: must be a whole number, 0 to 27",
        "courses.csv line 5, gad7_last: must be a whole number, 0 to 21",
        "courses.csv line 6, patient: stands on line 4 as well: each course has its own name",
        "courses.csv line 7, has 5 values where the header has 6",
    ]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "line 1, the header lacks patient, phq9_first"),
        (b"patient,phq9_first\n", "line 1, the header lacks phq9_last, gad7_first"),
        (f"{HEADER},ward\n".encode(), "line 1, column 7 is not known"),
        (f"{HEADER},patient\n".encode(), "line 1, patient: stands twice in the header"),
        (HEADER.encode() + b"\n\xff\xfe", "is not text in UTF-8"),
        (f'{HEADER}\nA,"16,8,12,5,6\n'.encode(), "line 2, is not CSV"),
    ],
)
def test_a_file_that_is_something_else_is_refused_in_one_line(
    bare: Program, tmp_path: Path, content: bytes, complaint: str
) -> None:
    path = tmp_path / "courses.csv"
    path.write_bytes(content)

    assert complaint in bare("outcomes", str(path)).refusal()


def test_a_file_that_is_not_there_and_a_rule_that_is_not_known_are_named(bare: Program, tmp_path: Path) -> None:
    assert "nowhere.csv" in bare("outcomes", str(tmp_path / "nowhere.csv")).refusal()
    assert "--rule" in bare("outcomes", file(tmp_path, COURSES), "--rule", "nhs").refusal()
