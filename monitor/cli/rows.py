"""Rows of a CSV file from outside: every fault is named by line and column, and a file with one is not used at all."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path
from typing import TypeVar

from monitor.cli.rules import BadInput

Value = TypeVar("Value")


class Fault(Exception):
    """What is wrong with one value. The text does not repeat it: it may be about somebody's health."""


@dataclass(frozen=True)
class Line:
    """One row: the number of its first line, and its values by the names of the columns."""

    number: int
    values: dict[str, str]


@dataclass
class Rows:
    """The rows of a file, one after another, and what is wrong with them."""

    name: str
    header: Sequence[str]
    text: str
    faults: list[tuple[int, str]] = field(default_factory=list)

    @property
    def about(self) -> int:
        """About how many rows there are, for a progress bar."""
        return self.text.count("\n")

    def __iter__(self) -> Iterator[Line]:
        """Yield each row that has a value for each column. Raises BadInput where the file is not CSV."""
        for number, values in islice(_numbered(self.name, self.text), 1, None):
            if len(values) == len(self.header):
                yield Line(number, dict(zip(self.header, values, strict=True)))
            else:
                self.faults.append((number, f"has {len(values)} values where the header has {len(self.header)}"))

    def value(self, line: Line, column: str, read: Callable[[str], Value]) -> Value | None:
        """Read one value; a fault is kept, and None returned in its place."""
        try:
            return read(line.values[column])
        except Fault as fault:
            self.fault(line, column, str(fault))
            return None

    def fault(self, line: Line, column: str, what: str) -> None:
        """Keep what is wrong with a row."""
        self.faults.append((line.number, f"{column}: {what}"))

    def check(self) -> None:
        """Raise BadInput when anything is wrong: a line for each fault, in the order of the file."""
        if self.faults:
            in_order = sorted(self.faults, key=lambda fault: fault[0])
            raise BadInput("\n".join(f"{self.name} line {number}, {what}" for number, what in in_order))


def rows_of(path: Path, needed: Sequence[str], optional: Sequence[str] = ()) -> Rows:
    """Open a CSV file whose first line names its columns. Raises BadInput where it cannot be used."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BadInput(f"{path.name}: {error.strerror or 'cannot be read'}") from None
    except UnicodeDecodeError:
        raise BadInput(f"{path.name}: is not text in UTF-8") from None
    number, header = next(_numbered(path.name, text), (1, []))
    rows = Rows(path.name, header, text)
    rows.faults += [(number, what) for what in _header_faults(header, needed, optional)]
    rows.check()
    return rows


def _numbered(name: str, text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that is not blank with the number of its first line. Raises BadInput."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    first = 1
    try:
        for values in reader:
            stripped = [value.strip() for value in values]
            if any(stripped):
                yield first, stripped
            first = reader.line_num + 1
    except csv.Error as error:
        raise BadInput(f"{name} line {first}, is not CSV: {error}") from None


def _header_faults(header: Sequence[str], needed: Sequence[str], optional: Sequence[str]) -> list[str]:
    known = [*needed, *optional]
    missing = [column for column in needed if column not in header]
    if missing:
        return [f"the header lacks {', '.join(missing)}: it must name {','.join(needed)}"]
    strange = [
        f"column {place} is not known: known are {','.join(known)}"
        for place, column in enumerate(header, start=1)
        if column not in known
    ]
    return [*strange, *(f"{column}: stands twice in the header" for column in known if header.count(column) > 1)]


def required(text: str) -> str:
    """Read a name. Raises Fault."""
    if not text:
        raise Fault("is missing")
    return text


def a_date(text: str) -> date:
    """Read a date such as 2026-11-24. Raises Fault."""
    try:
        if len(text) == len("2026-11-24"):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise Fault("is not a date such as 2026-11-24" if text else "is missing")


def whole(lowest: int, highest: int | None = None) -> Callable[[str], int]:
    """Return how to read a whole number within bounds. It raises Fault."""

    def read(text: str) -> int:
        if not text:
            raise Fault("is missing")
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
        if number < lowest or (highest is not None and number > highest):
            raise Fault(f"must be a whole number, {lowest} {'or more' if highest is None else f'to {highest}'}")
        return number

    return read


def or_nothing(read: Callable[[str], Value]) -> Callable[[str], Value | None]:
    """Return how to read a value that may be missing."""
    return lambda text: read(text) if text else None
