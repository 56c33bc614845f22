"""Real pages that can be made again and again, and what of a page no translation may change."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from flask import Flask, g, request, template_rendered
from jinja2 import Template
from werkzeug.test import TestResponse

_TEXT = re.compile(r">[^<]*")
_VALUE = re.compile(r'="[^"]*"')


@dataclass(frozen=True)
class Made:
    """A page as its view made it: its template, and what it was filled with."""

    app: Flask
    template: Template
    context: dict[str, Any]
    path: str
    cookie: str
    kept: dict[str, Any]

    def again(self) -> str:
        """Fill the template once more."""
        with self.app.test_request_context(self.path, headers={"Cookie": self.cookie}):
            for name, value in self.kept.items():
                setattr(g, name, value)
            return self.template.render(self.context)


def made(app: Flask, ask: Callable[[], TestResponse]) -> Made:
    """Ask for a page, and keep what it is made of."""
    pages: list[Made] = []

    def keep(sender: Flask, template: Template, context: dict[str, Any], **_: Any) -> None:
        own = {name: value for name, value in context.items() if name not in ("g", "request", "session")}
        kept = {name: g.get(name) for name in g}
        pages.append(Made(app, template, own, request.full_path, request.headers.get("Cookie", ""), kept))

    with template_rendered.connected_to(keep, app):
        answer = ask()
    assert answer.status_code < 500
    return pages[-1]


def outline(page: str) -> str:
    """What of a page is not words: its tags and the names of their attributes, in order."""
    return _TEXT.sub(">", _VALUE.sub("=", page))


_KEY = frozenset(
    {
        ("li",),
        ("/", "li"),
        ("svg", "aria-hidden", "class", "viewbox"),
        ("rect", "class", "height", "width", "y"),
    }
)
"""What a line in the key of a chart is made of."""


class _Tags(HTMLParser):
    """What a browser would take for an element."""

    def __init__(self) -> None:
        super().__init__()
        self.found: Counter[tuple[str, ...]] = Counter()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found[(tag, *sorted(name for name, _ in attributes))] += 1
        links = [value for name, value in attributes if name in ("href", "action", "src", "formaction")]
        self.found.update(("link", (value or "").partition(":")[0][:10]) for value in links if ":" in (value or ""))

    def handle_endtag(self, tag: str) -> None:
        self.found[("/", tag)] += 1

    def handle_comment(self, data: str) -> None:
        self.found[("comment", data)] += 1


def tags(page: str) -> Counter[tuple[str, ...]]:
    """How often each tag with each set of attributes stands in a page, and what its links begin with.

    Of a page with a chart it is only which there are: words that find no room on a chart stand below it.
    """
    parser = _Tags()
    parser.feed(page)
    parser.close()
    return Counter(_KEY.union(parser.found)) if 'class="chart' in page else parser.found


@contextmanager
def noting(module: Any, name: str) -> Iterator[set[tuple[Any, ...]]]:
    """Note with what a remembering function is called."""
    real, seen = getattr(module, name), set()

    def note(*values: Any) -> Any:
        seen.add(values)
        return real(*values)

    note.cache_clear = real.cache_clear  # type: ignore[attr-defined]
    setattr(module, name, note)
    try:
        yield seen
    finally:
        setattr(module, name, real)
