"""By when a person must have looked at a finding. Pure.

No guideline sets a time for a safety answer given from afar, so every time here is local protocol; the published
anchors stand beside the numbers in `policy`. A clock closes nothing: when it has run out, the flag is overdue.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from monitor.care.flag_policy import FlagPolicy
from monitor.flags.facts import Finding
from monitor.flags.kinds import EvidenceCode, FlagKind, Rule, Severity

_NOON = time(12)
_OF_DATES = frozenset({FlagKind.REVIEW_DUE, FlagKind.FIRST_CONTACT_DUE, FlagKind.RE_ENTRY})
"""Their clocks run to a date that was set elsewhere: trying to keep it does not set it anew."""


class ServiceHours(Protocol):
    """When the service is open. Moments are aware, and UTC when returned; working days leave out days without hours."""

    @property
    def zone(self) -> str:
        """The name of the service's time zone."""
        ...

    def is_open(self, now: datetime, /) -> bool:
        """Whether the service is open at a moment."""
        ...

    def add_hours(self, start: datetime, hours: int, /) -> datetime:
        """The moment at which that many open hours have gone by."""
        ...

    def end_of_working_day(self, start: datetime, /) -> datetime:
        """The close of today where it still lies ahead, else of the next working day."""
        ...

    def add_working_days(self, start: datetime, days: int, /) -> datetime:
        """The close of the nth working day after today."""
        ...

    def next_working_day_at(self, start: datetime, at: time, /) -> datetime:
        """A wall time on the next working day, or its close where the service is not open then."""
        ...


def due_at(finding: Finding, raised_at: datetime, hours: ServiceHours, policy: FlagPolicy) -> datetime:
    """Return the moment, in UTC, by which a person must have looked; `raised_at` is when the answer reached us.

    A ceiling is wall-clock time from the answer, open or not, so what comes in at night is overdue the next morning and
    stands first, rather than looking punctual. Raises ValueError for a naive moment.
    """
    if raised_at.utcoffset() is None:
        raise ValueError("raised_at must be aware")
    start = raised_at.astimezone(UTC)
    decide = _safety if finding.kind is FlagKind.SAFETY else _other
    return decide(finding, start, hours, policy)


def after_attempt(finding: Finding, at: datetime, hours: ServiceHours, policy: FlagPolicy) -> datetime:
    """Return when a flag goes to the next person, in UTC, after somebody has tried at `at`.

    The clock of its kind, counted from the attempt; for a date that was promised, that of the way to the manager.
    """
    if finding.kind in _OF_DATES:
        return hours.add_working_days(at, policy.escalate_after_days)
    return due_at(finding, at, hours, policy)


def next_level_at(kind: FlagKind, level: int, at: datetime, hours: ServiceHours, policy: FlagPolicy) -> datetime:
    """Return when a flag that has just come to a level goes to the next one, in UTC and in service hours.

    From the lead (1) to the manager, and from there to both again each working day. Local protocol.
    """
    if level > 1:
        return hours.add_working_days(at, 1)
    if kind is FlagKind.SAFETY:
        return hours.add_hours(at, policy.escalate_after_hours)
    return hours.add_working_days(at, policy.escalate_after_days)


def _safety(finding: Finding, start: datetime, hours: ServiceHours, policy: FlagPolicy) -> datetime:
    def within(open_hours: int, ceiling: int) -> datetime:
        return min(hours.add_hours(start, open_hours), start + timedelta(hours=ceiling))

    codes = {evidence.code for evidence in finding.evidence}
    answer = max(
        (int(e.params["answer"]) for e in finding.evidence if e.code == EvidenceCode.ITEM9_ANSWERED), default=0
    )
    if answer < 3 and EvidenceCode.SELF_SAFETY_NO not in codes:
        if answer == 2 or codes & {EvidenceCode.SELF_SAFETY_UNSURE, EvidenceCode.CALL_ASKED}:
            # never later than an item 9 of 1, which is for the same working day
            return min(
                within(policy.safety_second_hours, policy.safety_second_ceiling), hours.end_of_working_day(start)
            )
        if answer == 1:
            return min(hours.end_of_working_day(start), _end_of_next_weekday(start, ZoneInfo(hours.zone)))
        if codes & {EvidenceCode.ITEM9_DECLINED, EvidenceCode.ITEM9_LEFT_OUT}:
            return hours.add_working_days(start, policy.safety_unanswered_days)
    # Item 9 = 3, not able to keep safe, and any safety finding that this list does not know: the shortest clock.
    return within(policy.safety_first_hours, policy.safety_first_ceiling)


def _other(finding: Finding, start: datetime, hours: ServiceHours, policy: FlagPolicy) -> datetime:
    if finding.severity is Severity.URGENT:  # silence after worsening or after an item 9 above 0
        return hours.end_of_working_day(start)
    match finding.kind:
        case FlagKind.FIRST_CONTACT_DUE:
            first_day = start.astimezone(ZoneInfo(hours.zone))
            return (first_day + timedelta(days=policy.first_contact_days)).astimezone(UTC)  # the same wall time
        case FlagKind.RE_ENTRY:
            days = _promised_days(finding, policy.relapse_signal_days)
            if days == 0:
                return hours.end_of_working_day(start)
        case FlagKind.REVIEW_DUE:
            return hours.add_working_days(_date_that_came(finding, start, hours), 1)
        case FlagKind.REVIEW_REQUESTED:
            days = policy.review_requested_days
        case FlagKind.CALL_REQUESTED:
            return hours.next_working_day_at(start, policy.call_by)
        case FlagKind.DETERIORATING:
            days = policy.deteriorating_days
        case FlagKind.RELAPSE_SIGNAL:
            # a confirmed one is a deterioration, and is looked at as soon as before the step-down
            days = policy.deteriorating_days if finding.rule == Rule.W4 else policy.relapse_signal_days
        case FlagKind.NOT_IMPROVING:
            days = policy.not_improving_days
        case FlagKind.MISSED_CHECK_INS:
            is_long = finding.severity is Severity.HIGH
            days = policy.missed_high_days if is_long else policy.missed_review_days
        case _:
            days = policy.lost_contact_days
    return hours.add_working_days(start, days)


def _date_that_came(finding: Finding, start: datetime, hours: ServiceHours) -> datetime:
    """Return noon of the day on which a review was due: the clock may have noticed it late, and that gives no time."""
    said = [date.fromisoformat(str(each.params["on"])) for each in finding.evidence if "on" in each.params]
    return datetime.combine(min(said, default=_local_date(start, hours)), _NOON, ZoneInfo(hours.zone))


def _promised_days(finding: Finding, otherwise: int) -> int:
    """Return the working days that the plan promised to whoever comes back."""
    said = (each.params["days"] for each in finding.evidence if each.code == EvidenceCode.CAME_BACK)
    return min(map(int, said), default=otherwise)


def _local_date(moment: datetime, hours: ServiceHours) -> date:
    return moment.astimezone(ZoneInfo(hours.zone)).date()


def _end_of_next_weekday(start: datetime, zone: ZoneInfo) -> datetime:
    """Midnight after the next Monday to Friday, holiday or not: somebody looks every weekday (Nock 2021)."""
    day = start.astimezone(zone).date() + timedelta(days=1)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
