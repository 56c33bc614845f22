"""What staff do about the flags of one patient: they look, ring and decide in their hours, and leave some open."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from random import Random
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.care.promises import hours_of
from monitor.demo.arrivals import SHOWN_AT_LENGTH, InCare
from monitor.demo.courses import Course
from monitor.demo.phrases import ATTEMPTS, DECISIONS, WAITS
from monitor.demo.roster import Entry, Present
from monitor.demo.timeline import Timeline
from monitor.flags import service as flags
from monitor.flags.kinds import FlagKind, Outcome
from monitor.flags.models import Flag
from monitor.people.models import Channel, Party, StaffMember
from monitor.people.service import change_preference, preference

HOURS: dict[FlagKind, tuple[float, float]] = {
    FlagKind.SAFETY: (0.5, 2),
    FlagKind.DETERIORATING: (1, 6),
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
}
"""What nobody has decided yet when the demonstration starts if it is no older, beside what came in a moment ago."""
TO_BE_RUNG = frozenset({FlagKind.MISSED_CHECK_INS, FlagKind.UNREACHABLE})


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
    _known: set[UUID] = field(default_factory=set)

    def look(self, now: datetime) -> None:
        """Take up the flags that were not there before."""
        found = self.session.scalars(
            sa.select(Flag)
            .where(Flag.episode_id == self.care.episode.id, Flag.closed_at.is_(None))
            .order_by(Flag.opened_at, Flag.kind)
        )
        for flag in found:
            if flag.id not in self._known:
                self._known.add(flag.id)
                self._take_up(flag, now)

    def _take_up(self, flag: Flag, now: datetime) -> None:
        hours = hours_of(self.care.episode.care_team)
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
        if self.entry.present is Present.FRESH:
            return age < timedelta(days=1)
        kind, oldest = LINGERS.get(self.entry.course, (None, age))
        if flag.kind is not kind or age > oldest:
            return False
        return flag.kind in TO_BE_RUNG or self.entry.number <= SHOWN_AT_LENGTH or self.chance.random() < 0.8

    def _see(self, flag: Flag, now: datetime) -> None:
        if flag.closed_at is None:
            flags.mark_seen(self.session, flag, self._who(flag), now)

    def _try(self, flag: Flag, number: int, now: datetime) -> None:
        outcome, words = ATTEMPTS[number]
        flags.record_attempt(self.session, flag, self.caller, outcome, words, now)

    def _decide(self, flag: Flag, outcome: Outcome, reason: str, now: datetime) -> None:
        flags.close(self.session, flag, self._who(flag), outcome, reason, now)
        wishes = preference(self.session, self.care.patient.id)
        if outcome is Outcome.OTHER_CHANNEL_AGREED and wishes is not None:
            change_preference(
                self.session,
                self.care.patient,
                wishes,
                channel=Channel.PHONE,
                set_by=Party.STAFF,
                now=now,
                staff_member_id=self.caller.id,
            )

    def _who(self, flag: Flag) -> StaffMember:
        return self.caller if flag.kind in TO_BE_RUNG else self.care.accountable
