"""Somebody who has stepped down with a plan, whose check-ins go through the real journeys, for tests."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from monitor import workflows
from monitor.care.models import Episode
from monitor.checkins.models import CheckIn, Mode
from monitor.checkins.planning import open_plan
from monitor.checkins.service import Delivery
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.kinds import Outcome
from monitor.flags.models import Flag, FlagEvent
from monitor.flags.service import close
from monitor.ids import new_id
from monitor.messaging.models import MessageState
from monitor.people.models import StaffMember
from monitor.relapse.models import WarningSign
from monitor.relapse.watching import notice_sign, watch, watched_signs
from tests.builders import NOW, InCare, a_check_in, a_patient, a_staff_member, a_team, a_text, answers
from tests.plans import an_agreed_plan, stepped_down

DAY, WEEK = timedelta(days=1), timedelta(days=7)
DOWN_AT = NOW - 7 * DAY


class Watched:
    """Noor, who stepped down a week ago with a PHQ-9 of 4 and a GAD-7 of 3."""

    def __init__(
        self, sessions: Sessions, settings: Settings, *, down: bool = True, plan: Any = None, **scores: Any
    ) -> None:
        self.sessions, self.settings, self.asked = sessions, settings, count(1)
        with unit_of_work(sessions) as session:
            team = a_team(session)
            self.care: InCare = a_patient(session, team, a_staff_member(session, team))
            if down:
                made = an_agreed_plan(session, self.care, DOWN_AT - DAY, **(plan or {}))
                stepped_down(session, self.care, made, at=DOWN_AT, **scores)

    def answers(
        self,
        phq9: int | None = 0,
        gad7: int | None = 0,
        *,
        at: datetime = NOW,
        noticed: dict[UUID, bool] | None = None,
        item9: int = 0,
    ) -> UUID:
        """Let a check-in be asked for and sent; return it."""
        with unit_of_work(self.sessions) as session:
            check_in = a_check_in(
                session, self.there(session), due_at=at - timedelta(hours=1), sequence=next(self.asked)
            )
            workflows.complete_check_in(
                session,
                check_in,
                answers(phq9, gad7, item9 if phq9 is not None else None),
                Delivery(new_id(), "en", Mode.LINK, known_device=True),
                noticed=noticed or {},
                settings=self.settings,
                now=at,
            )
            return check_in.id

    def misses(self, at: datetime) -> UUID:
        """Let a check-in whose text arrived close unanswered."""
        with unit_of_work(self.sessions) as session:
            check_in = a_check_in(session, self.there(session), due_at=at - WEEK, sequence=next(self.asked))
            text = a_text(self.care.patient.id, check_in.due_at, MessageState.DELIVERED, check_in_id=check_in.id)
            session.add(text)
            session.flush()
            workflows.close_overdue(session, check_in, at)
            return check_in.id

    def looks(self, at: datetime = NOW, **about: Any) -> list[str]:
        """Look once more, as the daily proof does; return the rules that find something."""
        with unit_of_work(self.sessions) as session:
            return [str(each.rule) for each in watch(session, self.there(session).episode, at, **about)]

    def notices(self, by: str = "page", at: datetime = NOW, **more: Any) -> bool:
        with unit_of_work(self.sessions) as session:
            return notice_sign(session, self.there(session).episode, at, by=by, **more)

    def closes(self, at: datetime, outcome: Outcome = Outcome.SPOKE) -> None:
        with unit_of_work(self.sessions) as session:
            flag = session.scalars(sa.select(Flag).where(Flag.closed_at.is_(None))).one()
            close(session, flag, session.get_one(StaffMember, self.care.clinician.id), outcome, "We spoke.", at)

    @property
    def signs(self) -> list[WarningSign]:
        with self.sessions() as session:
            return list(watched_signs(session, self.care.episode.id))

    @property
    def flags(self) -> list[Flag]:
        with self.sessions() as session:
            found = sa.select(Flag).options(selectinload(Flag.events)).order_by(Flag.opened_at, Flag.id)
            return list(session.scalars(found))

    @property
    def flag(self) -> Flag:
        """The only one."""
        (flag,) = self.flags
        return flag

    @property
    def said(self) -> list[str]:
        """The rules by which anything was ever raised, in order."""
        with self.sessions() as session:
            events = session.scalars(
                sa.select(FlagEvent).where(FlagEvent.rule.is_not(None)).order_by(FlagEvent.at, FlagEvent.rule)
            )
            return [event.rule or "" for event in events]

    def check_in(self, check_in_id: UUID) -> CheckIn:
        with self.sessions() as session:
            return session.get_one(CheckIn, check_in_id)

    def there(self, session: Session) -> InCare:
        """The same in a session of its own."""
        return care_of(session, self.care.episode.id)


def care_of(session: Session, episode_id: UUID) -> InCare:
    """Return who is in an episode, with whoever answers for it as the clinician."""
    episode = session.get_one(Episode, episode_id)
    plan = open_plan(session, episode_id)
    assert plan is not None
    assert episode.accountable is not None
    return InCare(episode.patient, episode, plan, episode.care_team, episode.accountable)
