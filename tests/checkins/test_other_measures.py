"""Rulers, gates and answers that differ from item to item, on the page, by text and through staff."""

import re

import pytest
import sqlalchemy as sa
from werkzeug.datastructures import MultiDict

from monitor.checkins.forms import CheckInForm, questions
from monitor.checkins.models import Answer, Score, Submission
from monitor.checkins.planning import asking_text
from monitor.config import Settings
from monitor.db import Sessions
from monitor.flags.models import Flag
from monitor.i18n import LANGUAGES
from monitor.measures import catalogue
from monitor.messaging.models import Understood
from monitor.messaging.texts import TextKind
from monitor.people.models import Channel, ContactPreference, Patient
from tests.checkins.desk import Desk
from tests.phones import Phone, an_open_check_in, form_of
from tests.text_phone import a_text_phone

DRAFTS = frozenset(f"{code}:{tag}" for code in ("readiness", "social_needs", "gad7") for tag in LANGUAGES)
ALL_ENGLISH = ("phq9", "gad7", "who5", "phq15", "pcptsd5", "auditc", "readiness", "social_needs")
BEHIND_THE_GATE = [f"pcptsd5_{item}" for item in range(2, 7)]


@pytest.fixture
def with_drafts(settings: Settings) -> Settings:
    """A service that has switched every draft on."""
    return settings.model_copy(update={"provisional_instruments": DRAFTS})


def rows(sessions: Sessions, model: type[Answer] | type[Score]) -> dict[tuple[str, int] | str, int | None]:
    """Answers by item, or totals by measure."""
    with sessions() as session:
        if model is Score:
            return {row.instrument: row.total for row in session.scalars(sa.select(Score))}
        return {(row.instrument, row.item): row.value for row in session.scalars(sa.select(Answer))}


# ---- on the page ----


def test_every_measure_is_asked_answered_and_scored_in_one_check_in(
    sqlite_sessions: Sessions, with_drafts: Settings
) -> None:
    asked = an_open_check_in(sqlite_sessions, asked={"instruments": ALL_ENGLISH})
    phone = Phone(sqlite_sessions, with_drafts)

    given = {
        "readiness_1": "10",
        "readiness_2": "4",
        "phq15_4": "3",
        "phq15_1": "2",
        "pcptsd5_1": "1",
        "pcptsd5_3": "1",
    }
    page = phone.post(asked.path, phone.fill_in(asked.path, **given, who5_1="5", auditc_2="4", social_needs_2="1"))

    assert page.status_code == 200
    assert rows(sqlite_sessions, Score) == {
        **{"phq9": 0, "gad7": 0, "who5": 20, "phq15": 2, "pcptsd5": 1, "auditc": 4},
        **{"readiness": None, "social_needs": None},
    }
    kept = rows(sqlite_sessions, Answer)
    assert (kept["readiness", 1], kept["readiness", 2], kept["social_needs", 2], kept["phq15", 4]) == (10, 4, 1, 3)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_ruler_has_its_eleven_numbers_and_two_words_in_every_language(
    sqlite_sessions: Sessions, with_drafts: Settings, language: str
) -> None:
    asked = an_open_check_in(sqlite_sessions, language=language, asked={"instruments": ("readiness", "social_needs")})
    page = Phone(sqlite_sessions, with_drafts).get(asked.path)
    wording = catalogue.load("readiness", language)

    assert form_of(page.text).radios["readiness_1"] == [*map(str, range(11)), ""]
    assert form_of(page.text).radios["social_needs_4"] == ["0", "1", ""]
    for item in (1, 2):
        lowest, *between, highest = wording.options_of(item)
        assert f"0 = {lowest.label} · 10 = {highest.label}" in page.text
        assert [option.label for option in between] == [str(value) for value in range(1, 10)]
    assert f'lang="{LANGUAGES[language].html}" dir="{LANGUAGES[language].direction}"' in page.text


def test_a_ruler_is_drawn_only_where_there_is_one(sqlite_sessions: Sessions, with_drafts: Settings) -> None:
    phone = Phone(sqlite_sessions, with_drafts)
    ruler, none = (an_open_check_in(sqlite_sessions, asked={"instruments": (code,)}) for code in ("readiness", "who5"))

    assert ".ruler{" in phone.get(ruler.path).text
    assert "ruler" not in phone.get(none.path).text


def test_each_item_has_its_own_answers_and_the_who5_runs_from_its_best_one_down(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    asked = an_open_check_in(sqlite_sessions, asked={"instruments": ("auditc", "who5")})
    page = Phone(sqlite_sessions, settings).get(asked.path).text

    assert re.findall(r'name="auditc_2" value="4">([^<]*)<', page) == ["10 or more"]
    assert re.findall(r'name="auditc_3" value="4">([^<]*)<', page) == ["Daily or almost daily"]
    assert form_of(page).radios["who5_1"] == ["5", "4", "3", "2", "1", "0", ""]
    assert "8 short questions. They take about 1 min." in page, "nothing is said of 2 weeks, for one asks about a year"


def test_the_usual_form_says_what_it_always_said(sqlite_sessions: Sessions, settings: Settings) -> None:
    page = Phone(sqlite_sessions, settings).get(an_open_check_in(sqlite_sessions).path).text

    assert "17 short questions about the last 2 weeks. It takes about 2 minutes." in page


@pytest.mark.parametrize(("gate", "asked"), [("0", 0), ("", 0), ("1", 5), (None, 6)])
def test_what_hangs_on_a_gate_may_stay_open_once_it_is_closed(gate: str | None, asked: int) -> None:
    form = CheckInForm.parse(
        questions([catalogue.load("pcptsd5", "en")]), MultiDict({} if gate is None else {"pcptsd5_1": gate})
    )

    assert len(form.open) == asked
    assert form.is_complete is (asked == 0)


def test_without_script_a_closed_gate_sends_the_form(sqlite_sessions: Sessions, settings: Settings) -> None:
    asked = an_open_check_in(sqlite_sessions, asked={"instruments": ("pcptsd5",)})
    phone = Phone(sqlite_sessions, settings)
    page = phone.get(asked.path).text

    assert 'data-skip="5">No<' in page
    assert 'data-skip="5">Yes<' not in page
    assert page.count("Sometimes things happen to people") == 1
    sent = phone.fill_in(asked.path)
    assert (
        phone.post(asked.path, {name: each for name, each in sent.items() if name not in BEHIND_THE_GATE}).status_code
        == 200
    )
    assert rows(sqlite_sessions, Answer) == {("pcptsd5", 1): 0}
    assert rows(sqlite_sessions, Score) == {"pcptsd5": 0}


def test_an_open_gate_asks_for_what_hangs_on_it(sqlite_sessions: Sessions, settings: Settings) -> None:
    asked = an_open_check_in(sqlite_sessions, asked={"instruments": ("pcptsd5",)})
    phone = Phone(sqlite_sessions, settings)
    sent = {
        name: each for name, each in phone.fill_in(asked.path, pcptsd5_1="1").items() if name not in BEHIND_THE_GATE
    }

    page = phone.post(asked.path, sent)

    assert page.status_code == 422
    assert "5 questions are still open" in page.text


def test_any_item_may_be_declined_and_then_there_is_no_total(sqlite_sessions: Sessions, with_drafts: Settings) -> None:
    asked = an_open_check_in(sqlite_sessions, asked={"instruments": ALL_ENGLISH})
    phone = Phone(sqlite_sessions, with_drafts)
    sent = phone.fill_in(asked.path)

    page = phone.post(asked.path, {name: "" if "_" in name else each for name, each in sent.items()})

    assert page.status_code == 200
    assert set(rows(sqlite_sessions, Score).values()) == {None}


# ---- the PHQ-8 in place of the PHQ-9 ----


def test_the_phq8_asks_no_item_9_and_raises_no_safety_flag(sqlite_sessions: Sessions, settings: Settings) -> None:
    asked = an_open_check_in(sqlite_sessions, asked={"instruments": ("phq8", "gad7")})
    phone = Phone(sqlite_sessions, settings)
    page = phone.get(asked.path).text

    assert "better off dead" not in page
    assert "We ask everyone this" not in page
    heavy = dict.fromkeys(form_of(page).radios, "3")
    assert phone.post(asked.path, form_of(page).sent | heavy).status_code == 200
    assert rows(sqlite_sessions, Score) == {"phq8": 24, "gad7": 21}
    with sqlite_sessions() as session:
        assert session.scalars(sa.select(Flag)).all() == []


# ---- by text ----


def test_by_text_a_ruler_takes_ten_and_its_keys_have_two_digits(
    sqlite_sessions: Sessions, with_drafts: Settings
) -> None:
    phone = a_text_phone(sqlite_sessions, with_drafts, instruments=("readiness", "phq2"))

    first = phone.ask("1")
    assert first.endswith("0 Not important at all ... 10 Extremely important\n77 Rather not say\n88 Repeat\n99 Back")
    second = phone.ask("10")
    assert second.endswith("0 Not sure at all ... 10 Completely sure")
    wrong = phone.ask("11")
    assert wrong.startswith("Please reply with one number from 0 to 10. To read the question again, reply 88.")
    third = phone.ask("8")
    assert third.startswith("3/4 Over the last 2 weeks"), "8 was an answer here"
    assert phone.ask("9").startswith("2/4 "), "and 9 goes back from a question of 0 to 3"
    assert phone.ask("repeat").endswith("99 Back"), "the word does what 88 does"
    assert phone.ask("77").startswith("3/4 ")
    phone.answer("00")
    assert rows(sqlite_sessions, Score) == {"readiness": None, "phq2": 0}


@pytest.mark.parametrize(("gate", "questions_asked"), [("0", 1), ("7", 1), ("1", 6)])
def test_by_text_a_closed_gate_passes_over_what_hangs_on_it(
    sqlite_sessions: Sessions, settings: Settings, gate: str, questions_asked: int
) -> None:
    phone = a_text_phone(sqlite_sessions, settings, instruments=("pcptsd5", "auditc"))
    first = phone.ask("1")
    assert "Sometimes things happen to people" in first
    assert first.count("Have you ever experienced this kind of event?") == 1

    following = phone.ask(gate)

    if questions_asked == 1:
        assert following.startswith("7/9 How often do you have a drink")
        assert "4 4 or more times a week" in following
        assert phone.ask("9").endswith("Have you ever experienced this kind of event?\n0 No\n1 Yes")
        assert phone.ask("1").startswith("2/9 In the past month, have you"), "gone back, the gate can be opened"
    else:
        assert following.startswith("2/9 In the past month, have you")


def test_by_text_a_check_in_with_a_closed_gate_ends_and_is_scored(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    phone = a_text_phone(sqlite_sessions, settings, instruments=("pcptsd5", "auditc"))
    phone.answer("10" + "432")

    assert rows(sqlite_sessions, Score) == {"pcptsd5": 0, "auditc": 9}
    with sqlite_sessions() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Submission)) == 1


def test_fear_at_home_is_never_asked_by_text(sqlite_sessions: Sessions, with_drafts: Settings) -> None:
    phone = a_text_phone(sqlite_sessions, with_drafts, instruments=("phq2", "social_needs"))
    first = phone.ask("1")
    phone.answer("00")

    assert first.split("\n")[1].startswith("1/2 ")
    assert rows(sqlite_sessions, Score) == {"phq2": 0}


def test_a_check_in_with_nothing_for_a_text_comes_as_a_link(sqlite_sessions: Sessions, with_drafts: Settings) -> None:
    patient, wishes = Patient(language="en"), ContactPreference(channel=Channel.TEXT, by_text=True)

    assert asking_text(patient, ["phq9"], wishes) is TextKind.BY_TEXT
    assert asking_text(patient, ["social_needs"], wishes) is TextKind.REMINDER
    phone = a_text_phone(sqlite_sessions, with_drafts, instruments=("social_needs",))
    assert phone.send("1") is Understood.NOTHING_OPEN


# ---- through staff ----


def test_staff_read_rulers_gates_and_per_item_answers_aloud_too(
    sqlite_sessions: Sessions, with_drafts: Settings
) -> None:
    desk = Desk(sqlite_sessions, with_drafts)
    desk.check_in(instruments=("pcptsd5", "auditc", "readiness"))
    fields = desk.fill_in(readiness_1="10")

    page = desk.send({name: each for name, each in fields.items() if name not in BEHIND_THE_GATE})

    assert page.status_code == 303
    assert rows(sqlite_sessions, Score) == {"pcptsd5": 0, "auditc": 0, "readiness": None}
