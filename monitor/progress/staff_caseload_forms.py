"""What staff write down at the weekly caseload review."""

from enum import StrEnum
from typing import TypeVar

from monitor.care.caseload import Engagement, Housing, Look, Medication, Signs
from monitor.i18n import N_
from monitor.people.staff_forms import Typed

Word = TypeVar("Word", bound=StrEnum)

WHICH_SIGNS = N_("Say which signs were seen.")


class LookForm(Typed):
    """The form of one look. Nothing is chosen beforehand: a look that was not taken must not be recorded."""

    def look(self) -> Look | None:
        """Return what was seen, or None after noting every fault."""
        engagement, medication = self._one("engagement", Engagement), self._one("medication", Medication)
        housing, signs = self._one("housing", Housing), self._one("signs", Signs)
        signs_words = self.maybe("signs_words") or ""
        if signs is Signs.SEEN and not signs_words:
            self.fault("signs_words", WHICH_SIGNS)
        agreed = self.words("agreed")
        if self.faults or engagement is None or medication is None or housing is None or signs is None:
            return None
        return Look(
            engagement=engagement,
            medication=medication,
            housing=housing,
            signs=signs,
            signs_words=signs_words,
            agreed=agreed,
        )

    def _one(self, name: str, words: type[Word]) -> Word | None:
        return self.one_of(name, {word.value: word for word in words})
