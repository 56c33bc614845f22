"""When the next call is due: another day, another time of day, and never a last one."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.care.service_hours import ServiceHours
from monitor.flags.outreach_rules import HOURS, Came, Next, Reason, Stage, Try, next_call, part_of_day

LONDON = ServiceHours({day: (time(9), time(17)) for day in range(5)}, frozenset(), "Europe/London")
LATE = ServiceHours({day: (time(8), time(20)) for day in range(5)}, frozenset(), "Europe/London")
TUESDAY = datetime(2026, 11, 24, 10, tzinfo=UTC)
DAY = timedelta(days=1)
SILENCE = Reason(TUESDAY - DAY, TUESDAY + 2 * DAY)


def in_vain(*moments: datetime) -> list[Try]:
    return [Try(moment, Came.NOT_REACHED) for moment in moments]


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def due(*tries: Try, reason: Reason = SILENCE, hours: ServiceHours = LONDON, best: str = "any") -> Next:
    return next_call([reason], tries, hours, zone="Europe/London", best=best)


def test_the_first_call_is_due_by_the_clock_of_its_reason() -> None:
    assert due() == Next(SILENCE.due, Stage.FIRST)


def test_the_nearest_of_several_reasons_counts_and_one_promise_makes_it_promised() -> None:
    promise = Reason(TUESDAY, TUESDAY + 5 * DAY, is_promised=True)

    assert next_call([SILENCE, promise], [], LONDON, zone="Europe/London") == Next(SILENCE.due, Stage.PROMISED)


@pytest.mark.parametrize(
    ("last", "following"),
    [
        (at(24, 10), at(25, 12, 30)),  # in the morning: at midday the next day
        (at(24, 13), at(25, 15)),
        (at(24, 16), at(25, 10)),  # the evening is closed, so the morning
        (at(27, 10), at(30, 12, 30)),  # on a Friday: on Monday
    ],
)
def test_the_next_call_is_on_another_working_day_at_another_time_of_day(last: datetime, following: datetime) -> None:
    assert due(*in_vain(last)) == Next(following, Stage.AGAIN, 1)


def test_what_suits_them_comes_first_unless_it_was_just_tried() -> None:
    assert due(*in_vain(at(24, 10)), best="afternoon").at == at(25, 15)
    assert due(*in_vain(at(24, 16)), best="afternoon").at == at(25, 10)
    assert due(*in_vain(at(24, 10)), best="evening", hours=LATE).at == at(25, 18)


def test_a_time_when_the_service_is_closed_is_never_chosen() -> None:
    assert due(*in_vain(at(24, 10)), best="evening").at == at(25, 12, 30)


def test_the_part_of_the_day_is_that_on_the_patients_wall() -> None:
    warsaw = next_call([SILENCE], in_vain(at(24, 11, 30)), LONDON, zone="Europe/Warsaw")

    assert part_of_day(at(24, 11, 30), "Europe/Warsaw") == "midday"
    assert warsaw.at == at(25, 14), "three in the afternoon in Warsaw"


def test_after_three_calls_in_vain_two_people_decide_and_a_fourth_changes_nothing() -> None:
    three = in_vain(at(24, 10), at(25, 12, 30), at(26, 15))

    assert due(*three) == Next(at(27, 17), Stage.DECIDE, 3)
    assert due(*three, *in_vain(at(27, 10))) == Next(at(30, 17), Stage.DECIDE, 4)


def test_whoever_was_spoken_to_begins_a_new_round() -> None:
    talked = Try(at(26, 15), Came.TALKED)

    assert due(*in_vain(at(24, 10), at(25, 12, 30)), talked).stage is Stage.AGAIN
    assert due(*in_vain(at(24, 10)), talked, *in_vain(at(27, 10))).in_vain == 1


def test_whoever_agreed_to_answer_is_left_two_working_days() -> None:
    assert due(Try(at(26, 15), Came.TALKED)) == Next(at(30, 17), Stage.AGAIN)


def test_whoever_asks_to_be_rung_later_is_rung_then() -> None:
    later = Try(at(24, 10), Came.LATER, at(27, 16))

    assert due(later) == Next(at(27, 16), Stage.PROMISED)
    assert due(later, *in_vain(at(27, 16))).stage is Stage.AGAIN


def test_a_promise_that_is_still_ahead_is_kept_after_a_call_in_vain() -> None:
    promise = Reason(at(23, 9), at(24, 16), is_promised=True)

    assert due(*in_vain(at(24, 10)), reason=promise) == Next(at(24, 16), Stage.PROMISED, 1)
    assert due(*in_vain(at(24, 16, 30)), reason=promise) == Next(at(25, 10), Stage.PROMISED, 1)


moments = st.integers(0, 60 * 24 * 700).map(lambda minute: at(1, 0) + timedelta(minutes=minute))


@given(
    last=moments,
    count=st.integers(1, 6),
    hours=st.sampled_from([LONDON, LATE]),
    zone=st.sampled_from(["Europe/London", "Europe/Kyiv", "America/Sao_Paulo"]),
    best=st.sampled_from(["any", *HOURS]),
)
def test_there_is_always_a_next_call_later_and_on_another_day_while_the_service_works(
    last: datetime, count: int, hours: ServiceHours, zone: str, best: str
) -> None:
    tries = in_vain(*(last - (count - n) * DAY for n in range(1, count + 1)))

    found = next_call([Reason(last - 30 * DAY, last - 29 * DAY)], tries, hours, zone=zone, best=best)

    day = found.at.astimezone(ZoneInfo(hours.zone)).date()
    assert found.at > last
    assert day > last.astimezone(ZoneInfo(hours.zone)).date()
    assert day.weekday() < 5
    assert found.in_vain == count
    if count < 3:
        assert hours.is_open(found.at)
        assert part_of_day(found.at, zone) != part_of_day(last, zone) or not _another_is_open(hours, found, last, zone)


def _another_is_open(hours: ServiceHours, found: Next, last: datetime, zone: str) -> bool:
    """Whether another part of the patient's day than that of the last call lies in the hours of the service."""
    day = found.at.astimezone(ZoneInfo(hours.zone)).date()
    wall = [(part, datetime.combine(day, hour, ZoneInfo(zone))) for part, hour in HOURS.items()]
    return any(hours.is_open(moment) for part, moment in wall if part != part_of_day(last, zone))
