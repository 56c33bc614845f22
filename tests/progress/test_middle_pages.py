"""The pages of the middle step: who waits, who has a slot, and what happens when somebody sends a form."""

import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from monitor.access import Viewer
from monitor.care.kinds import MiddleReason, Step
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.people.models import Role, StaffMember, TeamMembership
from monitor.progress.middle_page import middle_page
from monitor.reviews.bursts import borrow
from tests.builders import NOW, InCare, a_patient, a_staff_member, a_team
from tests.care.clinic_of_slots import OUT, WHY, Clinic
from tests.staff_browser import Browser, StaffApp, words

MAREN, INES, ALEX = "maren@example.org", "ines@example.org", "alex@example.org"
DAY = timedelta(days=1)
BURST = {
    "do": "begin",
    "weeks": "6",
    "exit_step": "two",
    "words": OUT,
    "days": ["1", "4"],
    "at": "14:00",
}


@pytest.fixture
def clinic(sqlite_sessions: Sessions) -> Clinic:
    clinic = Clinic(sqlite_sessions, protected=2, open_to_all=1)
    with unit_of_work(sqlite_sessions) as session:
        a_staff_member(session, clinic.team, ALEX, name="Alex Manager", role=Role.MANAGER)
    return clinic


@pytest.fixture
def app(clinic: Clinic, settings: Settings) -> StaffApp:
    return StaffApp(settings, clinic.sessions)


def address(care: InCare) -> str:
    return f"/patients/{care.patient.id}/middle-step"


def send(browser: Browser, care: InCare, fields: dict[str, Any], **changed: Any) -> TestResponse:
    return browser.post(address(care), **{**fields, **changed})


def slot(clinic: Clinic, number: int) -> str:
    return str(clinic.slots()[number - 1].id)


def borrowed(clinic: Clinic, care: InCare, number: int) -> None:
    slot_id, until_on = clinic.slots()[number - 1].id, (NOW + 28 * DAY).date()
    with unit_of_work(clinic.sessions) as session:
        member, episode = session.get_one(StaffMember, clinic.maren.id), clinic.episode(care, session)
        borrow(session, episode, slot_id, until_on, "Her therapist is ill.", by=member, now=NOW)


# ---- what the pages show ----


def test_the_page_counts_the_slots_and_the_waits(app: StaffApp, clinic: Clinic) -> None:
    for name, days in (("Grace", 5), ("Samir", 9)):
        clinic.begins(clinic.waits(name, at=NOW - days * DAY), slot=1 if days == 5 else 3)
    clinic.waits("Dirk", at=NOW - 6 * DAY)

    said = app.browser(INES).text("/middle-step")

    assert "2 of 3 in use" in said
    assert "Protected 2 , of them 1 free" in said
    assert "Waiting 1 , longest 6 days" in said
    assert "7 days , promise 7 days" in said
    assert "Next to free Slot 1, Tue 5 Jan" in said


def test_the_queue_says_why_how_long_and_by_when_and_offers_a_slot_in_turn(app: StaffApp, clinic: Clinic) -> None:
    clinic.waits("Dirk", MiddleReason.STEP_TWO_FAILED, at=NOW - 6 * DAY)
    clinic.waits("Oksana", MiddleReason.URGENT_NEED, at=NOW - 3 * DAY, language="uk")

    said = app.browser(INES).text("/middle-step")

    first, second = said.index("1 Oksana"), said.index("2 Dirk")
    assert first < second
    shown = f"1 Oksana Step 2 · Ukrainian Unmet need of safety or housing {WHY} Inês Carvalho 3 days 7 h left"
    assert said[first:].startswith(f"{shown} today 17:00")
    assert "Offer: Slot 1, protected" in said[first:second]
    assert "Offer: Slot 2, protected" in said[second:]


def test_a_slot_shows_the_week_the_way_out_and_why_it_came_out_of_turn(app: StaffApp, clinic: Clinic) -> None:
    clinic.waits("Dirk", at=NOW - DAY)
    clinic.begins(clinic.waits("Leila"), slot=2, out_of_turn="Dirk is away.")
    app.wait(days=8)

    page = app.browser(MAREN).get("/middle-step")

    assert f"Leila 2 of 6 Step 2, review Tue 8 Dec · Lengthen {OUT} Out of turn: Dirk is away." in words(page)
    assert 'data-l="Week">2 of 6' in page.text


def test_a_burst_past_its_end_is_said_to_be_late_and_stays(app: StaffApp, clinic: Clinic) -> None:
    care = clinic.waits("Leila")
    clinic.begins(care, weeks=4)
    app.wait(days=28)

    page = app.browser(MAREN).get("/middle-step")

    assert "4 weeks, over on Tue 22 Dec: decide" in words(page)
    assert re.search(r'class="late"[^>]*>4 weeks', page.text)
    assert 'data-l="Week"' not in page.text, "what is said of a late burst names no week"
    assert clinic.holder(care) is not None


def test_a_borrowed_slot_names_the_borrower_and_the_reason(app: StaffApp, clinic: Clinic) -> None:
    borrowed(clinic, clinic.patient("Samir", Step.THREE), 1)

    said = app.browser(INES).text("/middle-step")

    assert "Samir Slot 1 borrowed for Step 3 by Maren Okafor, until Tue 22 Dec. Her therapist is ill. Give back" in said


def test_empty_says_what_comes_next_and_that_empty_is_not_well(app: StaffApp) -> None:
    said = app.browser(INES).text("/middle-step")
    assert "Nobody waits for the middle step. A review or an intake that leads to it puts somebody here" in said
    assert "An empty queue does not say that nobody needs more." in said
    assert "no burst has begun" in said


def test_a_team_without_slots_says_who_sets_them(settings: Settings, sqlite_sessions: Sessions) -> None:
    Clinic(sqlite_sessions, protected=0, open_to_all=0)
    said = StaffApp(settings, sqlite_sessions).browser(MAREN).text("/middle-step")
    assert "This team has no slots yet." in said


def test_whoever_stands_on_the_step_without_anybody_having_asked_is_named(app: StaffApp, clinic: Clinic) -> None:
    clinic.patient("Oksana", Step.MIDDLE)
    clinic.begins(clinic.waits("Dirk"))
    said = app.browser(INES).text("/middle-step")
    assert "nobody has asked for one: Oksana" in said


def test_the_record_and_the_review_say_where_somebody_stands(app: StaffApp, clinic: Clinic) -> None:
    waits, burst = clinic.waits("Dirk", at=NOW - 3 * DAY), clinic.waits("Leila", at=NOW - 4 * DAY)
    clinic.begins(burst)
    browser = app.browser(MAREN)

    for page in ("", "/review"):
        assert "Waiting for the middle step: 3 days." in browser.text(f"/patients/{waits.patient.id}{page}")
        line = "Burst, week 1 of 6. Planned way out: Step 2."
        assert line in browser.text(f"/patients/{burst.patient.id}{page}")


# ---- what may be sent ----


def test_the_reasons_that_the_facts_give_are_ticked_and_kept_when_sent(app: StaffApp, clinic: Clinic) -> None:
    care, browser = clinic.patient(), app.browser(INES)
    assert "Ask for a burst" in browser.text(address(care))

    sent = send(browser, care, {"do": "ask", "reasons": ["urgent_need", "unmet_needs"], "words": WHY})

    assert (sent.status_code, sent.location) == (303, address(care))
    request = clinic.wait_of(care)
    assert request is not None
    assert (request.is_fast, request.reasons) == (True, ["urgent_need", "unmet_needs"])
    said = browser.text(address(care))
    assert "Asked for. They stand in the queue." in said
    assert "First in the queue." in said


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"do": "ask", "words": WHY}, "Tick at least one."),
        ({"do": "ask", "reasons": "urgent_need", "words": " "}, "Fill this in."),
        ({"do": "dance"}, "Choose one."),
    ],
)
def test_what_is_owed_to_ask_is_said_and_nothing_is_lost(
    app: StaffApp, clinic: Clinic, fields: dict[str, Any], said: str
) -> None:
    care = clinic.patient()
    page = send(app.browser(INES), care, fields)
    assert page.status_code == 422
    assert said in words(page)
    assert fields.get("words", "").strip() in words(page)
    assert clinic.wait_of(care) is None


def test_a_burst_begins_from_the_page(app: StaffApp, clinic: Clinic) -> None:
    care, browser = clinic.waits(), app.browser(INES)

    sent = send(browser, care, BURST, slot=slot(clinic, 3))

    assert sent.status_code == 303
    booking = clinic.holder(care)
    assert booking is not None
    assert (booking.slot.number, booking.contact_days, booking.exit_step) == (3, [1, 4], Step.TWO)
    assert "The burst has begun." in browser.text(address(care))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"words": ""}, "Fill this in."),
        ({"weeks": "12"}, "The pathway does not allow this length."),
        ({"weeks": "many"}, "The pathway does not allow this length."),
        ({"exit_step": "middle"}, "The way out leads to another step of the pathway."),
        ({"exit_step": "roof"}, "Choose one."),
        ({"days": ["1"]}, "Choose two weekdays: contact is twice a week."),
        ({"at": "19:00"}, "The team does not work then on both days."),
        ({"at": "noon"}, "Write a time of day as 09:30."),
        ({"slot": "seven"}, "Choose one."),
    ],
)
def test_a_burst_that_lacks_something_is_not_begun(
    app: StaffApp, clinic: Clinic, changed: dict[str, Any], said: str
) -> None:
    care = clinic.waits()
    page = send(app.browser(INES), care, {**BURST, "slot": slot(clinic, 1), **changed})
    assert page.status_code == 422
    assert said in words(page)
    if "words" not in changed:
        assert OUT in words(page)
    assert clinic.holder(care) is None


def test_a_burst_that_lacks_words_names_the_field_as_it_is_called(app: StaffApp, clinic: Clinic) -> None:
    browser = app.browser(INES)
    page = send(browser, clinic.waits(), {**BURST, "slot": slot(clinic, 1), "words": ""})
    assert '<a href="#words">The way out, in your words</a>' in page.text
    page = send(browser, clinic.waits("Dirk"), {"do": "ask", "words": ""})
    assert '<a href="#words">In your words</a>' in page.text


def test_out_of_turn_says_who_stands_first(app: StaffApp, clinic: Clinic) -> None:
    clinic.waits("Dirk", at=NOW - DAY)
    care, browser = clinic.waits("Rania"), app.browser(INES)

    page = send(browser, care, BURST, slot=slot(clinic, 1))

    assert page.status_code == 422
    assert "Dirk stands first. Say why this one goes before." in words(page)
    assert send(browser, care, BURST, slot=slot(clinic, 1), out_of_turn="Dirk is away.").status_code == 303


def test_whoever_is_too_late_for_a_slot_learns_who_has_it(app: StaffApp, clinic: Clinic) -> None:
    late, taken = clinic.waits("Dirk"), slot(clinic, 1)
    clinic.begins(clinic.waits("Leila", MiddleReason.URGENT_NEED))

    page = send(app.browser(MAREN), late, BURST, slot=taken)

    assert page.status_code == 409
    assert "Not done. Slot 1: Leila has it, by Inês Carvalho, today 10:00." in words(page)
    assert OUT in words(page)
    assert clinic.holder(late) is None


def test_a_slot_that_a_patient_of_another_team_has_names_nobody(app: StaffApp, clinic: Clinic) -> None:
    moved = clinic.waits("Leila")
    clinic.begins(moved)
    with unit_of_work(clinic.sessions) as session:
        clinic.episode(moved, session).care_team = a_team(session, "South team")
    late, browser = clinic.waits("Dirk"), app.browser(MAREN)

    page = send(browser, late, BURST, slot=slot(clinic, 1))

    assert (page.status_code, "Slot 1: somebody of another team has it" in words(page)) == (409, True)
    shown = browser.text("/middle-step")
    assert "Somebody of another team 1 of 6" in shown
    assert "Leila" not in words(page) + shown


def test_the_wait_ends_when_they_want_something_else(app: StaffApp, clinic: Clinic) -> None:
    care, browser = clinic.waits(), app.browser(MAREN)
    assert send(browser, care, {"do": "decline"}).status_code == 303
    assert clinic.wait_of(care) is None
    again = send(browser, care, {"do": "decline"})
    assert (again.status_code, "The wait has ended meanwhile" in words(again)) == (409, True)


def test_a_clinician_lengthens_and_a_coordinator_is_not_offered_it(app: StaffApp, clinic: Clinic) -> None:
    care = clinic.waits()
    clinic.begins(care)
    fields = {"do": "lengthen", "weeks": "8", "at": "14:00", "words": "The flat is not settled."}

    coordinator = app.browser(INES)
    assert "Lengthen, once" not in coordinator.text(address(care))
    crafted = send(coordinator, care, fields)
    assert (crafted.status_code, "A burst is lengthened by a clinician." in words(crafted)) == (409, True)

    browser = app.browser(MAREN)
    assert 'value="14:00"' in browser.get(address(care)).text
    assert send(browser, care, fields).status_code == 303
    assert "Burst, week 1 of 8, lengthened." in browser.text(address(care))
    again = send(browser, care, fields)
    assert "Lengthened before, by Maren Okafor, today 10:00." in words(again)


def test_a_slot_is_borrowed_and_given_back_from_the_page(app: StaffApp, clinic: Clinic) -> None:
    care, browser = clinic.patient("Samir", Step.THREE), app.browser(MAREN)
    fields = {"slot": slot(clinic, 1), "patient": str(care.patient.id), "until": "2026-12-22", "words": "Ill."}

    assert browser.post("/middle-step/borrow", **fields).status_code == 303
    assert "borrowed for Step 3 by Maren Okafor" in browser.text("/middle-step")
    twice = browser.post("/middle-step/borrow", **{**fields, "slot": slot(clinic, 2)})
    assert (twice.status_code, "Slot 1: Samir has it" in words(twice)) == (409, True)
    assert send(browser, care, {"do": "give_back"}).status_code == 303
    assert clinic.holder(care) is None


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"words": ""}, "Fill this in."),
        ({"until": "2027-03-01"}, "Choose a date after today"),
        ({"patient": ""}, "Choose one."),
    ],
)
def test_a_borrowed_slot_owes_everything(app: StaffApp, clinic: Clinic, changed: dict[str, str], said: str) -> None:
    care = clinic.patient("Samir", Step.THREE)
    fields = {"slot": slot(clinic, 1), "patient": str(care.patient.id), "until": "2026-12-22", "words": "Ill."}
    page = app.browser(MAREN).post("/middle-step/borrow", part="1", **{**fields, **changed})
    assert page.status_code == 422
    assert words(page).count(said) == 2  # in the list at the top, and beside its field
    if "words" not in changed:
        assert 'value="Ill."' in page.text
    assert clinic.holder(care) is None


# ---- who may ----


def test_a_manager_reads_and_decides_nothing(app: StaffApp, clinic: Clinic) -> None:
    care, browser = clinic.waits(), app.browser(ALEX)
    assert "Offer" not in browser.text("/middle-step")
    assert "Begin the burst" not in browser.text(address(care))
    assert send(browser, care, BURST, slot=slot(clinic, 1)).status_code == 404
    assert clinic.holder(care) is None


def test_another_team_s_patient_is_not_there_to_borrow_for(app: StaffApp, clinic: Clinic) -> None:
    with unit_of_work(clinic.sessions) as session:
        team = a_team(session, "South team")
        other = a_patient(session, team, a_staff_member(session, team, "otto@example.org"), name="Nobody of ours")
    fields = {"slot": slot(clinic, 1), "patient": str(other.patient.id), "until": "2026-12-22", "words": "Ill."}
    assert app.browser(MAREN).post("/middle-step/borrow", **fields).status_code == 404


def test_looking_leaves_a_trail_and_changes_nothing(app: StaffApp, clinic: Clinic) -> None:
    care = clinic.waits()
    browser, before = app.browser(INES), app.rows()
    browser.get("/middle-step")
    browser.get(address(care))
    assert app.rows() == before
    assert [each.subject_id for each in app.audit("viewed the middle step")] == [clinic.team.id]
    assert care.patient.id in [each.subject_id for each in app.audit("viewed patient")]


def test_two_teams_have_a_part_each(app: StaffApp, clinic: Clinic) -> None:
    with unit_of_work(clinic.sessions) as session:
        south = a_team(session, "South team")
        session.add(TeamMembership(staff_member_id=clinic.ines.id, care_team_id=south.id, from_at=NOW - DAY))
    said = app.browser(INES).text("/middle-step")
    assert said.index("North team") < said.index("South team")
    assert "This team has no slots yet." in said[said.index("South team") :]


def test_the_page_takes_as_many_statements_for_many_as_for_few(app: StaffApp, clinic: Clinic) -> None:
    with unit_of_work(clinic.sessions) as session:
        member = session.get_one(StaffMember, clinic.maren.id)
        viewer = Viewer(member.id, member.id, member.role, (clinic.team.id,), "en", member.name, "")

    def statements() -> int:
        found: list[str] = []
        with clinic.sessions() as session:
            engine = session.get_bind()

            def note(_c: Any, _u: Any, statement: str, *_: Any) -> None:
                found.append(statement)

            sa.event.listen(engine, "before_cursor_execute", note)
            middle_page(session, viewer, NOW, "GB")
            sa.event.remove(engine, "before_cursor_execute", note)
        return len(found)

    clinic.set_slots(9, 3)
    clinic.begins(clinic.waits("First"), slot=1)
    clinic.waits("Second")
    borrowed(clinic, clinic.patient("Third", Step.THREE), 5)
    few = statements()
    for number in range(4):
        clinic.waits(f"Wait{number}")
        clinic.patient(f"Own{number}", Step.THREE)
        clinic.patient(f"Unasked{number}", Step.MIDDLE)
    for number in range(3):
        clinic.begins(clinic.waits(f"Burst{number}"), slot=6 + number, out_of_turn="Now.")
    assert statements() == few
