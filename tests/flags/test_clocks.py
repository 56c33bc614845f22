"""By when a person must have looked: open hours, ceilings on the wall clock, weekends, holidays and clock changes."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.care.flag_policy import FlagPolicy
from monitor.care.service_hours import ServiceHours
from monitor.flags.clocks import after_attempt, due_at, next_level_at
from monitor.flags.facts import EpisodeFacts, Evidence, Finding, SafetyFacts
from monitor.flags.kinds import EvidenceCode, FlagKind, Severity
from monitor.flags.rules import findings

POLICY = FlagPolicy()
LONDON = ServiceHours(
    week={weekday: (time(9), time(17)) for weekday in range(5)},
    holidays=frozenset({date(2026, 12, 25), date(2026, 12, 28)}),
    zone="Europe/London",
)
# In 2026: 24 November is a Tuesday, 27 November a Friday, 24 December a Thursday.


def local(text: str, zone: str = "Europe/London") -> datetime:
    """A wall time in 2026, as in '11-24 10:00'."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=ZoneInfo(zone))


def safety(*codes: str, answer: int = 0) -> Finding:
    answered = [Evidence(EvidenceCode.ITEM9_ANSWERED, {"answer": answer})] if answer else []
    evidence = (*answered, *(Evidence(code) for code in codes))
    return Finding(FlagKind.SAFETY, "S1", Severity.URGENT, evidence)


def finding(kind: FlagKind, severity: Severity) -> Finding:
    return Finding(kind, "N1", severity, ())


def due(of: Finding, raised: str, hours: ServiceHours = LONDON) -> datetime:
    return due_at(of, local(raised, hours.zone), hours, POLICY)


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        ("11-24 10:00", "11-24 11:00"),
        ("11-24 16:00", "11-24 17:00"),  # up to closing
        ("11-24 08:00", "11-24 10:00"),  # an hour after opening, before the ceiling
        ("11-24 16:30", "11-24 20:30"),  # the ceiling, sooner than 9:30 tomorrow
        ("11-27 22:00", "11-28 02:00"),  # no weekend passes in silence
        ("11-28 10:00", "11-28 14:00"),
        ("12-25 12:00", "12-25 16:00"),  # nor a holiday
    ],
)
@pytest.mark.parametrize(
    "of",
    [safety(answer=3), safety("self_safety_no"), safety("self_safety_no", answer=1), safety("call_asked", answer=3)],
)
def test_item_9_nearly_every_day_or_not_able_to_keep_safe(of: Finding, raised: str, expected: str) -> None:
    assert due(of, raised) == local(expected)


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        ("11-24 10:00", "11-24 14:00"),
        ("11-24 12:52", "11-24 16:52"),
        ("11-24 15:00", "11-24 17:00"),  # four open hours
        ("11-24 20:00", "11-25 13:00"),
        ("11-27 22:00", "11-28 22:00"),  # the ceiling of 24 hours
        ("12-24 16:00", "12-24 17:00"),
    ],
)
@pytest.mark.parametrize("of", [safety(answer=2), safety("self_safety_unsure"), safety("call_asked")])
def test_item_9_more_than_half_the_days_or_not_sure_or_a_call(of: Finding, raised: str, expected: str) -> None:
    assert due(of, raised) == local(expected)


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        ("11-24 10:00", "11-24 17:00"),
        ("11-24 16:59", "11-24 17:00"),
        ("11-24 17:00", "11-25 17:00"),  # just closed
        ("11-27 22:00", "11-30 17:00"),
        ("12-24 10:00", "12-24 17:00"),
        ("12-24 22:00", "12-26 00:00"),  # the next weekday is a holiday: overdue, rather than quiet until the 29th
        ("12-27 12:00", "12-29 00:00"),
    ],
)
@pytest.mark.parametrize("before", [0, 1])
def test_item_9_several_days_also_when_unchanged(before: int, raised: str, expected: str) -> None:
    facts = EpisodeFacts(step="two", safety=SafetyFacts(1, previous=before))
    (found,) = findings(facts, POLICY)
    assert due(found, raised) == local(expected)


@pytest.mark.parametrize(
    ("raised", "expected"),
    [("11-24 10:00", "11-25 17:00"), ("11-27 10:00", "11-30 17:00"), ("12-24 10:00", "12-29 17:00")],
)
@pytest.mark.parametrize("code", ["item9_declined", "item9_left_out"])
def test_item_9_not_answered_has_one_working_day(code: str, raised: str, expected: str) -> None:
    assert due(safety(code), raised) == local(expected)


def test_a_safety_finding_that_is_not_known_here_has_the_shortest_clock() -> None:
    assert due(safety("something_new"), "11-24 10:00") == local("11-24 11:00")


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (finding(FlagKind.DETERIORATING, Severity.HIGH), "11-25 17:00"),
        (finding(FlagKind.RELAPSE_SIGNAL, Severity.HIGH), "11-26 17:00"),
        (finding(FlagKind.NOT_IMPROVING, Severity.REVIEW), "12-01 17:00"),
        (finding(FlagKind.MISSED_CHECK_INS, Severity.REVIEW), "12-01 17:00"),
        (finding(FlagKind.MISSED_CHECK_INS, Severity.HIGH), "11-26 17:00"),
        (finding(FlagKind.MISSED_CHECK_INS, Severity.URGENT), "11-24 17:00"),
        (finding(FlagKind.UNREACHABLE, Severity.HIGH), "11-26 17:00"),
        (finding(FlagKind.UNREACHABLE, Severity.URGENT), "11-24 17:00"),
        (finding(FlagKind.OPTED_OUT, Severity.HIGH), "11-26 17:00"),
        (finding(FlagKind.OPTED_OUT, Severity.URGENT), "11-24 17:00"),
        (finding(FlagKind.CALL_REQUESTED, Severity.HIGH), "11-25 11:00"),
        (finding(FlagKind.REVIEW_REQUESTED, Severity.REVIEW), "12-01 17:00"),
        (finding(FlagKind.REVIEW_DUE, Severity.HIGH), "11-25 17:00"),
        (finding(FlagKind.FIRST_CONTACT_DUE, Severity.HIGH), "12-08 10:00"),
    ],
)
def test_the_other_kinds_on_a_tuesday_morning(of: Finding, expected: str) -> None:
    assert due(of, "11-24 10:00") == local(expected)


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        ("11-24 03:00", "11-26 17:00"),
        ("11-27 10:00", "12-01 17:00"),
        ("11-28 10:00", "12-01 17:00"),
        ("12-24 10:00", "12-30 17:00"),  # over Christmas
    ],
)
def test_two_working_days_leave_out_weekends_and_holidays(raised: str, expected: str) -> None:
    assert due(finding(FlagKind.UNREACHABLE, Severity.HIGH), raised) == local(expected)


@pytest.mark.parametrize(
    ("opens", "raised", "expected"),
    [
        (time(9), "11-24 23:00", "11-25 11:00"),
        (time(9), "11-27 10:00", "11-30 11:00"),
        (time(9), "11-28 10:00", "11-30 11:00"),
        (time(9), "03-27 10:00", "03-30 11:00"),  # summer time begins in between
        (time(11), "11-24 10:00", "11-25 11:00"),
        (time(13), "11-24 10:00", "11-25 17:00"),  # not open at 11: by the close
    ],
)
def test_a_call_comes_on_the_next_working_day(opens: time, raised: str, expected: str) -> None:
    hours = ServiceHours({weekday: (opens, time(17)) for weekday in range(5)}, frozenset(), "Europe/London")
    assert due(finding(FlagKind.CALL_REQUESTED, Severity.HIGH), raised, hours) == local(expected)


@pytest.mark.parametrize(
    ("came", "noticed", "expected"),
    [
        ("2026-11-24", "11-24 09:00", "11-25 17:00"),
        ("2026-11-24", "11-27 10:00", "11-25 17:00"),  # the program stood still for three days: overdue, not given time
        ("2026-11-27", "11-27 17:30", "11-30 17:00"),
        ("2026-12-24", "12-24 12:00", "12-29 17:00"),
    ],
)
def test_a_review_has_until_the_end_of_the_working_day_after_its_date(came: str, noticed: str, expected: str) -> None:
    evidence = Evidence(EvidenceCode.REVIEW_CAME_DUE, {"kind": "first", "on": came})
    assert due(Finding(FlagKind.REVIEW_DUE, "R1", Severity.HIGH, (evidence,)), noticed) == local(expected)


def test_a_first_contact_has_days_of_the_calendar_at_the_same_time_of_day() -> None:
    assert due(finding(FlagKind.FIRST_CONTACT_DUE, Severity.HIGH), "12-18 16:00") == local("01-01 16:00").replace(
        year=2027
    )
    assert due(finding(FlagKind.FIRST_CONTACT_DUE, Severity.HIGH), "10-20 16:00") == local("11-03 16:00")


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (safety(answer=3), "11-27 17:00"),
        (safety(answer=1), "11-27 17:00"),
        (finding(FlagKind.DETERIORATING, Severity.HIGH), "11-30 17:00"),
        (finding(FlagKind.MISSED_CHECK_INS, Severity.REVIEW), "12-04 17:00"),
        (finding(FlagKind.REVIEW_DUE, Severity.HIGH), "12-01 17:00"),  # no new date for a date that was promised
        (finding(FlagKind.FIRST_CONTACT_DUE, Severity.HIGH), "12-01 17:00"),
    ],
)
def test_after_an_attempt_the_way_to_the_lead_begins_anew(of: Finding, expected: str) -> None:
    assert after_attempt(of, local("11-27 16:00"), LONDON, POLICY) == local(expected)


@pytest.mark.parametrize(
    ("kind", "level", "expected"),
    [
        (FlagKind.SAFETY, 1, "11-30 12:00"),  # four open hours: one on Friday, three on Monday
        (FlagKind.DETERIORATING, 1, "12-01 17:00"),
        (FlagKind.REVIEW_DUE, 1, "12-01 17:00"),
        (FlagKind.SAFETY, 2, "11-30 17:00"),
        (FlagKind.DETERIORATING, 2, "11-30 17:00"),
        (FlagKind.SAFETY, 9, "11-30 17:00"),
    ],
)
def test_each_level_has_its_own_way_to_the_next(kind: FlagKind, level: int, expected: str) -> None:
    assert next_level_at(kind, level, local("11-27 16:00"), LONDON, POLICY) == local(expected)


def test_a_ceiling_is_real_time_over_a_clock_change() -> None:
    # Summer time ends on 25 October 2026 at 2:00, which becomes 1:00.
    raised = datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert due_at(safety(answer=3), raised, LONDON, POLICY) == raised + timedelta(hours=4)


def test_days_are_those_of_the_service_not_of_utc() -> None:
    holidays = frozenset({date(2026, 11, 26), date(2026, 11, 27)})
    new_york = ServiceHours(LONDON.week, holidays, "America/New_York")
    friday_evening = datetime(2026, 11, 21, 3, tzinfo=UTC)
    assert due_at(safety(answer=1), friday_evening, new_york, POLICY) == local("11-23 17:00", new_york.zone)
    wednesday_evening = datetime(2026, 11, 26, 3, tzinfo=UTC)
    assert due_at(safety(answer=1), wednesday_evening, new_york, POLICY) == local("11-27 00:00", new_york.zone)


def test_a_service_sets_its_own_clocks() -> None:
    policy = FlagPolicy(safety_first_ceiling=2, deteriorating_days=3)
    assert due_at(safety(answer=3), local("11-27 22:00"), LONDON, policy) == local("11-28 00:00")
    worse = finding(FlagKind.DETERIORATING, Severity.HIGH)
    assert due_at(worse, local("11-24 10:00"), LONDON, policy) == local("11-27 17:00")


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        due_at(safety(answer=3), datetime(2026, 11, 24, 10), LONDON, POLICY)  # noqa: DTZ001  # that is the point


MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
SAFETY = [safety(answer=3), safety(answer=2), safety(answer=1), safety("item9_declined")]
OTHERS = [finding(kind, severity) for kind in FlagKind for severity in Severity if kind is not FlagKind.SAFETY]


@given(MOMENTS, st.sampled_from(SAFETY + OTHERS))
def test_a_clock_runs_forward_and_is_told_in_utc(raised: datetime, of: Finding) -> None:
    moment = due_at(of, raised, LONDON, POLICY)
    assert moment > raised
    assert moment.tzinfo is UTC


@given(MOMENTS)
def test_ceilings_hold_at_every_moment(raised: datetime) -> None:
    assert due_at(safety(answer=3), raised, LONDON, POLICY) <= raised + timedelta(hours=4)
    assert due_at(safety(answer=2), raised, LONDON, POLICY) <= raised + timedelta(hours=24)
    assert due_at(safety(answer=1), raised, LONDON, POLICY) <= raised + timedelta(days=4)  # at most over a weekend
