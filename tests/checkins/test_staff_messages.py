"""A patient's texts as staff see them: what became of each and why, what came back, and what each kind takes."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from monitor.checkins.models import CancelReason, CheckIn
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.i18n import LANGUAGES
from monitor.ids import new_id
from monitor.messaging.error_codes import Remedy, _table
from monitor.messaging.models import InboundText, MessageState, SkipReason, Understood
from monitor.messaging.staff_words import EXACTLY, KINDS, SKIPPED, STATES, UNDERSTOOD, WHY
from monitor.messaging.texts import TextKind
from monitor.people.models import Patient, Role
from tests.builders import NOW, InCare, a_check_in, a_patient, a_staff_member, a_team, a_text
from tests.staff_browser import StaffApp, words

AN_HOUR_AGO = NOW - timedelta(hours=1)


class Post:
    """Noor of the North team, who lives in Lisbon's time, and the browser of Maren, who looks."""

    def __init__(self, sessions: Sessions, settings: Settings, **patient: Any) -> None:
        self.sessions = sessions
        with unit_of_work(sessions) as session:
            team, other = a_team(session), a_team(session, "South team")
            maren = a_staff_member(session, team)
            a_staff_member(session, other, "sven@example.org", name="Sven Lund")
            a_staff_member(session, team, "boss@example.org", name="Sofia Berg", role=Role.MANAGER)
            self.noor: InCare = a_patient(session, team, maren, **patient)
        self.app = StaffApp(settings, sessions)
        self.maren_s = self.app.browser("maren@example.org")
        self.path = f"/patients/{self.noor.patient.id}/messages"

    def sent(
        self, state: MessageState, kind: TextKind = TextKind.REMINDER, at: datetime = AN_HOUR_AGO, **values: Any
    ) -> None:
        with unit_of_work(self.sessions) as session:
            session.add(a_text(self.noor.patient.id, at, state, kind, **{"sent_at": at} | values))

    def came(self, body: str, understood: Understood | None, at: datetime = AN_HOUR_AGO) -> None:
        with unit_of_work(self.sessions) as session:
            patient = session.get_one(Patient, self.noor.patient.id)
            handled = at if understood else None
            session.add(
                InboundText(
                    patient=patient,
                    patient_id=patient.id,
                    provider_id=str(new_id()),
                    number_hash=patient.number_hash,
                    body=body,
                    received_at=at,
                    understood_as=understood,
                    handled_at=handled,
                )
            )

    def check_in(self, **ended: Any) -> CheckIn:
        with unit_of_work(self.sessions) as session:
            return a_check_in(session, self.noor, **ended)

    def said(self, **query: str) -> str:
        return self.maren_s.text(self.path, **query)


@pytest.fixture
def post(sqlite_sessions: Sessions, settings: Settings) -> Post:
    return Post(sqlite_sessions, settings)


BECAME = [
    (MessageState.QUEUED, {}, "Text waits to go today 9:00."),
    (MessageState.SENDING, {}, "Text is on its way since today 9:00."),
    (MessageState.UNKNOWN, {}, "the network is being asked whether it has it"),
    (MessageState.SENT, {}, "the network has not said whether it arrived"),
    (MessageState.DELIVERED, {"reported_at": AN_HOUR_AGO + timedelta(minutes=2)}, "Text arrived today 9:02."),
    (MessageState.UNDELIVERED, {"error_code": "30003"}, "did not arrive, sent today 9:00. The phone was off"),
    (MessageState.FAILED, {"error_code": "21614"}, "The number takes no texts: it may be a landline"),
    (MessageState.FAILED, {"error_code": "21610"}, "They have texted STOP."),
    (MessageState.FAILED, {"error_code": "30007"}, "nothing is wrong with the number"),
    (MessageState.FAILED, {"error_code": "99999"}, "The network did not say why."),
    (MessageState.FAILED, {}, "The network did not say why."),
    (MessageState.ABANDONED, {}, "nobody could confirm that it left today 9:00, and it is not sent twice"),
    (MessageState.SKIPPED, {"skip_reason": SkipReason.EXPIRED}, "no hour was left in which it was allowed"),
    (MessageState.CANCELLED, {}, "Text cancelled: it was not needed any more."),
]


@pytest.mark.parametrize(("state", "values", "said"), BECAME)
def test_each_text_says_what_became_of_it(post: Post, state: MessageState, values: dict[str, Any], said: str) -> None:
    post.sent(state, **values)

    assert said in post.said()


@pytest.mark.parametrize(
    ("ended", "said"),
    [
        ({"completed_at": NOW}, "Nudge cancelled: the check-in was answered."),
        ({"cancelled_at": NOW, "cancel_reason": CancelReason.OPTED_OUT}, "Nudge cancelled: texts were stopped."),
        ({"cancelled_at": NOW, "cancel_reason": CancelReason.PLAN_CHANGED}, "Nudge cancelled: the plan changed."),
        (
            {"cancelled_at": NOW, "cancel_reason": CancelReason.SUPERSEDED},
            "Nudge cancelled: it was not needed any more.",
        ),
    ],
)
def test_a_cancelled_text_says_why(post: Post, ended: dict[str, Any], said: str) -> None:
    post.sent(MessageState.CANCELLED, TextKind.NUDGE, check_in_id=post.check_in(**ended).id)

    assert said in post.said()


def test_every_vocabulary_has_its_words() -> None:
    assert set(KINDS) == set(TextKind)
    assert set(STATES) == set(MessageState) - {MessageState.SKIPPED}
    assert set(SKIPPED) == set(SkipReason)
    assert set(UNDERSTOOD) == set(Understood)
    assert set(WHY) == set(Remedy)
    assert set(EXACTLY) <= set(_table())


def test_the_network_s_own_words_are_small_print(post: Post) -> None:
    post.sent(MessageState.UNDELIVERED, error_code="30003", provider_status="undelivered", segments=2)

    assert "<small" in post.maren_s.get(post.path).text
    assert "code 30003 · undelivered · 2 parts" in post.said()


def test_that_a_text_arrived_is_said_once(post: Post) -> None:
    post.sent(MessageState.DELIVERED, provider_status="delivered", segments=2)

    assert "Text arrived; sent today 9:00. 2 parts" in post.said()


def test_times_are_on_the_patient_s_own_clock(sqlite_sessions: Sessions, settings: Settings) -> None:
    post = Post(sqlite_sessions, settings, zone="America/New_York")
    post.sent(MessageState.DELIVERED)

    said = post.said()

    assert "Times are on their own clock, America/New York." in said
    assert "today 4:00" in said


def test_what_a_patient_wrote_stands_beside_what_it_was_taken_for(sessions: Sessions, settings: Settings) -> None:
    post = Post(sessions, settings)
    post.came("Ring me <b>please</b>", Understood.NOTHING_OPEN)
    post.came("stop", Understood.STOP, NOW)

    page = post.maren_s.get(post.path)

    assert "Ring me &lt;b&gt;please&lt;/b&gt;</bdi></q>" in page.text
    said = words(page)
    assert "stop Asked us to stop texting." in said
    assert "Written while nothing was open to answer." in said
    assert said.index("Asked us to stop texting.") < said.index("Written while"), "newest first"


@pytest.mark.parametrize("what", [*Understood, None])
def test_every_text_of_theirs_can_be_shown(post: Post, what: Understood | None) -> None:
    post.came("2", what)

    assert "From them:" in post.said()


def test_a_check_in_by_text_is_one_row_and_a_question_that_did_not_arrive_another(post: Post) -> None:
    for minute in range(0, 20, 2):
        at = AN_HOUR_AGO + timedelta(minutes=minute)
        post.sent(MessageState.DELIVERED, TextKind.QUESTION, at)
        post.came("2", Understood.ANSWER, at + timedelta(minutes=1))
    post.sent(MessageState.UNDELIVERED, TextKind.QUESTION, NOW)

    page = post.maren_s.get(post.path).text

    assert "20 texts of a check-in by text" in page
    assert len(re.findall("<details>", page)) == 1
    assert "<b>Question by text did not arrive" in page


def test_older_texts_are_one_link_away(post: Post) -> None:
    for day in range(65):
        post.sent(MessageState.DELIVERED, at=NOW - timedelta(days=day))

    assert post.said().count("Text arrived") == 60
    assert "All 65 texts" in post.said()
    assert post.said(all="1").count("Text arrived") == 65


def test_many_texts_cost_as_many_statements_as_one(post: Post) -> None:
    def statements() -> int:
        seen: list[str] = []
        listener = lambda *args: seen.append(args[2])  # noqa: E731
        engine = post.sessions.kw["bind"]
        sa.event.listen(engine, "before_cursor_execute", listener)
        post.said()
        sa.event.remove(engine, "before_cursor_execute", listener)
        return len(seen)

    post.sent(MessageState.DELIVERED, check_in_id=post.check_in().id)
    post.came("2", Understood.ANSWER)
    one = statements()
    for sequence in range(2, 12):
        post.sent(MessageState.DELIVERED, check_in_id=post.check_in(sequence=sequence).id)
        post.came("2", Understood.ANSWER)

    assert statements() == one


def test_looking_leaves_a_trail_and_another_team_sees_nothing(post: Post) -> None:
    post.came("Ring me", Understood.NOTHING_OPEN)
    other = post.app.browser("sven@example.org")
    before = post.app.rows()

    post.said()
    assert other.get(post.path).status_code == 404

    assert post.app.rows() == before
    assert [entry.subject_id for entry in post.app.audit("viewed patient")] == [post.noor.patient.id]


# ---- the wording of texts ----


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_text_is_shown_in_every_language(post: Post, language: str) -> None:
    page = post.maren_s.get("/texts", language=language)

    said = words(page)
    assert all(label in said for label in KINDS.values())
    shown = page.text.count('<blockquote class="text"')
    assert shown == page.text.count(f'<blockquote class="text" lang="{LANGUAGES[language].html}"')
    assert set(re.findall(r"<h3>([^<]*)</h3>", page.text)) == set(KINDS.values())


def test_parts_and_letters_are_those_of_the_network(post: Post) -> None:
    english, arabic = (words(post.maren_s.get("/texts", language=tag)) for tag in ("en", "ar"))

    assert "GSM-7" in english
    assert "UCS-2" not in english
    assert "UCS-2" in arabic
    assert "In this script a text has room for 70 letters, not 160." in arabic


def test_whoever_brings_nobody_in_does_not_need_it(post: Post) -> None:
    assert post.app.browser("boss@example.org").get("/texts").status_code == 404
