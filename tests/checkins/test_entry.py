"""Answers that staff write down for a patient: the same submission, scores and flags, once, with who entered them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from monitor.checkins.models import Answer, CheckIn, CheckInKind, Mode, MonitoringPlan, Score, Submission
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag
from monitor.ids import new_id
from monitor.messaging.models import Message, MessageState
from monitor.messaging.texts import TextKind
from monitor.people.models import Party, Patient, Purpose
from monitor.people.service import state_consent
from tests.builders import NOW
from tests.checkins.desk import Desk
from tests.phones import form_of
from tests.staff_browser import words

SAFETY = "phq9_9"


@pytest.fixture
def desk(sqlite_sessions: Sessions, settings: Settings) -> Desk:
    return Desk(sqlite_sessions, settings)


def test_answers_to_an_open_check_in_are_a_submission_like_any_other(sessions: Sessions, settings: Settings) -> None:
    desk = Desk(sessions, settings)
    check_in = desk.check_in()
    with unit_of_work(sessions) as session:
        session.add(
            Message(
                patient_id=desk.noor.patient.id,
                check_in_id=check_in.id,
                purpose=TextKind.NUDGE,
                dedupe_key="nudge",
                language="en",
                due_at=NOW + timedelta(days=1),
                expires_at=NOW + timedelta(days=2),
                created_at=NOW,
            )
        )

    page = desk.send(desk.fill_in(phq9_1="3", phq9_2="2", gad7_1="1", note="Sleeps badly."))

    assert page.status_code == 303
    [sent] = desk.all(Submission)
    assert (sent.check_in_id, sent.mode, sent.language, sent.known_device) == (check_in.id, Mode.PHONE, "en", False)
    assert sorted((score.instrument, score.total) for score in desk.all(Score)) == [("gad7", 1), ("phq9", 5)]
    assert desk.all(CheckIn)[0].completed_at == NOW
    assert [text.state for text in desk.all(Message)] == [MessageState.CANCELLED]
    [entry] = desk.app.audit("entered answers")
    assert (entry.subject_id, entry.actor_id) == (sent.id, desk.maren.id)
    said = words(desk.maren_s.get(page.location))
    assert "The answers are kept. Answered today 10:00 by phone, in English. They raised no flag." in said
    assert "Sleeps badly." in said


@pytest.mark.parametrize(
    ("mode", "kept"), [("phone", Mode.PHONE), ("interpreter", Mode.INTERPRETER), ("clinic", Mode.CLINIC)]
)
def test_how_they_were_asked_is_kept(desk: Desk, mode: str, kept: Mode) -> None:
    desk.check_in()

    desk.send(desk.fill_in(mode))

    assert [sent.mode for sent in desk.all(Submission)] == [kept]


@pytest.mark.parametrize("mode", ["link", "text", "", "x"])
def test_how_they_were_asked_has_to_be_said_and_nobody_can_pretend_a_link(desk: Desk, mode: str) -> None:
    desk.check_in()

    page = desk.send(desk.fill_in(mode))

    assert page.status_code == 422
    assert "Choose how they were asked." in words(page)
    assert desk.all(Submission) == []


def test_a_form_that_is_sent_five_times_is_kept_once(sessions: Sessions, settings: Settings) -> None:
    desk = Desk(sessions, settings)
    fields = desk.fill_in(phq9_1="2")

    pages = [desk.send(fields) for _ in range(5)]

    assert {page.status_code for page in pages} == {303}
    assert len({page.location for page in pages}) == 1
    assert len(desk.all(Submission)) == len(desk.all(CheckIn)) == 1
    assert len(desk.app.audit("entered answers")) == 1


def test_copies_that_arrive_together_are_kept_once(sessions: Sessions, settings: Settings) -> None:
    desk = Desk(sessions, settings)
    fields = desk.fill_in(phq9_1="2") | {"csrf_token": desk.maren_s.token()}
    name = desk.app.flask.config["SESSION_COOKIE_NAME"]
    signed_in = desk.maren_s.client.get_cookie(name)
    assert signed_in is not None

    def send(_: int) -> int:
        client = desk.app.flask.test_client()
        client.set_cookie(name, signed_in.value)
        return client.post(desk.path, data=fields).status_code

    with ThreadPoolExecutor(6) as together:
        statuses = list(together.map(send, range(6)))

    assert set(statuses) == {303}
    assert len(desk.all(Submission)) == len(desk.all(CheckIn)) == 1


def test_without_an_open_check_in_a_new_one_is_made_and_nothing_is_texted(desk: Desk) -> None:
    desk.check_in(due_at=NOW - timedelta(days=30), missed_at=NOW - timedelta(days=23))

    desk.send(desk.fill_in())

    new = next(each for each in desk.all(CheckIn) if each.kind is CheckInKind.REQUESTED)
    assert (new.completed_at, new.instruments) == (NOW, ["phq9", "gad7"])
    assert desk.all(Message) == []
    assert "Extra check-in" in desk.maren_s.text(f"/patients/{desk.noor.patient.id}")


def test_what_somebody_says_in_person_is_not_turned_away_because_they_answered_today(desk: Desk) -> None:
    for _ in range(3):
        assert desk.send(desk.fill_in()).status_code == 303

    assert sorted(each.sequence for each in desk.all(CheckIn)) == [1, 2, 3]
    assert len(desk.all(Submission)) == 3


def test_looking_at_the_form_writes_nothing_but_the_trail(desk: Desk) -> None:
    before = desk.app.rows()

    desk.maren_s.get(desk.path)

    assert desk.app.rows() == before
    assert [entry.subject_id for entry in desk.app.audit("viewed patient")] == [desk.noor.patient.id]


def test_what_is_missing_is_named_and_what_was_answered_stays(desk: Desk) -> None:
    desk.check_in()
    fields = desk.fill_in(phq9_1="3", gad7_2="", note="Ring after six.")
    del fields["phq9_4"], fields["gad7_7"]

    page = desk.send(fields)

    assert page.status_code == 422
    said = words(page)
    assert "A safety answer is open" not in said
    assert "Question 4 : Feeling tired or having little energy" in said
    assert "Question 17 : Feeling afraid" in said
    assert said.count("Choose an answer, or that they would rather not say.") == 2
    form = form_of(page.text)
    assert {name: form.sent.get(name) for name in ("phq9_1", "gad7_2", "phq9_4", "mode")} == {
        "phq9_1": "3",
        "gad7_2": "",
        "phq9_4": None,
        "mode": "phone",
    }
    assert "Ring after six.</textarea>" in page.text
    assert desk.all(Submission) == []
    # When it is mended and sent again
    assert (
        desk.send(form.sent | {"phq9_4": "1", "gad7_7": "0", "spoken": "en", "note": "Ring after six."}).status_code
        == 303
    )
    assert len(desk.all(Submission)) == 1


def test_a_safety_answer_raises_the_flag_with_its_clock_as_on_a_phone(sessions: Sessions, settings: Settings) -> None:
    desk = Desk(sessions, settings)
    desk.check_in()

    page = desk.send(desk.fill_in("clinic", **{SAFETY: "2"}))

    [flag] = desk.all(Flag)
    assert (flag.kind, flag.owner_id) == (FlagKind.SAFETY, desk.maren.id)
    said = words(desk.maren_s.get(page.location))
    assert "They raised: Safety answer 4 h left, Maren Okafor" in said
    assert "Answered today 10:00 at the clinic, in English." in said


def test_a_safety_answer_acts_at_once_even_if_the_rest_is_open(desk: Desk) -> None:
    desk.check_in()
    fields = desk.fill_in(**{SAFETY: "1"})
    del fields["gad7_1"]

    page = desk.send(fields)

    assert page.status_code == 422
    assert "A safety answer is open; its flag is with Maren Okafor. Not finished yet" in words(page)
    assert [flag.kind for flag in desk.all(Flag)] == [FlagKind.SAFETY]
    assert (SAFETY, 1) in {(f"{each.instrument}_{each.item}", each.value) for each in desk.all(Answer)}
    assert len(desk.app.audit("began answers")) == 1


def test_it_acts_at_once_also_where_nothing_was_open_and_the_language_is_not_chosen(desk: Desk) -> None:
    fields = desk.fill_in(**{SAFETY: "3", "spoken": "xx"})

    page = desk.send(fields)

    assert page.status_code == 422
    assert "Choose a language in which the questions are offered." in words(page)
    assert [flag.kind for flag in desk.all(Flag)] == [FlagKind.SAFETY]


def test_a_safety_item_that_they_pass_over_is_kept_as_passed_over(desk: Desk) -> None:
    desk.check_in()

    desk.send(desk.fill_in(**{SAFETY: ""}))

    [answer] = [each for each in desk.all(Answer) if (each.instrument, each.item) == ("phq9", 9)]
    assert (answer.value, answer.declined) == (None, True)
    assert {score.instrument: score.total for score in desk.all(Score)} == {"phq9": None, "gad7": 0}


def test_before_item_9_staff_read_what_to_do_with_an_answer_above_0(desk: Desk) -> None:
    page = desk.maren_s.text(desk.path)

    before, _, after = page.partition("Thoughts that you would be better off dead")
    assert before.endswith("9 ")
    assert "you are the first to know: stay with them" in before
    assert "raises a flag with its clock for Maren Okafor" in before
    assert "In danger now: 999" in before
    assert after


def test_the_questions_are_read_in_the_language_that_is_spoken(sqlite_sessions: Sessions, settings: Settings) -> None:
    desk = Desk(sqlite_sessions, settings, language="es")
    page = desk.maren_s.get(desk.path)
    assert "Poco interés o placer en hacer cosas" in page.text

    shown = desk.send(desk.fill_in(phq9_1="2", spoken="uk", show="1"))

    assert shown.status_code == 200
    assert 'lang="uk"' in shown.text
    form = form_of(shown.text)
    assert form.sent["phq9_1"] == "2"
    assert desk.all(CheckIn) == []
    desk.send({**dict.fromkeys(form.radios, "0"), "mode": "interpreter", "spoken": "uk", "key": form.sent["key"]})
    assert [sent.language for sent in desk.all(Submission)] == ["uk"]


def test_a_measure_without_wording_in_that_language_is_left_out_and_said_to_be(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    desk = Desk(sqlite_sessions, settings, language="ar")

    page = desk.maren_s.get(desk.path)

    assert "GAD-7 is not offered in this language, so it is left out." in words(page)
    assert 'dir="rtl"' in page.text
    assert not [name for name in form_of(page.text).radios if name.startswith("gad7")]


def test_whoever_has_not_agreed_to_be_asked_is_not_asked_by_anybody(desk: Desk) -> None:
    fields = desk.fill_in()
    with unit_of_work(desk.sessions) as session:
        patient = session.get_one(Patient, desk.noor.patient.id)
        state_consent(session, patient, (Purpose.CHECK_INS,), False, said_by=Party.PATIENT, now=NOW)

    said = desk.maren_s.text(desk.path)
    assert "There is nothing to ask now" in said
    assert "Read each question aloud" not in said
    assert desk.send(fields).status_code == 422
    assert desk.all(Submission) == []


def test_whoever_has_stopped_our_texts_can_still_answer_in_person(desk: Desk) -> None:
    with unit_of_work(desk.sessions) as session:
        patient = session.get_one(Patient, desk.noor.patient.id)
        state_consent(session, patient, (Purpose.TEXTS,), False, said_by=Party.PATIENT, now=NOW)

    assert desk.send(desk.fill_in()).status_code == 303


def test_a_patient_without_a_plan_has_nothing_to_be_asked(desk: Desk) -> None:
    with unit_of_work(desk.sessions) as session:
        session.execute(sa.update(MonitoringPlan).values(until_at=NOW))

    assert "There is nothing to ask now" in desk.maren_s.text(desk.path)


@pytest.mark.parametrize("email", ["sven@example.org", "boss@example.org"])
def test_only_those_who_care_for_them_enter_answers(desk: Desk, email: str) -> None:
    fields = desk.fill_in()
    other = desk.app.browser(email)

    assert other.get(desk.path).status_code == 404
    assert other.post(desk.path, **fields).status_code == 404
    assert desk.all(Submission) == []
    assert len(desk.app.audit("refused")) == 2


def test_an_address_that_names_another_check_in_says_nothing_about_it(desk: Desk) -> None:
    said = desk.maren_s.text(f"/patients/{desk.noor.patient.id}", kept=str(new_id()))

    assert "The answers are kept." not in said
