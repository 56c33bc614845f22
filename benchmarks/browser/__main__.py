"""`python -m benchmarks.browser`: measure, print, and say by the exit code whether every bar is met."""

import json
from typing import TextIO

import click
from playwright.sync_api import Error as NotOpened
from rich.console import Console
from rich.progress import Progress

from benchmarks.browser.peers import PeersMissing
from benchmarks.browser.phone import NoBrowser
from benchmarks.browser.printing import print_report
from benchmarks.browser.run import TIMES, run
from benchmarks.browser.serving_ours import NotServed
from monitor.bench.machine import this_machine
from monitor.cli.rules import BadInput


@click.command()
@click.option("--runs", type=click.IntRange(min=TIMES), default=TIMES, show_default=True, help="How often each page.")
@click.option("--force", is_flag=True, help="Measure although the machine is busy, and say so.")
@click.option("--json", "file", type=click.File("w", encoding="utf-8", lazy=False), help="Write one JSON document.")
def main(runs: int, force: bool, file: TextIO | None) -> None:
    """Open our check-in and our chart beside their peers on slow phones, and compare.

    Takes about two minutes a run of all pages. Exits 1 when a bar is missed or an answer is not stored, 2 when nothing
    could be measured. On a busy machine two times do not compare, so nothing is measured there without --force.
    """
    machine = this_machine()
    if machine.is_busy and not force:
        raise BadInput(
            f"load {machine.load:.1f} on {machine.cores} cores: ratios of times would mislead; wait, or use --force"
        )
    console = Console(stderr=True)
    try:
        with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task("Opening pages on slow phones", total=1)
            report = run(machine, forced=machine.is_busy, times=runs, done=lambda share: progress.advance(task, share))
    except (PeersMissing, NoBrowser, NotServed, NotOpened) as error:
        raise BadInput(str(error).splitlines()[0]) from None
    if file is not None:
        json.dump(report.as_dict(), file)
    print_report(report)
    if not report.passed:
        raise click.exceptions.Exit(1)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.browser")
