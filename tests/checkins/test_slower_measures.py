"""Slower measures join a check-in that comes anyway, when their turn has come and there is room."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from monitor.care.models import Appointment
from monitor.checkins import planning
from monitor.checkins.burden_rules import WEEK, Asked, burden, joining
from monitor.checkins.models import CheckIn, CheckInKind, MonitoringPlan
from monitor.config import ITEMS_PER_WEEK, Settings
from monitor.db import Sessions, unit_of_work
from monitor.measures import catalogue
from monitor.worker import make_courier, plan
from tests.builders import NOW, InCare, a_patient, a_staff_member, a_team

COURSE = ("phq9", "gad7")
SLOWER = ("who5", "phq15", "pcptsd5", "auditc", "readiness", "social_needs")


@dataclass(frozen=True)
class Plan:
    """What a plan asks."""

    slower: dict[str, int] = field(default_factory=dict)
    instruments: tuple[str, ...] = COURSE
    every_weeks: int | None = 1


# ---- how much it is ----


@pytest.mark.parametrize(
    ("plan", "items", "exceeded"),
    [
        (Plan(), 17, False),
        (Plan(every_weeks=2), 9, False),
        (Plan(every_weeks=None), 17, False),
        (Plan({"who5": 1}), 22, False),
        (Plan({"who5": 4}), 19, False),  # 17 + 5/4
        (Plan({"phq15": 1}), 32, False),
        (Plan({"phq15": 1, "readiness": 52}), 33, True),
        (Plan({"phq15": 4, "readiness": 4}), 22, False),
        (Plan({"who5": 3}, every_weeks=2), 10, False),  # every second check-in: 8.5 + 5/4
        (Plan({"who5": 1}, instruments=("phq2", "gad2")), 9, False),
    ],
)
def test_a_plan_is_weighed_by_its_questions_a_week(plan: Plan, items: int, exceeded: bool) -> None:
    found = burden(plan, ITEMS_PER_WEEK)

    assert (found.items_per_week, found.ceiling, found.exceeded) == (items, 32, exceeded)


def test_a_measure_that_never_fits_is_named() -> None:
    found = burden(Plan({"phq15": 12, "readiness": 12}), 20)

    assert (found.items_per_week, found.exceeded, found.no_room) == (19, True, ("phq15",))


def test_the_weekly_form_and_the_longest_other_measure_just_fit() -> None:
    longest = max(catalogue.items_in((code,)) for code in SLOWER)

    assert catalogue.items_in(COURSE) + longest == ITEMS_PER_WEEK


DAYS = st.dates(date(2026, 1, 1), date(2026, 6, 30))
PLANS = st.dictionaries(st.sampled_from(SLOWER), st.integers(1, 26))
PAST = st.lists(st.tuples(DAYS, st.sets(st.sampled_from(SLOWER))), max_size=12)


@given(PLANS, PAST, DAYS, st.integers(10, 60))
def test_what_joins_is_due_and_has_room(
    slower: dict[str, int], past: list[tuple[date, set[str]]], on: date, ceiling: int
) -> None:
    asked = [Asked(day, (*COURSE, *sorted(codes))) for day, codes in past]
    taken = joining(Plan(slower), COURSE, on, asked, starts_on=date(2026, 1, 1), ceiling=ceiling)

    for code in taken:
        last = max((each.on for each in asked if code in each.codes), default=None)
        assert last is None or last + slower[code] * WEEK <= on
    that_week = sum(catalogue.items_in(each.codes) for each in asked if abs(each.on - on) < WEEK)
    assert not taken or that_week + catalogue.items_in((*COURSE, *taken)) <= ceiling
    assert len(set(taken)) == len(taken)


@given(PLANS, DAYS)
def test_whoever_waits_longest_comes_first(slower: dict[str, int], on: date) -> None:
    asked = [Asked(on - (weeks + at) * WEEK, (*COURSE, code)) for at, (code, weeks) in enumerate(slower.items())]
    taken = joining(Plan(slower), COURSE, on, asked, starts_on=on, ceiling=1000)

    assert taken == tuple(sorted(slower, key=lambda code: (-list(slower).index(code), catalogue.CODES.index(code))))


# ---- in the tables ----


class Clinic:
    """One patient who is asked weekly, from a Thursday on, and a clock."""

    def __init__(self, sessions: Sessions, settings: Settings, slower: dict[str, int], **about: object) -> None:
        self.sessions, self.settings, self.now = sessions, settings, NOW
        with unit_of_work(sessions) as session:
            team = a_team(session)
            values = {"planned_until": NOW, "weekday": 3, "opened_at": NOW} | about
            self.care: InCare = a_patient(session, team, a_staff_member(session, team), **values)  # type: ignore[arg-type]
            session.get_one(MonitoringPlan, self.care.plan.id).slower = slower

    def plan(self, weeks: int) -> None:
        """Let the clock tick once a day, and somebody answer each check-in on its day."""
        for _ in range(7 * weeks):
            plan(make_courier(self.settings, self.sessions, lambda: self.now))
            self.now += timedelta(days=1)
            self._end(completed_at=self.now)

    def miss(self) -> None:
        """Let the open check-in be missed instead."""
        self.now += timedelta(days=1)
        self._end(missed_at=self.now)

    def _end(self, **how: datetime) -> None:
        with unit_of_work(self.sessions) as session:
            ended = sa.or_(CheckIn.completed_at.is_not(None), CheckIn.missed_at.is_not(None))
            session.execute(
                sa.update(CheckIn)
                .where(CheckIn.due_at <= self.now, ~ended, CheckIn.cancelled_at.is_(None))
                .values(**how)
            )

    @property
    def asked(self) -> list[tuple[str, ...]]:
        """What each check-in asks beside the course, by when it is due; each must ask the course first."""
        return list(self._asked())

    def _asked(self) -> Iterator[tuple[str, ...]]:
        with self.sessions() as session:
            rows = session.scalars(
                sa.select(CheckIn).where(CheckIn.cancelled_at.is_(None)).order_by(CheckIn.due_at)
            ).all()
        for check_in in rows:
            assert tuple(check_in.instruments[:2]) == COURSE, "the course is never delayed and never dropped"
            yield tuple(check_in.instruments[2:])


def test_a_monthly_measure_comes_with_every_fourth_check_in(sessions: Sessions, settings: Settings) -> None:
    clinic = Clinic(sessions, settings, {"who5": 4})
    clinic.plan(weeks=12)

    assert clinic.asked[:9] == [("who5",), (), (), (), ("who5",), (), (), (), ("who5",)]


def test_what_is_due_at_once_is_spread_over_the_weeks_under_the_ceiling(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    clinic = Clinic(
        sqlite_sessions, settings, dict.fromkeys(("phq15", "pcptsd5", "auditc", "who5", "social_needs"), 26)
    )
    clinic.plan(weeks=8)

    assert clinic.asked[:4] == [("who5", "pcptsd5", "auditc"), ("phq15",), ("social_needs",), ()]
    assert all(catalogue.items_in((*COURSE, *codes)) <= ITEMS_PER_WEEK for codes in clinic.asked)


def test_what_was_missed_comes_with_the_next_one(sqlite_sessions: Sessions, settings: Settings) -> None:
    clinic = Clinic(sqlite_sessions, settings, {"who5": 4})
    plan(make_courier(settings, sqlite_sessions, lambda: clinic.now))
    clinic.miss()
    clinic.miss()
    clinic.plan(weeks=6)

    assert clinic.asked[:6] == [("who5",), ("who5",), (), (), (), ("who5",)]


def test_where_the_ceiling_leaves_no_room_the_course_is_asked_all_the_same(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    narrow = settings.model_copy(update={"items_per_week": 10})
    clinic = Clinic(sqlite_sessions, narrow, {"who5": 1})
    clinic.plan(weeks=3)

    assert len(clinic.asked) >= 3
    assert set(clinic.asked) == {()}


def test_a_second_check_in_of_the_week_leaves_less_room(sqlite_sessions: Sessions, settings: Settings) -> None:
    clinic = Clinic(sqlite_sessions, settings, {"who5": 1})
    with unit_of_work(sqlite_sessions) as session:
        appointment = Appointment(episode_id=clinic.care.episode.id, starts_at=NOW + timedelta(days=12, hours=4))
        session.add(appointment)
        session.flush()
        episode = planning.open_episode(session, clinic.care.patient.id)
        assert episode is not None
        assert planning.plan_for_appointment(session, episode, appointment, NOW) is not None
    clinic.plan(weeks=3)

    with sqlite_sessions() as session:
        rows = session.scalars(sa.select(CheckIn).order_by(CheckIn.due_at)).all()
    days = [(each.local_date, catalogue.items_in(tuple(each.instruments))) for each in rows]
    weeks = [sum(items for day, items in days if 0 <= (day - first).days < 7) for first, _ in days]
    assert CheckInKind.BEFORE_APPOINTMENT in {each.kind for each in rows}
    assert max(weeks) == 34, "the course twice, and nothing beside it"


def test_without_a_rhythm_slower_measures_come_before_appointments(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    clinic = Clinic(sqlite_sessions, settings, {"who5": 4}, every_weeks=None)
    with unit_of_work(sqlite_sessions) as session:
        for days in (6, 20, 40):
            appointment = Appointment(episode_id=clinic.care.episode.id, starts_at=NOW + timedelta(days=days, hours=4))
            session.add(appointment)
            session.flush()
            episode = planning.open_episode(session, clinic.care.patient.id)
            assert episode is not None
            planning.plan_for_appointment(session, episode, appointment, NOW)
    clinic.plan(weeks=7)

    assert clinic.asked == [("who5",), (), ("who5",)]


def test_planning_twice_puts_nothing_in_twice(sqlite_sessions: Sessions, settings: Settings) -> None:
    clinic = Clinic(sqlite_sessions, settings, {"who5": 4})
    plan(make_courier(settings, sqlite_sessions, lambda: clinic.now))
    with unit_of_work(sqlite_sessions) as session:
        again = session.get_one(MonitoringPlan, clinic.care.plan.id)
        planning.plan_ahead(session, again, clinic.now)

    assert clinic.asked == [("who5",)]
