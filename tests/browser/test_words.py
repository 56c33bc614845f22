"""Whether hard-coded words, and words on top of each other, would be noticed."""

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.words import hard_coded, overlaps


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Page:
    return chromium.new_page()


@pytest.mark.parametrize(
    "body",
    [
        "<p>⟦Ñøbødÿ wàtçhéš⟧</p>",
        "<p>⟦Çàłł <a href='tel:1'>116 123</a>, øř <b>Samaritans</b>⟧ 12:30</p>",
        "<p><bdi>Noor</bdi>, <time>24 November</time>, Tuesday, PHQ-9 12, Robin Reader</p>",
        "<button aria-label='⟦Çłøšé⟧'>×</button><textarea>Mine</textarea><q>Said so.</q>",
        "<b>Little interest or pleasure in doing things</b>",
    ],
)
def test_what_was_translated_or_needs_no_translation_is_not_named(page: Page, body: str) -> None:
    page.set_content(body)

    assert hard_coded(page, ["Robin Reader"]) == []


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("<p>Nobody watches</p>", "Nobody watches"),
        ("<p>⟦Çàłł⟧ now</p>", "now"),
        ("<p>⟦Çàłł <b>⟦ñøw⟧</b> ⟧ or later</p>", "or later"),
        ("<p hidden>Later</p>", "Later"),
        ("<button aria-label='Close'>×</button>", "Close"),
        ("<input placeholder='Name'>", "Name"),
        ("<title>Check-in</title>", "Check-in"),
        ("<p>⟦Çàłł</p>", "brackets that do not close"),
    ],
)
def test_a_hard_coded_word_is_named(page: Page, body: str, named: str) -> None:
    page.set_content(body)

    [found] = hard_coded(page)
    assert found.startswith(f"{named} | ")


@pytest.mark.parametrize(("shift", "lie_on_each_other"), [("0", True), ("3em", False)])
def test_words_on_top_of_each_other_are_named(page: Page, shift: str, lie_on_each_other: bool) -> None:
    page.set_content(f"<p>One</p><p style='position: absolute; top: {shift}; left: 0'>Other words</p>")

    assert bool(overlaps(page)) is lie_on_each_other
