"""Where the tests about power cuts keep their databases."""

from pathlib import Path

import pytest


@pytest.fixture
def database_folder(tmp_path: Path) -> Path:
    """A folder on a disk: a commit that takes its time is one that a power cut can fall into."""
    return tmp_path
