"""What staff read about plans: a word for every state, and none that sorts or blames."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.extract import extract

from monitor.config import PACKAGE, RESOURCES
from monitor.relapse import staff_words
from monitor.relapse.kinds import Fault, Given, PlanKind, PlanState, SignKind, Standing
from tests.flags.test_words import FORBIDDEN

PYTHON = sorted(
    path
    for name in ("staff_words", "staff_plan_forms", "staff_plan_views", "staff_board_views", "plan_shown", "plan_line")
    for path in [PACKAGE / "relapse" / f"{name}.py"]
)
PAGES = sorted(
    RESOURCES / "templates" / "staff" / f"{name}.html"
    for name in ("_plan", "plan", "safety_plan", "plan_version", "plan_print", "plans")
)


def texts(path: Path) -> list[str]:
    """Every message of a file."""
    method = "python" if path.suffix == ".py" else "jinja2"
    keywords = {"_": None, "N_": None, "ngettext": (1, 2)}
    found = extract(method, BytesIO(path.read_bytes()), keywords=keywords)  # type: ignore[arg-type]
    return [text for _, message, _, _ in found for text in ([message] if isinstance(message, str) else message) if text]


@pytest.mark.parametrize("path", [*PYTHON, *PAGES], ids=lambda path: path.name)
def test_no_word_sorts_people_or_blames_them(path: Path) -> None:
    assert texts(path) or path.name == "staff_board_views.py"
    assert [text for text in texts(path) if re.search(rf"\b({FORBIDDEN})\b", text, re.IGNORECASE)] == []


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_state_has_a_name_of_its_own(language: str) -> None:
    for label, members in (
        (staff_words.sign_kind_label, SignKind),
        (staff_words.given_label, Given),
        (staff_words.state_label, PlanState),
        (staff_words.kind_label, PlanKind),
        (staff_words.standing_label, Standing),
    ):
        assert len({label(each, language) for each in members}) == len(members)  # type: ignore[operator]


def test_every_fault_is_said_beside_a_field_that_is_there() -> None:
    assert set(staff_words.FAULTS) == set(Fault)
    fields = {*staff_words.FIELDS, *staff_words.SAFETY_FIELDS}
    assert {field for field, _ in staff_words.FAULTS.values()} <= fields
