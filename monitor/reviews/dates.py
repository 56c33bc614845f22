"""When the next review is: never blank, never later than the step allows. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from monitor.care.kinds import ReviewKind, Step
from monitor.care.pathway import Pathway
from monitor.care.service_hours import ServiceHours
from monitor.messaging.quiet_hours import to_local, to_utc
from monitor.reviews.kinds import CHANGES_STEP, Decision

DAY = timedelta(days=1)


@dataclass(frozen=True)
class NextReview:
    """Which review follows a decision, and the last local date on which it may be."""

    kind: ReviewKind
    latest: date


def next_review(
    decision: Decision, step: Step, pathway: Pathway, *, entered_on: date, now: datetime, hours: ServiceHours
) -> NextReview:
    """Return which review follows on `step`, the step that counts after the decision; `entered_on` is when it began.

    The burst of the middle step is looked at in its second week and at its end, so that its length is decided and
    does not happen. Raises KeyError for a step that the pathway does not have.
    """
    today = to_local(now, hours.zone).date()
    if decision in CHANGES_STEP:
        entered_on = today
    days = _days(decision, step, pathway, entered_on, today)
    return NextReview(_kind(decision, step), latest_on(today + timedelta(days=days), now, hours))


def due_at(on: date, hours: ServiceHours) -> datetime:
    """Return the close of a local date, or of the next working day where the service is closed on it."""
    return hours.end_of_working_day(to_utc(on, time.min, hours.zone))


def latest_on(limit: date, now: datetime, hours: ServiceHours) -> date:
    """Return the last working day up to a limit, after today."""
    first = to_local(now, hours.zone).date() + DAY
    on = max(limit, first)
    while on > first and _is_closed(on, hours):
        on -= DAY
    return on


def _is_closed(on: date, hours: ServiceHours) -> bool:
    return to_local(due_at(on, hours) - timedelta(seconds=1), hours.zone).date() != on


def _kind(decision: Decision, step: Step) -> ReviewKind:
    if step is Step.MIDDLE:
        return ReviewKind.MID_BURST if decision in CHANGES_STEP else ReviewKind.END_OF_BURST
    after = {Decision.STEP_UP: ReviewKind.AFTER_STEP_UP, Decision.STEP_DOWN: ReviewKind.AFTER_STEP_DOWN}
    return after.get(decision, ReviewKind.ROUTINE)


def _days(decision: Decision, step: Step, pathway: Pathway, entered_on: date, today: date) -> int:
    plan, clocks = pathway.plan(step), pathway.clocks
    if decision in CHANGES_STEP:
        if step is Step.MIDDLE:
            return clocks.mid_burst_review_days
        is_down = decision is Decision.STEP_DOWN
        return min(plan.first_review_days, clocks.after_step_down_days) if is_down else plan.first_review_days
    if step is Step.MIDDLE and plan.weeks is not None:
        left = (entered_on + timedelta(weeks=plan.weeks[1]) - today).days
        return min(left, plan.review_every_days) if left > 0 else plan.review_every_days
    return plan.review_every_days
