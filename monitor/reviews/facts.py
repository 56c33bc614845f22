"""What a review looks at, as plain values. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from monitor.care.intake_kinds import Need
from monitor.care.kinds import Step
from monitor.flags.facts import Thresholds
from monitor.reviews.kinds import POINTS_TO, Because, Criterion, Decision, Judgement

SCORE_COUNTS_DAYS = 42
"""Local protocol: what was answered longer ago than six weeks does not say how somebody is now."""


@dataclass(frozen=True)
class Scored:
    """One total, in points, and the team's local date on which it was answered."""

    on: date
    total: int


@dataclass(frozen=True)
class Course:
    """The totals of one measure in this episode, oldest first; a check-in without a total is not among them."""

    code: str
    thresholds: Thresholds
    scores: tuple[Scored, ...] = ()

    @property
    def first(self) -> Scored | None:
        """The baseline."""
        return self.scores[0] if self.scores else None

    @property
    def last(self) -> Scored | None:
        """The newest total."""
        return self.scores[-1] if self.scores else None

    @property
    def change(self) -> int | None:
        """Points from the first to the last score, above 0 when worse; None without two scores."""
        return self.scores[-1].total - self.scores[0].total if len(self.scores) > 1 else None


@dataclass(frozen=True)
class Item9:
    """One answer to the safety item as given, sent or only begun; `value` None when they preferred not to say."""

    on: date
    value: int | None


@dataclass(frozen=True)
class ReviewFacts:
    """Everything that the criteria may know about one episode. Dates are the team's local dates."""

    step: Step
    today: date
    entered_on: date
    """When the present step began."""
    since: date
    """The last review, or else when the step began: what was said about safety since then still counts."""
    last_contact_on: date
    """When somebody of the team last spoke with them; the opening of the episode where nobody has yet."""
    phq9: Course
    gad7: Course
    wsas: tuple[Scored, ...] = ()
    item9: tuple[Item9, ...] = ()
    """Oldest first."""
    unable_to_keep_safe_on: date | None = None
    """When they last said since the last review that they could not keep themselves safe."""
    missed_in_a_row: int = 0
    undelivered_in_a_row: int = 0
    """Check-ins since the last answered one whose texts did not arrive. Never counted as missed."""
    gaps: tuple[date, ...] = ()
    """The dates of check-ins that were not answered, or whose text did not arrive."""
    needs: frozenset[Need] | None = None
    """What was unmet the last time that it was asked."""
    needs_before: frozenset[Need] | None = None
    """And the time before."""

    @property
    def courses(self) -> tuple[Course, Course]:
        """Both measures of change."""
        return self.phq9, self.gad7

    @property
    def latest_is_unknown(self) -> bool:
        """Whether we do not know how somebody is now: the newest check-in has no answer, or the scores are old."""
        if self.missed_in_a_row or self.undelivered_in_a_row:
            return True
        newest = [course.last.on for course in self.courses if course.last]
        return bool(newest) and (self.today - max(newest)).days > SCORE_COUNTS_DAYS


@dataclass(frozen=True)
class Reason:
    """One thing that a judgement rests on: a code and its figures. Dates are ISO strings."""

    code: Because
    params: Mapping[str, int | str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Judged:
    """One criterion, what it came to and why."""

    criterion: Criterion
    judgement: Judgement
    reasons: tuple[Reason, ...] = ()

    @property
    def points_to(self) -> Decision:
        """Which decision it speaks for when it is met."""
        return POINTS_TO[self.criterion]

    @property
    def is_met(self) -> bool:
        """Whether it is met."""
        return self.judgement is Judgement.MET


@dataclass(frozen=True)
class Proposal:
    """What the criteria propose. A person decides."""

    decision: Decision
    to_step: Step | None = None
    """Where to, for a change of step."""
