"""What the flag rules would have raised over a service's own past: findings, and the load of each week."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from monitor.care.models import USUAL_PATHWAY
from monitor.care.pathway import Pathway
from monitor.care.pathway_loading import read
from monitor.care.pathways import shipped, shipped_codes
from monitor.cli.rows import Fault, Line, Rows, a_date, or_nothing, required, rows_of, whole
from monitor.cli.rules import BadInput
from monitor.flags.kinds import Rule
from monitor.flags.replay import Asked, Ending, Raised, replay
from monitor.flags.score_rules import DEPRESSION
from monitor.flags.words import kind_label, sentence
from monitor.measures import catalogue

COLUMNS = ("patient", "date", "instrument", "score")
SAFETY = "item9"
NOT_JUDGED = (
    "The file knows of no contacts, steps, treatments, calls or texts, so N4, N5 and the rules on calls and texts stay "
    "silent here."
)


@dataclass
class Day:
    """What is known of one patient's check-in on one day: each measure's line, total and answer to item 9."""

    lines: dict[str, int]
    totals: dict[str, int | None]
    safety: int | None = None


Days = dict[date, Day]


@click.command("replay")
@click.argument("path", metavar="FILE.csv", type=click.Path(path_type=Path))
@click.option(
    "--pathway",
    metavar="FILE.toml|CODE",
    default=USUAL_PATHWAY,
    show_default=True,
    help="Whose rules: a pathway file, or the code of one that comes with the program.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def replay_command(path: Path, pathway: str, as_json: bool) -> None:
    """Run the flag rules over past check-ins, so that a service sees its load before it turns a rule on.

    \b
    Columns of FILE.csv, a header line first; rows in any order:
      patient      a name; one course of care each
      date         such as 2026-11-24
      instrument   phq9 or gad7; rows of one day are one check-in
      score        the total; empty: asked, and not answered
      item9        may be left out: the PHQ-9's own answer to item 9,
                   0 to 3, empty when it was not answered

    \b
    The JSON document:
      pathway    its code
      findings   patient, date, kind, rule and evidence: code, params, text
      load       week (2026-W48), rule and how many findings

    A rule that goes on holding is told once, and again only after an answered check-in that said otherwise; an answer
    on safety is told each time. A file with a fault is not run at all: each fault is named, and the command exits 2.
    """
    rules = _pathway(pathway)
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        patients = _patients(rows_of(path, COLUMNS, (SAFETY,)), progress)
        found = _findings(patients, rules, progress)
    load = _load(found)
    if as_json:
        click.echo(json.dumps(_document(rules, found, load), ensure_ascii=False, indent=2))
    else:
        _print(rules, found, load, len(patients))


def _pathway(wanted: str) -> Pathway:
    if wanted in shipped_codes():
        return shipped(wanted).pathway
    path = Path(wanted)
    if path.suffix != ".toml":
        raise BadInput(f"--pathway: no file ending in .toml, nor one of {', '.join(shipped_codes())}")
    try:
        return read(path.read_text(encoding="utf-8"), path.name)
    except OSError as error:
        raise BadInput(f"--pathway {path.name}: {error.strerror or 'cannot be read'}") from None
    except UnicodeDecodeError:
        raise BadInput(f"--pathway {path.name}: is not text in UTF-8") from None


# ---- the file ----


def _patients(rows: Rows, progress: Progress) -> dict[str, Days]:
    """Read every check-in, by patient and day. Raises BadInput, which names every fault."""
    patients: dict[str, Days] = {}
    for line in progress.track(rows, total=rows.about, description="Reading"):
        _take(rows, line, patients)
    rows.check()
    return patients


def _take(rows: Rows, line: Line, patients: dict[str, Days]) -> None:
    patient, on = rows.value(line, "patient", required), rows.value(line, "date", a_date)
    code = rows.value(line, "instrument", _measure)
    if code is None:
        return
    score = rows.value(line, "score", or_nothing(whole(0, catalogue.spec(code).maximum)))
    safety = _safety(rows, line, code, score)
    if patient is None or on is None:
        return
    day = patients.setdefault(patient, {}).setdefault(on, Day({}, {}))
    if code in day.lines:
        rows.fault(line, "instrument", f"stands on line {day.lines[code]} for the same patient and date")
        return
    day.lines[code], day.totals[code] = line.number, score
    if code == DEPRESSION:
        day.safety = safety


def _measure(text: str) -> str:
    if text not in catalogue.TRACKED:
        raise Fault(f"must be one of {', '.join(catalogue.TRACKED)}" if text else "is missing")
    return text


def _safety(rows: Rows, line: Line, code: str, score: int | None) -> int | None:
    if SAFETY not in line.values:
        return None
    answer = rows.value(line, SAFETY, or_nothing(whole(0, catalogue.spec(DEPRESSION).item_max)))
    if answer is not None and code != DEPRESSION:
        rows.fault(line, SAFETY, f"belongs to {DEPRESSION}")
    if answer is not None and code == DEPRESSION and score is not None and answer > score:
        rows.fault(line, SAFETY, "cannot be more than the score that it is part of")
    return answer


# ---- the rules ----


def _findings(patients: Mapping[str, Days], rules: Pathway, progress: Progress) -> list[tuple[str, Raised]]:
    found = [
        (patient, raised)
        for patient, days in progress.track(patients.items(), description="Running the rules")
        for raised in replay(_check_ins(days), rules.flags, opened_at=_moment(min(days)))
    ]
    return sorted(found, key=lambda each: (each[1].at, each[0]))


def _check_ins(days: Days) -> Iterable[Asked]:
    for on, day in days.items():
        answered = {code: total for code, total in day.totals.items() if total is not None}
        is_answered = bool(answered) or day.safety is not None
        yield Asked(
            at=_moment(on),
            due_at=_moment(on),
            ending=Ending.ANSWERED if is_answered else Ending.MISSED,
            totals=day.totals,
            asked_safety=day.safety is not None or answered.get(DEPRESSION) is not None,
            safety=day.safety,
        )


def _moment(on: date) -> datetime:
    return datetime.combine(on, time(), UTC)


def _load(found: Sequence[tuple[str, Raised]]) -> Counter[tuple[str, str]]:
    """Count findings by week and rule."""
    return Counter((f"{raised.at:%G-W%V}", raised.finding.rule) for _, raised in found)


# ---- what is printed ----


def _document(
    rules: Pathway, found: Sequence[tuple[str, Raised]], load: Mapping[tuple[str, str], int]
) -> dict[str, object]:
    return {
        "pathway": rules.code,
        "findings": [
            {
                "patient": patient,
                "date": raised.at.date().isoformat(),
                "kind": raised.finding.kind.value,
                "rule": str(raised.finding.rule),
                "evidence": [
                    {"code": str(each.code), "params": dict(each.params), "text": sentence(each, "en")}
                    for each in raised.finding.evidence
                ],
            }
            for patient, raised in found
        ],
        "load": [{"week": week, "rule": rule, "findings": load[week, rule]} for week, rule in _in_order(load)],
    }


def _in_order(load: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    rules = list(Rule)
    return sorted(load, key=lambda each: (each[0], rules.index(Rule(each[1]))))


def _print(
    rules: Pathway, found: Sequence[tuple[str, Raised]], load: Mapping[tuple[str, str], int], patients: int
) -> None:
    for patient, raised in found:
        finding = raised.finding
        click.echo(f"{raised.at:%Y-%m-%d}  {patient}  {kind_label(finding.kind, 'en')}, rule {finding.rule}")
        for evidence in finding.evidence:
            click.echo(f"            {sentence(evidence, 'en')}")
    console = Console(highlight=False)
    shown = [rule for rule in Rule if any(rule == each for _, each in load)]
    table = Table("week", *shown, "all", box=SIMPLE_HEAD)
    for week in sorted({week for week, _ in load}):
        counts = [load.get((week, rule), 0) for rule in shown]
        table.add_row(week, *map(str, counts), str(sum(counts)))
    console.print(table)
    off = ", ".join(sorted(rules.flags.off)) or "none"
    console.print(
        f"Findings: {len(found):,}, patients: {patients:,}. Pathway {rules.code}; switched off: {off}. {NOT_JUDGED}",
        markup=False,
    )
