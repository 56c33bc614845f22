"""One run: serve ours and the peers, calibrate, open everything in turn, and see that what was answered is stored."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.request import Request, urlopen

from playwright.sync_api import Browser

from benchmarks.browser.bars import (
    OURS,
    Figures,
    Found,
    Report,
    Shown,
    chart_bars,
    check_in_bars,
    light_bars,
    medians,
    size_bar,
)
from benchmarks.browser.measuring import Condition, Sample, Subject, measure
from benchmarks.browser.pages import peer_pages
from benchmarks.browser.peers import fetched
from benchmarks.browser.phone import LOW_TIER, MID_TIER, SLOW_3G, SLOW_4G, Slowdown, calibrate, chromium, index_of
from benchmarks.browser.sending import charts_of, gates, known_phone
from benchmarks.browser.serving_ours import Ours, served_ours
from benchmarks.browser.serving_peers import served_peers
from monitor.bench.report import Gate, Machine

TIMES = 5
Progress = Callable[[float], object]


@dataclass(frozen=True)
class Series:
    """What is opened in turn under one condition, for one bar."""

    number: int
    condition: Condition
    subjects: Mapping[Shown, Subject]


def run(machine: Machine, *, forced: bool, times: int = TIMES, done: Progress = lambda share: None) -> Report:
    """Measure every bar. Raises PeersMissing, NoBrowser and NotServed; `done` is told the share of each opening."""
    folder = fetched()
    with served_ours() as ours, served_peers(peer_pages(ours.people.course), folder) as peers, chromium() as browser:
        size = _size(ours.address + ours.people.by_script.path)  # first: a service that is used is warm
        index, mid, low = index_of(browser), calibrate(browser, MID_TIER), calibrate(browser, LOW_TIER)
        check_ins = _check_ins(ours, peers)
        series = (
            Series(2, Condition(SLOW_4G, mid), check_ins),
            Series(3, Condition(SLOW_3G, low), check_ins),
            Series(4, Condition(SLOW_4G, mid), _charts(browser, ours, peers)),
        )
        measured = _in_turn(browser, series, times, done)
        found = [Found(each.number, each_found) for each, each_found in zip(series, measured, strict=True)]
        return Report(
            machine=machine,
            browser=f"Chromium {browser.version}",
            index=index,
            processor=tuple(_words(each) for each in (mid, low)),
            forced=forced,
            figures=tuple(figures for each in found for figures in each.figures.values()),
            bars=(
                size_bar(size),
                *check_in_bars(found[0]),
                *check_in_bars(found[1]),
                *light_bars(found[1]),
                *chart_bars(found[2], charts_of(browser, ours)),
            ),
            gates=(*_slow_enough(mid, low), _taps(found), *gates(browser, ours)),
        )


def _check_ins(ours: Ours, peers: str) -> Mapping[Shown, Subject]:
    """Ours twice: as the text opens it, with an introduction to read first, and at its first question."""
    link = ours.address + ours.people.by_script.path
    first_question = "document.querySelector('#q1:not([hidden])') !== null"
    return {
        Shown.FLOOR: Subject(f"{peers}/floor"),
        Shown.FIRST_SCREEN: Subject(link, target='a.btn[href="#q1"]', registers=first_question),
        Shown.FIRST_QUESTION: Subject(f"{link}#q1"),
        Shown.SURVEYJS: Subject(f"{peers}/surveyjs"),
        Shown.LHC_FORMS: Subject(f"{peers}/lhc_forms"),
    }


def _charts(browser: Browser, ours: Ours, peers: str) -> Mapping[Shown, Subject]:
    chart = Subject(f"{ours.address}/me", target="figure .line", registers=None, storage=known_phone(browser, ours))
    return {
        Shown.CHART: chart,
        Shown.UPLOT: Subject(f"{peers}/uplot", target="[data-drawn] canvas", registers=None),
    }


def _in_turn(browser: Browser, series: Sequence[Series], times: int, done: Progress) -> list[dict[Shown, Figures]]:
    """Open each page under each condition, then all of them again, so that whatever else happens meets all.

    Each time another page is the first: whatever follows a heavy one meets what it left behind.
    """
    samples: dict[tuple[int, Shown], list[Sample]] = defaultdict(list)
    share = 1 / (times * sum(len(each.subjects) for each in series))
    for time in range(times):
        for each in series:
            first = time % len(each.subjects)
            subjects = list(each.subjects.items())
            for shown, subject in subjects[first:] + subjects[:first]:
                samples[each.number, shown].append(measure(browser, subject, each.condition))
                done(share)
    return [
        {shown: medians(each.condition.name, shown, samples[each.number, shown]) for shown in each.subjects}
        for each in series
    ]


def _size(url: str) -> int:
    """Return the size of a page as browsers get it that speak with us under TLS: in brotli."""
    with urlopen(Request(url, headers={"Accept-Encoding": "br"}), timeout=30) as reply:  # noqa: S310  # our own
        return len(reply.read())


def _taps(found: Sequence[Found]) -> Gate:
    """Whether every tap on our check-in did what it should."""
    ours = [figures for each in found for shown, figures in each.figures.items() if shown in OURS - {Shown.CHART}]
    return Gate("every timed tap registers", "our check-in", all(each.registered == each.n for each in ours))


def _slow_enough(*slowdowns: Slowdown) -> Iterator[Gate]:
    """Whether each phone was met: what a faster or slower one did says nothing about it."""
    for each in slowdowns:
        yield Gate("the processor is as slow as the phone's", each.tier.name, each.is_near)


def _words(slowdown: Slowdown) -> str:
    tier = slowdown.tier
    return f"{tier.name} ({tier.index}): {slowdown.rate:.1f} times slower gives {slowdown.index:.0f}"
