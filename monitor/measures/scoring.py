"""From answers to a score: the published one, or none."""

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.measures.instrument import MeasureError, SeverityBand, Spec


class AnswerOutOfRange(MeasureError):
    """An answer is none of the instrument's values."""

    def __init__(self, spec: Spec, item: int) -> None:
        super().__init__(f"{spec.code} item {item}: an answer is 0 to {spec.item_max}, or left out")


class WrongNumberOfAnswers(MeasureError):
    """There are more or fewer answers than items; a skipped item still takes its place."""

    def __init__(self, spec: Spec, given: int) -> None:
        count = spec.item_count
        where = f"item {given + 1} has no answer" if given < count else f"there is no item {count + 1}"
        super().__init__(f"{spec.code} takes {count} answers and got {given}: {where}")


class TotalOutOfRange(MeasureError):
    """A total that no set of answers can give."""

    def __init__(self, spec: Spec) -> None:
        super().__init__(f"a {spec.code} total is a whole number from 0 to {spec.maximum}")


@dataclass(frozen=True, slots=True)
class Score:
    """What a set of answers says. `total`, `band` and `caseness` are None together: a missing score is never a low one.

    `prorated`: the total is an estimate and must be shown as one. `missing`: how many items were skipped.
    `safety`: the answer to the safety item as given; None with `safety_asked` is not answered: unknown, never 0.
    """

    total: int | None
    band: SeverityBand | None
    caseness: bool | None
    prorated: bool
    missing: int
    safety_asked: bool
    safety: int | None


def score(spec: Spec, answers: Sequence[int | None], *, prorate: bool = False) -> Score:
    """Score answers in form order; None is a skipped item. Raises WrongNumberOfAnswers, AnswerOutOfRange.

    With an item missing there is no total. `prorate` allows an estimate, as strong as `spec.sources.prorate_missing`
    says: with at most `spec.prorate_missing` items missing, the mean of the answered ones times the number of items,
    halves rounded up.
    """
    _check(spec, answers)
    answered = [answer for answer in answers if answer is not None]
    missing = spec.item_count - len(answered)
    prorated = prorate and 0 < missing <= spec.prorate_missing
    total = _estimate(spec, answered) if prorated else None if missing else sum(answered)
    return Score(
        total=total,
        band=None if total is None else band(spec, total),
        caseness=None if total is None else caseness(spec, total),
        prorated=prorated,
        missing=missing,
        safety_asked=spec.safety_item is not None,
        # Read from the answer itself: an estimate must neither invent a safety answer nor hide one.
        safety=None if spec.safety_item is None else answers[spec.safety_item - 1],
    )


def band(spec: Spec, total: int) -> SeverityBand:
    """The severity band that a total falls in. Raises TotalOutOfRange."""
    for each in spec.bands:
        if each.lowest <= total <= each.highest:
            return each.code
    raise TotalOutOfRange(spec)


def caseness(spec: Spec, total: int) -> bool:
    """Whether a total is at or above the clinical cut-off. Raises TotalOutOfRange."""
    check_total(spec, total)
    return total >= spec.caseness


def check_total(spec: Spec, total: int) -> None:
    """Raise TotalOutOfRange unless some set of answers gives this total."""
    if not 0 <= total <= spec.maximum:
        raise TotalOutOfRange(spec)


def _check(spec: Spec, answers: Sequence[int | None]) -> None:
    if len(answers) != spec.item_count:
        raise WrongNumberOfAnswers(spec, len(answers))
    for item, answer in enumerate(answers, start=1):
        if answer is not None and answer not in range(spec.item_max + 1):
            raise AnswerOutOfRange(spec, item)


def _estimate(spec: Spec, answered: Sequence[int]) -> int:
    # floor(x + 1/2) in whole numbers, x being sum * items / answered: Python's round() would send halves to even.
    return (2 * sum(answered) * spec.item_count + len(answered)) // (2 * len(answered))
