"""A patient whose review is due, and what a clinician decides about them."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.care.kinds import DeviationReason, Preference, ReviewKind, Step
from monitor.care.models import Appointment, Episode, StepAssignment
from monitor.checkins.models import CheckIn, Mode
from monitor.checkins.service import Delivery
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag
from monitor.ids import new_id
from monitor.people.models import Role, StaffMember
from monitor.reviews.kinds import Decision
from monitor.reviews.models import Review
from monitor.reviews.seen import Seen, seen
from monitor.reviews.service import Wanted, decide
from monitor.workflows import complete_check_in
from tests.builders import NOW, InCare, a_check_in, a_patient, a_staff_member, a_team, answers
from tests.plans import guardrails_met

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
WHY = "Same course, and she wants to go on."

GO_ON = Wanted(
    Decision.CONTINUE,
    WHY,
    next_review_on=(NOW + 14 * DAY).date(),
    preference=Preference.AS_PROPOSED,
    understood=True,
)
STEP_UP = Wanted(Decision.STEP_UP, "No better after eight weeks of this.", to_step=Step.MIDDLE)
DEPARTING = DeviationReason.CLINICAL_JUDGEMENT


class Ward:
    """One team with two clinicians and a supervisor, and one patient on a step."""

    def __init__(self, sessions: Sessions, settings: Settings, step: Step = Step.TWO) -> None:
        self.sessions, self.settings = sessions, settings
        with unit_of_work(sessions) as session:
            team = a_team(session)
            self.clinician = a_staff_member(session, team)
            self.other = a_staff_member(session, team, "daniel@example.org", name="Daniel Hoxha")
            a_staff_member(session, team, "sofia@example.org", name="Sofia Lindqvist", role=Role.SUPERVISOR)
            self.care: InCare = a_patient(session, team, self.clinician, step=step)
            self.episode_id = self.care.episode.id

    def answers(self, phq9: int, gad7: int, item9: int = 0, at: datetime = NOW) -> None:
        """Let a check-in be answered at a moment."""
        with unit_of_work(self.sessions) as session:
            check_in = a_check_in(session, self.care, due_at=at - HOUR)
            check_in = session.get_one(CheckIn, check_in.id)
            delivery = Delivery(key=new_id(), language="en", mode=Mode.LINK, known_device=True, note=None)
            complete_check_in(session, check_in, answers(phq9, gad7, item9), delivery, settings=self.settings, now=at)

    def misses(self, at: datetime) -> None:
        """Let a check-in go by unanswered."""
        with unit_of_work(self.sessions) as session:
            a_check_in(session, self.care, due_at=at - WEEK, missed_at=at)

    def review_is(self, at: datetime, kind: ReviewKind = ReviewKind.ROUTINE) -> None:
        """Set the date of the next review."""
        with unit_of_work(self.sessions) as session:
            episode = session.get_one(Episode, self.episode_id)
            episode.next_review_at, episode.next_review_kind = at, kind

    def agrees(self, starts_at: datetime, attended_at: datetime | None = None) -> Appointment:
        """Agree an appointment."""
        with unit_of_work(self.sessions) as session:
            appointment = Appointment(episode_id=self.episode_id, starts_at=starts_at, attended_at=attended_at)
            session.add(appointment)
            session.flush()
            return appointment

    def reads(self) -> Seen:
        """What a page about the patient shows now."""
        with self.sessions() as session:
            return seen(session, session.get_one(Episode, self.episode_id))

    def decides(
        self,
        wanted: Wanted = GO_ON,
        *,
        at: datetime = NOW,
        by: StaffMember | None = None,
        read_to: Seen | None = None,
        **changed: Any,
    ) -> Review:
        """Let a clinician decide on what the page shows now, unless they read it earlier."""
        read_to = read_to or self.reads()
        with unit_of_work(self.sessions) as session:
            member = session.get_one(StaffMember, (by or self.clinician).id)
            return decide(session, self.episode_id, replace(wanted, **changed), by=member, now=at, read_to=read_to)

    def meets_the_guardrails(self, at: datetime = NOW, **plan: Any) -> None:
        """Let everything stand that help owes before it becomes less."""
        with unit_of_work(self.sessions) as session:
            guardrails_met(session, self.care, at, **plan)

    @property
    def episode(self) -> Episode:
        """The episode as it stands."""
        with self.sessions() as session:
            found = sa.select(Episode).where(Episode.id == self.episode_id)
            return session.scalars(found.options(joinedload(Episode.steps))).unique().one()

    @property
    def steps(self) -> list[StepAssignment]:
        """Every step that was assigned, oldest first."""
        return self.episode.steps

    def flags(self, kind: FlagKind | None = None) -> list[Flag]:
        """Its flags, of one kind or all."""
        with self.sessions() as session:
            found = sa.select(Flag).where(Flag.episode_id == self.episode_id).order_by(Flag.opened_at)
            if kind:
                found = found.where(Flag.kind == kind)
            return list(session.scalars(found.options(joinedload(Flag.patient))))

    def reviews(self) -> list[Review]:
        """Every review, oldest first."""
        with self.sessions() as session:
            found = sa.select(Review).where(Review.episode_id == self.episode_id).order_by(Review.done_at)
            return list(session.scalars(found.options(joinedload(Review.patient))))

    def within(self, session: Session) -> Episode:
        """The episode in a session of the test's own."""
        return session.get_one(Episode, self.episode_id)
