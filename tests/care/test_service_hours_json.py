"""Service hours as they are kept, and what is said when they cannot be read."""

import json
from datetime import date, time
from typing import Any

import pytest

from monitor.care.service_hours import InvalidServiceHours, NoServiceHours, ServiceHours


def test_hours_are_kept_as_json_and_read_back() -> None:
    weekend = ServiceHours(
        {6: (time(10), time(0)), 5: (time(9, 30), time(13))},
        frozenset({date(2026, 12, 28), date(2026, 12, 25)}),
        "Europe/London",
    )
    kept = weekend.to_json()
    assert kept == {
        "zone": "Europe/London",
        "week": {"saturday": ["09:30", "13:00"], "sunday": ["10:00", "00:00"]},
        "holidays": ["2026-12-25", "2026-12-28"],
    }
    assert ServiceHours.from_json(json.loads(json.dumps(kept))) == weekend


def document(**changes: Any) -> dict[str, Any]:
    return {"zone": "Europe/London", "week": {"monday": ["09:00", "17:00"]}, "holidays": [], **changes}


def test_holidays_may_be_left_out() -> None:
    read = ServiceHours.from_json({"zone": "Europe/London", "week": {"monday": ["09:00", "17:00"]}})
    assert read == ServiceHours({0: (time(9), time(17))}, frozenset(), "Europe/London")


@pytest.mark.parametrize(
    ("faulty", "message"),
    [
        ([], "must be an object"),
        ({"zone": "Europe/London"}, "^week: must be an object"),
        (document(zone=None), "^zone: must be a name"),
        (document(timezone="UTC"), "^timezone: not a part of service hours"),
        (document(week={"mon": ["09:00", "17:00"]}), "^week.mon: not a weekday"),
        (document(week={"monday": ["09:00"]}), "^week.monday: must be two times"),
        (document(week={"monday": "09:00-17:00"}), "^week.monday: must be two times"),
        (document(week={"monday": ["9", "17:00"]}), "^week.monday: '9' is not a time"),
        (document(week={"monday": ["09:00", "24:00"]}), "^week.monday: '24:00' is not a time"),
        (document(week={"monday": ["09:00", 17]}), "^week.monday: 17 is not a time"),
        (document(week={"monday": ["17:00", "09:00"]}), "^week.monday: closes at 09:00"),
        (document(holidays="2026-12-25"), "^holidays: must be a list"),
        (document(holidays=["2026-12-24", "25.12.2026"]), r"^holidays\[1\]: '25.12.2026' is not a date"),
        (document(holidays=["20261225"]), r"^holidays\[0\]: '20261225' is not a date"),
    ],
)
def test_a_fault_in_the_hours_is_named_where_it_stands(faulty: object, message: str) -> None:
    with pytest.raises(InvalidServiceHours, match=message):
        ServiceHours.from_json(faulty)


def test_hours_without_a_day_are_refused_when_read() -> None:
    with pytest.raises(NoServiceHours):
        ServiceHours.from_json(document(week={}))
