"""The same service with what may happen around stepping down: plans, guardrails, ways back, the middle step, calls."""

from collections.abc import Callable, Mapping
from datetime import time, timedelta
from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.care.kinds import DeviationReason, MiddleReason, Preference, RequestEnd, Step
from monitor.care.middle_slots import HasASlot, NoSuchSlot, SlotTaken, booking_of, set_slots, slots
from monitor.care.middle_step import AlreadyWaiting, CannotBeAsked, NobodyWaits, ask, end_request, request_of
from monitor.care.models import Episode
from monitor.care.pathways import shipped
from monitor.checkins.call_models import CallOutcome
from monitor.checkins.enrolment import ask_by_phone
from monitor.checkins.models import CheckIn
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags import outreach
from monitor.flags.service import EvidenceSince
from monitor.people.models import CareTeam, Role, StaffMember
from monitor.relapse import plans
from monitor.relapse.content import Person, Sign, StayingWell
from monitor.relapse.guardrails import ActRefused, confirm, countersign, let_go, withdraw
from monitor.relapse.kinds import Given, Guardrail, GuardrailAct, How, PlanKind
from monitor.relapse.models import GuardrailRecord
from monitor.relapse.plan_rules import Written
from monitor.relapse.reentry import NotSteppedDown, come_back
from monitor.relapse.watching import notice_sign, watched_signs
from monitor.reviews import bursts
from monitor.reviews import service as reviews
from monitor.reviews.kinds import Decision
from monitor.reviews.seen import seen
from tests.aftercare_invariants import CANARY
from tests.any_service import DAY, REFUSALS, STEPS, AnyService
from tests.builders import a_staff_member
from tests.newcomers import PATHWAY
from tests.plans import meet_guardrails

WAYS_BACK = (Step.ONE, Step.TWO, Step.MIDDLE, Step.THREE)
SIGNS = (Sign(words=f"I stop sleeping, {CANARY}"), Sign(words=f"I stop answering, {CANARY}"))
CONTENT = StayingWell(
    helped=f"The walk along the {CANARY}",
    first_sign=f"Tell the {CANARY}",
    people=(Person(name=f"Ana {CANARY}"),),
    number="+441632960123",
    hours=f"Monday to Friday, {CANARY}",
)
MORE_REFUSALS = (
    plans.PlanRefused,
    plans.CareHasEnded,
    ActRefused,
    NotSteppedDown,
    CannotBeAsked,
    AlreadyWaiting,
    NobodyWaits,
    HasASlot,
    NoSuchSlot,
    SlotTaken,
    bursts.BurstRefused,
    bursts.NoBurst,
    bursts.NotAClinician,
    bursts.AlreadyLengthened,
    outreach.CareHasEnded,
    outreach.WordsOwed,
    outreach.WhenOwed,
    EvidenceSince,
)


class AnyAftercare(AnyService):
    """A service in which people step down, with everything seen to or not, and come back."""

    refusals: ClassVar[tuple[type[Exception], ...]] = (*REFUSALS, *MORE_REFUSALS)

    def __init__(self, sessions: Sessions, settings: Settings, seed: int) -> None:
        super().__init__(sessions, settings, seed)
        with unit_of_work(sessions) as session:
            team = session.get_one(CareTeam, self.team.id)
            self.other_lead = a_staff_member(session, team, "other@example.org", name="Other", role=Role.SUPERVISOR)
            set_slots(session, team, protected=1, open_to_all=0, now=self.now)

    def may_happen(self) -> Mapping[Callable[[Any, Session], None], float]:
        rest = {what: often / 4 for what, often in STEPS.items() if what not in (AnyService.wait, AnyService.answer)}
        return {**rest, **AFTERCARE}

    # ---- what patients do ----

    def notices(self, session: Session, check_in: CheckIn) -> dict[UUID, bool]:
        """Notice a sign, or see that there is none."""
        asked = watched_signs(session, check_in.episode_id)
        if asked:
            self._did("answer signs")
        return {sign.id: self.draw.random() < 0.4 for sign in asked}

    def notice(self, session: Session) -> None:
        """Say between two check-ins that a sign is there."""
        if notice_sign(session, self._episode(session), self.now, by="page"):
            self._did("notice")

    def come_back(self, session: Session) -> None:
        """Come back, once or twice."""
        episode, how = self._episode(session), self.draw.choice(list(How))
        taken_by = self._somebody(session).id if how is How.CALL else None
        first = come_back(session, episode, how, now=self.now, taken_by=taken_by)
        again = come_back(session, episode, How.PAGE, now=self.now)
        if again.id != first.id:
            raise AssertionError("coming back twice counted twice")
        self._did("come_back")

    # ---- what stands before help becomes less ----

    def plan(self, session: Session) -> None:
        """Write a plan, whole or not, and agree it if it may be."""
        episode, by = self._episode(session), self._somebody(session)
        lacks = self.draw.choice((None, None, "signs", "back_to", "owner_id", "review_on", "given", "content"))
        said: dict[str, Any] = {"owner_id": by.id, "back_to": self.draw.choice(WAYS_BACK), "wait_days": 5}
        said |= {"content": CONTENT, "signs": SIGNS, "given": Given.PHONE, "review_on": (self.now + 90 * DAY).date()}
        said |= {lacks: {"signs": SIGNS[:1], "content": StayingWell(helped=CANARY)}.get(lacks)} if lacks else {}
        before = plans.newest(session, episode.id, PlanKind.STAYING_WELL)
        plans.save_staying_well(
            session,
            episode,
            Written(language="en", **said),
            agree=self.draw.random() < 0.7,
            based_on_id=before.id if before else None,
            by=by.id,
            now=self.now,
        )
        self._did("plan")

    def guardrail(self, session: Session) -> None:
        """Confirm one, let it go, sign for that or take it back: whoever, and whatever may be."""
        episode, guardrail = self._episode(session), self.draw.choice(list(Guardrail))
        by = self._signing(session)
        act = self.draw.choice(list(GuardrailAct))
        words, now = "What was seen that day.", self.now
        match act:
            case GuardrailAct.CONFIRMED:
                confirm(session, episode, guardrail, words, by=by, now=now, on_date=now.date())
            case GuardrailAct.EXCEPTED:
                let_go(session, episode, guardrail, words, by=by, now=now)
            case GuardrailAct.COUNTERSIGNED:
                self._sign(session, episode, by)
            case GuardrailAct.WITHDRAWN:
                withdraw(session, episode, guardrail, by=by, now=now)
        self._did(f"guardrail {act}")

    def less_help(self, session: Session) -> None:
        """Decide for less help, with everything seen to, something let go, or nothing at all."""
        episode, by = self._episode(session), self._somebody(session)
        if episode.closed_at is not None:
            return
        seen_to = self.draw.random()
        if seen_to < 0.7:
            plan = {"content": CONTENT, "signs": SIGNS, "back_to": self.draw.choice(WAYS_BACK)}
            meet_guardrails(session, episode, by, self.now - timedelta(seconds=40), **plan)
        if seen_to < 0.3:
            guardrail, early = self.draw.choice((Guardrail.PRIMARY_CARE, Guardrail.LINKS)), timedelta(seconds=20)
            let_go(session, episode, guardrail, "It cannot be had here.", by=by, now=self.now - early)
            if self.draw.random() < 0.7:
                self._sign(session, episode, session.get_one(StaffMember, self.other_lead.id))
        wanted = reviews.Wanted(
            Decision.STEP_DOWN,
            "Two months well.",
            to_step=self.draw.choice((Step.STEPPED_DOWN, Step.STEPPED_DOWN, Step.ONE)),
            deviation_reason=DeviationReason.PREFERENCE,
            preference=Preference.LESS,
            understood=True,
        )
        down = reviews.decide(session, episode.id, wanted, by=by, now=self.now, read_to=seen(session, episode))
        self._did(f"less_help {down.to_step}")

    # ---- the middle step ----

    def wait_for_middle(self, session: Session) -> None:
        """Ask for the middle step, or end the wait for it."""
        episode, by = self._episode(session), self._somebody(session).id
        waits = request_of(session, episode.id)
        if waits is not None and self.draw.random() < 0.2:
            end_request(session, waits, RequestEnd.DECLINED, by=by, now=self.now)
            return
        reason = self.draw.choice(list(MiddleReason))
        ask(session, episode, (reason,), "Notice.", pathway=shipped(PATHWAY).pathway, by=by, now=self.now)
        self._did("wait_for_middle")

    def burst(self, session: Session) -> None:
        """Begin a burst, lengthen it, or borrow its slot and give it back: what the moment offers, whole or not."""
        episode, by = self._episode(session), self._somebody(session)
        slot, at, words = slots(session, (self.team.id,))[0].id, time(14), self.draw.choice(("Why.", "Why.", " "))
        held = booking_of(session, episode.id)
        if held is not None and held.is_borrowed:
            what = "give_back"
            bursts.give_back(session, episode, by=by, now=self.now)
        elif held is not None:
            what, weeks = "lengthen", self.draw.choice((8, 10, 12))
            bursts.lengthen(session, episode, weeks, words, at, by=by, now=self.now)
        elif request_of(session, episode.id) is not None:
            what, first = "begin", self.draw.choice(("", "Why now."))
            new = bursts.NewBurst(slot, 6, Step.TWO, words, (1, 4), at, first)
            bursts.begin(session, episode, new, by=by, now=self.now)
        else:
            what, until_on = "borrow", (self.now + self.draw.randint(-3, 30) * DAY).date()
            bursts.borrow(session, episode, slot, until_on, words, by=by, now=self.now)
        self._did(f"burst {what}")

    # ---- calls ----

    def call(self, session: Session) -> None:
        """Ring somebody, whatever comes of it."""
        outcome, by = self.draw.choice(list(CallOutcome)), self._somebody(session).id
        later = self.now + DAY if outcome is CallOutcome.CALL_LATER else None
        words = self.draw.choice(("We spoke.", None))
        outreach.record_call(session, self._episode(session), outcome, by=by, now=self.now, call_at=later, words=words)
        self._did("call")

    def ring_instead(self, session: Session) -> None:
        """Agree to ring, and to send no texts about check-ins."""
        patient = self._episode(session).patient
        ask_by_phone(session, patient, staff_member_id=self._somebody(session).id, now=self.now)
        self._did("ring_instead")

    def _signing(self, session: Session) -> StaffMember:
        return self.draw.choice([self._somebody(session), session.get_one(StaffMember, self.other_lead.id)])

    def _sign(self, session: Session, episode: Episode, by: StaffMember) -> None:
        let = sa.select(GuardrailRecord).where(
            GuardrailRecord.episode_id == episode.id, GuardrailRecord.act == GuardrailAct.EXCEPTED
        )
        newest = session.scalars(let.order_by(GuardrailRecord.at.desc(), GuardrailRecord.id.desc()).limit(1)).first()
        if newest is not None:
            countersign(session, episode, newest.guardrail, newest.id, by=by, now=self.now)


AFTERCARE: dict[Callable[[AnyAftercare, Session], None], int] = {
    AnyAftercare.wait: 7,
    AnyAftercare.answer: 9,
    AnyAftercare.less_help: 7,
    AnyAftercare.come_back: 4,
    AnyAftercare.notice: 2,
    AnyAftercare.plan: 3,
    AnyAftercare.guardrail: 4,
    AnyAftercare.wait_for_middle: 3,
    AnyAftercare.burst: 6,
    AnyAftercare.call: 4,
    AnyAftercare.ring_instead: 1,
}
"""What may happen besides, and how often."""
