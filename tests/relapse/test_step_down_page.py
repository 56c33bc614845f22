"""What staff see before help becomes less, and what the page does with what they send."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from monitor.care.kinds import Step
from monitor.care.models import Episode
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.people.models import Role
from monitor.relapse.guardrail_rules import State, Why
from monitor.relapse.guardrail_words import FAULTS, GUARDRAILS, MEND, STATES, TONES, WHY
from monitor.relapse.guardrails import ActFault
from monitor.relapse.kinds import Guardrail
from monitor.relapse.models import GuardrailRecord, StepDown
from tests.builders import NOW, a_staff_member, a_team
from tests.plans import stepped_down
from tests.reviews.ward import DAY, WEEK, Ward
from tests.staff_browser import Browser, StaffApp, words

MAREN, SOFIA, INES, MANAGER = "maren@example.org", "sofia@example.org", "ines@example.org", "mo@example.org"
WHY_WELL = "Two months well, back at work."


@pytest.fixture
def ward(sqlite_sessions: Sessions, settings: Settings) -> Ward:
    """Somebody who answered well twice, with residual symptoms."""
    ward = Ward(sqlite_sessions, settings)
    ward.answers(15, 10, at=NOW - 6 * WEEK)
    ward.answers(8, 5, at=NOW - 3 * WEEK)
    ward.answers(7, 4, at=NOW - DAY)
    with unit_of_work(sqlite_sessions) as session:
        a_staff_member(session, ward.care.team, INES, name="Ines Carvalho", role=Role.SUPERVISOR)
        a_staff_member(session, ward.care.team, MANAGER, name="Mo Lang", role=Role.MANAGER)
    return ward


@pytest.fixture
def app(ward: Ward, settings: Settings) -> StaffApp:
    return StaffApp(settings, ward.sessions)


def address(ward: Ward) -> str:
    return f"/patients/{ward.care.patient.id}/step-down"


def act(browser: Browser, ward: Ward, guardrail: str, do: str, **fields: Any) -> TestResponse:
    return browser.post(f"{address(ward)}/{guardrail}", do=do, **fields)


def row(page: TestResponse, guardrail: str) -> str:
    """What one row of the table says."""
    found = re.search(rf'<tr id="{guardrail}">(.*?)</tr>', page.text, re.S)
    assert found, page.text
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split())


def records(ward: Ward) -> list[GuardrailRecord]:
    with ward.sessions() as session:
        return list(session.scalars(sa.select(GuardrailRecord).order_by(GuardrailRecord.at)))


# ---- what it shows ----


def test_all_eleven_stand_there_with_what_is_missing_and_where_it_is_mended(app: StaffApp, ward: Ward) -> None:
    page = app.browser(MAREN).get(address(ward))
    said = words(page)
    assert "Guardrails 2 of 11" in said
    assert "From Step 2, guided self-help to follow-up for 52 weeks." in said
    for guardrail, name in GUARDRAILS.items():
        assert name in row(page, guardrail)
    assert "Nobody has confirmed it on this step." in row(page, "stability")
    assert "Not asked yet." in row(page, "links")
    assert "There is no relapse plan yet. Write the plan" in row(page, "plan")
    assert f'href="/patients/{ward.care.patient.id}/plan"' in page.text
    assert "Not needed: item 9 was never answered above 0" in row(page, "safety_plan")
    assert "Let it go" not in row(page, "safety_plan"), "there is nothing to let go"


def test_stability_is_computed_beside_it_and_the_check_ins_that_follow_have_their_reason(
    app: StaffApp, ward: Ward
) -> None:
    said = app.browser(MAREN).text(address(ward))
    assert "Below caseness on both, and for long enough Met PHQ-9 below 10 at the last 2 check-ins" in said
    assert "Item 9 answered 0 twice Met" in said
    assert "They agree Not known Ask them" in said
    assert "Guardrails complete Not met 2 of 11 stand." in said
    assert "Check-ins every 2 weeks for 13 weeks, then every 4 weeks. The last PHQ-9, 7, is between 5 and 9." in said
    assert "Ali and colleagues, 2017" in said


def test_with_all_of_it_who_and_when_stand_in_each_row(app: StaffApp, ward: Ward) -> None:
    ward.meets_the_guardrails()
    page = app.browser(MAREN).get(address(ward))
    assert "Guardrails 11 of 11" in words(page)
    assert "Met Maren Okafor today 9:55" in row(page, "stability")
    assert "Version 1, 24 November. On their phone." in row(page, "plan")
    assert "3 signs, and what they do at the first." in row(page, "signs")
    assert "within 5 working days." in row(page, "way_back")
    assert "Done on 24 November." in row(page, "primary_care")
    assert "Now: English, by text." in row(page, "language")
    assert "Not asked yet." not in row(page, "links"), "whoever confirmed it asked in their own way"


def test_the_review_says_how_many_stand_and_what_ending_care_owes(app: StaffApp, ward: Ward) -> None:
    browser = app.browser(MAREN)
    said = browser.text(f"/patients/{ward.care.patient.id}/review")
    assert "Guardrails 2 of 11" in said
    assert "End care: completed owes the guardrails" in said
    assert "End care: they want no more help no relapse plan" in said
    ward.meets_the_guardrails()
    said = browser.text(f"/patients/{ward.care.patient.id}/review")
    assert "relapse plan agreed today 9:55" in said


# ---- stepping down ----


def test_too_early_it_names_each_with_a_link(app: StaffApp, ward: Ward) -> None:
    page = app.browser(MAREN).post(address(ward))
    assert page.status_code == 422
    assert "Not yet: 9 guardrails are missing." in words(page)
    for guardrail in set(Guardrail) - {Guardrail.FOLLOW_UP, Guardrail.SAFETY_PLAN}:
        assert f'<a href="#{guardrail}">' in page.text
    assert ward.steps[-1].step is Step.TWO


def test_stepping_down_is_the_next_right_thing_only_once_nothing_is_missing(app: StaffApp, ward: Ward) -> None:
    browser = app.browser(MAREN)
    assert "<button>Step down</button>" in browser.get(address(ward)).text
    ward.meets_the_guardrails()
    assert '<button class="go">Step down</button>' in browser.get(address(ward)).text


def test_complete_it_leads_to_the_review_with_the_step_down_chosen(app: StaffApp, ward: Ward) -> None:
    ward.meets_the_guardrails()
    browser = app.browser(MAREN)
    page = browser.post(address(ward))
    assert page.status_code == 303
    review = browser.get(page.location)
    assert re.search(r'value="step_down:stepped_down"[^>]* checked', review.text)
    read_to = re.search(r'name="read_to" value="([^"]*)"', review.text)
    assert read_to is not None
    fields = {"read_to": read_to[1], "decision": "step_down:stepped_down", "words": WHY_WELL, "preference": "less"}
    done = browser.post(f"/patients/{ward.care.patient.id}/review", **fields, deviation="preference", next_review="")
    assert done.status_code == 303, words(done)
    assert ward.steps[-1].step is Step.STEPPED_DOWN
    assert "Stepped down since 24 November." in browser.text(address(ward))


def test_a_crafted_decision_is_refused_by_the_review_itself(app: StaffApp, ward: Ward) -> None:
    browser = app.browser(MAREN)
    review = f"/patients/{ward.care.patient.id}/review"
    read_to = re.search(r'name="read_to" value="([^"]*)"', browser.get(review).text)
    assert read_to is not None
    fields = {"read_to": read_to[1], "words": WHY_WELL, "preference": "less", "deviation": "preference"}
    for decision in ("step_down:stepped_down", "step_down:one", "discharge:completed"):
        page = browser.post(review, **fields, decision=decision, next_review="", guardrails="met")
        assert page.status_code == 422, decision
        assert "guardrails are missing" in words(page)
        assert words(page).count("Not saved") == 1  # the list below would say the same once more
        assert "Guardrails are missing. They are named at the top, each with a link." in words(page)
        assert f"{address(ward)}{'?to=end' if 'discharge' in decision else ''}#stability" in page.text
        assert WHY_WELL in page.text
    assert ward.reviews() == []
    with ward.sessions() as session:
        assert session.scalars(sa.select(StepDown)).all() == []


# ---- what people do about one ----


def test_a_word_is_taken_and_shown_with_who_and_when(app: StaffApp, ward: Ward) -> None:
    browser = app.browser(MAREN)
    page = act(browser, ward, "links", "confirm", words="Asked about all three: <b>nothing</b> open.")
    assert (page.status_code, page.location) == (303, f"{address(ward)}#links")
    shown = browser.get(address(ward))
    assert "Met Maren Okafor today 10:00" in row(shown, "links")
    assert "&lt;b&gt;nothing&lt;/b&gt;" in shown.text


@pytest.mark.parametrize(
    ("guardrail", "fields", "said"),
    [
        ("stability", {"do": "confirm", "words": "ok"}, FAULTS[ActFault.WORDS]),
        ("stability", {"do": "let_go", "words": ""}, FAULTS[ActFault.WORDS]),
        ("primary_care", {"do": "confirm", "words": WHY_WELL}, FAULTS[ActFault.DATE]),
        ("primary_care", {"do": "confirm", "words": WHY_WELL, "on_date": "2026-11-25"}, FAULTS[ActFault.DATE_AHEAD]),
        ("primary_care", {"do": "confirm", "words": WHY_WELL, "on_date": "soon"}, "Write a date as year, month, day"),
        ("plan", {"do": "confirm", "words": WHY_WELL}, FAULTS[ActFault.READ_FROM_THE_RECORD]),
        ("links", {"do": "take_back"}, FAULTS[ActFault.NOTHING_TO_WITHDRAW]),
        ("links", {"do": "sign", "exception": "mine"}, "Choose what you record."),
        ("links", {"do": "dance", "words": WHY_WELL}, "Choose what you record."),
        ("links", {"do": "confirm", "words": "x " * 1500}, "At most 2000 characters"),
    ],
)
def test_what_is_owed_is_said_and_what_was_typed_stays(
    app: StaffApp, ward: Ward, guardrail: str, fields: dict[str, str], said: str
) -> None:
    page = act(app.browser(MAREN), ward, guardrail, **fields)
    assert page.status_code == 422
    assert said in words(page)
    assert records(ward) == []
    if fields.get("words") == WHY_WELL and guardrail != "plan":
        assert WHY_WELL in page.text


def test_an_exception_waits_for_another_supervisor(app: StaffApp, ward: Ward) -> None:
    sofia, maren = app.browser(SOFIA), app.browser(MAREN)
    act(sofia, ward, "primary_care", "let_go", words="They have no doctor.")
    shown = sofia.get(address(ward))
    assert "Awaits a signature" in row(shown, "primary_care")
    assert "Sign for this" not in row(shown, "primary_care"), "it was their own"
    assert "Sign for this" not in row(maren.get(address(ward)), "primary_care")
    exception = str(records(ward)[0].id)
    app.wait(minutes=1)

    for who in (sofia, maren):
        assert act(who, ward, "primary_care", "sign", exception=exception).status_code == 422
    ines = app.browser(INES)
    assert "Sign for this" in row(ines.get(address(ward)), "primary_care")
    assert act(ines, ward, "primary_care", "sign", exception=exception).status_code == 303
    shown = ines.get(address(ward))
    assert "Let go, signed" in row(shown, "primary_care")
    assert "Signed by Ines Carvalho, today 10:01" in row(shown, "primary_care")


def test_whoever_signs_too_late_is_told_who_was_first(app: StaffApp, ward: Ward) -> None:
    act(app.browser(MAREN), ward, "primary_care", "let_go", words="They have no doctor.")
    exception = str(records(ward)[0].id)
    app.wait(minutes=1)
    assert act(app.browser(SOFIA), ward, "primary_care", "sign", exception=exception).status_code == 303
    app.wait(minutes=1)
    page = act(app.browser(INES), ward, "primary_care", "sign", exception=exception)
    assert page.status_code == 409
    assert "Sofia Lindqvist, today 10:01" in words(page)


def test_what_was_recorded_can_be_taken_back(app: StaffApp, ward: Ward) -> None:
    browser = app.browser(MAREN)
    act(browser, ward, "links", "confirm", words=WHY_WELL)
    app.wait(minutes=1)
    assert act(browser, ward, "links", "take_back").status_code == 303
    assert "It was taken back." in row(browser.get(address(ward)), "links")


def test_ending_care_needs_the_follow_up_let_go(app: StaffApp, ward: Ward) -> None:
    ward.meets_the_guardrails()
    browser = app.browser(MAREN)
    page = browser.get(address(ward), to="end")
    assert "to the end of care, as completed" in words(page)
    assert "After care has ended nobody is asked." in row(page, "follow_up")
    assert browser.post(address(ward), to="end").status_code == 422
    page = act(browser, ward, "follow_up", "let_go", words="They moved on by agreement.", to="end")
    assert page.location == f"{address(ward)}?to=end#follow_up"
    app.wait(minutes=1)
    exception = str(records(ward)[-1].id)
    act(app.browser(SOFIA), ward, "follow_up", "sign", exception=exception, to="end")
    page = browser.post(address(ward), to="end")
    assert page.location == f"/patients/{ward.care.patient.id}/review?decision=discharge:completed"


# ---- who sees what ----


def test_numbers_are_for_whoever_may_see_counts(app: StaffApp, ward: Ward) -> None:
    heading = "Step-downs of your teams"
    assert heading not in app.browser(MAREN).text(address(ward))
    assert heading in app.browser(SOFIA).text(address(ward))
    manager = app.browser(MANAGER)
    page = manager.get(address(ward))
    assert heading in words(page)
    assert "<textarea" not in page.text, "a manager looks and records nothing"
    assert act(manager, ward, "links", "confirm", words=WHY_WELL).status_code == 404


def test_another_team_s_patient_is_not_there(app: StaffApp, ward: Ward) -> None:
    with unit_of_work(ward.sessions) as session:
        a_staff_member(session, a_team(session, "South team"), "ola@example.org", name="Ola Berg")
    stranger = app.browser("ola@example.org")
    assert stranger.get(address(ward)).status_code == 404
    assert stranger.post(address(ward)).status_code == 404
    assert act(stranger, ward, "links", "confirm", words=WHY_WELL).status_code == 404
    assert act(app.browser(MAREN), ward, "roof", "confirm", words=WHY_WELL).status_code == 404
    assert records(ward) == []


def test_whoever_stepped_down_already_has_nothing_to_record(app: StaffApp, ward: Ward) -> None:
    with unit_of_work(ward.sessions) as session:
        episode = session.get_one(Episode, ward.episode_id)
        stepped_down(session, replace(ward.care, episode=episode, patient=episode.patient))
    browser = app.browser(MAREN)
    page = browser.get(address(ward))
    assert "Stepped down since 17 November." in words(page)
    assert "<textarea" not in page.text
    assert browser.post(address(ward)).status_code == 422


def test_a_look_leaves_a_trail(app: StaffApp, ward: Ward) -> None:
    before = len(app.audit("viewed patient"))
    app.browser(MAREN).get(address(ward))
    assert len(app.audit("viewed patient")) == before + 1


# ---- words ----


def test_every_state_reason_and_fault_has_its_words() -> None:
    assert (set(GUARDRAILS), set(STATES), set(TONES)) == (set(Guardrail), set(State), set(State))
    assert (set(WHY), set(FAULTS)) == (set(Why), set(ActFault))
    said_by_a_person = {Why.NOT_CONFIRMED, Why.HELD_TOO_LONG, Why.WITHDRAWN}
    assert set(Why) - set(MEND) == said_by_a_person | {Why.CARE_ENDS, Why.NOT_NEEDED}


def test_the_links_of_what_is_to_be_mended_lead_somewhere(app: StaffApp, ward: Ward) -> None:
    browser, patient = app.browser(MAREN), f"/patients/{ward.care.patient.id}"
    pages = {"plan.page": "/plan", "plan.safety": "/safety-plan", "record.page": ""}
    for endpoint, field, _ in MEND.values():
        page = browser.get(patient + pages[endpoint])
        assert page.status_code == 200
        assert not field or f'id="{field}"' in page.text, field


def test_the_number_of_statements_does_not_grow_with_what_was_recorded(app: StaffApp, ward: Ward) -> None:
    browser = app.browser(MAREN)

    def statements() -> int:
        seen: list[str] = []
        engine = ward.sessions.kw["bind"]

        def count(*args: Any) -> None:
            seen.append(args[2])

        sa.event.listen(engine, "before_cursor_execute", count)
        browser.get(address(ward))
        sa.event.remove(engine, "before_cursor_execute", count)
        return len(seen)

    act(browser, ward, "links", "confirm", words=WHY_WELL)
    few = statements()
    for _ in range(6):
        app.now += timedelta(minutes=1)
        act(browser, ward, "links", "confirm", words=WHY_WELL)
        act(browser, ward, "language", "confirm", words=WHY_WELL)
    assert statements() == few
