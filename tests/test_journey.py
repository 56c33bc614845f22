"""The main job in one go: a text goes out, a patient answers, the team knows."""

from datetime import timedelta

import sqlalchemy as sa

from monitor import workflows
from monitor.checkins.models import CheckIn, MeasureState, Mode, Score
from monitor.checkins.service import Delivery, find_open
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag
from monitor.ids import new_id
from monitor.messaging.gateway import RecordingGateway
from monitor.people.models import Attempt
from monitor.worker import make_courier, tick
from tests.builders import NOW, a_check_in, a_patient, a_staff_member, a_team, answers


def test_a_reminder_goes_out_the_patient_answers_and_the_team_knows(sessions: Sessions, settings: Settings) -> None:
    """From a plan to a flag, on a real database, with a gateway that only records."""
    clock = [NOW - timedelta(days=2)]
    gateway = RecordingGateway()
    courier = make_courier(settings, sessions, lambda: clock[0], gateway)
    with unit_of_work(sessions) as session:
        team = a_team(session)
        a_patient(session, team, a_staff_member(session, team), planned_until=clock[0], weekday=1)
    tick(courier)
    assert gateway.sent == []
    clock[0] = NOW + timedelta(minutes=1)
    tick(courier)
    assert len(gateway.sent) == 1
    token = gateway.sent[0].body.rsplit("/", 1)[1]
    with unit_of_work(sessions) as session:
        check_in = find_open(session, token, clock[0])
        assert check_in is not None
        delivery = Delivery(new_id(), "en", Mode.LINK, known_device=False)
        receipt = workflows.complete_check_in(
            session, check_in, answers(phq9=14, gad7=6, item9=2), delivery, settings=settings, now=clock[0]
        )
        assert receipt.safety
    clock[0] += timedelta(days=3)
    tick(courier)
    assert len(gateway.sent) == 1, "the nudges were cancelled by the answer"
    with unit_of_work(sessions) as session:
        assert session.scalars(sa.select(Flag.kind)).all() == [FlagKind.SAFETY]
        assert sorted(session.scalars(sa.select(Score.total))) == [6, 14]


def test_silence_after_texts_that_went_out_becomes_a_flag(sessions: Sessions, settings: Settings) -> None:
    """Two weeks without an answer: two nudges each, then one flag for missed check-ins."""
    clock = [NOW - timedelta(days=2)]
    gateway = RecordingGateway()
    courier = make_courier(settings, sessions, lambda: clock[0], gateway)
    with unit_of_work(sessions) as session:
        team = a_team(session)
        a_patient(session, team, a_staff_member(session, team), planned_until=clock[0], weekday=1)
    for _ in range(8 * 19):
        clock[0] += timedelta(hours=3)
        tick(courier)
    with unit_of_work(sessions) as session:
        missed = session.scalars(sa.select(CheckIn).where(CheckIn.missed_at.is_not(None))).all()
        assert len(missed) == 2
        assert session.scalars(sa.select(Flag.kind)).all() == [FlagKind.MISSED_CHECK_INS]
    assert len(gateway.sent) == 9


def test_once_a_day_the_clock_proves_the_flags_and_forgets_counted_tries(
    sessions: Sessions, settings: Settings
) -> None:
    """A flag that went missing is raised again within a day; a try that no limit counts any more is gone."""
    clock = [NOW]
    courier = make_courier(settings, sessions, lambda: clock[0], RecordingGateway())
    with unit_of_work(sessions) as session:
        team = a_team(session)
        care = a_patient(session, team, a_staff_member(session, team))
        session.add(MeasureState(episode_id=care.episode.id, instrument="phq9", count=0))
        session.add(Attempt(kind="sign_in", key_hash=bytes(32), at=NOW - timedelta(days=2)))
        for week in (1, 2, 3):
            a_check_in(session, care, due_at=NOW - timedelta(weeks=week + 1), missed_at=NOW - timedelta(weeks=week))
    tick(courier)
    with unit_of_work(sessions) as session:
        assert session.scalars(sa.select(Flag.kind)).all() == [FlagKind.MISSED_CHECK_INS]
        assert session.scalars(sa.select(Attempt)).all() == []
        session.add(Attempt(kind="sign_in", key_hash=bytes(32), at=NOW - timedelta(days=2)))
    clock[0] += timedelta(hours=23)
    tick(courier)
    with unit_of_work(sessions) as session:
        assert len(session.scalars(sa.select(Attempt)).all()) == 1, "not yet: it is the same day"
