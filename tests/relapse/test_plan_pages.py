"""The editor of the two plans as a staff member meets it: typed, refused, kept, looked at again, printed."""

import re
from typing import Any

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from monitor.care.models import CloseReason, Episode
from monitor.config import Settings
from monitor.db import Sessions, reading, unit_of_work
from monitor.flags.kinds import FlagKind
from monitor.people.models import Party, Patient, Purpose, Role
from monitor.people.service import state_consent
from monitor.relapse.kinds import Given, PlanKind, PlanState
from monitor.relapse.models import RelapsePlan
from monitor.relapse.plans import agreed, content_of, safety_of, versions
from tests.builders import NOW, InCare, a_flag, a_patient, a_staff_member, a_team
from tests.plans import an_agreed_plan
from tests.staff_browser import Browser, StaffApp, words

MAREN, DANIEL = "maren@example.org", "daniel@example.org"


@pytest.fixture
def care(sqlite_sessions: Sessions) -> InCare:
    """Lucía, who writes in Spanish, in the care of Maren; Daniel works in the same team."""
    with unit_of_work(sqlite_sessions) as session:
        team = a_team(session)
        maren = a_staff_member(session, team)
        a_staff_member(session, team, DANIEL, name="Daniel Brandt", role=Role.COORDINATOR)
        return a_patient(session, team, maren, name="Lucía", language="es")


@pytest.fixture
def app(sqlite_sessions: Sessions, settings: Settings, care: InCare) -> StaffApp:
    return StaffApp(settings, sqlite_sessions)


def whole(care: InCare, **changed: Any) -> dict[str, Any]:
    """The fields of a relapse plan that can be agreed; None leaves one out."""
    fields: dict[str, Any] = {
        "do": "agree",
        "based_on": "",
        "sign-1": "Me despierto a las cuatro",
        "kind-1": "body",
        "watch-1": "yes",
        "sign-2": "Dejo de contestar a mis amigas",
        "kind-2": "behaviour",
        "first_sign": "Salir a caminar con Marta.",
        "number": "01632 960123",
        "hours": "lunes a viernes",
        "wait": "3",
        "back_to": "two",
        "owner": str(care.clinician.id),
        "review_on": "2027-02-16",
        "given": "phone",
        "people-1": "Marta",
        "people-who-1": "mi hermana",
        "people-number-1": "+44 1632 960188",
        **changed,
    }
    return {name: value for name, value in fields.items() if value is not None}


SAFETY = {
    "do": "agree",
    "based_on": "",
    "warning_signs": "No duermo\n\nMe quedo en la cama  ",
    "alone": "Ducha fría",
    "places": "La biblioteca",
    "people-1": "Marta",
    "people-number-1": "+44 1632 960188",
    "professionals-1": "Samaritans",
    "professionals-number-1": "116 123",
    "surroundings": "Marta guarda las pastillas",
    "given": "read_aloud",
}


def address(care: InCare, of: str = "plan") -> str:
    return f"/patients/{care.patient.id}/{of}"


def send(browser: Browser, care: InCare, **changed: Any) -> TestResponse:
    return browser.post(address(care), **whole(care, **changed))


def kept(app: StaffApp, care: InCare, kind: PlanKind = PlanKind.STAYING_WELL) -> list[RelapsePlan]:
    """All versions of a plan, the oldest first."""
    with reading(app.sessions) as session:
        found = list(reversed(versions(session, care.episode.id, kind)))
        session.expunge_all()
    return found


def based_on(page: TestResponse) -> str:
    found = re.search(r'name="based_on" value="([^"]*)"', page.text)
    assert found, page.text
    return found[1]


# ---- the form of the relapse plan ----


def test_an_empty_plan_begins_with_the_way_back_that_team_and_pathway_offer(app: StaffApp, care: InCare) -> None:
    page = app.browser(MAREN).get(address(care))
    assert "Nothing is written yet." in words(page)
    assert 'name="number" value="+44 1632 960123"' in page.text
    assert 'name="hours" value="lunes a viernes 9:00–17:00" lang="es" dir="auto"' in page.text
    assert 'name="wait" value="5"' in page.text
    assert f'<option value="{care.clinician.id}" selected>Maren Okafor</option>' in page.text
    assert '<option value="two" selected>' in page.text
    assert 'value="stepped_down"' not in page.text  # nobody comes back to where they are
    assert 'name="review_on" type="date" value="2027-02-16"' in page.text  # twelve weeks on
    assert not kept(app, care)


def test_a_plan_that_is_agreed_counts_and_is_kept_word_for_word(app: StaffApp, care: InCare) -> None:
    browser = app.browser(MAREN)
    page = send(browser, care)
    assert (page.status_code, page.location) == (303, address(care))
    said = browser.text(address(care))
    assert "The plan is agreed." in said
    assert "Version 1, agreed today 10:00. On their phone." in said
    (plan,) = kept(app, care)
    assert (plan.state, plan.given, plan.language, plan.wait_days) == (PlanState.AGREED, Given.PHONE, "es", 3)
    assert [(each.words, each.kind.value, each.watched) for each in plan.signs] == [
        ("Me despierto a las cuatro", "body", True),
        ("Dejo de contestar a mis amigas", "behaviour", False),
    ]
    assert content_of(plan).number == "+441632960123"
    assert content_of(plan).people[0].number == "+441632960188"


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"sign-2": ""}, "signs", "Write at least two early signs, in their words."),
        ({"sign-1": " ", "sign-2": None}, "signs", "Write at least two early signs, in their words."),
        ({"first_sign": ""}, "first_sign", "Write what they do at the first sign."),
        ({"number": ""}, "number", "Write the number on which they come back."),
        ({"number": "ring us"}, "number", "This is not a phone number."),
        ({"hours": ""}, "hours", "Write when somebody answers that number."),
        ({"wait": ""}, "wait", "Write the wait that the service can keep, in working days."),
        ({"wait": "0"}, "wait", "Write a whole number of working days from 1 to 20."),
        ({"wait": "21"}, "wait", "Write a whole number of working days from 1 to 20."),
        ({"wait": "²"}, "wait", "Write a whole number of working days from 1 to 20."),
        ({"wait": "soon"}, "wait", "Write a whole number of working days from 1 to 20."),
        ({"back_to": ""}, "back_to", "Choose the step to which they come back."),
        ({"back_to": "stepped_down"}, "back_to", "Choose one."),
        ({"owner": ""}, "owner", "Choose who acts when a sign is noticed or they go quiet."),
        ({"owner": "6f9d0d1e-0000-4000-8000-000000000000"}, "owner", "Choose one."),
        ({"review_on": ""}, "review_on", "Choose when you look at the plan together again."),
        ({"review_on": "2026-11-24"}, "review_on", "Choose a date after today."),
        ({"review_on": "in spring"}, "review_on", "Write a date as year, month, day"),
        ({"given": ""}, "given", "Choose how the plan came into their hands."),
        ({"people-1": ""}, "people-1", "Write who this is."),
        ({"people-number-1": "no"}, "people-number-1", "This is not a phone number."),
        ({"helped": "x" * 1001}, "helped", "At most 1000 characters"),
        ({"sign-1": "x" * 201}, "sign-1", "At most 200 characters"),
    ],
)
def test_what_keeps_a_plan_from_being_agreed_stands_beside_its_field_and_in_one_list(
    app: StaffApp, care: InCare, changed: dict[str, str], field: str, said: str
) -> None:
    page = send(app.browser(MAREN), care, **changed)
    assert page.status_code == 422
    assert words(page).count(said) == 2
    assert f'<li><a href="#{field}">' in page.text
    assert f'id="{field}"' in page.text
    assert f'id="{field}-fault"' in page.text
    assert not kept(app, care)


def test_everything_that_lacks_is_named_at_once_and_nothing_typed_is_lost(app: StaffApp, care: InCare) -> None:
    page = send(app.browser(MAREN), care, **{"sign-2": "", "back_to": "", "owner": "", "helped": "<b>Coro</b> & sol"})
    listed = re.search(r'id="faults">.*?</div>', page.text, re.DOTALL)
    assert listed
    for field in ("signs", "back_to", "owner"):
        assert f'href="#{field}"' in listed[0]
    assert "&lt;b&gt;Coro&lt;/b&gt; &amp; sol</textarea>" in page.text
    assert 'value="Me despierto a las cuatro"' in page.text


def test_what_is_wrong_is_listed_in_the_order_of_the_page(app: StaffApp, care: InCare) -> None:
    browser = app.browser(MAREN)
    page = send(
        browser,
        care,
        **{"sign-2": "", "number": "ring us", "owner": "", "people-1": "", "people-number-1": "no", "given": ""},
    )
    listed = re.findall(r'<li><a href="#([^"]+)">', page.text)
    assert listed == ["signs", "number", "owner", "people-1", "people-number-1", "given"]
    assert '<a href="#signs">My early signs</a>' in page.text  # as its field is called
    page = browser.post(
        address(care, "safety-plan"), **{**SAFETY, "warning_signs": "", "alone": "x" * 201, "people-1": "", "given": ""}
    )
    assert re.findall(r'<li><a href="#([^"]+)">', page.text) == ["warning_signs", "alone", "people-1", "given"]


def test_what_cannot_be_read_hides_nothing_that_is_missing(app: StaffApp, care: InCare) -> None:
    said = words(send(app.browser(MAREN), care, **{"sign-2": "", "number": "ring us", "given": ""}))
    for fault in ("This is not a phone number.", "Write at least two early signs", "Choose how the plan came"):
        assert said.count(fault) == 2
    assert "Write the number on which they come back." not in said  # one fault a field


def test_a_draft_may_lack_anything_and_is_not_what_counts(app: StaffApp, care: InCare) -> None:
    browser = app.browser(MAREN)
    assert browser.post(address(care), do="draft", based_on="", **{"sign-1": "Salto comidas"}).status_code == 303
    said = browser.text(address(care))
    assert "Draft of version 1. Nothing is agreed yet, so the patient sees nothing." in said
    with reading(app.sessions) as session:
        assert agreed(session, care.episode.id) is None


def test_a_draft_after_an_agreed_plan_leaves_the_agreed_one_in_force(app: StaffApp, care: InCare) -> None:
    browser = app.browser(MAREN)
    send(browser, care)
    (first,) = kept(app, care)
    send(browser, care, do="draft", based_on=str(first.id), helped="Coro")
    assert "Draft of version 2. The patient reads version 1" in browser.text(address(care))
    with reading(app.sessions) as session:
        counts = agreed(session, care.episode.id)
        assert counts
        assert counts.id == first.id


def test_a_sign_and_a_person_more_need_no_script_and_keep_what_was_typed(app: StaffApp, care: InCare) -> None:
    browser = app.browser(MAREN)
    page = send(browser, care, do="sign")
    assert page.status_code == 200
    assert 'id="sign-4"' in page.text
    assert 'value="Dejo de contestar a mis amigas"' in page.text
    assert 'id="people-2"' in send(browser, care, do="people").text
    assert not kept(app, care)


def test_no_more_lines_than_anybody_reads(app: StaffApp, care: InCare) -> None:
    page = send(app.browser(MAREN), care, do="sign", **{"sign-12": "La última", "sign-13": "Una más", "sign-999": "x"})
    assert 'id="sign-12"' in page.text
    assert 'id="sign-13"' not in page.text
    assert "Add a sign" not in page.text


def test_the_patients_own_view_stands_beside_it_in_their_language(app: StaffApp, care: InCare) -> None:
    browser = app.browser(MAREN)
    send(browser, care)
    page = browser.get(address(care)).text
    handset = page[page.index('class="handset"') :]
    assert handset.startswith('class="handset" lang="es" dir="ltr"')
    assert "Salir a caminar con Marta." in handset
    assert "+44 1632 960123" in handset
    with unit_of_work(app.sessions) as session:
        session.get_one(Patient, care.patient.id).language = "ar"
    assert 'class="handset" lang="ar" dir="rtl"' in browser.get(address(care)).text


def test_what_is_being_written_is_not_called_what_they_read_nor_made_with_whoever_looks(
    app: StaffApp, care: InCare
) -> None:
    daniel = app.browser(DANIEL)
    for of in ("plan", "safety-plan"):
        said = daniel.text(address(care, of))
        assert "What the patient will read, once agreed" in said
        assert "What the patient reads" not in said
    with unit_of_work(app.sessions) as session:
        session.get_one(Patient, care.patient.id).language = "en"
    send(app.browser(MAREN), care)
    assert "Made with" not in daniel.text(address(care))


def test_whoever_only_looks_sees_what_the_patient_reads_and_no_draft(app: StaffApp, care: InCare) -> None:
    with unit_of_work(app.sessions) as session:
        a_staff_member(session, care.team, "mia@example.org", name="Mia Lund", role=Role.MANAGER)
        session.get_one(Patient, care.patient.id).language = "en"
    maren, manager = app.browser(MAREN), app.browser("mia@example.org")
    send(maren, care, do="draft")
    assert "What the patient reads English Nothing: no version has been agreed." in manager.text(address(care))
    assert "Nothing: no version has been agreed." in manager.text(address(care, "safety-plan"))
    send(maren, care, based_on=str(kept(app, care)[-1].id))
    app.wait(days=2)
    maren, manager = app.browser(MAREN), app.browser("mia@example.org")
    send(maren, care, based_on=str(kept(app, care)[-1].id), do="draft", first_sign="Otra cosa.")
    said = manager.text(address(care))
    assert "Made with Maren Okafor on 24 November 2026 ." in said
    assert "Salir a caminar con Marta." in said
    assert "Otra cosa." not in said


def test_a_version_says_whether_it_is_the_one_they_read(app: StaffApp, care: InCare) -> None:
    browser = app.browser(MAREN)
    send(browser, care)
    send(browser, care, based_on=str(kept(app, care)[0].id), do="draft")
    first, second = (browser.text(f"/patients/{care.patient.id}/plans/{each.id}") for each in kept(app, care))
    assert "Version 1 Agreed . On their phone. This one counts. Maren Okafor" in first
    assert "What the patient reads" in first
    assert "As the patient would read it" in second
    assert "What the patient reads" not in second


# ---- two people at once ----


def test_two_who_write_at_once_lose_nothing_and_are_told_who_when_and_what_differs(app: StaffApp, care: InCare) -> None:
    maren, daniel = app.browser(MAREN), app.browser(DANIEL)
    read = based_on(maren.get(address(care)))
    assert send(maren, care, based_on=read).status_code == 303
    app.wait(minutes=4)
    page = send(daniel, care, based_on=read, first_sign="Llamar a Marta.", wait="5")
    first, second = kept(app, care)
    assert page.location == f"/patients/{care.patient.id}/plans/{second.id}"
    told = daniel.get(page.location)
    said = words(told)
    assert "Two versions were written at once. Both are kept." in said
    assert "Version 1 : Maren Okafor , today 10:00, Agreed." in said
    assert "Version 2 : Daniel Brandt , today 10:04, Agreed." in said
    assert "At the first sign Salir a caminar con Marta. Llamar a Marta." in said
    assert "Promised wait, in working days 3 5" in said
    assert "Who prescribes" not in said[said.index("What differs") : said.index("What it says")]
    assert f"/patients/{care.patient.id}/plans/{first.id}" in told.text
    assert "Two versions were written at once." in maren.text(address(care))  # whoever opens it next is told too


def test_a_third_version_settles_it(app: StaffApp, care: InCare) -> None:
    maren, daniel = app.browser(MAREN), app.browser(DANIEL)
    send(maren, care)
    send(daniel, care, first_sign="Llamar a Marta.")
    first, second = kept(app, care)
    third = maren.get(f"{address(care)}?from={first.id}")
    assert "Salir a caminar con Marta.</textarea>" in third.text
    assert based_on(third) == str(second.id)
    send(maren, care, based_on=based_on(third))
    assert "Two versions were written at once." not in maren.text(address(care))
    assert "Written at the same time as version 1." in maren.text(address(care))


def test_the_same_form_sent_twice_is_one_version_and_no_clash(app: StaffApp, care: InCare) -> None:
    browser = app.browser(MAREN)
    assert [send(browser, care).location for _ in range(2)] == [address(care)] * 2
    assert len(kept(app, care)) == 1
    assert len(app.audit("staying_well plan agreed")) == 1


# ---- versions and print ----


def test_any_version_can_be_read_as_it_was_kept(app: StaffApp, care: InCare) -> None:
    browser = app.browser(MAREN)
    send(browser, care)
    send(browser, care, based_on=str(kept(app, care)[0].id), first_sign="Otra cosa.", do="draft")
    first, second = kept(app, care)
    said = browser.text(f"/patients/{care.patient.id}/plans/{first.id}")
    assert "Salir a caminar con Marta." in said
    assert "Otra cosa." not in said
    assert "This one counts." in said
    assert "Me despierto a las cuatro (Body, asked at check-ins)" in said
    assert "Dejo de contestar a mis amigas (Behaviour)" in said
    assert "Otra cosa." in browser.text(f"/patients/{care.patient.id}/plans/{second.id}")


def test_the_printed_plan_is_in_the_patients_language_and_names_nobody(app: StaffApp, care: InCare) -> None:
    browser = app.browser(MAREN)
    send(browser, care)
    page = browser.get(f"/patients/{care.patient.id}/plans/{kept(app, care)[0].id}/print")
    sheet = page.text[page.text.index("<article") :]
    assert 'lang="es"' in sheet
    assert "Dejo de contestar a mis amigas" in sheet
    assert "Lucía" not in sheet


def test_a_version_of_another_patient_is_not_there(app: StaffApp, care: InCare) -> None:
    with unit_of_work(app.sessions) as session:
        other = a_patient(session, care.team, care.clinician, name="Noor", number="+447700900009")
        plan = an_agreed_plan(session, other)
    browser = app.browser(MAREN)
    assert browser.get(f"/patients/{other.patient.id}/plans/{plan.id}").status_code == 200
    for end in ("", "/print"):
        assert browser.get(f"/patients/{care.patient.id}/plans/{plan.id}{end}").status_code == 404
    send(browser, care, based_on=str(plan.id))
    assert kept(app, care)[0].based_on_id is None


# ---- who may what ----


def test_a_manager_reads_the_plan_and_cannot_write_it(app: StaffApp, care: InCare) -> None:
    with unit_of_work(app.sessions) as session:
        a_staff_member(session, care.team, "mia@example.org", name="Mia Lund", role=Role.MANAGER)
    send(app.browser(MAREN), care)
    manager = app.browser("mia@example.org")
    page = manager.get(address(care))
    assert "Salir a caminar con Marta." in page.text
    assert "<textarea" not in page.text
    assert send(manager, care).status_code == 404


def test_a_withdrawn_consent_to_texts_leaves_the_plan_readable_and_writable(app: StaffApp, care: InCare) -> None:
    browser = app.browser(MAREN)
    send(browser, care)
    with unit_of_work(app.sessions) as session:
        patient = session.get_one(Patient, care.patient.id)
        state_consent(session, patient, (Purpose.TEXTS,), False, said_by=Party.PATIENT, now=NOW)
    assert "Salir a caminar con Marta." in browser.text(address(care))
    assert send(browser, care, based_on=str(kept(app, care)[0].id), helped="Coro").status_code == 303
    assert "Relapse plan" in browser.text(f"/patients/{care.patient.id}")


def test_after_care_has_ended_the_plan_stays_as_it_is(app: StaffApp, care: InCare) -> None:
    browser = app.browser(MAREN)
    send(browser, care)
    with unit_of_work(app.sessions) as session:
        session.execute(
            sa.update(Episode)
            .where(Episode.id == care.episode.id)
            .values(closed_at=NOW, close_reason=CloseReason.COMPLETED, next_review_at=None)
        )
    page = browser.get(address(care))
    assert "Care has ended. The plan stays as it is, and the patient keeps it." in words(page)
    assert "What the patient reads" in words(page)
    assert send(browser, care, first_sign="Otra cosa.").status_code == 409
    assert len(kept(app, care)) == 1


# ---- the safety plan ----


def test_the_safety_plan_has_its_six_steps_in_their_order_and_names_whose_they_are(app: StaffApp, care: InCare) -> None:
    page = app.browser(MAREN).get(address(care, "safety-plan"))
    assert "Barbara Stanley and Gregory Brown (2012" in words(page)
    assert re.findall(r'<section class="sec" id="(\w+)-step">', page.text) == [
        "warning_signs",
        "alone",
        "places",
        "people",
        "professionals",
        "surroundings",
    ]


def test_a_safety_plan_is_agreed_line_by_line(app: StaffApp, care: InCare) -> None:
    browser = app.browser(MAREN)
    page = browser.post(address(care, "safety-plan"), **SAFETY)
    assert page.location == address(care, "safety-plan")
    (plan,) = kept(app, care, PlanKind.SAFETY)
    steps = safety_of(plan)
    assert steps.warning_signs == ("No duermo", "Me quedo en la cama")
    assert steps.professionals[0].number == "116123"  # short numbers stay as they are dialled
    assert "Version 1, agreed today 10:00. Read aloud to them." in browser.text(address(care, "safety-plan"))
    with reading(app.sessions) as session:
        assert agreed(session, care.episode.id) is None  # it is no relapse plan


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"warning_signs": " \n "}, "warning_signs", "Write at least one sign that it is getting hard."),
        (
            {"people-1": "", "people-number-1": "", "professionals-1": "", "professionals-number-1": ""},
            "people",
            "Name",
        ),
        ({"given": ""}, "given", "Choose how the plan came into their hands."),
        ({"alone": "x" * 201}, "alone", "At most 200 characters on a line."),
        ({"professionals-1": ""}, "professionals-1", "Write who this is."),
    ],
)
def test_what_a_safety_plan_lacks_is_said_beside_its_step(
    app: StaffApp, care: InCare, changed: dict[str, str], field: str, said: str
) -> None:
    page = app.browser(MAREN).post(address(care, "safety-plan"), **{**SAFETY, **changed})
    assert page.status_code == 422
    assert words(page).count(said) >= 2
    assert f'<li><a href="#{field}">' in page.text
    assert f'id="{field}"' in page.text
    assert not kept(app, care, PlanKind.SAFETY)


def test_two_who_write_a_safety_plan_at_once_are_told_too(app: StaffApp, care: InCare) -> None:
    app.browser(MAREN).post(address(care, "safety-plan"), **SAFETY)
    daniel = app.browser(DANIEL)
    page = daniel.post(address(care, "safety-plan"), **{**SAFETY, "alone": "Caminar"})
    assert "What they can do by themselves Ducha fría Caminar" in daniel.text(page.location)


# ---- the record ----


def test_the_record_says_in_a_line_where_both_plans_stand(app: StaffApp, care: InCare) -> None:
    browser, record = app.browser(MAREN), f"/patients/{care.patient.id}"
    assert "Relapse plan Nothing written yet No safety plan" in browser.text(record)
    send(browser, care, do="draft")
    assert "Relapse plan Draft, not agreed yet No safety plan" in browser.text(record)
    send(browser, care, based_on=str(kept(app, care)[0].id))
    browser.post(address(care, "safety-plan"), **SAFETY)
    said = browser.text(record)
    assert "Agreed, to be looked at again by 16 February 2027 Safety plan of 24 November 2026" in said
    app.wait(days=84)
    browser = app.browser(MAREN)
    assert "Agreed, to be looked at again since 16 February 2027" in browser.text(record)
    with unit_of_work(app.sessions) as session:
        session.add(a_flag(care, FlagKind.RELAPSE_SIGNAL))
    assert "Triggered: what it says to do is due now" in browser.text(record)


def test_whoever_reads_or_prints_a_plan_leaves_a_trail(app: StaffApp, care: InCare) -> None:
    browser = app.browser(MAREN)
    send(browser, care)
    plan_id = kept(app, care)[0].id
    for end in ("plan", "safety-plan", f"plans/{plan_id}"):
        browser.get(address(care, end))
    browser.get(address(care, f"plans/{plan_id}/print"))
    assert [entry.subject_id for entry in app.audit("viewed plan")] == [care.patient.id] * 3
    assert [entry.subject_id for entry in app.audit("printed plan")] == [care.patient.id]
    browser.get("/plans")
    assert [entry.subject_id for entry in app.audit("viewed plans")] == [care.team.id]
