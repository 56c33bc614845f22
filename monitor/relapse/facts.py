"""What the rules that watch after stepping down look at: plain values. Pure."""

from dataclasses import dataclass
from datetime import date
from itertools import takewhile

from monitor.flags.facts import Thresholds
from monitor.measures import catalogue


@dataclass(frozen=True)
class Total:
    """One total of a measure since the step-down, in points, and its day."""

    points: int
    on: date


@dataclass(frozen=True)
class SinceThen:
    """One measure since somebody stepped down. Lower is better."""

    code: str
    thresholds: Thresholds
    then: int | None = None
    """The score of the day on which help became less; None where there was none."""
    then_on: date | None = None
    """That day."""
    totals: tuple[Total, ...] = ()
    """Every total since then, oldest first. A check-in without one is not in it."""

    @property
    def last(self) -> Total | None:
        """The newest total since then."""
        return self.totals[-1] if self.totals else None

    @property
    def rise(self) -> int | None:
        """Points from then to the newest total, above 0 when worse; None without both."""
        return None if self.then is None or self.last is None else self.last.points - self.then

    @property
    def is_at_caseness(self) -> bool:
        """Whether the newest total is at caseness."""
        return self.last is not None and self._is_at_caseness(self.last)

    @property
    def was_at_caseness(self) -> bool:
        """Whether the score of the step-down itself was at caseness; a score that is missing is not."""
        return self.then is not None and self.then >= self.thresholds.caseness

    @property
    def is_reliably_worse(self) -> bool:
        """Whether the rise exceeds the measure's own error."""
        return self.rise is not None and self.rise >= self.thresholds.reliable_change

    def staying(self, days: int) -> tuple[Total, Total] | None:
        """Return the first of the totals at caseness that lead up to the newest without one below, and the next of
        them that came at least `days` later; None without both."""
        leading_up = tuple(takewhile(self._is_at_caseness, reversed(self.totals)))
        if not leading_up:
            return None
        first = leading_up[-1]
        later = (each for each in reversed(leading_up) if (each.on - first.on).days >= days)
        confirming = next(later, None)
        return None if confirming is None else (first, confirming)

    def _is_at_caseness(self, total: Total) -> bool:
        return total.points >= self.thresholds.caseness


@dataclass(frozen=True)
class SignsNoticed:
    """What a patient noticed of their own signs, from where and when. Never the words: pages read those in the plan."""

    by: str
    """`check_in`, `page`, `text` or `call`."""
    on: date
    positions: tuple[int, ...] = ()
    """Which signs, as they are numbered in their version of the plan; none where it was not said which."""
    version: int | None = None
    """The version of the plan."""


@dataclass(frozen=True)
class WatchFacts:
    """Everything that the watching rules may know about one episode on the step `stepped_down` at one moment."""

    measures: tuple[SinceThen, ...] = ()
    noticed: SignsNoticed | None = None
    missed_in_a_row: int = 0
    """Check-ins since the step-down and since the last answer whose texts arrived and were not answered."""
    last_safety_answer: int | None = None
    """The last answer that was given to the safety item, however long ago."""
    had_open_worsening: bool = False
    """Whether a `deteriorating` flag is open, or was the last that the rules raised."""

    @property
    def was_worsening(self) -> bool:
        """Whether the last that we heard was reliable worsening."""
        return self.had_open_worsening or any(each.is_reliably_worse for each in self.measures)


def since_then(code: str, then: int | None, then_on: date, totals: tuple[Total, ...]) -> SinceThen:
    """Return where a measure stands since a step-down. Raises UnknownInstrument, NotTracked."""
    spec = catalogue.tracked(code)
    thresholds = Thresholds(spec.caseness, spec.reliable_change, spec.minimal_difference)
    return SinceThen(code, thresholds, then, then_on, totals)
