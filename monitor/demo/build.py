"""Nine months of Riverside Talking Support, lived through by the program's own rules and journeys in seconds."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from functools import partial
from random import Random

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.config import Settings
from monitor.demo import clinic as riverside
from monitor.demo.arrivals import arrive, dates
from monitor.demo.bursts import give_slots
from monitor.demo.calling import make_calendar
from monitor.demo.clinic import TEAMS, Clinic
from monitor.demo.colleagues import Colleagues
from monitor.demo.courses import Person
from monitor.demo.lives import Life
from monitor.demo.lives_kinds import Dates
from monitor.demo.roster import ROSTER, Entry
from monitor.demo.timeline import Timeline
from monitor.flags.digests import write_digests
from monitor.flags.notice_models import Notice
from monitor.messaging.quiet_hours import to_utc
from monitor.people.models import Role

SEED = "riverside"
DIGESTS_OF_DAYS, WORK_BEGINS = 7, time(9, 30)


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
    give_slots(session, clinic, now)
    make_calendar(session, clinic, now)
    for entry in ROSTER[:patients]:
        chance = Random(f"{SEED} {entry.number}")  # noqa: S311  # the same fiction each time, and no secret in it
        when = dates(entry, chance, now)
        timeline.at(when.opened_at, partial(_come, session, settings, timeline, clinic, entry, when, chance))
    timeline.at(clinic.away_from, partial(clinic.leave, session))
    for days in range(DIGESTS_OF_DAYS):
        morning = to_utc((now - timedelta(days=days)).date(), WORK_BEGINS, TEAMS[0].zone)
        timeline.at(morning, partial(_write_digests, session))
    timeline.run(now, passed)
    session.flush()
    _tell_nobody_again(session, now)


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
    colleagues = Colleagues(session, timeline, entry, care, caller, chance, when.ends_at, clinic)
    person = Person.drawn(entry.course, chance)
    Life(session, settings, timeline, entry, when, person, care, clinic, colleagues, chance).begin(now)


def _write_digests(session: Session, now: datetime) -> None:
    write_digests(session, now)


def _tell_nobody_again(session: Session, now: datetime) -> None:
    """Note that what staff were told in the past that is made up has gone; none of it really goes."""
    past = sa.update(Notice).where(Notice.due_at <= now, Notice.sent_at.is_(None))
    session.execute(past.values(sent_at=Notice.due_at, tries=1).execution_options(synchronize_session=False))
