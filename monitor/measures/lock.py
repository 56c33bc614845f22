"""The lock on the instrument files: not a letter, a number or a recording changes unseen.

`python -m monitor.measures.lock` writes lock.json anew. It refuses while a changed file still has its old version, and
a recording that no phone could play, that reads nothing, or that was made of older words.
"""

import json
import sys
from hashlib import sha256
from pathlib import Path

from monitor.measures.catalogue import FOLDER
from monitor.measures.clips import FORMATS, ClipRefused, checked, files_in, words_to_read

Lock = dict[str, dict[str, str]]
"""Path below the folder -> {"version", "sha256"}; of a recording {"reads", "sha256"}, `reads` being of its words."""


def lock_digest(folder: Path = FOLDER) -> Lock:
    """What the lock has to say for the files as they are now. Raises ClipRefused."""
    wordings = {path: _entry(path.read_bytes()) for path in sorted(folder.glob("*/*.json"))}
    clips = {path: _clip_entry(path) for path in files_in(folder)}
    return {path.relative_to(folder).as_posix(): entry for path, entry in (wordings | clips).items()}


def locked(folder: Path = FOLDER) -> Lock:
    """What the lock says; empty before there is one."""
    path = folder / "lock.json"
    return json.loads(path.read_bytes()) if path.exists() else {}


def unraised(folder: Path = FOLDER) -> list[str]:
    """The files that changed and kept their version."""
    both = _before_and_now(folder)
    return [
        name
        for name, before, now in both
        if "version" in now and now["sha256"] != before["sha256"] and now["version"] == before["version"]
    ]


def outdated(folder: Path = FOLDER) -> list[str]:
    """The recordings that stayed the same while the words that they read changed."""
    both = _before_and_now(folder)
    return [
        name
        for name, before, now in both
        if "reads" in now and now["sha256"] == before["sha256"] and now["reads"] != before["reads"]
    ]


def relock(folder: Path = FOLDER) -> str | None:
    """Write the lock anew; or leave it, and return the line that says what has to be mended first."""
    try:
        if names := unraised(folder):
            return f"changed without a new version: {', '.join(names)}"
        if names := outdated(folder):
            return f"recorded from older words: {', '.join(names)}"
    except ClipRefused as error:
        return str(error)
    text = json.dumps(lock_digest(folder), indent=2)
    (folder / "lock.json").write_text(text + "\n", encoding="utf-8")
    return None


def _before_and_now(folder: Path) -> list[tuple[str, dict[str, str], dict[str, str]]]:
    before = locked(folder)
    return [(name, before[name], now) for name, now in lock_digest(folder).items() if name in before]


def _entry(content: bytes) -> dict[str, str]:
    return {"version": json.loads(content)["version"], "sha256": sha256(content).hexdigest()}


def _clip_entry(path: Path) -> dict[str, str]:
    """Raises ClipRefused for a file that is no clip, or that reads nothing of the wording beside it."""
    language, code = path.parent, path.parent.parent.parent
    wording = code / f"{language.name}.json"
    words = words_to_read(json.loads(wording.read_bytes())) if wording.is_file() else {}
    if path.suffix[1:] not in FORMATS or path.stem not in words:
        raise ClipRefused(f"{code.name}/audio/{language.name}/{path.name}", "there is nothing that it reads")
    return {"reads": sha256(words[path.stem].encode()).hexdigest(), "sha256": sha256(checked(path)).hexdigest()}


if __name__ == "__main__":
    sys.exit(relock())  # a line of text goes to standard error and exits 1
