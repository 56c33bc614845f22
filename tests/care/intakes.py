"""Intakes for tests: what was found, the form that is filled in well, and a team that holds them."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.care import intake
from monitor.care.intake import NewIntake
from monitor.care.intake_facts import IntakeFacts, SafetyFacts
from monitor.care.intake_kinds import SelfSafety
from monitor.care.intake_models import Intake
from monitor.care.kinds import Preference, Step
from monitor.care.models import Episode
from monitor.care.pathways import for_decision
from monitor.checkins.known import known_of
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.workflows import assign_step
from tests.builders import NOW, InCare, a_patient, a_staff_member, a_team
from tests.staff_browser import Browser, StaffApp

SAFE = SafetyFacts(plan_or_attempt=False, able_to_keep_safe=SelfSafety.YES, item9=0)
WELL_ASKED = {"severe_mental_illness": False, "complex": False, "unmet_needs": frozenset(), "pc_ptsd5": 0}
MODERATE = IntakeFacts(phq9=12, gad7=9, wsas=14, safety=SAFE, **WELL_ASKED)
"""Points to step 2."""
MORE_SEVERE = IntakeFacts(phq9=18, gad7=13, wsas=19, safety=SAFE, **WELL_ASKED)
"""Points to step 3, and to step 2 besides."""


class Clinic:
    """Maren and Sven of one team, Noor who waits for an intake, and Maren's browser."""

    def __init__(self, sessions: Sessions, settings: Settings, *, pathway: str = "common_mental_health") -> None:
        self.sessions = sessions
        with unit_of_work(sessions) as session:
            self.team, self.other = a_team(session), a_team(session, "South team")
            self.maren = a_staff_member(session, self.team)
            self.sven = a_staff_member(session, self.team, "sven@example.org", name="Sven Lund")
            self.stranger = a_staff_member(session, self.other, "ola@example.org", name="Ola Berg")
            self.noor = self.waits(session, pathway=pathway)
        self.app = StaffApp(settings, sessions)
        self.browser: Browser = self.app.browser("maren@example.org")
        self.path = f"/patients/{self.noor.patient.id}/intake"

    def waits(self, session: Session, *, pathway: str = "common_mental_health", **values: Any) -> InCare:
        """Somebody who stands on the lightest step of a pathway from now on, without an intake."""
        rules = for_decision(session, pathway, NOW)
        values = {"opened_at": NOW, "step": intake.lightest(rules.pathway), "every_weeks": 4} | values
        care = a_patient(session, self.team, self.maren, **values)
        care.episode.pathway = pathway
        session.flush()
        return care

    def fields(self, **changed: Any) -> dict[str, Any]:
        """A form that is filled in well for step 2, but for what is changed."""
        return {
            "read_to": self.mark(),
            "phq9": "12",
            "gad7": "9",
            "wsas": "14",
            "pc_ptsd5": "0",
            "item9": "0",
            "plan_or_attempt": "no",
            "able_to_keep_safe": "yes",
            "severe_mental_illness": "no",
            "complex": "no",
            "earlier_low_intensity_failed": "no",
            "needs_asked": "yes",
            "history_words": "Ran every morning, which helped.",
            "preference": "as_proposed",
            "referred_on": NOW.date().isoformat(),
            "step": "two",
            "reason": "Agreed with her.",
            "accountable": str(self.maren.id),
            "cadence": "step",
            "understood": "yes",
            **changed,
        }

    def mark(self) -> str:
        """What the page shows now, as its form carries it."""
        with self.sessions() as session:
            return known_of(session, session.get_one(Episode, self.noor.episode.id)).mark

    def new(self, facts: IntakeFacts = MODERATE, step: Step = Step.TWO, **changed: Any) -> NewIntake:
        """An intake that assigns a step, but for what is changed."""
        values = {"referred_on": NOW.date(), "preference": Preference.AS_PROPOSED, "understood": True}
        values |= {"reason": "Agreed.", "deviation": None, "accountable_id": self.maren.id}
        return NewIntake(facts=facts, step=step, **values | changed)

    def hold(self, new: NewIntake, *, by: UUID | None = None) -> None:
        """Assign a step as the page does."""
        mark = self.mark()
        with unit_of_work(self.sessions) as session:
            episode = session.get_one(Episode, self.noor.episode.id)
            assign_step(session, episode, new, mark=mark, every_weeks=1, by=by or self.maren.id, now=self.app.now)

    def episode(self, session: Session) -> Episode:
        """Noor's episode as the database has it."""
        return session.get_one(Episode, self.noor.episode.id)

    def intakes(self) -> list[Intake]:
        """Every intake that was kept."""
        with self.sessions() as session:
            return list(session.scalars(sa.select(Intake).order_by(Intake.at)))
