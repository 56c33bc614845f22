"""A flag on which nobody acts in time goes to the lead, to the manager, and then to both each working day."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from monitor.audit import AuditEntry, first_broken_link
from monitor.db import Sessions, unit_of_work
from monitor.flags import escalation, service
from monitor.flags.jobs import keep_time
from monitor.flags.kinds import AttemptOutcome, FlagKind, Reached, Severity
from monitor.flags.models import FlagEventKind
from monitor.flags.notice_models import Notice, NoticeKind
from monitor.people.models import Role
from tests.builders import NOW, a_flag, a_patient
from tests.flags.ward import DAY, HOUR, WEEK, Ward

MINUTE = timedelta(minutes=1)
WORSE = FlagKind.DETERIORATING


@pytest.fixture
def ward(sessions: Sessions) -> Ward:
    """Somebody in care, a lead and a manager."""
    ward = Ward(sessions)
    ward.lead = ward.joins("Ines", Role.SUPERVISOR)
    ward.manager = ward.joins("Mia", Role.MANAGER)
    return ward


def at(ward: Ward, *moments: datetime) -> None:
    for moment in moments:
        keep_time(ward.sessions, lambda moment=moment: moment)


def told(ward: Ward) -> list[tuple[UUID, NoticeKind]]:
    """Who was told, in order."""
    with ward.sessions() as session:
        return [
            (notice.staff_member_id, notice.kind)
            for notice in session.scalars(sa.select(Notice).order_by(Notice.created_at, Notice.id))
            if notice.kind is not NoticeKind.DIGEST
        ]


def levels(ward: Ward) -> list[tuple[datetime, str | None]]:
    return [(event.at, event.outcome) for event in ward.events(FlagEventKind.ESCALATED)]


def test_to_the_second_at_which_its_time_runs_out_it_comes_to_the_lead(ward: Ward) -> None:
    ward.has(WORSE, due_at=NOW, severity=Severity.HIGH)

    at(ward, NOW - timedelta(seconds=1))
    assert levels(ward) == []
    at(ward, NOW, NOW, NOW + MINUTE)

    assert levels(ward) == [(NOW, Reached.LEAD)]
    assert told(ward) == [(ward.lead, NoticeKind.FLAG_OVERDUE)]
    flag = ward.flag
    assert (flag.owner_id, flag.due_at, flag.severity) == (ward.care.clinician.id, NOW, Severity.HIGH)
    assert flag.escalate_at == NOW.replace(hour=17) + 2 * DAY


def test_a_safety_answer_becomes_the_leads_own(ward: Ward) -> None:
    ward.has(FlagKind.SAFETY, severity=Severity.URGENT)

    at(ward, NOW)

    flag = ward.flag
    assert (flag.owner_id, flag.escalation, flag.escalate_at) == (ward.lead, 1, NOW + 4 * HOUR)
    events = {event.kind: event for event in ward.events()}
    assert events.keys() == {FlagEventKind.HANDED_OVER, FlagEventKind.ESCALATED}
    assert events[FlagEventKind.HANDED_OVER].outcome == str(ward.care.clinician.id)
    assert {event.staff_member_id for event in events.values()} == {None}


def test_then_to_the_manager_and_then_to_both_each_working_day_without_end(ward: Ward) -> None:
    ward.has(WORSE, due_at=NOW)  # a Tuesday

    at(ward, *(NOW + hours * HOUR for hours in range(0, 14 * 24, 3)))

    assert [outcome for _, outcome in levels(ward)][:3] == [Reached.LEAD, Reached.MANAGER, Reached.BOTH]
    days = [moment.strftime("%a") for moment, _ in levels(ward)]
    assert days == ["Tue", "Thu", "Fri", "Mon", "Tue", "Wed", "Thu", "Fri", "Mon"]
    assert {outcome for _, outcome in levels(ward)[2:]} == {Reached.BOTH}
    flag = ward.flag
    assert (flag.closed_at, flag.escalation, flag.owner_id) == (None, 9, ward.care.clinician.id)


def test_after_a_weekend_without_the_clock_it_goes_one_level_up_and_not_five(ward: Ward) -> None:
    ward.has(WORSE, due_at=NOW)

    at(ward, NOW + 5 * DAY, NOW + 5 * DAY + MINUTE)

    assert ward.flag.escalation == 1


@pytest.mark.parametrize("kind", sorted(FlagKind))
def test_an_attempt_gives_time_but_only_its_kinds_own(ward: Ward, kind: FlagKind) -> None:
    ward.has(kind, due_at=NOW)
    at(ward, NOW)

    ward.does(
        lambda session, flag, by: service.record_attempt(
            session, flag, by, AttemptOutcome.TRIED_NO_ANSWER, "Rang.", NOW + MINUTE
        )
    )
    again = ward.flag.escalate_at
    assert again is not None
    assert NOW < again <= NOW + 8 * DAY
    at(ward, again - MINUTE, again)

    assert [outcome for _, outcome in levels(ward)] == [Reached.LEAD, Reached.MANAGER]


def test_new_evidence_never_gives_time_to_those_who_have_not_acted(ward: Ward) -> None:
    ward.stands(baseline=8, last=16, best=8, worst=16)
    ward.look()
    first = ward.flag.escalate_at
    assert first is not None
    ward.stands(baseline=8, last=19, best=8, worst=19)
    ward.look(first - HOUR)
    assert ward.flag.escalate_at == first

    at(ward, first)
    second = ward.flag.escalate_at
    assert second is not None
    ward.stands(baseline=8, last=20, best=8, worst=20)
    ward.look(first + HOUR)

    assert ward.flag.escalate_at is not None
    assert ward.flag.escalate_at <= second
    assert ward.flag.escalation == 1


def test_a_flag_that_the_lead_owns_goes_straight_to_the_manager(ward: Ward) -> None:
    ward.has(FlagKind.SAFETY, owner_id=ward.lead)

    at(ward, NOW)

    assert levels(ward) == [(NOW, Reached.MANAGER)]
    assert ward.flag.owner_id == ward.lead


def test_without_a_manager_it_comes_to_the_lead_again(sessions: Sessions) -> None:
    ward = Ward(sessions)
    lead = ward.joins("Ines", Role.SUPERVISOR)
    ward.has(WORSE, due_at=NOW)

    at(ward, *(NOW + day * DAY for day in range(8)))

    assert {outcome for _, outcome in levels(ward)} == {Reached.LEAD}
    assert {who for who, _ in told(ward)} == {lead}
    assert ward.flag.escalation >= 3


def test_without_a_supervisor_it_comes_to_the_clinician_who_has_been_here_longest(sessions: Sessions) -> None:
    ward = Ward(sessions)
    ward.has(WORSE, owner_id=ward.joins("Ravi"))

    at(ward, NOW)

    [(whom, _)] = told(ward)
    with ward.sessions() as session:
        assert whom == escalation.lead_of(session, ward.care.team.id, NOW)


def test_while_the_lead_is_away_it_comes_to_who_stands_in(ward: Ward) -> None:
    cover = ward.joins("Ravi")
    ward.is_away(ward.lead, cover)
    ward.has(FlagKind.SAFETY)

    at(ward, NOW)

    assert ward.flag.owner_id == cover
    assert told(ward) == [(cover, NoticeKind.FLAG_OVERDUE)]


def test_a_closed_flag_goes_nowhere(ward: Ward) -> None:
    ward.has(FlagKind.SAFETY)
    ward.closes(at=NOW)

    at(ward, NOW + WEEK)

    assert levels(ward) == []


def test_whoever_was_quicker_than_the_clock_is_not_overrun(ward: Ward) -> None:
    """The clock read its list; then somebody acted; then the clock came to the flag."""
    flag_id = ward.has(FlagKind.SAFETY)
    ward.does(
        lambda session, flag, by: service.record_attempt(session, flag, by, AttemptOutcome.LEFT_MESSAGE, "Rang.", NOW)
    )

    assert ward.run(escalation.escalate, flag_id, NOW) is False
    assert levels(ward) == []


def test_one_bad_row_does_not_stop_the_others(
    ward: Ward, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bad = ward.has(FlagKind.SAFETY, due_at=NOW - HOUR)
    with unit_of_work(ward.sessions) as session:
        care = a_patient(session, ward.care.team, ward.care.clinician, number="+447700900002")
        session.add(a_flag(care, WORSE))
    one: Callable[..., bool] = escalation.escalate

    def step(session: object, flag_id: UUID, now: datetime) -> bool:
        if flag_id == bad:
            raise RuntimeError("Noor cannot be read")
        return one(session, flag_id, now)

    monkeypatch.setattr(escalation, "escalate", step)
    at(ward, NOW)

    assert [flag.escalation for flag in ward.flags] == [0, 1]
    assert "Noor" not in caplog.text
    assert str(bad) in caplog.text


def test_all_of_it_is_in_the_trail(ward: Ward) -> None:
    ward.has(FlagKind.SAFETY)

    at(ward, NOW, NOW + 4 * HOUR)

    with ward.sessions() as session:
        trail = session.execute(sa.select(AuditEntry.actor, AuditEntry.action).order_by(AuditEntry.sequence))
        assert [tuple(row) for row in trail] == [
            ("program", "flag handed_over"),
            ("program", "flag escalated"),
            ("program", "flag escalated"),
        ]
        assert first_broken_link(session) is None
