"""A service with one team of three and one patient, for journeys around a plan for staying well. All are invented."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from playwright.sync_api import Page
from pydantic import SecretStr
from sqlalchemy.orm import joinedload, sessionmaker

from monitor.checkins.models import CheckIn, Mode
from monitor.checkins.service import Delivery
from monitor.config import Settings
from monitor.db import make_engine, unit_of_work
from monitor.demo.phone_network import TOKEN
from monitor.flags.models import Flag
from monitor.ids import new_id
from monitor.messaging.models import Message
from monitor.people.models import Role
from monitor.workflows import complete_check_in
from tests.browser.service import Service, served
from tests.builders import NOW, PASSWORD, InCare, a_check_in, a_patient, a_staff_member, a_team, answers
from tests.staff_browser import a_code

FOLDER = Path(__file__).parents[2] / "build" / "journeys"
COORDINATOR, CLINICIAN, SUPERVISOR = "aisha@example.org", "maren@example.org", "tomas@example.org"
NAMES = {"en": "Wren", "ar": "سلمى"}
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
COURSE = ((42, 15, 12), (21, 8, 5), (1, 6, 4))
"""Days ago, PHQ-9 and GAD-7: a course that lets somebody step down."""


@dataclass(frozen=True)
class Clinic:
    """The service, and the patient of its one team."""

    service: Service
    care: InCare

    @property
    def record(self) -> str:
        """The address of the patient's record."""
        return f"{self.service.address}/staff/patients/{self.care.patient.id}"

    def all(self, model: type[Any], *options: Any) -> list[Any]:
        """Every row of a table that is about the patient, oldest first."""
        wanted = sa.select(model).where(model.patient_id == self.care.patient.id).order_by(model.id).options(*options)
        with self.service.sessions() as session:
            return list(session.scalars(wanted).unique())

    def open_flags(self) -> dict[str, Flag]:
        """The open flags by their kind."""
        found = self.all(Flag, joinedload(Flag.owner), joinedload(Flag.events))
        return {flag.kind: flag for flag in found if flag.closed_at is None}

    def texts(self) -> list[str]:
        """The words of every text that was made for the patient."""
        with self.service.sessions() as session:
            return [
                text.prepared or ""
                for text in session.scalars(sa.select(Message).where(Message.patient_id == self.care.patient.id))
            ]


@contextmanager
def clinic(migrated: Path, settings: Settings, folder: Path, language: str) -> Iterator[Clinic]:
    """Serve the team, with a patient who speaks a language and has answered three times."""
    path = folder / "north.db"
    shutil.copy(migrated, path)
    engine = make_engine(f"sqlite:///{path}")
    believed = settings.model_copy(update={"twilio_auth_token": SecretStr(TOKEN)})
    with served(sessionmaker(engine, expire_on_commit=False), believed) as service:
        with unit_of_work(service.sessions) as session:
            team = a_team(session, "North")
            clinician = a_staff_member(session, team, CLINICIAN)
            a_staff_member(session, team, COORDINATOR, name="Aisha Towpath", role=Role.COORDINATOR)
            a_staff_member(session, team, SUPERVISOR, name="Tomas Lockgate", role=Role.SUPERVISOR)
            care = a_patient(session, team, clinician, name=NAMES[language], language=language)
        for days, phq9, gad7 in COURSE:
            answer(service, care, phq9, gad7, days)
        yield Clinic(service, care)
    engine.dispose()


def answer(service: Service, care: InCare, phq9: int, gad7: int, days_ago: int) -> None:
    """Let a check-in have been answered."""
    at = NOW - days_ago * DAY
    with unit_of_work(service.sessions) as session:
        check_in = session.get_one(CheckIn, a_check_in(session, care, due_at=at - HOUR).id)
        sent = Delivery(key=new_id(), language=care.patient.language, mode=Mode.LINK, known_device=True)
        complete_check_in(session, check_in, answers(phq9, gad7), sent, settings=service.settings, now=at)


def sign_in(desk: Page, service: Service, email: str) -> None:
    """Sign somebody of the team in."""
    desk.goto(f"{service.address}/staff/")
    desk.fill("#email", email)
    desk.fill("#password", PASSWORD)
    desk.fill("#code", a_code(service.now))
    desk.click(".go")
    desk.wait_for_url("**/staff/")


def press(page: Page, selector: str) -> None:
    """Press a button of a form whose fields the browser itself would first complain about, and wait for the page."""
    page.evaluate("document.querySelectorAll('form').forEach(form => form.noValidate = true)")
    with page.expect_navigation():
        page.click(selector)


def said(page: Page, selector: str = "main") -> str:
    """What a part of a page says, in one line."""
    return " ".join(page.inner_text(selector).split())


def keep(page: Page, name: str) -> None:
    """Keep a picture of a stage, when pictures are wanted."""
    if os.environ.get("MONITOR_SCREENSHOTS") == "journeys":
        FOLDER.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=FOLDER / f"{name}.png", animations="disabled", full_page=True)
