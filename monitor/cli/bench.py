"""The figures that the program is held to, measured here and now."""

import json
from typing import TYPE_CHECKING

import click
import sqlalchemy as sa
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from monitor.cli.rules import BadInput

if TYPE_CHECKING:
    from monitor.bench.report import Report

IN_A_TEMPORARY_FOLDER = sa.make_url("sqlite://")


@click.command("bench")
@click.option(
    "--patients", type=click.IntRange(min=2_000), default=100_000, show_default=True, help="How large a service."
)
@click.option(
    "--database",
    metavar="URL",
    help="Make the scratch databases beside this one, on its disk or its server; it is not opened itself. "
    "With a PostgreSQL server both kinds are measured.",
)
@click.option("--force", is_flag=True, help="Measure times although the machine is busy, and say so.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def bench_command(patients: int, database: str | None, force: bool, as_json: bool) -> None:
    """Measure the program against the least that its work can cost, and against its peers.

    Each figure is a ratio: ours beside a reference from the same run, or beside a peer's as published with its date.
    Everything happens in scratch databases with invented people. Exits 1 when a gate fails: a wrong answer, however
    fast. On a busy machine two times do not compare, so nothing is measured there without --force.
    """
    from monitor.bench.machine import this_machine
    from monitor.bench.run import TENTH, run

    urls = _databases(database)
    machine = this_machine()
    if machine.is_busy and not force:
        raise BadInput(
            f"load {machine.load:.1f} on {machine.cores} cores: ratios of times would mislead; wait, or use --force"
        )
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(
            "Writing invented patients, then measuring", total=len(urls) * patients * (1 + 1 / TENTH)
        )
        report = run(
            patients,
            urls,
            machine,
            forced=machine.is_busy,
            written=lambda added: progress.advance(task, added),
        )
    if as_json:
        click.echo(json.dumps(report.as_dict()))
    else:
        _print(report)
    if not report.passed:
        raise click.exceptions.Exit(1)


def _databases(database: str | None) -> list[sa.URL]:
    if database is None:
        return [IN_A_TEMPORARY_FOLDER]
    try:
        url = sa.make_url(database)
    except sa.exc.ArgumentError:
        raise BadInput("--database: not the address of a database") from None
    kinds = {"sqlite": [url], "postgresql": [IN_A_TEMPORARY_FOLDER, url]}
    if url.get_backend_name() not in kinds:
        raise BadInput("--database: an address begins with sqlite or postgresql")
    return kinds[url.get_backend_name()]


def _print(report: "Report") -> None:
    console, machine = Console(), report.machine
    table = Table("bar", "what", "where", "ours", "beside", "ratio", "target", "n", "met")
    for bar in report.bars:
        table.add_row(
            str(bar.number),
            bar.what,
            bar.where,
            f"{_figure(bar.ours)} {bar.unit}",
            f"{_figure(bar.reference)} {bar.unit}, {bar.beside}",
            _ratio(bar.ratio),
            ("at least " if bar.at_least else "at most ") + _ratio(bar.target),
            str(bar.n),
            "yes" if bar.met else "no",
        )
    console.print(table)
    for gate in report.gates:
        console.print(f"{'holds' if gate.passed else 'FAILS'}  {gate.what} ({gate.where})")
    console.print(
        f"{report.patients:,} patients; {machine.processor}, {machine.cores} cores, {machine.system}, "
        f"{machine.python}; load {machine.load} before" + ("; FORCED: the machine was busy" if report.forced else "")
    )


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _ratio(value: float) -> str:
    return f"1/{1 / value:.0f}" if value < 0.05 else f"{value:.2f}"
