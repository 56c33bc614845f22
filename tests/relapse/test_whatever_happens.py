"""Whatever happens around stepping down, in whatever order: nothing is skipped, nobody is lost, no word gets out."""

import logging
import shutil
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy.orm import sessionmaker

from monitor.care.kinds import Step
from monitor.config import Settings
from monitor.db import make_engine
from tests.aftercare_invariants import CANARY
from tests.any_aftercare import AFTERCARE, AnyAftercare
from tests.invariants import broken

LENGTH = 70
SEEDS = (4, 9, 14)
"""Between them they do everything that can be done: the test holds them to it."""
LOOKS_EVERY = 5
"""Steps: what is kept does not go away again, and looking costs as much as a step."""


def test_whatever_happens_everything_holds(
    migrated_sqlite: Path, tmp_path: Path, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="monitor")
    done: Counter[str] = Counter()
    for seed in SEEDS:
        engine = make_engine(f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / f'{seed}.db')}")
        service = AnyAftercare(sessionmaker(engine, expire_on_commit=False), settings, seed)
        for each in range(LENGTH):
            service.step()
            if each % LOOKS_EVERY == 0 or each == LENGTH - 1:
                assert broken(service.sessions) == [], (seed, service.told)
        done += service.done
        engine.dispose()
    happened = {what.partition(" ")[0] for what in done}
    assert {each.__name__ for each in AFTERCARE} - {"wait"} <= happened
    everything = {"answer signs", f"less_help {Step.STEPPED_DOWN}", "burst begin", "burst borrow", "burst lengthen"}
    assert everything <= set(done)
    assert CANARY not in caplog.text
