"""The peers' released files: fetched by npm under the names and versions of package.json, and checked before use."""

import base64
import hashlib
import json
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "build" / "peers"
"""Ignored by git, removed by `make clean`."""
LISTED = Path(__file__).with_name("package.json")


class PeersMissing(Exception):
    """npm is not there, or what it brought is not what was listed: one line that says which."""


@dataclass(frozen=True)
class Package:
    """One released package. `integrity` is the SHA-512 of its archive, written as npm writes it."""

    name: str
    version: str
    integrity: str

    @property
    def archive(self) -> str:
        """What `npm pack` calls it."""
        return f"{self.name}-{self.version}.tgz"


def listed(path: Path = LISTED) -> tuple[Package, ...]:
    """Return the packages of package.json. Raises KeyError for one without an integrity."""
    document = json.loads(path.read_text(encoding="utf-8"))
    wanted = sorted(document["dependencies"].items())
    return tuple(Package(name, version, document["integrity"][name]) for name, version in wanted)


def fetched(folder: Path = FOLDER) -> Path:
    """Return the folder that holds each package under its name, fetched now if it was not yet. Raises PeersMissing."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = listed()
    missing = [package for package in wanted if not (folder / package.archive).exists()]
    if missing:
        _pack(missing, folder)
    for package in wanted:
        check(package, folder)
        _unpack(package, folder)
    return folder


def check(package: Package, folder: Path) -> None:
    """Compare an archive with its listed integrity; one that differs is removed. Raises PeersMissing."""
    archive = folder / package.archive
    found = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != package.integrity:
        archive.unlink()
        raise PeersMissing(f"{package.archive} is not the file that package.json lists; it was removed")


def _pack(packages: list[Package], folder: Path) -> None:
    """Let npm fetch the archives and nothing else: no dependencies, no install scripts, no lock file."""
    npm = shutil.which("npm")
    if npm is None:
        raise PeersMissing("npm is not on this machine, so the peers cannot be fetched; install Node.js with npm")
    names = [f"{package.name}@{package.version}" for package in packages]
    ended = subprocess.run(  # noqa: S603  # names and versions of our own list
        [npm, "pack", "--silent", "--pack-destination", str(folder), *names],
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise PeersMissing(f"npm could not fetch {', '.join(names)} (exit {ended.returncode}); is there a network?")


def _unpack(package: Package, folder: Path) -> None:
    """Unpack afresh: files that somebody changed since would be measured instead of the released ones."""
    target = folder / package.name
    shutil.rmtree(target, ignore_errors=True)
    with tarfile.open(folder / package.archive) as archive:
        archive.extractall(target, filter="data")
