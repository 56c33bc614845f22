"""The browser rig's own rules, without a browser: what is refused, what counts, how a machine is calibrated."""

import io
import os
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.browser.__main__ import main
from benchmarks.browser.bars import Figures, Found, Report, Shown, chart_bars, check_in_bars, light_bars, size_bar
from benchmarks.browser.peers import Package, PeersMissing, check, fetched, listed
from benchmarks.browser.phone import LOW_TIER, calibrated
from monitor.bench.report import Gate, Machine

QUIET = Machine(processor="any", cores=4, python="CPython 3.11", system="Linux", load=0.5)
CHECK_IN = {
    Shown.FLOOR: 2_200,
    Shown.FIRST_SCREEN: 2_300,
    Shown.FIRST_QUESTION: 2_400,
    Shown.SURVEYJS: 12_000,
    Shown.LHC_FORMS: 20_000,
}


def figures(shown: Shown, ready: float = 700, *, wire: float = 5, blocked: float = 0, tap: float = 40) -> Figures:
    return Figures("slow 3G, low tier", shown, 5, 1, wire, 0, ready, ready, blocked, tap, 5, 1)


def check_in(**changed: float) -> Found:
    ready = {shown: float(changed.get(shown.name.lower(), usual)) for shown, usual in CHECK_IN.items()}
    return Found(3, {shown: figures(shown, at) for shown, at in ready.items()})


# ---- a machine made as slow as a phone ----


def test_a_fast_machine_is_slowed_down_until_it_is_as_slow_as_the_phone() -> None:
    slowdown = calibrated(lambda rate: 3_200 / rate**1.1, LOW_TIER)

    assert slowdown.index == pytest.approx(LOW_TIER.index, rel=0.05)
    assert slowdown.rate > 5


def test_a_machine_that_is_slower_than_the_phone_stays_as_it_is() -> None:
    slowdown = calibrated(lambda rate: 200 / rate, LOW_TIER)

    assert slowdown.rate == 1
    assert not slowdown.is_near, "so that the run does not pass for one on that phone"


def test_of_indexes_that_never_come_near_the_nearest_counts() -> None:
    measured = iter([2_000.0, 500.0, 300.0, 600.0, 150.0, 900.0])

    assert calibrated(lambda rate: next(measured), LOW_TIER).index == 300


# ---- the bars ----


def test_of_the_first_screen_and_the_first_question_the_later_one_counts() -> None:
    late_screen = next(check_in_bars(check_in(first_screen=2_600)))
    late_question = next(check_in_bars(check_in(first_question=2_700)))

    assert (late_screen.ours, late_question.ours) == (2_600, 2_700)


@pytest.mark.parametrize(("question", "met"), [(2_530, True), (2_540, False)])
def test_a_check_in_is_nearly_as_soon_as_bare_html(question: float, met: bool) -> None:
    assert next(check_in_bars(check_in(first_question=question))).met is met


@pytest.mark.parametrize(("surveyjs", "met"), [(9_600, True), (9_500, False)])
def test_a_check_in_is_four_times_sooner_than_surveyjs(surveyjs: float, met: bool) -> None:
    bars = {bar.beside: bar for bar in check_in_bars(check_in(surveyjs=surveyjs))}

    assert bars[Shown.SURVEYJS].met is met


def test_what_blocks_the_phone_is_held_to_the_floor_and_taps_to_a_fifth_of_a_second() -> None:
    found = check_in()
    heavy = figures(Shown.FIRST_QUESTION, blocked=131, tap=208)
    floor = figures(Shown.FLOOR, blocked=80)

    light = list(light_bars(Found(3, {**found.figures, Shown.FLOOR: floor})))
    missed = list(light_bars(Found(3, {**found.figures, Shown.FLOOR: floor, Shown.FIRST_QUESTION: heavy})))

    assert [bar.met for bar in light] == [True, True]
    assert [bar.met for bar in missed] == [False, False]


def test_the_chart_is_held_to_the_lightest_library() -> None:
    peer = figures(Shown.UPLOT, 1_000, wire=20)

    def met(charts: int, ready: float) -> list[bool]:
        found = Found(4, {Shown.CHART: figures(Shown.CHART, ready), Shown.UPLOT: peer})
        return [bar.met for bar in chart_bars(found, charts)]

    assert met(3_000, 600) == [True, True]
    assert met(3_100, 610) == [False, False]


def test_a_report_passes_when_every_bar_is_met_and_every_gate_holds() -> None:
    report = Report(
        machine=QUIET,
        browser="Chromium",
        index=3_000,
        processor=(),
        forced=False,
        figures=(),
        bars=(size_bar(5_500),),
        gates=(Gate("stored", "ours", True),),
    )

    assert report.passed
    assert report.as_dict()["passed"]
    assert not replace(report, bars=(size_bar(5_501),)).passed
    assert not replace(report, gates=(Gate("stored", "ours", False),)).passed


# ---- the peers, and when nothing is measured ----


def test_every_peer_is_listed_with_an_exact_version_and_its_integrity() -> None:
    for package in listed():
        assert package.version[0].isdigit()
        assert package.integrity.startswith("sha512-")
    assert {package.name for package in listed()} == {"lforms", "survey-core", "survey-js-ui", "uplot"}


def test_an_archive_that_is_not_the_listed_one_is_refused_and_removed(tmp_path: Path) -> None:
    package = Package("uplot", "1.6.32", "sha512-other")
    with tarfile.open(tmp_path / package.archive, "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("package/index.js"), io.BytesIO())

    with pytest.raises(PeersMissing, match=r"uplot-1\.6\.32\.tgz"):
        check(package, tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_without_npm_one_line_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(PeersMissing, match="npm is not on this machine"):
        fetched(tmp_path / "peers")


def test_a_busy_machine_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getloadavg", lambda: (0.6 * (os.cpu_count() or 1), 0.0, 0.0))

    result = CliRunner().invoke(main)

    assert result.exit_code == 2
    assert "--force" in result.stderr
    assert result.stdout == ""
