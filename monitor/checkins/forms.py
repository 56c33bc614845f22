"""The questions of a check-in as a form, and what came back in it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from werkzeug.datastructures import MultiDict

from monitor.checkins.kinds import Compared
from monitor.checkins.models import DIFFICULTY_ITEM, SIGNS_BY_TEXT
from monitor.checkins.service import Answers
from monitor.measures import catalogue
from monitor.measures.instrument import Instrument, Option

NOTE_LENGTH = 1000
SECONDS = 7
"""Local protocol: what a question takes, so that the 17 of the weekly form are about 2 minutes."""
_SIGN = re.compile("sign_[0-9a-f]{32}")
ANY_SIGN = "{}_{}".format(*SIGNS_BY_TEXT)
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
    shows_stem: bool = False
    """Whether the stem is printed while all questions scroll: once, where it begins to hold."""
    sets_scale: bool = True
    """Whether its answers are other ones than those of the question before."""
    gate: str | None = None
    """The field of the question that has to be answered yes before this one is asked."""
    opens: int = 0
    """Of a gate: how many of the next questions hang on it."""
    sign: UUID | None = None
    """The early-warning sign that it asks for, which is not an item of an instrument."""
    language: str | None = None
    """Of its text, where that is the patient's own words."""

    @property
    def name(self) -> str:
        """The name of its field: `phq9_9`, or `sign_` with the id of a sign."""
        return f"sign_{self.sign.hex}" if self.sign else f"{self.instrument}_{self.item}"

    @property
    def id(self) -> str:
        """The id of its step, by which links and errors point at it."""
        return f"q{self.number}"

    @property
    def is_about_signs(self) -> bool:
        """Whether it asks for a sign, or for any of them, and not for an item of an instrument."""
        return self.sign is not None or self.name == ANY_SIGN

    @property
    def is_ruler(self) -> bool:
        """Whether its answers are numbers, with words for the ends alone."""
        return any(option.label == str(option.value) for option in self.options)


def questions(instruments: Iterable[Instrument]) -> tuple[Question, ...]:
    """Return the questions of a check-in in order: each instrument's items, then its difficulty question if it has one.

    Instruments share the wording of that question, so it is asked once.
    """
    found: list[Question] = []
    for instrument in instruments:
        found += _items(instrument, len(found))
        asked = instrument.difficulty
        if asked is not None and all(question.item != DIFFICULTY_ITEM for question in found):
            found.append(Question(len(found) + 1, instrument.code, DIFFICULTY_ITEM, None, asked.text, asked.options))
    return tuple(found)


def _items(instrument: Instrument, before: int) -> list[Question]:
    """The items of one instrument, `before` questions having been asked."""
    spec, found = instrument.spec, list[Question]()
    for item, text in enumerate(instrument.items, start=1):
        last = found[-1] if found else None
        stem, options = instrument.stem_of(item), instrument.options_of(item)
        found.append(
            Question(
                number=before + item,
                instrument=instrument.code,
                item=item,
                stem=stem,
                text=text,
                options=options,
                is_safety=item == spec.safety_item,
                shows_stem=last is None or stem != last.stem,
                sets_scale=last is None or options != last.options,
                gate=f"{instrument.code}_{spec.gate}" if spec.gate and item > spec.gate else None,
                opens=spec.item_count - item if item == spec.gate else 0,
            )
        )
    return found


@dataclass(frozen=True)
class CheckInForm:
    """What came back, or an empty form. `chosen` holds the sound values by field name."""

    asked: tuple[Question, ...]
    key: UUID
    chosen: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    compared: Compared | None = None
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    """What was said about signs of another version of the plan: the page was opened before a new one was agreed."""

    @classmethod
    def empty(cls, asked: Sequence[Question]) -> "CheckInForm":
        """Return the form before anything is answered, under a key of its own."""
        return cls(tuple(asked), uuid4())

    @classmethod
    def parse(
        cls, asked: Sequence[Question], fields: MultiDict[str, str], key: UUID | None = None, *, in_words: bool = True
    ) -> "CheckInForm":
        """Read what was sent. A value that the question does not offer, or two of them, leaves it open.

        `in_words`: whether whoever sends may have read the patient's own signs; if not, nothing is taken of them.
        """
        chosen = {}
        for question in asked:
            sent = fields.getlist(question.name)
            if len(sent) == 1 and sent[0] in (DECLINED, *(str(option.value) for option in question.options)):
                chosen[question.name] = sent[0]
        note = fields.get("note", "").replace("\r\n", "\n").strip()
        elsewhere = _elsewhere(asked, fields) if in_words else {}
        return cls(tuple(asked), key or uuid4(), chosen, note, _compared(fields), elsewhere)

    @property
    def answers(self) -> Answers:
        """The answers given, "I'd rather not say" as None; a question left open is absent."""
        return {
            (question.instrument, question.item): int(self.chosen[question.name])
            if self.chosen[question.name] != DECLINED
            else None
            for question in self.given
            if not question.is_about_signs
        }

    @property
    def noticed(self) -> Mapping[UUID, bool]:
        """What was said about each sign; one that was passed over is absent."""
        said = {name: value for name, value in self.chosen.items() if _SIGN.fullmatch(name)} | dict(self.elsewhere)
        return {UUID(name.removeprefix("sign_")): value == "1" for name, value in said.items() if value != DECLINED}

    @property
    def of_any_sign(self) -> Answers:
        """The answer to the one question about all signs, kept like those of items; nothing where it was not asked."""
        said = self.chosen.get(ANY_SIGN)
        return {} if said is None else {SIGNS_BY_TEXT: None if said == DECLINED else int(said)}

    @property
    def asks_for_signs(self) -> bool:
        """Whether signs are among the questions."""
        return any(question.is_about_signs for question in self.asked)

    @property
    def signs(self) -> str:
        """How it asks for signs, where it does: in the patient's own `words`, or for `any` of them."""
        return "words" if any(question.sign for question in self.asked) else "any"

    @property
    def given(self) -> tuple[Question, ...]:
        """The questions that have an answer."""
        return tuple(question for question in self.asked if question.name in self.chosen)

    @property
    def open(self) -> tuple[Question, ...]:
        """The questions that have none, but for those that are not asked: behind a closed gate, or agreed since."""
        return tuple(each for each in self.asked if each.name not in self.chosen and not self._is_passed_over(each))

    @property
    def minutes(self) -> int:
        """How long it takes, about."""
        return max(1, round(len(self.asked) * SECONDS / 60))

    @property
    def is_usual(self) -> bool:
        """Whether it asks about the last 2 weeks alone and takes about 2 minutes at most."""
        if self.minutes > 2 or self.asks_for_signs:
            return False
        return all(catalogue.spec(each.instrument).window_days == 14 for each in self.asked)

    @property
    def has_ruler(self) -> bool:
        """Whether a question is answered on a ruler."""
        return any(question.is_ruler for question in self.asked)

    @property
    def note_is_too_long(self) -> bool:
        """Whether the note has to be shortened."""
        return len(self.note) > NOTE_LENGTH

    @property
    def is_complete(self) -> bool:
        """Whether it can be kept as it is."""
        return not self.open and not self.note_is_too_long

    def _is_passed_over(self, question: Question) -> bool:
        if question.sign is not None:
            return bool(self.elsewhere)
        return question.gate is not None and self.chosen.get(question.gate) in ("0", DECLINED)

    @property
    def asks_for_help_first(self) -> bool:
        """Whether the safety item was answered above 0, so that help stands before anything else."""
        return any(question.is_safety and self.chosen[question.name] not in (DECLINED, "0") for question in self.given)


def _elsewhere(asked: Sequence[Question], fields: MultiDict[str, str]) -> Mapping[str, str]:
    names = {name for name in fields if _SIGN.fullmatch(name)} - {question.name for question in asked}
    sent = {name: fields.getlist(name) for name in sorted(names)}
    return {name: values[0] for name, values in sent.items() if values in (["1"], ["0"], [DECLINED])}


def _compared(fields: MultiDict[str, str]) -> Compared | None:
    sent = fields.get("compared")
    return Compared(sent) if sent in set(Compared) else None


def read_key(text: str | None) -> UUID | None:
    """Return the idempotency key that a page was given, or None when it is not one."""
    try:
        return UUID(text or "")
    except ValueError:
        return None
