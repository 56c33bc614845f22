"""A patient's page "My plan": what was agreed in their own words, and what a tap on it tells the team."""

import gzip
import re
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from monitor.assets import script
from monitor.care.kinds import Step
from monitor.care.models import CloseReason, Episode, StepAssignment
from monitor.config import Settings
from monitor.db import Sessions, reading, unit_of_work
from monitor.flags.kinds import FlagKind, Rule
from monitor.flags.models import Flag
from monitor.i18n import LANGUAGES
from monitor.people import devices
from monitor.people.models import Party, Purpose, SafetyCover, StaffMember
from monitor.people.needs import Needs, state_needs
from monitor.people.service import state_consent
from monitor.relapse.content import Person, SafetySteps, StayingWell
from monitor.relapse.kinds import Given, How
from monitor.relapse.models import Reentry, WarningSign
from monitor.relapse.plan_rules import WrittenSafety
from monitor.relapse.plans import save_safety, save_staying_well
from tests.builders import NOW, InCare, a_patient, a_staff_member, a_team
from tests.phones import Phone, an_open_check_in, every_row
from tests.plans import CONTENT, a_written_plan, an_agreed_plan, stepped_down

PIN = "284915"
SAFETY = SafetySteps(
    warning_signs=("I stop going outside",),
    alone=("Cold water on my hands",),
    places=("The library",),
    people=(Person(name="Ana", who="My sister", number="+441632960188"), Person(name="Jo")),
    professionals=(Person(name="Night line", number="116 123"),),
    surroundings=("My brother keeps the tablets",),
)
FULL = StayingWell(
    **CONTENT.model_dump(exclude={"matters", "medicines", "prescriber", "triggers"}),
    matters="To be there on Saturdays\nwhen the girls play",
    medicines="One tablet in the morning",
    prescriber="The doctor in Mill Road",
    triggers="The dark weeks of January",
)
MOST_BYTES, MOST_SCRIPT = 35_000, 3_000
"""What the page may weigh after gzip, and both its scripts before it: the budget of every patient page."""


# ---- what the page says ----


def test_the_agreed_plan_is_there_in_the_patients_own_words(sqlite_sessions: Sessions, settings: Settings) -> None:
    care = somebody(sqlite_sessions, plan={"content": FULL})

    page = text(own_phone(sqlite_sessions, settings, care))

    assert "Made with Maren Okafor on 16 November 2026." in page
    assert "We look at it together again by 16 February 2027." in page
    assert "I wake before four and cannot go back to sleep" in page
    assert "I skip lunch" in page, "one that check-ins do not ask for is a sign all the same"
    for said in (FULL.helped, FULL.keeps, FULL.triggers, FULL.first_sign, FULL.lapse, FULL.relapse, FULL.medicines):
        assert said in page
    assert "The doctor in Mill Road" in page
    assert "To be there on Saturdays when the girls play" in page


def test_people_and_the_team_are_one_tap_away(sqlite_sessions: Sessions, settings: Settings) -> None:
    page = own_phone(sqlite_sessions, settings, somebody(sqlite_sessions)).get("/plan").text

    assert 'href="tel:+441632960188"' in page
    assert "Monday to Friday, 9 to 17" in said_on(page)
    assert "+44 1632 960123" in said_on(page)


def test_the_patients_words_keep_their_language_whatever_the_page_speaks(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    phone = own_phone(sqlite_sessions, settings, somebody(sqlite_sessions))

    page = phone.get("/plan?lang=ar").text

    assert '<html lang="ar" dir="rtl">' in page
    assert '<li lang="en" dir="auto">I skip lunch' in page


def test_a_draft_is_not_shown(sqlite_sessions: Sessions, settings: Settings) -> None:
    care = somebody(sqlite_sessions, down=False)
    with unit_of_work(sqlite_sessions) as session:
        session.add(care.episode)
        draft = a_written_plan(care, content=CONTENT.model_copy(update={"helped": "Not agreed yet"}))
        save_staying_well(session, care.episode, draft, agree=False, based_on_id=None, by=care.clinician.id, now=NOW)

    page = text(own_phone(sqlite_sessions, settings, care))

    assert "Not agreed yet" not in page
    assert "There is no plan here yet." in page
    assert "+44 1632 960123" in page, "and how to begin one"


def test_a_later_draft_leaves_the_agreed_plan_in_place(sqlite_sessions: Sessions, settings: Settings) -> None:
    care = somebody(sqlite_sessions)
    with unit_of_work(sqlite_sessions) as session:
        session.add(care.episode)
        draft = a_written_plan(care, content=CONTENT.model_copy(update={"helped": "Not agreed yet"}))
        save_staying_well(session, care.episode, draft, agree=False, based_on_id=None, by=care.clinician.id, now=NOW)

    page = text(own_phone(sqlite_sessions, settings, care))

    assert "A walk before work, even ten minutes" in page
    assert "Not agreed yet" not in page


def test_what_somebody_writes_is_never_markup(sqlite_sessions: Sessions, settings: Settings) -> None:
    hostile = CONTENT.model_copy(
        update={"helped": "<b>x</b>", "people": (Person(name="<i>A", who='"', number="javascript:alert(1)"),)}
    )
    page = own_phone(sqlite_sessions, settings, somebody(sqlite_sessions, plan={"content": hostile})).get("/plan").text

    assert "&lt;b&gt;x" in page
    assert "&lt;i&gt;A" in page
    assert "javascript:" not in page.replace("javascript:alert(1)</bdi>", "")
    assert 'href="tel:1"' in page


def test_the_safety_plan_has_its_six_steps_in_their_order(sqlite_sessions: Sessions, settings: Settings) -> None:
    care = somebody(sqlite_sessions)
    with_safety_plan(sqlite_sessions, care)

    page = own_phone(sqlite_sessions, settings, care).get("/plan").text
    safety = said_on(page[page.index('id="safety"') :])

    said = [
        "I stop going outside",
        "Cold water on my hands",
        "The library",
        "Ana",
        "Night line",
        "My brother keeps the tablets",
    ]
    assert sorted(said, key=safety.index) == said
    assert "Barbara Stanley and Gregory Brown (2012)" in safety
    assert 'href="sms:+441632960188?&amp;body=Can%20you%20call%20me%3F"' in page, "no words of ours but these"


def test_who_answers_now_is_always_there(sqlite_sessions: Sessions, settings: Settings) -> None:
    for care in (somebody(sqlite_sessions), somebody(sqlite_sessions, down=False)):
        phone = own_phone(sqlite_sessions, settings, care)
        for path in ("/plan", "/plan?kept=1"):
            assert 'href="tel:999"' in phone.get(path).text


def test_whoever_stopped_the_texts_still_reads_the_plan(sqlite_sessions: Sessions, settings: Settings) -> None:
    care = somebody(sqlite_sessions)
    with unit_of_work(sqlite_sessions) as session:
        session.add(care.patient)
        state_consent(session, care.patient, (Purpose.TEXTS,), False, said_by=Party.PATIENT, now=NOW)

    assert "A walk before work" in text(own_phone(sqlite_sessions, settings, care))


def test_the_plan_stays_when_care_has_ended(sqlite_sessions: Sessions, settings: Settings) -> None:
    care = somebody(sqlite_sessions)

    before = text(own_phone(sqlite_sessions, settings, care))
    end_care(sqlite_sessions, care)
    page = text(own_phone(sqlite_sessions, settings, care))

    assert "A walk before work" in page
    assert "We look at it together again" in before
    assert "We look at it together again" not in page
    assert "To ask for help again, ring the team: +44 1632 960123." in page
    assert "I notice a sign" not in page


def test_somebody_whose_text_is_large_reads_it_large_and_may_choose(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    care = somebody(sqlite_sessions)
    phone = own_phone(sqlite_sessions, settings, care)
    large = "html{font-size:125%}"
    assert large not in phone.get("/plan").text

    with unit_of_work(sqlite_sessions) as session:
        session.add(care.patient)
        state_needs(session, care.patient, Needs(large_text=True), by=care.clinician.id, now=NOW)

    assert all(large in phone.get(path).text for path in ("/plan", "/me", "/me/step", "/me/settings"))
    assert 'href="/me/settings?lang=en#letters"' in phone.get("/plan").text
    phone.post("/me/settings", {"do": "letters", "letters": "usual"})
    assert large not in phone.get("/plan").text


# ---- noticing a sign ----


def test_noticing_a_sign_tells_the_team_and_says_who_rings_by_when(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    care = somebody(sqlite_sessions)
    phone = own_phone(sqlite_sessions, settings, care)

    answer = phone.post("/plan", {"do": "sign"})

    assert answer.status_code == 303
    [flag] = flags(sqlite_sessions, FlagKind.RELAPSE_SIGNAL)
    assert [event.rule for event in flag.events] == [Rule.W1]
    page = text(phone, answer.location)
    assert "Your team knows that you noticed a sign" in page
    assert f"Maren Okafor rings you by {flag.due_at:%A} {flag.due_at.day} November" in page


def test_the_sign_that_was_ticked_is_named_by_its_number_and_never_in_words(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    care = somebody(sqlite_sessions)
    with reading(sqlite_sessions) as session:
        second = session.scalars(sa.select(WarningSign.id).where(WarningSign.position == 2)).one()

    own_phone(sqlite_sessions, settings, care).post("/plan", {"do": "sign", "sign": str(second)})

    [flag] = flags(sqlite_sessions, FlagKind.RELAPSE_SIGNAL)
    [evidence] = flag.events[0].evidence or ()
    assert evidence["params"]["which"] == "2"
    assert "sister" not in str(evidence)


def test_a_sign_of_somebody_else_is_refused(sqlite_sessions: Sessions, settings: Settings) -> None:
    care = somebody(sqlite_sessions)
    phone = own_phone(sqlite_sessions, settings, care)

    assert phone.post("/plan", {"do": "sign", "sign": str(uuid4())}).status_code == 400
    assert phone.post("/plan", {"do": "sign", "sign": "x"}).status_code == 400
    assert flags(sqlite_sessions, FlagKind.RELAPSE_SIGNAL) == []


def test_a_call_that_did_not_come_is_called_late(sqlite_sessions: Sessions, settings: Settings) -> None:
    care = somebody(sqlite_sessions)
    phone = own_phone(sqlite_sessions, settings, care)
    phone.post("/plan", {"do": "sign"})
    with unit_of_work(sqlite_sessions) as session:
        session.execute(sa.update(Flag).values(due_at=NOW - timedelta(hours=1)))

    assert "has not come. You can ring your team: +44 1632 960123." in text(phone)


def test_where_nobody_can_keep_it_no_time_is_promised(sqlite_sessions: Sessions, settings: Settings) -> None:
    care = somebody(sqlite_sessions)
    with unit_of_work(sqlite_sessions) as session:
        session.execute(sa.delete(SafetyCover))
    phone = own_phone(sqlite_sessions, settings, care)
    assert "rings you by" not in text(phone)

    phone.post("/plan", {"do": "sign"})

    assert "We cannot promise when they ring." in text(phone)
    assert "rings you by" not in text(phone)


# ---- coming back ----


def test_coming_back_is_one_tap(sqlite_sessions: Sessions, settings: Settings) -> None:
    care = somebody(sqlite_sessions)
    phone = own_phone(sqlite_sessions, settings, care)
    before = text(phone)
    assert "You go back to: Guided self-help." in before
    assert "Somebody rings you by Tuesday 1 December" in before
    assert "text the word RETURN" in before

    answer = phone.post("/plan", {"do": "back"})

    assert answer.status_code == 303
    [row] = rows(sqlite_sessions, Reentry)
    assert row.how is How.PAGE
    page = text(phone, answer.location)
    assert "You are coming back" in page
    assert "Your step is now: Guided self-help." in page
    assert "Maren Okafor rings you by Tuesday 1 December" in page
    assert "I notice a sign" not in page


def test_the_same_tap_again_shows_the_same(sqlite_sessions: Sessions, settings: Settings) -> None:
    care = somebody(sqlite_sessions)
    phone = own_phone(sqlite_sessions, settings, care)
    phone.post("/plan", {"do": "back"})
    first = text(phone)
    steps = len(rows(sqlite_sessions, StepAssignment))
    phone.wait(minutes=5)

    phone.post("/plan", {"do": "back"})

    assert text(phone) == first
    assert len(rows(sqlite_sessions, StepAssignment)) == steps
    assert len(flags(sqlite_sessions, FlagKind.RE_ENTRY)) == 1


def test_without_a_plan_coming_back_is_one_tap_all_the_same(sqlite_sessions: Sessions, settings: Settings) -> None:
    care = somebody(sqlite_sessions, down=False, step=Step.STEPPED_DOWN)
    phone = own_phone(sqlite_sessions, settings, care)
    assert "There is no plan here yet." in text(phone)

    phone.post("/plan", {"do": "back"})

    assert "You are coming back" in text(phone)


@pytest.mark.parametrize("wanted", ["sign", "back"])
def test_whoever_has_not_stepped_down_is_told_whom_to_ask(
    sqlite_sessions: Sessions, settings: Settings, wanted: str
) -> None:
    care = somebody(sqlite_sessions, down=False)
    with unit_of_work(sqlite_sessions) as session:
        session.add(care.episode)
        an_agreed_plan(session, care)
    phone = own_phone(sqlite_sessions, settings, care)
    before = every_row(sqlite_sessions)
    assert "I would like to come back" not in text(phone)

    answer = phone.post("/plan", {"do": wanted})

    assert answer.status_code == 303
    assert "You are in care with us now" in text(phone, answer.location)
    assert every_row(sqlite_sessions) == before


def test_what_no_button_says_is_refused(sqlite_sessions: Sessions, settings: Settings) -> None:
    phone = own_phone(sqlite_sessions, settings, somebody(sqlite_sessions))

    assert phone.post("/plan", {"do": "stop"}).status_code == 400
    assert phone.post("/plan").status_code == 400


# ---- whose phone it is ----


def test_the_plan_is_behind_the_pin_and_a_tap_that_came_too_late_leads_back_to_it(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    care = somebody(sqlite_sessions)
    phone = own_phone(sqlite_sessions, settings, care)
    phone.wait(minutes=16)
    for path in ("/plan", "/plan?kept=1"):
        answer = phone.get(path)
        assert "lunch" not in answer.text
        assert "Plan-Copy" not in answer.headers

    refused = phone.post("/plan", {"do": "back"})

    assert refused.status_code == 403
    assert rows(sqlite_sessions, Reentry) == []
    next_page = re.search(r'name="next" value="([^"]+)"', refused.text)
    assert next_page is not None
    assert phone.post("/me/unlock", {"pin": PIN, "next": next_page[1]}).location == "/plan"


def test_an_unknown_phone_reads_nothing(sqlite_sessions: Sessions, settings: Settings) -> None:
    somebody(sqlite_sessions)

    assert Phone(sqlite_sessions, settings).get("/plan").status_code == 303


def test_help_leads_to_the_safety_plan_where_there_is_one(sqlite_sessions: Sessions, settings: Settings) -> None:
    care, other = somebody(sqlite_sessions), somebody(sqlite_sessions)
    with_safety_plan(sqlite_sessions, care)
    link = "/plan?lang=en#safety"

    assert link in own_phone(sqlite_sessions, settings, care).get("/help").text
    assert link not in own_phone(sqlite_sessions, settings, other).get("/help").text
    assert link not in Phone(sqlite_sessions, settings).get("/help").text


def test_help_opens_though_the_plan_cannot_be_looked_up(sqlite_sessions: Sessions, settings: Settings) -> None:
    phone = own_phone(sqlite_sessions, settings, somebody(sqlite_sessions))
    with unit_of_work(sqlite_sessions) as session:
        session.execute(sa.text("ALTER TABLE devices RENAME TO devices_elsewhere"))

    page = phone.get("/help")

    assert page.status_code == 200
    assert 'href="tel:999"' in page.text


def test_the_page_after_a_safety_answer_leads_to_the_safety_plan_of_just_this_patient(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    asked, other = an_open_check_in(sqlite_sessions), somebody(sqlite_sessions)
    for care in (asked.care, other):
        with_safety_plan(sqlite_sessions, care)
    theirs, shared = (own_phone(sqlite_sessions, settings, care) for care in (asked.care, other))
    sent = theirs.fill_in(asked.path, phq9_9="1")

    assert "#safety" in theirs.post(asked.path, sent).text
    assert "You deserve support" in shared.post(asked.path, sent).text
    assert "#safety" not in shared.post(asked.path, sent).text


# ---- a copy for when there is no connection ----


def test_a_copy_says_since_when_and_holds_nothing_that_needs_a_connection(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    care = somebody(sqlite_sessions)
    with_safety_plan(sqlite_sessions, care)
    phone = own_phone(sqlite_sessions, settings, care)

    copy = phone.get("/plan?kept=1")

    assert copy.headers["Plan-Copy"] == "1"
    assert "You are reading a kept copy from Tuesday 24 November, 10:00." in said_on(copy.text)
    assert "A walk before work" in copy.text
    assert "Cold water on my hands" in copy.text
    assert re.findall(r"<form [^>]*action=\"([^\"]*)\"", copy.text) == ["/me/unlock"]  # the way out, which needs none
    assert set(re.findall(r'href="(/[^"]*)"', copy.text)) == {"/plan"}


def test_only_the_patients_own_pages_may_have_a_worker_and_its_script_is_ours(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    phone = own_phone(sqlite_sessions, settings, somebody(sqlite_sessions))

    worker = phone.get("/help?worker=1")

    assert worker.mimetype == "text/javascript"
    assert "/plan" in worker.text
    for path in ("/plan", "/me", "/me/step", "/me/settings"):
        assert "worker-src 'self'" in phone.get(path).headers["Content-Security-Policy"]
    for path in ("/help", "/help?offline=1", "/set-up", "/c/unknown"):
        assert "worker-src" not in phone.get(path).headers["Content-Security-Policy"]


def test_whoever_takes_the_pages_off_a_phone_or_sets_it_up_anew_leaves_no_copy_on_it(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    phone = own_phone(sqlite_sessions, settings, somebody(sqlite_sessions))

    removed = phone.post("/me/settings", {"do": "forget"})

    assert removed.headers["Clear-Site-Data"] == '"storage"'
    assert set_up(phone, sqlite_sessions, somebody(sqlite_sessions)).headers["Clear-Site-Data"] == '"storage"'
    assert "Clear-Site-Data" not in phone.get("/plan").headers


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_small_in_every_language(sqlite_sessions: Sessions, settings: Settings, language: str) -> None:
    care = somebody(sqlite_sessions, plan={"content": FULL}, language=language)
    with_safety_plan(sqlite_sessions, care)
    phone = own_phone(sqlite_sessions, settings, care)

    page = phone.get("/plan").data

    assert len(gzip.compress(page)) <= MOST_BYTES
    assert sum(len(script(name)) for name in ("plan", "offline", "leave")) <= MOST_SCRIPT
    assert b"src=" not in page


# ---- the people ----


def somebody(sessions: Sessions, *, down: bool = True, plan: dict[str, Any] | None = None, **values: Any) -> InCare:
    """A patient of their own team, stepped down a week ago with an agreed plan unless told otherwise."""
    with unit_of_work(sessions) as session:
        number = session.scalar(sa.select(sa.func.count()).select_from(StaffMember)) or 0
        team = a_team(session, f"Team {number}")
        clinician = a_staff_member(session, team, f"clinician-{number}@example.org")
        care = a_patient(session, team, clinician, number=f"+4477009{number:05}", **values)
        if down:
            stepped_down(session, care, an_agreed_plan(session, care, **(plan or {})))
    return care


def with_safety_plan(sessions: Sessions, care: InCare) -> None:
    with unit_of_work(sessions) as session:
        episode = session.get_one(Episode, care.episode.id)
        written = WrittenSafety(SAFETY, care.patient.language, Given.PHONE)
        save_safety(session, episode, written, agree=True, based_on_id=None, by=care.clinician.id, now=NOW)


def own_phone(sessions: Sessions, settings: Settings, care: InCare) -> Phone:
    phone = Phone(sessions, settings)
    set_up(phone, sessions, care)
    return phone


def set_up(phone: Phone, sessions: Sessions, care: InCare) -> Any:
    with unit_of_work(sessions) as session:
        patient = session.get_one(type(care.patient), care.patient.id)
        invitation = devices.begin_enrolment(session, patient, care.clinician.id, phone.now)
    return phone.post(f"/set-up/{invitation.token}", {"pin": PIN, "again": PIN})


def end_care(sessions: Sessions, care: InCare) -> None:
    with unit_of_work(sessions) as session:
        ended = {"closed_at": NOW, "close_reason": CloseReason.COMPLETED}
        session.execute(sa.update(Episode).where(Episode.id == care.episode.id).values(ended))


def text(phone: Phone, path: str | None = None) -> str:
    return said_on(phone.get(path or "/plan").text)


def said_on(page: str) -> str:
    """The words of a page in one line, without the gaps that its markup leaves before a comma."""
    body = re.sub(r"<(script|style).*?</\1>", "", page, flags=re.DOTALL)
    words = " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())
    return re.sub(r" (?=[.,])", "", words)


def flags(sessions: Sessions, kind: FlagKind) -> list[Flag]:
    with sessions() as session:
        found = sa.select(Flag).where(Flag.kind == kind).options(selectinload(Flag.events))
        return list(session.scalars(found))


def rows(sessions: Sessions, model: Any) -> list[Any]:
    with sessions() as session:
        return list(session.scalars(sa.select(model)))
