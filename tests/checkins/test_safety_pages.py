"""Item 9 on a phone: help at once, on any answer above 0, with honest times, and the team told the same moment."""

import re
from datetime import UTC, datetime
from uuid import uuid4

import pytest
import sqlalchemy as sa

from monitor.checkins.models import Answer, Submission
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.kinds import EvidenceCode, FlagKind
from monitor.flags.models import Flag
from tests.phones import Phone, an_open_check_in, form_of

SATURDAY = datetime(2026, 11, 28, 15, 0, tzinfo=UTC)
CHEERFUL = ("thank you", "well done", "great", "good to see you", "lighter", "see my chart", "!")


@pytest.mark.parametrize("answer", ["1", "2", "3"])
def test_any_answer_above_0_puts_help_first_and_raises_a_flag(
    sessions: Sessions, settings: Settings, answer: str
) -> None:
    asked, phone = an_open_check_in(sessions), Phone(sessions, settings)

    page = phone.post(asked.path, phone.fill_in(asked.path, phq9_9=answer))

    assert page.status_code == 200
    body = page.text[page.text.index("<main>") : page.text.index("</main>")]
    assert body.index('href="tel:999"') < body.index('href="tel:116123"') < body.index("Ask my team for a call")
    assert not [word for word in CHEERFUL if word in body.lower()]
    assert flags(sessions) == [FlagKind.SAFETY]


def test_an_answer_of_0_gets_the_ordinary_page(sqlite_sessions: Sessions, settings: Settings) -> None:
    asked, phone = an_open_check_in(sqlite_sessions), Phone(sqlite_sessions, settings)

    page = phone.post(asked.path, phone.fill_in(asked.path, phq9_9="0"))

    assert "Thank you" in page.text
    assert flags(sqlite_sessions) == []


def test_somebody_who_would_rather_not_say_sees_the_ordinary_page(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    asked, phone = an_open_check_in(sqlite_sessions), Phone(sqlite_sessions, settings)

    page = phone.post(asked.path, phone.fill_in(asked.path, phq9_9=""))

    assert "Thank you" in page.text


def test_the_item_stands_under_the_truth_about_who_reads_it(sqlite_sessions: Sessions, settings: Settings) -> None:
    asked, phone = an_open_check_in(sqlite_sessions), Phone(sqlite_sessions, settings)

    page = phone.get(asked.path).text

    notice = page[page.index("Before the next question") : page.index('name="phq9_9"')]
    assert "Nobody watches your answer live" in notice
    assert 'Monday to Friday <bdi dir="ltr">9:00–17:00</bdi>' in notice
    assert "/help" in notice


def test_the_item_is_acted_on_before_the_rest_is_sent(sessions: Sessions, settings: Settings) -> None:
    asked, phone = an_open_check_in(sessions), Phone(sessions, settings)

    reply = phone.post(asked.path + "/early", {"phq9_9": "2"})

    assert (reply.status_code, reply.data) == (204, b"")
    assert flags(sessions) == [FlagKind.SAFETY]
    with unit_of_work(sessions) as session:
        draft = session.execute(sa.select(Answer.item, Answer.value, Answer.submission_id)).all()
        assert draft == [(9, 2, None)]
        assert session.scalars(sa.select(Submission)).all() == []
    assert phone.post("/c/unknown/early", {"phq9_9": "2"}).status_code == 204


def test_changing_the_answer_to_0_leaves_the_flag_standing(sqlite_sessions: Sessions, settings: Settings) -> None:
    asked, phone = an_open_check_in(sqlite_sessions), Phone(sqlite_sessions, settings)
    phone.post(asked.path + "/early", {"phq9_9": "3"})
    phone.post(asked.path + "/early", {"phq9_9": "0"})

    phone.post(asked.path, phone.fill_in(asked.path))

    assert flags(sqlite_sessions) == [FlagKind.SAFETY]


def test_a_draft_is_never_shown_to_whoever_opens_the_link(sqlite_sessions: Sessions, settings: Settings) -> None:
    asked, phone = an_open_check_in(sqlite_sessions), Phone(sqlite_sessions, settings)
    phone.post(asked.path + "/early", {"phq9_9": "2"})

    assert set(form_of(phone.get(asked.path).text).sent) == {"key"}


def test_an_unfinished_check_in_shows_help_above_its_open_questions(sessions: Sessions, settings: Settings) -> None:
    asked, phone = an_open_check_in(sessions), Phone(sessions, settings)
    sent = phone.fill_in(asked.path, phq9_9="1")
    del sent["gad7_5"]

    page = phone.post(asked.path, sent)

    assert page.status_code == 422
    assert page.text.index('class="card care on"') < page.text.index("is still open")
    assert re.findall(r'<div class="([^"]*)"[^>]* autofocus', page.text) == ["card care on"]
    assert flags(sessions) == [FlagKind.SAFETY]


def test_a_call_can_be_asked_for_before_going_on(sessions: Sessions, settings: Settings) -> None:
    asked, phone = an_open_check_in(sessions), Phone(sessions, settings)
    sent = form_of(phone.get(asked.path).text).sent | {"phq9_1": "2", "phq9_9": "3", "call": "1"}

    page = phone.post(asked.path, sent)

    assert page.status_code == 200
    called = page.text.index("Your team knows that you would like a call")
    assert page.text.index('id="q10"') < called < page.text.index('name="phq9_0"')
    kept = form_of(page.text).sent
    assert (kept["key"], kept["phq9_1"], kept["phq9_9"]) == (sent["key"], "2", "3")
    assert flags(sessions) == [FlagKind.SAFETY]
    assert EvidenceCode.CALL_ASKED in evidence(sessions)
    finished = phone.post(asked.path, phone.fill_in(asked.path, **{**kept, "phq9_9": "3"}))
    assert "You deserve support" in finished.text


def test_after_sending_a_call_and_how_safe_somebody_feels_reach_the_team(
    sessions: Sessions, settings: Settings
) -> None:
    asked, phone = an_open_check_in(sessions), Phone(sessions, settings)
    key = {"key": send_heavy(phone, asked.path)}

    phone.wait(minutes=1)
    unsafe = phone.post(asked.path + "/after", key | {"safe": "no"})
    phone.wait(minutes=1)
    called = phone.post(asked.path + "/after", key | {"call": "1", "said": "no"})

    assert "Please call one of these numbers now" in unsafe.text
    assert "Your team knows that you would like a call" in called.text
    assert "Do you feel able" not in called.text
    assert {EvidenceCode.SELF_SAFETY_NO, EvidenceCode.CALL_ASKED} <= evidence(sessions)


def test_only_the_page_that_was_sent_can_add_anything(sqlite_sessions: Sessions, settings: Settings) -> None:
    asked, phone = an_open_check_in(sqlite_sessions), Phone(sqlite_sessions, settings)
    key = send_heavy(phone, asked.path)
    before = evidence(sqlite_sessions)

    foreign = phone.post(asked.path + "/after", {"key": uuid4().hex, "safe": "no"})
    unknown = phone.post("/c/unknown/after", {"key": key, "safe": "no"})
    odd = phone.post(asked.path + "/after", {"key": key, "safe": "perhaps"})

    assert (foreign.status_code, unknown.status_code, odd.status_code) == (404, 404, 400)
    assert evidence(sqlite_sessions) == before


def test_in_hours_the_page_says_by_when_the_answer_is_read(sqlite_sessions: Sessions, settings: Settings) -> None:
    asked, phone = an_open_check_in(sqlite_sessions), Phone(sqlite_sessions, settings)

    page = phone.post(asked.path, phone.fill_in(asked.path, phq9_9="2")).text

    assert "Your team is at work now, but nobody watches this page live" in page
    assert 'datetime="2026-11-24T17:00+00:00"' in page  # read by the end of this working day
    assert "They ring you by Wednesday 25 November, 11:00." in page  # rung before the next one is two hours old


def test_at_the_weekend_the_page_says_that_nobody_is_reading(sqlite_sessions: Sessions, settings: Settings) -> None:
    asked, phone = an_open_check_in(sqlite_sessions), Phone(sqlite_sessions, settings, now=SATURDAY)

    page = phone.post(asked.path, phone.fill_in(asked.path, phq9_9="2")).text

    assert "Nobody in the team is reading now" in page
    assert 'datetime="2026-11-30T09:00+00:00"' in page
    assert "Until then, use the numbers above" in page


def test_without_cover_the_page_sends_people_to_the_numbers(sqlite_sessions: Sessions, settings: Settings) -> None:
    asked, phone = an_open_check_in(sqlite_sessions, team={"covered": False}), Phone(sqlite_sessions, settings)

    page = phone.post(asked.path, phone.fill_in(asked.path, phq9_9="2")).text

    assert "Please do not wait for us: use the numbers above" in page
    assert "They ring you by" not in page


def test_help_is_that_of_the_teams_country_in_whatever_language(sqlite_sessions: Sessions, settings: Settings) -> None:
    asked = an_open_check_in(sqlite_sessions, team={"country": "IE"}, language="pl")
    phone = Phone(sqlite_sessions, settings)

    page = phone.get(asked.path).text

    assert 'href="tel:112"' in page
    assert 'href="tel:116123"' in page
    assert 'href="tel:999"' not in page


def test_the_page_after_sending_can_be_read_in_another_language(sqlite_sessions: Sessions, settings: Settings) -> None:
    asked, phone = an_open_check_in(sqlite_sessions), Phone(sqlite_sessions, settings)
    key = send_heavy(phone, asked.path)

    page = phone.post(asked.path, {"key": key, "lang": "ar"})

    assert (page.status_code, '<html lang="ar" dir="rtl">' in page.text) == (200, True)
    assert 'href="tel:999"' in page.text


def send_heavy(phone: Phone, path: str) -> str:
    sent = phone.fill_in(path, phq9_9="2")
    assert phone.post(path, sent).status_code == 200
    return sent["key"]


def flags(sessions: Sessions) -> list[FlagKind]:
    with unit_of_work(sessions) as session:
        return list(session.scalars(sa.select(Flag.kind)))


def evidence(sessions: Sessions) -> set[str]:
    with unit_of_work(sessions) as session:
        events = [event for flag in session.scalars(sa.select(Flag)) for event in flag.events]
        return {item["code"] for event in events for item in event.evidence or ()}
