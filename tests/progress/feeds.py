"""Somebody who subscribes to their own dates, for tests. Everybody here is invented."""

import re
from datetime import date, datetime, timedelta
from typing import Any

from icalendar import Calendar, Component
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from monitor.care.kinds import Step
from monitor.care.middle_models import MiddleSlot, SlotBooking
from monitor.care.models import Appointment, Episode
from monitor.checkins.call_models import Call, CallOutcome
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.kinds import FlagKind
from tests.builders import NOW, InCare, a_flag, a_patient, a_staff_member, a_team
from tests.plans import an_agreed_plan
from tests.staff_browser import StaffApp

DAY = timedelta(days=1)


class Desk:
    """Maren of the North team with her patient Noor, and Ana beside her."""

    def __init__(self, sessions: Sessions, settings: Settings) -> None:
        self.sessions = sessions
        with unit_of_work(sessions) as session:
            self.team = a_team(session)
            self.maren = a_staff_member(session, self.team)
            self.ana = a_staff_member(session, self.team, "ana@example.org", name="Ana Reyes")
            self.noor = a_patient(session, self.team, self.maren)
        self.app = StaffApp(settings, sessions)
        self.maren_s = self.app.browser("maren@example.org")

    def address(self) -> str:
        """Make Maren's address; return its path."""
        page = self.maren_s.post("/calendar", do="make")
        found = re.search(r"/staff(/calendar/[0-9A-Za-z]{22}\.ics)", page.text)
        assert found, page.text
        return found[1]

    def read(self, path: str) -> TestResponse:
        """Open an address as a calendar program does: without a cookie."""
        return self.app.flask.test_client().get(path)

    def dates(self, path: str) -> list[Component]:
        reply = self.read(path)
        assert reply.status_code == 200, reply.status
        return list(Calendar.from_ical(reply.data).walk("VEVENT"))

    def titles(self, path: str) -> list[str]:
        return [str(event["SUMMARY"]) for event in self.dates(path)]

    def add(self, *rows: Any) -> None:
        with unit_of_work(self.sessions) as session:
            session.add_all(rows)

    def no_review(self, session: Session) -> None:
        """Noor's review lies far ahead, so that other dates stand alone."""
        session.get_one(Episode, self.noor.episode.id).next_review_at = NOW + 300 * DAY


def an_appointment(care: InCare, at: datetime = NOW + DAY, **became: datetime) -> Appointment:
    return Appointment(episode_id=care.episode.id, starts_at=at, **became)


def fill(session: Session, desk: Desk) -> None:
    """A date of every kind."""
    episode = session.get_one(Episode, desk.noor.episode.id)
    episode.next_review_at = NOW + 2 * DAY
    an_agreed_plan(session, InCare(episode.patient, episode, desk.noor.plan, desk.team, desk.maren))
    slot = MiddleSlot(care_team_id=desk.team.id, number=1, is_protected=True, from_at=NOW)
    session.add(slot)
    session.flush()
    about = {"episode_id": episode.id, "patient_id": episode.patient_id, "patient": episode.patient}
    booking = SlotBooking(
        **about,
        slot_id=slot.id,
        booked_by_id=desk.maren.id,
        booked_at=NOW,
        from_on=NOW.date(),
        until_on=date(2026, 12, 22),
        exit_step=Step.TWO,
    )
    session.add(booking)
    session.flush()
    session.add_all(
        (
            an_appointment(desk.noor),
            a_flag(desk.noor, FlagKind.CALL_REQUESTED, due_at=NOW + timedelta(hours=3)),
            Call(
                **about,
                at=NOW,
                staff_member_id=desk.maren.id,
                outcome=CallOutcome.CALL_LATER,
                call_at=NOW + timedelta(hours=6),
            ),
        )
    )
