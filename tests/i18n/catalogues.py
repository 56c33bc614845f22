"""Catalogues that tests write themselves, and real ones read once."""

from collections.abc import Collection
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from monitor import i18n
from monitor.cli.catalogues import collect
from monitor.i18n import TRANSLATIONS


@cache
def wanted(domain: str) -> Catalog:
    """The messages of a domain as code and templates have them."""
    return collect(domain)


@cache
def shipped(language: str, domain: str = "messages") -> bytes:
    """A catalogue that the program comes with."""
    return (TRANSLATIONS / language / "LC_MESSAGES" / f"{domain}.po").read_bytes()


def place(folder: Path, language: str, domain: str = "messages") -> Path:
    """The file of a catalogue below a folder of translations."""
    path = folder / language / "LC_MESSAGES" / f"{domain}.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


@cache
def entries(language: str, domain: str = "messages") -> dict[str | tuple[str, ...], bytes]:
    """The entries of a catalogue that the program comes with as they stand in the file, by their English."""
    found = {}
    for block in shipped(language, domain).strip().split(b"\n\n"):
        *_, message = read_po(BytesIO(block), locale=language)  # a header always comes first
        found[message.id] = block
    return found


def part(language: str, domain: str, messages: Collection[str | tuple[str, ...]]) -> bytes:
    """A catalogue that the program comes with, cut down to a few of its messages."""
    few = [block for english, block in entries(language, domain).items() if english in messages or not english]
    return b"\n\n".join(few) + b"\n"


def forget() -> None:
    """Let the program look every message up anew."""
    for remembered in (i18n.catalogue, i18n._lookup, i18n._lookup_plural):
        remembered.cache_clear()
    i18n._broken.clear()
