"""`monitor doctor`: what is good, what somebody should know, and what must be mended before patients rely on it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.audit import PROGRAM, AuditEntry, record
from monitor.beats import JobBeat, beat
from monitor.checkins.models import CheckIn
from monitor.db import Sessions, unit_of_work
from monitor.flags.notice_models import Notice, NoticeKind
from monitor.ids import new_id
from monitor.messaging import outages
from monitor.messaging.models import MessageState, RefusedCall
from monitor.people.models import NoticeChannel, Role, SafetyCover, StaffMember
from tests.builders import a_check_in, a_patient, a_staff_member, a_team, a_text
from tests.cli.program import DEMO, SECRETS, Program, Result, everything
from tests.test_audit import change, delete, keep_entries, without_triggers

ENTRIES = 5
WHOLE = ("good", "the audit trail is whole")
RUNNING = ("good", "the clock is running")
COVERED = ("good", "North team: somebody is named to read safety answers")
ADMINISTRATOR = "ada@example.org"


@pytest.fixture
def ready(service: Program, sessions: Sessions) -> Program:
    """A service that patients may rely on, with one of them in care."""
    now = datetime.now(UTC)
    with unit_of_work(sessions) as session:
        team = a_team(session)
        a_staff_member(session, None, ADMINISTRATOR, name="Ada Lund", role=Role.ADMINISTRATOR)
        a_check_in(session, a_patient(session, team, a_staff_member(session, team)), due_at=now)
        beat(session, "tick", now)
    keep_entries(sessions, ENTRIES)
    return service


def findings(result: Result) -> list[tuple[str, str]]:
    assert result.err == ""
    return [(line[:8].rstrip(), line[8:]) for line in result.out.splitlines()]


def to_mend(result: Result) -> list[str]:
    return [what for state, what in findings(result) if state == "mend"]


def test_of_a_service_that_is_ready_there_is_nothing_to_mend(ready: Program) -> None:
    result = ready("doctor")

    assert result.status == 0
    assert [each for each in findings(result) if each[0] == "good"] == [RUNNING, COVERED, WHOLE]
    assert {state for state, _ in findings(result)} == {"good", "know"}


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
def test_a_machine_gets_the_same_as_one_document(ready: Program) -> None:
    read, parsed = ready("doctor"), ready("doctor", "--json")

    assert [(each["state"], each["what"]) for each in json.loads(parsed.out)] == findings(read)
    assert parsed.out.count("\n") == 1
    assert (parsed.status, parsed.err) == (0, "")


def test_looking_changes_nothing(ready: Program, sessions: Sessions) -> None:
    before = everything(sessions)

    ready("doctor")

    assert everything(sessions) == before


def test_nobody_is_named_and_no_key_is_shown(ready: Program, sessions: Sessions) -> None:
    with unit_of_work(sessions) as session:
        keep_a_text(session, MessageState.UNKNOWN)
        break_third(session)
        ids = [*session.scalars(sa.select(AuditEntry.id)), *session.scalars(sa.select(AuditEntry.subject_id))]
    names = ("Noor", "+447700900001", "447700900001", "Ada", "Maren", "Robin", "@", *SECRETS, *map(str, ids))

    for result in (ready("doctor"), ready("doctor", "--json")):
        assert [name for name in names if name in result.said] == []


# ---- what must be mended ----


def clock_at(session: Session, **ago: float) -> None:
    session.execute(sa.update(JobBeat).values(finished_at=datetime.now(UTC) - timedelta(**ago)))


def end_the_administrator(session: Session) -> None:
    member = sa.update(StaffMember).where(StaffMember.role == Role.ADMINISTRATOR)
    session.execute(member.values(ended_at=datetime.now(UTC)))


def break_third(session: Session) -> None:
    without_triggers(session)
    change(session, 3, actor_id=new_id())


def cut_off_the_end(session: Session) -> None:
    without_triggers(session)
    delete(session, 4, 5)


def break_first(session: Session) -> None:
    without_triggers(session)
    delete(session, 1)


FAULTS: dict[str, tuple[Callable[[Session], object], str]] = {
    "the clock never ran": (lambda session: session.execute(sa.delete(JobBeat)), "the clock has never run"),
    "the clock is late": (lambda session: clock_at(session, minutes=6), "the clock last ran at 2"),
    "the clock ran as if it were another day": (lambda session: clock_at(session, days=-6), "the clock last ran at 2"),
    "nobody reads safety answers": (
        lambda session: session.execute(sa.delete(SafetyCover)),
        "North team: nobody reads safety answers, so forms with item 9 are not sent",
    ),
    "a second team has no reader": (
        lambda session: a_team(session, "South team", covered=False),
        "South team: nobody reads safety answers",
    ),
    "no administrator": (end_the_administrator, "there is no administrator"),
}
BREAKS: dict[str, tuple[Callable[[Session], object], str]] = {
    "an audit entry was changed": (break_third, "the audit trail is broken at entry 3:"),
    "the end of the trail is gone": (cut_off_the_end, "the audit trail is broken at entry 4:"),
    "the beginning of the trail is gone": (break_first, "the audit trail is broken at entry 1:"),
}


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_the_one_thing_to_mend(ready: Program, sessions: Sessions, fault: str) -> None:
    cause, complaint = FAULTS[fault]
    with unit_of_work(sessions) as session:
        cause(session)

    result = ready("doctor")

    assert result.status == 1
    [what] = to_mend(result)
    assert what.startswith(complaint)


@pytest.mark.parametrize("how", BREAKS)
def test_a_broken_trail_says_where_it_breaks_and_is_not_called_whole(
    ready: Program, sessions: Sessions, how: str
) -> None:
    cause, complaint = BREAKS[how]
    with unit_of_work(sessions) as session:
        cause(session)

    result = ready("doctor")

    assert result.status == 1
    [what] = to_mend(result)
    assert what.startswith(complaint)
    assert WHOLE not in findings(result)
    assert ready("doctor", "--json").status == 1


def test_of_an_empty_service_everything_is_missing_but_its_trail_is_whole(service: Program) -> None:
    result = service("doctor")

    assert result.status == 1
    assert to_mend(result) == [
        "the clock has never run: start the service, or run: monitor tick",
        "there is no care team yet",
        "there is no administrator",
    ]
    assert WHOLE in findings(result)


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
def test_a_demonstration_is_not_for_patients(ready: Program) -> None:
    ready.environment |= DEMO

    result = ready("doctor")

    assert result.status == 1
    assert [what.partition(":")[0] for what in to_mend(result)] == ["environment is demo", "gateway is console"]


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("minutes", "state"), [(4.5, "good"), (5.5, "mend")])
def test_a_clock_is_late_after_five_minutes(ready: Program, sessions: Sessions, minutes: float, state: str) -> None:
    with unit_of_work(sessions) as session:
        clock_at(session, minutes=minutes)

    [(found, _)] = [each for each in findings(ready("doctor")) if each[1].startswith("the clock")]
    assert found == state


# ---- what somebody should know ----


def keep_a_text(session: Session, state: MessageState, **more: Any) -> None:
    check_in, then = session.scalars(sa.select(CheckIn)).one(), datetime.now(UTC) - timedelta(hours=1)
    session.add(a_text(check_in.patient_id, then, state, check_in_id=check_in.id, **more))
    session.flush()


def test_texts_that_wait_or_are_lost_are_counted_and_stop_nobody(ready: Program, sessions: Sessions) -> None:
    with unit_of_work(sessions) as session:
        for state in MessageState:
            if state is not MessageState.SKIPPED:
                keep_a_text(session, state)
        keep_a_text(session, MessageState.QUEUED)
        keep_a_text(session, MessageState.QUEUED, due_at=datetime.now(UTC) + timedelta(hours=1))

    result = ready("doctor")

    assert ("know", "3 texts due and not gone yet") in findings(result)
    assert ("know", "1 text that may or may not have arrived: the provider's reply was lost") in findings(result)
    assert result.status == 0


def test_an_outage_and_what_it_left_unsent_and_forged_calls_are_named(ready: Program, sessions: Sessions) -> None:
    now = datetime.now(UTC)
    with unit_of_work(sessions) as session:
        outages.begin(session, "20003", now - timedelta(hours=1))
        keep_a_text(session, MessageState.QUEUED, due_at=now - timedelta(days=1))
        session.add(RefusedCall(on=now.date(), hook="status", why="signature", count=7))

    result = ready("doctor")

    told = findings(result)
    assert ("know", "1 text of yesterday did not go") in told
    assert ("know", "7 calls of today claimed to be the provider's and were refused") in told
    assert [state for state, what in told if what.startswith("no text can go since") and "20003" in what] == ["mend"]
    assert result.status == 1


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
def test_staff_who_read_mail_need_a_mail_server(ready: Program, sessions: Sessions) -> None:
    missing = "staff get no mail when something waits: set MONITOR_SMTP_URL and MONITOR_MAIL_FROM"
    ready.set(SMTP_URL=None)
    assert to_mend(ready("doctor")) == [missing]

    with unit_of_work(sessions) as session:
        session.execute(sa.update(StaffMember).values(notices_by=NoticeChannel.TEXT))

    assert to_mend(ready("doctor")) == []


def test_notices_that_wait_or_never_went_are_counted(ready: Program, sessions: Sessions) -> None:
    now = datetime.now(UTC)
    with unit_of_work(sessions) as session:
        whom = session.scalars(sa.select(StaffMember.id)).first()
        for number, ended in enumerate(({}, {"tries": 2}, {"tries": 16, "given_up_at": now}, {"sent_at": now})):
            session.add(
                Notice(
                    staff_member_id=whom,
                    kind=NoticeKind.DIGEST,
                    channel=NoticeChannel.EMAIL,
                    dedupe_key=str(number),
                    created_at=now,
                    due_at=now,
                    **ended,
                )
            )

    known = [what for state, what in findings(ready("doctor")) if state == "know"]

    assert "1 notices to staff have not gone yet and are tried again" in known
    assert "1 notices to staff never went, after 16 tries each" in known


def test_an_old_key_that_is_still_needed_is_worth_knowing(ready: Program) -> None:
    known = ready.environment["MONITOR_DATA_KEYS"]
    ready.set(DATA_KEYS=f"k2:{ready.environment['MONITOR_LOOKUP_KEY']},{known}")

    result = ready("doctor")

    assert ("know", "2 data keys are configured; old ones are still needed to read") in findings(result)
    assert result.status == 0


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
def test_wording_that_was_switched_on_as_provisional_is_named(ready: Program) -> None:
    plain = ready("doctor")
    ready.set(PROVISIONAL_INSTRUMENTS="gad7:ar")

    switched = ready("doctor")

    new = set(findings(switched)) - set(findings(plain))
    assert [what.partition("; ")[2] for _, what in new] == ["switched on as provisional: gad7"]
    assert (plain.status, switched.status) == (0, 0)


@pytest.mark.parametrize("migrated_url", ["sqlite"], indirect=True)
def test_help_lines_and_drafts_are_known_and_stop_nobody(ready: Program) -> None:
    known = [what for state, what in findings(ready("doctor")) if state == "know"]

    assert any("come from published lists and were never dialled" in what for what in known)
    assert any(what.startswith("Polski: the pages are a draft") for what in known)


# ---- the trail while the service works ----


@pytest.mark.parametrize("migrated_url", ["postgresql"], indirect=True)
def test_what_is_recorded_while_the_trail_is_read_is_no_break(ready: Program, sessions: Sessions) -> None:
    """SQLite lets nobody write meanwhile, so there this cannot happen."""
    written = []

    def write_before_the_end_is_read(*event: Any) -> None:
        if "FROM audit_head" in event[2] and "FOR UPDATE" not in event[2]:
            with unit_of_work(sessions) as session:
                record(session, PROGRAM, "purged", "attempts", None, now=datetime.now(UTC))
            written.append(event[2])

    sa.event.listen(sa.engine.Engine, "before_cursor_execute", write_before_the_end_is_read)
    try:
        result = ready("doctor")
    finally:
        sa.event.remove(sa.engine.Engine, "before_cursor_execute", write_before_the_end_is_read)

    assert len(written) == 1
    assert WHOLE in findings(result)
    assert WHOLE in findings(ready("doctor"))
