"""What courses of care came to: recovery, improvement and deterioration, counted under a named rule."""

import json
from collections.abc import Mapping
from pathlib import Path

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from monitor.cli.rows import Line, Rows, or_nothing, required, rows_of, whole
from monitor.measures import catalogue
from monitor.measures.change import COUNTING_RULE_SOURCES, OUTCOME_MEASURES, CountingRule
from monitor.measures.outcomes import CourseOfCare, Rate, Totals, outcome_of, totals

COLUMNS = ("patient", "phq9_first", "phq9_last", "gad7_first", "gad7_last", "attended_contacts")
LABELS: Mapping[str, str] = {
    "finished": "Finished: two attended contacts or more",
    "case_start": "At caseness at the start",
    "data_completeness": "All four scores there",
    "recovery": "Recovery",
    "reliable_recovery": "Reliable recovery",
    "reliable_improvement": "Reliable improvement",
    "no_reliable_change": "No reliable change",
    "reliable_deterioration": "Reliable deterioration",
    "mixed": "Mixed: one better, one worse",
    "not_known": "Not known: a score is missing",
}
UNKNOWN = "-"
MISSING = (
    "A course with a missing score is not counted as unchanged: it stays in the denominator, in no numerator but "
    "those of its start, and under not known. Recovery divides by the finished courses less those known to be below "
    "caseness at the start."
)


@click.command("outcomes")
@click.argument("path", metavar="FILE.csv", type=click.Path(path_type=Path))
@click.option(
    "--rule",
    type=click.Choice([rule.value for rule in CountingRule]),
    default=CountingRule.NHS_ADULT_V1.value,
    show_default=True,
    help="How a course counts when one measure is reliably better and the other reliably worse.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def outcomes_command(path: Path, rule: str, as_json: bool) -> None:
    """Count the outcomes of courses of care, one a row.

    \b
    Columns of FILE.csv, a header line first:
      patient             a name for the course; each stands once
      phq9_first, phq9_last, gad7_first, gad7_last
                          totals; empty where there is none
      attended_contacts   2 or more: the course counts as finished

    \b
    The JSON document:
      rule, source   the counting rule, and where it comes from
      patients       for each: patient, finished, case_start, recovery,
                     reliable_improvement, reliable_deterioration, mixed,
                     reliable_recovery; null where a score is missing
      totals         for each of these and data_completeness,
                     no_reliable_change, not_known: numerator, denominator
                     and rate in per cent (null of nothing)

    Totals are about finished courses alone. A file with a fault is not counted at all: each fault is named, and the
    command exits 2.
    """
    rows, chosen = rows_of(path, COLUMNS), CountingRule(rule)
    courses = _courses(rows)
    counted = totals(courses.values(), chosen)
    if as_json:
        click.echo(json.dumps(_document(courses, counted, chosen), ensure_ascii=False, indent=2))
    else:
        _print(courses, counted, chosen)


def _courses(rows: Rows) -> dict[str, CourseOfCare]:
    """Read every course. Raises BadInput, which names every fault."""
    courses: dict[str, CourseOfCare] = {}
    stands_on: dict[str, int] = {}
    for line in rows:
        patient = rows.value(line, "patient", required)
        contacts = rows.value(line, "attended_contacts", whole(0))
        course = CourseOfCare(_scores(rows, line, "first"), _scores(rows, line, "last"), contacts or 0)
        if patient is None:
            continue
        if patient in courses:
            rows.fault(line, "patient", f"stands on line {stands_on[patient]} as well: each course has its own name")
            continue
        courses[patient], stands_on[patient] = course, line.number
    rows.check()
    return courses


def _scores(rows: Rows, line: Line, when: str) -> dict[str, int | None]:
    return {
        code: rows.value(line, f"{code}_{when}", or_nothing(whole(0, catalogue.spec(code).maximum)))
        for code in OUTCOME_MEASURES
    }


def _document(courses: Mapping[str, CourseOfCare], counted: Totals, rule: CountingRule) -> dict[str, object]:
    return {
        "rule": rule.value,
        "source": COUNTING_RULE_SOURCES[rule],
        "patients": [{"patient": patient, **_came_to(course, rule)} for patient, course in courses.items()],
        "totals": {
            name: {"numerator": rate.numerator, "denominator": rate.denominator, "rate": rate.percent}
            for name, rate in _rates(counted)
        },
    }


def _came_to(course: CourseOfCare, rule: CountingRule) -> dict[str, bool | None]:
    came_to = outcome_of(course, rule)
    return {
        "finished": course.finished,
        "case_start": came_to.case_start,
        "recovery": came_to.recovery,
        "reliable_improvement": came_to.reliable_improvement,
        "reliable_deterioration": came_to.reliable_deterioration,
        "mixed": came_to.mixed,
        "reliable_recovery": came_to.reliable_recovery,
    }


def _rates(counted: Totals) -> list[tuple[str, Rate]]:
    return [(name, getattr(counted, name)) for name in LABELS]


def _print(courses: Mapping[str, CourseOfCare], counted: Totals, rule: CountingRule) -> None:
    console = Console(highlight=False)
    each = Table("patient", "finished", "caseness", "recovery", "better", "worse", "mixed", "both", box=SIMPLE_HEAD)
    for patient, course in courses.items():
        each.add_row(escape(patient), *map(_word, _came_to(course, rule).values()))
    console.print(each)
    console.print("caseness: at the start. both: recovery and reliable improvement. -: not known, a score is missing.")
    together = Table("together", "number", "of", "per cent", box=SIMPLE_HEAD)
    for name, rate in _rates(counted):
        percent = UNKNOWN if rate.percent is None else f"{rate.percent:.1f}"
        together.add_row(LABELS[name], f"{rate.numerator:,}", f"{rate.denominator:,}", percent)
    console.print(together)
    console.print(f"Rule {rule.value}. {COUNTING_RULE_SOURCES[rule]}", markup=False)
    console.print(MISSING, markup=False)


def _word(value: bool | None) -> str:
    return UNKNOWN if value is None else "yes" if value else "no"
