"""How one measure goes through an episode: what the rules look at, carried forward from score to score."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(slots=True)
class Course:
    """Where a measure stands. Stored as its row in `measure_states`; the answers alone can rebuild it."""

    count: int = 0
    """Submissions with a total."""
    baseline: int | None = None
    baseline_at: datetime | None = None
    last: int | None = None
    last_at: datetime | None = None
    second_last: int | None = None
    third_last: int | None = None
    best: int | None = None
    worst: int | None = None
    safety_answer: int | None = None
    """The last answer that was given to the safety item; declining it does not wipe that out."""
    safety_at: datetime | None = None

    def take(self, total: int | None, at: datetime) -> None:
        """Take one more total. No total changes nothing: a missing score is not 'no change'."""
        if total is None:
            return
        if self.baseline is None:
            self.baseline, self.baseline_at = total, at
        self.third_last, self.second_last, self.last, self.last_at = self.second_last, self.last, total, at
        self.best = total if self.best is None else min(self.best, total)
        self.worst = total if self.worst is None else max(self.worst, total)
        self.count += 1

    def take_safety_answer(self, answer: int | None, at: datetime) -> None:
        """Take what was answered to the safety item, if it was."""
        if answer is not None:
            self.safety_answer, self.safety_at = answer, at
