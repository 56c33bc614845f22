"""Recordings of questions: only what a phone can play and what reads the words asked, and never swapped unseen."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.config import Settings
from monitor.db import Sessions
from monitor.doctor import State, examine
from monitor.measures import catalogue
from monitor.measures.catalogue import FOLDER, WordingRefused, clips, use_folder
from monitor.measures.clips import AT_MOST_BYTES, ClipRefused
from monitor.measures.lock import lock_digest, locked, relock
from tests.builders import NOW
from tests.measures.own_wording import write_wsas
from tests.measures.recordings import mp3, opus, record


@pytest.fixture(autouse=True)
def nobodys_folder() -> Iterator[None]:
    yield
    use_folder(None)


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """A copy of the instrument files, with a recording that is under the lock."""
    folder = Path(shutil.copytree(FOLDER, tmp_path / "instruments"))
    record(folder, "1.mp3")
    assert relock(folder) is None
    return folder


def test_nothing_is_recorded_until_a_service_records_it() -> None:
    assert all(not clips(code, tag) for code in catalogue.CODES for tag in catalogue.languages(code))


def test_a_services_recordings_are_found_by_what_they_read_the_lightest_first(tmp_path: Path) -> None:
    record(tmp_path, "stem.mp3", "3.mp3", "3.ogg", "options.m4a")
    use_folder(tmp_path)

    found = clips("phq9", "en")

    assert {name: [clip.format for clip in each] for name, each in found.items()} == {
        "stem": ["mp3"],
        "3": ["ogg", "mp3"],
        "options": ["m4a"],
    }
    assert found["3"][0].content == opus()
    assert clips("phq9", "ar") == {}, "and never another language's"


def test_a_short_form_is_heard_in_the_recordings_of_the_whole_one(tmp_path: Path) -> None:
    record(tmp_path, "1.mp3", "2.mp3", "3.mp3", "stem.mp3", "difficulty.mp3", code="gad7")
    use_folder(tmp_path)

    assert set(clips("gad2", "en")) == {"1", "2", "stem"}


def test_words_with_permission_may_be_recorded_too(tmp_path: Path) -> None:
    write_wsas(tmp_path)
    record(tmp_path, "1.mp3", code="wsas")
    use_folder(tmp_path)

    assert set(clips("wsas", "en")) == {"1"}


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("1.mp3", mp3() + bytes(AT_MOST_BYTES), "larger than 60 KB"),
        ("1.mp3", opus(), "does not begin like mp3"),
        ("1.mp3", b"", "does not begin like mp3"),
        ("2.ogg", mp3(), "does not begin like ogg"),
        ("2.ogg", b"OggS" + bytes(24) + b"\x01vorbis", "does not begin like ogg"),
        ("stem.m4a", b"<!doctype html>", "does not begin like m4a"),
        ("9.mp3", b"\xff\xf1" + bytes(20), "does not begin like mp3"),  # AAC without its m4a
    ],
)
def test_what_no_phone_could_play_stops_the_start_in_one_line(
    tmp_path: Path, name: str, content: bytes, why: str
) -> None:
    (record(tmp_path) / name).write_bytes(content)

    for _ in range(2):
        with pytest.raises(ClipRefused, match=rf"^phq9/audio/en/{name} is refused: it (is )?{why}$"):
            use_folder(tmp_path)
    assert clips("phq9", "en") == {}


def test_a_clip_just_light_enough_is_taken(tmp_path: Path) -> None:
    (record(tmp_path) / "1.mp3").write_bytes(mp3().ljust(AT_MOST_BYTES, b"\0"))

    use_folder(tmp_path)

    assert len(clips("phq9", "en")["1"][0].content) == AT_MOST_BYTES


def test_a_fault_in_the_words_is_told_before_one_in_the_sound(tmp_path: Path) -> None:
    write_wsas(tmp_path, permission=None)
    record(tmp_path, "1.mp3", code="wsas")

    with pytest.raises(WordingRefused):
        use_folder(tmp_path)


def test_what_was_heard_at_the_start_is_what_is_heard_later(tmp_path: Path) -> None:
    audio = record(tmp_path, "1.mp3")
    use_folder(tmp_path)

    (audio / "1.mp3").write_bytes(mp3()[:416])

    assert clips("phq9", "en")["1"][0].content == mp3()


# ---- the lock ----


def test_a_swapped_recording_breaks_the_lock(shipped: Path) -> None:
    (shipped / "phq9/audio/en/1.mp3").write_bytes(mp3()[:416])

    assert lock_digest(shipped) != locked(shipped)
    assert relock(shipped) is None, "a better voice needs no new words"
    assert lock_digest(shipped) == locked(shipped)


def test_a_recording_of_older_words_is_not_locked_again(shipped: Path) -> None:
    path = shipped / "phq9/en.json"
    wording = json.loads(path.read_text(encoding="utf-8"))
    wording["items"][0] = "Little interest or joy in doing things"
    path.write_text(json.dumps(wording | {"version": "99"}), encoding="utf-8")

    assert relock(shipped) == "recorded from older words: phq9/audio/en/1.mp3"
    (shipped / "phq9/audio/en/1.mp3").write_bytes(mp3()[:416])
    assert relock(shipped) is None


def test_new_words_leave_the_other_recordings_alone(shipped: Path) -> None:
    path = shipped / "phq9/en.json"
    wording = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(wording | {"note": "Read again.", "version": "99"}), encoding="utf-8")

    assert relock(shipped) is None


@pytest.mark.parametrize("name", ["10.mp3", "1.wav", "hello.mp3", "preamble.mp3"])
def test_a_recording_that_reads_nothing_is_not_locked(shipped: Path, name: str) -> None:
    (shipped / "phq9/audio/en" / name).write_bytes(mp3())

    assert relock(shipped) == f"phq9/audio/en/{name} is refused: there is nothing that it reads"


def test_a_recording_that_is_too_heavy_is_not_locked(shipped: Path) -> None:
    (shipped / "phq9/audio/en/2.mp3").write_bytes(mp3() + bytes(AT_MOST_BYTES))

    assert relock(shipped) == "phq9/audio/en/2.mp3 is refused: it is larger than 60 KB"


# ---- the doctor ----


def said(settings: Settings, sessions: Sessions) -> list[tuple[State, str]]:
    return [(each.state, each.what) for each in examine(settings, sessions, NOW) if "record" in each.what]


def test_the_doctor_says_what_can_be_heard_and_what_cannot_be_used(
    sqlite_sessions: Sessions, settings: Settings, tmp_path: Path
) -> None:
    record(tmp_path, *(f"{item}.mp3" for item in range(1, 10)))
    record(tmp_path, "1.ogg", "8.mp3", code="gad7", language="pl")
    record(tmp_path, "1.mp3", language="tr")
    record(tmp_path, "1.mp3", code="phq8")
    theirs = settings.model_copy(update={"instruments_dir": tmp_path})

    before = said(theirs, sqlite_sessions)

    half = "GAD-7 in pl: 1 of 7 questions can be listened to"
    assert [(state, what.partition(", recordings ")[0]) for state, what in before] == [
        (State.GOOD, "PHQ-9 in en: 9 of 9 questions can be listened to"),
        (State.KNOW, half),
        (State.KNOW, "recording gad7/audio/pl/8.mp3 reads nothing that is asked"),
        (State.KNOW, "recording phq8/audio/en/1.mp3 reads nothing that is asked"),
        (State.KNOW, "recording phq9/audio/tr/1.mp3 reads nothing that is asked"),
    ]
    on_old_iphones = [each.what for each in examine(theirs, sqlite_sessions, NOW) if "iPhones" in each.what]
    assert on_old_iphones == [f"{half}, some in Ogg alone, which older iPhones do not play"]

    (tmp_path / "phq9/audio/en/9.mp3").write_bytes(mp3()[:416])
    use_folder(None)
    after = said(theirs, sqlite_sessions)
    assert after[0] != before[0], "the fingerprint shows that a recording was swapped"
    assert after[1:] == before[1:]


def test_the_doctor_is_silent_about_sound_where_there_is_none(sqlite_sessions: Sessions, settings: Settings) -> None:
    assert said(settings, sqlite_sessions) == []
