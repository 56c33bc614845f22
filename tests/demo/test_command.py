"""The whole demonstration, as the command builds and serves it."""

import os
import re
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pyotp
import pytest

from monitor.demo.clinic import PASSWORD
from monitor.demo.courses import Course
from monitor.demo.lives import PIN
from monitor.i18n import LANGUAGES
from tests.demo.running_demo import Browser, Demo, a_free_port, closes, csrf_token, is_answered, monitor, served

ANSWERED_WITHIN_SECONDS = 60


@pytest.fixture
def browser() -> Browser:
    """A browser that has been nowhere."""
    return Browser()


def test_one_document_says_how_to_get_in(demo: Demo) -> None:
    document = demo.document

    assert document.keys() == {"base_url", "staff", "patients"}
    assert document["base_url"] == f"http://127.0.0.1:{demo.port}"
    assert len(document["staff"]) == 10
    assert len(document["patients"]) == 60
    assert all(each.keys() == {"role", "team", "email", "password", "totp_secret"} for each in document["staff"])
    assert all(
        each.keys() == {"id", "language", "course", "check_in_url", "device_url"} for each in document["patients"]
    )
    assert {each["course"] for each in document["patients"]} == {course.value for course in Course}
    assert {each["language"] for each in document["patients"]} == set(LANGUAGES)


def test_it_is_well_and_its_clock_ticks(demo: Demo, browser: Browser) -> None:
    assert browser.get(f"{demo.document['base_url']}/healthz").status == 200


@pytest.mark.parametrize("language", LANGUAGES)
def test_in_every_language_a_check_in_is_open(demo: Demo, browser: Browser, language: str) -> None:
    links = [each["check_in_url"] for each in demo.patients(language=language) if each["check_in_url"]]

    assert links
    for link in links:
        page = browser.get(link)
        assert page.status == 200
        assert f'<html lang="{LANGUAGES[language].html}"' in page.text
    assert browser.cookies == {}


def test_a_visitor_writes_on_a_patients_phone_and_is_answered(demo: Demo, browser: Browser) -> None:
    """By way of the phone network: its signed call, the outbox, Twilio's own client, and the call that it arrived."""
    texts = f"{demo.document['base_url']}/demo/texts"
    form = re.findall(r'action="(/demo/texts/\w+)"', browser.get(texts).text)[0]

    assert browser.post(f"{demo.document['base_url']}{form}", body="HELP").location == "/demo/texts"

    deadline = time.monotonic() + ANSWERED_WITHIN_SECONDS
    while "arrived" not in (answer := after_the_word(browser.get(texts).text, form, "HELP")):
        assert time.monotonic() < deadline, answer
        time.sleep(0.5)
    assert answer.count("<small>To") == 1
    assert "Traceback" not in demo.errors.read_text()


def after_the_word(page: str, form: str, word: str) -> str:
    """What stands on a phone below the patient's own word."""
    [phone] = [article for article in page.split("<article") if form in article]
    return phone.partition(f">{word}</p>")[2]


def test_staff_sign_in(demo: Demo, browser: Browser) -> None:
    login = next(each for each in demo.document["staff"] if each["role"] == "clinician")
    door = browser.get(f"{demo.document['base_url']}/staff/")
    assert door.status == 303
    assert door.location.endswith("/staff/sign-in")
    form = browser.get(f"{demo.document['base_url']}/staff/sign-in")
    admitted = browser.post(
        f"{demo.document['base_url']}/staff/sign-in",
        csrf_token=csrf_token(form),
        email=login["email"],
        password=login["password"],
        code=pyotp.TOTP(login["totp_secret"]).now(),
    )

    assert login["password"] == PASSWORD
    assert admitted.status == 303
    assert browser.get(f"{demo.document['base_url']}/staff/").status == 200


def test_a_device_link_makes_a_known_phone(demo: Demo, browser: Browser) -> None:
    link = demo.document["patients"][0]["device_url"]

    assert PIN in browser.get(link).text
    assert browser.get(f"{demo.document['base_url']}/me").status == 303
    assert browser.post(link).location.endswith("/me")
    assert browser.get(f"{demo.document['base_url']}/me").status == 200


def test_a_taken_port_is_said_in_one_line_before_anything_is_built(demo: Demo) -> None:
    result = monitor("demo", "--port", str(demo.port))

    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert str(demo.port) in result.stderr


def test_it_opens_again_and_stops_when_it_is_told_to(kept_database: Path, tmp_path: Path, demo: Demo) -> None:
    with served(tmp_path, kept_database) as again:
        assert [each["id"] for each in again.document["patients"]] == [each["id"] for each in demo.document["patients"]]
        assert is_answered(again.port)
        again.process.send_signal(signal.SIGINT)
        assert again.process.wait(timeout=30) == 0
        assert closes(again.port, within=0)
    assert "Traceback" not in again.errors.read_text()


def test_its_worker_does_not_outlive_it(kept_database: Path, tmp_path: Path) -> None:
    with served(tmp_path, kept_database) as again:
        again.process.kill()
        again.process.wait(timeout=30)
        assert closes(again.port)


def test_without_serving_it_says_the_same_at_once(kept_database: Path, demo: Demo) -> None:
    result = monitor("demo", "--json", "--no-serve", "--database", f"sqlite:///{kept_database}")

    assert result.returncode == 0, result.stderr
    assert result.stdout.count("\n") == 1
    assert demo.document["patients"][0]["id"] in result.stdout


def test_for_people_it_prints_logins_and_links(kept_database: Path) -> None:
    lines = monitor("demo", "--no-serve", "--database", f"sqlite:///{kept_database}").stdout

    assert lines.count("@riverside.example") == 10
    assert lines.count("/c/") == 2
    assert "/demo/texts" in lines
    assert "/demo/device/" in lines


def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "invoices.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE invoices (number INTEGER)")
    before = path.read_bytes()

    result = monitor("demo", "--port", str(a_free_port()), "--database", f"sqlite:///{path}")

    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["invoices.db"]


@pytest.mark.parametrize("url", ["no address", "mysql://somewhere/demo", "sqlite://", "sqlite:////nowhere/at/all.db"])
def test_an_address_that_cannot_be_is_said_in_one_line(url: str) -> None:
    result = monitor("demo", "--no-serve", "--database", url)

    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
