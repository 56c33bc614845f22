"""What may help between contacts: short ideas for each step and language, from a file that a service may own."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from monitor.care.kinds import Step
from monitor.errors import ConfigurationError
from monitor.i18n import LANGUAGES

FOLDER = Path(__file__).parent / "resources"

_HEADER = re.compile(r"\s*\[\[\s*(\w+)\s*\]\]")
_KEY = re.compile(r"\s*([\w-]+)\s*=")
_AT_LINE = re.compile(r"\(at line (\d+)")
_MEND = {
    "missing": "is missing",
    "extra_forbidden": "is not a part of an idea; language, steps, title, text and link are",
    "too_short": "name one at least",
}


class FaultyResources(ConfigurationError):
    """A file of ideas cannot be read; the text has a line for each fault, with file, line and part."""


class Resource(BaseModel):
    """One idea: what to do, in a few plain words, and where there is more."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    language: str
    steps: tuple[Step, ...] = Field(min_length=1)
    title: str = Field(min_length=1, max_length=80)
    text: str = Field(min_length=1, max_length=400)
    link: str | None = Field(None, max_length=300)

    @field_validator("language")
    @classmethod
    def _is_spoken_here(cls, value: str) -> str:
        if value not in LANGUAGES:
            raise ValueError(f"must be one of {', '.join(LANGUAGES)}")
        return value

    @field_validator("link")
    @classmethod
    def _is_private_on_its_way(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"https://[^\s/?#@]+\.[^\s/?#@]+([/?#]\S*)?", value):
            raise ValueError("must be an address that begins with https://")
        return value


class _File(BaseModel):
    """A whole file: its ideas, and whether somebody has checked them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: Literal["draft", "reviewed"]
    resource: tuple[Resource, ...] = ()


class Ideas(BaseModel):
    """The ideas for one step in one language; `draft` while nobody has checked them."""

    model_config = ConfigDict(frozen=True)

    draft: bool = False
    ideas: tuple[Resource, ...] = ()


def ideas_for(step: Step, language: str, own_file: Path | None = None) -> Ideas:
    """Return what to show: the service's own ideas where its file has any, else those that come with the program.

    Raises FaultyResources for a service's file that cannot be read.
    """
    own = _chosen(load(own_file), step, language) if own_file else Ideas()
    return own if own.ideas else _chosen(load(FOLDER / f"{language}.toml"), step, language)


def _chosen(file: _File, step: Step, language: str) -> Ideas:
    found = tuple(each for each in file.resource if each.language == language and step in each.steps)
    return Ideas(draft=file.status == "draft", ideas=found)


@cache
def load(path: Path) -> _File:
    """Read a file once. Raises FaultyResources, naming every fault with its line and how to mend it."""
    try:
        text = path.read_text(encoding="utf-8")
        document = tomllib.loads(text)
    except OSError as error:
        raise FaultyResources(f"{path.name}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise FaultyResources(f"{path.name}: is not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        at = _AT_LINE.search(str(error))
        line = int(at[1]) if at else len(text.splitlines())
        raise FaultyResources(f"{path.name}:{line}: is not TOML: {str(error).split(' (at')[0]}") from None
    try:
        return _File.model_validate(document)
    except ValidationError as error:
        raise FaultyResources("\n".join(_faults(path.name, text, error))) from None


def _faults(name: str, text: str, error: ValidationError) -> Iterator[str]:
    """Yield one line a fault, in the order of the file."""
    found = []
    for fault in error.errors(include_url=False, include_input=False):
        message = _MEND.get(fault["type"], fault["msg"].removeprefix("Value error, "))
        part = ".".join(str(each + 1) if isinstance(each, int) else each for each in fault["loc"])
        found.append((_line_of(text, fault["loc"]), f"{part}: {message[:1].lower()}{message[1:]}"))
    return (f"{name}:{line}: {words}" for line, words in sorted(found))


def _line_of(text: str, where: Sequence[int | str]) -> int:
    """Return the line of a part: of its key, else of the idea that it is missing from, else the first."""
    number, key = -1, where[2] if len(where) > 2 else where[0]
    begins = 1
    for line, words in enumerate(text.splitlines(), start=1):
        header, named = _HEADER.match(words), _KEY.match(words)
        number += header is not None
        is_inside = number == where[1] if len(where) > 1 else number < 0
        if header and is_inside:
            begins = line
        if is_inside and named and named[1] == key:
            return line
    return begins
