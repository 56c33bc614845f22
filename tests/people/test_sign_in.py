"""Staff sign in with a password and a one-time code, and stay signed in only as long as they may."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from monitor.access import POLICY, Action
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.people import sign_in
from monitor.people.models import Role, StaffMember, StaffSession, TeamMembership
from tests.builders import NOW, PASSWORD, a_patient, a_staff_member, a_team
from tests.staff_browser import Browser, StaffApp, a_code, words

CLINICAL = (Role.CLINICIAN, Role.COORDINATOR, Role.SUPERVISOR)


@pytest.fixture
def app(sqlite_sessions: Sessions, settings: Settings) -> StaffApp:
    """One team with Maren and Inês, and Oskar, who has left."""
    with unit_of_work(sqlite_sessions) as session:
        team = a_team(session)
        a_staff_member(session, team)
        a_staff_member(session, team, "ines@example.org", name="Inês Carvalho", role=Role.COORDINATOR)
        a_staff_member(session, team, "oskar@example.org", name="Oskar Holm").ended_at = NOW - timedelta(days=1)
    return StaffApp(settings, sqlite_sessions)


def change(app: StaffApp, email: str, **values: object) -> None:
    """Change a staff member behind their back."""
    with unit_of_work(app.sessions) as session:
        member = next(each for each in session.scalars(sa.select(StaffMember)) if each.email == email)
        for name, value in values.items():
            setattr(member, name, value)


def is_signed_in(browser: Browser) -> bool:
    return browser.get("/").status_code == 200


def test_the_right_password_and_code_lead_to_the_worklist(sessions: Sessions, settings: Settings) -> None:
    with unit_of_work(sessions) as session:
        maren = a_staff_member(session, a_team(session))
    app = StaffApp(settings, sessions)
    browser = app.browser()

    page = browser.sign_in(" Maren@Example.org ")

    assert (page.status_code, page.location) == (303, "/")
    assert "Worklist" in browser.text("/")
    assert [entry.subject_id for entry in app.audit("signed_in")] == [maren.id]


def test_whoever_is_not_signed_in_is_sent_to_the_door(app: StaffApp) -> None:
    page = app.browser().get("/")

    assert (page.status_code, page.location) == (303, "/sign-in")


WRONG = {
    "a wrong password": {"password": "correct horse battery stable"},
    "a wrong code": {"code": "000000"},
    "a code that is no number": {"code": "٠٠٠٠٠٠"},
    "yesterday's code": {"code": a_code(NOW - timedelta(days=1))},
    "a code from more than half a minute ago": {"code": a_code(NOW - timedelta(seconds=61))},
    "an unknown e-mail": {"email": "nobody@example.org"},
    "somebody who has left": {"email": "oskar@example.org"},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_whatever_is_wrong_the_answer_is_the_same(app: StaffApp, wrong: dict[str, str]) -> None:
    def without_what_was_typed(text: str) -> str:
        return re.sub(r'value="[^"]*"', "", text)

    browser, reference = app.browser(), app.browser().sign_in(password="no")

    page = browser.sign_in(**wrong)

    assert page.status_code == 422
    assert without_what_was_typed(page.text) == without_what_was_typed(reference.text)
    assert not is_signed_in(browser)
    assert len(app.audit("sign_in_refused")) == 2


@pytest.mark.parametrize("seconds", [-30, 30])
def test_a_phone_whose_clock_is_half_a_minute_off_still_works(app: StaffApp, seconds: int) -> None:
    assert app.browser().sign_in(code=a_code(NOW + timedelta(seconds=seconds))).status_code == 303


def test_a_code_opens_the_door_once(app: StaffApp) -> None:
    app.browser("maren@example.org")

    assert app.browser().sign_in().status_code == 422
    app.wait(seconds=30)
    assert app.browser().sign_in().status_code == 303


def test_an_older_code_does_not_work_after_a_newer_one(app: StaffApp) -> None:
    assert app.browser().sign_in(code=a_code(NOW + timedelta(seconds=30))).status_code == 303

    assert app.browser().sign_in(code=a_code(NOW)).status_code == 422


def test_a_code_that_was_read_twice_at_once_opens_the_door_for_the_first(app: StaffApp) -> None:
    with unit_of_work(app.sessions) as session:
        found = sign_in.look_up(session, "maren@example.org")
        step = sign_in.accepted_step(found, PASSWORD, a_code(NOW), NOW)
        assert step
        assert found.staff_member_id
        tokens = [sign_in.admit(session, found.staff_member_id, step, NOW) for _ in range(2)]
        assert [token is not None for token in tokens] == [True, False]
        again = sign_in.look_up(session, "maren@example.org")
        assert sign_in.accepted_step(again, PASSWORD, a_code(NOW), NOW) is None


@pytest.mark.parametrize("field", ["email", "password", "code"])
def test_a_field_left_empty_is_named_and_counts_as_no_try(app: StaffApp, field: str) -> None:
    page = app.browser().sign_in(**{field: ""})

    assert page.status_code == 422
    assert f'id="{field}-fault"' in page.text
    assert not app.audit("sign_in_refused")


def test_the_e_mail_stays_and_the_secrets_do_not(app: StaffApp) -> None:
    page = app.browser().sign_in(password="my secret", code="123456")

    assert "maren@example.org" in page.text
    assert "my secret" not in page.text
    assert "123456" not in page.text


def test_after_ten_failures_even_the_right_person_waits_a_quarter_of_an_hour(app: StaffApp) -> None:
    for number in range(10):
        assert app.browser().sign_in(password="guess", REMOTE_ADDR=f"203.0.113.{number}").status_code == 422

    page = app.browser().sign_in(REMOTE_ADDR="198.51.100.7")
    assert page.status_code == 429
    assert "15 minutes" in words(page)
    assert page.text.count("<a ") == 1
    assert '<a href="/sign-in">' in page.text, "nobody is signed in here"
    assert app.browser().sign_in("ines@example.org", REMOTE_ADDR="198.51.100.7").status_code == 303
    app.wait(minutes=15, seconds=1)
    assert app.browser().sign_in(REMOTE_ADDR="198.51.100.7").status_code == 303


def test_ten_failures_from_one_address_stop_that_address_and_no_other(app: StaffApp) -> None:
    for number in range(10):
        app.browser().sign_in(f"guess-{number}@example.org", REMOTE_ADDR="203.0.113.9")

    assert app.browser().sign_in(REMOTE_ADDR="203.0.113.9").status_code == 429
    assert app.browser().sign_in(REMOTE_ADDR="198.51.100.7").status_code == 303


def test_half_an_hour_without_use_ends_it(app: StaffApp) -> None:
    browser = app.browser("maren@example.org")

    app.wait(minutes=29)
    assert is_signed_in(browser)
    app.wait(minutes=29)
    assert is_signed_in(browser)
    app.wait(minutes=30, seconds=1)
    assert not is_signed_in(browser)


def test_twelve_hours_end_it_however_busy_the_day(app: StaffApp) -> None:
    browser = app.browser("maren@example.org")

    for _ in range(12 * 3 - 1):
        app.wait(minutes=20)
        assert is_signed_in(browser)
    app.wait(minutes=20)
    assert not is_signed_in(browser)


def test_signing_out_ends_the_session_and_not_only_the_cookie(app: StaffApp) -> None:
    browser = app.browser("maren@example.org")
    kept = browser.client.get_cookie("staff")

    browser.post("/sign-out")
    assert kept
    browser.client.set_cookie("staff", kept.value)

    assert not is_signed_in(browser)
    assert len(app.audit("signed_out")) == 1


def test_a_session_that_is_ended_elsewhere_is_over(app: StaffApp) -> None:
    browser = app.browser("maren@example.org")

    with unit_of_work(app.sessions) as session:
        session.scalars(sa.select(StaffSession)).one().ended_at = NOW

    assert not is_signed_in(browser)


def test_whoever_leaves_is_out_at_once(app: StaffApp) -> None:
    browser = app.browser("maren@example.org")

    change(app, "maren@example.org", ended_at=NOW)

    assert not is_signed_in(browser)


def test_whoever_leaves_a_team_sees_none_of_its_patients_from_the_next_page_on(app: StaffApp) -> None:
    with unit_of_work(app.sessions) as session:
        maren = next(each for each in session.scalars(sa.select(StaffMember)) if each.name == "Maren Okafor")
        membership = session.scalars(sa.select(TeamMembership).where(TeamMembership.staff_member_id == maren.id)).one()
        patient = a_patient(session, membership.care_team, maren).patient
    browser = app.browser("maren@example.org")
    assert browser.get(f"/patients/{patient.id}").status_code == 200

    with unit_of_work(app.sessions) as session:
        session.get_one(TeamMembership, membership.id).until_at = NOW

    assert browser.get(f"/patients/{patient.id}").status_code == 404


def test_the_cookie_is_new_at_sign_in_and_shut_to_scripts_and_other_sites(app: StaffApp) -> None:
    browser = app.browser()
    browser.get("/sign-in")
    before = browser.client.get_cookie("staff")

    page = browser.sign_in()

    after = browser.client.get_cookie("staff")
    assert before
    assert after
    assert before.value != after.value
    assert {"HttpOnly", "SameSite=Strict"} <= set(page.headers["Set-Cookie"].split("; "))


def test_nothing_of_an_earlier_cookie_is_carried_over(app: StaffApp) -> None:
    browser = app.browser()
    browser.get("/sign-in")
    with browser.client.session_transaction() as cookie:
        cookie["planted"] = "by somebody else"

    browser.sign_in()

    with browser.client.session_transaction() as cookie:
        assert "planted" not in cookie


def test_the_cookie_names_nobody(app: StaffApp) -> None:
    browser = app.browser("maren@example.org")

    with browser.client.session_transaction() as cookie:
        kept = dict(cookie)

    with unit_of_work(app.sessions) as session:
        ids = {str(each.id) for each in session.scalars(sa.select(StaffMember))}
    assert not ids & set(map(str, kept.values()))


def test_a_form_without_our_token_changes_nothing(app: StaffApp) -> None:
    page = app.browser().client.post("/sign-in", data={"email": "maren@example.org", "password": "x", "code": "1"})

    assert page.status_code == 400
    assert "We could not read that form" in words(page)
    assert "nothing was saved" in words(page)


OUTSIDE = ("static", "health.healthz", "sign_in.page", "sign_in.submit", "feed.read")
"""The door itself, and the calendar whose address is its own key."""


def test_the_door_is_shut_before_every_page_but_the_door(app: StaffApp) -> None:
    client = app.flask.test_client()
    app.flask.config["WTF_CSRF_ENABLED"] = False
    somebody = "00000000-0000-7000-8000-000000000000"
    for rule in app.flask.url_map.iter_rules():
        if rule.endpoint in OUTSIDE:
            continue
        path = re.sub(r"<uuid:\w+>", somebody, rule.rule)
        for method in (rule.methods or set()) & {"GET", "POST"}:
            page = client.open(path, method=method)
            assert (page.status_code, page.location) == (303, "/sign-in"), (method, path)


def test_an_administrator_sees_no_patient_even_as_a_member_of_a_team(app: StaffApp) -> None:
    change(app, "ines@example.org", role=Role.ADMINISTRATOR)
    browser = app.browser("ines@example.org")

    assert "Nothing here for your role" in browser.text("/")
    assert browser.get("/find").status_code == 404
    assert browser.get("/patients/new").status_code == 404
    assert len(app.audit("refused")) == 2


def test_a_manager_sees_counts_and_no_person(app: StaffApp) -> None:
    with unit_of_work(app.sessions) as session:
        a_staff_member(session, None, "boss@example.org", name="Sofia Lindqvist", role=Role.MANAGER)

    said = app.browser("boss@example.org").text("/")

    assert "Counts" in said
    assert "North team" in said


def test_who_may_do_what_is_one_table() -> None:
    care = {Action.SEE_PATIENTS, Action.RECORD, Action.ENROL}

    assert set(POLICY) == set(Role)
    assert all(care <= POLICY[role] for role in CLINICAL)
    assert POLICY[Role.MANAGER] == {Action.SEE_COUNTS, Action.SEE_PATIENTS}
    assert POLICY[Role.ADMINISTRATOR] == frozenset()
