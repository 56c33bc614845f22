"""The next review is never blank, never on a closed day, and never later than the step allows."""

from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.care.kinds import ReviewKind, Step
from monitor.care.pathways import USUAL_PATHWAY, shipped
from monitor.care.service_hours import ServiceHours
from monitor.reviews.dates import due_at, latest_on, next_review
from monitor.reviews.kinds import Decision

PATHWAY = shipped(USUAL_PATHWAY).pathway
NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
WEEKDAYS = {weekday: (time(9), time(17)) for weekday in range(5)}
HOURS = ServiceHours(WEEKDAYS, frozenset({date(2026, 12, 25)}), "Europe/London")
OPEN_ALL_DAY = ServiceHours({weekday: (time(0), time(0)) for weekday in range(7)}, frozenset(), "Europe/London")


@pytest.mark.parametrize(
    ("decision", "step", "kind", "latest"),
    [
        (Decision.CONTINUE, Step.ONE, ReviewKind.ROUTINE, date(2026, 12, 15)),
        (Decision.CONTINUE, Step.TWO, ReviewKind.ROUTINE, date(2026, 12, 15)),
        (Decision.SIDEWAYS, Step.TWO, ReviewKind.ROUTINE, date(2026, 12, 15)),
        (Decision.STEP_UP, Step.TWO, ReviewKind.AFTER_STEP_UP, date(2026, 12, 8)),
        (Decision.STEP_UP, Step.MIDDLE, ReviewKind.MID_BURST, date(2026, 12, 8)),
        (Decision.STEP_DOWN, Step.MIDDLE, ReviewKind.MID_BURST, date(2026, 12, 8)),
        (Decision.STEP_UP, Step.THREE, ReviewKind.AFTER_STEP_UP, date(2026, 12, 22)),
        (Decision.STEP_DOWN, Step.STEPPED_DOWN, ReviewKind.AFTER_STEP_DOWN, date(2026, 12, 22)),
        (Decision.STEP_DOWN, Step.TWO, ReviewKind.AFTER_STEP_DOWN, date(2026, 12, 8)),
        (Decision.CONTINUE, Step.MIDDLE, ReviewKind.END_OF_BURST, date(2026, 12, 8)),
        (Decision.CONTINUE, Step.STEPPED_DOWN, ReviewKind.ROUTINE, date(2027, 2, 16)),
    ],
)
def test_which_review_follows_and_by_when(decision: Decision, step: Step, kind: ReviewKind, latest: date) -> None:
    entered_on = date(2026, 10, 13)  # six weeks ago: two are left of eight in the middle step
    found = next_review(decision, step, PATHWAY, entered_on=entered_on, now=NOW, hours=HOURS)
    assert (found.kind, found.latest) == (kind, latest)


@pytest.mark.parametrize(
    ("limit", "on"),
    [
        (date(2026, 12, 4), date(2026, 12, 4)),
        (date(2026, 12, 5), date(2026, 12, 4)),  # a Saturday
        (date(2026, 12, 25), date(2026, 12, 24)),  # a holiday
        (date(2026, 11, 24), date(2026, 11, 25)),  # never today
    ],
)
def test_the_last_working_day_up_to_a_limit(limit: date, on: date) -> None:
    assert latest_on(limit, NOW, HOURS) == on


def test_a_service_that_never_closes_has_every_day() -> None:
    assert latest_on(date(2026, 12, 5), NOW, OPEN_ALL_DAY) == date(2026, 12, 5)
    assert due_at(date(2026, 12, 5), OPEN_ALL_DAY) == datetime(2026, 12, 6, tzinfo=UTC)


@given(st.integers(1, 120), st.integers(0, 120))
def test_a_date_up_to_the_last_one_is_due_by_the_last_one(days: int, earlier: int) -> None:
    latest = latest_on(date.fromordinal(NOW.date().toordinal() + days), NOW, HOURS)
    on = date.fromordinal(max(latest.toordinal() - earlier, NOW.date().toordinal() + 1))
    assert NOW < due_at(on, HOURS) <= due_at(latest, HOURS)
