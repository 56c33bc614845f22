"""A patient's own word on how things are against the last time, held beside what the scores did since then."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.checkins.kinds import Compared
from monitor.measures import catalogue
from monitor.measures.change import Change, change
from monitor.progress.series import Occasion


@dataclass(frozen=True)
class OwnWord:
    """What was said; and what the scores did, only where that is something else."""

    said: Compared
    scores: Change | None = None


def own_word(held: Sequence[Occasion], occasion: Occasion) -> OwnWord | None:
    """Return what was said at a check-in against the scores of the one before; None where nothing was said.

    `held` are all check-ins of the course, oldest first.
    """
    if occasion.compared is None:
        return None
    earlier = [each for each in held[: held.index(occasion)] if _is_scored(each)]
    return OwnWord(occasion.compared, _otherwise(occasion.compared, earlier[-1] if earlier else None, occasion))


def own_word_at(held: Sequence[Occasion], said: Compared | None, at: datetime) -> OwnWord | None:
    """Return the same for what was said in a submission of a moment, which may have no score of the course."""
    if said is None:
        return None
    found = next((each for each in held if any(point.at == at for point in each.points.values())), None)
    return (own_word(held, found) if found else None) or OwnWord(said)


def _is_scored(occasion: Occasion) -> bool:
    return any(point.total is not None for point in occasion.points.values())


def _otherwise(said: Compared, before: Occasion | None, now: Occasion) -> Change | None:
    """Return what the scores did if it is not what was said: None where both agree, or cannot be held together.

    A score that moved the way somebody says agrees with them, however little it moved; against them counts what is
    more than the measure's own error (`Spec.reliable_change`).
    """
    pairs = {} if before is None else _pairs(before, now)
    moved = {change(catalogue.tracked(code), *pair) for code, pair in pairs.items()}
    fell, rose = Change.RELIABLE_IMPROVEMENT in moved, Change.RELIABLE_DETERIORATION in moved
    if not moved or (fell and rose):
        return None
    did = Change.NO_RELIABLE_CHANGE
    if fell or rose:
        did = Change.RELIABLE_IMPROVEMENT if fell else Change.RELIABLE_DETERIORATION
    if said is Compared.BETTER:
        agrees = fell or (not rose and any(later < earlier for earlier, later in pairs.values()))
    elif said is Compared.WORSE:
        agrees = rose or (not fell and any(later > earlier for earlier, later in pairs.values()))
    else:
        agrees = did is Change.NO_RELIABLE_CHANGE
    return None if agrees else did


def _pairs(before: Occasion, now: Occasion) -> dict[str, tuple[int, int]]:
    found = {}
    for code, point in now.points.items():
        earlier = before.points.get(code)
        if earlier is not None and earlier.total is not None and point.total is not None:
            found[code] = (earlier.total, point.total)
    return found
