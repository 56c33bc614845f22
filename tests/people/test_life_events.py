"""What patients note of their own life: a few words on a day, theirs to take away again, and nobody else's."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from monitor.audit import AuditEntry
from monitor.db import Sessions, unit_of_work
from monitor.ids import new_id
from monitor.people import life_events
from monitor.people.life_events import LONGEST, MOST, NotNoted, add, remove, standing
from monitor.people.life_models import LifeEvent
from monitor.people.models import Patient
from tests.builders import NOW, InCare, a_patient, a_staff_member, a_team

TODAY = NOW.date()
BEGAN = TODAY - timedelta(days=60)


@pytest.fixture
def care(sqlite_sessions: Sessions) -> InCare:
    return in_care(sqlite_sessions)


def in_care(sessions: Sessions, number: int = 1) -> InCare:
    with unit_of_work(sessions) as session:
        team = a_team(session, f"Team {number}")
        who = a_staff_member(session, team, f"maren-{number}@example.org")
        return a_patient(session, team, who, number=f"+44770090000{number}")


def note(sessions: Sessions, care: InCare, words: str = "moved house", on: date | None = TODAY) -> None:
    with unit_of_work(sessions) as session:
        patient = session.get_one(Patient, care.patient.id)
        add(session, patient, on, words, first=BEGAN, today=TODAY, now=NOW)


def stands(sessions: Sessions, care: InCare) -> list[tuple[date, str]]:
    with unit_of_work(sessions) as session:
        return [(each.happened_on, each.words) for each in standing(session, care.patient.id)]


def test_what_was_noted_stands_by_its_day_and_leaves_a_trail(sessions: Sessions) -> None:
    care = in_care(sessions)
    note(sessions, care, "new job")
    note(sessions, care, "  moved \n house ", TODAY - timedelta(days=9))

    assert stands(sessions, care) == [(TODAY - timedelta(days=9), "moved house"), (TODAY, "new job")]
    with unit_of_work(sessions) as session:
        trail = session.scalars(sa.select(AuditEntry).where(AuditEntry.subject == "life_event")).all()
        assert [(entry.actor, entry.actor_id, entry.action) for entry in trail] == [
            ("patient", care.patient.id, "added life event")
        ] * 2


def test_the_words_are_sealed(sqlite_sessions: Sessions, care: InCare) -> None:
    note(sqlite_sessions, care)

    with sqlite_sessions() as session:
        assert b"moved" not in session.scalar(sa.select(LifeEvent.__table__.c.words))


def test_a_button_pressed_twice_notes_once(sqlite_sessions: Sessions, care: InCare) -> None:
    note(sqlite_sessions, care)
    note(sqlite_sessions, care)

    assert len(stands(sqlite_sessions, care)) == 1


@pytest.mark.parametrize(
    ("words", "on", "why"),
    [
        ("", TODAY, "words"),
        (" \n ", TODAY, "words"),
        ("x" * (LONGEST + 1), TODAY, "words"),
        ("moved house", None, "day"),
        ("moved house", TODAY + timedelta(days=1), "day"),
        ("moved house", BEGAN - timedelta(days=1), "day"),
    ],
)
def test_what_does_not_fit_is_not_kept(
    sqlite_sessions: Sessions, care: InCare, words: str, on: date | None, why: str
) -> None:
    with pytest.raises(NotNoted) as raised:
        note(sqlite_sessions, care, words, on)

    assert raised.value.why == why
    assert stands(sqlite_sessions, care) == []


@pytest.mark.parametrize(("words", "on"), [("x" * LONGEST, TODAY), ("ж" * LONGEST, BEGAN)])
def test_the_longest_words_and_the_first_and_the_last_day_fit(
    sqlite_sessions: Sessions, care: InCare, words: str, on: date
) -> None:
    note(sqlite_sessions, care, words, on)

    assert stands(sqlite_sessions, care) == [(on, words)]


def test_there_is_room_for_twenty(sqlite_sessions: Sessions, care: InCare) -> None:
    for number in range(MOST):
        note(sqlite_sessions, care, f"day {number}")

    with pytest.raises(NotNoted) as raised:
        note(sqlite_sessions, care, "one more")
    assert raised.value.why == "many"
    note(sqlite_sessions, care, "day 3")  # known already: nothing more to keep


def test_taken_away_is_taken_away_once_and_makes_room(sqlite_sessions: Sessions, care: InCare) -> None:
    note(sqlite_sessions, care)
    with unit_of_work(sqlite_sessions) as session:
        event = standing(session, care.patient.id)[0]
        for _ in range(2):
            remove(session, event.patient, event.id, NOW)

    assert stands(sqlite_sessions, care) == []
    with unit_of_work(sqlite_sessions) as session:
        assert session.scalar(sa.select(LifeEvent.removed_at)) == NOW
        actions = session.scalars(sa.select(AuditEntry.action).where(AuditEntry.subject == "life_event")).all()
        assert sorted(actions) == ["added life event", "removed life event"]


def test_nobody_takes_away_what_somebody_else_noted(sqlite_sessions: Sessions, care: InCare) -> None:
    other = in_care(sqlite_sessions, 2)
    note(sqlite_sessions, care)
    with unit_of_work(sqlite_sessions) as session:
        event_id = standing(session, care.patient.id)[0].id
        stranger = session.get_one(Patient, other.patient.id)
        for each in (event_id, new_id()):
            life_events.remove(session, stranger, each, NOW)

    assert stands(sqlite_sessions, care) == [(TODAY, "moved house")]
    assert stands(sqlite_sessions, other) == []
