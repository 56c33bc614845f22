"""From answers to a score: the published one, or none."""

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.measures.instrument import Direction, MeasureError, SeverityBand, Spec


class AnswerOutOfRange(MeasureError):
    """An answer is none of the instrument's values."""

    def __init__(self, spec: Spec, item: int) -> None:
        super().__init__(f"{spec.code} item {item}: an answer is 0 to {spec.values_of(item)[-1]}, or left out")


class WrongNumberOfAnswers(MeasureError):
    """There are more or fewer answers than items; a skipped item still takes its place."""

    def __init__(self, spec: Spec, given: int) -> None:
        count = spec.item_count
        where = f"item {given + 1} has no answer" if given < count else f"there is no item {count + 1}"
        super().__init__(f"{spec.code} takes {count} answers and got {given}: {where}")


class TotalOutOfRange(MeasureError):
    """A total that no set of answers can give."""

    def __init__(self, spec: Spec) -> None:
        steps = f", in steps of {spec.factor}" if spec.factor > 1 else ""
        super().__init__(f"a {spec.code} total is a whole number from 0 to {spec.maximum}{steps}")


@dataclass(frozen=True, slots=True)
class Score:
    """What a set of answers says. Without a total there is no band and no caseness: a missing score is never a low one.

    `maximum`: the highest total that could have been, without an item that does not apply. `prorated`: the total is an
    estimate and must be shown as one. `missing`: how many items were skipped. `safety`: the answer to the safety item
    as given; None with `safety_asked` is not answered: unknown, never 0.
    """

    total: int | None
    maximum: int
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
    halves rounded up. A gate answered 0 makes a total of 0, as published, unless another answer contradicts it.
    """
    _check(spec, answers)
    gate = 1 if spec.gate is None else answers[spec.gate - 1]
    counted = _counted(spec, answers)
    answered = [answer for answer in counted if answer is not None]
    missing = 0 if gate == 0 else len(counted) - len(answered) + (gate is None)
    prorated = prorate and bool(gate) and spec.has_total and 0 < missing <= spec.prorate_missing
    if prorated:
        total = _estimate(answered, len(counted)) * spec.factor
    elif missing or not spec.has_total or (gate == 0 and any(answered)):
        total = None
    else:
        total = sum(answered) * spec.factor
    return Score(
        total=total,
        maximum=len(counted) * spec.item_max * spec.factor,
        band=None if total is None else band(spec, total),
        caseness=None if total is None else caseness(spec, total),
        prorated=prorated,
        missing=missing,
        safety_asked=spec.safety_item is not None,
        # Read from the answer itself: an estimate must neither invent a safety answer nor hide one.
        safety=None if spec.safety_item is None else answers[spec.safety_item - 1],
    )


def band(spec: Spec, total: int) -> SeverityBand | None:
    """The severity band that a total falls in; None where none are published. Raises TotalOutOfRange."""
    check_total(spec, total)
    return next((each.code for each in spec.bands if each.lowest <= total <= each.highest), None)


def caseness(spec: Spec, total: int) -> bool | None:
    """Whether a total has reached the clinical cut-off; None where none is published. Raises TotalOutOfRange."""
    check_total(spec, total)
    return None if spec.caseness is None else _reaches(spec, total, spec.caseness)


def cut_offs_reached(spec: Spec, total: int) -> tuple[str, ...]:
    """What the further published cut-offs that a total has reached mean. Raises TotalOutOfRange."""
    check_total(spec, total)
    return tuple(each.means for each in spec.cut_offs if _reaches(spec, total, each.total))


def check_total(spec: Spec, total: int) -> None:
    """Raise TotalOutOfRange unless some set of answers gives this total."""
    if not 0 <= total <= spec.maximum or total % spec.factor:
        raise TotalOutOfRange(spec)


def _reaches(spec: Spec, total: int, cut_off: int) -> bool:
    return total <= cut_off if spec.direction is Direction.HIGHER_IS_BETTER else total >= cut_off


def _check(spec: Spec, answers: Sequence[int | None]) -> None:
    if len(answers) != spec.item_count:
        raise WrongNumberOfAnswers(spec, len(answers))
    for item, answer in enumerate(answers, start=1):
        if answer is not None and answer not in spec.values_of(item):
            raise AnswerOutOfRange(spec, item)


def _counted(spec: Spec, answers: Sequence[int | None]) -> list[int | None]:
    """The answers that make up the total: not the gate's, and not one that says that the item does not apply."""
    given = (answers[item - 1] for item in spec.counted_items)
    return [answer for answer in given if answer is None or answer <= spec.item_max]


def _estimate(answered: Sequence[int], items: int) -> int:
    # floor(x + 1/2) in whole numbers, x being sum * items / answered: Python's round() would send halves to even.
    return (2 * sum(answered) * items + len(answered)) // (2 * len(answered))
