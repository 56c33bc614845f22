"""What staff do about the flags of one patient: they look, ring and decide in their hours, and leave some open."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from random import Random
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.care.promises import hours_of
from monitor.checkins.call_models import CallOutcome
from monitor.demo.arrivals import SHOWN_AT_LENGTH
from monitor.demo.clinic import Clinic
from monitor.demo.courses import Course
from monitor.demo.guardrails import write_safety_plan
from monitor.demo.lives_kinds import InCare
from monitor.demo.phrases import ATTEMPTS, DECISIONS, WAITS
from monitor.demo.roster import Entry, Present
from monitor.demo.shown import PUT_OFF, PUT_OFF_BECAUSE, PUT_OFF_BEFORE, PUT_OFF_FOR
from monitor.demo.timeline import Timeline
from monitor.flags import service as flags
from monitor.flags.called_for import RULES
from monitor.flags.escalation import escalate
from monitor.flags.kinds import AttemptOutcome, FlagKind, Outcome
from monitor.flags.models import Flag
from monitor.flags.outreach import record_call
from monitor.people.models import StaffMember

HOURS: dict[FlagKind, tuple[float, float]] = {
    FlagKind.SAFETY: (0.5, 2),
    FlagKind.DETERIORATING: (1, 6),
    FlagKind.RELAPSE_SIGNAL: (2, 10),
    FlagKind.RE_ENTRY: (2, 20),
    FlagKind.NOT_IMPROVING: (6, 30),
    FlagKind.MISSED_CHECK_INS: (5, 30),
    FlagKind.UNREACHABLE: (3, 14),
    FlagKind.OPTED_OUT: (2, 12),
    FlagKind.CALL_REQUESTED: (1, 5),
}
"""In how many open hours a flag of a kind is decided."""
LINGERS: dict[Course, tuple[FlagKind, timedelta]] = {
    Course.PLATEAU: (FlagKind.NOT_IMPROVING, timedelta(days=14)),
    Course.DETERIORATING: (FlagKind.DETERIORATING, timedelta(days=7)),
    Course.GONE_QUIET: (FlagKind.MISSED_CHECK_INS, timedelta(days=21)),
    Course.UNREACHABLE: (FlagKind.UNREACHABLE, timedelta(days=21)),
    Course.OPTED_OUT: (FlagKind.OPTED_OUT, timedelta(days=5)),
    Course.STEPPED_DOWN_RELAPSE_SIGNAL: (FlagKind.RELAPSE_SIGNAL, timedelta(days=7)),
}
"""What nobody has decided yet when the demonstration starts if it is no older, beside what came in a moment ago."""
SETTLED_ELSEWHERE = frozenset({FlagKind.REVIEW_DUE, FlagKind.REVIEW_REQUESTED, FlagKind.FIRST_CONTACT_DUE})
"""What a review or the first appointment after a step-up closes."""
TO_BE_RUNG = frozenset({FlagKind.MISSED_CHECK_INS, FlagKind.UNREACHABLE})

# Made once: they look often.
_OPEN_FLAGS = (
    sa.select(Flag)
    .where(Flag.episode_id == sa.bindparam("episode_id"), Flag.closed_at.is_(None))
    .order_by(Flag.opened_at, Flag.kind)
)


@dataclass
class Colleagues:
    """Those who look after one patient's flags."""

    session: Session
    timeline: Timeline
    entry: Entry
    care: InCare
    caller: StaffMember
    """Who rings when texts are not answered."""
    chance: Random
    ends_at: datetime
    clinic: Clinic
    _known: dict[UUID, datetime | None] = field(default_factory=dict)
    """The flags that they have taken up, and when each goes to the next person unless somebody acts."""

    def begin(self) -> None:
        """Foresee the proof of the last day, and the one flag that is put off."""
        self.timeline.at(self.ends_at, self.prove)
        if self.entry.number in PUT_OFF:
            self.timeline.at(self.ends_at - PUT_OFF_BEFORE, self._put_off)

    def prove(self, now: datetime) -> None:
        """Raise what the daily proof would: what a decision of four weeks ago holds back no longer."""
        episode = self.care.episode
        there = {flag.kind for flag in self.session.scalars(_OPEN_FLAGS, {"episode_id": episode.id})}
        rules = [rule for kind, rules in RULES.items() if kind not in there for rule in rules]
        flags.evaluate(self.session, episode, now=now, only=rules)
        self.look(now)

    def look(self, now: datetime) -> None:
        """Take up the flags that were not there before, and keep the time of all."""
        for flag in self.session.scalars(_OPEN_FLAGS, {"episode_id": self.care.episode.id}):
            is_new = flag.id not in self._known
            if is_new or self._known[flag.id] != flag.escalate_at:
                self._keep_time(flag)
            if is_new:
                self._take_up(flag, now)

    def _take_up(self, flag: Flag, now: datetime) -> None:
        hours = hours_of(self.care.episode.care_team)
        if flag.kind in SETTLED_ELSEWHERE:
            self.timeline.at(hours.add_hours(now, 2), partial(self._see, flag))
            return
        shortest, longest = HOURS[flag.kind]
        decides = self.chance.uniform(shortest, longest)
        decision = self.chance.choice(DECISIONS[flag.kind])
        if self.entry.course is Course.WAITING_FOR_MIDDLE_STEP and flag.kind is FlagKind.NOT_IMPROVING:
            decision = WAITS
        if self._lingers(flag):
            self._leave_open(flag, now)
            return
        self.timeline.at(hours.add_hours(now, decides / 2), partial(self._see, flag))
        self.timeline.at(hours.add_hours(now, decides), partial(self._decide, flag, *decision))

    def _leave_open(self, flag: Flag, now: datetime) -> None:
        hours = hours_of(self.care.episode.care_team)
        if flag.kind in TO_BE_RUNG:
            for number, _ in enumerate(ATTEMPTS):
                self.timeline.at(hours.add_hours(now, 5 + 9 * number), partial(self._try, flag, number))
        elif flag.kind is not FlagKind.SAFETY:
            self.timeline.at(hours.add_hours(now, 9), partial(self._see, flag))

    def _lingers(self, flag: Flag) -> bool:
        age = self.ends_at - flag.opened_at
        if flag.kind is FlagKind.RE_ENTRY:
            return True
        if self.entry.present is Present.FRESH:
            return age < timedelta(days=1)
        kind, oldest = LINGERS.get(self.entry.course, (None, age))
        if flag.kind is not kind or age > oldest:
            return False
        return flag.kind in TO_BE_RUNG or self.entry.number <= SHOWN_AT_LENGTH or self.chance.random() < 0.8

    def _see(self, flag: Flag, now: datetime) -> None:
        if flag.closed_at is None:
            flags.mark_seen(self.session, flag, self._who(flag, now), now)

    def _keep_time(self, flag: Flag) -> None:
        """Foresee that a flag goes to the next person when its time has run out."""
        self._known[flag.id] = flag.escalate_at
        if flag.escalate_at is not None:
            self.timeline.at(flag.escalate_at, partial(self._run_out, flag, flag.escalate_at))

    def _run_out(self, flag: Flag, at: datetime, now: datetime) -> None:
        if flag.closed_at is None and (flag.escalate_at != at or escalate(self.session, flag.id, now)):
            self._keep_time(flag)

    def _put_off(self, now: datetime) -> None:
        """Put off what is open about their silence until they are back."""
        for flag in self.session.scalars(_OPEN_FLAGS, {"episode_id": self.care.episode.id}).all():
            if flag.kind is FlagKind.MISSED_CHECK_INS:
                flags.snooze(self.session, flag, self._who(flag, now), now + PUT_OFF_FOR, PUT_OFF_BECAUSE, now)

    def _try(self, flag: Flag, number: int, now: datetime) -> None:
        if flag.closed_at is None:
            outcome, words = ATTEMPTS[number]
            if outcome is AttemptOutcome.TRIED_NO_ANSWER:
                by, came = self.clinic.there(self.caller, now), CallOutcome.COULD_NOT_REACH
                record_call(self.session, self.care.episode, came, by=by.id, now=now, words=words)
                return
            flags.record_attempt(self.session, flag, self.clinic.there(self.caller, now), outcome, words, now)

    def _decide(self, flag: Flag, outcome: Outcome, reason: str, now: datetime) -> None:
        if flag.closed_at is not None:
            return  # a review or a call has answered it meanwhile
        if flag.kind is FlagKind.SAFETY:
            write_safety_plan(self.session, self.care.episode, self._who(flag, now), now)
        flags.close(self.session, flag, self._who(flag, now), outcome, reason, now)

    def _who(self, flag: Flag, now: datetime) -> StaffMember:
        return self.clinic.there(self.caller if flag.kind in TO_BE_RUNG else self.care.accountable, now)
