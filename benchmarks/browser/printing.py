"""A report in words: what was opened, the bars, what must hold, and the machine that it all depends on."""

from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table

from benchmarks.browser.bars import Figures, Report, Shown
from benchmarks.browser.peers import listed
from monitor.bench.report import Bar

WIDTH = 200
"""Letters a line: enough for every row, so that the tables can be kept as they are printed."""
EXPLAINED = "Medians; times in ms from navigation (charts: drawn), sizes as they came, with their headers."
COLUMNS = (
    "where",
    "page",
    "n",
    "requests",
    "wire kB",
    "scripts kB",
    "first paint",
    "can be tapped",
    "x floor",
    "blocked",
    "tap to paint",
    "taps",
    "heap MB",
)


def print_report(report: Report) -> None:
    """Print a report on standard output."""
    console = Console(width=WIDTH)
    console.print(_measured(report), EXPLAINED, _bars(report))
    for gate in report.gates:
        console.print(f"- {'holds' if gate.passed else 'FAILS'}: {gate.what} ({gate.where})")
    machine = report.machine
    console.print(
        f"\n{machine.processor}, {machine.cores} cores, {machine.system}, {machine.python}, {report.browser}; "
        f"BenchmarkIndex {report.index:.0f}; {'; '.join(report.processor)}; load {machine.load} before"
        + ("; FORCED: the machine was busy" if report.forced else "")
    )
    console.print("Peers: " + ", ".join(f"{package.name} {package.version}" for package in listed()))


def _measured(report: Report) -> Table:
    table = Table(*COLUMNS, box=MARKDOWN)
    floors = {each.where: each.ready for each in report.figures if each.shown is Shown.FLOOR}
    for each in report.figures:
        table.add_row(*_cells(each, floors[each.where]))
    return table


def _cells(each: Figures, floor: float) -> tuple[str, ...]:
    is_chart = each.shown in (Shown.CHART, Shown.UPLOT)
    return (
        each.where,
        each.shown,
        str(each.n),
        f"{each.requests:.0f}",
        f"{each.wire:.1f}",
        f"{each.scripts:.1f}",
        f"{each.paint:,.0f}",
        f"{each.ready:,.0f}",
        "" if is_chart else f"{each.ready / floor:.2f}",
        f"{each.blocked:,.0f}",
        "" if each.tap is None else f"{each.tap:,.0f}",
        "" if is_chart else f"{each.registered}/{each.n}",
        f"{each.heap:.1f}",
    )


def _bars(report: Report) -> Table:
    table = Table("bar", "what", "where", "ours", "beside", "ratio", "at most", "n", "met", box=MARKDOWN)
    for bar in report.bars:
        table.add_row(
            str(bar.number),
            bar.what,
            bar.where,
            _figure(bar.ours, bar),
            f"{_figure(bar.reference, bar)}, {bar.beside}",
            f"{bar.ratio:.2f}",
            f"{bar.target:.2f}",
            str(bar.n),
            "yes" if bar.met else "NO",
        )
    return table


def _figure(value: float, bar: Bar) -> str:
    return f"{value:,.0f} ms" if bar.unit == "ms" else f"{value:.2f} {bar.unit}"
