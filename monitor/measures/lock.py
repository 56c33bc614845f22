"""The lock on the instrument files: not a letter or a number changes without a new version.

`python -m monitor.measures.lock` writes lock.json anew, and refuses while a changed file still has its old version.
"""

import json
import sys
from hashlib import sha256
from pathlib import Path

from monitor.measures.catalogue import FOLDER

Lock = dict[str, dict[str, str]]  # path below the folder -> {"version", "sha256"}


def lock_digest(folder: Path = FOLDER) -> Lock:
    """What the lock has to say for the files as they are now."""
    return {path.relative_to(folder).as_posix(): _entry(path.read_bytes()) for path in sorted(folder.glob("*/*.json"))}


def locked(folder: Path = FOLDER) -> Lock:
    """What the lock says; empty before there is one."""
    path = folder / "lock.json"
    return json.loads(path.read_bytes()) if path.exists() else {}


def unraised(folder: Path = FOLDER) -> list[str]:
    """The files that changed and kept their version."""
    before = locked(folder)
    return [
        name
        for name, now in lock_digest(folder).items()
        if name in before and now["sha256"] != before[name]["sha256"] and now["version"] == before[name]["version"]
    ]


def relock(folder: Path = FOLDER) -> str | None:
    """Write the lock anew; or leave it, and return the line that says which files need a new version first."""
    if names := unraised(folder):
        return f"changed without a new version: {', '.join(names)}"
    text = json.dumps(lock_digest(folder), indent=2)
    (folder / "lock.json").write_text(text + "\n", encoding="utf-8")
    return None


def _entry(content: bytes) -> dict[str, str]:
    return {"version": json.loads(content)["version"], "sha256": sha256(content).hexdigest()}


if __name__ == "__main__":
    sys.exit(relock())  # a line of text goes to standard error and exits 1
