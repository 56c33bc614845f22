"""Whatever staff, patients and the clock do, in whatever order: nobody is lost, and nothing ends without a person."""

import shutil
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import sessionmaker

from monitor import workflows
from monitor.care.models import Episode
from monitor.config import Settings
from monitor.db import Sessions, make_engine, unit_of_work
from monitor.flags import service as flags
from monitor.flags.departures import leave
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag
from monitor.flags.wishes import Wish
from monitor.reviews.kinds import Decision
from tests.any_service import MINUTE, STEPS, AnyService
from tests.builders import NOW
from tests.invariants import broken

LENGTH = 50
"""Steps: long enough for a patient to be placed, to fall silent, to be reviewed and to leave."""
SEEDS = (0, 2, 4)
"""Between them they do everything that can be done: the test holds them to it."""
ANOTHER = 8


def lives(sessions: Sessions, settings: Settings, seed: int, length: int = LENGTH) -> AnyService:
    """Let a sequence happen, and ask after each step whether everything holds."""
    service = AnyService(sessions, settings, seed)
    for _ in range(length):
        service.step()
        assert broken(sessions) == [], (seed, service.told)
        with sessions() as session:
            closed = sa.select(Flag.id).where(Flag.kind == FlagKind.SAFETY, Flag.closed_at.is_not(None))
            assert set(session.scalars(closed)) == service.settled, (seed, service.told)
    return service


def test_whatever_happens_everything_holds(migrated_sqlite: Path, tmp_path: Path, settings: Settings) -> None:
    """Between them the sequences do everything that can be done, or they would show nothing."""
    done: Counter[str] = Counter()
    for seed in SEEDS:
        engine = make_engine(f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path / f'{seed}.db')}")
        done += lives(sessionmaker(engine, expire_on_commit=False), settings, seed).done
        engine.dispose()
    happened = {what.partition(" ")[0] for what in done}
    assert {each.__name__ for each in STEPS} - {"wait"} <= happened
    assert {f"review {decision}" for decision in Decision} | {f"close {FlagKind.SAFETY}"} <= set(done)


def test_whatever_happens_everything_holds_on_both_databases(sessions: Sessions, settings: Settings) -> None:
    lives(sessions, settings, ANOTHER, length=LENGTH // 2)


def test_whoever_leaves_leaves_no_flag_behind_from_the_very_moment(
    sqlite_sessions: Sessions, settings: Settings
) -> None:
    """Not only once the clock has ticked."""
    service = AnyService(sqlite_sessions, settings, seed=0)
    leaver, taker = service.staff[:2]
    with unit_of_work(sqlite_sessions) as session:
        theirs = session.scalars(sa.select(Episode).where(Episode.accountable_id == leaver.id)).one()
        workflows.ask(session, theirs, Wish.CALL, NOW)
    with unit_of_work(sqlite_sessions) as session:
        leave(session, leaver.email, taker.email, NOW + MINUTE)
    assert broken(sqlite_sessions) == []


def test_a_flag_does_not_go_back_to_somebody_who_has_left(sqlite_sessions: Sessions, settings: Settings) -> None:
    """Handed over, the earlier owner leaves within minutes, and the hand-over is taken back."""
    service = AnyService(sqlite_sessions, settings, seed=0)
    before, giver, taker = service.staff[:3]
    with unit_of_work(sqlite_sessions) as session:
        first = session.scalars(sa.select(Episode).where(Episode.accountable_id == before.id)).one()
        workflows.ask(session, first, Wish.CALL, NOW)
        flag = session.scalars(sa.select(Flag)).one()
        given = flags.hand_over(session, flag, giver, taker, "", NOW + MINUTE)
    with unit_of_work(sqlite_sessions) as session:
        leave(session, before.email, taker.email, NOW + 2 * MINUTE)
    with unit_of_work(sqlite_sessions) as session, pytest.raises(flags.UndoNotAllowed):
        flags.undo(session, session.get_one(Flag, flag.id), giver, given.id, NOW + 3 * MINUTE)
    assert broken(sqlite_sessions) == []
