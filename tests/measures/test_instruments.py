"""The instruments are the published ones, number for number and letter for letter."""

import re
import unicodedata

import pytest
from pydantic import ValidationError

from monitor.measures.catalogue import CODES, TRACKED, languages, load, spec
from monitor.measures.instrument import Instrument, Spec

EVERY = [(code, language) for code in CODES for language in languages(code)]
every_wording = pytest.mark.parametrize(("code", "language"), EVERY)


def texts(instrument: Instrument) -> list[str]:
    """Everything that a patient reads."""
    difficulty = instrument.difficulty
    closing = [difficulty.text, *(option.label for option in difficulty.options)] if difficulty else []
    stems = [stem for stem in (instrument.preamble, instrument.stem) if stem]
    apart = [option.label for options in instrument.item_options.values() for option in options]
    return [*stems, *instrument.items, *(option.label for option in instrument.options), *apart, *closing]


@pytest.mark.parametrize(
    ("code", "items", "maximum", "caseness", "reliable_change", "minimal_difference", "safety_item"),
    [("phq9", 9, 27, 10, 6, 5, 9), ("gad7", 7, 21, 8, 4, 4, None)],
)
def test_the_numbers_are_the_published_ones(
    code: str, items: int, maximum: int, caseness: int, reliable_change: int, minimal_difference: int, safety_item: int
) -> None:
    it = spec(code)

    assert (it.item_count, it.item_max, it.maximum, it.window_days) == (items, 3, maximum, 14)
    assert (it.caseness, it.reliable_change, it.minimal_difference) == (caseness, reliable_change, minimal_difference)
    assert (it.prorate_missing, it.safety_item) == (2, safety_item)


@pytest.mark.parametrize("code", CODES)
def test_every_number_says_where_it_comes_from(code: str) -> None:
    sources = spec(code).sources.model_dump(exclude_none=True)

    assert all(len(source) > 10 for source in sources.values())
    assert set(sources) - {"scoring"} <= set(Spec.model_fields)
    if code in TRACKED:
        assert all(len(source) > 20 for source in sources.values())


def test_a_number_without_a_source_does_not_load() -> None:
    nameless = spec("phq2").sources.model_copy(update={"caseness": None})

    with pytest.raises(ValidationError, match="caseness has no source"):
        Spec.model_validate({**dict(spec("phq2")), "sources": nameless})


@every_wording
def test_a_form_has_all_its_items_and_an_answer_for_each_value(code: str, language: str) -> None:
    form = load(code, language)

    assert len(form.items) == spec(code).item_count
    for item in range(1, len(form.items) + 1):
        assert sorted(option.value for option in form.options_of(item)) == list(spec(code).values_of(item))
    if form.difficulty:
        assert [option.value for option in form.difficulty.options] == [0, 1, 2, 3]


@every_wording
def test_no_line_of_a_form_is_printed_twice(code: str, language: str) -> None:
    # A public Dutch transcription prints item 2 again in place of item 4.
    form = load(code, language)
    apart = [
        label for label in texts(form) if label in {each.label for row in form.item_options.values() for each in row}
    ]
    lines = [line.casefold() for line in texts(form) if line not in apart]

    assert len(set(lines)) == len(lines)
    for item in range(1, len(form.items) + 1):
        labels = [option.label.casefold() for option in form.options_of(item)]
        assert len(set(labels)) == len(labels)


@every_wording
def test_letters_are_whole_and_spaces_are_single(code: str, language: str) -> None:
    for line in texts(load(code, language)):
        assert line == unicodedata.normalize("NFC", line).strip() != ""
        assert "  " not in line
        assert all(unicodedata.category(letter) not in {"Cc", "Cf", "Co", "Cn"} for letter in line)
        assert "\N{REPLACEMENT CHARACTER}" not in line


@every_wording
def test_a_form_is_written_in_the_script_of_its_language(code: str, language: str) -> None:
    script = {"ar": "ARABIC", "uk": "CYRILLIC"}.get(language, "LATIN")

    letters = {letter for line in texts(load(code, language)) for letter in line if letter.isalpha()}
    assert {unicodedata.name(letter).split()[0] for letter in letters} == {script}


@pytest.mark.parametrize("code", TRACKED)
def test_arabic_keeps_its_letter_kaf(code: str) -> None:
    # A damaged font in a much-copied file turns every kaf into alef with madda above.
    words = " ".join(texts(load(code, "ar"))).split()

    assert "أكثر" in words
    assert not [word for word in words if re.search("(?<!^ال)(?<!^)آ", word)]
    assert load("phq9", "ar").stem.count("ك") == 2


@pytest.mark.parametrize("language", languages("gad7"))
def test_both_forms_ask_about_the_same_time_in_the_same_words(language: str) -> None:
    weeks = {
        "ar": "خلال الأسبوعين الماضيين",
        "de": "im Verlauf der letzten",
        "en": "Over the last 2 weeks",
        "es": "Durante las últimas 2 semanas",
        "fr": "Au cours des 2 dernières semaines",
        "it": "Nelle ultime 2 settimane",
        "nl": "in de afgelopen 2 weken",
        "pl": "w ciągu ostatnich 2 tygodni",
        "pt_BR": "Durante as últimas 2 semanas",
        "uk": "за останні 2 тижні",
    }[language]

    assert weeks in load("phq9", language).stem
    assert weeks in load("gad7", language).stem


def test_the_lowest_answer_is_not_at_all() -> None:
    # A much-copied error prints "Not at all sure".
    for code in TRACKED:
        assert load(code, "en").options[0].label == "Not at all"


def test_french_keeps_the_official_words_for_answer_2() -> None:
    assert load("phq9", "fr").options[2].label == "Plus de la moitié du temps"


def test_only_our_own_wording_and_the_arabic_gad7_are_provisional_and_they_say_why() -> None:
    provisional = [place for place in EVERY if load(*place).provenance == "provisional"]
    ours = [(code, language) for code in ("readiness", "social_needs") for language in languages(code)]

    assert provisional == [("gad7", "ar"), ("gad2", "ar"), *ours]
    assert len(ours) == 20
    assert all("no speaker has reviewed it" in load(*place).note for place in ours)
    assert "not validated" in load("gad7", "ar").note
    assert load("gad7", "ar").stem == load("phq9", "ar").stem


@every_wording
def test_every_wording_says_on_what_ground_it_may_be_shown(code: str, language: str) -> None:
    assert len(spec(code).licence) > 40
    if code in ("phq9", "gad7", "phq8", "phq2", "gad2", "phq15"):
        assert "no permission required to reproduce, translate, display or distribute" in load(code, language).source


def test_a_difficulty_question_that_could_not_be_checked_is_left_out_and_said_to_be() -> None:
    without = {place for place in EVERY if place[0] in TRACKED and load(*place).difficulty is None}

    assert without == {("gad7", tag) for tag in languages("gad7") if tag != "en"} | {("phq9", "es"), ("phq9", "nl")}
    assert all("The difficulty question is left out" in load(*place).note for place in without)


def test_item_9_is_the_one_about_being_better_off_dead() -> None:
    assert spec("phq9").safety_item == 9
    assert load("phq9", "en").items[8].startswith("Thoughts that you would be better off dead")


def test_loinc_codes_of_answers_go_by_value_although_two_of_them_are_out_of_order() -> None:
    loinc = spec("phq9").loinc
    difficulty = load("phq9", "en").difficulty
    assert loinc is not None
    assert loinc.difficulty_answers is not None
    assert difficulty is not None
    by_code = dict(zip(loinc.difficulty_answers, (option.label for option in difficulty.options), strict=True))

    assert by_code["LA6575-0"] == "Very difficult"
    assert by_code["LA6574-3"] == "Extremely difficult"
    assert loinc.answers == spec("gad7").loinc.answers == ("LA6568-5", "LA6569-3", "LA6570-1", "LA6571-9")


@pytest.mark.parametrize(
    ("code", "item", "loinc", "begins"),
    [
        ("gad7", 6, "69689-8", "Becoming easily annoyed"),  # often swapped with item 7
        ("gad7", 7, "69736-7", "Feeling afraid"),
        ("gad7", 1, "69725-0", "Feeling nervous"),
        ("phq9", 1, "44250-9", "Little interest"),
        ("phq9", 4, "44254-1", "Feeling tired"),
        ("phq9", 9, "44260-8", "Thoughts that you would be better off dead"),
        ("phq2", 2, "44255-8", "Feeling down"),
        ("phq15", 4, "69674-0", "Menstrual cramps"),
        ("phq15", 11, "69717-7", "Pain or problems during sexual intercourse"),
        ("auditc", 3, "68520-6", "How often do you have six or more"),
    ],
)
def test_loinc_codes_of_items_stand_beside_the_right_words(code: str, item: int, loinc: str, begins: str) -> None:
    form, codes = load(code, "en"), spec(code).loinc

    assert codes is not None
    assert codes.items[item - 1] == loinc
    assert form.items[item - 1].startswith(begins)


def test_the_panel_is_not_the_total() -> None:
    assert (spec("phq9").loinc.panel, spec("phq9").loinc.total) == ("44249-1", "44261-6")
    assert (spec("gad7").loinc.panel, spec("gad7").loinc.total) == ("69737-5", "70274-6")
    assert (spec("phq2").loinc.panel, spec("phq2").loinc.total) == ("55757-9", "55758-7")
    assert (spec("auditc").loinc.panel, spec("auditc").loinc.total) == ("72109-2", "75626-2")


def test_no_code_is_made_up_where_none_holds_up() -> None:
    without = {code for code in CODES if spec(code).loinc is None}

    assert without == {"phq8", "gad2", "who5", "wsas", "pcptsd5", "readiness", "social_needs"}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"items": ("Sad",) * 9}, "printed twice"),
        ({"items": tuple("abcdefgh")}, "missing"),
        ({"options": tuple(reversed(load("phq9", "en").options))}, "0 upwards in order"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_damaged_wording_does_not_load(change: dict[str, object], complaint: str) -> None:
    form = load("phq9", "en")

    with pytest.raises(ValidationError, match=complaint):
        Instrument.model_validate({**dict(form), **change})


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"bands": spec("phq9").bands[1:]}, "gap, overlap or"),
        ({"bands": spec("gad7").bands}, "gap, overlap or"),
        ({"loinc": spec("gad7").loinc}, "one LOINC code for each item"),
    ],
)
def test_damaged_numbers_do_not_load(change: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        Spec.model_validate({**dict(spec("phq9")), **change})
