"""Ten thousand damaged catalogues under real pages: always a page, and never an element that is not ours."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from flask import Flask
from markupsafe import escape
from werkzeug.test import TestResponse

from monitor import i18n
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.i18n import markup, translate_plural
from monitor.messaging.text_budget import LONGEST_LINK, OF_OUR_OWN_ACCORD
from monitor.messaging.texts import TextKind, render
from monitor.people.devices import begin_enrolment
from monitor.translation_rules import PLACEHOLDER
from tests.builders import a_check_in, token_of
from tests.i18n.catalogues import entries, forget, part, place, shipped
from tests.i18n.damage import damaged
from tests.i18n.rendered import Made, made, noting, outline, tags
from tests.phones import Asked, Phone, an_open_check_in
from tests.staff_browser import Compiled, StaffApp

READ, RENDERED = 8_000, 2_000
"""How many damaged catalogues are read message by message, and how many lie under a whole page."""
TEXTS = 200
ASKED_ANEW = 10
"""One in so many pages is asked for anew, from the first line of its view; the others are filled in anew."""
MESSAGES = 12
"""How many messages each of those has that are read message by message."""
COUNTS = (0, 1, 2, 5, 100)
MARKUP = set("<>\"'")
PIN = "284915"
PEOPLE = {"messages": "pl", "staff": "es"}
"""Three plural forms and letters of its own; and the one language besides English that staff have."""

Ask = Callable[[], TestResponse]


@dataclass
class Page:
    """One page, what it looks like undamaged, and the part of a catalogue that it uses."""

    name: str
    ask: Ask
    made: Made
    domain: str = "messages"
    again: bool = True
    """Whether it can be asked for as often as one likes."""
    used: bytes = b""
    outline: str = ""
    tags: list[object] = field(default_factory=list)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the damaged catalogues lie. What the log says of them would fill the memory."""
    monkeypatch.setattr(i18n, "TRANSLATIONS", tmp_path)
    monkeypatch.setattr(i18n.log, "disabled", True)
    for domain, language in PEOPLE.items():
        place(tmp_path, language, domain).write_bytes(shipped(language, domain))
    forget()
    yield tmp_path
    forget()


@pytest.fixture
def pages(folder: Path, sqlite_sessions: Sessions, settings: Settings) -> list[Page]:
    """The pages of a patient's check-in, their own pages, and two of their staff."""
    asked, phone = own_phone(sqlite_sessions, settings)
    due = {"due_at": phone.now - timedelta(hours=1)}
    other, third = (an_open_check_in(sqlite_sessions, language="pl", asked=due) for _ in range(2))
    app = phone.browser.application
    app.jinja_env.bytecode_cache = Compiled()
    found = [
        page(app, "check-in", lambda: phone.get(asked.path)),
        page(app, "questions left open", lambda: phone.post(other.path, left_open(phone, other)), again=False),
        page(app, "thanks", lambda: phone.post(third.path, phone.fill_in(third.path)), again=False),
        page(app, "help", lambda: phone.get("/help?country=BE")),
        page(app, "settings", lambda: phone.get("/me/settings")),
        page(app, "progress", lambda: phone.get("/me")),
        page(app, "plan", lambda: phone.get("/plan")),
        page(app, "no such page", lambda: phone.get("/nowhere")),
    ]
    staff = StaffApp(settings, sqlite_sessions, phone.now)
    desk = staff.browser(asked.care.clinician.email)
    record = f"/patients/{asked.care.patient.id}"
    found += [
        page(staff.flask, "worklist", lambda: desk.get("/?lang=es"), domain="staff"),
        page(staff.flask, "record", lambda: desk.get(f"{record}?lang=es"), domain="staff"),
    ]
    for each in found:
        look(each)
    return found


def test_no_damage_to_a_catalogue_breaks_a_message(folder: Path) -> None:
    chance = Random(20261124)  # noqa: S311  # the same damage each time
    english = [message for message in entries("pl") if message]
    path = place(folder, "pl")
    for _ in range(READ):
        some = chance.sample(english, MESSAGES)
        path.write_bytes(damaged(part("pl", "messages", some), chance))
        forget()
        for message in some:
            if isinstance(message, tuple):
                said = escape(translate_plural("pl", *message, chance.choice(COUNTS), **filled(message[1])))
            else:
                said = markup("pl", message, **filled(message))
            assert said.strip()
            assert not MARKUP & set(said)


def test_no_damage_to_a_catalogue_breaks_a_page_or_gives_it_an_element(pages: list[Page], folder: Path) -> None:
    chance = Random(20261125)  # noqa: S311  # the same damage each time
    paths = {domain: place(folder, language, domain) for domain, language in PEOPLE.items()}
    for number in range(RENDERED):
        page, anew = pages[number % len(pages)], number // len(pages) % ASKED_ANEW == 0
        paths[page.domain].write_bytes(damaged(page.used, chance))
        forget()
        shown = answered(page) if anew and page.again else page.made.again()
        if outline(shown) != page.outline or anew:
            assert tags(shown) == page.tags, page.name


def test_no_damage_to_a_catalogue_takes_the_link_out_of_a_text(folder: Path) -> None:
    chance = Random(20261126)  # noqa: S311  # the same damage each time
    path = place(folder, "pl", "texts")
    for _ in range(TEXTS):
        path.write_bytes(damaged(shipped("pl", "texts"), chance))
        forget()
        for kind in OF_OUR_OWN_ACCORD:
            text = render(kind, "pl", sender="Riverside", link=LONGEST_LINK)
            assert "Riverside" in text
            assert kind is TextKind.BY_TEXT or text.endswith("\n" + LONGEST_LINK)
            assert len(text) < 1600


def page(app: Flask, name: str, ask: Ask, *, domain: str = "messages", again: bool = True) -> Page:
    return Page(name, ask, made(app, ask), domain, again)


def answered(page: Page) -> str:
    """What the view says now."""
    answer = page.ask()
    assert answer.status_code < 500
    return answer.text


def filled(message: str) -> dict[str, str]:
    """Something for each placeholder of a message, besides its count."""
    names = {name for name, _, _ in PLACEHOLDER.findall(message) if name}
    return dict.fromkeys(names - {"count"}, "Noor")


def look(page: Page) -> None:
    """Note what an undamaged page looks like, and cut its catalogue down to the messages that it uses."""
    with noting(i18n, "_lookup") as single, noting(i18n, "_lookup_plural") as plural:
        shown = page.made.again()
        if page.again:
            shown = page.ask().text
    said = {message for _, domain, message in single if domain == page.domain}
    said |= {(one, many) for _, domain, one, many, _ in plural if domain == page.domain}
    page.used = part(PEOPLE[page.domain], page.domain, said)
    page.outline, page.tags = outline(shown), tags(shown)
    assert page.used.count(b"msgid ") > 10


def own_phone(sessions: Sessions, settings: Settings) -> tuple[Asked, Phone]:
    """The known phone of somebody who reads Polish, with a check-in behind them and one open."""
    asked, phone = an_open_check_in(sessions, language="pl"), Phone(sessions, settings)
    phone.headers = {"Accept-Language": "pl"}
    with unit_of_work(sessions) as session:
        token = begin_enrolment(session, asked.care.patient, None, phone.now).token
    phone.post(f"/set-up/{token}", {"pin": PIN, "again": PIN})
    phone.post(asked.path, phone.fill_in(asked.path, phq9_1="2"))
    phone.wait(days=7)
    phone.post("/me/unlock", {"pin": PIN})
    with unit_of_work(sessions) as session:
        path = f"/c/{token_of(a_check_in(session, asked.care, due_at=phone.now - timedelta(hours=1)))}"
    return Asked(asked.care, path), phone


def left_open(phone: Phone, asked: Asked) -> dict[str, str]:
    """A form with one question left open."""
    form = phone.fill_in(asked.path)
    return {name: value for name, value in form.items() if name != "phq9_7"}


def test_an_element_of_somebody_elses_would_be_noticed() -> None:
    ours = '<p title="a">Some <b>words</b></p>'

    for worse in (ours.replace("Some", "<i>"), ours.replace('"a"', '"a" onclick="x"'), ours.replace("words", "<!--")):
        assert outline(worse) != outline(ours)
        assert tags(worse) != tags(ours)
    assert outline(ours.replace("Some", "&lt;i&gt;").replace('"a"', '"&#34; onclick="')) == outline(ours)
