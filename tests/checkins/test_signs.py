"""A patient's own early-warning signs in a check-in: on their own phone, behind a link, by text, with the team."""

import re
from collections.abc import Iterator
from threading import Thread
from uuid import UUID

import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from monitor import Surface, create_app, workflows
from monitor.checkins import service
from monitor.checkins.models import SIGNS_BY_TEXT, CheckIn, Mode, Submission
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.models import Flag, FlagEvent
from monitor.i18n import LANGUAGES
from monitor.ids import new_id
from monitor.people import devices
from monitor.people.models import Patient
from monitor.relapse.content import Sign
from monitor.relapse.kinds import SignKind
from monitor.relapse.models import SignAnswer
from monitor.relapse.watching import watched_signs
from tests.builders import NOW, a_patient, answers
from tests.checkins.desk import Desk
from tests.phones import Asked, Phone, an_open_check_in, form_of
from tests.plans import SIGNS, an_agreed_plan, stepped_down
from tests.relapse.watched import DAY, DOWN_AT, care_of
from tests.staff_browser import words
from tests.text_phone import TextPhone, a_text_phone

FIRST, SECOND = (sign.words for sign in SIGNS if sign.watched)
QUESTION = "Since last time, did you notice this?"
ANY = "Since last time, have you noticed one of the signs in your plan?"
PIN = "314159"


def steps_down(sessions: Sessions, asked: Asked, **plan: object) -> list[UUID]:
    """Let somebody have stepped down with a plan; return its watched signs."""
    with unit_of_work(sessions) as session:
        care = care_of(session, asked.care.episode.id)
        stepped_down(session, care, an_agreed_plan(session, care, DOWN_AT - DAY, **plan), at=DOWN_AT)
        return [sign.id for sign in watched_signs(session, care.episode.id)]


def agrees_anew(sessions: Sessions, asked: Asked, *signs: Sign) -> None:
    with unit_of_work(sessions) as session:
        an_agreed_plan(session, care_of(session, asked.care.episode.id), NOW, signs=signs)


def kept(sessions: Sessions) -> dict[UUID, bool]:
    with sessions() as session:
        return {answer.sign_id: answer.noticed for answer in session.scalars(sa.select(SignAnswer))}


def evidence(sessions: Sessions) -> list[object]:
    with sessions() as session:
        return [event.evidence for event in session.scalars(sa.select(FlagEvent))]


@pytest.fixture
def asked(sqlite_sessions: Sessions) -> Asked:
    return an_open_check_in(sqlite_sessions)


@pytest.fixture
def phone(sqlite_sessions: Sessions, settings: Settings, asked: Asked) -> Phone:
    """The patient's own phone, which they have set up."""
    own = Phone(sqlite_sessions, settings)
    set_up(own, sqlite_sessions, asked)
    return own


@pytest.fixture
def other_phone(sqlite_sessions: Sessions, settings: Settings) -> Phone:
    """Any other phone: whoever it is that opens the link."""
    return Phone(sqlite_sessions, settings)


def square(sessions: Sessions, asked: Asked) -> str:
    """The path of a QR code that makes a phone the patient's own."""
    with unit_of_work(sessions) as session:
        patient = session.get_one(Patient, asked.care.patient.id)
        return f"/set-up/{devices.begin_enrolment(session, patient, None, NOW).token}"


def set_up(phone: Phone, sessions: Sessions, asked: Asked) -> None:
    assert phone.post(square(sessions, asked), {"pin": PIN, "again": PIN}).status_code == 303


def without_code(page: str) -> str:
    return re.sub(r"<(style|script)[^>]*>.*?</\1>", "", page, flags=re.DOTALL)


# ---- behind a link, on a phone that nobody knows ----


@pytest.mark.parametrize("whose", ["nobody's", "somebody else's"])
def test_a_link_shows_nobody_the_words_of_a_plan(
    other_phone: Phone, asked: Asked, sqlite_sessions: Sessions, whose: str
) -> None:
    signs = steps_down(sqlite_sessions, asked)
    if whose == "somebody else's":
        set_up(other_phone, sqlite_sessions, an_open_check_in(sqlite_sessions))

    page = other_phone.get(asked.path)

    assert not any(sign.words in page.text for sign in SIGNS)
    assert not any(sign.hex in page.text for sign in signs)
    assert page.text.count(ANY) == 1
    assert "18 short questions. They take about 2 min." in page.text
    assert form_of(page.text).radios["signs_1"] == ["0", "1", ""]


@pytest.mark.parametrize(
    ("said", "kept_then", "flagged"), [("0", [False, False], False), ("1", [], True), ("", [], False)]
)
def test_one_question_stands_for_all_signs(
    other_phone: Phone, asked: Asked, sqlite_sessions: Sessions, said: str, kept_then: list[bool], flagged: bool
) -> None:
    steps_down(sqlite_sessions, asked)
    sent = other_phone.fill_in(asked.path, signs_1=said)

    assert "Thank you" in other_phone.post(asked.path, sent).text
    other_phone.post(asked.path, sent)  # the same form once more

    assert list(kept(sqlite_sessions).values()) == kept_then
    unnamed = [{"code": "sign_noticed", "params": {"by": "check_in", "on": "2026-11-24"}}]
    assert evidence(sqlite_sessions) == ([unnamed] if flagged else [])
    with sqlite_sessions() as session:
        assert len(session.scalars(sa.select(Submission)).one().answers) == 17  # it is no item of a measure


def test_a_plan_with_one_sign_leaves_no_doubt_which(
    other_phone: Phone, asked: Asked, sqlite_sessions: Sessions
) -> None:
    (sign,) = steps_down(sqlite_sessions, asked, signs=(SIGNS[0], SIGNS[2]))

    other_phone.post(asked.path, other_phone.fill_in(asked.path, signs_1="1"))

    assert kept(sqlite_sessions) == {sign: True}


def test_the_one_question_left_open_is_asked_once_more(
    other_phone: Phone, asked: Asked, sqlite_sessions: Sessions
) -> None:
    steps_down(sqlite_sessions, asked)
    sent = other_phone.fill_in(asked.path)
    del sent["signs_1"]

    again = other_phone.post(asked.path, sent)

    assert "1 question is still open" in again.text
    assert "Thank you" in other_phone.post(asked.path, form_of(again.text).sent | {"signs_1": "1"}).text
    assert len(evidence(sqlite_sessions)) == 1


def test_another_phone_cannot_answer_for_the_own_one(
    phone: Phone, other_phone: Phone, asked: Asked, sqlite_sessions: Sessions
) -> None:
    (sign, _) = steps_down(sqlite_sessions, asked)
    sent = phone.fill_in(asked.path, **{f"sign_{sign.hex}": "1"})
    assert sent["signs"] == "words"

    again = other_phone.post(asked.path, sent)

    assert again.status_code == 422
    assert ANY in again.text
    assert not any(each.words in again.text for each in SIGNS)
    other_phone.post(asked.path, form_of(again.text).sent | {"signs_1": "0"})
    assert set(kept(sqlite_sessions).values()) == {False}


def test_a_later_answer_counts_and_not_the_one_that_a_text_had_begun_with(
    other_phone: Phone, asked: Asked, sqlite_sessions: Sessions
) -> None:
    steps_down(sqlite_sessions, asked)
    with unit_of_work(sqlite_sessions) as session:
        its = session.scalars(sa.select(CheckIn)).one()
        service.save_drafts(session, its, {SIGNS_BY_TEXT: 1}, now=NOW)

    other_phone.post(asked.path, other_phone.fill_in(asked.path, signs_1="0"))

    assert evidence(sqlite_sessions) == []


def test_staff_see_that_a_link_does_not_say_which(sqlite_sessions: Sessions, settings: Settings) -> None:
    desk = Desk(sqlite_sessions, settings)
    steps_down(sqlite_sessions, Asked(desk.noor, ""))
    check_in = desk.check_in()
    with unit_of_work(sqlite_sessions) as session:
        its = session.get_one(CheckIn, check_in.id)
        service.save_drafts(session, its, {SIGNS_BY_TEXT: 1}, now=NOW)
        delivery = service.Delivery(new_id(), "en", Mode.LINK, known_device=False)
        sent = workflows.complete_check_in(session, its, answers(0, 0, 0), delivery, settings=settings, now=NOW)

    said = words(desk.maren_s.get(f"/patients/{desk.noor.patient.id}/submissions/{sent.submission_id}"))
    assert "Said that they noticed one of their signs. Their link does not ask which." in said
    with sqlite_sessions() as session:
        flag_id = session.scalars(sa.select(Flag.id)).one()
    assert "notice a sign of their plan. Their link does not ask which." in words(desk.maren_s.get(f"/flags/{flag_id}"))


# ---- on their own phone ----


def test_signs_stand_after_the_measures_in_the_patient_s_own_words(
    phone: Phone, asked: Asked, sqlite_sessions: Sessions
) -> None:
    signs = steps_down(sqlite_sessions, asked, language="ar")

    page = phone.get(asked.path).text

    assert page.index(f"sign_{signs[0].hex}") > page.index("gad7_7")
    assert page.count(QUESTION) == len(signs) == 2
    assert page.rindex(">No</label>") < page.rindex(">Yes</label>")  # the least first, as in every question before
    assert re.search(r'<b><span lang="ar" dir="auto">I wake before four and cannot go back to sleep</span></b>', page)
    assert SIGNS[2].words not in page  # not watched
    assert "Question 19 of 19" in page
    assert "19 short questions. They take about 2 min." in page


def test_a_check_in_of_anybody_else_says_nothing_of_signs(phone: Phone, asked: Asked) -> None:
    page = phone.get(asked.path).text

    assert "sign" not in without_code(page)
    assert "<legend" in page


@pytest.mark.parametrize(
    ("first", "second", "kept_then", "flagged"),
    [("0", "1", {0: False, 1: True}, True), ("0", "0", {0: False, 1: False}, False), ("", "", {}, False)],
)
def test_yes_no_and_rather_not_say(
    phone: Phone,
    asked: Asked,
    sqlite_sessions: Sessions,
    first: str,
    second: str,
    kept_then: dict[int, bool],
    flagged: bool,
) -> None:
    signs = steps_down(sqlite_sessions, asked)
    sent = phone.fill_in(asked.path, **{f"sign_{signs[0].hex}": first, f"sign_{signs[1].hex}": second})

    assert "Thank you" in phone.post(asked.path, sent).text
    phone.post(asked.path, sent)  # the same form once more

    assert kept(sqlite_sessions) == {signs[at]: noticed for at, noticed in kept_then.items()}
    assert bool(evidence(sqlite_sessions)) is flagged


def test_a_sign_left_open_is_asked_for_once_more_like_everything(
    phone: Phone, asked: Asked, sqlite_sessions: Sessions
) -> None:
    signs = steps_down(sqlite_sessions, asked)
    sent = phone.fill_in(asked.path, **{f"sign_{signs[0].hex}": "1"})
    del sent[f"sign_{signs[1].hex}"]

    again = phone.post(asked.path, sent)

    assert again.status_code == 422
    assert "1 question is still open" in again.text
    assert kept(sqlite_sessions) == {}
    form = form_of(again.text)
    assert form.sent[f"sign_{signs[0].hex}"] == "1"  # nothing is lost
    phone.post(asked.path, form.sent | {f"sign_{signs[1].hex}": ""})
    assert kept(sqlite_sessions) == {signs[0]: True}


def test_a_page_that_was_opened_before_a_new_agreement_counts_its_own_signs(
    phone: Phone, asked: Asked, sqlite_sessions: Sessions
) -> None:
    signs = steps_down(sqlite_sessions, asked)
    sent = phone.fill_in(asked.path, **{f"sign_{signs[0].hex}": "1"})
    agrees_anew(sqlite_sessions, asked, Sign(words="I stay in bed"), Sign(words="I stop cooking"))

    assert "Thank you" in phone.post(asked.path, sent).text

    assert kept(sqlite_sessions) == {signs[0]: True, signs[1]: False}


def test_it_counts_them_even_if_a_question_was_left_open(phone: Phone, asked: Asked, sqlite_sessions: Sessions) -> None:
    signs = steps_down(sqlite_sessions, asked)
    sent = phone.fill_in(asked.path, **{f"sign_{signs[0].hex}": "1"})
    del sent["gad7_2"]
    agrees_anew(sqlite_sessions, asked, Sign(words="I stay in bed"), Sign(words="I stop cooking"))

    again = phone.post(asked.path, sent)
    assert "1 question is still open" in again.text
    phone.post(asked.path, form_of(again.text).sent | {"gad7_2": "0"})

    assert kept(sqlite_sessions) == {signs[0]: True, signs[1]: False}


def test_a_page_that_was_opened_before_the_step_down_asks_for_nothing_more(
    phone: Phone, asked: Asked, sqlite_sessions: Sessions
) -> None:
    sent = phone.fill_in(asked.path)
    steps_down(sqlite_sessions, asked)

    assert "Thank you" in phone.post(asked.path, sent).text


def test_a_sign_of_somebody_else_is_turned_away(phone: Phone, asked: Asked, sqlite_sessions: Sessions) -> None:
    steps_down(sqlite_sessions, asked)
    with unit_of_work(sqlite_sessions) as session:
        care = care_of(session, asked.care.episode.id)
        other = a_patient(session, care.team, care.clinician, number="+447700900777")
        theirs = an_agreed_plan(session, other).signs[0].id

    for sign in (theirs, new_id()):
        sent = phone.fill_in(asked.path, **{f"sign_{sign.hex}": "1"})
        assert phone.post(asked.path, sent).status_code == 400
    with sqlite_sessions() as session:
        assert session.scalars(sa.select(Submission)).all() == []
    assert kept(sqlite_sessions) == {}


def test_what_is_no_answer_to_a_sign_leaves_it_open(phone: Phone, asked: Asked, sqlite_sessions: Sessions) -> None:
    (sign, _) = steps_down(sqlite_sessions, asked)

    sent = phone.fill_in(asked.path, **{f"sign_{sign.hex}": "2", "sign_rubbish": "1"})

    assert phone.post(asked.path, sent).status_code == 422


def test_a_call_can_be_asked_for_with_signs_on_the_page(phone: Phone, asked: Asked, sqlite_sessions: Sessions) -> None:
    (sign, _) = steps_down(sqlite_sessions, asked)

    page = phone.post(asked.path, phone.fill_in(asked.path, **{f"sign_{sign.hex}": "1"}) | {"call": "1"})

    assert "Your team knows that you would like a call" in page.text
    assert form_of(page.text).sent[f"sign_{sign.hex}"] == "1"


@pytest.mark.parametrize("language", [tag for tag in LANGUAGES if tag != "en"])
def test_the_words_of_a_sign_are_never_translated(sqlite_sessions: Sessions, settings: Settings, language: str) -> None:
    asked = an_open_check_in(sqlite_sessions, language=language)
    steps_down(sqlite_sessions, asked, language="en")
    phone = Phone(sqlite_sessions, settings)
    set_up(phone, sqlite_sessions, asked)

    page = phone.get(asked.path).text

    assert f'<span lang="en" dir="auto">{FIRST}</span>' in page


# ---- with and without script ----


@pytest.fixture
def address(sqlite_sessions: Sessions, settings: Settings) -> Iterator[str]:
    """The patient surface at a local address."""
    app = create_app(settings, Surface.PATIENT, sessions=sqlite_sessions, clock=lambda: NOW)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_signs_are_answered_step_by_step_and_without_script(
    chromium: Browser, address: str, asked: Asked, sqlite_sessions: Sessions, script: bool
) -> None:
    signs = steps_down(sqlite_sessions, asked)
    context = chromium.new_context(viewport={"width": 320, "height": 568}, java_script_enabled=script)
    page = context.new_page()
    set_up_in(page, address, square(sqlite_sessions, asked))
    page.goto(address + asked.path)
    if script:
        page.click("#start .btn")
    for number in range(1, 18):
        page.check(f"#q{number} input[value='0']")
        if script:
            page.click("#next")
    if script:
        assert page.locator("#q18").is_visible()
        assert Axe().run(page).response["violations"] == []
    page.check("#q18 input[value='1']")
    if script:
        page.click("#next")
    page.check("#q19 input[value='']")
    if script:
        page.click("#next")
        assert FIRST in page.locator("#list").inner_text()
    page.click("#send .btn")
    page.wait_for_selector("text=Thank you")
    context.close()

    assert kept(sqlite_sessions) == {signs[0]: True}


def set_up_in(page: Page, address: str, path: str) -> None:
    page.goto(address + path)
    page.fill("#pin", PIN)
    page.fill("#again", PIN)
    page.click("main form .btn")
    page.wait_for_url("**/me")


# ---- by text ----


def a_text_phone_after(sessions: Sessions, settings: Settings, *signs: Sign) -> TextPhone:
    phone = a_text_phone(sessions, settings, instruments=("gad7",))
    with unit_of_work(sessions) as session:
        episode_id = session.scalars(sa.select(CheckIn.episode_id)).one()
        care = care_of(session, episode_id)
        plan = an_agreed_plan(session, care, DOWN_AT - DAY, **({"signs": signs} if signs else {}))
        stepped_down(session, care, plan, at=DOWN_AT)
    return phone


def test_a_text_asks_one_question_about_all_signs_and_says_none_of_them(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    phone = a_text_phone_after(sqlite_sessions, settings)

    *_, asked = phone.answer("1" + "0" * 8)

    assert asked == "9/9 Since last time, have you noticed one of the signs in your plan?\n0 No\n1 Yes"
    said = " ".join(text.body for text in phone.gateway.sent)
    assert not re.search("relapse|wake|sister", said, re.IGNORECASE)


def test_no_by_text_is_about_every_sign(sqlite_sessions: Sessions, settings: Settings) -> None:
    phone = a_text_phone_after(sqlite_sessions, settings)

    thanks = phone.answer("1" + "0" * 9)[-1]

    assert thanks.startswith("Thank you")
    assert list(kept(sqlite_sessions).values()) == [False, False]
    assert evidence(sqlite_sessions) == []


def test_yes_by_text_is_a_signal_that_does_not_say_which(sqlite_sessions: Sessions, settings: Settings) -> None:
    phone = a_text_phone_after(sqlite_sessions, settings)

    phone.answer("1" + "0" * 8 + "1")

    assert kept(sqlite_sessions) == {}
    assert evidence(sqlite_sessions) == [[{"code": "sign_noticed", "params": {"by": "text", "on": "2026-11-24"}}]]


def test_rather_not_say_by_text_says_nothing_and_other_digits_are_no_answer(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    phone = a_text_phone_after(sqlite_sessions, settings)

    wrong, thanks = phone.answer("1" + "0" * 8 + "27")[-2:]

    assert wrong.startswith("Please reply with one number from 0 to 1.")
    assert thanks.startswith("Thank you")
    assert kept(sqlite_sessions) == {}
    assert evidence(sqlite_sessions) == []


def test_a_mind_that_changed_counts_as_it_was_last(sqlite_sessions: Sessions, settings: Settings) -> None:
    phone = a_text_phone_after(sqlite_sessions, settings)
    phone.answer("1" + "0" * 8)
    phone.send("9")  # back
    phone.read()
    phone.wait(seconds=20)

    phone.answer("31")  # the last item anew, and then yes

    assert [len(each or ()) for each in evidence(sqlite_sessions)] == [1]


# ---- on the phone with somebody of the team ----


def test_staff_read_the_signs_aloud_and_write_down_what_is_said(sqlite_sessions: Sessions, settings: Settings) -> None:
    desk = Desk(sqlite_sessions, settings)
    asked = Asked(desk.noor, "")
    signs = steps_down(sqlite_sessions, asked, language="pl")
    desk.check_in()

    page = desk.maren_s.get(desk.path).text
    assert QUESTION in page
    assert f'<span lang="pl" dir="auto">{FIRST}</span>' in page
    sent = desk.fill_in(**{f"sign_{signs[1].hex}": "1"})
    missing = {name: value for name, value in sent.items() if name != f"sign_{signs[0].hex}"}
    assert desk.send(missing).status_code == 422
    assert desk.send(sent).status_code == 303

    assert kept(sqlite_sessions) == {signs[0]: False, signs[1]: True}
    assert len(desk.all(Flag)) == 1
    [submission] = desk.all(Submission)
    shown = desk.maren_s.get(f"/patients/{desk.noor.patient.id}/submissions/{submission.id}")
    said = words(shown)
    assert "Signs of their own plan" in said
    assert f"{FIRST} No {SECOND} Yes" in said
    assert f'<th scope="row" lang="pl" dir="auto">{FIRST}</th>' in shown.text


def test_staff_see_that_a_text_noticed_one_of_several_signs(sqlite_sessions: Sessions, settings: Settings) -> None:
    desk = Desk(sqlite_sessions, settings)
    steps_down(sqlite_sessions, Asked(desk.noor, ""), signs=(Sign(words="I stay in", kind=SignKind.BODY), SIGNS[0]))
    check_in = desk.check_in(instruments=("gad7",))

    with unit_of_work(sqlite_sessions) as session:
        its = session.get_one(CheckIn, check_in.id)
        service.save_drafts(session, its, {SIGNS_BY_TEXT: 1}, now=NOW)
        delivery = service.Delivery(new_id(), "en", Mode.TEXT, known_device=False)
        sent = workflows.complete_check_in(session, its, answers(None, 0, None), delivery, settings=settings, now=NOW)

    said = words(desk.maren_s.get(f"/patients/{desk.noor.patient.id}/submissions/{sent.submission_id}"))
    assert "Said by text that they noticed one of their signs. A text does not say which." in said
