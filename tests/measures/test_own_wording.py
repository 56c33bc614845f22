"""Words that need the copyright holder's permission come from the service, and say who gave it and when."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor.measures.catalogue import WordingRefused, languages, load, offered, spec, use_folder
from tests.measures.own_wording import ITEMS, LEAVE, write_wsas


@pytest.fixture(autouse=True)
def nobodys_folder() -> Iterator[None]:
    """What one service has must not be another's."""
    yield
    use_folder(None)


def test_without_a_folder_there_are_numbers_and_no_words() -> None:
    assert (spec("wsas").item_count, spec("wsas").maximum, languages("wsas")) == (5, 40, ())
    assert offered("en", provisional=True, among=["wsas"]) == ()


def test_with_permission_the_services_words_are_offered_like_any_other(tmp_path: Path) -> None:
    write_wsas(tmp_path)
    use_folder(tmp_path)

    form = load("wsas", "en")

    assert (form.items, languages("wsas"), offered("en", among=["wsas"])) == (ITEMS, ("en",), ("wsas",))
    assert form.permission is not None
    assert (form.permission.given_by, str(form.permission.on)) == ("The rights holder", "2026-01-05")
    assert [option.value for option in form.options_of(1)] == list(range(10))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"permission": None}, "there is no permission from the copyright holder"),
        ({"permission": {"on": "2026-01-05"}}, "permission.given_by: Field required"),
        ({"permission": LEAVE | {"given_by": ""}}, "permission.given_by: String should have at least 3 characters"),
        ({"permission": LEAVE | {"on": "some day"}}, "permission.on: Input should be a valid date"),
        ({"items": ITEMS[:4]}, "an item is missing, surplus or printed twice"),
        ({"item_options": None}, "the answers do not run from 0 upwards in order"),
        ({"colour": "red"}, "colour: Extra inputs are not permitted"),
    ],
)
def test_without_it_or_with_a_damaged_form_the_start_stops_in_one_line(
    tmp_path: Path, changes: dict[str, Any], why: str
) -> None:
    write_wsas(tmp_path, **changes)

    with pytest.raises(WordingRefused) as refused:
        use_folder(tmp_path)
    assert str(refused.value).startswith(f"wsas/en.json is refused: {why}")


def test_a_file_that_is_no_json_is_refused_in_one_line(tmp_path: Path) -> None:
    write_wsas(tmp_path).write_text("[1", encoding="utf-8")

    with pytest.raises(WordingRefused, match=r"^wsas/en\.json is refused: it is not a JSON object$"):
        use_folder(tmp_path)


def test_a_folder_gives_no_words_to_instruments_that_have_their_own(tmp_path: Path) -> None:
    write_wsas(tmp_path).parent.rename(tmp_path / "phq9")
    use_folder(tmp_path)

    assert load("phq9", "en").items[0] == "Little interest or pleasure in doing things"
    assert languages("wsas") == ()
