"""A check-in ends once, and a text that did not arrive is never mistaken for a patient who did not answer."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor import workflows
from monitor.checkins import closing
from monitor.checkins.models import CancelReason, CheckIn, CheckInKind, CheckInState
from monitor.db import Sessions, unit_of_work
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag, FlagEvent
from monitor.ids import new_id
from monitor.messaging.models import Message, MessageState, SkipReason
from monitor.messaging.texts import TextKind
from monitor.people.models import Patient
from monitor.worker import close, make_courier
from tests.builders import NOW, InCare, a_check_in, a_patient, a_staff_member, a_team

DAY, WEEK = timedelta(days=1), timedelta(days=7)
LAST_WEEK = NOW - WEEK - timedelta(minutes=1)
"""A check-in that was due then has just run out."""


@pytest.fixture
def care(sessions: Sessions) -> InCare:
    """Somebody in care."""
    with unit_of_work(sessions) as session:
        team = a_team(session)
        return a_patient(session, team, a_staff_member(session, team))


def asked(session: Session, care: InCare, *states: MessageState, due_at: Any = LAST_WEEK, **more: Any) -> UUID:
    """A check-in whose texts have come to these states."""
    check_in = a_check_in(session, care, due_at=due_at, **more)
    for number, state in enumerate(states):
        message = Message(
            patient_id=care.patient.id,
            check_in_id=check_in.id,
            purpose=TextKind.REMINDER,
            dedupe_key=f"{check_in.id}:{number}",
            language="en",
            due_at=due_at,
            expires_at=due_at + DAY,
            created_at=due_at,
            state=state,
            intent_at=due_at,
            skip_reason=SkipReason.OVER_CAP if state is MessageState.SKIPPED else None,
        )
        session.add(message)
    return check_in.id


def tick(sessions: Sessions, settings: Any, at: Any = NOW) -> int:
    return close(make_courier(settings, sessions, lambda: at))


def ended(sessions: Sessions, check_in_id: UUID) -> tuple[CheckInState, CancelReason | None]:
    with sessions() as session:
        check_in = session.get_one(CheckIn, check_in_id)
        return check_in.state(NOW), check_in.cancel_reason


S = MessageState


@pytest.mark.parametrize(
    ("texts", "state", "reason"),
    [
        ([S.SENT], CheckInState.MISSED, None),
        ([S.DELIVERED], CheckInState.MISSED, None),
        ([S.DELIVERED, S.UNDELIVERED, S.CANCELLED], CheckInState.MISSED, None),
        ([S.FAILED, S.SENT], CheckInState.MISSED, None),
        ([S.FAILED], CheckInState.CANCELLED, CancelReason.NOT_DELIVERED),
        ([S.UNDELIVERED], CheckInState.CANCELLED, CancelReason.NOT_DELIVERED),
        ([S.UNKNOWN], CheckInState.CANCELLED, CancelReason.NOT_DELIVERED),
        ([S.ABANDONED, S.SKIPPED], CheckInState.CANCELLED, CancelReason.NOT_DELIVERED),
        ([S.SKIPPED], CheckInState.CANCELLED, CancelReason.NOT_SENT),
        ([S.QUEUED], CheckInState.CANCELLED, CancelReason.NOT_SENT),
        ([S.CANCELLED], CheckInState.CANCELLED, CancelReason.NOT_SENT),
        ([], CheckInState.CANCELLED, CancelReason.NOT_SENT),
    ],
    ids=lambda value: "+".join(value) or "no text" if isinstance(value, list) else None,
)
def test_missed_only_if_a_text_went_out(
    sessions: Sessions,
    settings: Any,
    care: InCare,
    texts: list[MessageState],
    state: CheckInState,
    reason: CancelReason | None,
) -> None:
    with unit_of_work(sessions) as session:
        check_in_id = asked(session, care, *texts)

    assert tick(sessions, settings) == 1

    assert ended(sessions, check_in_id) == (state, reason)


def test_a_check_in_that_is_still_open_or_has_ended_is_left_alone(
    sessions: Sessions, settings: Any, care: InCare
) -> None:
    with unit_of_work(sessions) as session:
        ids = [
            asked(session, care, S.SENT, due_at=NOW - WEEK + timedelta(seconds=1)),
            asked(session, care, S.SENT, due_at=LAST_WEEK - DAY, completed_at=LAST_WEEK),
            asked(session, care, S.SENT, due_at=LAST_WEEK - WEEK, missed_at=NOW - WEEK),
        ]

    assert tick(sessions, settings) == 0

    assert [ended(sessions, each)[0] for each in ids] == ["open", "completed", "missed"]


def test_it_closes_at_its_very_last_moment(sessions: Sessions, settings: Any, care: InCare) -> None:
    with unit_of_work(sessions) as session:
        asked(session, care, S.SENT, due_at=NOW - WEEK)

    assert tick(sessions, settings, NOW - timedelta(microseconds=1)) == 0
    assert tick(sessions, settings, NOW) == 1


def test_one_missed_check_in_raises_nothing_and_two_raise_one_flag_once(
    sessions: Sessions, settings: Any, care: InCare
) -> None:
    with unit_of_work(sessions) as session:
        asked(session, care, S.SENT, due_at=LAST_WEEK - WEEK)
    assert tick(sessions, settings, NOW - WEEK) == 1
    assert flags_of(sessions) == []

    with unit_of_work(sessions) as session:
        asked(session, care, S.DELIVERED)
    for _ in range(3):
        tick(sessions, settings)

    assert flags_of(sessions) == [(FlagKind.MISSED_CHECK_INS, 1)]


def test_texts_that_do_not_arrive_make_somebody_unreachable_and_not_silent(
    sessions: Sessions, settings: Any, care: InCare
) -> None:
    with unit_of_work(sessions) as session:
        asked(session, care, S.UNDELIVERED, due_at=LAST_WEEK - WEEK)
        asked(session, care, S.FAILED)

    tick(sessions, settings)

    assert flags_of(sessions) == [(FlagKind.UNREACHABLE, 1)]


def test_what_we_never_sent_is_held_against_nobody(sessions: Sessions, settings: Any, care: InCare) -> None:
    with unit_of_work(sessions) as session:
        for weeks in range(4):
            asked(session, care, S.SKIPPED, due_at=LAST_WEEK - weeks * WEEK)

    assert tick(sessions, settings) == 4

    assert flags_of(sessions) == []


def test_an_answer_begins_the_count_anew(sessions: Sessions, settings: Any, care: InCare) -> None:
    with unit_of_work(sessions) as session:
        asked(session, care, S.SENT, due_at=LAST_WEEK - 2 * WEEK, missed_at=LAST_WEEK - WEEK)
        asked(session, care, S.SENT, due_at=LAST_WEEK - WEEK, completed_at=LAST_WEEK)
        asked(session, care, S.SENT)

    tick(sessions, settings)

    assert flags_of(sessions) == []


def test_a_check_in_of_an_episode_that_has_ended_is_cancelled_and_raises_nothing(
    sessions: Sessions, settings: Any, care: InCare
) -> None:
    with unit_of_work(sessions) as session:
        check_in_id = asked(session, care, S.SENT)
        asked(session, care, S.SENT, due_at=LAST_WEEK - WEEK, missed_at=LAST_WEEK)
        session.get_one(Patient, care.patient.id).number_failed_at = LAST_WEEK
        care.episode.closed_at, care.episode.close_reason = NOW - DAY, "moved"  # type: ignore[assignment]
        care.episode.accountable_id = None
        session.merge(care.episode)

    assert tick(sessions, settings) == 1

    assert ended(sessions, check_in_id) == (CheckInState.CANCELLED, CancelReason.EPISODE_CLOSED)
    assert flags_of(sessions) == []


def test_one_check_in_that_cannot_be_closed_does_not_stop_the_others(
    sessions: Sessions, settings: Any, care: InCare, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with unit_of_work(sessions) as session:
        ids = [asked(session, care, S.SENT, due_at=LAST_WEEK - days * DAY) for days in (2, 1, 0)]
    real = workflows.close_overdue

    def fails_for_the_first(session: Session, check_in: CheckIn, now: Any) -> None:
        real(session, check_in, now)
        if check_in.id == ids[0]:
            raise ValueError("a note about Noor")

    monkeypatch.setattr(workflows, "close_overdue", fails_for_the_first)
    assert tick(sessions, settings) == 2

    assert [ended(sessions, each)[0] for each in ids] == ["overdue", "missed", "missed"]
    assert "Noor" not in caplog.text
    assert str(ids[0]) in caplog.text


def test_more_than_a_batch_is_closed_in_one_tick(
    sqlite_sessions: Sessions, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.worker.BATCH", 3)
    with unit_of_work(sqlite_sessions) as session:
        team = a_team(session)
        care = a_patient(session, team, a_staff_member(session, team))
        for days in range(8):
            asked(session, care, S.SKIPPED, due_at=LAST_WEEK - days * DAY)

    assert tick(sqlite_sessions, settings) == 8


# ---- cancelling ----


def all_kinds(session: Session, care: InCare) -> dict[str, UUID]:
    """One check-in in each position that a change may find it in."""
    return {
        "planned": asked(session, care, S.QUEUED, due_at=NOW + DAY),
        "claimed": asked(session, care, S.CLAIMED, due_at=NOW + 2 * DAY),
        "asked": asked(session, care, S.SENT, due_at=NOW - DAY),
        "being asked": asked(session, care, S.SENDING, due_at=NOW - 2 * DAY),
        "without a text": asked(session, care, due_at=NOW + 3 * DAY),
        "before an appointment": asked(session, care, due_at=NOW + 4 * DAY, kind=CheckInKind.BEFORE_APPOINTMENT),
        "invited": asked(session, care, S.QUEUED, due_at=NOW, kind=CheckInKind.FIRST),
        "requested": asked(session, care, S.QUEUED, due_at=NOW, kind=CheckInKind.REQUESTED),
        "answered": asked(session, care, S.SENT, due_at=NOW - 8 * DAY, completed_at=NOW - 7 * DAY),
        "missed": asked(session, care, S.SENT, due_at=NOW - 16 * DAY, missed_at=NOW - 9 * DAY),
    }


CANCELLING: dict[str, tuple[Callable[..., None], set[str]]] = {
    "everything open": (closing.cancel_open, {"planned", "claimed", "asked", "being asked", "invited", "requested"}),
    "what a plan made and nobody was asked": (closing.cancel_planned, {"planned", "claimed"}),
}


@pytest.mark.parametrize("which", CANCELLING)
def test_cancelling(sessions: Sessions, care: InCare, which: str) -> None:
    cancel, wanted = CANCELLING[which]
    with unit_of_work(sessions) as session:
        ids = all_kinds(session, care)
    with unit_of_work(sessions) as session:
        cancel(session, care.episode.id, CancelReason.PLAN_CHANGED, NOW)

    with sessions() as session:
        rows = {row.id: row for row in session.scalars(sa.select(CheckIn))}
        cancelled = {name for name, check_in_id in ids.items() if rows[check_in_id].cancelled_at == NOW}
    assert cancelled == wanted | {"without a text", "before an appointment"}


def test_somebody_elses_check_ins_are_not_cancelled(sessions: Sessions, care: InCare) -> None:
    with unit_of_work(sessions) as session:
        other = a_patient(session, care.team, care.clinician, number="+447700900002")
        check_in_id = asked(session, other, S.QUEUED, due_at=NOW + DAY)
        closing.cancel_open(session, care.episode.id, CancelReason.OPTED_OUT, NOW)

    assert ended(sessions, check_in_id)[0] is CheckInState.PLANNED


def flags_of(sessions: Sessions) -> list[tuple[FlagKind, int]]:
    """Each flag's kind, and how often something was said about it."""
    with sessions() as session:
        rows = session.execute(
            sa.select(Flag.kind, sa.func.count(FlagEvent.id))
            .join(FlagEvent, FlagEvent.flag_id == Flag.id)
            .group_by(Flag.id, Flag.kind)
        )
        return [(kind, count) for kind, count in rows]


def test_ids_of_nothing_close_nothing(sessions: Sessions) -> None:
    with unit_of_work(sessions) as session:
        closing.cancel_open(session, new_id(), CancelReason.OPTED_OUT, NOW)
