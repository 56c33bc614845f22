"""Nine months of Riverside Talking Support, lived through by the program's own rules and journeys in seconds."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from random import Random

from sqlalchemy.orm import Session

from monitor.config import Settings
from monitor.demo import clinic as riverside
from monitor.demo.arrivals import Dates, arrive, dates
from monitor.demo.clinic import Clinic
from monitor.demo.colleagues import Colleagues
from monitor.demo.courses import Person
from monitor.demo.lives import Life
from monitor.demo.roster import ROSTER, Entry
from monitor.demo.timeline import Timeline
from monitor.people.models import Role

SEED = "riverside"


def fill(
    session: Session,
    settings: Settings,
    now: datetime,
    *,
    patients: int = len(ROSTER),
    passed: Callable[[datetime], None] = lambda moment: None,
) -> None:
    """Found the service and let the first `patients` of the roster live through their months up to `now`.

    The same seed and minute give the same people, answers and flags; ids alone differ. `passed` is told each moment of
    the past as it goes by. Takes an empty database and never commits.
    """
    now = now.replace(second=0, microsecond=0)
    timeline, clinic = Timeline(), riverside.found(session, now)
    for entry in ROSTER[:patients]:
        chance = Random(f"{SEED} {entry.number}")  # noqa: S311  # the same fiction each time, and no secret in it
        when = dates(entry, chance, now)
        timeline.at(when.opened_at, partial(_come, session, settings, timeline, clinic, entry, when, chance))
    timeline.run(now, passed)
    session.flush()


def _come(
    session: Session,
    settings: Settings,
    timeline: Timeline,
    clinic: Clinic,
    entry: Entry,
    when: Dates,
    chance: Random,
    now: datetime,
) -> None:
    care = arrive(session, entry, when, clinic, chance)
    caller = clinic.member(entry.place.team, Role.COORDINATOR, Role.CLINICIAN)
    colleagues = Colleagues(session, timeline, entry, care, caller, chance, when.ends_at)
    person = Person.drawn(entry.course, chance)
    Life(session, settings, timeline, entry, when, person, care, colleagues, chance).begin(now)
