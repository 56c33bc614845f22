"""A demonstration as it stands at NOW, in one file: made once in a run of the tests, and copied by whoever wants it."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy.orm import sessionmaker

from monitor.config import Settings
from monitor.demo.storage import build
from tests.builders import NOW
from tests.engines import make_engine
from tests.made_once import made_once

SMALL = 12
"""As many of the roster as show every course and every language."""


def built(
    folders: pytest.TempPathFactory, migrated_sqlite: Path, memory: Path, settings: Settings, patients: int = SMALL
) -> Path:
    """Return the path of a demonstration with so many patients, which nobody may open but a copy of it."""

    def make(path: Path) -> None:
        draft = shutil.copy(migrated_sqlite, memory / path.name)
        engine = make_engine(f"sqlite:///{draft}")
        build(sessionmaker(engine, expire_on_commit=False), settings, NOW, patients=patients)
        engine.dispose()
        shutil.move(draft, path)

    return made_once(folders, f"demonstration-of-{patients}.db", make)
