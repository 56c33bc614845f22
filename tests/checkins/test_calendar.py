"""A check-in comes at the same hour on the patient's wall, once a week, whatever the clocks do."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.checkins.calendar import (
    Cadence,
    InvalidCadence,
    Occurrence,
    before_appointment,
    occurrences,
    to_utc,
)
from monitor.messaging.quiet_hours import Window

ZONES = sorted(available_timezones())
DAY = timedelta(days=1)
SECOND, NOTHING = timedelta(seconds=1), timedelta(0)
FIRST, LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)
MONDAY, THURSDAY, FRIDAY, SUNDAY = 0, 3, 4, 6


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@cache
def transitions(zone: str) -> tuple[datetime, ...]:
    """Return the second (UTC) of every change of a zone's clocks from 2024 to 2035."""
    there, found, at = ZoneInfo(zone), [], FIRST
    while at < LAST:  # no zone changes and changes back within ten days
        then = at + 10 * DAY
        if offset(at, there) != offset(then, there):
            found.append(when_it_changed(at, then, there))
        at = then
    return tuple(found)


def when_it_changed(before: datetime, after: datetime, there: ZoneInfo) -> datetime:
    """Halve the span in which the offset changes until it is one second."""
    was, seconds = offset(before, there), int((after - before).total_seconds())
    low, high = 0, seconds
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if offset(before + middle * SECOND, there) == was else (low, middle)
    return before + high * SECOND


def offset(moment: datetime, there: ZoneInfo) -> timedelta:
    found = moment.astimezone(there).utcoffset()
    assert found is not None
    return found


def clock_changes(zone: str) -> tuple[date, ...]:
    """Return the local dates of a zone's transitions."""
    return tuple((change - SECOND).astimezone(ZoneInfo(zone)).date() for change in transitions(zone))


@pytest.mark.parametrize(
    ("local", "zone", "expected"),
    [
        ("2026-03-09 02:30", "America/New_York", "2026-03-09 06:30"),  # an ordinary night
        ("2026-03-08 02:30", "America/New_York", "2026-03-08 07:30"),  # does not exist: 3:30
        ("2026-03-08 01:59", "America/New_York", "2026-03-08 06:59"),
        ("2026-03-08 03:00", "America/New_York", "2026-03-08 07:00"),
        ("2026-11-01 01:30", "America/New_York", "2026-11-01 05:30"),  # comes twice: the first
        ("2026-11-01 02:00", "America/New_York", "2026-11-01 07:00"),
        ("2026-10-04 02:15", "Australia/Lord_Howe", "2026-10-03 15:45"),  # a change of 30 minutes: 2:45
        ("2026-04-05 01:45", "Australia/Lord_Howe", "2026-04-04 14:45"),
        ("2026-04-24 00:30", "Africa/Cairo", "2026-04-23 22:30"),  # the day begins at 1:00: 1:30
        ("2011-12-30 09:00", "Pacific/Apia", "2011-12-30 19:00"),  # a day that never was: the next, 9:00
        ("2011-12-31 09:00", "Pacific/Apia", "2011-12-30 19:00"),
    ],
)
def test_the_instant_of_a_wall_time(local: str, zone: str, expected: str) -> None:
    wall = datetime.fromisoformat(local)
    assert to_utc(wall.date(), wall.time(), zone) == utc(expected)


def test_the_second_of_two_equal_wall_times_is_never_chosen() -> None:
    assert to_utc(date(2026, 11, 1), time(1, 30, fold=1), "America/New_York") == utc("2026-11-01 05:30")


def test_the_transitions_are_found_to_the_second() -> None:
    assert transitions("Europe/London")[:2] == (utc("2024-03-31 01:00"), utc("2024-10-27 01:00"))
    assert len(transitions("Europe/London")) == 24
    assert transitions("Australia/Lord_Howe")[0] == utc("2024-04-06 15:00")
    assert transitions("Asia/Kolkata") == ()
    assert len(ZONES) > 400
    assert sum(len(transitions(zone)) for zone in ZONES) > 4_000, "the tests below have not gone quiet"


def test_what_the_clock_jumps_over_comes_as_far_after_the_gap_in_every_zone() -> None:
    skipped = 0
    for zone, change, jump in jumps():
        if jump <= NOTHING:
            continue
        opens = wall(change, zone) - jump  # the first wall time that does not exist
        for into in (NOTHING, SECOND, jump / 2, jump - SECOND):
            skipped += 1
            assert resolve(opens + into, zone) == change + into, f"{zone}: {opens + into} does not exist"
        assert resolve(opens - SECOND, zone) == change - SECOND
        assert resolve(opens + jump, zone) == change
    assert skipped > 8_000


def test_what_the_clock_shows_twice_comes_the_first_time_in_every_zone() -> None:
    doubled = 0
    for zone, change, jump in jumps():
        if jump >= NOTHING:
            continue
        again = wall(change, zone)  # the first wall time that is shown once more
        for into in (NOTHING, SECOND, -jump / 2, -jump - SECOND):
            doubled += 1
            assert resolve(again + into, zone) == change + jump + into, f"{zone}: {again + into} comes twice"
        assert resolve(again - jump, zone) == change - jump, "shown once, after both"
    assert doubled > 8_000


def test_every_local_date_has_exactly_one_instant_and_they_follow_one_another_in_every_zone() -> None:
    """Around every transition, at the hours in which clocks change and at one in which texts go."""
    for zone in ZONES:
        for changed in clock_changes(zone):
            dates = [changed + n * DAY for n in range(-3, 4)]
            for at in (time(0), time(0, 30), time(2, 15), time(3), time(9)):
                instants = [to_utc(on, at, zone) for on in dates]
                assert all(earlier < later for earlier, later in pairwise(instants)), f"{zone} {changed} {at}"
                assert [each.astimezone(ZoneInfo(zone)).date() for each in instants] == dates


def jumps() -> Iterator[tuple[str, datetime, timedelta]]:
    """Yield every transition of every zone, and how far the clock on the wall jumps: back is below zero."""
    for zone in ZONES:
        there = ZoneInfo(zone)
        for change in transitions(zone):
            yield zone, change, offset(change, there) - offset(change - SECOND, there)


def wall(moment: datetime, zone: str) -> datetime:
    """Return what a wall clock shows, without its zone."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def resolve(shown: datetime, zone: str) -> datetime:
    return to_utc(shown.date(), shown.time(), zone)


def test_every_zone_has_one_check_in_a_week_around_every_clock_change() -> None:
    for zone in ZONES:
        for changed in clock_changes(zone):
            after = datetime.combine(changed - 10 * DAY, time(), UTC)
            for weekday, at in (((changed + DAY).weekday(), time(0, 30)), (changed.weekday(), time(2, 30))):
                plan = Cadence(1, weekday, at, zone, starts_on=changed - 20 * DAY)
                found = occurrences(plan, after, after + 28 * DAY)
                assert [later.local_date - each.local_date for each, later in pairwise(found)] == [7 * DAY] * 3
                assert all(each.at_utc < later.at_utc for each, later in pairwise(found))
                assert all(each.at_utc.astimezone(ZoneInfo(zone)).date() == each.local_date for each in found)


def test_a_weekly_check_in_keeps_its_hour_on_the_wall_across_a_clock_change() -> None:
    plan = Cadence(1, SUNDAY, time(10), "Europe/London", starts_on=date(2026, 10, 12))
    assert occurrences(plan, utc("2026-10-12 00:00"), utc("2026-11-01 23:00")) == [
        Occurrence(date(2026, 10, 18), utc("2026-10-18 09:00")),
        Occurrence(date(2026, 10, 25), utc("2026-10-25 10:00")),
        Occurrence(date(2026, 11, 1), utc("2026-11-01 10:00")),
    ]


def test_every_second_week_is_counted_from_the_first_day_of_the_plan() -> None:
    plan = Cadence(2, THURSDAY, time(10), "Europe/London", starts_on=date(2026, 11, 6))  # a Friday
    found = occurrences(plan, utc("2026-11-20 00:00"), utc("2026-12-31 00:00"))
    assert [each.local_date for each in found] == [date(2026, 11, 26), date(2026, 12, 10), date(2026, 12, 24)]


def test_a_plan_may_start_on_its_own_weekday_and_not_before() -> None:
    plan = Cadence(1, MONDAY, time(10), "Europe/London", starts_on=date(2026, 11, 16))
    found = occurrences(plan, utc("2026-01-01 00:00"), utc("2026-11-23 12:00"))
    assert [each.local_date for each in found] == [date(2026, 11, 16), date(2026, 11, 23)]


def test_one_planning_ends_where_the_next_begins() -> None:
    plan = Cadence(1, MONDAY, time(10), "Europe/London", starts_on=date(2026, 11, 1))
    due = utc("2026-11-16 10:00")
    assert [each.at_utc for each in occurrences(plan, utc("2026-11-16 09:00"), due)] == [due]
    assert occurrences(plan, due, utc("2026-11-17 00:00")) == []


def test_a_day_that_never_was_still_gives_its_check_in_exactly_once() -> None:
    plan = Cadence(1, FRIDAY, time(9), "Pacific/Apia", starts_on=date(2011, 12, 1))
    shifted = Occurrence(date(2011, 12, 30), utc("2011-12-30 19:00"))  # 9:00 on Saturday
    before, after = utc("2011-12-30 12:00"), utc("2011-12-30 20:00")
    assert occurrences(plan, before, after) == [shifted]
    assert occurrences(plan, before - timedelta(hours=4), before) == []
    assert [each.local_date for each in occurrences(plan, after, after + 7 * DAY)] == [date(2012, 1, 6)]


plans = st.builds(
    Cadence,
    every_weeks=st.integers(1, 6),
    weekday=st.integers(0, 6),
    at=st.times(),
    zone=st.sampled_from(ZONES),
    starts_on=st.dates(date(2024, 1, 1), date(2034, 12, 31)),
)


@settings(deadline=None, max_examples=200)
@given(plans, st.integers(-30, 400), st.lists(st.integers(0, 60 * 24 * 120), min_size=2, max_size=6))
def test_planning_in_pieces_gives_what_planning_at_once_gives(plan: Cadence, days: int, minutes: list[int]) -> None:
    start = datetime.combine(plan.starts_on, time(), UTC) + days * DAY
    ends = [start, *(start + timedelta(minutes=each) for each in sorted(minutes))]
    pieces = [each for after, until in pairwise(ends) for each in occurrences(plan, after, until)]
    assert pieces == occurrences(plan, start, ends[-1])


@settings(deadline=None, max_examples=200)
@given(plans, st.integers(0, 400))
def test_every_check_in_of_a_plan_is_on_its_weekday_and_in_its_week(plan: Cadence, days: int) -> None:
    start = datetime.combine(plan.starts_on, time(), UTC) + days * DAY
    found = occurrences(plan, start, start + timedelta(weeks=3 * plan.every_weeks))
    assert 2 <= len(found) <= 4  # a clock change can push one over either edge
    assert all(later.local_date - each.local_date == plan.every_weeks * 7 * DAY for each, later in pairwise(found))
    for each in found:
        weeks, rest = divmod((each.local_date - plan.starts_on).days, 7)
        assert each.local_date.weekday() == plan.weekday
        assert weeks % plan.every_weeks == 0
        assert rest == (plan.weekday - plan.starts_on.weekday()) % 7
        assert start < each.at_utc


@pytest.mark.parametrize(
    ("starts_at", "hours_before", "expected"),
    [
        ("2026-11-20 15:00", 24, "2026-11-19 15:00"),
        ("2026-11-20 08:00", 24, "2026-11-19 09:00"),  # 8:00 is quiet: at nine that day
        ("2026-11-20 21:00", 24, "2026-11-20 09:00"),  # 21:00 is quiet: at nine on the day itself
        ("2026-11-20 10:00", 2, "2026-11-20 09:00"),
        ("2026-11-20 09:00", 2, None),  # no text may go before it
        ("2026-11-20 08:00", 2, None),
        ("2026-03-29 14:00", 24, "2026-03-28 14:00"),  # hours are hours, though the clocks change that night
    ],
)
def test_a_check_in_before_an_appointment(starts_at: str, hours_before: int, expected: str | None) -> None:
    found = before_appointment(utc(starts_at), "Europe/London", hours_before=hours_before)
    assert (found.at_utc if found else None) == (utc(expected) if expected else None)


def test_a_check_in_before_an_appointment_is_named_by_the_patients_date() -> None:
    found = before_appointment(utc("2026-11-20 22:00"), "Pacific/Auckland", hours_before=24)
    assert found == Occurrence(date(2026, 11, 20), utc("2026-11-19 22:00"))  # 11:00 on the 20th in Auckland


def test_a_check_in_before_an_appointment_keeps_to_the_hours_of_the_service() -> None:
    found = before_appointment(utc("2026-11-20 10:00"), "Europe/London", window=Window(time(12), time(18)))
    assert found == Occurrence(date(2026, 11, 19), utc("2026-11-19 12:00"))


@pytest.mark.parametrize(("every_weeks", "weekday"), [(0, 0), (-1, 0), (1, 7), (1, -1)])
def test_weeks_that_cannot_be_counted_are_refused(every_weeks: int, weekday: int) -> None:
    with pytest.raises(InvalidCadence):
        Cadence(every_weeks, weekday, time(10), "Europe/London", date(2026, 11, 20))
