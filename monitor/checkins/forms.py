"""The questions of a check-in as a form, and what came back in it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from werkzeug.datastructures import MultiDict

from monitor.checkins.models import DIFFICULTY_ITEM
from monitor.checkins.service import Answers
from monitor.measures.instrument import Instrument, Option

NOTE_LENGTH = 1000
DECLINED = ""
"""What "I'd rather not say" sends: an answer of its own, unlike a question that was left open."""


@dataclass(frozen=True)
class Question:
    """One question as it stands on the page. `number` counts from 1 over the whole check-in."""

    number: int
    instrument: str
    item: int
    stem: str | None
    text: str
    options: tuple[Option, ...]
    is_safety: bool = False

    @property
    def name(self) -> str:
        """The name of its field: `phq9_9`."""
        return f"{self.instrument}_{self.item}"

    @property
    def id(self) -> str:
        """The id of its step, by which links and errors point at it."""
        return f"q{self.number}"

    @property
    def shows_stem(self) -> bool:
        """Whether the stem is printed while all questions scroll: once an instrument."""
        return self.item == 1


def questions(instruments: Iterable[Instrument]) -> tuple[Question, ...]:
    """Return the questions of a check-in in order: each instrument's items, then its difficulty question if it has one.

    Instruments share the wording of that question, so it is asked once.
    """
    found: list[Question] = []
    for instrument in instruments:
        for item, text in enumerate(instrument.items, start=1):
            safety = item == instrument.spec.safety_item
            found.append(
                Question(len(found) + 1, instrument.code, item, instrument.stem, text, instrument.options, safety)
            )
        asked = instrument.difficulty
        if asked is not None and all(question.item != DIFFICULTY_ITEM for question in found):
            found.append(Question(len(found) + 1, instrument.code, DIFFICULTY_ITEM, None, asked.text, asked.options))
    return tuple(found)


@dataclass(frozen=True)
class CheckInForm:
    """What came back, or an empty form. `chosen` holds the sound values by field name."""

    asked: tuple[Question, ...]
    key: UUID
    chosen: Mapping[str, str] = field(default_factory=dict)
    note: str = ""

    @classmethod
    def empty(cls, asked: Sequence[Question]) -> "CheckInForm":
        """Return the form before anything is answered, under a key of its own."""
        return cls(tuple(asked), uuid4())

    @classmethod
    def parse(cls, asked: Sequence[Question], fields: MultiDict[str, str], key: UUID | None = None) -> "CheckInForm":
        """Read what was sent. A value that the question does not offer, or two of them, leaves it open."""
        chosen = {}
        for question in asked:
            sent = fields.getlist(question.name)
            if len(sent) == 1 and sent[0] in (DECLINED, *(str(option.value) for option in question.options)):
                chosen[question.name] = sent[0]
        note = fields.get("note", "").replace("\r\n", "\n").strip()
        return cls(tuple(asked), key or uuid4(), chosen, note)

    @property
    def answers(self) -> Answers:
        """The answers given, "I'd rather not say" as None; a question left open is absent."""
        return {
            (question.instrument, question.item): int(self.chosen[question.name])
            if self.chosen[question.name] != DECLINED
            else None
            for question in self.given
        }

    @property
    def given(self) -> tuple[Question, ...]:
        """The questions that have an answer."""
        return tuple(question for question in self.asked if question.name in self.chosen)

    @property
    def open(self) -> tuple[Question, ...]:
        """The questions that have none."""
        return tuple(question for question in self.asked if question.name not in self.chosen)

    @property
    def note_is_too_long(self) -> bool:
        """Whether the note has to be shortened."""
        return len(self.note) > NOTE_LENGTH

    @property
    def is_complete(self) -> bool:
        """Whether it can be kept as it is."""
        return not self.open and not self.note_is_too_long

    @property
    def asks_for_help_first(self) -> bool:
        """Whether the safety item was answered above 0, so that help stands before anything else."""
        return any(question.is_safety and self.chosen[question.name] not in (DECLINED, "0") for question in self.given)


def read_key(text: str | None) -> UUID | None:
    """Return the idempotency key that a page was given, or None when it is not one."""
    try:
        return UUID(text or "")
    except ValueError:
        return None
