"""The questions of a check-in that can be listened to, and the recordings themselves."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from monitor.checkins.forms import Question
from monitor.checkins.models import DIFFICULTY_ITEM
from monitor.measures import catalogue
from monitor.measures.clips import Clip


@dataclass(frozen=True)
class Recording:
    """What can be listened to in one place of the page."""

    what: str
    """`stem`, `question` or `options`."""
    name: str
    """What its address says: `phq9_3`. No part of it is ever part of a path."""
    clips: tuple[Clip, ...]


Recordings = Mapping[str, tuple[Recording, ...]]
"""By the name of the question's field."""


def recordings(asked: Sequence[Question], language: str) -> Recordings:
    """Return what can be listened to in the language of the page; nothing for a question without a recording.

    The words that begin an instrument are heard where they are printed, the answers with every question.
    """
    found = {question.name: tuple(_of(question, language)) for question in asked if not question.is_about_signs}
    return {name: each for name, each in found.items() if each}


def recording(asked: Sequence[Question], language: str, name: str, audio_format: str | None) -> Clip | None:
    """Return one recording of a question that is asked, the lightest when no format is named; None of anything else."""
    every = (each for heard in recordings(asked, language).values() for each in heard if each.name == name)
    return next((clip for each in every for clip in each.clips if audio_format in (None, clip.format)), None)


def _of(question: Question, language: str) -> Iterator[Recording]:
    clips, wording = catalogue.clips(question.instrument, language), catalogue.load(question.instrument, language)
    own = "difficulty" if question.item == DIFFICULTY_ITEM else str(question.item)
    is_heard = {
        "stem": question.shows_stem and question.stem == wording.stem,
        own: True,
        "options": question.options == wording.options,
    }
    for name, wanted in is_heard.items():
        if wanted and name in clips:
            what = "question" if name == own else name
            yield Recording(what, f"{question.instrument}_{name}", clips[name])
