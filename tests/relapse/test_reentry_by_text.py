"""Coming back by one word, and the word for one's own plan: in every language, from any phone, once."""

from datetime import timedelta

import pytest

from monitor.care.kinds import Step
from monitor.care.models import Episode, StepAssignment
from monitor.checkins.models import TextDialogue
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag
from monitor.i18n import LANGUAGES, format_moment
from monitor.messaging import keywords
from monitor.messaging.keywords import Keyword
from monitor.messaging.models import Understood
from monitor.messaging.texts import TextKind
from monitor.people.models import SafetyCover
from monitor.relapse.kinds import How
from monitor.relapse.models import Reentry
from monitor.relapse.reentry import come_back
from tests.builders import NOW, InCare
from tests.integrity.test_same_form_many_times import at_once
from tests.plans import CONTENT, SIGNS, an_agreed_plan, stepped_down
from tests.relapse.test_reentry import FIVE_WORKING_DAYS
from tests.texting import DAY, HOUR, MINUTE, Texting, prompt


@pytest.fixture
def service(sessions: Sessions, settings: Settings) -> Texting:
    """A service on either database."""
    return Texting(sessions, settings)


@pytest.fixture
def embedded(sqlite_sessions: Sessions, settings: Settings) -> Texting:
    """A service on SQLite, for what does not depend on the database."""
    return Texting(sqlite_sessions, settings)


def stepped(service: Texting, care: InCare) -> InCare:
    """Let somebody step down with a plan that leads back to step two within five working days."""
    with unit_of_work(service.sessions) as session:
        episode = session.get_one(Episode, care.episode.id)
        there = InCare(episode.patient, episode, care.plan, episode.care_team, care.clinician)
        stepped_down(session, there, an_agreed_plan(session, there))
    return care


def step_of(service: Texting, care: InCare) -> Step:
    with service.sessions() as session:
        return session.get_one(Episode, care.episode.id).step


def words_for(keyword: Keyword) -> list[tuple[str, str]]:
    return [(language, word) for language in LANGUAGES for word in keywords.words_of(language, keyword)]


# ---- coming back ----


def test_one_word_takes_somebody_back_and_they_read_by_when_somebody_calls(service: Texting) -> None:
    care = stepped(service, service.patient(by_text=False))

    assert service.text("Return") is Understood.COMING_BACK

    assert step_of(service, care) is Step.TWO
    [row] = service.all(Reentry)
    assert (row.how, row.staff_member_id, row.due_at) == (How.TEXT, None, FIVE_WORKING_DAYS)
    assert service.flags == [FlagKind.RE_ENTRY]
    [(kind, body)] = service.queued
    assert kind is TextKind.SUPPORT
    assert "Somebody calls you by Tuesday 1 December, 17:00." in body
    assert all(text in body for text in (service.team.phone, "999", "116 123"))
    assert [text.body for text in service.tick()] == [body]


@pytest.mark.parametrize(("language", "word"), words_for(Keyword.COME_BACK))
def test_every_word_of_every_language_is_obeyed_and_answered_in_it(embedded: Texting, language: str, word: str) -> None:
    care = stepped(embedded, embedded.patient(language=language, by_text=False))

    assert embedded.text(f" {word.upper()}! ") is Understood.COMING_BACK

    assert step_of(embedded, care) is Step.TWO
    by = format_moment(FIVE_WORKING_DAYS, language, "Europe/London", "GB")
    assert embedded.queued == [(TextKind.SUPPORT, embedded.voice(language).called(by))]


def test_the_reply_says_nothing_of_health_of_steps_or_of_the_plan(embedded: Texting) -> None:
    stepped(embedded, embedded.patient(by_text=False))

    embedded.text("RETURN")

    [(_, body)] = embedded.queued
    written = [sign.words for sign in SIGNS] + [CONTENT.helped, CONTENT.first_sign, CONTENT.lapse, CONTENT.relapse]
    assert not any(words.lower() in body.lower() for words in written)
    assert not any(word in body.lower() for word in ("relapse", "step", "plan", "help you", "therapy", "mental"))


def test_texted_twice_it_is_one_return_with_the_same_promise(service: Texting) -> None:
    stepped(service, service.patient(by_text=False))

    said = [service.text("return"), service.text("come back", NOW + DAY)]

    assert said == [Understood.COMING_BACK] * 2
    assert len(service.all(Reentry)) == len(service.flags) == 1
    first, second = service.queued
    assert first == second


def test_a_text_and_a_tap_at_once_are_one_return(service: Texting) -> None:
    care = stepped(service, service.patient(by_text=False))
    stored = [service.keep("RETURN"), service.keep("RETURN", NOW + timedelta(seconds=1))]

    def tap() -> object:
        with unit_of_work(service.sessions) as session:
            return come_back(session, session.get_one(Episode, care.episode.id), How.PAGE, now=NOW)

    results = at_once([*(lambda kept=kept: service.take(kept) for kept in stored if kept), tap])  # type: ignore[misc]

    assert results[:2] == [Understood.COMING_BACK] * 2
    assert isinstance(results[2], Reentry)
    assert len(service.all(Reentry)) == len(service.flags) == 1
    assert len(service.all(StepAssignment)) == 3


def test_who_has_not_stepped_down_is_told_that_nobody_reads_and_whom_to_call(embedded: Texting) -> None:
    care = embedded.patient(by_text=False)

    assert embedded.text("return") is Understood.NOTHING_OPEN

    assert step_of(embedded, care) is Step.TWO
    assert embedded.queued == [(TextKind.SUPPORT, embedded.voice().nobody_reads())]
    assert embedded.team.phone in embedded.queued[0][1]
    assert embedded.flags == []


def test_the_word_inside_a_sentence_takes_nobody_back(embedded: Texting) -> None:
    care = stepped(embedded, embedded.patient(by_text=False))

    assert embedded.text("I will return the book on Monday") is Understood.NOTHING_OPEN

    assert step_of(embedded, care) is Step.STEPPED_DOWN


def test_in_the_middle_of_a_check_in_by_text_the_word_is_obeyed_and_the_check_in_goes_on(service: Texting) -> None:
    care = stepped(service, service.patient())
    service.begin(care)

    assert service.text("Return", NOW + 4 * MINUTE) is Understood.COMING_BACK
    service.tick(NOW + 5 * MINUTE)
    going_on = service.text("1", NOW + 6 * MINUTE)

    assert step_of(service, care) is Step.TWO
    assert going_on is Understood.ANSWER
    [dialogue] = service.all(TextDialogue)
    assert dialogue.ended_at is None


def test_in_a_check_in_by_text_the_words_for_the_question_before_take_nobody_back(embedded: Texting) -> None:
    care = stepped(embedded, embedded.patient())
    embedded.begin(care)

    assert embedded.text("back", NOW + 4 * MINUTE) is Understood.BACK

    assert step_of(embedded, care) is Step.STEPPED_DOWN


def test_after_a_stop_the_word_is_obeyed_and_no_text_follows(service: Texting) -> None:
    care = stepped(service, service.patient(by_text=False))
    service.text("STOP")
    service.tick()

    assert service.text("return", NOW + HOUR) is Understood.COMING_BACK

    assert step_of(service, care) is Step.TWO
    assert FlagKind.RE_ENTRY in service.flags
    assert service.tick(NOW + HOUR) == []
    assert service.agrees(care) is False


def test_where_nobody_is_named_to_read_no_day_is_promised(embedded: Texting) -> None:
    stepped(embedded, embedded.patient(by_text=False))
    with unit_of_work(embedded.sessions) as session:
        for cover in session.query(SafetyCover):
            session.delete(cover)

    embedded.text("return")

    assert embedded.queued == [(TextKind.SUPPORT, embedded.voice().called(None))]
    assert len(embedded.all(Reentry)) == 1


def test_a_promise_that_has_passed_is_not_made_again(embedded: Texting) -> None:
    stepped(embedded, embedded.patient(by_text=False))
    embedded.text("return")

    embedded.text("return", FIVE_WORKING_DAYS + HOUR)

    assert embedded.queued[-1] == (TextKind.SUPPORT, embedded.voice().called(None))


# ---- two on one number ----


def test_on_a_shared_number_it_is_whoever_has_stepped_down(service: Texting) -> None:
    other = service.patient(by_text=False, shared=True)
    care = stepped(service, service.patient(by_text=False, shared=True, language="es"))

    assert service.text("return") is Understood.COMING_BACK

    assert (step_of(service, care), step_of(service, other)) == (Step.TWO, Step.TWO)
    assert [row.episode_id for row in service.all(Reentry)] == [care.episode.id]
    by = format_moment(FIVE_WORKING_DAYS, "es", "Europe/London", "GB")
    assert [body for _, body in service.queued] == [service.voice("es").called(by)]


def test_of_two_who_have_stepped_down_it_is_whoever_was_asked_last(service: Texting) -> None:
    one = stepped(service, service.patient(shared=True))
    asked = stepped(service, service.patient(shared=True))
    check_in = service.asked(asked)
    with unit_of_work(service.sessions) as session:
        session.add(prompt(asked, check_in))
    service.tick()

    assert service.text("return", NOW + MINUTE) is Understood.COMING_BACK

    assert (step_of(service, one), step_of(service, asked)) == (Step.STEPPED_DOWN, Step.TWO)


def test_where_nothing_says_which_of_two_it_was_nobodys_step_changes_and_both_are_called(service: Texting) -> None:
    both = [stepped(service, service.patient(by_text=False, shared=True)) for _ in range(2)]

    assert service.text("return") is Understood.COMING_BACK

    assert [step_of(service, care) for care in both] == [Step.STEPPED_DOWN] * 2
    flags = {flag.episode_id: flag for flag in service.all(Flag)}
    assert {flag.kind for flag in flags.values()} == {FlagKind.CALL_REQUESTED}
    assert set(flags) == {care.episode.id for care in both}
    [(_, body)] = service.queued
    assert "Somebody calls you by Wednesday 25 November, 11:00." in body


# ---- the plan ----


@pytest.mark.parametrize(("language", "word"), words_for(Keyword.PLAN))
def test_the_word_for_the_plan_is_answered_with_where_it_is(embedded: Texting, language: str, word: str) -> None:
    stepped(embedded, embedded.patient(language=language, by_text=False))

    assert embedded.text(word.capitalize()) is Understood.PLAN

    page = f"{embedded.settings.base_url}/plan"
    assert embedded.queued == [(TextKind.REPLY, embedded.voice(language).page(page))]
    assert embedded.queued[0][1].splitlines()[-1] == page


def test_the_address_of_the_plan_holds_nothing_of_it_and_names_nobody(embedded: Texting) -> None:
    stepped(embedded, embedded.patient(by_text=False))

    embedded.text("plan")

    [(_, body)] = embedded.queued
    assert body == (
        "Riverside: the page that you asked for. It opens on your own phone, with your PIN.\nhttp://127.0.0.1:8000/plan"
    )


def test_after_a_stop_no_text_answers_the_word_for_the_plan(embedded: Texting) -> None:
    stepped(embedded, embedded.patient(by_text=False))
    embedded.text("STOP")
    embedded.tick()

    assert embedded.text("plan", NOW + HOUR) is Understood.PLAN

    assert embedded.tick(NOW + HOUR) == []


def test_the_word_for_the_plan_ends_no_check_in_by_text(embedded: Texting) -> None:
    care = stepped(embedded, embedded.patient())
    embedded.begin(care)

    assert embedded.text("plan", NOW + 4 * MINUTE) is Understood.PLAN

    assert [dialogue.ended_at for dialogue in embedded.all(TextDialogue)] == [None]
