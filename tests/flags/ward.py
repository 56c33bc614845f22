"""One patient with the people around them, for tests about flags."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from monitor.checkins.models import MeasureState
from monitor.checkins.planning import open_episode
from monitor.db import Sessions, unit_of_work
from monitor.flags import service
from monitor.flags.facts import SafetyFacts
from monitor.flags.kinds import FlagKind, Outcome
from monitor.flags.models import Flag, FlagEvent
from monitor.ids import new_id
from monitor.people.absences import record_absence
from monitor.people.models import Role, StaffMember
from tests.builders import NOW, InCare, a_check_in, a_flag, a_patient, a_staff_member, a_team

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)


class Ward:
    """One patient, whose rules can be run at any moment."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions
        self.lead: UUID | None = None
        self.manager: UUID | None = None
        with unit_of_work(sessions) as session:
            team = a_team(session)
            self.care: InCare = a_patient(session, team, a_staff_member(session, team))

    def look(self, at: datetime = NOW, **told: Any) -> None:
        """Run the rules."""
        with unit_of_work(self.sessions) as session:
            episode = open_episode(session, self.care.patient.id)
            assert episode is not None
            service.evaluate(session, episode, now=at, **told)

    def stands(self, code: str = "phq9", **state: Any) -> None:
        """Set where a measure stands."""
        with unit_of_work(self.sessions) as session:
            state = {"baseline_at": NOW - 8 * WEEK, "last_at": NOW - DAY, "count": 4} | state
            session.merge(MeasureState(episode_id=self.care.episode.id, instrument=code, **state))

    def misses(self, at: datetime) -> UUID:
        """Let a check-in be missed at a moment; return it."""
        with unit_of_work(self.sessions) as session:
            return a_check_in(session, self.care, due_at=at - WEEK, missed_at=at).id

    def answers_item_9(self, answer: int, at: datetime = NOW, **more: Any) -> UUID:
        check_in_id = new_id()
        self.look(at, safety=SafetyFacts(answer=answer, **more), check_in_id=check_in_id)
        return check_in_id

    def does(self, act: Callable[[Session, Flag, StaffMember], Any]) -> None:
        """Let the clinician do something to the newest flag."""
        with unit_of_work(self.sessions) as session:
            flag = session.scalars(sa.select(Flag).order_by(Flag.opened_at.desc())).first()
            assert flag is not None
            act(session, flag, session.get_one(StaffMember, self.care.clinician.id))

    def closes(self, outcome: Outcome = Outcome.SPOKE, at: datetime = NOW + HOUR) -> None:
        self.does(lambda session, flag, by: service.close(session, flag, by, outcome, "We spoke.", at))

    @property
    def flags(self) -> list[Flag]:
        """All of them, the oldest first."""
        with self.sessions() as session:
            found = sa.select(Flag).options(selectinload(Flag.events), selectinload(Flag.patient))
            return list(session.scalars(found.order_by(Flag.opened_at, Flag.id)))

    @property
    def flag(self) -> Flag:
        """The only one."""
        [flag] = self.flags
        return flag

    @property
    def kinds(self) -> list[FlagKind]:
        return [flag.kind for flag in self.flags]

    # ---- more people than the clinician ----

    def joins(self, name: str, role: Role = Role.CLINICIAN, *, in_team: bool = True) -> UUID:
        """Let somebody else work here; return them."""
        with unit_of_work(self.sessions) as session:
            team = self.care.team if in_team else None
            return a_staff_member(session, team, f"{name.lower()}@example.org", name=name, role=role).id

    def is_away(
        self, who: UUID, cover: UUID, from_at: datetime = NOW - timedelta(days=1), until_at: datetime = NOW + WEEK
    ) -> None:
        """Let somebody be away, with a colleague standing in."""
        with unit_of_work(self.sessions) as session:
            away, stands_in = (session.get_one(StaffMember, each) for each in (who, cover))
            record_absence(session, away, from_at, until_at, stands_in, stands_in, NOW - timedelta(days=1))

    def has(self, kind: FlagKind, **values: Any) -> UUID:
        """Let there be an open flag; return it."""
        with unit_of_work(self.sessions) as session:
            flag = a_flag(self.care, kind, **values)
            session.add(flag)
            return flag.id

    def run(self, act: Callable[..., Any], *arguments: Any) -> Any:
        """Do something in a commit of its own."""
        with unit_of_work(self.sessions) as session:
            return act(session, *arguments)

    def events(self, *kinds: str) -> list[FlagEvent]:
        """What happened to flags, of some kinds or all, in order."""
        with self.sessions() as session:
            found = session.scalars(sa.select(FlagEvent).order_by(FlagEvent.at, FlagEvent.id))
            return [event for event in found if not kinds or event.kind in kinds]
