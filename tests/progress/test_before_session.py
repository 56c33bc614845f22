"""The sheet before a session: what changed since the last contact, on one page, and only what is written down."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser

from monitor.care.models import Appointment
from monitor.config import RESOURCES, Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag
from monitor.messaging.models import MessageState
from tests.builders import NOW, a_flag, answers
from tests.progress.test_staff_page import Course
from tests.staff_browser import words

LONG = "Es geht mir seit der letzten Woche wieder schlechter, vor allem abends, und ich schlafe kaum. " * 20


class Sheet(Course):
    """Noor's sheet."""

    def contact(self, **when: float) -> None:
        """An attended contact so long ago, or one that is to come."""
        at = NOW - timedelta(**when)
        with unit_of_work(self.sessions) as session:
            attended = at if at <= NOW else None
            session.add(Appointment(episode_id=self.noor.episode.id, starts_at=at, attended_at=attended))

    def page(self):
        return self.maren_s.get(f"/patients/{self.noor.patient.id}/before")

    def fill(self) -> None:
        """A record with a lot in it."""
        for week in range(10, -1, -1):
            self.answers(week, answers(20 - week, 14 - week // 2, item9=1 if week in (0, 4) else 0), note=LONG)
        for kind in FlagKind:
            with unit_of_work(self.sessions) as session:
                open_now = session.scalars(sa.select(Flag.kind).where(Flag.closed_at.is_(None))).all()
                if kind not in open_now:
                    session.add(a_flag(self.noor, kind, due_at=NOW + timedelta(hours=2)))
        for weeks in (9, 7, 5, 3, 1, -1):
            self.contact(weeks=weeks)


@pytest.fixture
def sheet(sqlite_sessions: Sessions, settings: Settings) -> Sheet:
    return Sheet(sqlite_sessions, settings)


def test_it_says_what_changed_since_the_last_contact(sessions: Sessions, settings: Settings) -> None:
    sheet = Sheet(sessions, settings)
    sheet.answers(5, answers(12, 9))
    sheet.answers(3, answers(13, 9))
    sheet.contact(weeks=2)
    sheet.answers(1, answers(15, 9))
    sheet.asked(0, MessageState.DELIVERED, missed_at=NOW)
    sheet.contact(days=-3)

    said = words(sheet.page())

    assert "Contact 2, Fri 27 Nov, 10:00. Accountable: Maren Okafor." in said
    assert "Last contact Tue 10 Nov." in said
    assert "PHQ-9 since then: 15. PHQ-9 went from 12 to 15" in said
    assert "1 of 2 check-ins since then were answered." in said
    assert "Printed by Maren Okafor" in said
    assert [entry.subject_id for entry in sheet.app.audit("viewed patient")] == [sheet.noor.patient.id]


def test_the_heaviest_answers_say_what_they_were(sheet: Sheet) -> None:
    sheet.answers(3, {**answers(12, 0), ("phq9", 3): 1, ("phq9", 4): 3, ("phq9", 1): 0})
    sheet.contact(weeks=2)
    sheet.answers(1, {**answers(0, 0), ("phq9", 3): 3, ("phq9", 4): 3, ("phq9", 1): 1})

    said = words(sheet.page())

    assert "Sleep 3 up from 1 Energy 3 as before Interest 1 up from 0" in said


def test_safety_is_asked_about_whatever_was_answered(sheet: Sheet) -> None:
    assert "Item 9 has not been answered yet. Ask." in words(sheet.page())
    sheet.answers(3, answers(12, 9, item9=2))
    sheet.answers(1, answers(12, 9))

    said = words(sheet.page())

    assert "Item 9 answered 0, not at all. Tue 3 Nov: Item 9 answered 2, more than half the days." in said
    assert "A safety answer is open. An answer of 0 is not safety. Ask." in said


def test_before_the_first_check_in_it_says_so(sheet: Sheet) -> None:
    said = words(sheet.page())

    assert "No contact attended yet." in said
    assert "No appointment is planned. Accountable: Maren Okafor." in said
    assert "No check-in has been answered or missed yet." in said
    assert "No flag is open." in said


def test_a_flag_that_is_due_on_another_day_does_not_read_as_one_of_the_past(sheet: Sheet) -> None:
    with unit_of_work(sheet.sessions) as session:
        session.add(a_flag(sheet.noor, FlagKind.OPTED_OUT, due_at=NOW + timedelta(days=6)))
        session.add(a_flag(sheet.noor, FlagKind.NOT_IMPROVING, due_at=NOW + timedelta(hours=2)))

    said = words(sheet.page())

    assert "Opted out since Tue 24 Nov, due Mon 30 Nov" in said
    assert "Not improving since Tue 24 Nov, 2 h left" in said
    assert "Open , due Mon 30 Nov." in sheet.said()


def test_a_full_record_prints_on_one_page(sheet: Sheet, chromium: Browser) -> None:
    sheet.fill()
    styles = "".join((RESOURCES / "static" / f"{name}.css").read_text() for name in ("tokens", "staff"))
    html = sheet.page().text.replace("</head>", f"<style>{styles}</style></head>")

    for paper in ("A4", "Letter"):
        tab = chromium.new_page()
        tab.set_content(html)
        printed = tab.pdf(format=paper, print_background=True)
        tab.close()
        assert re.findall(rb"/Count (\d+)", printed) == [b"1"], paper


def test_another_team_s_sheet_is_nothing(sheet: Sheet) -> None:
    assert sheet.maren_s.get("/patients/00000000-0000-4000-8000-000000000000/before").status_code == 404
