"""When somebody of the demonstration answers a check-in, and with what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from monitor.checkins.kinds import Compared
from monitor.checkins.models import CheckIn, CheckInKind, Mode
from monitor.checkins.service import Answers, Delivery, instruments_for
from monitor.demo.courses import Course, Person, answers
from monitor.demo.lives_kinds import Dates
from monitor.demo.phrases import NOTES
from monitor.demo.roster import Entry, Present
from monitor.ids import new_id

WEEK = timedelta(weeks=1)
FELT = 0.4
"""By how many points a level has to move until somebody says so."""
SILENT = frozenset({Course.GONE_QUIET, Course.UNREACHABLE})


@dataclass(frozen=True)
class Reply:
    """What somebody sends."""

    answers: Answers
    delivery: Delivery
    call_asked: bool


def reply_after(entry: Entry, dates: Dates, check_in: CheckIn, chance: Random) -> timedelta | None:
    """Return how long after its reminder somebody answers a check-in; None when they never do."""
    if dates.changes_at and entry.course in SILENT and check_in.due_at >= dates.changes_at:
        return None
    if check_in.due_at == dates.present_at:
        return _presently(entry.present, chance)
    if check_in.kind is not CheckInKind.FIRST and chance.random() < 0.08:
        return None
    after_nudge = chance.choices((0, 24, 72), (75, 18, 7))[0]
    return timedelta(hours=after_nudge, minutes=chance.randint(4, 300))


def _presently(present: Present, chance: Random) -> timedelta | None:
    if present in (Present.DUE, Present.OPEN):
        return None
    return timedelta(minutes=chance.randint(10, 55 if present is Present.FRESH else 600))


def reply(
    entry: Entry, dates: Dates, person: Person, check_in: CheckIn, known_phone: bool, chance: Random, now: datetime
) -> Reply:
    """Return what somebody answers to a check-in at a moment."""
    is_present = check_in.due_at == dates.present_at
    week, left = (now - dates.opened_at) / WEEK, (dates.ends_at - now) / WEEK
    safety = _safety(entry.course, is_present, person.shape.level(week, left), chance)
    instruments = instruments_for(check_in, entry.language, frozenset())
    given = dict(answers(person, instruments, week, left, safety, chance))
    if chance.random() < 0.03:
        given[(instruments[0].code, chance.randint(1, 8))] = None
    note = chance.choice(NOTES[entry.language]) if chance.random() < 0.08 else None
    by_text = Delivery(new_id(), entry.language, Mode.TEXT, known_device=False)
    compared = None if check_in.kind is CheckInKind.FIRST else _own_word(entry, dates, person, check_in)
    by_link = Delivery(by_text.key, entry.language, Mode.LINK, known_device=known_phone, note=note, compared=compared)
    delivery = by_text if entry.by_text else by_link
    wants_call = is_present and entry.present is Present.FRESH
    return Reply(given, delivery, call_asked=wants_call or chance.random() < 0.012)


def noticed(entry: Entry, dates: Dates, signs: Sequence[UUID], now: datetime) -> Mapping[UUID, bool]:
    """Return what somebody answers about the signs of their plan: noticed by whoever is on the way back, lately."""
    is_back = entry.course is Course.STEPPED_DOWN_RELAPSE_SIGNAL and now > dates.ends_at - WEEK
    return {sign: is_back and place < 2 for place, sign in enumerate(signs)}


def _own_word(entry: Entry, dates: Dates, person: Person, check_in: CheckIn) -> Compared | None:
    """Return how somebody says that things are against the last time: half say nothing, some the other than it is."""
    chance = Random(f"own word of {entry.number} on {check_in.due_at}")  # noqa: S311  # fiction, and no secret in it
    if chance.random() < 0.5:
        return None
    level, every = person.shape.level, dates.every_weeks
    week, left = (check_in.due_at - dates.opened_at) / WEEK, (dates.ends_at - check_in.due_at) / WEEK
    moved = level(week, left) - level(week - every, left + every) + chance.normalvariate(0, 0.5)
    if abs(moved) < FELT:
        return Compared.SAME
    return Compared.BETTER if moved < 0 else Compared.WORSE


def _safety(course: Course, is_present: bool, level: float, chance: Random) -> int:
    """Return the answer to the safety item: nearly always 0, and above it in the present check-in of a few."""
    if course is Course.SAFETY_ANSWER and is_present:
        return chance.choice((1, 1, 2, 3))
    return 1 if level > 16 and chance.random() < 0.02 else 0
