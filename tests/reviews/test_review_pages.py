"""What a clinician sees of a review, and what the page does with what they send."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from monitor.access import Viewer
from monitor.care.kinds import ReviewKind, Step
from monitor.care.models import Episode
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.people.models import Role
from monitor.reviews.listing import Filter, listing
from tests.builders import NOW, a_patient, a_staff_member, a_team
from tests.reviews.ward import DAY, WEEK, WHY, Ward
from tests.staff_browser import Browser, StaffApp, words

MAREN, DANIEL = "maren@example.org", "daniel@example.org"
FORM = {
    "decision": "continue",
    "words": WHY,
    "next_review": "2026-12-08",
    "preference": "as_proposed",
    "deviation": "",
    "understood": "yes",
}


@pytest.fixture
def ward(sqlite_sessions: Sessions, settings: Settings) -> Ward:
    ward = Ward(sqlite_sessions, settings)
    ward.answers(17, 12, at=NOW - 3 * WEEK)
    ward.answers(18, 12, at=NOW - DAY)
    return ward


@pytest.fixture
def app(ward: Ward, settings: Settings) -> StaffApp:
    return StaffApp(settings, ward.sessions)


def address(ward: Ward) -> str:
    return f"/patients/{ward.care.patient.id}/review"


def read_to(page: TestResponse) -> str:
    found = re.search(r'name="read_to" value="([^"]*)"', page.text)
    assert found, page.text
    return found[1]


def send(browser: Browser, ward: Ward, **changed: Any) -> TestResponse:
    """Open the page and send its form, with some fields changed; None leaves one out."""
    fields = {"read_to": read_to(browser.get(address(ward))), **FORM, **changed}
    return browser.post(address(ward), **{name: value for name, value in fields.items() if value is not None})


def test_the_page_shows_all_five_indicators_the_criteria_and_the_proposal(app: StaffApp, ward: Ward) -> None:
    said = app.browser(MAREN).text(address(ward))
    for indicator in ("Trend", "Functioning", "Engagement", "Safety", "Unmet needs", "Their preference"):
        assert indicator in said
    assert "PHQ-9 17 at the start, 18 now: no reliable change, at or above caseness." in said
    assert "Severe scores at low intensity. PHQ-9 is 18; 16 or more counts." in said
    assert "NICE NG222" in said
    assert "The criteria propose Step up to: Middle step, 4 to 8 weeks" in said
    assert "Not known: neither met nor not met" in said
    assert "WSAS has not been asked." in said


def test_the_list_puts_the_overdue_first_and_counts_what_comes(app: StaffApp, ward: Ward) -> None:
    ward.review_is(NOW - 2 * DAY)
    said = app.browser(MAREN).text("/reviews")
    assert "Overdue 1" in said


def test_a_decision_as_proposed_goes_back_to_the_record(app: StaffApp, ward: Ward) -> None:
    browser = app.browser(MAREN)
    page = send(browser, ward, decision="step_up:middle", next_review="")
    assert (page.status_code, page.location) == (303, f"/patients/{ward.care.patient.id}")
    assert "Decided." in browser.text(page.location)
    assert ward.steps[-1].step is Step.MIDDLE
    assert "Step up to: Middle step" in browser.text(address(ward))  # among the reviews held


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"decision": None}, "Choose what is decided."),
        ({"decision": "wait"}, "Choose what is decided."),
        ({"decision": "step_up:roof"}, "The pathway has no such step in that direction."),
        ({"decision": "step_up"}, "The pathway has no such step in that direction."),
        ({"decision": "step_up:one"}, "The pathway has no such step in that direction."),
        ({}, "Choose why you depart from what the criteria propose."),
        ({"deviation": "mood"}, "Choose one."),
        ({"deviation": "safety", "words": "ok"}, "Write at least a sentence"),
        ({"deviation": "safety", "next_review": ""}, "Choose the date of the next review. It is never left open."),
        ({"deviation": "safety", "next_review": None}, "Choose the date of the next review. It is never left open."),
        ({"deviation": "safety", "next_review": "soon"}, "Write a date as year, month, day"),
        ({"deviation": "safety", "next_review": "2026-11-24"}, "Choose a date after today."),
        ({"deviation": "safety", "next_review": "2026-12-16"}, "2026-12-15 at the latest"),
        ({"decision": "discharge", "deviation": "safety"}, "Choose why care ends."),
        ({"decision": "discharge:died", "deviation": "safety"}, "Choose why care ends."),
        ({"preference": "none"}, "Choose one."),
        ({"deviation": "safety", "words": "x " * 1500}, "At most 2000 characters"),
    ],
)
def test_what_is_owed_is_said_beside_its_field_and_nothing_is_decided(
    app: StaffApp, ward: Ward, changed: dict[str, str], said: str
) -> None:
    page = send(app.browser(MAREN), ward, **changed)
    assert page.status_code == 422
    assert said in words(page)
    assert ward.reviews() == []


def test_what_was_typed_is_kept(app: StaffApp, ward: Ward) -> None:
    page = send(app.browser(MAREN), ward, words="He waits for <b>spring</b>.", next_review="2026-12-01")
    assert page.status_code == 422
    assert "He waits for &lt;b&gt;spring&lt;/b&gt;.</textarea>" in page.text
    assert 'value="2026-12-01"' in page.text
    assert 'value="continue" required checked' in page.text
    assert re.search(r'name="understood" value="yes" checked', page.text)


def test_whoever_comes_second_learns_who_decided_what_and_when(app: StaffApp, ward: Ward) -> None:
    maren, daniel = app.browser(MAREN), app.browser(DANIEL)
    read = read_to(daniel.get(address(ward)))
    assert send(maren, ward, deviation="preference", words="He asked to wait.").status_code == 303
    page = send(daniel, ward, read_to=read, words="Step up, as proposed.", decision="step_up:middle", next_review="")
    assert page.status_code == 409
    said = words(page)
    assert "Not saved: somebody has decided meanwhile. Maren Okafor, today 10:00: Go on as it is." in said
    assert "He asked to wait." in said
    assert "Step up, as proposed.</textarea>" in page.text
    assert len(ward.reviews()) == 1


def test_answers_since_the_page_was_opened_are_shown_before_anything_is_decided(app: StaffApp, ward: Ward) -> None:
    browser = app.browser(MAREN)
    read = read_to(browser.get(address(ward)))
    ward.answers(25, 20, item9=3, at=NOW)
    app.wait(minutes=5)
    page = send(browser, ward, read_to=read, deviation="safety")
    assert page.status_code == 409
    said = words(page)
    assert "Not saved: something is new since you opened this page. They have answered: today 10:00." in said
    assert "Item 9 answered 3" in said
    assert send(browser, ward, read_to=read_to(page), deviation="safety").status_code == 303


def test_a_form_without_what_was_read_decides_nothing(app: StaffApp, ward: Ward) -> None:
    for forged in (None, "", "~~~~~"):
        assert send(app.browser(MAREN), ward, read_to=forged, deviation="safety").status_code == 409
        app.wait(minutes=1)
    assert ward.reviews() == []


def test_after_the_end_of_care_the_page_is_what_was_decided(app: StaffApp, ward: Ward) -> None:
    browser = app.browser(MAREN)
    page = send(browser, ward, decision="discharge:moved", deviation="other_care", next_review="")
    assert page.status_code == 303
    said = browser.text(address(ward))
    assert "Care has ended" in said
    assert "Record the decision" not in said


def test_another_teams_patient_is_not_there(app: StaffApp, ward: Ward) -> None:
    with unit_of_work(ward.sessions) as session:
        a_staff_member(session, a_team(session, "South team"), "south@example.org")
    browser = app.browser("south@example.org")
    assert browser.get(address(ward)).status_code == 404
    assert browser.post(address(ward), **FORM).status_code == 404
    assert "Noor" not in browser.text("/reviews")


def test_a_manager_sees_the_list_and_decides_nothing(app: StaffApp, ward: Ward) -> None:
    with unit_of_work(ward.sessions) as session:
        team = ward.care.team
        a_staff_member(session, team, "boss@example.org", name="Ana Lima", role=Role.MANAGER)
    ward.review_is(NOW - DAY)
    browser = app.browser("boss@example.org")
    assert "Noor" in browser.text("/reviews")
    assert address(ward) not in browser.get("/reviews").text
    assert browser.get(address(ward)).status_code == 404
    assert browser.post(address(ward), **FORM).status_code == 404


def test_looking_changes_nothing_and_is_written_down(app: StaffApp, ward: Ward) -> None:
    browser, before = app.browser(MAREN), app.rows()
    browser.text(address(ward))
    browser.text("/reviews")
    assert app.rows() == before
    assert len(app.audit("viewed patient")) == 1
    assert len(app.audit("viewed reviews")) == 1


# ---- the list ----


@pytest.fixture
def full(ward: Ward) -> Ward:
    """Reviews in each lane, of both clinicians."""
    ward.review_is(NOW - 2 * DAY)
    with unit_of_work(ward.sessions) as session:
        for number, (name, step, days) in enumerate(
            (("Ines", Step.ONE, -5), ("Bo", Step.THREE, 3), ("Ada", Step.TWO, 7), ("Lea", Step.TWO, 8))
        ):
            owner = ward.other if name == "Bo" else ward.clinician
            care = a_patient(session, ward.care.team, owner, name=name, number=f"+44770090010{number}", step=step)
            care.episode.next_review_at = NOW + days * DAY
    return ward


def names(said: str) -> list[str]:
    return sorted((name for name in ("Noor", "Ines", "Bo", "Ada", "Lea") if f" {name} " in said), key=said.index)


def test_the_longest_overdue_comes_first_then_this_week(app: StaffApp, full: Ward) -> None:
    said = app.browser(MAREN).text("/reviews")
    assert names(said) == ["Ines", "Noor", "Bo", "Ada"]
    assert "Everybody 4 , 2 overdue" in said
    assert "Maren Okafor 3 , 2 overdue" in said
    assert "Step 1 · 1 , 1 overdue Step 2 · 2 , 1 overdue Step 3 · 1" in said
    assert "Overdue 2 Due this week 2 Later 1 next on Wednesday 2 December" in said
    assert "3 days left" in said


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({"owner": "mine"}, ["Ines", "Noor", "Ada"]),
        ({"step": "two"}, ["Noor", "Ada"]),
        ({"owner": "mine", "step": "one"}, ["Ines"]),
        ({"owner": "nobody", "step": "nine"}, ["Ines", "Noor", "Bo", "Ada"]),
    ],
)
def test_filters_stand_in_the_address(app: StaffApp, full: Ward, query: dict[str, str], shown: list[str]) -> None:
    assert names(app.browser(MAREN).text("/reviews", **query)) == shown


def test_everybody_counts_whoever_is_chosen_at_the_chosen_step(app: StaffApp, full: Ward) -> None:
    said = app.browser(MAREN).text("/reviews", owner=str(full.other.id), step="two")
    assert "Everybody 2 , 1 overdue" in said


def test_an_empty_list_says_when_the_next_one_is(app: StaffApp, full: Ward) -> None:
    said = app.browser(MAREN).text("/reviews", owner=str(full.other.id), step="two")
    assert "No review is overdue or due this week. There is no open episode here." in said
    full.review_is(NOW + 30 * DAY, ReviewKind.ROUTINE)
    with unit_of_work(full.sessions) as session:
        session.execute(sa.update(Episode).values(next_review_at=NOW + 30 * DAY))
    said = app.browser(DANIEL).text("/reviews")
    assert "The next one is on Thursday 24 December. An empty list does not say that anybody is well." in said


def test_a_breach_stays_on_the_list_until_it_is_decided(app: StaffApp, ward: Ward) -> None:
    ward.review_is(NOW - DAY)
    browser = app.browser(MAREN)
    assert names(browser.text("/reviews")) == ["Noor"]
    assert send(browser, ward, deviation="preference").status_code == 303
    assert names(browser.text("/reviews")) == []


@contextmanager
def statements(sessions: Sessions) -> Iterator[list[str]]:
    """Every statement that is sent to the database."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    engine = sessions.kw["bind"]
    sa.event.listen(engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(engine, "before_cursor_execute", note)


def test_the_list_takes_as_many_statements_for_twenty_as_for_two(ward: Ward) -> None:
    who = a_viewer(ward)
    with unit_of_work(ward.sessions) as session, statements(ward.sessions) as few:
        listing(session, who, Filter(), NOW + 100 * DAY)
    with unit_of_work(ward.sessions) as session:
        for number in range(20):
            care = a_patient(session, ward.care.team, ward.clinician, number=f"+4477009003{number:02}")
            care.episode.next_review_at = NOW - DAY
    with unit_of_work(ward.sessions) as session, statements(ward.sessions) as many:
        assert len(listing(session, who, Filter(), NOW + 100 * DAY).breached) == 21
    assert len(many) == len(few) <= 6


def a_viewer(ward: Ward) -> Viewer:
    return Viewer(ward.clinician.id, ward.clinician.id, Role.CLINICIAN, (ward.care.team.id,), "en", "Maren", "")
