"""The language that nobody speaks: longer than English, sound by our own rules, and never offered to anybody."""

import pytest

from monitor.i18n import LANGUAGES, known_language, markup, translate, translate_plural
from monitor.translation_rules import PLACEHOLDER, breaks
from tests.i18n.catalogues import wanted
from tests.i18n.pseudo import instead_of_english, pseudo


@pytest.mark.parametrize("domain", ["messages", "staff", "texts"])
def test_every_message_can_be_said_in_it(domain: str) -> None:
    for message in wanted(domain):
        for english in (message.id if isinstance(message.id, tuple) else (message.id,)) if message.id else ():
            said = pseudo(english)

            assert breaks(english, said) == []
            assert said.count("⟦") == said.count("⟧") == 1


def test_it_is_about_a_third_longer() -> None:
    english = "Nobody watches this page live. In danger right now?"

    assert 1.3 * len(english) <= len(pseudo(english)) <= 1.45 * len(english)
    assert pseudo("Save").startswith("⟦Šàvé")


def test_placeholders_are_kept_and_so_is_a_line_of_its_own() -> None:
    said = pseudo("%(sender)s: your questions are ready.\n%(link)s")

    assert [name for name, _, _ in PLACEHOLDER.findall(said)] == ["sender", "link"]
    assert said.endswith("⟧\n%(link)s")


def test_it_stands_in_for_english_for_a_while_and_nobody_is_offered_it() -> None:
    with instead_of_english():
        assert translate("en", "Save") == pseudo("Save")
        assert translate_plural("en", "%(count)s week", "%(count)s weeks", 2) == pseudo("2 weeks")
        assert markup("en", "<b>") == "&lt;b&gt;", "what nobody translated is as it was"
        assert translate("de", "Save") == "Speichern"

    assert translate("en", "Save") == "Save"
    assert known_language("en-XA") is None
    assert all(len(tag) == 2 or tag == "pt_BR" for tag in LANGUAGES)
