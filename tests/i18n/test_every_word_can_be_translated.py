"""No word of a page is written where no translator finds it: bare in a template, in code, or in another catalogue."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import Environment

from monitor.cli.catalogues import domain_of
from monitor.config import PACKAGE, RESOURCES

TEMPLATES = RESOURCES / "templates"
READ_OUT = ("aria-label", "title", "placeholder", "alt", "label")
"""Attributes whose words people hear or see."""
NAMES = {"PHQ-9", "PHQ-9:", "monitor team slots"}
"""The same in every language: a measure, and what somebody types at a terminal."""
SOURCE = Environment(autoescape=True)
IN_ENGLISH = "demo"
"""The folder of the demonstration's own pages, which nobody translates."""


class _Words(HTMLParser):
    """Letters that a template shows as they are."""

    def __init__(self) -> None:
        super().__init__()
        self.inside = ""
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.inside = tag
        for name, value in attributes:
            if name in READ_OUT:
                self.note(value or "")

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside not in ("script", "style"):
            self.note(data)

    def note(self, words: str) -> None:
        shown = " ".join(words.split())
        if re.search(r"[^\W\d_]{2}", shown) and shown not in NAMES and not re.search("[={]", shown):  # no attribute
            self.found.append(shown)


def bare(template: str) -> list[str]:
    """The words of a template that stand outside its expressions."""
    parser = _Words()
    parser.feed("".join(value if kind == "data" else "" for _, kind, value in SOURCE.lex(template)))
    return parser.found


def templates() -> list[Path]:
    return [path for path in sorted(TEMPLATES.rglob("*.html")) if path.parent.name != IN_ENGLISH]


@pytest.mark.parametrize("path", templates(), ids=lambda path: path.relative_to(TEMPLATES).as_posix())
def test_a_template_has_no_word_of_its_own(path: Path) -> None:
    assert bare(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "template",
    [
        "<p>Hello {{ name }}</p>",
        '<a aria-label="Close">×</a>',
        '<input placeholder="Name">',
        "{% if x %}Yes{% endif %}",
    ],
)
def test_a_word_in_a_template_would_be_noticed(template: str) -> None:
    assert bare(template) != []


# ---- words in code ----

SPEAK = {"translate": (1, 2), "markup": (1, 2), "translate_plural": (1, 4)}
"""The functions that translate: where their message stands among the arguments, and where the domain does."""
SHOWN = {"flash": 0, "Response": 0}
"""Functions that show words to people: where the words stand."""
FOR_MACHINES = re.compile(r"[a-z]+/[a-z]+|Bad request\n")


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE), ast.parse(path.read_text(encoding="utf-8"))


def calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield getattr(node.func, "id", getattr(node.func, "attr", "")), node


def literal(node: ast.expr) -> str | None:
    """The words of `"..."` or N_("...")."""
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "N_":
        node = node.args[0]
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def asked_elsewhere(name: Path, tree: ast.Module) -> Iterator[str]:
    """Yield messages that code looks up in another catalogue than the one that its file is collected into."""
    own = domain_of(PACKAGE, name)
    constants: dict[str, str | None] = {"DOMAIN": "staff"}  # where one module takes it from another
    constants |= {
        node.targets[0].id: literal(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    for function, call in calls(tree):
        if function not in SPEAK or len(call.args) <= SPEAK[function][0]:
            continue
        message, place = literal(call.args[SPEAK[function][0]]), SPEAK[function][1]
        given = [each.value for each in call.keywords if each.arg == "domain"] + call.args[place : place + 1]
        asked = (literal(given[0]) or constants.get(getattr(given[0], "id", ""))) if given else "messages"
        if message is not None and asked != own:
            yield f"{name}:{call.lineno}: {message!r} is collected into {own} and looked up in {asked}"
        handed_on = [getattr(each, "id", "") for each in call.args[1:3]] == ["singular", "plural"]
        if function == "translate_plural" and None in map(literal, call.args[1:3]) and not handed_on:
            yield f"{name}:{call.lineno}: only words that stand in the call itself are collected with their plural"


def test_every_message_is_looked_up_where_it_is_collected() -> None:
    assert [fault for name, tree in modules() for fault in asked_elsewhere(name, tree)] == []


def test_no_view_writes_a_sentence_of_its_own() -> None:
    found = [
        f"{name}:{call.lineno}: {ast.unparse(shown)}"
        for name, tree in modules()
        for function, call in calls(tree)
        if function in SHOWN
        for shown in call.args[SHOWN[function] : SHOWN[function] + 1]
        if isinstance(shown, ast.Constant) and shown.value and not FOR_MACHINES.fullmatch(str(shown.value))
    ]

    assert found == []


def test_a_message_in_the_wrong_catalogue_would_be_noticed() -> None:
    stray = ast.parse('translate(language, N_("Hello"))\ntranslate(language, N_("Hello"), DOMAIN)\nDOMAIN = "staff"')

    assert len(list(asked_elsewhere(Path("care/staff_words.py"), stray))) == 1
    assert len(list(asked_elsewhere(Path("care/patient_words.py"), stray))) == 1
    unseen = ast.parse('one, many = "a day", "days"\ntranslate_plural(language, one, many, 3)')
    assert len(list(asked_elsewhere(Path("care/patient_words.py"), unseen))) == 1
