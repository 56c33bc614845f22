"""One team, two patients, one clock, and whatever may happen to them, drawn at random: by the real services."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from random import Random
from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor import workflows
from monitor.care.handing_over import HandedOverMeanwhile, NothingToHandOver, Words
from monitor.care.handoffs import CannotTakeOver
from monitor.care.intake import IntakeRefused, NewIntake, steps_to_begin_with
from monitor.care.intake_facts import IntakeFacts
from monitor.care.kinds import DeviationReason, HandoffReason, Preference, Step
from monitor.care.models import Appointment, AppointmentState, Episode
from monitor.care.pathways import shipped
from monitor.checkins.enrolment import enrol_patient
from monitor.checkins.known import known_of
from monitor.checkins.models import CheckIn, Mode
from monitor.checkins.service import Delivery
from monitor.config import Settings
from monitor.db import Sessions, unit_of_work
from monitor.flags import appointments
from monitor.flags import service as flags
from monitor.flags.departures import WorkLeft, leave
from monitor.flags.handing_over import Shown, hand_over_patient
from monitor.flags.kinds import NEVER_SNOOZED, AttemptOutcome, FlagKind, Outcome
from monitor.flags.models import Flag, FlagEvent
from monitor.flags.wishes import Wish
from monitor.ids import new_id
from monitor.messaging.gateway import RecordingGateway
from monitor.people.absences import CoverNotPossible, record_absence
from monitor.people.models import Party, Role, StaffMember
from monitor.reviews import service as reviews
from monitor.reviews.kinds import Decision
from monitor.reviews.seen import seen
from monitor.worker import make_courier, tick
from tests.builders import NOW, a_staff_member, a_team, answers
from tests.newcomers import PATHWAY, a_newcomer
from tests.plans import meet_guardrails

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
CARERS = (("a", Role.CLINICIAN), ("b", Role.CLINICIAN), ("c", Role.CLINICIAN), ("d", Role.COORDINATOR))
WORDS = ("What was said that day.",) * 4 + (" ",)
"""What people write, and now and then do not."""
REFUSALS = (
    IntakeRefused,
    CannotTakeOver,
    NothingToHandOver,
    HandedOverMeanwhile,
    CoverNotPossible,
    WorkLeft,
    reviews.DecisionRefused,
    flags.SnoozeNotAllowed,
    flags.OutcomeNotAllowed,
    flags.UndoNotAllowed,
)


class AnyService:
    """What happens next is drawn from a seed, so that what once went wrong goes wrong again."""

    refusals: ClassVar[tuple[type[Exception], ...]] = REFUSALS

    def __init__(self, sessions: Sessions, settings: Settings, seed: int) -> None:
        self.sessions, self.settings, self.draw = sessions, settings, Random(seed)  # noqa: S311
        self.now = NOW
        self.told: list[str] = []
        """What has happened, in order."""
        self.done: Counter[str] = Counter()
        """How often each thing was done and not refused."""
        self.settled: set[UUID] = set()
        """The safety flags that somebody has closed."""
        with unit_of_work(sessions) as session:
            self.team = a_team(session)
            self.staff = [
                a_staff_member(session, self.team, f"{name}@example.org", name=name.upper(), role=role)
                for name, role in CARERS
            ]
            a_staff_member(session, self.team, "lead@example.org", name="Lead", role=Role.SUPERVISOR)
            a_staff_member(session, self.team, "manager@example.org", name="Manager", role=Role.MANAGER)
            patients = [
                enrol_patient(
                    session, a_newcomer(self.team.id, self.staff[each].id, each), self.staff[each].id, self.now
                )
                for each in (0, 1)
            ]
            in_care = sa.select(Episode.id).where(Episode.patient_id == sa.bindparam("patient"))
            self.episodes = [session.scalars(in_care, {"patient": each.id}).one() for each in patients]
        self.courier = make_courier(settings, sessions, lambda: self.now, RecordingGateway())

    def step(self) -> None:
        """Let one thing happen, a minute after the last; what is refused changes nothing."""
        steps = self.may_happen()
        (what,) = self.draw.choices(list(steps), list(steps.values()))
        self.told.append(what.__name__)
        self.now += MINUTE
        try:
            with unit_of_work(self.sessions) as session:
                what(self, session)
        except self.refusals as refusal:
            self.told[-1] += f": {type(refusal).__name__}"

    def may_happen(self) -> Mapping[Callable[[Any, Session], None], float]:
        """What may happen, and how often of it all."""
        return STEPS

    # ---- what patients do ----

    def answer(self, session: Session) -> None:
        """Answer the oldest check-in that is open, if one is."""
        open_now = sa.select(CheckIn).where(
            CheckIn.opens_at <= self.now, CheckIn.closes_at > self.now, CheckIn.completed_at.is_(None)
        )
        still = open_now.where(CheckIn.missed_at.is_(None), CheckIn.cancelled_at.is_(None))
        check_in = session.scalars(still.order_by(CheckIn.opens_at, CheckIn.id).limit(1)).one_or_none()
        if check_in is None:
            return
        item9 = self.draw.choice((0, 0, 1, 3))
        given = answers(self.draw.choice((4, 12, 13, 18, 23)), self.draw.choice((3, 9, 16)), item9)
        how = Delivery(new_id(), "en", Mode.LINK, known_device=False)
        noticed = self.notices(session, check_in)
        workflows.complete_check_in(
            session, check_in, given, how, noticed=noticed, settings=self.settings, now=self.now
        )
        self._did("answer")

    def notices(self, session: Session, check_in: CheckIn) -> dict[UUID, bool]:
        """What they say of the signs of their plan: nothing."""
        return {}

    def opt_out(self, session: Session) -> None:
        """Stop every text."""
        workflows.opt_out(session, self._episode(session).patient, said_by=Party.PATIENT, now=self.now)
        self._did("opt_out")

    def opt_in(self, session: Session) -> None:
        """Start them again."""
        workflows.opt_in(session, self._episode(session).patient, said_by=Party.PATIENT, now=self.now)
        self._did("opt_in")

    def ask(self, session: Session) -> None:
        """Ask the team for something, while in care."""
        episode = self._episode(session)
        if episode.closed_at is None:
            workflows.ask(session, episode, self.draw.choice(list(Wish)), self.now)
            self._did("ask")

    # ---- what staff decide ----

    def intake(self, session: Session) -> None:
        """Find something out and assign a step, with or without the reason that another one owes."""
        episode, steps = self._episode(session), steps_to_begin_with(shipped(PATHWAY).pathway)
        new = NewIntake(
            facts=IntakeFacts(phq9=self.draw.choice((5, 12, 18)), gad7=9, wsas=12),
            referred_on=self.now.date(),
            preference=Preference.AS_PROPOSED,
            understood=True,
            step=self.draw.choice(steps),
            reason=self.draw.choice(WORDS),
            deviation=self.draw.choice((None, DeviationReason.PREFERENCE)),
            accountable_id=self._anybody().id,
        )
        mark = known_of(session, episode).mark
        by = self._somebody(session).id
        workflows.assign_step(session, episode, new, mark=mark, every_weeks=1, by=by, now=self.now)
        self._did("intake")

    def review(self, session: Session) -> None:
        """Decide anything at all, whole or not."""
        episode = self._episode(session)
        (decision,) = self.draw.choices(list(Decision), [4, 6, 3, 3, 1])
        goes = decision in (Decision.STEP_UP, Decision.STEP_DOWN)
        wanted = reviews.Wanted(
            decision,
            self.draw.choice(WORDS),
            to_step=self.draw.choice(list(Step)) if goes else None,
            next_review_on=(self.now + self.draw.randint(0, 15) * DAY).date(),
            deviation_reason=self.draw.choice(
                (None, DeviationReason.SAFETY, DeviationReason.PREFERENCE, DeviationReason.PASSING_EVENT)
            ),
            close_reason=self.draw.choice((None, *reviews.CLOSE_REASONS)),
        )
        read_to, by = seen(session, episode), self._somebody(session)
        if decision is Decision.STEP_DOWN and episode.closed_at is None:
            meet_guardrails(session, episode, by, self.now)
        reviews.decide(session, episode.id, wanted, by=by, now=self.now, read_to=read_to)
        self._did(f"review {decision}")

    def appointment(self, session: Session) -> None:
        """Write down what became of an appointment that was now."""
        episode = self._episode(session)
        if episode.closed_at is not None:
            return
        by, ended = self._somebody(session), [each for each in AppointmentState if each != AppointmentState.PLANNED]
        appointments.agree(session, episode, self.now, staff_member_id=by.id, now=self.now)
        newest = session.scalars(sa.select(Appointment).order_by(Appointment.id.desc()).limit(1)).one()
        became = self.draw.choice([AppointmentState.ATTENDED, *ended])
        appointments.end(session, episode, newest.id, became, staff_member_id=by.id, now=self.now)
        if became is AppointmentState.ATTENDED:
            reviews.after_contact(session, episode, newest.id, by=by, now=self.now)
        self._did(f"appointment {became}")

    # ---- what staff do with flags ----

    def attempt(self, session: Session) -> None:
        """Try, and write it down."""
        if flag := self._flag(session):
            outcome = self.draw.choice(list(AttemptOutcome))
            flags.record_attempt(session, flag, self._somebody(session), outcome, "", self.now)
            self._did("attempt")

    def snooze(self, session: Session) -> None:
        """Put a flag off, if it lets itself be."""
        if flag := self._flag(session):
            until, why = self.now + self.draw.randint(0, 10) * DAY, self.draw.choice(WORDS)
            flags.snooze(session, flag, self._somebody(session), until, why, self.now)
            if flag.kind in NEVER_SNOOZED:
                raise AssertionError(f"{flag.kind} was put off")
            self._did("snooze")

    def close(self, session: Session) -> None:
        """Close a flag with any outcome at all, mostly one that its kind has."""
        if flag := self._flag(session):
            outcome = self.draw.choice(flags.closings(session, flag) or list(Outcome))
            flags.close(session, flag, self._somebody(session), outcome, self.draw.choice(WORDS), self.now)
            self.settled |= {flag.id} if flag.kind is FlagKind.SAFETY else set()
            self._did(f"close {flag.kind}")

    def give(self, session: Session) -> None:
        """Give a flag to a colleague whose login is good, as the page offers them."""
        if flag := self._flag(session):
            by, to = self._somebody(session), self._somebody(session)
            flags.hand_over(session, flag, by, to, "", self.now)
            self._did("give")
            if self.draw.random() < 0.5:
                self.told.append("undo at once")
                self._take_back(session, flag)

    def undo(self, session: Session) -> None:
        """Take back the last thing that was done to a flag, by whoever did it."""
        if flag := self._flag(session):
            self._take_back(session, flag)

    def _take_back(self, session: Session, flag: Flag) -> None:
        done = sa.select(FlagEvent).where(FlagEvent.flag_id == flag.id, FlagEvent.staff_member_id.is_not(None))
        event = session.scalars(done.order_by(FlagEvent.at.desc(), FlagEvent.id.desc()).limit(1)).one_or_none()
        by = session.get(StaffMember, event.staff_member_id) if event else None
        if event and by and by.ended_at is None:
            flags.undo(session, flag, by, event.id, self.now)
            self._did("undo")

    # ---- who is there ----

    def hand_over(self, session: Session) -> None:
        """Make somebody else accountable for a patient."""
        episode = self._episode(session)
        shown = Shown(episode.accountable_id, episode.care_team_id)
        said = Words("So far.", "Nothing.", "A call.", "All of it.")
        to, by = session.get_one(StaffMember, self._anybody().id), self._somebody(session)
        team = episode.care_team
        hand_over_patient(session, episode, to, team, HandoffReason.LEAVE, said, by, self.now, shown=shown)
        self._did("hand_over")

    def absence(self, session: Session) -> None:
        """Let somebody be away, with a colleague who stands in."""
        away, cover = (session.get_one(StaffMember, each.id) for each in self.draw.sample(self.staff, 2))
        first = self.now + self.draw.randint(-2, 3) * DAY
        until = first + self.draw.randint(1, 15) * DAY
        record_absence(session, away, first, until, cover, self._somebody(session), self.now)
        self._did("absence")

    def departure(self, session: Session) -> None:
        """Let somebody leave for good, while two others are left to care."""
        there = self._there(session)
        if len(there) > 2:
            leaver, to = self.draw.sample(there, 2)
            leave(session, leaver.email, self.draw.choice((None, to.email, to.email)), self.now)
            self._did("departure")

    # ---- time ----

    def wait(self, session: Session) -> None:
        """Let days go by, with the clock running, and end at any hour."""
        for _ in range(self.draw.choice((1, 1, 2, 4))):
            self.now += self.draw.choice((1, 1, 2)) * DAY
            tick(self.courier)
        self.now += self.draw.randint(0, 12) * HOUR
        tick(self.courier)

    # ---- who and what ----

    def _did(self, what: str) -> None:
        self.done[what] += 1

    def _episode(self, session: Session) -> Episode:
        return session.get_one(Episode, self.draw.choice(self.episodes))

    def _flag(self, session: Session) -> Flag | None:
        there = list(session.scalars(sa.select(Flag).where(Flag.closed_at.is_(None))))
        there.sort(key=lambda each: (self.episodes.index(each.episode_id), each.kind))  # the same in every run
        return self.draw.choice(there) if there else None

    def _anybody(self) -> StaffMember:
        return self.draw.choice(self.staff)

    def _somebody(self, session: Session) -> StaffMember:
        return self.draw.choice(self._there(session))

    def _there(self, session: Session) -> list[StaffMember]:
        members = (session.get_one(StaffMember, each.id) for each in self.staff)
        return [each for each in members if each.ended_at is None]


STEPS: dict[Callable[[AnyService, Session], None], int] = {
    AnyService.wait: 8,
    AnyService.answer: 8,
    AnyService.review: 6,
    AnyService.close: 5,
    AnyService.attempt: 2,
    AnyService.snooze: 2,
    AnyService.give: 2,
    AnyService.undo: 2,
    AnyService.ask: 2,
    AnyService.intake: 2,
    AnyService.appointment: 2,
    AnyService.hand_over: 2,
    AnyService.absence: 1,
    AnyService.departure: 1,
    AnyService.opt_out: 1,
    AnyService.opt_in: 1,
}
"""What may happen, and how often of it all."""
