"""A whole service on one clock: the staff's pages, one patient's phone and the jobs, each by its real edge."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from html.parser import HTMLParser
from typing import TypeVar
from urllib.parse import urlsplit

import sqlalchemy as sa
from werkzeug.test import TestResponse

from monitor.config import Settings
from monitor.db import Base, Sessions, unit_of_work
from monitor.messaging.gateway import RecordingGateway
from monitor.people.models import Role
from monitor.worker import make_courier, tick
from tests.builders import a_staff_member, a_team, answers
from tests.phones import Phone
from tests.staff_browser import Browser, StaffApp

MAREN, LEAD, MANAGER = "maren@example.org", "ines@example.org", "mia@example.org"
PIN = "314159"
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)

Row = TypeVar("Row", bound=Base)


class WholeService:
    """One team with a clinician, a lead and a manager; whoever is to be a patient is added through the pages."""

    def __init__(self, sessions: Sessions, settings: Settings) -> None:
        self.sessions = sessions
        with unit_of_work(sessions) as session:
            team = a_team(session)
            self.team_id = team.id
            self.maren = a_staff_member(session, team)
            self.lead = a_staff_member(session, team, LEAD, name="Inês Carvalho", role=Role.SUPERVISOR)
            self.manager = a_staff_member(session, team, MANAGER, name="Mia Stone", role=Role.MANAGER)
        self.app = StaffApp(settings, sessions)
        self.phone = Phone(sessions, settings)
        self.gateway = RecordingGateway()
        self.courier = make_courier(settings, sessions, lambda: self.app.now, self.gateway)
        self._desks: dict[tuple[str, datetime], Browser] = {}

    @property
    def now(self) -> datetime:
        """The moment that every clock of the service shows."""
        return self.app.now

    def at(self, now: datetime) -> None:
        """Set every clock, and let the jobs run once."""
        self.app.now = self.phone.now = now
        tick(self.courier)

    def until(self, end: datetime) -> Iterator[datetime]:
        """Let the days pass, each with a look once the service has closed; give each moment."""
        while self.now < end:
            evening = self.now.replace(hour=17, minute=5)
            self.at(min(end, evening if evening > self.now else evening + DAY))
            yield self.now

    def desk(self, email: str = MAREN) -> Browser:
        """The browser of a staff member; a one-time code is good for one sign-in, so there is one a moment."""
        key = (email, self.now)
        if key not in self._desks:
            self._desks[key] = self.app.browser(email)
        return self._desks[key]

    def newest_link(self) -> str:
        """The path of the link in the latest text that has one."""
        bodies = (text.body for text in reversed(self.gateway.sent))
        return urlsplit(next(body.rsplit(maxsplit=1)[-1] for body in bodies if "/c/" in body)).path

    def patient_answers(self, phq9: int, gad7: int, item9: int = 0) -> TestResponse:
        """Answer what the latest text asks."""
        path = self.newest_link()
        given = {f"{code}_{item}": str(value) for (code, item), value in answers(phq9, gad7, item9).items()}
        return self.phone.post(path, self.phone.fill_in(path, **given))

    def rows(self, model: type[Row], **values: object) -> list[Row]:
        """Every row of a table with some values, oldest first."""
        with self.sessions() as session:
            return list(session.scalars(sa.select(model).filter_by(**values).order_by(model.__table__.c.id)))


class _Forms(HTMLParser):
    """Collects the forms of a page: where each goes, and what it sends though nobody touches it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Take a form, and the fields within it that are hidden."""
        given = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.found.append((given.get("action", ""), {}))
        elif tag == "input" and given.get("type") == "hidden" and self.found:
            self.found[-1][1][given["name"]] = given.get("value", "")


def hidden_in(page: TestResponse, action: str) -> dict[str, str]:
    """What the form of an address sends of itself."""
    forms = _Forms()
    forms.feed(page.text)
    return next(fields for goes_to, fields in forms.found if goes_to.endswith(action))
