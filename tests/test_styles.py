"""The style sheets keep the rules of the house: colours in one place, no physical sides, letters that can grow."""

import re
from pathlib import Path

import pytest

from monitor.config import RESOURCES

SHEETS = sorted((RESOURCES / "static").glob("*.css"))
COLOURS = "tokens.css"
A_COLOUR = re.compile(r"#[0-9a-f]{3,8}\b|\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch|color)\(", re.IGNORECASE)
A_NAMED_COLOUR = re.compile(
    r"(?:color|background|border|outline|fill|stroke)[\w-]*:[^;}]*"
    r"\b(?:black|white|gr[ae]y|red|green|blue|yellow|orange|purple)\b",
    re.IGNORECASE,
)
A_PHYSICAL_SIDE = re.compile(
    r"(?:margin|padding|border|scroll-margin|scroll-padding)-(?:left|right|top|bottom)\b"
    r"|[{;]\s*(?:left|right|top|bottom|width|height|(?:min|max)-(?:width|height))\s*:"
    r"|text-align:\s*(?:left|right)\b|(?:float|clear):\s*(?:left|right)\b"
)
LETTERS_IN_PIXELS = re.compile(r"\bfont(?:-size)?:[^;}]*\dpx\b")
DRAWN = re.compile(r"\.chart[^{}]*\{[^}]*\}")
"""Letters inside a drawing are measured in its own units, which grow with the drawing."""


def rules(sheet: Path) -> str:
    """What a sheet says, without comments."""
    return re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL)


def broken(rule: re.Pattern[str], text: str) -> list[str]:
    return [found[0] for found in rule.finditer(text)]


def of_every_sheet() -> list[object]:
    return [pytest.param(sheet, id=sheet.name) for sheet in SHEETS]


@pytest.mark.parametrize("sheet", of_every_sheet())
def test_colours_stand_in_one_file(sheet: Path) -> None:
    found = broken(A_COLOUR, rules(sheet)) + broken(A_NAMED_COLOUR, rules(sheet))

    assert bool(found) == (sheet.name == COLOURS), found


@pytest.mark.parametrize("sheet", of_every_sheet())
def test_every_side_is_one_of_the_text_and_none_of_the_screen(sheet: Path) -> None:
    assert broken(A_PHYSICAL_SIDE, rules(sheet)) == []


@pytest.mark.parametrize("sheet", of_every_sheet())
def test_letters_grow_with_those_of_the_reader(sheet: Path) -> None:
    assert broken(LETTERS_IN_PIXELS, DRAWN.sub("", rules(sheet))) == []


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (A_COLOUR, "a { color: #123 }"),
        (A_COLOUR, "a { background: rgb(1 2 3) }"),
        (A_NAMED_COLOUR, "a { border: 1px solid red }"),
        (A_PHYSICAL_SIDE, "a { margin-left: 1rem }"),
        (A_PHYSICAL_SIDE, "a { color: inherit; left: 0 }"),
        (A_PHYSICAL_SIDE, "a { text-align: right }"),
        (LETTERS_IN_PIXELS, "a { font-size: 13px }"),
        (LETTERS_IN_PIXELS, "a { font: 600 13px/1.4 serif }"),
    ],
)
def test_a_bad_rule_would_be_noticed(rule: re.Pattern[str], text: str) -> None:
    assert broken(rule, text) != []
