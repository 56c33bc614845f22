"""What the start and the doctor make of a service's own wording, and of drafts that it has switched on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor import Surface, create_app
from monitor.config import Settings
from monitor.db import Sessions
from monitor.doctor import State, examine
from monitor.measures.catalogue import WordingRefused, languages, use_folder
from monitor.worker import make_courier
from tests.builders import NOW
from tests.measures.own_wording import write_wsas


@pytest.fixture(autouse=True)
def nobodys_folder() -> Iterator[None]:
    yield
    use_folder(None)


def found(settings: Settings, sessions: Sessions, about: str) -> list[tuple[State, str]]:
    return [(each.state, each.what) for each in examine(settings, sessions, NOW) if about in each.what]


@pytest.mark.parametrize("start", ["patient", "staff", "clock"])
def test_nothing_starts_with_words_that_nobody_gave_leave_for(
    sqlite_sessions: Sessions, settings: Settings, tmp_path: Path, start: str
) -> None:
    write_wsas(tmp_path, permission=None)
    theirs = settings.model_copy(update={"instruments_dir": tmp_path})

    def begin() -> None:
        if start == "clock":
            make_courier(theirs, sqlite_sessions, lambda: NOW)
        else:
            create_app(theirs, Surface(start), sessions=sqlite_sessions, clock=lambda: NOW)

    for _ in range(2):
        with pytest.raises(WordingRefused, match="there is no permission from the copyright holder"):
            begin()


def test_the_start_takes_the_words_and_the_doctor_says_whose_leave_there_is(
    sqlite_sessions: Sessions, settings: Settings, tmp_path: Path
) -> None:
    write_wsas(tmp_path)
    theirs = settings.model_copy(update={"instruments_dir": tmp_path})
    create_app(theirs, Surface.PATIENT, sessions=sqlite_sessions, clock=lambda: NOW)

    assert languages("wsas") == ("en",)
    assert found(theirs, sqlite_sessions, "WSAS") == [
        (State.GOOD, "WSAS in en: The rights holder gave permission on 2026-01-05")
    ]


def test_a_draft_that_is_switched_on_and_does_not_exist_is_noticed(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    switched = settings.model_copy(
        update={"provisional_instruments": frozenset({"gad7:ar", "readiness:en", "who5:fr"})}
    )

    assert found(switched, sqlite_sessions, "provisional_instruments") == [
        (State.KNOW, "provisional_instruments names who5:fr, and there is no such wording")
    ]
