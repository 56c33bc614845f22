"""What an instrument is: the published numbers in its Spec, the published wording in its Instrument."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from monitor.errors import MonitorError


class MeasureError(MonitorError):
    """An instrument, a language or an answer that does not exist; the text never repeats an answer."""


class Provenance(StrEnum):
    """Whose wording it is: a patient gets `provisional` wording only where the service has switched it on."""

    OFFICIAL = "official"
    PROVISIONAL = "provisional"


class Direction(StrEnum):
    """What a higher total means."""

    HIGHER_IS_HEAVIER = "higher_is_heavier"
    HIGHER_IS_BETTER = "higher_is_better"


class SeverityBand(StrEnum):
    """Published names for ranges of totals, lightest first. Words for people: rules compare totals, never bands."""

    MINIMAL = "minimal"
    MILD = "mild"
    MODERATE = "moderate"
    MODERATELY_SEVERE = "moderately_severe"
    SEVERE = "severe"


class _Value(BaseModel):
    """Never changes after it is read, and refuses a key that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Band(_Value):
    """One severity band: both ends belong to it."""

    code: SeverityBand
    lowest: int
    highest: int


class CutOff(_Value):
    """A further published cut-off: from this total on, in the direction that is heavier."""

    total: int
    means: str


class Part(_Value):
    """The instrument whose wording this one borrows, and which of its items, counted from 1."""

    code: str
    items: tuple[int, ...]


class Loinc(_Value):
    """LOINC codes; `items` in form order, `answers` and `difficulty_answers` by their value from 0 upwards.

    None: not known, or none that holds up.
    """

    panel: str
    total: str
    items: tuple[str, ...]
    answers: tuple[str, ...] | None = None
    answer_list: str | None = None
    difficulty: str | None = None
    difficulty_answers: tuple[str, ...] | None = None
    difficulty_list: str | None = None


class Sources(_Value):
    """Where each number of a Spec was published, or why there is none."""

    window_days: str
    scoring: str | None = None
    bands: str | None = None
    caseness: str | None = None
    cut_offs: str | None = None
    reliable_change: str | None = None
    minimal_difference: str | None = None
    prorate_missing: str | None = None
    safety_item: str | None = None
    loinc: str | None = None


class Spec(_Value):
    """The numbers of an instrument, the same in every language: points of the total unless the name says otherwise.

    `version` rises with any change to these numbers or to how they are applied; it is stored beside every score.
    Totals run from 0 to `maximum`. Items count from 1, as printed on the form, a gate included. None: there is no
    published value, and nothing is put in its place.
    """

    code: str
    name: str
    version: str
    licence: str
    item_count: int
    item_max: int
    window_days: int | None
    direction: Direction = Direction.HIGHER_IS_HEAVIER
    factor: int = 1
    """What the sum of the answers is multiplied by."""
    has_total: bool = True
    """Without one each answer stands by itself."""
    part_of: Part | None = None
    gate: int | None = None
    """The item that opens the others: not counted, and answered 0 it leaves nothing else to ask."""
    not_applicable: int | None = None
    """The item that may be answered 'does not apply', with one more than `item_max`: then it is not counted."""
    asks_difficulty: bool = False
    by_text: bool = True
    """Not where an answer on a lock screen could bring somebody into danger."""
    needs_permission: bool = False
    """Its words come from the service, with the copyright holder's leave."""
    bands: tuple[Band, ...] = ()
    caseness: int | None = None
    cut_offs: tuple[CutOff, ...] = ()
    reliable_change: int | None = None
    minimal_difference: int | None = None
    prorate_missing: int = 0
    safety_item: int | None = None
    sources: Sources
    loinc: Loinc | None = None

    @property
    def counted_items(self) -> tuple[int, ...]:
        """The items that make up the total."""
        return tuple(item for item in range(1, self.item_count + 1) if item != self.gate)

    @property
    def maximum(self) -> int:
        """The highest total."""
        return len(self.counted_items) * self.item_max * self.factor

    def values_of(self, item: int) -> range:
        """Return what an item may be answered with."""
        return range(self.item_max + 1 + (item == self.not_applicable))

    @model_validator(mode="after")
    def _bands_cover_every_total(self) -> Self:
        totals = [total for band in self.bands for total in range(band.lowest, band.highest + 1)]
        if self.bands and totals != list(range(self.maximum + 1)):
            raise ValueError("the severity bands leave a gap, overlap or are out of order")
        return self

    @model_validator(mode="after")
    def _codes_match_the_form(self) -> Self:
        if self.loinc is None:
            return self
        answers = self.loinc.answers
        if len(self.loinc.items) != self.item_count or (answers and len(answers) != self.item_max + 1):
            raise ValueError("there must be one LOINC code for each item and for each answer")
        return self

    @model_validator(mode="after")
    def _numbers_name_their_sources(self) -> Self:
        for name in set(Sources.model_fields) & set(Spec.model_fields):
            if getattr(self, name) not in (None, 0, ()) and not getattr(self.sources, name):
                raise ValueError(f"{name} has no source")
        return self


class TrackedSpec(Spec):
    """The numbers of a measure that flags, charts and outcomes follow: it has every one that they need."""

    caseness: int
    reliable_change: int
    minimal_difference: int


class Option(_Value):
    """One answer to choose: the value that counts and the label that is read."""

    value: int
    label: str


class Difficulty(_Value):
    """The closing question on how hard the problems made daily life. Never part of the total."""

    text: str
    options: tuple[Option, ...]


class Permission(_Value):
    """Whose leave a service has to show an instrument's words, and since when."""

    given_by: str = Field(min_length=3)
    on: date


class Instrument(_Value):
    """An instrument in one language, word for word; `note` owns up to every repair and gap.

    `version` rises with any change to the wording and is stored beside every answer. `difficulty` is None where no
    copy fit for checking was found. `preamble` stands before the gate, `stem` before every other item; `options` are
    those of every item that has none of its own in `item_options`.
    """

    spec: Spec
    language: str
    version: str
    provenance: Provenance
    source: str
    note: str
    preamble: str | None = None
    stem: str | None
    items: tuple[str, ...]
    options: tuple[Option, ...] = ()
    item_options: Mapping[int, tuple[Option, ...]] = {}
    difficulty: Difficulty | None = None
    permission: Permission | None = None

    @property
    def code(self) -> str:
        """The instrument's code: `phq9`."""
        return self.spec.code

    @property
    def name(self) -> str:
        """The instrument's published name: `PHQ-9`."""
        return self.spec.name

    def stem_of(self, item: int) -> str | None:
        """Return what is read before an item."""
        return self.preamble if item == self.spec.gate else self.stem

    def options_of(self, item: int) -> tuple[Option, ...]:
        """Return the answers to choose from, in the order of the form."""
        return self.item_options.get(item, self.options)

    @model_validator(mode="after")
    def _wording_matches_the_spec(self) -> Self:
        if len(set(self.items)) != self.spec.item_count:
            raise ValueError("an item is missing, surplus or printed twice")
        may_fall = self.spec.direction is Direction.HIGHER_IS_BETTER  # the WHO-5 is printed from its best answer down
        for item in range(1, self.spec.item_count + 1):
            values, offered = list(self.spec.values_of(item)), [option.value for option in self.options_of(item)]
            if offered != values and not (may_fall and offered == values[::-1]):
                raise ValueError("the answers do not run from 0 upwards in order")
        return self

    @model_validator(mode="after")
    def _may_be_shown(self) -> Self:
        if self.spec.needs_permission and self.permission is None:
            raise ValueError("there is no permission from the copyright holder")
        return self
