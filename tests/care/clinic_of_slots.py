"""A team with slots of the middle step and patients who wait for one. Everybody here is invented."""

from collections.abc import Collection
from datetime import datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from monitor.care.kinds import MiddleReason, Step
from monitor.care.middle_models import MiddleSlot, SlotBooking, StepRequest
from monitor.care.middle_slots import booking_of, set_slots, slots
from monitor.care.middle_step import ask, request_of
from monitor.care.models import Episode
from monitor.care.pathways import in_force
from monitor.db import Sessions, unit_of_work
from monitor.people.models import CareTeam, Role, StaffMember
from monitor.reviews.bursts import NewBurst, begin
from tests.builders import NOW, InCare, a_patient, a_staff_member, a_team

WHY = "Notice to leave her flat, and nobody to help."
OUT = "Back to guided self-help once the flat is settled."
TUESDAY_AND_FRIDAY = (1, 4)


class Clinic:
    """One team: a clinician, a coordinator, so many protected and open slots."""

    def __init__(self, sessions: Sessions, *, protected: int = 1, open_to_all: int = 1) -> None:
        self.sessions = sessions
        with unit_of_work(sessions) as session:
            self.team = a_team(session)
            self.maren = a_staff_member(session, self.team)
            self.ines = a_staff_member(
                session, self.team, "ines@example.org", name="Inês Carvalho", role=Role.COORDINATOR
            )
            set_slots(session, self.team, protected=protected, open_to_all=open_to_all, now=NOW)
        self.people = 0

    def patient(self, name: str = "Oksana", step: Step = Step.TWO, **values: Any) -> InCare:
        """Somebody in the team's care."""
        self.people += 1
        with unit_of_work(self.sessions) as session:
            number = f"+4477009001{self.people:02}"
            return a_patient(session, self.team, self.maren, name=name, number=number, step=step, **values)

    def waits(
        self,
        name: str = "Oksana",
        *reasons: MiddleReason,
        at: datetime = NOW,
        step: Step = Step.TWO,
        **values: Any,
    ) -> InCare:
        """Somebody for whom the coordinator has asked."""
        care = self.patient(name, step, **values)
        self.asks(care, reasons or (MiddleReason.COORDINATOR_REQUEST,), at)
        return care

    def asks(
        self, care: InCare, reasons: Collection[MiddleReason], at: datetime = NOW, words: str = WHY
    ) -> StepRequest:
        """Let the coordinator ask for somebody."""
        with unit_of_work(self.sessions) as session:
            episode = session.get_one(Episode, care.episode.id)
            pathway = in_force(session, episode.pathway).pathway
            return ask(session, episode, reasons, words, pathway=pathway, by=self.ines.id, now=at)

    def slots(self) -> list[MiddleSlot]:
        """The team's slots, by number."""
        with self.sessions() as session:
            return list(slots(session, (self.team.id,)))

    def set_slots(self, protected: int, open_to_all: int, at: datetime = NOW) -> list[tuple[int, bool]]:
        """Say how many slots there are; return them as they stand then."""
        with unit_of_work(self.sessions) as session:
            team = session.get_one(CareTeam, self.team.id)
            set_slots(session, team, protected=protected, open_to_all=open_to_all, now=at)
        return [(each.number, each.is_protected) for each in self.slots()]

    def a_burst(self, slot: int = 1, **values: Any) -> NewBurst:
        """A burst of six weeks, on Tuesdays and Fridays at 14:00."""
        return NewBurst(
            **{
                "slot_id": self.slots()[slot - 1].id,
                "weeks": 6,
                "exit_step": Step.TWO,
                "words": OUT,
                "days": TUESDAY_AND_FRIDAY,
                "at": time(14),
                **values,
            }
        )

    def begins(
        self, care: InCare, slot: int = 1, *, now: datetime = NOW, by: StaffMember | None = None, **values: Any
    ) -> SlotBooking:
        """Let somebody's burst begin."""
        new = self.a_burst(slot, **values)
        with unit_of_work(self.sessions) as session:
            member = session.get_one(StaffMember, (by or self.ines).id)
            return begin(session, session.get_one(Episode, care.episode.id), new, by=member, now=now)

    def holder(self, care: InCare) -> SlotBooking | None:
        """The slot that somebody has."""
        with self.sessions() as session:
            return booking_of(session, care.episode.id)

    def wait_of(self, care: InCare) -> StepRequest | None:
        """The open request for somebody."""
        with self.sessions() as session:
            return request_of(session, care.episode.id)

    def request(self, request_id: UUID) -> StepRequest:
        """A request as it stands."""
        with self.sessions() as session:
            found = session.get_one(StepRequest, request_id)
            session.refresh(found, ["patient"])
            return found

    def episode(self, care: InCare, session: Session) -> Episode:
        """Somebody's episode in a session of the test's own."""
        return session.get_one(Episode, care.episode.id)
