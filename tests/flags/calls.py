"""Patients of the North team who are to be rung, and those who ring, for tests about calls."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.access import Viewer
from monitor.care.models import Appointment, Episode
from monitor.checkins.call_models import Call, CallOutcome
from monitor.db import Sessions, unit_of_work
from monitor.flags import outreach
from monitor.flags.facts import Evidence, Finding
from monitor.flags.kinds import EvidenceCode, FlagKind, Rule, Severity
from monitor.flags.models import Flag
from monitor.flags.outreach import CallToMake, Recorded
from monitor.flags.service import raise_flags
from monitor.people.models import Channel, Party, Patient, Role
from monitor.people.service import prefer
from tests.builders import NOW, InCare, a_flag, a_patient, a_staff_member, a_team

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
QUIET = Finding(
    FlagKind.RELAPSE_SIGNAL, Rule.W5, Severity.HIGH, (Evidence(EvidenceCode.QUIET_AFTER_STEP_DOWN, {"count": 2}),)
)
SIGN = Finding(
    FlagKind.RELAPSE_SIGNAL,
    Rule.W1,
    Severity.HIGH,
    (Evidence(EvidenceCode.SIGN_NOTICED, {"signs": 1, "by": "page", "on": "2026-11-23"}),),
)


class Ringing:
    """The North team: Maren is accountable, Cora is its coordinator. The South team has Sven."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions, self.count = sessions, 0
        with unit_of_work(sessions) as session:
            self.team, self.other = a_team(session), a_team(session, "South team")
            self.maren = a_staff_member(session, self.team)
            self.cora = a_staff_member(session, self.team, "cora@example.org", name="Cora Bell", role=Role.COORDINATOR)
            self.sven = a_staff_member(session, self.other, "sven@example.org", name="Sven Lund")

    def patient(self, name: str = "Noor", *, here: bool = True, by: Channel = Channel.TEXT, **values: Any) -> InCare:
        """A patient, asked by a channel."""
        self.count += 1
        with unit_of_work(self.sessions) as session:
            team, owner = (self.team, self.maren) if here else (self.other, self.sven)
            care = a_patient(session, team, owner, name=name, number=f"+4477009{self.count:05}", **values)
            if by is not Channel.TEXT:
                at = care.episode.opened_at + HOUR
                terms = {"weekday": 0, "at": NOW.time(), "set_by": Party.STAFF, "now": at}
                prefer(session, care.patient, channel=by, **terms)
            return care

    def flag(self, care: InCare, kind: FlagKind, **values: Any) -> UUID:
        with unit_of_work(self.sessions) as session:
            flag = a_flag(care, kind, **values)
            session.add(flag)
            return flag.id

    def find(self, care: InCare, *found: Finding, at: datetime = NOW) -> None:
        """Let the rules have found something."""
        with unit_of_work(self.sessions) as session:
            raise_flags(session, session.get_one(Episode, care.episode.id), found, now=at)

    def misses_appointment(self, care: InCare, at: datetime) -> None:
        with unit_of_work(self.sessions) as session:
            session.add(Appointment(episode_id=care.episode.id, starts_at=at, missed_at=at + HOUR))

    def rings(self, care: InCare, outcome: CallOutcome, at: datetime = NOW, by: Any = None, **more: Any) -> Recorded:
        with unit_of_work(self.sessions) as session:
            episode = session.get_one(Episode, care.episode.id)
            return outreach.record_call(session, episode, outcome, by=(by or self.cora).id, now=at, **more)

    def to_ring(self, at: datetime = NOW, who: Any = None) -> list[CallToMake]:
        with self.sessions() as session:
            return list(outreach.calls_to_make(session, self.viewer(who or self.maren), at))

    def entry(self, at: datetime = NOW) -> CallToMake:
        """The only one."""
        [found] = self.to_ring(at)
        return found

    def viewer(self, member: Any) -> Viewer:
        team = self.other if member is self.sven else self.team
        return Viewer(member.id, member.id, member.role, (team.id,), "en", member.name, "token")

    def flags(self, care: InCare) -> dict[FlagKind, Flag]:
        with self.sessions() as session:
            found = session.scalars(sa.select(Flag).where(Flag.episode_id == care.episode.id))
            return {flag.kind: flag for flag in found}

    def calls(self, care: InCare) -> list[Call]:
        with self.sessions() as session:
            found = sa.select(Call).where(Call.episode_id == care.episode.id).order_by(Call.at)
            return list(session.scalars(found))

    def do(self, care: InCare, act: Any) -> Any:
        """Do something to a patient in a commit of its own."""
        with unit_of_work(self.sessions) as session:
            return act(session, session.get_one(Patient, care.patient.id))


def attempts(session: Session, flag_id: UUID) -> list[str | None]:
    """What was tried on a flag."""
    flag = session.get_one(Flag, flag_id)
    return [event.outcome for event in flag.events if event.kind == "attempt"]
