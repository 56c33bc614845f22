"""A clock that was promised in open hours stands still while the service is closed."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from monitor.care.service_hours import InvalidServiceHours, NoServiceHours, ServiceHours
from monitor.messaging.quiet_hours import UnknownZone

QUARTER = timedelta(minutes=15)
OFFICE = {weekday: (time(9), time(17)) for weekday in range(5)}
CHRISTMAS = frozenset({date(2026, 12, 25), date(2026, 12, 28)})
LONDON = ServiceHours(OFFICE, CHRISTMAS, "Europe/London")
# A service of seven days; its Sunday nights meet the clock changes.
NEW_YORK = ServiceHours({weekday: (time(0), time(6)) for weekday in range(7)}, frozenset(), "America/New_York")
ALWAYS = ServiceHours({weekday: (time(0), time(0)) for weekday in range(7)}, frozenset(), "Europe/London")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-20 08:59:59", False),
        ("2026-11-20 09:00:00", True),  # Friday
        ("2026-11-20 16:59:59", True),
        ("2026-11-20 17:00:00", False),
        ("2026-11-21 12:00:00", False),  # Saturday
        ("2026-12-25 12:00:00", False),  # a holiday
        ("2026-07-20 08:00:00", True),  # summer time: 9:00 on the wall
        ("2026-07-20 16:00:00", False),
    ],
)
def test_open_on_weekdays_from_nine_to_five(now: str, expected: bool) -> None:
    assert LONDON.is_open(utc(now)) is expected


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-20 12:00", "2026-11-20 12:00"),  # open: now
        ("2026-11-20 06:00", "2026-11-20 09:00"),
        ("2026-11-20 17:00", "2026-11-23 09:00"),  # Friday at the close: Monday
        ("2026-12-24 18:00", "2026-12-29 09:00"),  # over Christmas
        ("2026-03-27 18:00", "2026-03-30 08:00"),  # the clocks go forward that weekend
        ("2026-10-23 18:00", "2026-10-26 09:00"),  # and back that one
    ],
)
def test_the_next_opening(now: str, expected: str) -> None:
    assert LONDON.next_opening(utc(now)) == utc(expected)


@pytest.mark.parametrize(
    ("start", "hours", "expected"),
    [
        ("2026-11-20 10:00", 1, "2026-11-20 11:00"),
        ("2026-11-20 16:00", 1, "2026-11-20 17:00"),  # the last open minute counts
        ("2026-11-20 16:30", 1, "2026-11-23 09:30"),  # half an hour on Friday, half on Monday
        ("2026-11-20 20:00", 4, "2026-11-23 13:00"),
        ("2026-11-21 11:00", 4, "2026-11-23 13:00"),
        ("2026-11-20 09:00", 16, "2026-11-23 17:00"),
        ("2026-11-20 10:00", 0, "2026-11-20 10:00"),
        ("2026-11-20 10:00", 0.5, "2026-11-20 10:30"),
        ("2026-12-24 16:00", 2, "2026-12-29 10:00"),  # over Christmas
        ("2026-10-23 15:00", 2, "2026-10-26 10:00"),  # the clocks go back that weekend
        ("2026-10-23 15:00", 1, "2026-10-23 16:00"),  # on Friday it still closes at 16:00 UTC
    ],
)
def test_hours_count_only_while_the_service_is_open(start: str, hours: float, expected: str) -> None:
    assert LONDON.add_hours(utc(start), hours) == utc(expected)


@pytest.mark.parametrize(
    ("start", "hours", "expected"),
    [
        ("2026-03-08 05:00", 5, "2026-03-08 10:00"),  # midnight to six is five hours long that night
        ("2026-03-08 05:00", 6, "2026-03-09 05:00"),
        ("2026-11-01 04:00", 7, "2026-11-01 11:00"),  # and seven on this one
    ],
)
def test_an_hour_is_an_hour_through_a_clock_change(start: str, hours: int, expected: str) -> None:
    assert NEW_YORK.add_hours(utc(start), hours) == utc(expected)


@pytest.mark.parametrize(
    ("start", "today", "next_day"),
    [
        ("2026-11-19 10:00", "2026-11-19 17:00", "2026-11-20 17:00"),  # Thursday, open
        ("2026-11-19 07:00", "2026-11-19 17:00", "2026-11-20 17:00"),  # before it opens
        ("2026-11-19 17:00", "2026-11-20 17:00", "2026-11-20 17:00"),  # closed: tomorrow is the next working day
        ("2026-11-20 10:00", "2026-11-20 17:00", "2026-11-23 17:00"),  # Friday
        ("2026-11-20 19:00", "2026-11-23 17:00", "2026-11-23 17:00"),
        ("2026-11-21 10:00", "2026-11-23 17:00", "2026-11-23 17:00"),  # Saturday
        ("2026-12-24 18:00", "2026-12-29 17:00", "2026-12-29 17:00"),
        ("2026-03-27 18:00", "2026-03-30 16:00", "2026-03-30 16:00"),
    ],
)
def test_the_end_of_this_working_day_and_of_the_next(start: str, today: str, next_day: str) -> None:
    assert LONDON.end_of_working_day(utc(start)) == utc(today)
    assert LONDON.end_of_next_working_day(utc(start)) == utc(next_day)


@pytest.mark.parametrize(
    ("start", "n", "expected"),
    [
        ("2026-11-16 10:00", 5, "2026-11-23 17:00"),  # Monday to Monday
        ("2026-11-20 10:00", 2, "2026-11-24 17:00"),
        ("2026-11-21 10:00", 2, "2026-11-24 17:00"),  # Saturday is not a working day to count from
        ("2026-12-23 10:00", 2, "2026-12-29 17:00"),  # Christmas Eve, then over the holidays
    ],
)
def test_working_days_are_counted_from_the_day_after(start: str, n: int, expected: str) -> None:
    assert LONDON.add_working_days(utc(start), n) == utc(expected)


@pytest.mark.parametrize(
    ("start", "at", "expected"),
    [
        ("2026-11-19 22:00", time(11), "2026-11-20 11:00"),
        ("2026-11-20 08:00", time(11), "2026-11-23 11:00"),  # asked for on Friday morning: Monday
        ("2026-03-28 12:00", time(11), "2026-03-30 10:00"),  # the clocks have gone forward
        ("2026-12-24 12:00", time(11), "2026-12-29 11:00"),
        ("2026-11-19 22:00", time(8), "2026-11-20 17:00"),  # not open then: by the end of that day
        ("2026-11-19 22:00", time(18), "2026-11-20 17:00"),
    ],
)
def test_a_time_on_the_next_working_day(start: str, at: time, expected: str) -> None:
    assert LONDON.next_working_day_at(utc(start), at) == utc(expected)


def test_the_local_date_decides_what_tomorrow_is() -> None:
    auckland = ServiceHours(OFFICE, frozenset(), "Pacific/Auckland")
    late_thursday_in_utc = utc("2026-11-19 22:00")  # Friday 11:00 in Auckland
    assert auckland.end_of_working_day(late_thursday_in_utc) == utc("2026-11-20 04:00")
    assert auckland.end_of_next_working_day(late_thursday_in_utc) == utc("2026-11-23 04:00")


def test_a_service_may_close_at_midnight_or_never() -> None:
    assert ALWAYS.is_open(utc("2026-11-21 23:59:59"))
    assert ALWAYS.add_hours(utc("2026-11-20 10:00"), 72) == utc("2026-11-23 10:00")
    assert ALWAYS.end_of_working_day(utc("2026-11-20 10:00")) == utc("2026-11-21 00:00")
    evening = ServiceHours({4: (time(18), time(0))}, frozenset(), "Europe/London")
    assert evening.is_open(utc("2026-11-20 23:59"))
    assert not evening.is_open(utc("2026-11-21 00:00"))


def test_hours_inside_a_clock_change_move_on_with_the_clock() -> None:
    small = ServiceHours({6: (time(2, 15), time(2, 45))}, frozenset(), "America/New_York")
    assert small.next_opening(utc("2026-03-08 06:00")) == utc("2026-03-08 07:15")  # 3:15 there
    assert small.end_of_working_day(utc("2026-03-08 06:00")) == utc("2026-03-08 07:45")


def test_hours_that_a_clock_change_swallows_are_not_worked() -> None:
    small = ServiceHours({6: (time(2, 30), time(3))}, frozenset(), "America/New_York")
    assert not any(small.is_open(utc("2026-03-08 06:00") + n * timedelta(minutes=5)) for n in range(36))
    assert small.next_opening(utc("2026-03-08 06:00")) == utc("2026-03-15 06:30")


def test_a_date_that_a_zone_skipped_is_not_worked_twice() -> None:
    apia = ServiceHours(OFFICE, frozenset(), "Pacific/Apia")  # Friday 30 December 2011 never was
    thursday_at_five = utc("2011-12-30 03:00")
    assert apia.end_of_next_working_day(thursday_at_five) == utc("2012-01-02 03:00")


service_hours = st.builds(
    ServiceHours,
    week=st.dictionaries(
        st.integers(0, 6),
        st.tuples(st.integers(0, 92), st.integers(1, 95))
        .filter(lambda pair: pair[0] < pair[1])
        .map(lambda pair: (time(pair[0] // 4, pair[0] % 4 * 15), time(pair[1] // 4, pair[1] % 4 * 15))),
        min_size=1,
    ),
    holidays=st.frozensets(st.dates(date(2026, 3, 1), date(2026, 4, 30)), max_size=8),
    zone=st.sampled_from(["Europe/London", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Tokyo"]),
)
starts = st.integers(0, 50 * 24 * 4).map(lambda quarters: utc("2026-03-01 00:00") + quarters * QUARTER)


@settings(deadline=None, max_examples=100)
@given(service_hours, starts, st.integers(1, 80))
def test_added_hours_are_the_open_quarters_between(hours: ServiceHours, start: datetime, quarters: int) -> None:
    end = hours.add_hours(start, quarters / 4)
    between = int((end - start) / QUARTER)
    assume(between < 5000)
    assert sum(hours.is_open(start + n * QUARTER) for n in range(between)) == quarters
    assert hours.is_open(end - QUARTER)  # it ends as soon as they are full


@settings(deadline=None)
@given(service_hours, starts, st.integers(0, 80), st.integers(0, 80))
def test_hours_added_in_two_parts_end_where_their_sum_ends(
    hours: ServiceHours, start: datetime, first: int, then: int
) -> None:
    assert hours.add_hours(hours.add_hours(start, first / 4), then / 4) == hours.add_hours(start, (first + then) / 4)


@settings(deadline=None)
@given(service_hours, starts)
def test_the_next_opening_is_the_first_open_quarter(hours: ServiceHours, start: datetime) -> None:
    opening = hours.next_opening(start)
    assert hours.is_open(opening)
    assert not any(hours.is_open(start + n * QUARTER) for n in range(int((opening - start) / QUARTER)))


@settings(deadline=None)
@given(service_hours, starts, st.integers(1, 10))
def test_a_deadline_is_a_closing_and_later_days_are_later(hours: ServiceHours, start: datetime, n: int) -> None:
    today, nth, after_it = (
        hours.end_of_working_day(start),
        hours.add_working_days(start, n),
        hours.add_working_days(start, n + 1),
    )
    assert start < today <= hours.end_of_next_working_day(start) <= nth < after_it
    for closing in (today, nth):
        assert hours.is_open(closing - timedelta(microseconds=1))
        assert not hours.is_open(closing)


def test_a_service_that_is_never_open_is_refused_at_once() -> None:
    with pytest.raises(NoServiceHours):
        ServiceHours({}, frozenset(), "Europe/London")


@pytest.mark.parametrize(
    ("week", "message"),
    [
        ({7: (time(9), time(17))}, "7 is not a weekday"),
        ({0: (time(17), time(9))}, "week.monday: closes at 09:00, not after it opens at 17:00"),
        ({4: (time(9), time(9))}, "week.friday: closes at 09:00"),
        ({4: (time(9, 0, 30), time(17))}, "week.friday: 09:00:30 must be a plain hour and minute"),
        ({4: (time(9, tzinfo=UTC), time(17))}, "must be a plain hour and minute"),
    ],
)
def test_hours_that_make_no_sense_are_refused(week: Mapping[int, tuple[time, time]], message: str) -> None:
    with pytest.raises(InvalidServiceHours, match=message):
        ServiceHours(week, frozenset(), "Europe/London")


def test_an_unknown_zone_is_refused_at_once() -> None:
    with pytest.raises(UnknownZone):
        ServiceHours(OFFICE, frozenset(), "Europe/Londn")


@pytest.mark.parametrize("n", [0, -1])
def test_working_days_are_counted_from_one(n: int) -> None:
    with pytest.raises(ValueError, match="count from 1"):
        LONDON.add_working_days(utc("2026-11-20 10:00"), n)


def test_a_clock_does_not_run_backwards() -> None:
    with pytest.raises(ValueError, match="lie in the past"):
        LONDON.add_hours(utc("2026-11-20 10:00"), -1)


@settings(deadline=None)
@given(service_hours)
def test_whatever_the_hours_json_gives_them_back(hours: ServiceHours) -> None:
    assert ServiceHours.from_json(json.loads(json.dumps(hours.to_json()))) == hours
