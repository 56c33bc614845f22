"""What the rules look at and what they say: plain values. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from monitor.care.kinds import Treatment
from monitor.checkins.course import Course
from monitor.flags.kinds import EvidenceCode, FlagKind, SelfSafety, Severity
from monitor.measures import catalogue


@dataclass(frozen=True)
class Thresholds:
    """The published numbers of one measure, in points. Sources: the measure's own `spec.json`."""

    caseness: int
    reliable_change: int
    minimal_difference: int


@dataclass(frozen=True)
class MeasureFacts:
    """Where one measure of an episode stands. Totals in points, lower is better, None where there is none yet."""

    code: str
    thresholds: Thresholds
    baseline: int | None = None
    baseline_on: date | None = None
    last: int | None = None
    last_on: date | None = None
    best: int | None = None
    worst: int | None = None
    count: int = 0
    """Check-ins with a total."""
    recent: tuple[int, ...] = ()
    """The last totals, newest last, at most three. A check-in without a total is not in it."""

    @property
    def change(self) -> int | None:
        """Points from the first to the last score, above 0 when worse; None without two scores."""
        if self.baseline is None or self.last is None or self.count < 2:
            return None
        return self.last - self.baseline

    @property
    def is_reliably_worse(self) -> bool:
        """Whether the rise since the first score exceeds the measure's own error."""
        return self.change is not None and self.change >= self.thresholds.reliable_change

    @property
    def has_fallen(self) -> bool:
        """Whether the last score lies below the first by a difference that matters to people."""
        return self.change is not None and -self.change >= self.thresholds.minimal_difference

    @property
    def began_at_caseness(self) -> bool:
        """Whether there was room to improve at the start."""
        return self.baseline is not None and self.baseline >= self.thresholds.caseness

    def is_flat_at_caseness(self, check_ins: int, spread: int) -> bool:
        """Whether the last `check_ins` totals lie within `spread` points of one another and the last is at caseness."""
        last = self.recent[-check_ins:]
        if len(last) < check_ins:
            return False
        return max(last) - min(last) <= spread and last[-1] >= self.thresholds.caseness


def measure_facts(code: str, course: Course) -> MeasureFacts:
    """Return where a measure stands after a course. Raises UnknownInstrument, NotTracked."""
    spec = catalogue.tracked(code)
    recent = (course.third_last, course.second_last, course.last)
    return MeasureFacts(
        code=code,
        thresholds=Thresholds(spec.caseness, spec.reliable_change, spec.minimal_difference),
        baseline=course.baseline,
        baseline_on=course.baseline_at.date() if course.baseline_at else None,
        last=course.last,
        last_on=course.last_at.date() if course.last_at else None,
        best=course.best,
        worst=course.worst,
        count=course.count,
        recent=tuple(total for total in recent if total is not None),
    )


@dataclass(frozen=True)
class TreatmentFacts:
    """A treatment that is under way."""

    treatment: Treatment
    started_on: date
    score_then: int | None = None
    """The newest total of the PHQ-9 from that day or before it; None where it was first asked later."""


@dataclass(frozen=True)
class SafetyFacts:
    """The safety item of one submission as answered. Never derived from a total."""

    answer: int | None
    """0 to 3; None when it was declined or left out."""
    previous: int | None = None
    """The last answer that was given before this one, however long ago; a declined item does not wipe it out."""
    previous_on: date | None = None
    declined: bool = False
    """Whether "prefer not to answer" was chosen; otherwise a missing answer was left out."""
    self_safety: SelfSafety | None = None
    call_asked: bool = False

    @property
    def is_missing_after_positive(self) -> bool:
        """Whether it was not answered this time by somebody whose last answer was above 0."""
        return self.answer is None and (self.previous or 0) > 0


@dataclass(frozen=True)
class EpisodeFacts:
    """Everything that the rules may know about one episode at one moment."""

    step: str
    """The code of the present step."""
    week: int = 0
    """Whole weeks since the episode opened."""
    today: date | None = None
    """The date in UTC, as all dates here; None leaves out the notes on scores that are looked for by now."""
    measures: tuple[MeasureFacts, ...] = ()
    treatments: tuple[TreatmentFacts, ...] = ()
    attended_contacts: int = 0
    """Contacts attended since care at low intensity began."""
    missed_in_a_row: int = 0
    """Windows closed unanswered since the last answered one, of those whose texts arrived."""
    undelivered_in_a_row: int = 0
    """Check-ins since the last answered one whose texts did not arrive. Never counted as missed."""
    number_failed: bool = False
    """Whether the network has given the number up for good."""
    last_safety_answer: int | None = None
    """The last answer that was given to the safety item, however long ago."""
    had_open_worsening: bool = False
    """Whether a `deteriorating` flag is open, or was the last flag that the rules raised."""
    safety: SafetyFacts | None = None
    """Set when this evaluation follows a submission, or an early save, that asked the safety item."""
    opted_out: bool = False
    withdrew: bool = False
    """Whether it is check-ins of any kind that they ended, not the texts alone."""
    call_requested: bool = False
    """Whether a call was asked for elsewhere than after the safety item."""

    def measure(self, code: str) -> MeasureFacts | None:
        """Return where one measure stands; None where it was never asked."""
        return next((each for each in self.measures if each.code == code), None)

    @property
    def latest_is_unanswered(self) -> bool:
        """Whether the newest scores are older than the newest check-in."""
        return self.missed_in_a_row > 0 or self.undelivered_in_a_row > 0

    @property
    def was_worsening(self) -> bool:
        """Whether the last that we heard was reliable worsening."""
        return self.had_open_worsening or any(measure.is_reliably_worse for measure in self.measures)


@dataclass(frozen=True)
class Evidence:
    """One thing that a finding rests on: a code and its figures. Dates are ISO strings, so that it stores as JSON."""

    code: EvidenceCode | str
    params: Mapping[str, int | str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Finding:
    """What one rule concluded and why. Findings of one kind join one flag."""

    kind: FlagKind
    rule: str
    severity: Severity
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class Note:
    """What a rule has to say without raising anything: too little to judge by, or one missed check-in."""

    rule: str
    evidence: tuple[Evidence, ...]
