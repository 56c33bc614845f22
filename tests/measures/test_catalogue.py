"""Which instruments a patient may be given in their language."""

import pytest

from monitor.measures import catalogue
from monitor.measures.catalogue import CODES, LanguageNotOffered, UnknownInstrument, languages, load, offered, spec

SHIPPED = ("ar", "de", "en", "es", "fr", "it", "nl", "pl", "pt_BR", "uk")


@pytest.mark.parametrize("code", CODES)
def test_every_shipped_language_has_wording(code: str) -> None:
    assert languages(code) == SHIPPED


@pytest.mark.parametrize("language", [tag for tag in SHIPPED if tag != "ar"])
def test_both_instruments_are_offered_where_their_wording_is_official(language: str) -> None:
    assert offered(language) == ("phq9", "gad7")


@pytest.mark.parametrize(
    ("provisional", "expected"),
    [
        (False, ("phq9",)),
        ((), ("phq9",)),
        ({("phq9", "ar")}, ("phq9",)),
        ({("gad7", "uk")}, ("phq9",)),
        ({("gad7", "ar")}, ("phq9", "gad7")),
        (True, ("phq9", "gad7")),
    ],
)
def test_provisional_wording_is_offered_only_where_the_service_has_switched_it_on(
    provisional: bool | set[tuple[str, str]], expected: tuple[str, ...]
) -> None:
    assert offered("ar", provisional) == expected


@pytest.mark.parametrize("language", ["tr", "pt-BR", "EN", "", "spec", "../phq9/en", "e."])
@pytest.mark.parametrize("code", CODES)
def test_a_language_without_wording_gets_nothing_rather_than_another_language(code: str, language: str) -> None:
    assert offered(language, provisional=True) == ()
    with pytest.raises(LanguageNotOffered, match="there is wording in ar, de, en"):
        load(code, language)


@pytest.mark.parametrize("code", ["phq8", "PHQ9", "PHQ-9", "", "..", "../measures", "phq9/en"])
def test_an_unknown_instrument_is_refused(code: str) -> None:
    for look_up in (spec, languages, lambda code: load(code, "en")):
        with pytest.raises(UnknownInstrument, match="it is one of phq9, gad7"):
            look_up(code)


def test_every_folder_of_wording_is_in_the_catalogue() -> None:
    assert {path.name for path in catalogue.FOLDER.iterdir() if path.is_dir()} == set(CODES)


def test_wording_is_read_once() -> None:
    assert load("phq9", "uk") is load("phq9", "uk")
    assert load("phq9", "uk").spec is spec("phq9")
