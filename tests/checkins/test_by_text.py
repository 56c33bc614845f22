"""A check-in by text, as the phone and the tables see it."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from monitor import workflows
from monitor.checkins.models import (
    Answer,
    CancelReason,
    CheckIn,
    CheckInState,
    DialogueEnd,
    Mode,
    Submission,
    TextDialogue,
)
from monitor.checkins.service import Delivery
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag
from monitor.ids import new_id
from monitor.measures import catalogue
from monitor.messaging import outbox
from monitor.messaging.gateway import NotAccepted, OutcomeUnknown
from monitor.messaging.models import Message, MessageState, Understood
from monitor.messaging.texts import TextKind
from monitor.people.models import MONITORING, Channel, Party, Patient, Purpose
from monitor.people.service import prefer, state_consent
from tests.builders import NOW, answers
from tests.text_phone import TextPhone, a_text_phone, check_in_of

HELP = "In danger now: 999\nSamaritans: 116 123\nShout: text SHOUT to 85258\n"
ITEMS = 9 + 1 + 7
"""PHQ-9, its difficulty question, GAD-7."""


@pytest.fixture
def phone(sqlite_sessions: Sessions, settings: Settings) -> TextPhone:
    """Somebody who wants the questions by text."""
    return a_text_phone(sqlite_sessions, settings)


def drafts(phone: TextPhone) -> dict[tuple[str, int], int | None]:
    """The newest answer to each item that is not part of a submission."""
    with phone.sessions() as session:
        rows = session.scalars(sa.select(Answer).where(Answer.submission_id.is_(None)).order_by(Answer.id))
        return {(row.instrument, row.item): row.value for row in rows}


def dialogues(phone: TextPhone) -> list[TextDialogue]:
    with phone.sessions() as session:
        return list(session.scalars(sa.select(TextDialogue).order_by(TextDialogue.began_at)))


def flags(phone: TextPhone) -> list[FlagKind]:
    with phone.sessions() as session:
        return list(session.scalars(sa.select(Flag.kind)))


def kinds(phone: TextPhone) -> list[TextKind]:
    with phone.sessions() as session:
        return list(session.scalars(sa.select(Message.purpose).order_by(Message.id)))


# ---- beginning ----


def test_a_one_begins_with_the_first_question_in_full_and_the_keys(phone: TextPhone) -> None:
    assert phone.send("1") is Understood.BEGIN
    assert phone.read() == [
        "Please answer each question with one number. Nobody reads along live.\n"
        "1/17 Over the last 2 weeks, how often have you been bothered by any of the following problems?\n"
        "Little interest or pleasure in doing things\n"
        "0 Not at all\n1 Several days\n2 More than half the days\n3 Nearly every day\n"
        "7 Rather not say\n8 Repeat\n9 Back"
    ]
    assert drafts(phone) == {}, "the 1 began; it answered nothing"


def test_a_scale_is_spelt_out_once_a_measure_and_then_kept_short(phone: TextPhone) -> None:
    phone.ask("1")
    replies = phone.answer("0" * 16)

    assert replies[0] == "2/17 Feeling down, depressed, or hopeless\n0 Not at all ... 3 Nearly every day"
    spelt_out = [reply for reply in replies if "2 More than half the days" in reply]
    assert [reply.split()[0] for reply in spelt_out] == ["11/17"], "the first of the second measure"
    assert "Over the last 2 weeks, how often have you been bothered by the following problems?" in spelt_out[0]
    assert "2 Very difficult" in replies[8], "the difficulty question has a scale of its own"
    for code, first in (("phq9", 0), ("gad7", 10)):
        for number, item in enumerate(catalogue.load(code, "en").items, start=first + 1):
            if number > 1:
                assert item in replies[number - 2], "word for word"


@pytest.mark.parametrize("body", ["hello", "2", "yes", "ok 1 then", ""])
def test_any_other_text_is_told_how_to_begin(phone: TextPhone, body: str) -> None:
    assert phone.send(body) is Understood.NOT_UNDERSTOOD
    assert phone.read() == ["To begin, reply 1. Nobody reads other words here. In danger now, call 999."]
    assert dialogues(phone) == []


def test_being_told_how_to_begin_is_said_once_a_day(phone: TextPhone) -> None:
    assert [phone.send("hello"), phone.send("hello")] == [Understood.NOT_UNDERSTOOD, Understood.NOTHING_OPEN]
    phone.wait(days=1)
    assert phone.send("hello") is Understood.NOT_UNDERSTOOD


def test_nobody_gets_the_questions_by_text_who_has_not_chosen_so(sqlite_sessions: Sessions, settings: Settings) -> None:
    phone = a_text_phone(sqlite_sessions, settings, by_text=False)

    assert phone.send("1") is Understood.NOTHING_OPEN
    assert TextKind.QUESTION not in kinds(phone)


@pytest.mark.parametrize("purpose", MONITORING)
def test_nobody_gets_them_who_has_not_agreed(phone: TextPhone, purpose: Purpose) -> None:
    with unit_of_work(phone.sessions) as session:
        patient = session.get_one(Patient, phone.patient_id)
        state_consent(session, patient, (purpose,), False, said_by=Party.PATIENT, now=NOW)

    assert phone.send("1") is Understood.NOTHING_OPEN


@pytest.mark.parametrize(
    "ended", [{"completed_at": NOW}, {"missed_at": NOW}, {"opens_at": NOW + timedelta(hours=1)}], ids=str
)
def test_only_an_open_check_in_can_be_begun(phone: TextPhone, ended: dict[str, object]) -> None:
    with unit_of_work(phone.sessions) as session:
        check_in = session.get_one(CheckIn, phone.check_in_id)
        for name, value in ended.items():
            setattr(check_in, name, value)
        check_in.due_at = max(check_in.due_at, check_in.opens_at)

    assert phone.send("1") is Understood.NOTHING_OPEN


def test_only_what_is_offered_in_the_language_is_asked(sqlite_sessions: Sessions, settings: Settings) -> None:
    phone = a_text_phone(sqlite_sessions, settings, language="ar")

    assert "\n1/10 " in phone.ask("1"), "the Arabic GAD-7 is provisional and this service has not chosen it"
    thanks = phone.answer("0" * 10)[-1]
    assert "شكر" in thanks
    with phone.sessions() as session:
        submission = session.scalars(sa.select(Submission)).one()
        assert {answer.instrument for answer in submission.answers} == {"phq9"}


def test_a_measure_in_no_language_of_the_patient_is_not_asked_in_another(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    phone = a_text_phone(sqlite_sessions, settings, language="ar", instruments=("gad7",))

    assert phone.send("1") is Understood.NOTHING_OPEN


# ---- answering ----


def test_digits_of_any_script_are_answers(phone: TextPhone) -> None:
    phone.ask("١")
    phone.answer("٣۲２1")

    assert list(drafts(phone).values()) == [3, 2, 2, 1]


def test_seven_passes_a_question_over_and_is_kept_as_such(phone: TextPhone) -> None:
    phone.ask("1")
    assert phone.send("7") is Understood.ANSWER

    assert drafts(phone) == {("phq9", 1): None}


@pytest.mark.parametrize("back", ["9", "back", "Go back!", "٩"])
def test_nine_goes_back_and_the_new_answer_counts(phone: TextPhone, back: str) -> None:
    phone.ask("1")
    phone.answer("01")
    assert phone.ask(back).startswith("2/17 ")
    assert phone.ask("3").startswith("3/17 "), "on to the first that is open"

    assert drafts(phone) == {("phq9", 1): 0, ("phq9", 2): 3}


def test_the_words_of_the_patients_language_are_understood(sqlite_sessions: Sessions, settings: Settings) -> None:
    phone = a_text_phone(sqlite_sessions, settings, language="es")
    phone.ask("1")
    phone.answer("0")

    assert phone.ask("Repetir").endswith("7 Prefiero no contestar\n8 Repetir\n9 Atrás")
    assert phone.ask("atras").startswith("1/16 ")


def test_eight_repeats_the_question_with_all_its_words(phone: TextPhone) -> None:
    phone.ask("1")
    phone.answer("0")

    assert phone.send("8") is Understood.REPEAT
    (reply,) = phone.read()
    assert reply.startswith("2/17 Over the last 2 weeks, how often")
    assert "2 More than half the days" in reply
    assert reply.endswith("9 Back")


def test_wrong_texts_are_corrected_then_asked_again_then_offered_the_page_and_the_team(phone: TextPhone) -> None:
    phone.ask("1")
    first, second, third = phone.ask("I do not know"), phone.ask("5"), phone.ask("what?")

    assert first.startswith("Please reply with one number: 0, 1, 2 or 3.")
    assert "In danger now, call 999." in first
    assert second.startswith("1/17 ")
    words, number, link = third.split("\n")
    assert "In danger now, call 999." in words
    assert number == "+441632960123"
    assert link.startswith("http://127.0.0.1:8000/c/")
    assert phone.ask("2").startswith("2/17 "), "and an answer is taken as ever"
    assert list(drafts(phone).values()) == [2]


def test_two_machines_that_answer_each_other_fall_silent(phone: TextPhone) -> None:
    phone.ask("1")
    replies = 0
    for _ in range(45):
        assert phone.send("I am driving.") is Understood.NOT_UNDERSTOOD
        replies += len(phone.read())
        phone.wait(minutes=2)

    assert replies == 4, "a correction, the question, and other ways once an hour"


# ---- which question an answer is for ----


def test_two_texts_in_quick_succession_both_answer_the_same_question_and_the_second_counts(phone: TextPhone) -> None:
    phone.ask("1")
    phone.send("1")
    assert phone.send("3") is Understood.ANSWER, "the second question has not left"

    (reply,) = phone.read()
    assert reply.startswith("2/17 ")
    assert drafts(phone) == {("phq9", 1): 3}


def test_a_text_that_was_stored_before_the_question_left_does_not_answer_it(phone: TextPhone) -> None:
    phone.ask("1")
    phone.send("1")
    before = phone.now
    phone.wait(seconds=3)
    assert phone.read()[0].startswith("2/17 ")
    phone.wait(minutes=1)
    phone.send("3", received_at=before + timedelta(seconds=1))

    assert drafts(phone) == {("phq9", 1): 3}, "understood late, but received before"
    assert phone.read()[0].startswith("2/17 "), "so the second question still stands"


def test_an_answer_to_a_question_of_which_nobody_knows_whether_it_arrived_is_not_taken(phone: TextPhone) -> None:
    phone.ask("1")
    phone.gateway.fail_next(OutcomeUnknown("timeout"))
    phone.send("0")
    assert phone.read() == []
    phone.wait(minutes=1)

    assert phone.ask("2").startswith("2/17 Over the last 2 weeks"), "asked anew"
    assert drafts(phone) == {("phq9", 1): 0}
    assert phone.ask("2").startswith("3/17 ")


def test_a_question_that_the_provider_did_not_take_answers_nothing(phone: TextPhone) -> None:
    phone.ask("1")
    phone.gateway.fail_next(NotAccepted("busy"))
    phone.send("0")
    assert phone.read() == []

    assert phone.ask("2").startswith("2/17 ")
    assert drafts(phone) == {("phq9", 1): 2}, "what they had before them was the first question"


def test_a_one_after_a_nudge_goes_on_where_it_stopped(phone: TextPhone) -> None:
    phone.ask("1")
    phone.answer("30")
    with unit_of_work(phone.sessions) as session:
        patient = session.get_one(Patient, phone.patient_id)
        outbox.queue(
            session,
            patient=patient,
            purpose=TextKind.NUDGE,
            check_in_id=phone.check_in_id,
            dedupe_key="nudge",
            due_at=phone.now,
            expires_at=phone.now + timedelta(days=1),
            now=phone.now,
        )
    assert len(phone.read()) == 1
    phone.wait(hours=1)

    assert phone.send("1") is Understood.BEGIN
    assert phone.read()[0].startswith("3/17 ")
    assert list(drafts(phone).values()) == [3, 0], "the 1 was no answer"


# ---- going on ----


def test_it_goes_on_hours_later_and_after_a_restart(sessions: Sessions, settings: Settings) -> None:
    phone = a_text_phone(sessions, settings)
    phone.ask("1")
    phone.answer("012")
    phone.wait(hours=30)
    later = TextPhone(sessions, settings, phone.patient_id, phone.check_in_id, now=phone.now)

    assert later.ask("3").startswith("5/17 ")
    assert list(drafts(later).values()) == [0, 1, 2, 3]
    assert [(each.position, each.ended) for each in dialogues(later)] == [(4, None)]


def test_a_change_of_language_or_wishes_changes_nothing_of_what_was_begun(phone: TextPhone) -> None:
    phone.ask("1")
    with unit_of_work(phone.sessions) as session:
        patient = session.get_one(Patient, phone.patient_id)
        patient.language = "uk"
        prefer(session, patient, weekday=0, at=NOW.time(), channel=Channel.TEXT, set_by=Party.PATIENT, now=phone.now)

    assert phone.ask("0").startswith("2/17 Feeling down")


def test_a_measure_that_the_service_no_longer_offers_is_not_asked_to_the_end(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    with_both = settings.model_copy(update={"provisional_instruments": frozenset({"gad7:ar"}), "spend_per_patient": 99})
    phone = a_text_phone(sqlite_sessions, with_both, language="ar")
    phone.ask("1")
    phone.answer("0" * 12)
    without = TextPhone(sqlite_sessions, settings, phone.patient_id, phone.check_in_id, now=phone.now)

    assert "10/10 " in without.ask("3"), "no answer to a question that is gone: the last that is left, once more"
    assert without.send("1") is Understood.ANSWER
    with phone.sessions() as session:
        given = session.scalars(sa.select(Submission)).one().answers_given()
        assert {code for code, _ in given} == {"phq9"}
        assert given[("phq9", 0)] == 1


def test_an_answer_that_arrives_while_the_texts_are_being_stopped_waits_and_counts_for_nothing(
    sessions: Sessions, settings: Settings
) -> None:
    phone = a_text_phone(sessions, settings)
    phone.ask("1")
    with ThreadPoolExecutor(1) as pool:
        with unit_of_work(sessions) as session:
            patient = session.get_one(Patient, phone.patient_id)
            workflows.opt_out(session, patient, said_by=Party.STAFF, now=phone.now)
            session.flush()
            answered = pool.submit(phone.send, "3")
            time.sleep(0.3)
            assert not answered.done(), "it waits for whoever holds the episode"
        assert answered.result(timeout=20) is Understood.NOTHING_OPEN
    assert drafts(phone) == {}


# ---- the end ----


def test_the_last_answer_sends_the_check_in_and_thanks(phone: TextPhone) -> None:
    phone.ask("1")
    reply = phone.answer("0" * ITEMS)[-1]

    assert reply == "Thank you. Your answers are in. Your team reads them by Tuesday 24 November, 17:00."
    assert check_in_of(phone).state(phone.now) is CheckInState.COMPLETED
    with phone.sessions() as session:
        submission = session.scalars(sa.select(Submission)).one()
        assert (submission.mode, submission.language, submission.known_device) == (Mode.TEXT, "en", False)
    assert [each.ended for each in dialogues(phone)] == [DialogueEnd.SENT]
    assert phone.send("1") is Understood.NOTHING_OPEN, "nothing begins again"


def test_a_check_in_that_was_sent_by_its_link_meanwhile_is_said_to_be_in(phone: TextPhone) -> None:
    phone.ask("1")
    phone.answer("33")
    with unit_of_work(phone.sessions) as session:
        check_in = session.get_one(CheckIn, phone.check_in_id)
        delivery = Delivery(new_id(), "en", Mode.LINK, known_device=False)
        workflows.complete_check_in(
            session, check_in, answers(phq9=5, gad7=4), delivery, settings=phone.settings, now=phone.now
        )

    reply = phone.ask("3")
    assert reply.startswith("Your answers have reached us already, thank you.")
    assert reply.endswith("In danger now: 999")
    assert [each.ended for each in dialogues(phone)] == [DialogueEnd.BY_LINK]
    assert drafts(phone) == {("phq9", 1): 3, ("phq9", 2): 3}, "what came too late is not kept"


def test_a_check_in_that_has_closed_is_said_to_be_closed(phone: TextPhone) -> None:
    phone.ask("1")
    phone.wait(days=7)

    assert phone.ask("3").startswith("These questions are closed now, and that is fine.")
    assert [each.ended for each in dialogues(phone)] == [DialogueEnd.CLOSED]


def test_a_check_in_that_was_called_off_is_closed_too(phone: TextPhone) -> None:
    phone.ask("1")
    with unit_of_work(phone.sessions) as session:
        check_in = session.get_one(CheckIn, phone.check_in_id)
        check_in.cancelled_at, check_in.cancel_reason = phone.now, CancelReason.PLAN_CHANGED

    assert phone.ask("3").startswith("These questions are closed now")


def test_a_one_begins_the_check_in_of_this_week_though_last_weeks_was_left_halfway(phone: TextPhone) -> None:
    phone.ask("1")
    phone.answer("33")
    phone.wait(days=7)
    with unit_of_work(phone.sessions) as session:
        last = session.get_one(CheckIn, phone.check_in_id)
        session.expunge(last)
        new = {name: getattr(last, name) for name in ("episode_id", "patient_id", "kind", "instruments")}
        session.add(
            CheckIn(
                **new,
                local_date=phone.now.date(),
                opens_at=phone.now,
                due_at=phone.now,
                closes_at=phone.now + timedelta(days=7),
                token_hash=b"t" * 32,
            )
        )

    assert phone.send("1") is Understood.BEGIN
    assert "\n1/17 " in phone.read()[0]
    assert [each.ended for each in dialogues(phone)] == [DialogueEnd.CLOSED, None]


# ---- safety ----


@pytest.mark.parametrize("answer", ["1", "2", "3"])
def test_a_safety_answer_above_0_brings_help_and_a_flag_at_once(
    sessions: Sessions, settings: Settings, answer: str
) -> None:
    phone = a_text_phone(sessions, settings)
    phone.ask("1")
    notice = phone.answer("0" * 8)[-1]
    assert notice.startswith(
        "We ask everyone the next question. Nobody watches your answer live: "
        "your team reads it by Tuesday 24 November, 17:00. In danger now, call 999.\n9/17 "
    )
    assert flags(phone) == []

    assert phone.send(answer) is Understood.ANSWER
    assert flags(phone) == [FlagKind.SAFETY], "before anything is sent, and long before the end"
    assert kinds(phone)[-1] is TextKind.SUPPORT
    (reply,) = phone.read()
    assert reply.startswith("You deserve support now. You can talk to someone straight away:\n" + HELP)
    assert "Nobody watches your answer live. Your team sees it by Tuesday 24 November, 17:00." in reply
    assert reply.endswith("Your answer is kept. To go on whenever you like, reply 8.")
    assert "10/17" not in reply
    assert check_in_of(phone).completed_at is None


def test_after_help_the_questions_go_on_when_the_patient_does(phone: TextPhone) -> None:
    phone.ask("1")
    phone.answer("0" * 8 + "2")
    phone.wait(hours=5)
    assert phone.ask("8").startswith("10/17 ")
    end = phone.answer("0" * 8)[-1]

    assert end.startswith("All your answers are saved.\nYou deserve support now.")
    assert HELP in end
    assert "Thank you" not in end
    assert kinds(phone)[-1] is TextKind.SUPPORT
    assert flags(phone) == [FlagKind.SAFETY]


@pytest.mark.parametrize("said", ["1", "3", "ok"])
def test_whatever_else_follows_the_help_is_no_answer_but_goes_on(phone: TextPhone, said: str) -> None:
    phone.ask("1")
    phone.answer("0" * 8 + "2")

    assert phone.ask(said).startswith("10/17 ")
    assert drafts(phone)[("phq9", 9)] == 2
    assert ("phq9", 0) not in drafts(phone)


def test_a_safety_answer_taken_back_leaves_the_flag_and_the_help(phone: TextPhone) -> None:
    phone.ask("1")
    phone.answer("0" * 8)
    phone.send("2")
    phone.send("0")
    first, second = phone.read()

    assert first.startswith("You deserve support now.")
    assert second.startswith("10/17 ")
    assert flags(phone) == [FlagKind.SAFETY]
    assert drafts(phone)[("phq9", 9)] == 0
    with phone.sessions() as session:
        kept = session.scalars(sa.select(Answer.value).where(Answer.item == 9).order_by(Answer.id)).all()
        assert kept == [2, 0], "what was said first is not wiped out"


def test_where_nobody_is_named_who_reads_no_time_is_promised(sqlite_sessions: Sessions, settings: Settings) -> None:
    phone = a_text_phone(sqlite_sessions, settings)
    phone.ask("1")
    phone.answer("0" * 7)
    with unit_of_work(phone.sessions) as session:
        session.execute(sa.text("DELETE FROM safety_cover"))
    phone.send("0")

    with phone.sessions() as session:
        body = session.scalars(sa.select(Message).order_by(Message.id.desc())).first()
        assert body is not None
        assert "we cannot say when your team reads it." in (body.prepared or "")
        assert not re.search(r"\d\d:\d\d", body.prepared or "")


def test_a_safety_answer_that_comes_too_late_still_brings_help(phone: TextPhone) -> None:
    phone.ask("1")
    phone.answer("0" * 8)
    phone.wait(days=7)

    reply = phone.ask("3")
    assert reply.startswith("These questions are closed now")
    assert HELP in reply
    assert kinds(phone)[-1] is TextKind.SUPPORT


def test_the_safety_item_as_the_last_question_ends_with_help(sqlite_sessions: Sessions, settings: Settings) -> None:
    phone = a_text_phone(sqlite_sessions, settings, language="es", instruments=("phq9",))
    phone.ask("1")
    end = phone.answer("0" * 8 + "1")[-1]

    assert end.startswith("Todas sus respuestas están guardadas.\n")
    assert "En peligro ahora: 999" in end
    assert kinds(phone).count(TextKind.SUPPORT) == 1
    assert flags(phone) == [FlagKind.SAFETY]


# ---- what is never said ----


def test_no_text_names_a_measure_a_score_or_the_patient(phone: TextPhone) -> None:
    said = [phone.ask("1"), *phone.answer("3" * 9 + "8" + "3" * 8), phone.ask("hm")]

    for body in said:
        assert not re.search(r"phq|gad|score|depressive|severe|noor|riverside talking", body.casefold())


def test_every_text_of_the_patient_has_one_reply(phone: TextPhone) -> None:
    for body in ["1", "0", "9", "8", "7", "x", "4", "y", *"0" * 16]:
        phone.send(body)
        assert len(phone.read()) == 1
        phone.wait(minutes=1)
    with phone.sessions() as session:
        assert set(session.scalars(sa.select(Message.state))) == {MessageState.SENT}
