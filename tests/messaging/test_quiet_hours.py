"""No text at night, by the patient's own clock."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.messaging.quiet_hours import (
    DEFAULT_WINDOW,
    InvalidWindow,
    UnknownZone,
    Window,
    allowed,
    next_opening,
    to_local,
    to_utc,
)

ZONES = sorted(available_timezones())


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "zone", "expected"),
    [
        ("2026-11-20 08:59:59", "Europe/London", False),
        ("2026-11-20 09:00:00", "Europe/London", True),
        ("2026-11-20 19:59:59", "Europe/London", True),
        ("2026-11-20 20:00:00", "Europe/London", False),
        ("2026-07-20 08:00:00", "Europe/London", True),  # summer time: 9:00 on the wall
        ("2026-07-20 19:00:00", "Europe/London", False),
        ("2026-11-20 09:00:00", "America/New_York", False),  # 4 in the morning there
        ("2026-11-20 14:00:00", "America/New_York", True),
        ("2026-11-20 03:15:00", "Asia/Kathmandu", True),  # 5:45 ahead
        ("2026-11-20 03:14:59", "Asia/Kathmandu", False),
        ("2026-11-20 19:00:00", "Pacific/Kiritimati", True),  # 9:00 tomorrow
    ],
)
def test_texts_go_from_nine_to_eight_on_the_patients_wall(now: str, zone: str, expected: bool) -> None:
    assert allowed(utc(now), zone) is expected


@pytest.mark.parametrize(
    ("now", "zone", "expected"),
    [
        ("2026-11-20 12:00", "Europe/London", "2026-11-20 12:00"),  # open: now
        ("2026-11-20 06:00", "Europe/London", "2026-11-20 09:00"),
        ("2026-11-20 20:00", "Europe/London", "2026-11-21 09:00"),
        ("2026-12-31 23:30", "Europe/London", "2027-01-01 09:00"),
        ("2026-03-08 02:00", "America/New_York", "2026-03-08 13:00"),  # the night that is an hour shorter
        ("2026-11-01 02:00", "America/New_York", "2026-11-01 14:00"),  # and the one that is longer
        ("2026-11-20 12:00", "Pacific/Kiritimati", "2026-11-20 19:00"),
    ],
)
def test_a_text_at_night_waits_for_the_morning(now: str, zone: str, expected: str) -> None:
    assert next_opening(utc(now), zone) == utc(expected)


def test_an_opening_hour_that_the_clock_skips_moves_on_with_the_clock() -> None:
    early = Window(time(2, 30), time(6))
    assert next_opening(utc("2026-03-08 06:00"), "America/New_York", early) == utc("2026-03-08 07:30")  # 3:30 there


def test_a_window_that_the_clock_skips_whole_waits_for_the_next_day() -> None:
    small = Window(time(2, 15), time(2, 45))
    assert next_opening(utc("2026-03-08 06:00"), "America/New_York", small) == utc("2026-03-09 06:15")


@settings(deadline=None, max_examples=150)
@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2035, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001  # UTC is given
    st.sampled_from(ZONES),
)
def test_the_next_opening_is_the_first_moment_that_is_allowed(now: datetime, zone: str) -> None:
    opening = next_opening(now, zone)
    assert allowed(opening, zone)
    assert now <= opening <= now + timedelta(hours=15)  # the longest night, 13 hours, and a clock change
    quarters = int((opening - now) / timedelta(minutes=15))
    assert not any(allowed(now + timedelta(minutes=15 * n), zone) for n in range(quarters))
    if opening != now:
        assert to_local(opening, zone).time() == DEFAULT_WINDOW.opens
        assert not allowed(opening - timedelta(microseconds=1), zone)


@pytest.mark.parametrize(
    ("opens", "closes"), [(time(20), time(9)), (time(9), time(9)), (time(9, tzinfo=UTC), time(20))]
)
def test_hours_that_do_not_lie_within_one_day_are_refused(opens: time, closes: time) -> None:
    with pytest.raises(InvalidWindow):
        Window(opens, closes)


@pytest.mark.parametrize("zone", ["Europe/Londn", "", "America", "../UTC", "/etc/passwd", "GMT+25"])
def test_a_zone_that_does_not_exist_is_named(zone: str) -> None:
    with pytest.raises(UnknownZone):
        allowed(utc("2026-11-20 12:00"), zone)
    with pytest.raises(UnknownZone):
        to_utc(date(2026, 11, 20), time(12), zone)


def test_a_moment_without_a_zone_is_refused_rather_than_read_as_this_machines_time() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        allowed(datetime(2026, 11, 20, 12), "Europe/London")  # noqa: DTZ001  # that is the point


def test_a_moment_may_be_given_in_any_zone() -> None:
    there = datetime(2026, 11, 20, 21, tzinfo=ZoneInfo("Asia/Tokyo"))
    opening = next_opening(there, "Europe/London")
    assert opening == there
    assert opening.tzinfo is UTC
