"""Moments are aware, work is done whole or not at all, and an acknowledged row is on the disk."""

import sqlite3
import threading
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import sessionmaker

from monitor.beats import JobBeat, beat, last_beat
from monitor.db import WAL_IS_SAFE_FROM, Sessions, make_engine, reading, unit_of_work
from monitor.errors import DatabaseUnavailable
from monitor.people.models import CareTeam, Patient, StaffMember
from tests.builders import NOW, a_staff_member, a_team

HALIFAX = timezone(timedelta(hours=-4))


# ---- moments ----


def test_a_moment_comes_back_aware_and_in_utc_wherever_it_was_measured(sessions: Sessions) -> None:
    measured = datetime(2026, 3, 8, 23, 30, 15, 123456, tzinfo=HALIFAX)
    with unit_of_work(sessions) as session:
        beat(session, "tick", measured)

    with reading(sessions) as session:
        found = last_beat(session, "tick")

    assert found == measured
    assert found is not None
    assert found.utcoffset() == timedelta(0)


def test_moments_are_compared_as_moments(sessions: Sessions) -> None:
    with unit_of_work(sessions) as session:
        beat(session, "tick", datetime(2026, 3, 9, 3, 30, tzinfo=UTC))

    with reading(sessions) as session:
        before = sa.select(JobBeat.job).where(JobBeat.finished_at < datetime(2026, 3, 8, 23, 31, tzinfo=HALIFAX))
        assert session.scalars(before).all() == ["tick"]


def test_a_moment_without_a_zone_is_refused(sessions: Sessions) -> None:
    with pytest.raises(sa.exc.StatementError, match="naive"), unit_of_work(sessions) as session:
        beat(session, "tick", datetime(2026, 3, 8, 23, 30))  # noqa: DTZ001


# ---- units of work ----


def test_an_error_leaves_nothing_behind(sessions: Sessions) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        add_two_teams_of_one_name(sessions)

    assert teams_in(sessions) == 0


def test_what_a_reader_writes_is_not_kept(sessions: Sessions) -> None:
    with reading(sessions) as session:
        a_team(session, covered=False)
        assert session.scalar(sa.select(sa.func.count()).select_from(CareTeam)) == 1

    assert teams_in(sessions) == 0


def test_two_who_write_at_once_wait_for_each_other(sessions: Sessions) -> None:
    with unit_of_work(sessions) as session:
        beat(session, "tick", NOW)
    begun = threading.Event()

    def one_second_later() -> None:
        with unit_of_work(sessions) as session:
            row = session.get_one(JobBeat, "tick", with_for_update=True)
            begun.set()
            time.sleep(0.2)
            row.finished_at += timedelta(seconds=1)

    first = threading.Thread(target=one_second_later)
    first.start()
    assert begun.wait(5)
    with unit_of_work(sessions) as session:
        session.get_one(JobBeat, "tick", with_for_update=True).finished_at += timedelta(seconds=1)
    first.join()

    with reading(sessions) as session:
        assert last_beat(session, "tick") == NOW + timedelta(seconds=2)


def test_a_reader_sees_nothing_of_what_is_not_yet_committed_and_does_not_wait(sessions: Sessions) -> None:
    with unit_of_work(sessions) as writing:
        beat(writing, "tick", NOW)
        writing.flush()
        with reading(sessions) as session:
            assert last_beat(session, "tick") is None

    with reading(sessions) as session:
        assert last_beat(session, "tick") == NOW


# ---- databases ----


def test_sqlite_waits_for_the_disk_and_keeps_foreign_keys(sqlite_sessions: Sessions) -> None:
    with sqlite_sessions() as session:
        pragmas = {
            name: session.execute(sa.text(f"PRAGMA {name}")).scalar()
            for name in ("synchronous", "foreign_keys", "recursive_triggers", "busy_timeout", "journal_mode")
        }

    safe_journal = "wal" if sqlite3.sqlite_version_info >= WAL_IS_SAFE_FROM else "truncate"
    assert pragmas == {
        "synchronous": 2,  # FULL
        "foreign_keys": 1,
        "recursive_triggers": 1,
        "busy_timeout": 30000,
        "journal_mode": safe_journal,
    }


def test_postgresql_waits_for_the_disk_and_is_reached_by_the_driver_that_we_ship() -> None:
    assert make_engine("postgresql://anybody@/any").url.drivername == "postgresql+psycopg"


@pytest.mark.parametrize("scheme", ["sqlite", "postgresql"])
def test_a_database_that_is_not_there_is_named_as_such(scheme: str, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    url = f"sqlite:///{nowhere}/monitor.db" if scheme == "sqlite" else f"postgresql:///monitor?host={nowhere}"
    sessions = sessionmaker(make_engine(url))

    for opening in (unit_of_work, reading):
        with pytest.raises(DatabaseUnavailable) as refused, opening(sessions) as session:
            session.execute(sa.text("SELECT 1"))
        assert str(nowhere) not in str(refused.value)


def test_a_statement_that_fails_is_not_mistaken_for_a_database_that_is_gone(sqlite_sessions: Sessions) -> None:
    for opening in (unit_of_work, reading):
        with pytest.raises(sa.exc.OperationalError), opening(sqlite_sessions) as session:
            session.execute(sa.text("SELECT connect FROM nothing"))


def test_an_error_of_the_database_does_not_repeat_what_was_to_be_stored(sessions: Sessions) -> None:
    with unit_of_work(sessions) as session:
        a_team(session, "North team", covered=False)

    with pytest.raises(sa.exc.IntegrityError) as refused, unit_of_work(sessions) as session:
        session.add(
            CareTeam(name="North team", time_zone="Europe/London", country="GB", phone="quill", service_hours={})
        )

    assert "quill" not in str(refused.value)


# ---- rows ----


def test_every_row_has_an_id_before_it_is_stored_since_its_seals_are_bound_to_it() -> None:
    patient = Patient(preferred_name="Noor")

    assert patient.id.version == 7
    assert patient.preferred_name == "Noor"


def test_a_misspelt_attribute_is_refused() -> None:
    with pytest.raises(TypeError, match="Patient has no prefered_name"):
        Patient(prefered_name="Noor")


def test_a_word_outside_its_vocabulary_is_refused_by_the_database_too(sessions: Sessions) -> None:
    with unit_of_work(sessions) as session:
        member_id = a_staff_member(session).id

    with pytest.raises(sa.exc.IntegrityError), unit_of_work(sessions) as session:
        session.execute(sa.text("UPDATE staff_members SET role = 'king'"))

    with reading(sessions) as session:
        assert session.get_one(StaffMember, member_id).role == "clinician"


def add_two_teams_of_one_name(sessions: Sessions) -> None:
    with unit_of_work(sessions) as session:
        a_team(session, "North team", covered=False)
        a_team(session, "North team", covered=False)


def teams_in(sessions: Sessions) -> int:
    with sessions() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(CareTeam)) or 0
