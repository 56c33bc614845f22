"""Recordings of an instrument's words, for people who would rather listen than read: `phq9/audio/ar/3.ogg`.

A clip is named for what it reads: an item by its number, `stem`, `options` (the answers) or `difficulty`. It reads
those words and no others. It may come in several formats: the page names them all, and the phone takes the first that
it plays.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from monitor.measures.instrument import MeasureError

AT_MOST_BYTES = 60 * 1024
"""Local protocol: 20 seconds of speech at 24 kbit/s, and what slow 3G brings in about a second and a half."""


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write sound down: what a page calls it, and the bytes that a file of it begins with."""

    mimetype: str
    begins_well: Callable[[bytes], bool]


FORMATS: Mapping[str, Format] = {
    "ogg": Format("audio/ogg; codecs=opus", lambda head: head.startswith(b"OggS") and b"OpusHead" in head),
    "m4a": Format("audio/mp4", lambda head: head[4:8] == b"ftyp"),
    "mp3": Format("audio/mpeg", lambda head: head.startswith(b"ID3") or _is_a_frame_of_mp3(head)),
}
"""The lightest first. Opus is half the bytes and plays on Android from 5; AAC in m4a and mp3 play on every Android and
every iPhone, which an Ogg file does on the newest alone: a clip in Ogg should have a second one beside it."""
EVERYWHERE = ("m4a", "mp3")
"""What every phone plays."""


@dataclass(frozen=True, slots=True)
class Clip:
    """One recording. Its bytes are read once, so that what is heard was looked at on the start and stays the same."""

    format: str
    content: bytes

    @property
    def mimetype(self) -> str:
        """Its media type, as a page names it."""
        return FORMATS[self.format].mimetype


Clips = Mapping[str, tuple[Clip, ...]]
"""What is read -> its recordings, the lightest first."""


class ClipRefused(MeasureError):
    """A recording that no phone could play, or that is too heavy to send to one."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name} is refused: {why}")


def words_to_read(wording: Mapping[str, Any]) -> dict[str, str]:
    """Return every name that a clip of a wording may have, and the words that it then reads."""
    named = {str(number): text for number, text in enumerate(wording["items"], start=1)}
    labels = "\n".join(option["label"] for option in wording.get("options") or ())
    difficulty = (wording.get("difficulty") or {}).get("text")
    whole = {"stem": wording.get("stem"), **named, "options": labels, "difficulty": difficulty}
    return {name: words for name, words in whole.items() if words}


def files_in(folder: Path) -> Iterator[Path]:
    """Yield every file in the audio folders of a folder of instruments, in a fixed order."""
    yield from (path for path in sorted(folder.glob("*/audio/**/*")) if path.is_file())


def read_clips(folder: Path, names: Collection[str]) -> Clips:
    """Read what a language's audio folder holds under these names. Raises ClipRefused."""
    found: dict[str, tuple[Clip, ...]] = {}
    for name in names:
        paths = [(suffix, folder / f"{name}.{suffix}") for suffix in FORMATS]
        clips = tuple(Clip(suffix, checked(path)) for suffix, path in paths if path.is_file())
        if clips:
            found[name] = clips
    return found


def plays_everywhere(clips: Clips) -> bool:
    """Whether every phone can play every one of them."""
    return all(any(clip.format in EVERYWHERE for clip in each) for each in clips.values())


def fingerprint(clips: Clips) -> str:
    """Return eight digits that change when a recording is swapped, added or taken away."""
    whole = [(name, clip.format, sha256(clip.content).digest()) for name, each in clips.items() for clip in each]
    return sha256(repr(sorted(whole)).encode()).hexdigest()[:8]


def checked(path: Path) -> bytes:
    """Return the bytes of a clip. Raises ClipRefused when it is too heavy or not what its name says."""
    name = "/".join(path.parts[-4:])
    if path.stat().st_size > AT_MOST_BYTES:
        raise ClipRefused(name, f"it is larger than {AT_MOST_BYTES // 1024} KB")
    content = path.read_bytes()
    if not FORMATS[path.suffix[1:]].begins_well(content[:64]):
        raise ClipRefused(name, f"it does not begin like {path.suffix[1:]}")
    return content


def _is_a_frame_of_mp3(head: bytes) -> bool:
    """Whether it begins with eleven set bits and the mark of layer III, which tells it from other kinds of MPEG."""
    return len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2
