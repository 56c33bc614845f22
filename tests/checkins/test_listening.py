"""Questions that can be listened to: with the phone's own player, in the page's language, and kept nowhere."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from monitor import Surface, create_app
from monitor.config import Settings
from monitor.db import Sessions
from monitor.measures.catalogue import use_folder
from tests.browser.checks import does_not_fit, sideways, small_targets, violations
from tests.builders import NOW
from tests.measures.recordings import mp3, opus, record
from tests.phones import Asked, Phone, an_open_check_in, every_row

EVERY_ITEM = tuple(f"{item}.mp3" for item in range(1, 10))
PLAYED = "each => ({played: each.played.length && each.currentTime > 0, long: each.duration, paused: each.paused})"


@pytest.fixture(autouse=True)
def nobodys_folder() -> Iterator[None]:
    yield
    use_folder(None)


@pytest.fixture
def recorded(settings: Settings, tmp_path: Path) -> Settings:
    """A service with recordings of its own: of the whole PHQ-9 in English, and of one question in Arabic."""
    record(tmp_path, *EVERY_ITEM, "1.ogg", "stem.ogg", "stem.mp3", "options.mp3", "difficulty.mp3")
    record(tmp_path, "2.m4a", language="ar")
    return settings.model_copy(update={"instruments_dir": tmp_path})


def heard(page: str) -> list[str]:
    return re.findall(r'<source src="\?listen=([^"&]*)', page)


def listen(phone: Phone, asked: Asked, address: str, **headers: str) -> TestResponse:
    return phone.browser.get(f"{asked.path}?listen={address}", headers={**phone.headers, **headers})


# ---- the page ----


def test_each_question_that_is_recorded_has_a_player_and_no_other_has_one(
    sqlite_sessions: Sessions, recorded: Settings
) -> None:
    asked = an_open_check_in(sqlite_sessions)

    page = Phone(sqlite_sessions, recorded).get(asked.path)

    players = heard(page.text)
    assert {name for name in players if "options" not in name} == {
        "phq9_stem",
        "phq9_difficulty",
        *(f"phq9_{item}" for item in range(1, 10)),
    }
    assert players.count("phq9_options") == 9, "the answers can be heard with every question"
    assert players.count("phq9_stem") == 2, "in both of its formats, where it is printed"
    assert page.text.count('<audio controls preload="none"') == 20
    assert page.text.count("Listen to the question") == 2 * 10
    assert "media-src 'self';" in page.headers["Content-Security-Policy"]


def test_a_player_takes_the_lightest_format_that_the_phone_plays(sqlite_sessions: Sessions, recorded: Settings) -> None:
    asked = an_open_check_in(sqlite_sessions)

    page = Phone(sqlite_sessions, recorded).get(asked.path).text

    assert (
        '<source src="?listen=phq9_1&amp;as=ogg&amp;lang=en" type="audio/ogg; codecs=opus">'
        '<source src="?listen=phq9_1&amp;as=mp3&amp;lang=en" type="audio/mpeg">'
    ) in page


def test_what_is_heard_is_in_the_language_of_the_page(sqlite_sessions: Sessions, recorded: Settings) -> None:
    asked, phone = an_open_check_in(sqlite_sessions), Phone(sqlite_sessions, recorded)

    assert heard(phone.get(asked.path + "?lang=ar").text) == ["phq9_2"]
    assert heard(phone.get(asked.path + "?lang=pl").text) == []


def test_with_questions_left_open_they_can_still_be_heard(sqlite_sessions: Sessions, recorded: Settings) -> None:
    asked, phone = an_open_check_in(sqlite_sessions), Phone(sqlite_sessions, recorded)
    sent = phone.fill_in(asked.path)
    del sent["phq9_3"]

    page = phone.post(asked.path, sent)

    assert (page.status_code, "phq9_3" in heard(page.text)) == (422, True)
    assert "media-src 'self';" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize("language", ["en", "ar"])
def test_without_recordings_a_page_knows_nothing_of_sound(
    sqlite_sessions: Sessions, settings: Settings, language: str
) -> None:
    asked = an_open_check_in(sqlite_sessions, language=language)

    page = Phone(sqlite_sessions, settings).get(asked.path)

    assert not re.search(r"audio|listen=|\.hear|pause\(", page.text)
    assert "media-src" not in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize("language", ["en", "uk"])
def test_a_page_with_players_is_hardly_heavier(
    sqlite_sessions: Sessions, settings: Settings, tmp_path: Path, language: str
) -> None:
    asked = an_open_check_in(sqlite_sessions, language=language)
    silent = weight(Phone(sqlite_sessions, settings), asked)
    both = [f"{name}.{kind}" for name in (*range(1, 10), "stem", "options") for kind in ("ogg", "mp3")]
    record(tmp_path, *both, language=language)
    record(tmp_path, *(name for name in both if name[0] not in "89"), code="gad7", language=language)

    page = Phone(sqlite_sessions, settings.model_copy(update={"instruments_dir": tmp_path}))

    assert 0 < weight(page, asked) - silent < 600


def weight(phone: Phone, asked: Asked) -> int:
    phone.headers["Accept-Encoding"] = "br"
    page = phone.get(asked.path)
    assert page.content_encoding == "br"
    return len(page.data)


# ---- the recording ----


def test_a_recording_is_sent_as_what_it_is_and_kept_nowhere(sqlite_sessions: Sessions, recorded: Settings) -> None:
    asked, phone = an_open_check_in(sqlite_sessions), Phone(sqlite_sessions, recorded)

    lightest, other = listen(phone, asked, "phq9_1&lang=en"), listen(phone, asked, "phq9_1&as=mp3&lang=en")

    assert (lightest.data, lightest.headers["Content-Type"]) == (opus(), "audio/ogg; codecs=opus")
    assert (other.data, other.headers["Content-Type"]) == (mp3(), "audio/mpeg")
    for each in (lightest, other):
        assert each.status_code == 200
        assert each.headers["Cache-Control"] == "no-store"
        assert each.headers["Accept-Ranges"] == "bytes"
        assert each.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in each.headers


@pytest.mark.parametrize(
    ("wanted", "part", "where"),
    [
        ("bytes=0-1", slice(0, 2), "bytes 0-1/{size}"),  # what an iPhone asks first
        ("bytes=100-", slice(100, None), "bytes 100-{last}/{size}"),
        ("bytes=-8", slice(-8, None), "bytes {from_}-{last}/{size}"),
    ],
)
def test_a_recording_is_sent_in_the_parts_that_are_asked_for(
    sqlite_sessions: Sessions, recorded: Settings, wanted: str, part: slice, where: str
) -> None:
    asked, phone, size = an_open_check_in(sqlite_sessions), Phone(sqlite_sessions, recorded), len(mp3())

    sent = listen(phone, asked, "phq9_2&lang=en", Range=wanted)

    assert (sent.status_code, sent.data) == (206, mp3()[part])
    assert sent.headers["Content-Range"] == where.format(size=size, last=size - 1, from_=size - 8)
    assert listen(phone, asked, "phq9_2&lang=en", Range=f"bytes={size}-").status_code == 416


def test_listening_writes_nothing(sqlite_sessions: Sessions, recorded: Settings) -> None:
    asked, phone = an_open_check_in(sqlite_sessions), Phone(sqlite_sessions, recorded)
    before = every_row(sqlite_sessions)

    listen(phone, asked, "phq9_1&lang=en")

    assert every_row(sqlite_sessions) == before


NOTHING = (
    "phq9_1&lang=pl",
    "phq9_1&lang=ar",
    "phq9_1&as=m4a&lang=en",
    "phq9_1&as=wav&lang=en",
    "phq9_10&lang=en",
    "phq9_01&lang=en",
    "gad7_1&lang=en",
    "gad7_options&lang=en",
    "who5_1&lang=en",
    "stem&lang=en",
    "&lang=en",
    "phq9_1.mp3&lang=en",
    "../phq9_1&lang=en",
    "phq9_..%2Fen%2F1&lang=en",
    "phq9_1&as=../../en.json&lang=en",
)


def test_nothing_else_can_be_had(sqlite_sessions: Sessions, recorded: Settings, tmp_path: Path) -> None:
    record(tmp_path, "1.mp3", code="who5")
    asked, phone = an_open_check_in(sqlite_sessions), Phone(sqlite_sessions, recorded)

    for address in NOTHING:
        sent = listen(phone, asked, address)
        assert (address, sent.status_code, sent.mimetype) == (address, 404, "text/html")
    assert listen(phone, asked, "phq9_1&lang=../ar").data == opus(), "no language at all is the patient's own"


@pytest.mark.parametrize("end", ["answered", "closed", "unknown"])
def test_a_link_that_has_ended_is_silent(sqlite_sessions: Sessions, recorded: Settings, end: str) -> None:
    ended: dict[str, Any] = {"completed_at": NOW} if end == "answered" else {}
    asked, phone = an_open_check_in(sqlite_sessions, asked=ended), Phone(sqlite_sessions, recorded)
    if end == "closed":
        phone.wait(days=8)
    path = "/c/unknown" if end == "unknown" else asked.path

    sent = phone.get(f"{path}?listen=phq9_1&lang=en")

    assert (sent.status_code, sent.mimetype) == (404, "text/html")


# ---- in a browser ----


@pytest.fixture
def address(sqlite_sessions: Sessions, recorded: Settings) -> Iterator[str]:
    """The patient surface at a local address."""
    app = create_app(recorded, Surface.PATIENT, sessions=sqlite_sessions, clock=lambda: NOW + timedelta(minutes=1))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def page(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A small phone, with script or without. A fault in a script, or a breach of the page's policy, ends the test."""
    context = chromium.new_context(
        viewport={"width": 360, "height": 640}, java_script_enabled=getattr(request, "param", True)
    )
    opened, faults = context.new_page(), []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    yield opened
    context.close()
    assert faults == []


def play(page: Page, question: str, name: str) -> dict[str, Any]:
    """Play a recording to its end, and say what became of it."""
    player = page.locator(f"{question} audio", has=page.locator(f"source[src*='listen={name}&']"))
    player.evaluate("each => new Promise((ended, failed) => { each.onended = ended; each.play().catch(failed) })")
    return player.evaluate(PLAYED)


@pytest.mark.parametrize(
    ("question", "name", "long"), [("#q1", "phq9_1", 1.0), ("#q2", "phq9_2", 1.04), ("#q10", "phq9_difficulty", 1.04)]
)
def test_a_question_is_heard_in_either_format(
    page: Page, address: str, sqlite_sessions: Sessions, question: str, name: str, long: float
) -> None:
    page.goto(address + an_open_check_in(sqlite_sessions).path + question)

    played = play(page, question, name)

    assert played["played"]
    assert played["long"] == pytest.approx(long, abs=0.1)


@pytest.mark.parametrize("page", [False], indirect=True)
def test_no_script_is_needed_to_listen(page: Page, address: str, sqlite_sessions: Sessions) -> None:
    page.goto(address + an_open_check_in(sqlite_sessions).path)
    player = page.locator("#q2 audio").first
    with page.expect_response(re.compile("listen=phq9_2")) as sent:
        player.scroll_into_view_if_needed()
        box = player.bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + 24, box["y"] + box["height"] / 2)  # where the player has its button

    assert (sent.value.status, sent.value.headers["content-type"]) == (206, "audio/mpeg")


def test_nothing_is_fetched_before_somebody_listens(page: Page, address: str, sqlite_sessions: Sessions) -> None:
    asked_for: list[str] = []
    page.on("request", lambda request: asked_for.append(request.url))

    page.goto(address + an_open_check_in(sqlite_sessions).path, wait_until="networkidle")

    assert [url for url in asked_for if "listen" in url] == []


def test_one_recording_at_a_time_and_none_over_the_next_question(
    page: Page, address: str, sqlite_sessions: Sessions
) -> None:
    page.goto(address + an_open_check_in(sqlite_sessions).path + "#q1")
    players = page.locator("#q1 audio")
    page.evaluate("document.querySelectorAll('audio').forEach(each => each.loop = true)")

    for at in (0, 1):
        players.nth(at).evaluate("each => each.play()")
    assert [players.nth(at).evaluate("each => each.paused") for at in (0, 1)] == [True, False]

    page.click("#q1 .rows label")
    page.click("#next")
    page.wait_for_selector("#q2:visible")
    assert players.nth(1).evaluate("each => each.paused")


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_the_players_can_be_found_and_tapped(
    page: Page, address: str, sqlite_sessions: Sessions, language: str, colours: str
) -> None:
    page.emulate_media(color_scheme=colours, reduced_motion="reduce")
    asked = an_open_check_in(sqlite_sessions, language=language)
    page.goto(address + asked.path + ("#q1" if language == "en" else "#q2"))

    boxes = [each.bounding_box() for each in page.locator("audio:visible").all()]

    assert len(boxes) == (3 if language == "en" else 1)
    assert all(box and box["height"] >= 44 and box["width"] >= 120 for box in boxes)
    assert (violations(page), small_targets(page), sideways(page), does_not_fit(page)) == ([], [], [], [])
