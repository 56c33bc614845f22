"""Somebody who is asked by a person, perhaps through an interpreter: what staff see before, meanwhile and after."""

from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from monitor.checkins.models import Submission
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.measures.catalogue import use_folder
from monitor.people.needs import Needs, state_needs
from tests.builders import NOW
from tests.checkins.desk import Desk
from tests.measures.recordings import record
from tests.staff_browser import words

READ_ALOUD = Needs(interpreter=True, audio=True, words="Speak slowly.")


@pytest.fixture(autouse=True)
def nobodys_folder() -> Iterator[None]:
    yield
    use_folder(None)


@pytest.fixture
def desk(sqlite_sessions: Sessions, settings: Settings) -> Desk:
    """Noor, who reads Arabic, whom Maren reaches with an interpreter."""
    there = Desk(sqlite_sessions, settings, language="ar")
    with unit_of_work(sqlite_sessions) as session:
        state_needs(session, there.noor.patient, READ_ALOUD, by=there.maren.id, now=NOW)
    return there


def asked_in_arabic(desk: Desk, **answers: str) -> str:
    """Keep the answers that an interpreter passed on; return the address of the record."""
    sent = desk.send(desk.fill_in("interpreter") | {"spoken": "ar"} | answers)
    assert sent.status_code == 303
    return str(sent.location)


# ---- the questions ----


def test_the_interpreter_reads_the_official_words_and_staff_follow_in_their_own(desk: Desk) -> None:
    page = unescape(desk.maren_s.get(desk.path).text)

    assert '<span lang="ar">قلة الاهتمام أو قلة الاستمتاع بممارسة بالقيام بأي عمل</span>' in page
    assert '<small class="own" lang="en" dir="ltr">Little interest or pleasure in doing things</small>' in page
    assert page.count('<small class="own" lang="en" dir="ltr">Several days</small>') == 9
    assert '<small class="own" lang="en" dir="ltr">Over the last 2 weeks' in page


def test_the_words_stand_once_where_both_read_the_same_language(sqlite_sessions: Sessions, settings: Settings) -> None:
    desk = Desk(sqlite_sessions, settings)

    page = desk.maren_s.get(desk.path).text

    assert page.count("Little interest or pleasure in doing things") == 1
    assert 'class="own"' not in page


def test_what_they_need_is_said_where_they_are_asked(desk: Desk) -> None:
    assert "Speaks Arabic. Interpreter for Arabic Read aloud Speak slowly." in words(desk.maren_s.get(desk.path))


# ---- afterwards ----


def test_the_answers_say_how_in_which_language_and_through_whom_they_came(desk: Desk) -> None:
    record_page = desk.maren_s.get(asked_in_arabic(desk))
    [sent] = desk.all(Submission)
    came = "Answered today 10:00 with an interpreter, in Arabic. Entered by Maren Okafor."
    base = f"/patients/{desk.noor.patient.id}"

    assert came in words(record_page)
    assert "with an interpreter, Arabic" in words(record_page), "in the table of the course"
    assert came in words(desk.maren_s.get(f"{base}/submissions/{sent.id}"))
    assert came in words(desk.maren_s.get(f"{base}/before"))


def test_a_link_was_answered_by_whoever_holds_it_and_names_nobody(desk: Desk) -> None:
    desk.check_in(completed_at=NOW)

    assert "Entered by" not in words(desk.maren_s.get(f"/patients/{desk.noor.patient.id}"))


def test_whoever_calls_about_a_flag_reads_what_they_need_beside_the_number(desk: Desk) -> None:
    asked_in_arabic(desk, phq9_9="1")

    opened = words(desk.maren_s.get("/", open=str(desk.noor.patient.id)))

    assert "Speaks Arabic. Interpreter for Arabic · Read aloud" in opened


# ---- recordings ----


def test_staff_see_whether_there_is_anything_to_listen_to(desk: Desk, tmp_path: Path) -> None:
    base = f"/patients/{desk.noor.patient.id}"
    nothing = "Nothing is recorded in Arabic: read the questions to them on a call or at the clinic."
    assert nothing in words(desk.maren_s.get(base))
    assert nothing in words(desk.maren_s.get(f"{base}/needs"))

    record(tmp_path, *(f"{item}.mp3" for item in range(1, 10)), language="ar")
    record(tmp_path, "1.mp3", code="gad7", language="ar")
    use_folder(tmp_path)

    assert "Recorded in Arabic: PHQ-9." in words(desk.maren_s.get(base))


def test_nobody_is_told_of_recordings_where_reading_is_no_trouble(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    desk = Desk(sqlite_sessions, settings)

    assert "recorded in" not in words(desk.maren_s.get(f"/patients/{desk.noor.patient.id}"))
