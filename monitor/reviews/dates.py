"""When the next review is: never blank, never later than the step allows. Pure."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from monitor.care.kinds import ReviewKind, Step
from monitor.care.pathway import Pathway
from monitor.care.service_hours import ServiceHours
from monitor.messaging.quiet_hours import to_local, to_utc
from monitor.reviews.kinds import CHANGES_STEP, Decision

DAY = timedelta(days=1)
LATE_AGAIN = 7 * DAY
"""Local protocol: a burst past its end is looked at every week until somebody has ended it."""


@dataclass(frozen=True)
class Burst:
    """The stretch of a burst: its first local date, and the first on which it is over, lengthened or not."""

    from_on: date
    ends_on: date


@dataclass(frozen=True)
class NextReview:
    """Which review follows a decision, and the last local date on which it may be."""

    kind: ReviewKind
    latest: date


def next_review(
    decision: Decision,
    step: Step,
    pathway: Pathway,
    *,
    entered_on: date,
    now: datetime,
    hours: ServiceHours,
    burst: Burst | None = None,
    held: ReviewKind | None = None,
) -> NextReview:
    """Return which review follows on `step`, the step that counts after the decision; `entered_on` is when it began.

    `burst` is the one that goes on, `held` the review that is held now. The burst of the middle step is looked at in
    its second week and at its end, so that its length is decided and does not happen. Raises KeyError for a step that
    the pathway does not have.
    """
    today = to_local(now, hours.zone).date()
    if burst is not None and step is Step.MIDDLE and decision not in CHANGES_STEP:
        return of_burst(burst, pathway, now=now, hours=hours, held=held)
    if decision in CHANGES_STEP:
        entered_on = today
    days = _days(decision, step, pathway, entered_on, today)
    return NextReview(_kind(decision, step), latest_on(today + timedelta(days=days), now, hours))


def of_burst(
    burst: Burst, pathway: Pathway, *, now: datetime, hours: ServiceHours, held: ReviewKind | None = None
) -> NextReview:
    """Return the review of a burst that comes next: of week 2, then of its end; between, the step's own interval."""
    today = to_local(now, hours.zone).date()
    middle = burst.from_on + pathway.clocks.mid_burst_review_days * DAY
    furthest = today + pathway.plan(Step.MIDDLE).review_every_days * DAY
    if today < middle < burst.ends_on and held is not ReviewKind.MID_BURST:
        kind, limit = ReviewKind.MID_BURST, middle
    elif today >= burst.ends_on - DAY:
        kind, limit = ReviewKind.END_OF_BURST, today + LATE_AGAIN
    elif burst.ends_on - DAY <= furthest:
        kind, limit = ReviewKind.END_OF_BURST, burst.ends_on - DAY
    else:
        kind, limit = ReviewKind.ROUTINE, furthest
    return NextReview(kind, latest_on(limit, now, hours))


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
