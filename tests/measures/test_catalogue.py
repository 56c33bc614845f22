"""Which instruments a patient may be given in their language."""

import pytest

from monitor.measures import catalogue
from monitor.measures.catalogue import (
    CODES,
    TRACKED,
    LanguageNotOffered,
    NotTracked,
    UnknownInstrument,
    items_in,
    languages,
    load,
    offered,
    same_questions,
    spec,
    tracked,
)

SHIPPED = ("ar", "de", "en", "es", "fr", "it", "nl", "pl", "pt_BR", "uk")


@pytest.mark.parametrize("code", ["phq9", "phq8", "phq2", "gad7", "gad2", "readiness", "social_needs"])
def test_every_shipped_language_has_wording(code: str) -> None:
    assert languages(code) == SHIPPED


@pytest.mark.parametrize(
    ("code", "checked"),
    [("who5", ("de", "en")), ("phq15", ("en",)), ("pcptsd5", ("en",)), ("auditc", ("en",)), ("wsas", ())],
)
def test_what_could_not_be_checked_in_a_language_is_not_offered_in_it(code: str, checked: tuple[str, ...]) -> None:
    assert languages(code) == checked
    assert [tag for tag in SHIPPED if code in offered(tag, provisional=True, among=CODES)] == list(checked)


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
@pytest.mark.parametrize("code", ["phq9", "phq8", "gad7", "readiness"])
def test_a_language_without_wording_gets_nothing_rather_than_another_language(code: str, language: str) -> None:
    assert offered(language, provisional=True, among=CODES) == ()
    with pytest.raises(LanguageNotOffered, match="there is wording in ar, de, en"):
        load(code, language)


@pytest.mark.parametrize("code", ["phq10", "PHQ9", "PHQ-9", "", "..", "../measures", "phq9/en"])
def test_an_unknown_instrument_is_refused(code: str) -> None:
    for look_up in (spec, languages, lambda code: load(code, "en")):
        with pytest.raises(UnknownInstrument, match="it is one of phq9, phq8"):
            look_up(code)


def test_every_folder_of_wording_is_in_the_catalogue() -> None:
    assert {path.name for path in catalogue.FOLDER.iterdir() if path.is_dir()} == set(CODES)


def test_the_course_is_followed_by_two_measures_and_asked_about_no_other() -> None:
    assert offered("en") == TRACKED
    assert (tracked("phq9"), tracked("gad7")) == (spec("phq9"), spec("gad7"))
    for code in set(CODES) - set(TRACKED):
        with pytest.raises(NotTracked, match=f"no course is followed by {code}"):
            tracked(code)


@pytest.mark.parametrize(
    ("short", "items"), [("phq8", range(8)), ("phq2", range(2)), ("gad2", range(2))], ids=["phq8", "phq2", "gad2"]
)
@pytest.mark.parametrize("language", SHIPPED)
def test_a_short_form_borrows_its_words_from_the_long_one(short: str, items: range, language: str) -> None:
    form, whole = load(short, language), load("gad7" if short == "gad2" else "phq9", language)

    assert form.items == tuple(whole.items[item] for item in items)
    assert (form.stem, form.options, form.provenance) == (whole.stem, whole.options, whole.provenance)
    assert form.difficulty is None
    assert spec(short).safety_item is None


def test_a_draft_that_is_switched_on_holds_for_the_short_form_of_the_same_words() -> None:
    assert offered("ar", {("gad7", "ar")}, among=["gad2"]) == ("gad2",)
    assert offered("ar", {("gad2", "ar")}, among=["gad7", "gad2"]) == ("gad2",)


@pytest.mark.parametrize(
    ("codes", "twice"),
    [
        (("phq9", "gad7", "who5"), None),
        (("phq9", "phq2"), ("phq9", "phq2")),
        (("gad7", "phq8", "phq2"), ("phq8", "phq2")),
        (("gad2", "phq2"), None),
    ],
)
def test_two_forms_that_ask_the_same_are_noticed(codes: tuple[str, ...], twice: tuple[str, str] | None) -> None:
    assert same_questions(codes) == twice


@pytest.mark.parametrize(
    ("codes", "questions"),
    [((), 0), (("phq9",), 10), (("phq9", "gad7"), 17), (("phq9", "gad7", "phq15"), 32), (("who5", "pcptsd5"), 11)],
)
def test_the_question_on_difficulty_is_counted_once(codes: tuple[str, ...], questions: int) -> None:
    assert items_in(codes) == questions


def test_wording_is_read_once() -> None:
    assert load("phq9", "uk") is load("phq9", "uk")
    assert load("phq9", "uk").spec is spec("phq9")
