"""By when a person must have looked at a finding. Pure.

No guideline sets a time for a safety answer given from afar, so every time here is local protocol; the published
anchors stand beside the numbers in `policy`. A clock closes nothing: when it has run out, the flag is overdue.
"""

from datetime import UTC, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from monitor.care.flag_policy import FlagPolicy
from monitor.flags.facts import Finding
from monitor.flags.kinds import EvidenceCode, FlagKind, Severity


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
        case FlagKind.CALL_REQUESTED:
            return hours.next_working_day_at(start, policy.call_by)
        case FlagKind.DETERIORATING:
            days = policy.deteriorating_days
        case FlagKind.RELAPSE_SIGNAL:
            days = policy.relapse_signal_days
        case FlagKind.NOT_IMPROVING:
            days = policy.not_improving_days
        case FlagKind.MISSED_CHECK_INS:
            is_long = finding.severity is Severity.HIGH
            days = policy.missed_high_days if is_long else policy.missed_review_days
        case _:
            days = policy.lost_contact_days
    return hours.add_working_days(start, days)


def _end_of_next_weekday(start: datetime, zone: ZoneInfo) -> datetime:
    """Midnight after the next Monday to Friday, holiday or not: somebody looks every weekday (Nock 2021)."""
    day = start.astimezone(zone).date() + timedelta(days=1)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
