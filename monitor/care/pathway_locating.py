"""On which line of a TOML text a part stands: the parser that reads it does not say. Pure."""

import re
import tomllib
from collections.abc import Iterator, Mapping

Place = tuple[str | int, ...]
"""Where in a file: ("steps", "two", "weeks"), or ("intake", 3, "phq9") for the fourth rule."""

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]#]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")


def lines_of(text: str) -> Mapping[Place, int]:
    """Return the line of every table, every entry of an array of tables, and every key. The text must be TOML."""
    found: dict[Place, int] = {}
    counts: dict[Place, int] = {}
    table: Place = ()
    for number, line in _statements(text):
        if header := _HEADER.match(line):
            place = table = _table(header, counts)
            found.setdefault(_names(header[2]), number)
        elif key := _KEY.match(line):
            place = (*table, *_names(key[1]))
        else:
            continue
        found.setdefault(place, number)
    return found


def line_of(lines: Mapping[Place, int], place: Place) -> int:
    """Return the line of a part, or of the nearest one around it that has a line; 1 for the file as a whole."""
    for length in range(len(place), 0, -1):
        if place[:length] in lines:
            return lines[place[:length]]
    return 1


def _table(header: re.Match[str], counts: dict[Place, int]) -> Place:
    names = _names(header[2])
    if header[1] == "[":
        return names
    number = counts.get(names, 0)
    counts[names] = number + 1
    return (*names, number)


def _names(dotted: str) -> Place:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Yield where each header or key begins. A value over several lines is one statement: what is in it is no key."""
    lines = text.split("\n")
    number = 0
    while number < len(lines):
        end = _end(lines, number) if _KEY.match(lines[number]) else number + 1
        yield number + 1, lines[number]
        number = end


def _end(lines: list[str], start: int) -> int:
    """Return the line after the end of a value: the first with which it is whole."""
    for end in range(start + 1, len(lines) + 1):
        try:
            tomllib.loads("\n".join(lines[start:end]))
        except tomllib.TOMLDecodeError:
            continue
        return end
    return start + 1
