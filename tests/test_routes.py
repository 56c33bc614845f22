"""Every address of the program, who may use it, and that looking changes nothing."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from monitor import Surface, create_app
from monitor.audit import first_broken_link
from monitor.config import Settings
from monitor.db import Sessions, reading, unit_of_work
from monitor.flags.models import Flag
from monitor.ids import new_id, new_token
from monitor.people.devices import begin_enrolment
from monitor.people.models import Patient
from tests.builders import NOW, a_check_in
from tests.integrity.records import Written, a_record
from tests.phones import Phone, every_row, token_of
from tests.staff_browser import AUDIT, StaffApp

PATIENT_ROUTES = {
    "GET /c/<token>": "link_is_enough",
    "POST /c/<token>": "link_is_enough",
    "POST /c/<token>/after": "link_is_enough",
    "POST /c/<token>/early": "link_is_enough",
    "POST /c/link": "link_is_enough",
    "GET /healthz": "anyone",
    "GET /help": "anyone",
    "GET /me": "unlocked_phone",
    "POST /me": "unlocked_phone",
    "GET /me/settings": "unlocked_phone",
    "GET /me/step": "unlocked_phone",
    "GET /plan": "unlocked_phone",
    "POST /plan": "unlocked_phone",
    "POST /me/settings": "unlocked_phone",
    "POST /me/step": "unlocked_phone",
    "POST /hooks/twilio/status": "signed_by_twilio",
    "POST /hooks/twilio/text": "signed_by_twilio",
    "POST /me/unlock": "invitation_or_pin",
    "GET /set-up": "invitation_or_pin",
    "POST /set-up": "invitation_or_pin",
    "GET /set-up/<token>": "invitation_or_pin",
    "POST /set-up/<token>": "invitation_or_pin",
}
STAFF_ROUTES = {
    "GET /": "signed_in",
    "GET /calendar": "may_record",
    "POST /calendar": "may_record",
    "GET /calendar/<token>.ics": "anyone",
    "GET /calls": "may_see_patients",
    "GET /caseload": "may_see_patients",
    "GET /contact-problems": "may_see_patients",
    "GET /find": "may_see_patients",
    "POST /find": "may_see_patients",
    "GET /flags/<uuid:flag_id>": "may_see_patients",
    "POST /flags/<uuid:flag_id>/attempt": "may_record",
    "POST /flags/<uuid:flag_id>/close": "may_record",
    "POST /flags/<uuid:flag_id>/hand-over": "may_record",
    "POST /flags/<uuid:flag_id>/seen": "may_record",
    "POST /flags/<uuid:flag_id>/snooze": "may_record",
    "POST /flags/<uuid:flag_id>/take": "may_record",
    "POST /flags/<uuid:flag_id>/undo": "may_record",
    "POST /flags/attempts": "may_record",
    "GET /healthz": "anyone",
    "GET /intakes": "may_see_patients",
    "GET /load": "may_see_counts",
    "POST /keys": "signed_in",
    "GET /middle-step": "may_see_patients",
    "POST /middle-step/borrow": "may_record",
    "GET /patients/<uuid:patient_id>/middle-step": "may_see_patients",
    "POST /patients/<uuid:patient_id>/middle-step": "may_record",
    "GET /needs": "may_see_patients",
    "GET /messages": "may_see_patients",
    "GET /patients": "may_see_patients",
    "GET /patients/<uuid:patient_id>": "may_see_patients",
    "GET /patients/<uuid:patient_id>/answers": "may_record",
    "POST /patients/<uuid:patient_id>/answers": "may_record",
    "POST /patients/<uuid:patient_id>/appointments": "may_record",
    "GET /patients/<uuid:patient_id>/before": "may_see_patients",
    "POST /patients/<uuid:patient_id>/by-text": "may_enrol",
    "POST /patients/<uuid:patient_id>/calls": "may_record",
    "POST /patients/<uuid:patient_id>/care-roles": "may_record",
    "POST /patients/<uuid:patient_id>/caseload-look": "may_record",
    "POST /patients/<uuid:patient_id>/contact-again": "may_record",
    "POST /patients/<uuid:patient_id>/device": "may_enrol",
    "GET /patients/<uuid:patient_id>/intake": "may_record",
    "POST /patients/<uuid:patient_id>/intake": "may_record",
    "GET /patients/<uuid:patient_id>/hand-over": "may_record",
    "POST /patients/<uuid:patient_id>/hand-over": "may_record",
    "POST /patients/<uuid:patient_id>/invite": "may_enrol",
    "GET /patients/<uuid:patient_id>/messages": "may_see_patients",
    "GET /patients/<uuid:patient_id>/needs": "may_see_patients",
    "POST /patients/<uuid:patient_id>/needs": "may_record",
    "POST /patients/<uuid:patient_id>/number": "may_enrol",
    "POST /patients/<uuid:patient_id>/opt-in": "may_enrol",
    "POST /patients/<uuid:patient_id>/opt-out": "may_enrol",
    "POST /patients/<uuid:patient_id>/measures": "may_record",
    "GET /patients/<uuid:patient_id>/coming-back": "may_record",
    "POST /patients/<uuid:patient_id>/coming-back": "may_record",
    "POST /patients/<uuid:patient_id>/noticed-sign": "may_record",
    "POST /patients/<uuid:patient_id>/pause": "may_enrol",
    "GET /patients/<uuid:patient_id>/plan": "may_see_patients",
    "POST /patients/<uuid:patient_id>/plan": "may_record",
    "GET /patients/<uuid:patient_id>/plans/<uuid:plan_id>": "may_see_patients",
    "GET /patients/<uuid:patient_id>/plans/<uuid:plan_id>/print": "may_see_patients",
    "GET /patients/<uuid:patient_id>/safety-plan": "may_see_patients",
    "POST /patients/<uuid:patient_id>/safety-plan": "may_record",
    "GET /patients/<uuid:patient_id>/sharing": "may_see_patients",
    "POST /patients/<uuid:patient_id>/sharing": "may_record",
    "GET /patients/<uuid:patient_id>/summary": "may_see_patients",
    "GET /patients/<uuid:patient_id>/submissions/<uuid:submission_id>": "may_see_patients",
    "POST /patients/<uuid:patient_id>/treatments": "may_record",
    "GET /patients/<uuid:patient_id>/review": "may_record",
    "POST /patients/<uuid:patient_id>/review": "may_record",
    "GET /patients/<uuid:patient_id>/step-down": "may_see_patients",
    "POST /patients/<uuid:patient_id>/step-down": "may_record",
    "POST /patients/<uuid:patient_id>/step-down/<guardrail>": "may_record",
    "GET /patients/new": "may_enrol",
    "POST /patients/new": "may_enrol",
    "POST /patients/preview": "may_enrol",
    "GET /plans": "may_see_patients",
    "GET /reviews": "may_see_patients",
    "GET /sign-in": "anyone",
    "POST /sign-in": "anyone",
    "POST /sign-out": "signed_in",
    "GET /team": "may_see_patients",
    "POST /team/absences": "may_record",
    "POST /team/absences/<uuid:absence_id>/cancel": "may_record",
    "GET /texts": "may_enrol",
    "GET /static/<path:filename>": "our own files",
}
DEMO_ROUTES = {
    "GET /demo/": "where_everybody_is_invented",
    "GET /demo/device/<token>": "where_everybody_is_invented",
    "POST /demo/device/<token>": "where_everybody_is_invented",
    "GET /demo/texts": "where_everybody_is_invented",
    "POST /demo/texts/<token>": "where_everybody_is_invented",
}
MOST_PATIENT_ROUTES = 20
OPEN_TO_ALL = {"anyone", "our own files"}


@pytest.fixture
def production(settings: Settings) -> Settings:
    """The settings of a service that runs in earnest, on plain http so that cookies need no more."""
    return settings.model_copy(update={"environment": "production"})


@pytest.fixture
def written(sqlite_sessions: Sessions, settings: Settings) -> Written:
    """A patient with a record, and another team's."""
    with unit_of_work(sqlite_sessions) as session:
        a_record(session, settings, "+447700900002", "South team")
        return a_record(session, settings)


def routes_of(app: Flask) -> dict[str, str]:
    """Return each method and address of an application with the guard before it."""
    guards = app.extensions["guards"]
    return {
        f"{method} {rule.rule}": guards[rule.endpoint.partition(".")[0]] if "." in rule.endpoint else "our own files"
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    }


# ---- the list ----


@pytest.mark.parametrize(
    ("surface", "routes"), [(Surface.PATIENT, PATIENT_ROUTES), (Surface.STAFF, STAFF_ROUTES)], ids=["patient", "staff"]
)
def test_every_route_is_on_the_list_with_its_guard(
    sqlite_sessions: Sessions, production: Settings, surface: Surface, routes: dict[str, str]
) -> None:
    assert routes_of(create_app(production, surface, sessions=sqlite_sessions)) == routes


def test_a_demonstration_has_its_own_pages_besides_and_only_there(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    found = routes_of(create_app(settings, Surface.PATIENT, sessions=sqlite_sessions))

    assert found == PATIENT_ROUTES | DEMO_ROUTES


def test_the_patient_surface_stays_small(sqlite_sessions: Sessions, production: Settings) -> None:
    rules = list(create_app(production, Surface.PATIENT, sessions=sqlite_sessions).url_map.iter_rules())

    assert len(rules) <= MOST_PATIENT_ROUTES


@pytest.mark.parametrize("surface", Surface)
def test_every_blueprint_has_one_guard_and_it_is_the_one_that_is_named(
    sqlite_sessions: Sessions, production: Settings, surface: Surface
) -> None:
    app = create_app(production, surface, sessions=sqlite_sessions)

    running = {name: [guard.__name__ for guard in app.before_request_funcs[name]] for name in app.blueprints}
    assert running == {name: [guard] for name, guard in app.extensions["guards"].items()}


# ---- looking changes nothing ----


def addresses(routes: dict[str, str], **values: object) -> Iterator[str]:
    """Fill in the addresses of a surface, each once."""
    values = {"submission_id": new_id(), "plan_id": new_id(), "token": new_token(), "guardrail": "stability", **values}
    for rule in sorted({route.split()[1] for route in routes}):
        address = rule
        for name, value in values.items():
            for part in (f"<{name}>", f"<uuid:{name}>", f"<path:{name}>"):
                address = address.replace(part, str(value))
        assert "<" not in address, f"{rule}: give this test a value for it"
        yield address


def look(client: FlaskClient, address: str, **query: str) -> None:
    """Look at an address in every way that is meant to be harmless, as browsers, previews and scanners do."""
    for method in ("GET", "HEAD", "OPTIONS"):
        with client.open(address, method=method, query_string=query) as reply:
            assert reply.status_code < 500 or address == "/healthz", f"{method} {address}: {reply.status}"


def test_no_look_at_a_patient_page_changes_a_row(
    sqlite_sessions: Sessions, production: Settings, written: Written
) -> None:
    with unit_of_work(sqlite_sessions) as session:
        open_now = token_of(a_check_in(session, written.care, due_at=NOW - timedelta(hours=2), sequence=2))
        patient = session.get_one(Patient, written.care.patient.id)
        first, second = (begin_enrolment(session, patient, written.clinician.id, NOW).token for _ in range(2))
    phone = Phone(sqlite_sessions, production)
    assert phone.post(f"/set-up/{second}", {"pin": "802461", "again": "802461"}).status_code == 303
    with unit_of_work(sqlite_sessions) as session:
        third = begin_enrolment(session, session.get_one(Patient, patient.id), written.clinician.id, NOW).token
    before = every_row(sqlite_sessions)
    for address in (f"/c/{open_now}", "/me", "/me/step", "/me/settings", "/plan", "/plan?kept=1"):
        assert phone.get(address).status_code == 200, address
    for address in ("/help?worker=1", "/help?offline=1"):
        assert phone.get(address).status_code == 200, address

    for browser in (phone.browser, Phone(sqlite_sessions, production).browser):
        for token in (open_now, written.token, first, second, third, new_token(), "x"):
            for address in addresses(PATIENT_ROUTES, token=token):
                look(browser, address)
                look(browser, address, lang="ar", country="US", key=str(new_id()))

    assert every_row(sqlite_sessions) == before


def test_a_look_at_a_staff_page_leaves_a_trail_and_nothing_else(
    sqlite_sessions: Sessions, production: Settings, written: Written
) -> None:
    staff = StaffApp(production, sqlite_sessions)
    browser = staff.browser("+447700900001@example.org")
    before = every_row(sqlite_sessions)

    for client in (browser.client, staff.browser().client):
        for patient_id, flag_id in every_pair(sqlite_sessions):
            values = {"patient_id": patient_id, "flag_id": flag_id, "absence_id": new_id(), "filename": "staff.css"}
            for address in addresses(STAFF_ROUTES, **values):
                look(client, address)
                look(client, address, open=str(patient_id), view="mine", reason="safety", q="Noor")

    after = every_row(sqlite_sessions)
    assert {name for name in before if after[name] != before[name]} == AUDIT
    assert set(before["audit_entries"]) < set(after["audit_entries"])
    assert written.care.patient.id in {entry.subject_id for entry in staff.audit("viewed patient")}
    with reading(sqlite_sessions) as session:
        assert first_broken_link(session) is None


def every_pair(sessions: Sessions) -> list[tuple[UUID, UUID]]:
    """A patient and a flag of one's own, of another team, and of nobody."""
    with reading(sessions) as session:
        return [(flag.patient_id, flag.id) for flag in session.query(Flag)] + [(new_id(), new_id())]


# ---- nobody gets in by the side door ----


def send(client: FlaskClient, routes: dict[str, str], guards: set[str], **values: object) -> dict[str, int]:
    """Send an empty form to every address behind some guards; return what came of each."""
    found = {}
    for route, guard in routes.items():
        method, rule = route.split()
        if guard in guards:
            [address] = addresses({f"X {rule}": guard}, **values)
            with client.open(address, method=method) as reply:
                found[route] = reply.status_code
    return found


def test_without_a_sign_in_no_staff_page_answers_and_nothing_is_done(
    sqlite_sessions: Sessions, production: Settings, written: Written
) -> None:
    before = every_row(sqlite_sessions)
    client = StaffApp(production, sqlite_sessions).flask.test_client()
    client.application.config["WTF_CSRF_ENABLED"] = False  # the guard alone has to hold
    ids = {"patient_id": written.care.patient.id, "flag_id": written.flag_id, "absence_id": new_id()}
    values = {**ids, "filename": "staff.css"}

    replies = send(client, STAFF_ROUTES, set(STAFF_ROUTES.values()) - OPEN_TO_ALL, **values)

    assert set(replies.values()) == {303}
    assert every_row(sqlite_sessions) == before


def test_without_the_token_of_our_forms_no_staff_form_is_taken(
    sqlite_sessions: Sessions, production: Settings, written: Written
) -> None:
    browser = StaffApp(production, sqlite_sessions).browser("+447700900001@example.org")
    before = every_row(sqlite_sessions)
    posts = {route: guard for route, guard in STAFF_ROUTES.items() if route.startswith("POST")}
    values = {"patient_id": written.care.patient.id, "flag_id": written.flag_id, "absence_id": new_id()}

    replies = send(browser.client, posts, set(posts.values()), **values)

    assert set(replies.values()) == {400}
    assert every_row(sqlite_sessions) == before


def test_another_teams_rows_are_not_there_and_asking_leaves_a_trail(
    sqlite_sessions: Sessions, production: Settings, written: Written
) -> None:
    staff = StaffApp(production, sqlite_sessions)
    browser = staff.browser("+447700900002@example.org")
    token, before = browser.token(), staff.rows()
    asked = {route: guard for route, guard in STAFF_ROUTES.items() if "<uuid:" in route}
    for own, theirs in ((True, written), (False, None)):
        patient_id, flag_id = (theirs.care.patient.id, theirs.flag_id) if theirs else (new_id(), new_id())
        entries = len(staff.audit("refused"))
        for route in asked:
            method = route.split()[0]
            [address] = addresses({route: ""}, patient_id=patient_id, flag_id=flag_id, absence_id=new_id())
            with browser.client.open(address, method=method, data={"csrf_token": token}) as reply:
                assert reply.status_code == 404, f"{route}, {'of another team' if own else 'of nobody'}"
        assert len(staff.audit("refused")) == entries + len(asked)

    assert staff.rows() == before


def test_without_the_pin_no_page_of_a_patient_answers_and_nothing_is_done(
    sqlite_sessions: Sessions, production: Settings, written: Written
) -> None:
    with unit_of_work(sqlite_sessions) as session:
        patient = session.get_one(Patient, written.care.patient.id)
        invitation = begin_enrolment(session, patient, written.clinician.id, NOW)
    phone = Phone(sqlite_sessions, production)
    phone.post(f"/set-up/{invitation.token}", {"pin": "802461", "again": "802461"})
    phone.wait(minutes=16)
    before, name = every_row(sqlite_sessions), "Noor"
    locked = {route for route, guard in PATIENT_ROUTES.items() if guard == "unlocked_phone"}

    for browser, statuses in ((phone.browser, {200, 403}), (Phone(sqlite_sessions, production).browser, {303})):
        for route in locked:
            method, address = route.split()
            with browser.open(address, method=method, data={"do": "stop"}) as reply:
                assert reply.status_code in statuses
                assert name not in reply.text

    assert every_row(sqlite_sessions) == before
