"""Put off with a reason and an end, taken on, taken back within ten minutes, worked several at a time."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from monitor.audit import AuditEntry
from monitor.db import Sessions, unit_of_work
from monitor.flags import service
from monitor.flags.jobs import keep_time
from monitor.flags.kinds import BULK, NEVER_SNOOZED, AttemptOutcome, FlagKind, Outcome, Severity
from monitor.flags.models import Flag, FlagEventKind
from monitor.flags.service import FlagClosed, NotInBulk, SnoozeNotAllowed, UndoNotAllowed
from monitor.people.models import StaffMember
from tests.builders import NOW, a_flag, a_patient
from tests.flags.ward import DAY, HOUR, WEEK, Ward

MINUTE = timedelta(minutes=1)
SLEEPY = FlagKind.NOT_IMPROVING


@pytest.fixture
def ward(sessions: Sessions) -> Ward:
    """Somebody in care, and the clinician."""
    return Ward(sessions)


def snoozed(ward: Ward, until: datetime = NOW + WEEK, at: datetime = NOW, reason: str = "Away until then.") -> UUID:
    def act(session: Any, flag: Flag, by: StaffMember) -> None:
        ids.append(service.snooze(session, flag, by, until, reason, at).id)

    ids: list[UUID] = []
    ward.does(act)
    return ids[0]


def test_a_flag_that_is_put_off_says_until_when_and_why_and_keeps_its_time(ward: Ward) -> None:
    ward.has(SLEEPY, due_at=NOW + DAY)

    snoozed(ward)

    flag = ward.flag
    assert (flag.snoozed_until, flag.due_at, flag.closed_at) == (NOW + WEEK, NOW + DAY, None)
    with ward.sessions() as session:
        [event] = session.get_one(Flag, flag.id).events
        assert (event.kind, event.words) == (FlagEventKind.SNOOZED, "Away until then.")
        assert event.staff_member_id == ward.care.clinician.id


@pytest.mark.parametrize("kind", sorted(NEVER_SNOOZED))
def test_what_was_just_told_us_and_what_was_promised_is_never_put_off(ward: Ward, kind: FlagKind) -> None:
    ward.has(kind)

    with pytest.raises(SnoozeNotAllowed):
        snoozed(ward, NOW + DAY)

    assert ward.flag.snoozed_until is None


def test_the_database_itself_refuses_to_put_off_a_safety_answer(ward: Ward) -> None:
    ward.has(FlagKind.SAFETY)

    with pytest.raises(sa.exc.IntegrityError), unit_of_work(ward.sessions) as session:
        session.execute(sa.update(Flag).values(snoozed_until=NOW + DAY))


@pytest.mark.parametrize(
    ("until", "reason"),
    [(NOW, "Later."), (NOW - DAY, "Later."), (NOW + 28 * DAY + MINUTE, "Later."), (NOW + DAY, "  \n")],
)
def test_nothing_is_put_off_for_too_long_or_without_a_reason(ward: Ward, until: datetime, reason: str) -> None:
    ward.has(SLEEPY)

    with pytest.raises(SnoozeNotAllowed):
        snoozed(ward, until, reason=reason)

    assert ward.flag.snoozed_until is None
    snoozed(ward, NOW + 28 * DAY)


def test_it_comes_back_by_itself_and_is_due_by_the_end_of_that_working_day(ward: Ward) -> None:
    ward.has(SLEEPY, due_at=NOW + DAY)
    snoozed(ward)

    for at in (NOW + WEEK - MINUTE, NOW + WEEK, NOW + WEEK + HOUR):
        keep_time(ward.sessions, lambda at=at: at)

    flag = ward.flag
    assert (flag.snoozed_until, flag.due_at) == (None, NOW.replace(hour=17) + WEEK)
    assert (flag.escalate_at, flag.escalation) == (flag.due_at, 0)
    [woken] = ward.events(FlagEventKind.WOKEN)
    assert (woken.at, woken.staff_member_id) == (NOW + WEEK, None)


def test_while_it_sleeps_it_goes_to_nobody(ward: Ward) -> None:
    ward.has(SLEEPY, due_at=NOW + DAY)
    snoozed(ward)

    keep_time(ward.sessions, lambda: NOW + 5 * DAY)

    assert ward.flag.escalation == 0


def test_new_evidence_wakes_it_at_once_with_a_clock_of_its_own(ward: Ward) -> None:
    ward.stands(baseline=8, last=16, best=8, worst=16)
    ward.look()
    snoozed(ward, NOW + 3 * WEEK)
    ward.stands(baseline=8, last=19, best=8, worst=19)

    ward.look(NOW + 2 * WEEK)

    flag = ward.flag
    assert (flag.snoozed_until, flag.seen_at) == (None, None)
    assert flag.due_at == flag.escalate_at == NOW.replace(hour=17) + 2 * WEEK + DAY
    assert [event.kind for event in flag.events][-2:] == [FlagEventKind.WOKEN, FlagEventKind.EVIDENCE]


def test_a_flag_that_sleeps_can_be_closed(ward: Ward) -> None:
    ward.has(SLEEPY)
    snoozed(ward)

    ward.closes(Outcome.CARE_CHANGED)

    assert (ward.flag.closed_at, ward.flag.snoozed_until) == (NOW + HOUR, None)


# ---- taking it on ----


def test_whoever_takes_a_flag_owns_it_and_taking_it_twice_changes_nothing(ward: Ward) -> None:
    robin = ward.joins("Ravi")
    ward.has(SLEEPY, owner_id=robin)

    for _ in range(2):
        ward.does(lambda session, flag, by: service.take(session, flag, by, NOW))

    assert ward.flag.owner_id == ward.care.clinician.id
    [event] = ward.events()
    assert (event.kind, event.outcome, event.words) == (FlagEventKind.HANDED_OVER, str(robin), None)


# ---- taking it back ----


def do(ward: Ward, what: str, at: datetime) -> UUID:
    """Do one thing to the newest flag; return its event."""
    acts = {
        "seen": lambda session, flag, by: service.mark_seen(session, flag, by, at),
        "taken": lambda session, flag, by: service.take(session, flag, by, at),
        "snoozed": lambda session, flag, by: service.snooze(session, flag, by, at + DAY, "Later.", at),
        "tried": lambda session, flag, by: service.record_attempt(
            session, flag, by, AttemptOutcome.LEFT_MESSAGE, "", at
        ),
    }
    ids: list[UUID] = []
    ward.does(lambda session, flag, by: ids.append(acts[what](session, flag, by).id))
    return ids[0]


def take_back(ward: Ward, event_id: UUID, at: datetime, by_id: UUID | None = None) -> None:
    def act(session: Any, flag: Flag, by: StaffMember) -> None:
        service.undo(session, flag, session.get_one(StaffMember, by_id) if by_id else by, event_id, at)

    ward.does(act)


@pytest.mark.parametrize("what", ["seen", "taken", "snoozed"])
def test_a_slip_is_taken_back_and_both_stay_written_down(ward: Ward, what: str) -> None:
    ward.has(SLEEPY, owner_id=ward.joins("Ravi"), due_at=NOW + DAY)
    before = ward.flag

    take_back(ward, do(ward, what, NOW), NOW + 10 * MINUTE)

    after = ward.flag
    assert (after.owner_id, after.snoozed_until, after.due_at) == (before.owner_id, None, before.due_at)
    assert after.seen_at is None or what == "snoozed", "who puts a flag off has read it"
    done, undone = ward.events()
    assert (undone.kind, undone.outcome) == (FlagEventKind.UNDONE, done.kind)
    with ward.sessions() as session:
        actions = session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.sequence)).all()
        assert actions == [f"flag {done.kind}", "flag undone"]


def test_taking_back_twice_changes_nothing_the_second_time(ward: Ward) -> None:
    ward.has(SLEEPY)
    event_id = do(ward, "seen", NOW)
    take_back(ward, event_id, NOW)
    do(ward, "seen", NOW + MINUTE)

    with pytest.raises(UndoNotAllowed):
        take_back(ward, event_id, NOW + 2 * MINUTE)

    assert ward.flag.seen_at == NOW + MINUTE


def test_after_ten_minutes_it_stands(ward: Ward) -> None:
    ward.has(SLEEPY)
    event_id = do(ward, "snoozed", NOW)

    with pytest.raises(UndoNotAllowed):
        take_back(ward, event_id, NOW + 10 * MINUTE + timedelta(seconds=1))


def test_nobody_takes_back_what_somebody_else_did(ward: Ward) -> None:
    ward.has(SLEEPY)
    event_id = do(ward, "snoozed", NOW)

    with pytest.raises(UndoNotAllowed):
        take_back(ward, event_id, NOW + MINUTE, ward.joins("Ravi"))


@pytest.mark.parametrize("kind", [FlagKind.SAFETY, FlagKind.MISSED_CHECK_INS])
def test_what_was_tried_stays_written_down(ward: Ward, kind: FlagKind) -> None:
    ward.has(kind)
    event_id = do(ward, "tried", NOW)

    with pytest.raises(UndoNotAllowed):
        take_back(ward, event_id, NOW + MINUTE)

    assert ward.flag.acted_at == NOW


def test_a_close_is_final(ward: Ward) -> None:
    ward.has(SLEEPY)
    ward.closes(Outcome.CARE_CHANGED, NOW)

    with pytest.raises(FlagClosed):
        take_back(ward, ward.events()[-1].id, NOW + MINUTE)


def test_nothing_is_taken_back_once_something_else_has_happened(ward: Ward) -> None:
    ward.stands(baseline=8, last=16, best=8, worst=16)
    ward.look()
    event_id = do(ward, "snoozed", NOW + MINUTE)
    ward.stands(baseline=8, last=19, best=8, worst=19)
    ward.look(NOW + 2 * MINUTE)

    with pytest.raises(UndoNotAllowed):
        take_back(ward, event_id, NOW + 3 * MINUTE)


# ---- several at a time ----


def silent_patients(ward: Ward, count: int, kind: FlagKind = FlagKind.MISSED_CHECK_INS) -> list[UUID]:
    with unit_of_work(ward.sessions) as session:
        found = []
        for number in range(count):
            care = a_patient(session, ward.care.team, ward.care.clinician, number=f"+4477009001{number:02}")
            found.append(a_flag(care, kind))
        session.add_all(found)
        return [flag.id for flag in found]


def tried_all(ward: Ward, ids: list[UUID], at: datetime = NOW) -> list[UUID]:
    with unit_of_work(ward.sessions) as session:
        flags = [session.get_one(Flag, each) for each in ids]
        by = session.get_one(StaffMember, ward.care.clinician.id)
        closed = service.bulk_attempt(session, flags, by, AttemptOutcome.TRIED_NO_ANSWER, "Rang.", at)
        return [flag.id for flag in closed]


def test_missed_check_ins_are_worked_together_and_each_has_its_own_event(ward: Ward) -> None:
    ids = silent_patients(ward, 4)

    assert tried_all(ward, ids) == []

    assert {event.flag_id for event in ward.events(FlagEventKind.ATTEMPT)} == set(ids)
    assert all(flag.acted_at == NOW and flag.closed_at is None for flag in ward.flags)


def test_what_somebody_closed_meanwhile_is_named_and_the_others_are_done(ward: Ward) -> None:
    ids = silent_patients(ward, 3)
    with unit_of_work(ward.sessions) as session:
        by = session.get_one(StaffMember, ward.care.clinician.id)
        service.close(session, session.get_one(Flag, ids[1]), by, Outcome.SPOKE, "Spoke.", NOW)

    assert tried_all(ward, ids, NOW + MINUTE) == [ids[1]]

    assert {event.flag_id for event in ward.events(FlagEventKind.ATTEMPT)} == {ids[0], ids[2]}


@pytest.mark.parametrize("kind", sorted(set(FlagKind) - BULK))
def test_every_other_reason_is_read_on_its_own(ward: Ward, kind: FlagKind) -> None:
    ids = silent_patients(ward, 2)
    with unit_of_work(ward.sessions) as session:
        care = a_patient(session, ward.care.team, ward.care.clinician, number="+447700900199")
        other = a_flag(care, kind, severity=Severity.HIGH)
        session.add(other)

    with pytest.raises(NotInBulk):
        tried_all(ward, [*ids, other.id])

    assert ward.events() == []
