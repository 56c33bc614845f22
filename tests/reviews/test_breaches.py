"""A review whose date has passed is a flag until somebody decides: nothing else takes it away."""

import logging
from datetime import datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from monitor.care.kinds import ReviewKind
from monitor.care.models import CloseReason, Episode
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.kinds import FlagKind, Outcome
from monitor.flags.models import Flag, FlagEvent
from monitor.flags.service import OutcomeNotAllowed, close
from monitor.people.models import StaffMember
from monitor.reviews import jobs
from tests.builders import NOW
from tests.reviews.ward import DAY, GO_ON, HOUR, WEEK, Ward


@pytest.fixture
def ward(sessions: Sessions, settings: Settings) -> Ward:
    ward = Ward(sessions, settings)
    ward.review_is(NOW, ReviewKind.ROUTINE)
    return ward


def ticks(ward: Ward, at: datetime = NOW) -> int:
    return jobs.raise_due(ward.sessions, lambda: at)


def test_a_date_that_passes_without_a_decision_becomes_one_flag(ward: Ward) -> None:
    assert ticks(ward, NOW - HOUR) == 0
    assert ticks(ward) == 1
    assert [ticks(ward, NOW + days * DAY) for days in range(1, 4)] == [0, 0, 0]
    (flag,) = ward.flags(FlagKind.REVIEW_DUE)
    assert flag.owner_id == ward.clinician.id
    with ward.sessions() as session:
        event = session.scalars(sa.select(FlagEvent)).one()
        said = {"code": "review_came_due", "params": {"kind": "routine", "on": "2026-11-24"}}
        assert (event.rule, event.evidence) == ("R1", [said])


def test_it_stays_until_somebody_decides(ward: Ward) -> None:
    ticks(ward)
    ward.answers(3, 2, at=NOW + DAY)
    (flag,) = ward.flags(FlagKind.REVIEW_DUE)
    with unit_of_work(ward.sessions) as session:
        member = session.get_one(StaffMember, ward.clinician.id)
        for outcome in Outcome:
            with pytest.raises(OutcomeNotAllowed):
                close(session, session.get_one(Flag, flag.id), member, outcome, "Not now, there is no time.", NOW + DAY)
    assert ward.flags(FlagKind.REVIEW_DUE)[0].closed_at is None
    ward.decides(GO_ON, at=NOW + 2 * DAY)
    assert ward.flags(FlagKind.REVIEW_DUE)[0].outcome is Outcome.REVIEWED


def test_the_next_one_that_is_not_held_is_a_new_flag_however_soon(ward: Ward) -> None:
    ticks(ward)
    ward.decides(GO_ON)
    assert ticks(ward, NOW + 2 * WEEK) == 0
    assert ticks(ward, NOW + 2 * WEEK + DAY) == 1
    assert [flag.closed_at is None for flag in ward.flags(FlagKind.REVIEW_DUE)] == [False, True]


def test_care_that_has_ended_has_no_review(ward: Ward) -> None:
    with unit_of_work(ward.sessions) as session:
        episode = ward.within(session)
        episode.closed_at, episode.close_reason = NOW - DAY, CloseReason.MOVED
    assert ticks(ward, NOW + WEEK) == 0


def test_an_open_episode_cannot_be_left_without_a_date(ward: Ward) -> None:
    with pytest.raises(IntegrityError), unit_of_work(ward.sessions) as session:
        session.execute(sa.update(Episode).values(next_review_at=None))


def test_one_that_cannot_be_raised_does_not_stop_the_others(
    ward: Ward, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from tests.builders import a_patient

    with unit_of_work(ward.sessions) as session:
        other = a_patient(session, ward.care.team, ward.other, name="Ines", number="+447700900009")
        other.episode.next_review_at = NOW
    real = jobs._raise

    def breaks_once(session: object, episode_id: object, now: datetime) -> bool:
        if episode_id == ward.episode_id:
            raise RuntimeError("Noor, PHQ-9 18")
        return real(session, episode_id, now)  # type: ignore[arg-type]

    monkeypatch.setattr(jobs, "BATCH", 1)
    monkeypatch.setattr(jobs, "_raise", breaks_once)
    with caplog.at_level(logging.ERROR):
        assert ticks(ward) == 1
    assert "Noor" not in caplog.text
    assert str(ward.episode_id) in caplog.text
