"""One tick of the clock: what patients wrote is taken up, what is due goes, and what was lost is looked for."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from monitor import workflows
from monitor.checkins.models import CheckIn, Mode
from monitor.checkins.service import Delivery, find_open
from monitor.config import Dispatcher, Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag
from monitor.ids import new_id
from monitor.messaging.delivery import SETTLE
from monitor.messaging.gateway import RefusalKind, Refused
from monitor.messaging.jobs import DispatchReport, dispatch
from monitor.messaging.models import InboundText, Message, MessageState, SpendCounter, SpendScope
from monitor.messaging.reconcile import ReconcileReport
from monitor.messaging.texts import TextKind
from monitor.people.models import Patient
from monitor.worker import make_courier, make_dispatch, tick
from tests.builders import NOW, a_patient, a_staff_member, a_team, answers
from tests.messaging.outbox_setting import Outbox, Provider, WallClock


class Clinic:
    """A service with one patient whose check-in is due, and a provider with a memory."""

    def __init__(self, sessions: Sessions, settings: Settings) -> None:
        self.sessions, self.settings = sessions, settings
        self.clock = WallClock(NOW - timedelta(days=2))
        self.provider = Provider(self.clock)
        self.courier = make_courier(settings, sessions, self.clock, self.provider)
        with unit_of_work(sessions) as session:
            team = a_team(session)
            care = a_patient(session, team, a_staff_member(session, team), planned_until=self.clock(), weekday=1)
            self.patient_id = care.patient.id
        self.tick()
        self.clock.now = NOW + timedelta(minutes=1)

    def tick(self) -> object:
        return tick(self.courier)

    def texts(self) -> dict[TextKind, Message]:
        with self.sessions() as session:
            return {row.purpose: row for row in session.scalars(sa.select(Message))}

    def answer(self) -> None:
        """Answer the open check-in by its link."""
        token = self.provider.records[0].body.rsplit("/", 1)[1]
        with unit_of_work(self.sessions) as session:
            check_in = find_open(session, token, self.clock())
            assert check_in is not None
            delivery = Delivery(new_id(), "en", Mode.LINK, known_device=False)
            given = answers(phq9=4, gad7=3)
            workflows.complete_check_in(session, check_in, given, delivery, settings=self.settings, now=self.clock())


@pytest.fixture
def clinic(sessions: Sessions, settings: Settings) -> Clinic:
    return Clinic(sessions, settings)


def test_an_answer_one_second_before_a_nudge_is_due_is_followed_by_no_nudge(clinic: Clinic) -> None:
    clinic.tick()
    nudge = clinic.texts()[TextKind.NUDGE]
    clinic.clock.now = nudge.due_at - timedelta(seconds=1)
    clinic.answer()

    clinic.clock.advance(seconds=1)
    clinic.tick()

    assert clinic.texts()[TextKind.NUDGE].state is MessageState.CANCELLED
    assert len(clinic.provider.records) == 1


def test_a_reminder_whose_receipt_was_lost_is_found_and_its_nudges_follow(clinic: Clinic) -> None:
    clinic.provider.lose_receipts()
    clinic.tick()
    assert TextKind.NUDGE not in clinic.texts()

    clinic.clock.now += SETTLE
    report = tick(clinic.courier)

    assert report.found == ReconcileReport(adopted=1)
    assert {TextKind.NUDGE, TextKind.LAST_NUDGE} <= clinic.texts().keys()
    assert json.loads(json.dumps(report.as_dict()))["found"]["adopted"] == 1
    assert len(clinic.provider.records) == 1


def test_what_a_patient_wrote_while_nobody_could_take_it_is_taken_up_and_answered(clinic: Clinic) -> None:
    clinic.tick()
    with unit_of_work(clinic.sessions) as session:
        patient = session.get_one(Patient, clinic.patient_id)
        text = InboundText(
            patient=patient,
            patient_id=patient.id,
            provider_id="SM" + "a" * 32,
            number_hash=patient.number_hash,
            received_at=clinic.clock(),
        )
        text.body = "STOP"
        session.add(text)

    report = tick(clinic.courier)

    assert report.received == 1
    assert report.texts.sent == 1, "one text confirms it"
    assert clinic.texts()[TextKind.NUDGE].state is MessageState.CANCELLED


def test_a_number_that_fails_raises_a_flag_at_once(clinic: Clinic) -> None:
    clinic.provider.faults.append((False, Refused("21614", RefusalKind.NUMBER)))
    clinic.tick()
    with clinic.sessions() as session:
        assert [kind.value for kind in session.scalars(sa.select(Flag.kind))] == ["unreachable"]


def test_texts_that_could_not_go_are_nobodys_missed_check_in(clinic: Clinic) -> None:
    clinic.provider.faults.extend([(False, ConnectionRefusedError())] * 10_000)
    for _ in range(9 * 24):
        clinic.tick()
        clinic.clock.advance(hours=1)
    with clinic.sessions() as session:
        ended = session.scalars(sa.select(CheckIn).where(CheckIn.closes_at < clinic.clock())).all()
        assert ended
        assert [each.missed_at for each in ended] == [None] * len(ended)
        assert session.scalars(sa.select(Flag.kind).where(Flag.kind == FlagKind.MISSED_CHECK_INS)).all() == []


def test_once_a_day_what_was_spent_more_than_a_year_ago_is_forgotten(clinic: Clinic) -> None:
    days = [clinic.clock().date() - timedelta(days=ago) for ago in (366, 800)]
    with unit_of_work(clinic.sessions) as session:
        session.add_all(SpendCounter(scope=SpendScope.SERVICE, key="texts", on=day, segments=1) for day in days)
    clinic.clock.advance(days=1)
    clinic.tick()
    with clinic.sessions() as session:
        kept = set(session.scalars(sa.select(SpendCounter.on)))
    assert kept & set(days) == {days[0]}


def test_texts_are_sent_here_or_handed_over_as_the_settings_say(settings: Settings, outbox: Outbox) -> None:
    assert make_dispatch(settings) is dispatch
    assert make_dispatch(settings.model_copy(update={"dispatcher": Dispatcher.DISTRIBUTED})) is not dispatch
    outbox.text()
    report = tick(replace(outbox.courier), send=lambda courier: DispatchReport(handed_over=1))
    assert (report.texts.handed_over, outbox.references) == (1, [])
