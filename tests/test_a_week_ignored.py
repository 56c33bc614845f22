"""A safety answer that everybody ignores for a week: it gets louder at each stage and is never gone."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from monitor import workflows
from monitor.checkins.models import Mode
from monitor.checkins.service import Delivery, find_open
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags import service as flags
from monitor.flags.kinds import FlagKind, Outcome, Reached, Severity
from monitor.flags.models import Flag, FlagEvent, FlagEventKind
from monitor.flags.notice_models import Notice, NoticeKind
from monitor.ids import new_id
from monitor.messaging.gateway import RecordingGateway
from monitor.people.models import Role, StaffMember
from monitor.worker import make_courier, tick
from tests.builders import NOW, a_check_in, a_patient, a_staff_member, a_team, answers, token_of

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
EVENING = NOW.replace(hour=19)
"""A Tuesday, two hours after the service has closed."""


class Service:
    """A team with a clinician, a lead and a manager, none of whom looks at anything."""

    def __init__(self, sessions: Sessions, settings: Settings) -> None:
        self.sessions, self.settings, self.now = sessions, settings, EVENING
        self.courier = make_courier(settings, sessions, lambda: self.now, RecordingGateway())
        with unit_of_work(sessions) as session:
            team = a_team(session, covered=False)
            clinician = a_staff_member(session, team)
            self.clinician = clinician.id
            self.lead = a_staff_member(session, team, "ines@example.org", name="Ines", role=Role.SUPERVISOR).id
            self.manager = a_staff_member(session, team, "mia@example.org", name="Mia", role=Role.MANAGER).id
            care = a_patient(session, team, clinician)
            first = a_check_in(session, care, due_at=EVENING - HOUR)
            self.first = token_of(first)
            self.second = token_of(a_check_in(session, care, due_at=EVENING + 3 * DAY, sequence=2))

    def answers_item_9(self, token: str, answer: int) -> None:
        with unit_of_work(self.sessions) as session:
            check_in = find_open(session, token, self.now)
            assert check_in is not None
            delivery = Delivery(new_id(), "en", Mode.LINK, known_device=False)
            given = answers(phq9=12, gad7=4, item9=answer)
            workflows.complete_check_in(session, check_in, given, delivery, settings=self.settings, now=self.now)
        self.now += MINUTE
        tick(self.courier)

    def until(self, end: datetime) -> Iterator[Flag]:
        """Let the clock tick each hour and when the flag's time is up; give the flag as it stands after each."""
        while self.now < end:
            at = self.flag.escalate_at
            self.now = min(self.now + HOUR, at) if at is not None and at > self.now else self.now + HOUR
            tick(self.courier)
            yield self.flag

    @property
    def flag(self) -> Flag:
        with self.sessions() as session:
            return session.scalars(sa.select(Flag).where(Flag.kind == FlagKind.SAFETY)).one()

    def escalations(self) -> list[tuple[datetime, str | None]]:
        with self.sessions() as session:
            events = sa.select(FlagEvent).where(FlagEvent.kind == FlagEventKind.ESCALATED).order_by(FlagEvent.at)
            return [(event.at, event.outcome) for event in session.scalars(events)]

    def notices(self) -> list[Notice]:
        with self.sessions() as session:
            found = sa.select(Notice).where(Notice.kind != NoticeKind.DIGEST).order_by(Notice.created_at, Notice.id)
            return list(session.scalars(found))


def test_a_safety_answer_that_is_ignored_for_a_week_gets_louder_and_never_goes(
    sessions: Sessions, settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    service = Service(sessions, settings)
    service.answers_item_9(service.first, 2)
    opened = service.flag
    assert (opened.owner_id, opened.escalation) == (service.clinician, 0)
    assert opened.due_at == NOW.replace(hour=13) + DAY, "four open hours of the next morning"

    seen = [opened]
    seen += service.until(EVENING + 3 * DAY)
    before = service.flag
    answered_again = service.now
    service.answers_item_9(service.second, 3)
    joined = service.flag
    assert joined.due_at == before.due_at, "a clock that has run out is not wound up again"
    assert joined.escalate_at is not None
    assert joined.escalate_at <= service.now + 4 * HOUR, "what is new does not wait for the next working day"
    seen += service.until(EVENING + 7 * DAY)

    # never gone, never asleep, never less
    assert {flag.id for flag in seen} == {opened.id}
    for flag in seen:
        assert (flag.closed_at, flag.snoozed_until, flag.severity) == (None, None, Severity.URGENT)
        assert flag.due_at <= opened.due_at
    assert [flag.escalation for flag in seen] == sorted(flag.escalation for flag in seen)
    # louder at each stage, in the order of the stages
    reached = [outcome for _, outcome in service.escalations()]
    assert reached[:3] == [Reached.LEAD, Reached.MANAGER, Reached.BOTH]
    assert set(reached[2:]) == {Reached.BOTH}
    assert len(reached) == service.flag.escalation >= 5
    assert service.escalations()[0][0] == opened.due_at
    assert service.escalations()[1][0] == opened.due_at + 4 * HOUR
    # the lead has it from the first stage on
    owners = [flag.owner_id for flag in seen]
    assert set(owners) == {service.clinician, service.lead}
    assert owners == sorted(owners, key=lambda owner: owner == service.lead)
    # and everybody was told, each time, at once
    told = service.notices()
    assert [each.staff_member_id for each in told[:3]] == [service.clinician, service.lead, service.manager]
    waits = [(each.staff_member_id, each.created_at) for each in told if each.kind is NoticeKind.FLAG_WAITS]
    assert waits == [(service.clinician, EVENING), (service.lead, answered_again)], "the worse answer is told at once"
    overdue = [each for each in told if each.kind is NoticeKind.FLAG_OVERDUE]
    assert len(overdue) == 2 + 2 * (len(reached) - 2)
    assert all(each.sent_at is not None and each.sent_at - each.created_at <= MINUTE for each in told)
    # none of it says about whom
    assert "Noor" not in capfd.readouterr().out


def test_somebody_who_acts_stops_it(sessions: Sessions, settings: Settings) -> None:
    """The same answer, and the clinician speaks with the patient the next morning."""
    service = Service(sessions, settings)
    service.answers_item_9(service.first, 2)
    [*_, flag] = service.until(NOW + DAY)
    with unit_of_work(sessions) as session:
        by = session.get_one(StaffMember, service.clinician)
        flags.close(session, session.get_one(Flag, flag.id), by, Outcome.SPOKE, "We spoke.", service.now)

    list(service.until(NOW + 2 * DAY))

    assert service.escalations() == []
    assert [each.staff_member_id for each in service.notices()] == [service.clinician]
