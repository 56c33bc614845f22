"""The ground the other tests stand on: real databases, a real browser, no network."""

import socket
import subprocess

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page

from tests.postgres_server import PostgresServer

ARABIC_WORD = "مرحبا"  # one word: a space may come from any font


def test_each_database_is_the_one_it_says_and_empty(database_url: str) -> None:
    engine = sa.create_engine(database_url)
    version = "SELECT sqlite_version()" if engine.dialect.name == "sqlite" else "SHOW server_version"

    with engine.begin() as connection:
        major = int(connection.scalar(sa.text(version)).split(".")[0])
        connection.execute(sa.text("CREATE TABLE left_behind (id integer)"))
        tables = sa.inspect(connection).get_table_names()
    engine.dispose()

    assert major == {"sqlite": 3, "postgresql": 18}[engine.dialect.name]
    assert tables == ["left_behind"]


def test_a_database_can_start_as_a_copy_of_another(postgres_server: PostgresServer) -> None:
    with postgres_server.database() as original:
        engine = sa.create_engine(postgres_server.url(original))
        with engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE patients (id integer)"))
        engine.dispose()

        with postgres_server.database(template=original) as copy:
            engine = sa.create_engine(postgres_server.url(copy))
            assert sa.inspect(engine).get_table_names() == ["patients"]
            engine.dispose()


def test_arabic_is_drawn_with_letters_and_not_with_empty_boxes(chromium: Browser) -> None:
    listed = subprocess.run(["fc-list", ":lang=ar", "family"], check=True, capture_output=True, text=True).stdout
    arabic_families = {family for line in listed.splitlines() for family in line.split(",")}
    page = chromium.new_page()
    page.set_content(f'<html lang="ar" dir="rtl"><p>{ARABIC_WORD}</p></html>')

    drawn_with = _families_drawn(page, "p")
    page.close()

    assert drawn_with
    assert drawn_with <= arabic_families


def _families_drawn(page: Page, selector: str) -> set[str]:
    """Return the font families that the browser really used for one element."""
    developer = page.context.new_cdp_session(page)
    developer.send("DOM.enable")
    developer.send("CSS.enable")
    root = developer.send("DOM.getDocument")["root"]["nodeId"]
    node = developer.send("DOM.querySelector", {"nodeId": root, "selector": selector})["nodeId"]
    return {font["familyName"] for font in developer.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]}


@pytest.mark.parametrize("address", [("192.0.2.1", 443), ("2001:db8::1", 443, 0, 0), ("texts.example.org", 443)])
def test_no_test_reaches_the_network(address: tuple[object, ...]) -> None:
    family = socket.AF_INET6 if len(address) == 4 else socket.AF_INET
    with socket.socket(family) as outward:
        with pytest.raises(RuntimeError, match="may not reach"):
            outward.connect(address)
        with pytest.raises(RuntimeError, match="may not reach"):
            outward.connect_ex(address)


def test_a_server_on_this_machine_can_be_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket() as inward:
        inward.connect(listening.getsockname())
        assert inward.getpeername() == listening.getsockname()
