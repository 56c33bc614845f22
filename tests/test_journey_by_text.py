"""A phone that opens no links: the whole check-in by text comes to the very rows that the page comes to."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from monitor import workflows
from monitor.care.models import Episode
from monitor.checkins.models import Answer, CheckIn, CheckInState, DialogueEnd, MeasureState, Mode, TextDialogue
from monitor.checkins.service import Delivery
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag
from monitor.i18n import LANGUAGES
from monitor.ids import new_id
from monitor.messaging.links import check_in_link
from monitor.messaging.models import Message, MessageState, Understood
from monitor.messaging.texts import TextKind
from monitor.people.models import Channel, Party, Patient
from monitor.people.service import prefer
from monitor.progress.record import record_of
from monitor.worker import tick
from tests.builders import NOW, InCare, a_check_in, a_patient, a_staff_member, a_team, answers
from tests.phones import Phone
from tests.text_phone import TextPhone

DAY = timedelta(days=1)
TUESDAY = 1
# Every answer there is, a question passed over, and item 9 above 0; with the difficulty question where there is one.
GIVEN = {
    "es": "321032132" + "0173332",
    "ar": "321032132" + "1" + "3172332",
}
ITEM_9 = 8


@pytest.fixture
def both_measures(settings: Settings) -> Settings:
    """A service that has chosen the provisional Arabic GAD-7."""
    return settings.model_copy(update={"provisional_instruments": frozenset({"gad7:ar"})})


def in_care(
    sessions: Sessions, settings: Settings, number: str, language: str, *, by_text: bool, mend: bool = True
) -> InCare:
    """Put somebody into care who answered lightly a month ago and is asked each Tuesday at ten."""
    with unit_of_work(sessions) as session:
        team = a_team(session, f"Team {number}")
        care = a_patient(
            session,
            team,
            a_staff_member(session, team, f"{number}@example.org"),
            number=number,
            language=language,
            weekday=TUESDAY,
            planned_until=NOW - 2 * DAY,
        )
        prefer(
            session,
            care.patient,
            weekday=TUESDAY,
            at=NOW.time(),
            channel=Channel.TEXT,
            by_text=by_text,
            set_by=Party.PATIENT,
            now=NOW - 30 * DAY,
        )
        before = a_check_in(session, care, due_at=NOW - 28 * DAY)
        workflows.complete_check_in(
            session,
            before,
            answers(phq9=3, gad7=2),
            Delivery(new_id(), language, Mode.LINK, known_device=False),
            settings=settings,
            now=NOW - 27 * DAY,
        )
        return care


def todays_check_in(sessions: Sessions, care: InCare) -> CheckIn:
    with sessions() as session:
        return session.scalars(
            sa.select(CheckIn).where(CheckIn.patient_id == care.patient.id).order_by(CheckIn.due_at.desc())
        ).all()[0]


def text_phone_of(sessions: Sessions, settings: Settings, care: InCare) -> TextPhone:
    """Let the clock plan and send; return the phone that has just been asked."""
    phone = TextPhone(sessions, settings, care.patient.id, check_in_id=new_id(), now=NOW - 2 * DAY)
    tick(phone.courier)
    phone.now = NOW + timedelta(minutes=1)
    tick(phone.courier)
    phone.check_in_id = todays_check_in(sessions, care).id
    return phone


def path_of(settings: Settings, check_in_id: UUID) -> str:
    return check_in_link(settings.base_url, check_in_id, 1).removeprefix(settings.base_url)


def kept(sessions: Sessions, care: InCare) -> dict[str, Any]:
    """All that a check-in leaves behind, without what only says whose it is and how it came."""
    with sessions() as session:
        episode = session.get_one(Episode, care.episode.id)
        record = record_of(session, episode)
        asked = record.asked[0]
        assert asked.submission is not None
        flags = session.scalars(sa.select(Flag).where(Flag.episode_id == episode.id).order_by(Flag.kind)).all()
        states = session.scalars(
            sa.select(MeasureState).where(MeasureState.episode_id == episode.id).order_by(MeasureState.instrument)
        ).all()
        return {
            "submission": _values(asked.submission, "language", "layout_version", "known_device", "submitted_at"),
            "answers": {
                (answer.instrument, answer.item): (answer.value, answer.declined, answer.answered_at)
                for answer in asked.submission.answers
            },
            "scores": sorted(
                _values(score, "instrument", "instrument_version", "scoring_version", "total", "estimated", "at")
                for score in asked.submission.scores
            ),
            "states": [_values(state, *_columns(MeasureState, but={"episode_id"})) for state in states],
            "flags": [
                (
                    _values(flag, "kind", "severity", "opened_at", "due_at", "seen_at", "acted_at", "closed_at"),
                    [_values(event, "at", "kind", "rule", "evidence") for event in flag.events],
                )
                for flag in flags
            ],
            "trajectories": [
                replace(trajectory, points=tuple(replace(point, mode=None) for point in trajectory.points))
                for trajectory in record.trajectories
            ],
            "safety": record.safety,
            "check_in": _values(asked.check_in, "completed_at", "missed_at", "cancelled_at"),
        }


def _values(row: object, *names: str) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in names)


def _columns(model: type[MeasureState], but: set[str]) -> list[str]:
    return [column.name for column in model.__table__.columns if column.name not in but]


@pytest.mark.parametrize("language", GIVEN)
def test_a_check_in_by_text_ends_in_what_the_same_answers_on_the_page_end_in(
    sessions: Sessions, both_measures: Settings, language: str
) -> None:
    """Asked by the clock, answered digit by digit with a way back, and compared row by row with the page."""
    by_text = in_care(sessions, both_measures, "+447700900001", language, by_text=True)
    by_link = in_care(sessions, both_measures, "+447700900002", language, by_text=False)
    phone = text_phone_of(sessions, both_measures, by_text)
    sent = {text.to: text.body for text in phone.gateway.sent}
    assert "http" not in sent["+447700900001"]
    assert "http" in sent["+447700900002"]

    browser = Phone(sessions, both_measures, headers={"Accept-Language": LANGUAGES[language].html})
    path = path_of(both_measures, todays_check_in(sessions, by_link).id)
    given = GIVEN[language]
    total, form = len(given), browser.fill_in(path)
    names = [name for name in form if name.startswith(("phq9_", "gad7_"))]
    assert len(names) == total, "the page asks the same questions"

    assert f"\n1/{total} " in phone.ask("1")
    phone.answer(given[0] + "0" + "9")
    for number, digit in enumerate(given[1:], start=2):
        if number - 1 == ITEM_9:
            browser.now = phone.now
            browser.post(path + "/early", {names[ITEM_9]: digit})
        if number == total:
            browser.now = phone.now
        reply = phone.ask(digit)
        if number - 1 == ITEM_9:
            assert "999" in reply
            assert f"/{total} " not in reply
            assert f"{number + 1}/{total} " in phone.ask("8")
        elif number < total:
            assert f"{number + 1}/{total} " in reply
    page = {name: "" if digit == "7" else digit for name, digit in zip(names, given, strict=True)}
    assert browser.post(path, form | page).status_code == 200

    texted, typed = kept(sessions, by_text), kept(sessions, by_link)
    assert texted.keys() == typed.keys()
    for part in typed:
        assert texted[part] == typed[part], part
    assert [flag[0][0] for flag in typed["flags"]] == [FlagKind.DETERIORATING, FlagKind.SAFETY]
    assert len(typed["trajectories"]) == 2
    with sessions() as session:
        modes = record_of(session, session.get_one(Episode, by_text.episode.id)).trajectories[0].points
        assert [point.mode for point in modes] == [Mode.LINK, Mode.TEXT]


def test_a_safety_answer_in_the_middle_acts_before_the_end_and_whether_or_not_there_is_one(
    sessions: Sessions, settings: Settings
) -> None:
    """Item 9 above 0: help goes out and the flag is there, and the patient never sends the rest."""
    care = in_care(sessions, settings, "+447700900001", "es", by_text=True)
    phone = text_phone_of(sessions, settings, care)
    phone.ask("1")
    phone.answer("0" * 8)
    said_at = phone.now
    reply = phone.ask("3")

    assert "En peligro ahora: 999" in reply
    assert "Samaritans: 116 123" in reply
    phone.wait(days=8)
    tick(phone.courier)
    with sessions() as session:
        flag = session.scalars(sa.select(Flag).where(Flag.kind == FlagKind.SAFETY)).one()
        assert (flag.opened_at, flag.closed_at) == (said_at, None)
        support = session.scalars(sa.select(Message).where(Message.purpose == TextKind.SUPPORT)).one()
        assert (support.state, support.intent_at) == (MessageState.SENT, said_at)
        check_in = session.get_one(CheckIn, phone.check_in_id)
        assert check_in.state(phone.now) is CheckInState.MISSED
        drafts = session.scalars(sa.select(Answer.value).where(Answer.submission_id.is_(None))).all()
        assert sorted(value for value in drafts if value is not None) == [*[0] * 8, 3]


@pytest.mark.parametrize("word", ["STOP", "parar", "Stop por favor"])
def test_stop_in_the_middle_is_no_answer_and_ends_everything(sessions: Sessions, settings: Settings, word: str) -> None:
    """One word of confirmation, and nothing after it: no question, no nudge, no answer kept."""
    care = in_care(sessions, settings, "+447700900001", "es", by_text=True)
    phone = text_phone_of(sessions, settings, care)
    phone.ask("1")
    phone.answer("12")
    phone.send("3")

    assert phone.send(word) is Understood.STOP
    confirmed = phone.read()
    assert len(confirmed) == 1
    assert "4/16" not in confirmed[0]
    for _ in range(9):
        phone.wait(days=1)
        before = len(phone.gateway.sent)
        tick(phone.courier)
        assert len(phone.gateway.sent) == before
    phone.send("2")
    with sessions() as session:
        assert [each.ended for each in session.scalars(sa.select(TextDialogue))] == [DialogueEnd.STOPPED]
        drafts = session.scalars(sa.select(Answer.value).where(Answer.submission_id.is_(None)).order_by(Answer.id))
        assert drafts.all() == [1, 2, 3]
        questions = sa.select(Message.state).where(Message.purpose == TextKind.QUESTION)
        assert MessageState.QUEUED not in session.scalars(questions).all()


def test_who_stops_halfway_is_nudged_and_goes_on_where_they_were(sessions: Sessions, settings: Settings) -> None:
    """The nudge of the next day finds the dialogue open; a 1 takes it up again and is no answer."""
    care = in_care(sessions, settings, "+447700900001", "en", by_text=True)
    phone = text_phone_of(sessions, settings, care)
    phone.ask("1")
    phone.answer("32")
    for _ in range(4):
        phone.wait(days=1)
        tick(phone.courier)

    assert phone.ask("1").startswith("3/17 ")
    assert "Thank you" in phone.answer("0" * 15)[-1]
    with sessions() as session:
        submission = record_of(session, session.get_one(Episode, care.episode.id)).asked[0].submission
        assert submission is not None
        assert [answer.value for answer in submission.answers if answer.instrument == "phq9"][:4] == [0, 3, 2, 0]
        assert session.get_one(Patient, care.patient.id).closed_at is None
