"""The texts of a viewer's teams: how yesterday's went, by kind and by day, with the reason, and no word of any text."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.text_counts import TextView
from monitor.ids import new_id
from monitor.messaging.held import Held, held_because
from monitor.messaging.models import InboundText, Message, MessageState, Outage, SkipReason, Understood
from monitor.messaging.staff_words import HELD
from monitor.messaging.texts import TextKind
from monitor.people.models import Patient
from tests.builders import NOW, InCare, a_patient, a_staff_member, a_team, a_text
from tests.staff_browser import StaffApp, words

YESTERDAY = NOW - timedelta(days=1)
NIGHT = NOW + timedelta(hours=12)
SECRET = "Ring me at my sister's"


class Office:
    """The North team with Noor and Zofia, the South team with Sam, and the browser of Maren of the North team."""

    def __init__(self, sessions: Sessions, settings: Settings) -> None:
        self.sessions = sessions
        with unit_of_work(sessions) as session:
            team, other = a_team(session), a_team(session, "South team")
            maren, sven = a_staff_member(session, team), a_staff_member(session, other, "sven@example.org")
            self.noor = a_patient(session, team, maren)
            self.zofia = a_patient(session, team, maren, name="Zofia", number="+447700900002")
            self.sam = a_patient(session, other, sven, name="Sam", number="+447700900003")
        self.app = StaffApp(settings, sessions)
        self.maren_s = self.app.browser("maren@example.org")

    def text(self, state: MessageState, *, to: InCare | None = None, at=YESTERDAY, **values: Any) -> None:
        with unit_of_work(self.sessions) as session:
            session.add(a_text((to or self.noor).patient.id, at, state, **values))

    def came(self, understood: Understood, *, of: InCare | None = None, at=YESTERDAY) -> None:
        with unit_of_work(self.sessions) as session:
            patient = session.get_one(Patient, (of or self.noor).patient.id)
            session.add(
                InboundText(
                    patient=patient,
                    patient_id=patient.id,
                    provider_id=str(new_id()),
                    number_hash=patient.number_hash,
                    body=SECRET,
                    received_at=at,
                    understood_as=understood,
                    handled_at=at,
                )
            )

    def said(self, kind: TextView | str = TextView.ALL, **query: str) -> str:
        return self.maren_s.text("/messages", kind=str(kind), **query)


@pytest.fixture
def office(sqlite_sessions: Sessions, settings: Settings) -> Office:
    return Office(sqlite_sessions, settings)


def test_yesterday_s_texts_add_up(sessions: Sessions, settings: Settings) -> None:
    office = Office(sessions, settings)
    for _ in range(3):
        office.text(MessageState.DELIVERED)
    office.text(MessageState.UNDELIVERED, error_code="30003")
    office.text(MessageState.SENT, to=office.zofia)
    office.text(MessageState.ABANDONED)
    office.text(MessageState.CANCELLED)
    office.text(MessageState.DELIVERED, at=NOW)
    office.text(MessageState.DELIVERED, at=NOW - timedelta(days=2))
    office.text(MessageState.DELIVERED, to=office.sam)
    office.text(MessageState.QUEUED, at=NOW - timedelta(minutes=20))

    said = office.said()

    assert "Sent yesterday 6 Delivered 3 of 6 Not delivered 1 Outcome unknown 2 Unsent and overdue 1" in said
    assert "All sent 8" in said
    assert "Did not arrive 2" in said
    assert "Not sent 1" in said


def test_each_kind_has_its_own_texts_with_the_reason(office: Office) -> None:
    office.text(MessageState.DELIVERED)
    office.text(MessageState.UNDELIVERED, to=office.zofia, error_code="30003")
    office.text(MessageState.SKIPPED, skip_reason=SkipReason.OVER_CAP, intent_at=None)
    office.text(MessageState.CANCELLED, intent_at=None)
    office.text(MessageState.QUEUED, at=NOW + timedelta(hours=23), attempt=1, intent_at=None)

    lost = office.said(TextView.NOT_ARRIVED)
    assert "Mon 23 Nov 10:00 Zofia Text did not arrive, sent yesterday 10:00. The phone was off" in lost
    assert "code 30003" in lost
    assert "Noor" not in lost
    left_out = office.said(TextView.LEFT_OUT)
    assert "Text not sent: they had enough texts that week." in left_out
    assert "Text cancelled: it was not needed any more." in left_out
    held = office.said(TextView.HELD)
    assert "waits to go tomorrow 9:00. Held: they have had enough texts for now" in held
    assert "Text arrived" in office.said(TextView.ALL)


def test_what_is_cancelled_for_a_day_to_come_is_not_news(office: Office) -> None:
    office.text(MessageState.CANCELLED, at=NOW + timedelta(days=3), intent_at=None)

    assert "Not sent 0" in office.said()


def test_the_days_are_apart_and_newest_first(office: Office) -> None:
    office.text(MessageState.DELIVERED, at=NOW - timedelta(days=2))
    office.text(MessageState.DELIVERED, at=NOW)
    office.text(MessageState.DELIVERED)

    page = office.maren_s.get("/messages").text

    days = [page.index(f"<h2>{day}</h2>") for day in ("Tue 24 Nov", "Mon 23 Nov", "Sun 22 Nov")]
    assert days == sorted(days)


def test_replies_to_read_are_those_the_program_could_do_nothing_with(office: Office) -> None:
    office.came(Understood.NOTHING_OPEN)
    office.came(Understood.NOT_UNDERSTOOD, of=office.zofia)
    office.came(Understood.ANSWER)
    office.came(Understood.NOTHING_OPEN, of=office.sam)
    office.came(Understood.NOTHING_OPEN, at=NOW - timedelta(days=20))

    said = office.said(TextView.REPLIES)

    assert "Replies to read 2" in said
    assert "Noor Written while nothing was open to answer." in said
    assert "Zofia Not understood; they were told so." in said


@pytest.mark.parametrize("view", [view for view in TextView if view is not TextView.NEEDS_YOU])
def test_no_list_shows_words_numbers_or_another_team(office: Office, view: TextView) -> None:
    for state in (MessageState.DELIVERED, MessageState.UNDELIVERED, MessageState.CANCELLED):
        office.text(state)
        office.text(state, to=office.sam)
    office.came(Understood.NOTHING_OPEN)

    page = office.maren_s.get("/messages", kind=view).text

    assert SECRET not in page
    assert "77009" not in page.replace(" ", "")
    assert "Sam<" not in page


@pytest.mark.parametrize("view", [view for view in TextView if view is not TextView.NEEDS_YOU])
def test_an_empty_list_says_so(office: Office, view: TextView) -> None:
    assert "<table" not in office.maren_s.get("/messages", kind=view).text


def test_whom_texts_do_not_reach_stands_on_its_own_page_with_the_same_counts(office: Office) -> None:
    office.text(MessageState.DELIVERED)

    assert office.maren_s.get("/messages", kind="needs_you").location == "/contact-problems"
    said = words(office.maren_s.get("/contact-problems"))
    assert "Sent yesterday 1 Delivered 1 of 1" in said
    assert "Needs you 0 Replies to read 0 Held 0" in said


def test_the_questions_of_a_check_in_by_text_are_not_in_the_way(office: Office) -> None:
    office.text(MessageState.DELIVERED, kind=TextKind.QUESTION)
    office.text(MessageState.UNDELIVERED, kind=TextKind.QUESTION)

    said = office.said()

    assert "Question by text arrived" not in said
    assert "Question by text did not arrive" in said
    assert "All sent 1" in said


def test_a_long_list_goes_on_where_it_stopped(office: Office) -> None:
    for number in range(120):
        office.text(MessageState.DELIVERED, at=YESTERDAY - timedelta(minutes=number // 3))
    seen, path, pages = 0, "/messages?kind=all", 0
    while path:
        page = office.maren_s.get(path).text
        seen += page.count("Text arrived")
        pages += 1
        rest = page.partition("/messages?kind=all&amp;after=")[2].partition('"')[0]
        path = f"/messages?kind=all&after={rest}" if rest else ""

    assert (seen, pages) == (120, 3)


def test_many_texts_cost_as_many_statements_as_one(office: Office) -> None:
    def statements() -> int:
        seen: list[str] = []
        listener = lambda *args: seen.append(args[2])  # noqa: E731
        engine = office.sessions.kw["bind"]
        sa.event.listen(engine, "before_cursor_execute", listener)
        office.said()
        sa.event.remove(engine, "before_cursor_execute", listener)
        return len(seen)

    office.text(MessageState.DELIVERED)
    one = statements()
    for number in range(30):
        office.text(MessageState.DELIVERED, to=office.zofia if number % 2 else office.noor)

    assert statements() == one


def test_a_nonsense_address_shows_everything(office: Office) -> None:
    office.text(MessageState.DELIVERED)

    assert "Text arrived" in office.said("nonsense", after="nonsense")


def test_a_look_leaves_a_trail(office: Office) -> None:
    before = office.app.rows()

    office.said()

    assert office.app.rows() == before
    assert len(office.app.audit("viewed messages")) == 1


# ---- why a text waits ----


@pytest.mark.parametrize(
    ("values", "now", "outage", "why"),
    [
        ({}, NOW, False, Held.ENOUGH),
        ({}, NIGHT, False, Held.QUIET_HOURS),
        ({"error_code": "20429"}, NOW, False, Held.NETWORK),
        ({"error_code": "20429"}, NIGHT, False, Held.QUIET_HOURS),
        ({}, NOW, True, Held.OUTAGE),
        ({"attempt": 0}, NOW, True, None),
        ({"state": MessageState.CLAIMED}, NOW, False, Held.ENOUGH),
        ({"state": MessageState.SENDING}, NOW, False, None),
        ({"due_at": NOW - timedelta(minutes=1)}, NOW, False, None),
        ({"purpose": TextKind.REPLY, "error_code": "20429"}, NIGHT, False, Held.NETWORK),
    ],
)
def test_why_a_text_that_was_taken_up_waits(
    office: Office, values: dict[str, Any], now: Any, outage: bool, why: Held | None
) -> None:
    given = {"state": MessageState.QUEUED, "attempt": 1, "due_at": NIGHT + timedelta(hours=11), **values}
    text = Message(patient=office.noor.patient, purpose=given.pop("purpose", TextKind.REMINDER), **given)

    assert held_because(text, now, outage=outage) is why


def test_every_reason_has_its_words() -> None:
    assert set(HELD) == set(Held)


def test_a_patient_s_own_page_says_why_a_text_waits(office: Office) -> None:
    office.text(MessageState.QUEUED, at=NOW + timedelta(hours=23), attempt=1, intent_at=None)
    with unit_of_work(office.sessions) as session:
        session.add(Outage(began_at=YESTERDAY, code="20003", try_at=NOW))

    said = office.maren_s.text(f"/patients/{office.noor.patient.id}/messages")

    assert "No text goes at the moment: the network takes none." in said
