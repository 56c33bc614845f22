"""What every answer carries, what is refused before it is read, and what no log, address or error page repeats."""

import gzip
import logging
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import brotli
import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import sessionmaker
from werkzeug.test import TestResponse

from monitor import Surface, create_app
from monitor.checkins.models import Score
from monitor.config import Settings
from monitor.db import Sessions, make_engine, unit_of_work
from monitor.flags.models import Flag
from monitor.http import MAX_BODY_BYTES
from monitor.messaging.gateway import RecordingGateway
from monitor.people.models import Patient
from monitor.worker import make_courier, tick
from tests.builders import NOW, PASSWORD, a_patient, a_staff_member, a_team
from tests.phones import Phone, an_open_check_in
from tests.staff_browser import StaffApp

KEY = "01a1ffdb-911c-79e6-b316-8a96c4eaf52d"
OURS = "https://monitor.example"
NONCE = re.compile(r"nonce-[^']+|nonce=\"[^\"]+\"")


@pytest.fixture
def production(settings: Settings) -> Settings:
    """The settings of a service that runs in earnest."""
    return Settings(
        public_base_url=OURS,
        secret_key="w3lQ-8fZk1TzVx0pJ7yB5nHs2RcGaU9e",
        data_keys=settings.data_keys,
        lookup_key=settings.lookup_key,
        gateway="twilio",
        twilio_account_sid="AC-fictional",
        twilio_auth_token="fictional",
        twilio_from="+447700900000",
    )


@pytest.fixture
def open_door(sqlite_sessions: Sessions, production: Settings) -> Callable[..., FlaskClient]:
    """Return a browser of one surface."""

    def browser(surface: Surface, sessions: Sessions = sqlite_sessions, settings: Settings = production) -> FlaskClient:
        return create_app(settings, surface, sessions=sessions, clock=lambda: NOW).test_client()

    return browser


def ask(client: FlaskClient, method: str, path: str, **more: Any) -> TestResponse:
    return client.open(path, method=method, **{"base_url": OURS} | more)


ASKED: tuple[tuple[Surface, str, str, dict[str, Any], int], ...] = (
    (Surface.PATIENT, "GET", "/help", {}, 200),
    (Surface.PATIENT, "HEAD", "/help", {}, 200),
    (Surface.PATIENT, "OPTIONS", "/c/nothing", {}, 200),
    (Surface.PATIENT, "GET", "/c/nothing", {}, 404),
    (Surface.PATIENT, "POST", "/c/nothing", {"data": {"key": KEY}}, 404),
    (Surface.PATIENT, "POST", "/c/nothing/early", {}, 204),
    (Surface.PATIENT, "POST", "/c/link", {"data": {"token": "nothing"}}, 200),
    (Surface.PATIENT, "POST", "/set-up", {"data": {"code": "1"}}, 422),
    (Surface.PATIENT, "GET", "/me", {}, 303),
    (Surface.PATIENT, "GET", "/healthz", {}, 503),
    (Surface.PATIENT, "PUT", "/help", {}, 405),
    (Surface.PATIENT, "TRACE", "/help", {}, 405),
    (Surface.PATIENT, "GET", "/static/patient.css", {}, 404),
    (Surface.PATIENT, "GET", "/%ff%fe", {}, 404),
    (Surface.PATIENT, "GET", "/c/%00", {}, 404),
    (Surface.PATIENT, "GET", "/help?lang=%ff&country=%f0%9f", {}, 200),
    (Surface.PATIENT, "GET", "/help?lang=" + "a" * 5000, {}, 200),
    (Surface.PATIENT, "GET", "/help", {"headers": {"Accept-Language": "xx;q=oh,,;;, \x7f"}}, 200),
    (Surface.PATIENT, "GET", "/me", {"headers": {"Cookie": "__Host-device=.eJx; __Host-staff=x"}}, 303),
    (Surface.PATIENT, "POST", "/c/nothing", {"data": b"key=%ff&phq9_1=\xff", "content_type": "text/plain"}, 400),
    (Surface.PATIENT, "POST", "/c/nothing", {"data": b"a", "content_type": "multipart/form-data"}, 400),
    (Surface.PATIENT, "POST", "/c/nothing", {"data": b"{", "content_type": "application/json"}, 400),
    (Surface.STAFF, "GET", "/sign-in", {}, 200),
    (Surface.STAFF, "GET", "/", {}, 303),
    (Surface.STAFF, "GET", "/nothing", {}, 404),
    (Surface.STAFF, "GET", "/patients/not-an-id", {}, 404),
    (Surface.STAFF, "POST", "/sign-in", {"data": {"email": "x"}}, 400),  # without the token of our form
    (Surface.STAFF, "PUT", "/sign-in", {}, 405),
    (Surface.STAFF, "OPTIONS", "/sign-in", {}, 200),
    (Surface.STAFF, "GET", "/static/staff.css", {}, 200),
    (Surface.STAFF, "GET", "/static/../pyproject.toml", {}, 404),
    (Surface.STAFF, "GET", "/static/%2e%2e/pyproject.toml", {}, 404),
    (Surface.STAFF, "GET", "/", {"headers": {"Cookie": "__Host-staff=.eJx"}}, 303),
)


def directives(reply: TestResponse) -> dict[str, list[str]]:
    """Read a content security policy as a browser does. Raises AssertionError on what a browser would complain of."""
    found: dict[str, list[str]] = {}
    for part in reply.headers["Content-Security-Policy"].split(";"):
        name, *sources = part.split()
        assert name not in found
        assert sources
        assert "'none'" not in sources or sources == ["'none'"]
        found[name] = sources
    return found


# ---- on every answer ----


@pytest.mark.parametrize(("surface", "method", "path", "more", "status"), ASKED)
def test_every_answer_is_the_one_expected_and_carries_the_headers_of_the_house(
    open_door: Callable[..., FlaskClient], surface: Surface, method: str, path: str, more: dict[str, Any], status: int
) -> None:
    with ask(open_door(surface), method, path, **more) as reply:
        assert reply.status_code == status
        check_headers(reply)
        assert reply.headers["Strict-Transport-Security"].startswith("max-age=63072000")


def check_headers(reply: TestResponse) -> None:
    policy = directives(reply)
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == ["'none'"]
    assert policy["form-action"] == policy["connect-src"] == ["'self'"]
    allowed = {"'self'", "'none'", "data:"}
    assert all(source in allowed or source.startswith("'nonce-") for sources in policy.values() for source in sources)
    own_file = reply.mimetype in ("text/css", "text/javascript")
    assert reply.headers["Cache-Control"] == ("no-cache" if own_file else "no-store")
    for name, value in {
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex, nofollow",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }.items():
        assert reply.headers[name] == value
    assert "microphone=()" in reply.headers["Permissions-Policy"]
    assert "Set-Cookie" not in reply.headers or "HttpOnly" in reply.headers["Set-Cookie"]


@pytest.mark.parametrize(("surface", "path"), [(Surface.PATIENT, "/help"), (Surface.STAFF, "/sign-in")])
def test_only_what_carries_this_pages_own_nonce_may_run(
    open_door: Callable[..., FlaskClient], surface: Surface, path: str
) -> None:
    client = open_door(surface)
    pages = [ask(client, "GET", path) for _ in range(2)]
    for page in pages:
        inline = re.findall(r"<(?:style|script)\b([^>]*)>", page.text)
        nonces = {found for tag in inline for found in re.findall(r'nonce="([^"]+)"', tag)}
        assert {f"'nonce-{nonce}'" for nonce in nonces} <= set(directives(page)["style-src"])
        assert all("nonce=" in tag or "src=" in tag for tag in inline)
        assert not re.search(r"<[^>]+\s(?:style|on\w+)=", page.text)
    assert NONCE.findall(pages[0].text) != NONCE.findall(pages[1].text) or surface is Surface.STAFF


def test_over_plain_http_a_demo_asks_for_no_transport_security(
    open_door: Callable[..., FlaskClient], settings: Settings
) -> None:
    reply = ask(open_door(Surface.PATIENT, settings=settings), "GET", "/help", base_url="http://127.0.0.1:8000")

    assert "Strict-Transport-Security" not in reply.headers


def test_a_cookie_is_bound_to_this_host_and_kept_from_scripts(
    open_door: Callable[..., FlaskClient],
) -> None:
    [cookie] = ask(open_door(Surface.STAFF), "GET", "/sign-in").headers.getlist("Set-Cookie")

    assert cookie.startswith("__Host-staff=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Strict"} <= {part.strip() for part in cookie.split(";")}
    assert "Domain" not in cookie


# ---- what is refused ----


@pytest.mark.parametrize("surface", Surface)
@pytest.mark.parametrize(
    ("headers", "let_in"),
    [
        ({}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Origin": OURS}, True),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": OURS}, False),
        ({"Origin": "https://elsewhere.example"}, False),
        ({"Origin": "https://monitor.example.elsewhere.example"}, False),
        ({"Origin": "https://monitor.example:8443"}, False),
        ({"Origin": "https://elsewhere.example/monitor.example"}, False),
        ({"Origin": "null"}, True),
        ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, False),
        ({"Origin": "http://[::1"}, False),
    ],
)
def test_a_form_that_another_site_sends_is_refused(
    open_door: Callable[..., FlaskClient], surface: Surface, headers: dict[str, str], let_in: bool
) -> None:
    path = "/c/link" if surface is Surface.PATIENT else "/sign-in"
    reply = ask(open_door(surface), "POST", path, data={"token": "nothing"}, headers=headers)

    assert (reply.status_code != 403) is let_in
    assert reply.status_code < 500


def test_a_page_may_be_opened_from_anywhere(open_door: Callable[..., FlaskClient]) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://texts.example"}

    assert ask(open_door(Surface.PATIENT), "GET", "/help", headers=headers).status_code == 200


@pytest.mark.parametrize("surface", Surface)
def test_a_nul_is_refused_in_a_form_and_in_an_address(open_door: Callable[..., FlaskClient], surface: Surface) -> None:
    client, path = open_door(surface), "/c/nothing" if surface is Surface.PATIENT else "/sign-in"

    assert ask(client, "POST", path, data={"note": "a\x00b", "key": KEY}).status_code == 400
    assert ask(client, "GET", f"{path}?lang=%00").status_code == 400


@pytest.mark.parametrize("surface", Surface)
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"])
def test_more_than_a_check_in_could_hold_is_refused_with_a_page(
    open_door: Callable[..., FlaskClient], surface: Surface, kind: str
) -> None:
    path = "/c/nothing" if surface is Surface.PATIENT else "/sign-in"

    reply = ask(open_door(surface), "POST", path, data=b"a" * (MAX_BODY_BYTES + 1), content_type=kind)

    assert reply.status_code == 413
    assert reply.mimetype == "text/html"
    check_headers(reply)


@pytest.mark.parametrize("surface", Surface)
@pytest.mark.parametrize("host", ["elsewhere.example", "monitor.example.elsewhere.example", "a b", "[::1"])
def test_a_host_that_is_not_ours_is_refused(
    open_door: Callable[..., FlaskClient], surface: Surface, host: str, caplog: pytest.LogCaptureFixture
) -> None:
    for method in ("GET", "POST"):
        reply = ask(open_door(surface), method, "/c/a-secret-token", headers={"Host": host})
        assert reply.status_code == 400
        assert host not in reply.text
    assert caplog.text == ""


@pytest.mark.parametrize("host", ["monitor.example", "monitor.example:443", "127.0.0.1:8000", "localhost"])
def test_our_own_hosts_are_let_in(open_door: Callable[..., FlaskClient], host: str) -> None:
    assert ask(open_door(Surface.PATIENT), "GET", "/help", headers={"Host": host}).status_code == 200


# ---- compression ----

UNPACK: dict[str | None, Callable[[bytes], bytes]] = {
    "br": brotli.decompress,
    "gzip": gzip.decompress,
    None: lambda body: body,
}


@pytest.mark.parametrize(
    ("accepts", "encoding"),
    [
        ("br, gzip", "br"),
        ("gzip, deflate", "gzip"),
        ("gzip;q=1.0, br;q=0", "gzip"),
        ("*", "br"),
        ("identity", None),
        ("deflate", None),
        ("br;q=0, gzip;q=0", None),
        ("", None),
    ],
)
@pytest.mark.parametrize(
    ("surface", "path"), [(Surface.PATIENT, "/help"), (Surface.PATIENT, "/nothing"), (Surface.STAFF, "/sign-in")]
)
def test_a_page_is_the_same_however_it_is_packed(
    open_door: Callable[..., FlaskClient], surface: Surface, path: str, accepts: str, encoding: str | None
) -> None:
    client = open_door(surface)

    plain = ask(client, "GET", path)
    packed = ask(client, "GET", path, headers={"Accept-Encoding": accepts})

    assert packed.headers.get("Content-Encoding") == encoding
    assert "Accept-Encoding" in packed.headers["Vary"]
    body = UNPACK[encoding](packed.data).decode()
    assert int(packed.headers["Content-Length"]) == len(packed.data)
    assert without_the_moment(body) == without_the_moment(plain.text)


def without_the_moment(page: str) -> str:
    return re.sub(r'name="csrf_token" value="[^"]+"', "", NONCE.sub("", page))


def test_what_is_small_is_sent_as_it_is(open_door: Callable[..., FlaskClient]) -> None:
    reply = ask(open_door(Surface.PATIENT), "GET", "/healthz", headers={"Accept-Encoding": "br"})

    assert "Content-Encoding" not in reply.headers


# ---- when something fails ----


@pytest.mark.parametrize("surface", Surface)
def test_without_the_database_everybody_gets_a_page_that_says_so(
    open_door: Callable[..., FlaskClient], surface: Surface, tmp_path: Path
) -> None:
    gone = sessionmaker(make_engine(f"sqlite:///{tmp_path}/nowhere/monitor.db"))
    client = open_door(surface, sessions=gone)
    with client.session_transaction(base_url=OURS) as cookie:
        cookie |= {"_user_id": "a-token", "seen": int(NOW.timestamp()), "device": "a-token"}

    paths = ("/c/nothing", "/me") if surface is Surface.PATIENT else ("/", "/sign-in")
    for path in paths:
        reply = ask(client, "GET", path)
        assert reply.status_code == 503
        assert reply.mimetype == "text/html"
        assert str(tmp_path) not in reply.text
        check_headers(reply)
    assert ask(client, "GET", "/healthz").json == {"database": "down", "clock": "unknown"}


LOOKS_UP = {
    Surface.PATIENT: "monitor.checkins.patient_views.find_open",
    Surface.STAFF: "monitor.people.sign_in.look_up",
}
CANARY = "Quillfeather +447700900987 item9"


@pytest.mark.parametrize("surface", Surface)
def test_what_went_wrong_is_in_no_page_and_no_log_but_its_place_is_in_both(
    open_door: Callable[..., FlaskClient],
    surface: Surface,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ValueError(CANARY)

    monkeypatch.setattr(LOOKS_UP[surface], fails)
    client = open_door(surface)
    if surface is Surface.PATIENT:
        reply = ask(client, "GET", "/c/a-secret-token")
    else:
        token = re.search(r'name="csrf_token" value="([^"]+)"', ask(client, "GET", "/sign-in").text)
        assert token
        data = {"email": "gannet@example.org", "password": PASSWORD, "code": "123456", "csrf_token": token[1]}
        reply = ask(client, "POST", "/sign-in", data=data)

    assert reply.status_code == 500
    [record] = caplog.records
    reference = record.getMessage().split()[1]
    assert reference in reply.text
    assert "ValueError" in record.getMessage()
    assert "test_http.py" in record.getMessage()
    for word in (*CANARY.split(), "a-secret-token", "gannet"):
        assert word not in caplog.text
        assert word not in reply.text
    assert "Traceback" not in caplog.text


# ---- what is nowhere to be found ----

NAME, NUMBER, NOTE, SEARCHED = "Quillfeather", "+447700900987", "my-marmalade-note", "Quillf"
UNUSUAL = {"phq9": 23, "gad7": 19}


class Everything(logging.Handler):
    """Keeps what any part of the program says, with its arguments, its attributes and its tracebacks."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.said.append(f"{self.format(record)} {record.__dict__}")


@pytest.fixture
def everything() -> Any:
    """All that is logged, at the most talkative setting there is."""
    keeper, root = Everything(), logging.getLogger()
    level = root.level
    root.addHandler(keeper)
    root.setLevel(logging.DEBUG)
    yield keeper
    root.setLevel(level)
    root.removeHandler(keeper)


def test_a_day_at_the_clinic_leaves_no_name_number_note_link_or_score_in_logs_and_addresses(
    migrated_sqlite: Path, tmp_path: Path, settings: Settings, everything: Everything
) -> None:
    path = tmp_path / "own.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    engine = make_engine(f"sqlite:///{path}")  # made while everything is logged
    sessions = sessionmaker(engine, expire_on_commit=False)
    with unit_of_work(sessions) as session:
        team = a_team(session)
        clinician = a_staff_member(session, team, "gannet@example.org", name="Kestrel Albatross")
        a_patient(session, team, clinician, name=NAME, number=NUMBER, weekday=1, planned_until=NOW - timedelta(days=3))
    replies: list[TestResponse] = []
    gateway = RecordingGateway()
    tick(make_courier(settings, sessions, lambda: NOW, gateway))
    link = gateway.sent[0].body.rsplit("/", 1)[1]
    phone = Phone(sessions, settings)
    heavy = {f"phq9_{item}": "3" for item in range(1, 8)} | {"phq9_8": "1", "phq9_9": "1"}
    heavy |= {f"gad7_{item}": "3" for item in range(1, 7)} | {"gad7_7": "1"}
    form = phone.fill_in(f"/c/{link}", **heavy) | {"note": NOTE}
    replies += [
        phone.post(f"/c/{link}", form | {"note": NOTE * 500}),
        phone.post(f"/c/{link}/early", {"phq9_9": "1"}),
        phone.post(f"/c/{link}", form),
        phone.post(f"/c/{link}/after", form | {"call": "1"}),
        phone.get(f"/c/{link}"),
        phone.post("/c/link", {"token": link}),
        phone.post(f"/c/{link}", {"key": "x"}),
    ]
    staff = StaffApp(settings, sessions)
    replies.append(staff.browser().sign_in("gannet@example.org", "wrong " + PASSWORD))
    browser = staff.browser("gannet@example.org")
    with sessions() as session:
        patient_id, flag_id = session.query(Patient).one().id, session.query(Flag).filter_by(kind="safety").one().id
    replies += [
        browser.get("/"),
        browser.post("/find", q=SEARCHED),
        browser.get(f"/patients/{patient_id}"),
        browser.post(f"/flags/{flag_id}/close", outcome="spoke", reason=""),
        browser.post(f"/flags/{flag_id}/close", outcome="spoke", reason=NOTE),
        browser.post(f"/patients/{patient_id}/number", number="not a number"),
        browser.post(f"/patients/{patient_id}/opt-out"),
    ]
    engine.dispose()

    assert [reply.status_code for reply in replies[:3]] == [422, 204, 200]
    assert replies[2].request.path == f"/c/{link}"
    with sessions() as session:
        assert {score.instrument: score.total for score in session.query(Score)} == UNUSUAL
    said = "\n".join(everything.said)
    assert said, "the program does log"
    canaries = (NAME, NUMBER, NUMBER[3:], NOTE, SEARCHED, link, "gannet", "Kestrel", PASSWORD, "'value': 3")
    assert [canary for canary in canaries if canary in said] == []
    assert not re.search(r"\b(?:total|last|answer)\W{1,4}(?:23|19)\b", said)
    for reply in replies:
        address = reply.headers.get("Location", "")
        assert not [canary for canary in canaries if canary in address]
        if reply.status_code in (400, 404, 500):
            assert not [canary for canary in (NAME, NUMBER, NOTE) if canary in reply.text]


def test_a_check_in_link_is_not_in_the_title_or_the_preview_of_its_page(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    asked = an_open_check_in(sqlite_sessions)

    page = Phone(sqlite_sessions, settings).get(asked.path).text

    head = page.partition("</head>")[0]
    assert asked.token not in head
    assert not re.search(r"(?i)phq|gad|depress|anxi|mood|symptom|noor", re.sub(r"<(style|script).*?</\1>", "", head))
