"""A check-in on a phone: what the pages say, what they keep, and what merely opening one never does."""

import re
from datetime import time, timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from monitor.checkins.forms import read_key
from monitor.checkins.kinds import Compared
from monitor.checkins.models import Answer, CheckIn, Submission
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.models import Flag
from monitor.messaging.models import Message
from monitor.people.models import Consent, Purpose
from tests.builders import NOW, a_check_in, token_of
from tests.phones import Phone, an_open_check_in, every_row, form_of
from tests.staff_browser import words

COMPARED = "Compared with last time"


def test_a_patient_answers_every_question_once(sessions: Sessions, settings: Settings) -> None:
    asked, phone = an_open_check_in(sessions), Phone(sessions, settings)
    sent = phone.fill_in(asked.path, phq9_1="2", gad7_3="", note="Sleep is better\r\nthis week")

    page = phone.post(asked.path, sent)

    assert page.status_code == 200
    assert "Your answers are in" in page.text
    with unit_of_work(sessions) as session:
        submission = session.scalars(sa.select(Submission)).one()
        given = {(answer.instrument, answer.item): answer.value for answer in submission.answers}
        assert len(given) == 17  # 9 and 7 items, and the difficulty question once
        assert (given["phq9", 1], given["gad7", 3], given["phq9", 0]) == (2, None, 0)
        assert (submission.note, submission.language) == ("Sleep is better\nthis week", "en")
        assert session.scalars(sa.select(CheckIn.completed_at)).one() is not None


def test_a_page_that_is_sent_twice_is_kept_once_and_says_the_same(sessions: Sessions, settings: Settings) -> None:
    asked, phone = an_open_check_in(sessions), Phone(sessions, settings)
    sent = phone.fill_in(asked.path)
    first = phone.post(asked.path, sent)

    second = phone.post(asked.path, sent)

    assert (second.status_code, without_nonce(second.text)) == (200, without_nonce(first.text))
    with unit_of_work(sessions) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Submission)) == 1


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_opening_a_link_changes_no_row_and_sets_no_cookie(sessions: Sessions, settings: Settings, method: str) -> None:
    asked, phone = an_open_check_in(sessions, consent=False), Phone(sessions, settings)
    before = every_row(sessions)

    pages = [
        phone.browser.open(path, method=method)
        for path in (asked.path, asked.path + "?lang=ar", "/c/nonsense", "/help", "/set-up", "/set-up/nonsense", "/me")
    ]

    assert every_row(sessions) == before
    assert not any(page.headers.getlist("Set-Cookie") for page in pages)
    assert pages[0].status_code == 200


def test_a_link_that_opens_nothing_never_says_why(sqlite_sessions: Sessions, settings: Settings) -> None:
    phone = Phone(sqlite_sessions, settings)
    used = an_open_check_in(sqlite_sessions, language="de")
    phone.post(used.path, phone.fill_in(used.path))
    late = an_open_check_in(sqlite_sessions, asked={"due_at": NOW - timedelta(days=8)})
    early = an_open_check_in(sqlite_sessions, asked={"due_at": NOW + timedelta(days=1)})
    replaced = an_open_check_in(sqlite_sessions)
    foreign = replaced.path[:-1] + ("A" if replaced.path[-1] != "A" else "B")

    pages = [phone.get(path) for path in (used.path, late.path, early.path, foreign, "/c/x", "/c/" + "é" * 40)]

    assert {page.status_code for page in pages} == {404}
    assert len({without_token(page.text) for page in pages}) == 1
    assert "Text me a new link" in pages[0].text


def test_sending_to_a_link_that_opens_nothing_looks_the_same(sqlite_sessions: Sessions, settings: Settings) -> None:
    asked, phone = an_open_check_in(sqlite_sessions), Phone(sqlite_sessions, settings)
    sent = phone.fill_in(asked.path)
    phone.post(asked.path, sent)
    another_page = sent | {"key": uuid4().hex}

    taken, unknown = phone.post(asked.path, another_page), phone.post("/c/unknown", another_page)

    assert (taken.status_code, unknown.status_code) == (404, 404)
    assert without_token(taken.text) == without_token(unknown.text)


def test_a_new_link_goes_to_the_enrolled_number_and_the_reply_is_always_the_same(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    asked, phone = an_open_check_in(sqlite_sessions), Phone(sqlite_sessions, settings)

    ours, unknown, nothing = (phone.post("/c/link", data) for data in ({"token": asked.token}, {"token": "x"}, {}))

    assert ours.status_code == unknown.status_code == nothing.status_code == 200
    assert without_nonce(ours.text) == without_nonce(unknown.text) == without_nonce(nothing.text)
    with unit_of_work(sqlite_sessions) as session:
        assert session.scalars(sa.select(Message.check_in_id)).all() == [session.scalars(sa.select(CheckIn.id)).one()]


def test_questions_left_open_come_first_and_what_was_given_is_kept(sessions: Sessions, settings: Settings) -> None:
    asked, phone = an_open_check_in(sessions), Phone(sessions, settings)
    sent = phone.fill_in(asked.path, phq9_1="3", note="Please ring <b>after</b> six")
    del sent["phq9_7"], sent["gad7_3"]

    page = phone.post(asked.path, sent)

    assert page.status_code == 422
    assert "<title>Error: Check-in" in page.text
    assert "2 questions are still open" in page.text
    assert "15 answers are kept" in page.text
    assert page.text.index('name="phq9_7"') < page.text.index('name="phq9_1"')
    told, key = form_of(page.text).sent, sent["key"]
    assert read_key(told.pop("key")) == read_key(key)
    assert told == {name: value for name, value in sent.items() if name not in ("note", "key")} | {"lang": "en"}
    assert "Please ring &lt;b&gt;after&lt;/b&gt; six" in page.text
    finished = phone.post(asked.path, sent | {"phq9_7": "1", "gad7_3": ""})
    assert "Your answers are in" in finished.text


@pytest.mark.parametrize("value", ["4", "-1", "x", "0x", " 1", "١"])
def test_an_answer_that_is_not_on_offer_leaves_its_question_open(
    sqlite_sessions: Sessions, settings: Settings, value: str
) -> None:
    asked, phone = an_open_check_in(sqlite_sessions), Phone(sqlite_sessions, settings)

    page = phone.post(asked.path, phone.fill_in(asked.path, phq9_2=value))

    assert page.status_code == 422
    assert "Question 2: choose an answer" in page.text
    with unit_of_work(sqlite_sessions) as session:
        assert session.scalars(sa.select(Submission)).all() == []


def test_a_note_that_is_too_long_is_shown_again(sqlite_sessions: Sessions, settings: Settings) -> None:
    asked, phone = an_open_check_in(sqlite_sessions), Phone(sqlite_sessions, settings)

    page = phone.post(asked.path, phone.fill_in(asked.path, note="a" * 1001))

    assert page.status_code == 422
    assert "Please make it shorter: at most 1000 letters" in page.text
    assert "a" * 1001 in page.text
    assert phone.post(asked.path, phone.fill_in(asked.path, note="a" * 1000)).status_code == 200


def test_a_page_without_its_key_is_not_kept(sqlite_sessions: Sessions, settings: Settings) -> None:
    asked, phone = an_open_check_in(sqlite_sessions), Phone(sqlite_sessions, settings)
    sent = phone.fill_in(asked.path)

    assert phone.post(asked.path, sent | {"key": "not a key"}).status_code == 400
    assert phone.post(asked.path, {}).status_code == 400


def test_the_first_time_the_page_says_what_somebody_would_agree_to(sessions: Sessions, settings: Settings) -> None:
    asked, phone = an_open_check_in(sessions, consent=False, weekday=2, at=time(15)), Phone(sessions, settings)

    page = phone.get(asked.path)

    said = words(page).replace(" ,", ",")
    assert "would like to ask how you are. You decide." in said
    assert "When Wednesday 15:00, by text with a link." in said
    for each in ("What", "Why", "Who sees it", "Texts Never at night.", "Not live", "Stop At any time: reply STOP"):
        assert each in said
    assert "How your answers are kept" in said
    assert "encrypted" in said
    assert "“Not now” sends nothing. If we then hear nothing, your team asks" in said
    assert "<fieldset" not in page.text  # nothing is asked before
    assert 'href="?agree=1&amp;lang=en#q1">I agree, start' in page.text
    assert 'form="leave"' in page.text


def test_going_on_shows_the_questions_and_consent_is_written_when_they_are_sent(
    sessions: Sessions, settings: Settings
) -> None:
    asked, phone = an_open_check_in(sessions, consent=False), Phone(sessions, settings)
    before = every_row(sessions)
    sent = phone.fill_in(asked.path + "?agree=1")
    assert len(sent) == 18
    assert every_row(sessions) == before

    phone.post(asked.path, sent)

    with unit_of_work(sessions) as session:
        stated = session.execute(sa.select(Consent.purpose, Consent.granted)).all()
        assert sorted(stated) == [(Purpose.CHECK_INS, True), (Purpose.TEXTS, True)]
        later = a_check_in(session, asked.care, sequence=2)
    assert "Before we start" not in phone.get(f"/c/{token_of(later)}").text


def test_a_newcomer_who_changes_the_language_has_agreed_all_the_same(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    asked, phone = an_open_check_in(sqlite_sessions, consent=False), Phone(sqlite_sessions, settings)

    assert 'href="?lang=de&amp;agree=1"' in phone.get(asked.path + "?agree=1").text
    assert 'href="?lang=de"' in phone.get(asked.path).text


def test_from_the_second_time_on_somebody_may_say_how_things_compare(sessions: Sessions, settings: Settings) -> None:
    asked, phone = an_open_check_in(sessions), Phone(sessions, settings)
    assert COMPARED not in phone.get(asked.path).text
    phone.post(asked.path, phone.fill_in(asked.path))
    with unit_of_work(sessions) as session:
        later = f"/c/{token_of(a_check_in(session, asked.care, sequence=2))}"
    assert COMPARED in phone.get(later).text

    phone.post(later, phone.fill_in(later, compared="worse"))

    with unit_of_work(sessions) as session:
        said = session.scalars(sa.select(Submission.compared).order_by(Submission.submitted_at, Submission.id)).all()
        assert sorted(said, key=str) == [None, Compared.WORSE]


@pytest.mark.parametrize("said", ["", "happier", "BETTER"])
def test_what_is_no_comparison_says_nothing_and_stops_nobody(
    sqlite_sessions: Sessions, settings: Settings, said: str
) -> None:
    asked, phone = an_open_check_in(sqlite_sessions), Phone(sqlite_sessions, settings)

    assert phone.post(asked.path, phone.fill_in(asked.path, compared=said)).status_code == 200

    with unit_of_work(sqlite_sessions) as session:
        assert session.scalars(sa.select(Submission.compared)).one() is None


@pytest.mark.parametrize("note", ["", "a" * 1001], ids=["open question", "long note"])
def test_how_things_compare_outlives_a_question_left_open(
    sqlite_sessions: Sessions, settings: Settings, note: str
) -> None:
    asked, phone = an_open_check_in(sqlite_sessions), Phone(sqlite_sessions, settings)
    phone.post(asked.path, phone.fill_in(asked.path))
    with unit_of_work(sqlite_sessions) as session:
        later = f"/c/{token_of(a_check_in(session, asked.care, sequence=2))}"
    sent = phone.fill_in(later, compared="same", note=note)
    del sent["phq9_7"]

    page = phone.post(later, sent)

    assert page.status_code == 422
    assert '<option value="same" selected>About the same' in page.text
    called = phone.post(later, sent | {"call": "1"})
    assert '<option value="same" selected>About the same' in called.text


def test_each_language_gets_the_measures_that_exist_in_it(sqlite_sessions: Sessions, settings: Settings) -> None:
    asked, phone = an_open_check_in(sqlite_sessions, language="ar"), Phone(sqlite_sessions, settings)

    page = phone.get(asked.path)

    assert '<html lang="ar" dir="rtl">' in page.text
    assert "gad7" not in page.text  # only a project's own translation exists, and this service has not chosen it
    assert 'name="phq9_9"' in page.text
    chosen = settings.model_copy(update={"provisional_instruments": frozenset({"gad7:ar"})})
    assert 'name="gad7_7"' in Phone(sqlite_sessions, chosen).get(asked.path).text


def test_another_language_is_one_tap_away_and_is_kept_with_the_answers(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    asked, phone = an_open_check_in(sqlite_sessions), Phone(sqlite_sessions, settings)
    assert 'href="?lang=pt-BR"' in phone.get(asked.path).text
    in_portuguese = asked.path + "?lang=pt-BR"
    assert 'action="?lang=pt-BR"' in phone.get(in_portuguese).text

    phone.post(in_portuguese, phone.fill_in(in_portuguese))

    with unit_of_work(sqlite_sessions) as session:
        assert session.scalars(sa.select(Submission.language)).one() == "pt_BR"


def test_a_service_without_safety_cover_promises_nothing(sqlite_sessions: Sessions, settings: Settings) -> None:
    asked, phone = an_open_check_in(sqlite_sessions, team={"covered": False}), Phone(sqlite_sessions, settings)

    page = phone.get(asked.path).text

    assert "We cannot say when your team reads it" in page
    assert "We cannot promise when they ring" in page
    assert "will read this by" not in page


def test_nothing_is_flagged_by_a_light_check_in(sqlite_sessions: Sessions, settings: Settings) -> None:
    asked, phone = an_open_check_in(sqlite_sessions), Phone(sqlite_sessions, settings)

    phone.post(asked.path, phone.fill_in(asked.path))

    with unit_of_work(sqlite_sessions) as session:
        assert session.scalars(sa.select(Flag)).all() == []
        assert session.scalar(sa.select(sa.func.count()).where(Answer.submission_id.is_(None))) == 0


def without_nonce(page: str) -> str:
    return re.sub(r'nonce="[^"]*"', "", page)


def without_token(page: str) -> str:
    return re.sub(r'name="token" value="[^"]*"', "", without_nonce(page))
