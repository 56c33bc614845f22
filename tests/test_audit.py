"""The trail of who saw and did what: without a gap, and nothing in it can be changed unnoticed."""

import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.audit import PROGRAM, Actor, AuditEntry, AuditHead, first_broken_link, record
from monitor.db import Sessions, reading, unit_of_work
from monitor.ids import new_id
from tests.builders import NOW

WRITERS, ENTRIES_EACH = 8, 12


def keep_entries(sessions: Sessions, count: int) -> None:
    with unit_of_work(sessions) as session:
        for number in range(count):
            record(session, Actor("staff", new_id()), f"viewed {number}", "patient", new_id(), now=NOW)


def broken_link_of(sessions: Sessions) -> int | None:
    with reading(sessions) as session:
        return first_broken_link(session)


def test_an_entry_says_who_did_what_to_which_row_and_when(sessions: Sessions) -> None:
    who, what = new_id(), new_id()
    with unit_of_work(sessions) as session:
        record(session, Actor("staff", who), "viewed", "patient", what, now=NOW)
        record(session, PROGRAM, "purged", "attempts", None, now=NOW)

    with reading(sessions) as session:
        first, second = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.sequence))
        assert (first.actor, first.actor_id, first.action) == ("staff", who, "viewed")
        assert (first.subject, first.subject_id, first.at) == ("patient", what, NOW)
        assert (second.actor, second.actor_id, second.subject_id) == ("program", None, None)
        assert (first.sequence, second.sequence, second.previous_hash) == (1, 2, first.hash)


def test_an_empty_trail_is_whole(sessions: Sessions) -> None:
    assert broken_link_of(sessions) is None


def test_an_entry_goes_with_the_work_that_it_is_about(sessions: Sessions) -> None:
    keep_entries(sessions, 1)
    with sessions() as session:
        record(session, PROGRAM, "purged", "attempts", None, now=NOW)
        session.rollback()
    keep_entries(sessions, 1)

    with reading(sessions) as session:
        assert session.scalars(sa.select(AuditEntry.sequence).order_by(AuditEntry.sequence)).all() == [1, 2]
    assert broken_link_of(sessions) is None


def test_eight_who_write_at_once_leave_one_chain_without_a_gap(sessions: Sessions) -> None:
    start, failures = threading.Barrier(WRITERS), []

    def write() -> None:
        start.wait()
        try:
            for _ in range(ENTRIES_EACH):
                keep_entries(sessions, 1)
        except Exception as error:
            failures.append(error)

    writers = [threading.Thread(target=write) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert failures == []
    with reading(sessions) as session:
        found = session.scalars(sa.select(AuditEntry.sequence).order_by(AuditEntry.sequence)).all()
        assert found == list(range(1, WRITERS * ENTRIES_EACH + 1))
    assert broken_link_of(sessions) is None


def without_triggers(session: Session) -> None:
    """What somebody with the rights of the database's owner would do first."""
    for action in ("update", "delete"):
        name = f"refuse_{action}_audit_entries"
        on = " ON audit_entries" if session.get_bind().dialect.name == "postgresql" else ""
        session.execute(sa.text(f"DROP TRIGGER {name}{on}"))


def change(session: Session, place: int, **values: object) -> None:
    session.execute(sa.update(AuditEntry).where(AuditEntry.sequence == place).values(**values))


def delete(session: Session, *sequences: int) -> None:
    session.execute(sa.delete(AuditEntry).where(AuditEntry.sequence.in_(sequences)))


def swap_the_third_and_the_fourth(session: Session) -> None:
    change(session, 3, sequence=-3)
    change(session, 4, sequence=3)
    change(session, -3, sequence=4)


def write_the_fifth_anew(session: Session) -> None:
    """Delete the fifth and record it again with its proper hash, as if it had been somebody else."""
    head = session.scalars(sa.select(AuditHead)).one()
    end = head.sequence, head.hash
    fourth = session.scalars(sa.select(AuditEntry).where(AuditEntry.sequence == 4)).one()
    delete(session, 5)
    head.sequence, head.hash = 4, fourth.hash
    record(session, Actor("staff", new_id()), "viewed 4", "patient", new_id(), now=NOW)
    head.sequence, head.hash = end


TAMPERINGS: dict[str, tuple[Callable[[Session], None], int]] = {
    "who": (lambda session: change(session, 3, actor_id=new_id()), 3),
    "what": (lambda session: change(session, 3, action="signed_out"), 3),
    "about whom": (lambda session: change(session, 3, subject_id=new_id()), 3),
    "about nobody": (lambda session: change(session, 3, subject_id=None), 3),
    "when": (lambda session: change(session, 3, at=NOW.replace(microsecond=1)), 3),
    "an entry taken out": (lambda session: delete(session, 3), 3),
    "the first taken out": (lambda session: delete(session, 1), 1),
    "the last taken out": (lambda session: delete(session, 8), 8),
    "the end cut off": (lambda session: delete(session, 6, 7, 8), 6),
    "all taken out": (lambda session: delete(session, *range(1, 9)), 1),
    "two swapped": (swap_the_third_and_the_fourth, 3),
    "one written anew": (write_the_fifth_anew, 6),
}


@pytest.mark.parametrize("how", TAMPERINGS)
def test_tampering_is_found_where_it_begins(sessions: Sessions, how: str) -> None:
    tamper, begins_at = TAMPERINGS[how]
    keep_entries(sessions, 8)
    assert broken_link_of(sessions) is None

    with unit_of_work(sessions) as session:
        without_triggers(session)
        tamper(session)

    assert broken_link_of(sessions) == begins_at


def test_the_chain_goes_on_after_a_break_and_the_break_stays_visible(sessions: Sessions) -> None:
    keep_entries(sessions, 4)
    with unit_of_work(sessions) as session:
        without_triggers(session)
        change(session, 2, action="signed_out")

    keep_entries(sessions, 4)

    assert broken_link_of(sessions) == 2
