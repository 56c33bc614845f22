"""The forms of the middle step, read field by field."""

from collections.abc import Mapping
from datetime import date, time
from uuid import UUID

from monitor.care.kinds import MiddleReason, Step
from monitor.i18n import N_
from monitor.people.staff_forms import Typed
from monitor.reviews.bursts import NewBurst, Owed

NO_REASON = N_("Tick at least one.")
OWED: Mapping[Owed, tuple[str, str]] = {
    Owed.WORDS: ("words", N_("Write at least a sentence.")),
    Owed.WEEKS: ("weeks", N_("The pathway does not allow this length.")),
    Owed.EXIT_STEP: ("exit_step", N_("The way out leads to another step of the pathway.")),
    Owed.DAYS: ("days", N_("Choose two weekdays: contact is twice a week.")),
    Owed.CLOSED_THEN: ("at", N_("The team does not work then on both days.")),
    Owed.OUT_OF_TURN: ("out_of_turn", N_("%(first)s stands first. Say why this one goes before.")),
    Owed.UNTIL: ("until", N_("Choose a date after today, and no further away than a burst may be long.")),
}


class MiddleForm(Typed):
    """What somebody typed on a page of the middle step."""

    def owes(self, owed: tuple[Owed, ...], ahead: str = "") -> None:
        """Note what the service says is owed, beside its fields."""
        for each in owed:
            name, message = OWED[each]
            self.fault(name, message, first=ahead)

    def asking(self) -> tuple[frozenset[MiddleReason], str] | None:
        """Return why somebody is asked in; None where something is wrong."""
        reasons = frozenset(
            MiddleReason(each) for each in self.some_of("reasons", [each.value for each in MiddleReason])
        )
        if not reasons:
            self.fault("reasons", NO_REASON)
        words = self.words("words")
        return None if self.faults else (reasons, words)

    def burst(self) -> NewBurst | None:
        """Return the burst that somebody begins; None where something is wrong."""
        slot_id, weeks = self.slot(), self.weeks()
        exit_step = self.one_of("exit_step", {each.value: each for each in Step})
        at, words, out_of_turn = self.time_of_day("at"), self.words("words"), self.maybe("out_of_turn")
        days = tuple(map(int, self.some_of("days", [str(day) for day in range(7)])))
        if self.faults or slot_id is None or exit_step is None or at is None:
            return None
        return NewBurst(slot_id, weeks, exit_step, words, days, at, out_of_turn or "")

    def longer(self) -> tuple[int, str, time] | None:
        """Return by how much a burst is lengthened and why; None where something is wrong."""
        weeks, words, at = self.weeks(), self.words("words"), self.time_of_day("at")
        return None if self.faults or at is None else (weeks, words, at)

    def borrowing(self) -> tuple[UUID, UUID, date, str] | None:
        """Return which slot is borrowed, for whom, until when and why; None where something is wrong."""
        slot_id, patient_id = self.slot(), self.id("patient")
        until, words = self.day("until"), self.words("words")
        if self.faults or slot_id is None or patient_id is None or until is None:
            return None
        return slot_id, patient_id, until, words

    def slot(self) -> UUID | None:
        """Return the chosen slot."""
        return self.id("slot")

    def weeks(self) -> int:
        """Return how many weeks; 0, which no pathway allows, for anything else than a number."""
        typed = self.text("weeks")
        return int(typed) if typed.isdecimal() and len(typed) < 3 else 0

    def id(self, name: str) -> UUID | None:
        """Return the id that was chosen."""
        try:
            return UUID(self.text(name))
        except ValueError:
            self.fault(name, N_("Choose one."))
            return None
