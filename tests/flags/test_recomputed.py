"""The flags that the real services raised over random courses are those that the answers alone would raise again."""

import random
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor import workflows
from monitor.care import treatments
from monitor.care.kinds import Treatment
from monitor.care.models import Appointment, AppointmentState, Step
from monitor.checkins.models import CheckIn, Mode
from monitor.checkins.service import Delivery
from monitor.config import Settings
from monitor.db import Sessions, reading, unit_of_work
from monitor.flags import appointments
from monitor.flags.called_for import RULES, sweep
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag
from monitor.flags.replay import replay
from monitor.flags.trial import histories
from monitor.ids import new_id
from monitor.messaging.models import MessageState
from tests.builders import NOW, InCare, a_check_in, a_patient, a_staff_member, a_team, a_text, answers
from tests.flags.episodes import POLICY

PATIENTS = 30
WEEKS = 10
OPENED_AT = NOW - timedelta(weeks=WEEKS + 1)


class Life:
    """One patient's weeks as they go through the services: answers, silence, texts that do not arrive, contacts."""

    def __init__(self, session: Session, care: InCare, settings: Settings, rng: random.Random) -> None:
        self.session, self.care, self.settings, self.rng = session, care, settings, rng
        self.level, self.spread = rng.randint(4, 18), rng.choice((1, 2, 6))
        self.reliable = rng.choice((0.3, 0.6, 1))
        self.reached = rng.choice((MessageState.DELIVERED, MessageState.DELIVERED, MessageState.UNDELIVERED))

    def live(self) -> None:
        for treatment in self.rng.sample(list(Treatment), self.rng.randint(0, 2)):
            on = OPENED_AT.date() + timedelta(weeks=self.rng.randint(0, 4))
            by = self.care.clinician.id
            treatments.start(self.session, self.care.episode, treatment, on, by=by, now=OPENED_AT)
        for week in range(WEEKS):
            due_at = OPENED_AT + timedelta(weeks=week)
            check_in = a_check_in(self.session, self.care, due_at=due_at)
            answers_this_one = self.rng.random() < self.reliable
            if answers_this_one:
                self.answer(check_in, due_at + timedelta(hours=5))
            if self.rng.random() < 0.6:
                self.attend(due_at + timedelta(days=3))
            if not answers_this_one:
                self.leave(check_in)

    def answer(self, check_in: CheckIn, now: datetime) -> None:
        phq9, gad7 = (min(20, max(0, self.level + self.rng.randint(-self.spread, self.spread))) for _ in range(2))
        item9 = self.rng.choice((0, 0, 0, None, min(1, phq9)))
        given = answers(phq9=phq9, gad7=gad7, item9=item9)
        if self.rng.random() < 0.2:
            given[("gad7", 3)] = None
        delivery = Delivery(new_id(), "en", Mode.LINK, known_device=False)
        workflows.complete_check_in(self.session, check_in, given, delivery, settings=self.settings, now=now)

    def leave(self, check_in: CheckIn) -> None:
        state = self.rng.choice((self.reached, self.reached, MessageState.UNDELIVERED, None))
        if state is not None:
            text = a_text(self.care.patient.id, check_in.due_at, state, check_in_id=check_in.id)
            self.session.add(text)
            self.session.flush()
        workflows.close_overdue(self.session, check_in, check_in.closes_at)

    def attend(self, at: datetime) -> None:
        appointment = Appointment(episode_id=self.care.episode.id, starts_at=at)
        self.session.add(appointment)
        self.session.flush()
        by = self.care.clinician.id
        became = self.rng.choice((AppointmentState.ATTENDED, AppointmentState.ATTENDED, AppointmentState.MISSED))
        appointments.end(self.session, self.care.episode, appointment.id, became, staff_member_id=by, now=at)


@pytest.fixture
def service(sessions: Sessions, settings: Settings) -> Sessions:
    rng = random.Random(39)  # noqa: S311  # repeatable, and no secret
    with unit_of_work(sessions) as session:
        team = a_team(session)
        clinician = a_staff_member(session, team)
        for each in range(PATIENTS):
            care = a_patient(
                session,
                team,
                clinician,
                number=f"+4477009{each:05}",
                opened_at=OPENED_AT,
                step=rng.choice((Step.ONE, Step.TWO, Step.THREE)),
            )
            Life(session, care, settings, rng).live()
    return sessions


def test_flags_recomputed_from_the_answers_are_the_flags_that_stand_open(service: Sessions) -> None:
    with reading(service) as session:
        flags = sa.select(Flag.episode_id, Flag.kind).where(Flag.closed_at.is_(None))
        there = {(episode_id, kind) for episode_id, kind in session.execute(flags)}
        episodes = set(session.scalars(sa.select(CheckIn.episode_id)))
        recomputed = {
            (episode_id, raised.finding.kind)
            for episode_id, happened in histories(session, episodes, NOW)
            for raised in replay(happened, POLICY, opened_at=OPENED_AT)
        }
        called_for = set(sweep(session))

    assert recomputed == there
    assert called_for <= there
    for kind in (*RULES, FlagKind.SAFETY, FlagKind.UNREACHABLE):
        assert sum(kind is each for _, each in there) >= 3, kind
