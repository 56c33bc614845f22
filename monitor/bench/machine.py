"""The machine that a run takes place on, and how two things are timed fairly on it."""

import gc
import os
import platform
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

from monitor.bench.report import Machine


def this_machine() -> Machine:
    """Return what the figures depend on."""
    return Machine(
        processor=_processor(),
        cores=os.cpu_count() or 1,
        python=f"{platform.python_implementation()} {platform.python_version()}",
        system=f"{platform.system()} {platform.release()}",
        load=round(os.getloadavg()[0], 2),
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def seconds(run: Callable[[], object]) -> float:
    """Return how long one call takes, with no garbage of an earlier one to collect in it."""
    gc.collect()
    began = perf_counter()
    run()
    return perf_counter() - began


def interleaved(times: int, runs: Sequence[Callable[[], float]]) -> list[float]:
    """Call each run in turn, `times` over, so that whatever else the machine does meets all; return their medians."""
    gc.collect()
    gc.freeze()  # what is there already is not looked through before each run
    try:
        found = [[run() for run in runs] for _ in range(times)]
    finally:
        gc.unfreeze()
    return [median(each) for each in zip(*found, strict=True)]
