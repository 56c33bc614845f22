"""Courses of care for the tests, and pages to draw them on."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from html.parser import HTMLParser

from flask import Flask, g
from jinja2.environment import TemplateModule

from monitor.config import RESOURCES
from monitor.http import prepare
from monitor.measures.catalogue import spec
from monitor.progress.series import Point, PointState, Trajectory

MONDAY = date(2026, 8, 10)
MISSED = Point(MONDAY, None, PointState.MISSED)
NOT_DELIVERED = Point(MONDAY, None, PointState.NOT_DELIVERED)
LEFT_OPEN = Point(MONDAY, None, PointState.PARTIAL, mode="link", language="en")

LOW_MOOD = (17, 18, 16, 15, MISSED, MISSED, 14, 15, 12, 12, 10, MISSED, 9, 10, 8)
WORRY = (11, 12, 12, 10, MISSED, MISSED, 11, 12, 10, 9, 10, MISSED, 9, 10, 8)
"""Fifteen weeks of one fictional person."""


def estimated(total: int) -> Point:
    """A check-in with a question left open, at a service that allows the published estimate."""
    return Point(MONDAY, total, PointState.PARTIAL, mode="link", language="en", estimated=True)


def point(
    on: date, total: int, *, items: tuple[int | None, ...] | None = None, mode: str = "link", language: str = "en"
) -> Point:
    """A check-in that was answered in the evening of its day."""
    at = datetime.combine(on, time(18), UTC)
    return Point(on, total, PointState.ANSWERED, items, mode, language, at)


def trajectory(code: str, *course: int | Point, start: date = MONDAY, every: int = 7) -> Trajectory:
    """One measure, a check-in every so many days: a score, or a point whose date does not matter."""
    points = []
    for number, each in enumerate(course):
        on = start + timedelta(days=number * every)
        points.append(point(on, each) if isinstance(each, int) else moved(each, on))
    return Trajectory.of(spec(code), points)


def moved(each: Point, on: date) -> Point:
    """The same check-in on another day."""
    at = each.at and datetime.combine(on, each.at.time(), UTC)
    return Point(on, each.total, each.state, each.items, each.mode, each.language, at, each.estimated)


def low_mood(*course: int | Point) -> Trajectory:
    return trajectory("phq9", *course)


def worry(*course: int | Point) -> Trajectory:
    return trajectory("gad7", *course)


@contextmanager
def page(template: str, language: str = "en", domain: str = "messages") -> Iterator[TemplateModule]:
    """The macros of a template, as they are on a page of the patients' or the staff's surface."""
    app = Flask("monitor", template_folder=str(RESOURCES / "templates"))
    app.config["MESSAGE_DOMAIN"] = domain
    prepare(app)
    with app.test_request_context():
        g.language = language
        yield app.jinja_env.get_template(template).module


@dataclass
class Element:
    """One element of a page, with the text directly in it."""

    tag: str
    attributes: dict[str, str | None]
    text: str = ""
    path: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> str:
        return self.attributes[name] or ""


@dataclass
class _Reader(HTMLParser):
    elements: list[Element] = field(default_factory=list)
    opened: list[Element] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.opened.append(self._add(tag, attrs))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._add(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        while self.opened and self.opened.pop().tag != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self.opened:
            self.opened[-1].text += data

    def _add(self, tag: str, attrs: list[tuple[str, str | None]]) -> Element:
        element = Element(tag, dict(attrs), path=tuple(each.tag for each in self.opened))
        self.elements.append(element)
        return element


def elements(html: str, *tags: str) -> list[Element]:
    """The elements of a page in order, all or those with one of some tags."""
    reader = _Reader()
    reader.feed(html)
    return [element for element in reader.elements if not tags or element.tag in tags]


def classes(found: Sequence[Element], name: str) -> list[Element]:
    """Those of some elements that have a class."""
    return [element for element in found if name in (element.attributes.get("class") or "").split()]
