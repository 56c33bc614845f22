"""A patient's phone for tests: real pages of the patient surface, a clock that tests set, and a look at every row."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import sqlalchemy as sa
from werkzeug.test import TestResponse

from monitor import Surface, create_app
from monitor.config import Settings
from monitor.db import Base, Sessions, unit_of_work
from tests.builders import NOW, InCare, a_check_in, a_patient, a_staff_member, a_team, token_of


class _Form(HTMLParser):
    """Collects what a browser would send from a page: hidden fields, what is checked, what stands in a textarea."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: dict[str, str] = {}
        self.radios: dict[str, list[str]] = {}

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        name, value = found.get("name") or "", found.get("value") or ""
        if tag != "input":
            return
        if found.get("type") == "hidden":
            self.sent[name] = value
        if found.get("type") == "radio":
            self.radios.setdefault(name, []).append(value)
            if "checked" in found:
                self.sent[name] = value


def form_of(page: str) -> _Form:
    """Read the form of a page."""
    parser = _Form()
    parser.feed(page)
    return parser


@dataclass
class Phone:
    """A browser in somebody's hand."""

    sessions: Sessions
    settings: Settings
    now: datetime = NOW
    headers: dict[str, str] = field(default_factory=lambda: {"Accept-Language": "en"})

    def __post_init__(self) -> None:
        app = create_app(self.settings, Surface.PATIENT, sessions=self.sessions, clock=lambda: self.now)
        app.testing = True
        self.browser = app.test_client()

    def get(self, path: str, **more: Any) -> TestResponse:
        """Open a page."""
        return self.browser.get(path, headers=self.headers, **more)

    def post(self, path: str, data: dict[str, str] | None = None, **more: Any) -> TestResponse:
        """Send a form."""
        return self.browser.post(path, data=data or {}, headers=self.headers, **more)

    def wait(self, **time: float) -> None:
        """Let time pass."""
        self.now += timedelta(**time)

    def fill_in(self, path: str, **answers: str) -> dict[str, str]:
        """Open a check-in and answer 0 to every question, but for the `answers` named."""
        form = form_of(self.get(path).text)
        return form.sent | dict.fromkeys(form.radios, "0") | answers


@dataclass(frozen=True)
class Asked:
    """A patient with an open check-in and the path of its link."""

    care: InCare
    path: str

    @property
    def token(self) -> str:
        """The token in the link."""
        return self.path.rsplit("/", 1)[1]


def an_open_check_in(
    sessions: Sessions, *, team: dict[str, Any] | None = None, asked: dict[str, Any] | None = None, **patient: Any
) -> Asked:
    """Put a patient into a team of their own, with a check-in that opened an hour ago."""
    with unit_of_work(sessions) as session:
        number = session.scalar(sa.select(sa.func.count()).select_from(Base.metadata.tables["care_teams"])) or 0
        clinic = a_team(session, f"Team {number}", **(team or {}))
        clinician = a_staff_member(session, clinic, f"clinician-{number}@example.org")
        care = a_patient(session, clinic, clinician, number=f"+4477009{200 + number:05}", **patient)
        return Asked(care, f"/c/{token_of(a_check_in(session, care, **(asked or {})))}")


def every_row(sessions: Sessions) -> dict[str, list[Any]]:
    """Return the whole database as values that can be compared."""
    with sessions() as session:
        return {
            table.name: sorted(map(repr, session.execute(sa.select(table)).all()))
            for table in Base.metadata.sorted_tables
        }
