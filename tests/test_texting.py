"""What follows from a patient's text: STOP, START and HELP before all else, then answers."""

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from monitor import texting, workflows
from monitor.care.models import Episode
from monitor.checkins.models import Answer, DialogueEnd, TextDialogue
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag
from monitor.i18n import LANGUAGES
from monitor.messaging import keywords
from monitor.messaging.keywords import TABLE, Keyword
from monitor.messaging.models import InboundText, MessageState, Understood
from monitor.messaging.texts import TextKind
from monitor.people.models import MONITORING, Consent, Party, Patient, Role
from monitor.worker import make_courier, tick
from tests.builders import NOW, a_staff_member
from tests.integrity.test_same_form_many_times import at_once
from tests.texting import DAY, HOUR, MINUTE, Texting, prompt

STOP_WORDS = {
    language: [*words.get("stop", ()), *words.get("stop_alone", ())]
    for language, words in json.loads(TABLE.read_text(encoding="utf-8")).items()
}


@pytest.fixture
def service(sessions: Sessions, settings: Settings) -> Texting:
    """A service on either database."""
    return Texting(sessions, settings)


@pytest.fixture
def embedded(sqlite_sessions: Sessions, settings: Settings) -> Texting:
    """A service on SQLite, for what does not depend on the database."""
    return Texting(sqlite_sessions, settings)


# ---- stop ----


def test_stop_ends_every_text_with_one_confirmation_and_the_team_learns_of_it(service: Texting) -> None:
    care = service.patient(by_text=False)
    with unit_of_work(service.sessions) as session:
        coordinator = a_staff_member(session, service.team, "c@example.org", name="Kim", role=Role.COORDINATOR)
    service.asked(care)

    assert service.text("Stop") is Understood.STOP

    assert service.queued == [(TextKind.REPLY, service.voice().stopped(with_help=False))]
    assert [text.body for text in service.tick()] == [service.voice().stopped(with_help=False)]
    assert service.agrees(care) is False
    [flag] = service.all(Flag)
    assert (flag.kind, flag.owner_id) == (FlagKind.OPTED_OUT, coordinator.id)
    assert [episode.closed_at for episode in service.all(Episode)] == [None], "care goes on"
    assert [text for days in range(1, 20) for text in service.tick(NOW + days * DAY)] == []


@pytest.mark.parametrize("language", STOP_WORDS)
def test_every_stop_word_of_every_language_is_obeyed(embedded: Texting, language: str) -> None:
    spoken = language if language in LANGUAGES else "en"
    for place, word in enumerate(STOP_WORDS[language]):
        number = f"+4477009001{place:02}"
        care = embedded.patient(language=spoken, number=number, by_text=False)

        assert embedded.text(word.capitalize() + ".", number=number) is Understood.STOP
        assert embedded.agrees(care) is False, word

    assert {body for _, body in embedded.queued} == {embedded.voice(spoken).stopped(with_help=False)}
    assert len(embedded.queued) == len(STOP_WORDS[language])


@pytest.mark.parametrize("language", LANGUAGES)
def test_stop_in_the_middle_of_a_check_in_by_text_is_no_answer_and_nothing_follows(
    embedded: Texting, language: str
) -> None:
    care = embedded.patient(language=language, instruments=("phq9",))
    check_in = embedded.begin(care)
    answered = len(embedded.all(Answer))
    word = STOP_WORDS[language][0]

    assert embedded.text(word, NOW + 4 * MINUTE) is Understood.STOP
    sent = embedded.tick(NOW + 5 * MINUTE)
    later = embedded.text("3", NOW + 6 * MINUTE)

    assert [text.body for text in sent] == [embedded.voice(language).stopped(with_help=False)]
    assert len(embedded.all(Answer)) == answered == 1
    assert later is Understood.NOTHING_OPEN
    [dialogue] = embedded.all(TextDialogue)
    assert (dialogue.check_in_id, dialogue.ended) == (check_in.id, DialogueEnd.STOPPED)
    kinds = [message.purpose for message in embedded.messages if message.state is MessageState.QUEUED]
    assert kinds == [TextKind.SUPPORT], "whoever writes on is told who can be called"


def test_a_question_that_has_not_left_yet_never_leaves_after_a_stop(service: Texting) -> None:
    service.asked(service.patient())
    service.text("1")

    service.text("STOP", NOW + timedelta(seconds=3))

    states = [(message.purpose, message.state) for message in service.messages]
    assert states == [(TextKind.QUESTION, MessageState.CANCELLED), (TextKind.REPLY, MessageState.QUEUED)]


def test_help_that_was_on_its_way_goes_with_the_confirmation(service: Texting) -> None:
    service.patient(by_text=False)
    service.text("help")

    service.text("stop", NOW + MINUTE)

    assert [text.body for text in service.tick(NOW + 2 * MINUTE)] == [service.voice().stopped(with_help=True)]


def test_who_says_more_than_stop_is_obeyed_and_told_where_help_is(service: Texting) -> None:
    care = service.patient(by_text=False)

    assert service.text("Stop it all, I cannot go on") is Understood.STOP

    assert service.agrees(care) is False
    assert service.queued == [(TextKind.SUPPORT, service.voice().stopped(with_help=True))]
    assert "999" in service.queued[0][1]


def test_what_the_provider_has_confirmed_is_not_confirmed_again(service: Texting) -> None:
    care = service.patient(by_text=False)

    assert service.text("Basta ya con esto", opt_out="STOP") is Understood.STOP

    assert service.agrees(care) is False
    assert service.queued == []


def test_the_same_text_told_twice_is_one_stop_and_one_confirmation(service: Texting) -> None:
    care = service.patient(by_text=False)
    first = service.keep("STOP", sid="SM1")
    assert first is not None
    assert service.keep("STOP", sid="SM1") is None

    assert service.take(first) is service.take(first, NOW + HOUR) is Understood.STOP

    assert len(service.queued) == len(service.flags) == 1
    assert len([row for row in service.all(Consent) if row.patient_id == care.patient.id and not row.granted]) == 1


def test_a_text_that_the_hook_and_the_clock_take_up_at_once_is_answered_once(service: Texting) -> None:
    service.patient(by_text=False)
    stored = service.keep("STOP")
    assert stored is not None

    taken = at_once([lambda: service.take(stored)] * 8)

    assert taken == [Understood.STOP] * 8
    assert len(service.queued) == len(service.flags) == 1


def test_stop_said_again_changes_nothing(service: Texting) -> None:
    service.patient(by_text=False)
    service.text("STOP")

    assert service.text("STOP", NOW + HOUR) is Understood.STOP

    assert len(service.queued) == len(service.flags) == 1


def test_stop_on_a_shared_number_stops_the_texts_of_both_and_is_confirmed_once(service: Texting) -> None:
    one, other = service.patient(by_text=False, shared=True), service.patient(by_text=False, shared=True, language="es")
    noise = service.patient(by_text=False, number="+447700900009")

    service.text("alto")

    assert [service.agrees(care) for care in (one, other, noise)] == [False, False, True]
    assert len(service.queued) == 1
    assert service.flags == [FlagKind.OPTED_OUT] * 2


# ---- start ----


@pytest.mark.parametrize("word", ["START", "yes", "UNSTOP", "empezar", "ابدأ"])
def test_who_stopped_in_person_starts_again_in_person(service: Texting, word: str) -> None:
    care = service.patient(by_text=False, planned_until=NOW)
    service.text("STOP")
    service.tick()

    assert service.text(word, NOW + DAY) is Understood.START

    assert service.agrees(care) is True
    assert [text.body for text in service.tick(NOW + DAY)] == [service.voice().started()]
    assert [text.body for days in range(2, 9) for text in service.tick(NOW + days * DAY + MINUTE)] != []
    assert service.flags == [FlagKind.OPTED_OUT], "what became of it is for a person to write down"


def test_what_a_team_has_stopped_only_the_team_starts(service: Texting) -> None:
    care = service.patient(by_text=False)
    with unit_of_work(service.sessions) as session:
        patient = session.get_one(Patient, care.patient.id)
        workflows.opt_out(session, patient, said_by=Party.STAFF, now=NOW, staff_id=service.clinician.id)

    assert service.text("START", NOW + MINUTE) is Understood.START

    assert service.agrees(care) is False
    assert service.queued == [(TextKind.REPLY, service.voice().ask_us())]


def test_who_was_rung_and_wants_texts_gets_what_the_reply_promises(service: Texting) -> None:
    care = service.patient(by_text=False, planned_until=NOW)
    service.text("STOP")
    service.by_phone(care)

    assert service.text("START", NOW + MINUTE) is Understood.START

    assert service.agrees(care) is True
    assert service.queued[-1] == (TextKind.REPLY, service.voice().started())
    service.tick(NOW + MINUTE)
    assert len([text for days in range(1, 7) for text in service.tick(NOW + days * DAY)]) == 1


@pytest.mark.parametrize("word", ["START", "YES", "weiter"])
def test_start_is_no_keyword_for_somebody_whose_texts_are_on(service: Texting, word: str) -> None:
    care = service.patient()
    service.asked(care)

    assert service.text(word) is Understood.NOT_UNDERSTOOD

    assert [kind for kind, _ in service.queued] == [TextKind.REPLY]
    assert len(service.all(Consent)) == len(MONITORING)


# ---- help, and what answers nothing ----


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_help_word_is_answered_with_where_help_is(embedded: Texting, language: str) -> None:
    for place, word in enumerate(keywords.words_of(language, Keyword.HELP)):
        number = f"+4477009001{place:02}"
        embedded.patient(language=language, number=number, by_text=False)
        assert embedded.text(word.upper(), number=number) is Understood.HELP

    assert set(embedded.queued) == {(TextKind.SUPPORT, embedded.voice(language).help())}


def test_help_interrupts_no_check_in_by_text(service: Texting) -> None:
    care = service.patient()
    service.begin(care)

    assert service.text("Help", NOW + 4 * MINUTE) is Understood.HELP
    service.tick(NOW + 5 * MINUTE)
    assert service.text("1", NOW + 6 * MINUTE) is Understood.ANSWER

    assert len(service.all(Answer)) == 2


def test_help_reaches_somebody_who_has_stopped(service: Texting) -> None:
    service.patient(by_text=False)
    service.text("STOP")
    service.tick()

    service.text("help", NOW + HOUR)

    assert [text.body for text in service.tick(NOW + HOUR)] == [service.voice().help()]


def test_a_text_that_answers_nothing_is_told_so_once_a_day(service: Texting) -> None:
    service.patient(by_text=False)

    said = [service.text("It was a bad night", NOW + hours * HOUR) for hours in (0, 1, 12)]
    today = list(service.queued)
    service.text("Another one", NOW + DAY)

    assert said == [Understood.NOTHING_OPEN] * 3
    assert today == [(TextKind.SUPPORT, service.voice().nobody_reads())]
    assert len(service.queued) == 2
    assert all(text in today[0][1] for text in ("nobody reads", "999", "116 123", service.team.phone))


def test_help_at_night_does_not_wait_for_the_morning(service: Texting) -> None:
    service.patient(by_text=False)
    night = NOW.replace(hour=3)

    service.text("I cannot sleep", night)

    assert [text.body for text in service.tick(night)] == [service.voice().nobody_reads()]


def test_two_machines_that_answer_each_other_come_to_an_end(service: Texting) -> None:
    care = service.patient(by_text=False)

    for seconds in range(0, 600, 10):
        service.text("HELP", NOW + timedelta(seconds=seconds))
    assert len(service.queued) == texting.ANSWERS_AN_HOUR

    assert service.text("STOP", NOW + 11 * MINUTE) is Understood.STOP
    assert service.agrees(care) is False, "a patient who wants to stop is obeyed, if not answered"
    service.text("HELP", NOW + 2 * HOUR)
    assert len(service.queued) == texting.ANSWERS_AN_HOUR + 1


def test_a_stranger_gets_no_answer(service: Texting) -> None:
    service.patient(by_text=False)

    assert service.text("STOP", number="+447700900555") is Understood.UNKNOWN_NUMBER
    assert service.text("help", number="+447700900555") is Understood.UNKNOWN_NUMBER

    assert service.queued == []
    assert service.flags == []


def test_on_a_shared_number_an_answer_is_of_whoever_was_asked_last(service: Texting) -> None:
    service.patient(by_text=False, shared=True)
    asked = service.patient(shared=True)
    check_in = service.asked(asked)
    with unit_of_work(service.sessions) as session:
        session.add(prompt(asked, check_in))
    service.tick()

    assert service.text("1", NOW + MINUTE) is Understood.BEGIN

    assert [dialogue.patient_id for dialogue in service.all(TextDialogue)] == [asked.patient.id]


# ---- what was left, and what went wrong ----


def test_what_was_stored_and_left_is_understood_by_the_next_tick(service: Texting) -> None:
    care = service.patient(by_text=False)
    service.keep("STOP")
    broken = service.keep("STOP")
    with unit_of_work(service.sessions) as session:
        session.execute(sa.update(InboundText).where(InboundText.id == broken).values(_body=b"not sealed"))
    last = service.keep("help")

    report = tick(make_courier(service.settings, service.sessions, lambda: NOW, service.gateway))

    assert report.received == 2
    understood = {row.id: row.understood_as for row in service.all(InboundText)}
    assert understood[broken] is None
    assert understood[last] is Understood.HELP
    assert service.agrees(care) is False
    assert len(service.gateway.sent) == 2


def test_whoever_texts_us_has_a_number_that_works(service: Texting) -> None:
    care = service.patient(by_text=False)
    with unit_of_work(service.sessions) as session:
        session.get_one(Patient, care.patient.id).number_failed_at = NOW - DAY

    service.text("Hello")

    assert [patient.number_failed_at for patient in service.all(Patient)] == [None]
