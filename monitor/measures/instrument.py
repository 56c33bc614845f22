"""What an instrument is: the published numbers in its Spec, the published wording in its Instrument."""

from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from monitor.errors import MonitorError


class MeasureError(MonitorError):
    """An instrument, a language or an answer that does not exist; the text never repeats an answer."""


class Provenance(StrEnum):
    """Whose wording it is: a patient gets `provisional` wording only where the service has switched it on."""

    OFFICIAL = "official"
    PROVISIONAL = "provisional"


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


class Loinc(_Value):
    """LOINC codes; `items` in form order, `answers` and `difficulty_answers` by their value from 0 upwards."""

    panel: str
    total: str
    items: tuple[str, ...]
    answers: tuple[str, ...]
    answer_list: str
    difficulty: str | None
    difficulty_answers: tuple[str, ...] | None
    difficulty_list: str | None


class Sources(_Value):
    """Where each number of a Spec was published, or that it was not."""

    window_days: str
    bands: str
    caseness: str
    reliable_change: str
    minimal_difference: str
    prorate_missing: str
    safety_item: str
    loinc: str


class Spec(_Value):
    """The numbers of an instrument, the same in every language: points of the total unless the name says otherwise.

    `version` rises with any change to these numbers or to how they are applied; it is stored beside every score.
    Totals run from 0 to `maximum`, higher is heavier. `safety_item` counts from 1, as printed on the form.
    """

    code: str
    name: str
    version: str
    item_count: int
    item_max: int
    window_days: int
    bands: tuple[Band, ...]
    caseness: int
    reliable_change: int
    minimal_difference: int
    prorate_missing: int
    safety_item: int | None
    sources: Sources
    loinc: Loinc

    @property
    def maximum(self) -> int:
        """The highest total."""
        return self.item_count * self.item_max

    @model_validator(mode="after")
    def _bands_cover_every_total(self) -> Self:
        totals = [total for band in self.bands for total in range(band.lowest, band.highest + 1)]
        if totals != list(range(self.maximum + 1)):
            raise ValueError("the severity bands leave a gap, overlap or are out of order")
        return self

    @model_validator(mode="after")
    def _codes_match_the_form(self) -> Self:
        if len(self.loinc.items) != self.item_count or len(self.loinc.answers) != self.item_max + 1:
            raise ValueError("there must be one LOINC code for each item and for each answer")
        return self


class Option(_Value):
    """One answer to choose: the value that counts and the label that is read."""

    value: int
    label: str


class Difficulty(_Value):
    """The closing question on how hard the problems made daily life. Never part of the total."""

    text: str
    options: tuple[Option, ...]


class Instrument(_Value):
    """An instrument in one language, word for word; `note` owns up to every repair and gap.

    `version` rises with any change to the wording and is stored beside every answer. `difficulty` is None where no
    copy fit for checking was found.
    """

    spec: Spec
    language: str
    version: str
    provenance: Provenance
    source: str
    note: str
    stem: str
    items: tuple[str, ...]
    options: tuple[Option, ...]
    difficulty: Difficulty | None

    @property
    def code(self) -> str:
        """The instrument's code: `phq9`."""
        return self.spec.code

    @property
    def name(self) -> str:
        """The instrument's published name: `PHQ-9`."""
        return self.spec.name

    @property
    def loinc(self) -> Loinc:
        """The LOINC codes, the same in every language."""
        return self.spec.loinc

    @model_validator(mode="after")
    def _wording_matches_the_spec(self) -> Self:
        if len(set(self.items)) != self.spec.item_count:
            raise ValueError("an item is missing, surplus or printed twice")
        if [option.value for option in self.options] != list(range(self.spec.item_max + 1)):
            raise ValueError("the answers do not run from 0 upwards in order")
        return self
