"""Nobody changes a letter or a number of an instrument by accident."""

import json
import shutil
from pathlib import Path

import pytest

from monitor.measures.catalogue import FOLDER
from monitor.measures.lock import lock_digest, locked, relock


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the instrument files."""
    return Path(shutil.copytree(FOLDER, tmp_path / "instruments"))


def reword(path: Path, **changes: str) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **changes}), encoding="utf-8")


def test_the_instrument_files_are_the_ones_that_were_locked() -> None:
    assert lock_digest() == locked(), (
        "An instrument file changed. If it was meant: raise the `version` in that file, "
        "then run `python -m monitor.measures.lock` and commit lock.json with it."
    )


def test_one_changed_letter_breaks_the_lock(folder: Path) -> None:
    reword(folder / "phq9" / "en.json", stem="Over the last 2 week")

    assert lock_digest(folder) != locked(folder)


def test_a_changed_file_is_not_locked_again_before_it_has_a_new_version(folder: Path) -> None:
    before = locked(folder)
    reword(folder / "gad7" / "spec.json", name="GAD7")

    assert relock(folder) == "changed without a new version: gad7/spec.json"
    assert locked(folder) == before

    reword(folder / "gad7" / "spec.json", version="3")

    assert relock(folder) is None
    assert lock_digest(folder) == locked(folder)
    assert locked(folder)["gad7/spec.json"]["version"] == "3"


def test_a_new_language_is_locked_with_its_first_version(folder: Path) -> None:
    shutil.copy(folder / "phq9" / "en.json", folder / "phq9" / "tr.json")

    assert relock(folder) is None
    assert locked(folder)["phq9/tr.json"] == locked(folder)["phq9/en.json"]


def test_a_folder_without_a_lock_gets_one(folder: Path) -> None:
    before = locked(folder)
    (folder / "lock.json").unlink()

    assert relock(folder) is None
    assert locked(folder) == before
