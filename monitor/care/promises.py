"""What a patient may honestly be told: who reads, when, and by when somebody rings."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.care.kinds import Step
from monitor.care.pathway import StepPlan
from monitor.care.service_hours import ServiceHours
from monitor.people.models import CareTeam
from monitor.people.teams import somebody_covers

CALL_BY = time(11)
"""Local protocol: a call asked for now comes on the next working day, before this local time."""


@dataclass(frozen=True)
class HoursRun:
    """Neighbouring weekdays (0 for Monday) with the same hours: 'Monday to Friday, 9:00 to 17:00'."""

    first_weekday: int
    last_weekday: int
    opens: time
    closes: time


@dataclass(frozen=True)
class Promise:
    """What a team can keep. Moments are UTC; words are made of them in the team's zone."""

    covered: bool
    """Whether somebody is named who reads safety answers. If nobody is, nothing with item 9 may be sent."""
    open_now: bool
    reads_by: datetime
    """By when an answer that comes now will have been read: the end of the working day that is on or comes next."""
    next_opening: datetime
    call_by: datetime
    hours: tuple[HoursRun, ...]
    zone: str


@dataclass(frozen=True)
class StepPromise:
    """What a step means for whoever stands on it. Days and weeks of the calendar, answers in working days."""

    contact_every_days: int
    check_in_every_weeks: int
    answers_within_days: int
    """0: the same day."""
    escalates_to: Step | None
    """Where somebody goes who needs more."""
    contacts_at_most: int | None
    ends_between: tuple[datetime, datetime] | None
    """The shortest and the longest that it lasts; None without an end."""
    first_review_at: datetime


def step_promise(plan: StepPlan, assigned_at: datetime) -> StepPromise:
    """Return what may be said about a step from the moment it was assigned, as its pathway has it."""
    return StepPromise(
        contact_every_days=plan.contact_every_days,
        check_in_every_weeks=plan.check_in_every_weeks,
        answers_within_days=plan.answers_within_days,
        escalates_to=plan.escalates_to,
        contacts_at_most=plan.contacts_at_most,
        ends_between=plan.weeks
        and (assigned_at + timedelta(weeks=plan.weeks[0]), assigned_at + timedelta(weeks=plan.weeks[1])),
        first_review_at=assigned_at + timedelta(days=plan.first_review_days),
    )


def hours_of(team: CareTeam) -> ServiceHours:
    """Return a team's service hours. Raises InvalidServiceHours."""
    return ServiceHours.from_json(team.service_hours)


def has_cover(session: Session, team: CareTeam) -> bool:
    """Return whether a person is named for the team's safety answers, and still works here (no cover, no item 9)."""
    return session.scalar(sa.select(somebody_covers(sa.literal(team.id)))) is True


def promise(session: Session, team: CareTeam, now: datetime) -> Promise:
    """Return what the team's calendar lets a page say at `now`."""
    hours = hours_of(team)
    return Promise(
        covered=has_cover(session, team),
        open_now=hours.is_open(now),
        reads_by=hours.end_of_working_day(now),
        next_opening=hours.next_opening(now),
        call_by=hours.next_working_day_at(now, CALL_BY),
        hours=runs(hours),
        zone=hours.zone,
    )


def runs(hours: ServiceHours) -> tuple[HoursRun, ...]:
    """Return service hours with neighbouring days of the same hours as one."""
    found: list[HoursRun] = []
    for weekday in sorted(hours.week):
        opens, closes = hours.week[weekday]
        before = found[-1] if found else None
        if before and (before.last_weekday, before.opens, before.closes) == (weekday - 1, opens, closes):
            found[-1] = HoursRun(before.first_weekday, weekday, opens, closes)
        else:
            found.append(HoursRun(weekday, weekday, opens, closes))
    return tuple(found)
