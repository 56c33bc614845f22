"""Calls to patients: whom to ring, and what a call does to the flags that asked for it.

No call, and no want of one, ends care: a flag of silence closes when a person has reached the patient, and until then
the next call has a date.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.audit import Actor, record
from monitor.care.models import Episode
from monitor.checkins.call_models import Call, CallOutcome
from monitor.checkins.calls import calls_of, newest_call, open_check_in
from monitor.checkins.closing import hold
from monitor.checkins.enrolment import send_link
from monitor.errors import MonitorError
from monitor.flags.call_facts import LOOKS_BACK, PROMISED, QUIET
from monitor.flags.call_list import CallToMake as CallToMake
from monitor.flags.call_list import call_to as call_to
from monitor.flags.call_list import calls_to_make as calls_to_make
from monitor.flags.call_list import is_called_about
from monitor.flags.kinds import AttemptOutcome, FlagKind, Outcome, Rule
from monitor.flags.models import Flag
from monitor.flags.taking import close, record_attempt
from monitor.people.models import StaffMember

ATTEMPTS: Mapping[CallOutcome, AttemptOutcome] = {
    CallOutcome.REACHED: AttemptOutcome.SPOKE_NOT_SETTLED,
    CallOutcome.AGREED_TO_CHECK_IN: AttemptOutcome.SPOKE_NOT_SETTLED,
    CallOutcome.WRONG_NUMBER: AttemptOutcome.WRONG_NUMBER,
    CallOutcome.CALL_LATER: AttemptOutcome.ASKED_TO_RING_LATER,
    CallOutcome.COULD_NOT_REACH: AttemptOutcome.TRIED_NO_ANSWER,
}
"""What a call leaves on a flag that stays open."""


class CareHasEnded(MonitorError):
    """Nobody is rung for this episode any more: it has ended."""


class CalledMeanwhile(MonitorError):
    """Somebody has rung since the page was made: who, when and what came of it."""

    def __init__(self, who: str, at: datetime, outcome: CallOutcome) -> None:
        super().__init__("somebody has rung this patient since")
        self.who, self.at, self.outcome = who, at, outcome


class WordsOwed(MonitorError):
    """A call that closes a flag says what was talked about."""


class WhenOwed(MonitorError):
    """Whoever asks to be rung later says when, and that lies ahead."""


@dataclass(frozen=True)
class Recorded:
    """What a call did: the flags that it closed, whether a link is on its way, and whether answers are taken now."""

    call: Call
    closed: tuple[FlagKind, ...] = ()
    sent_link: bool = False
    answers_now: bool = False
    """They agreed to answer and no text goes to them, so the questions are asked in this very call."""


def record_call(
    session: Session,
    episode: Episode,
    outcome: CallOutcome,
    *,
    by: UUID,
    now: datetime,
    call_at: datetime | None = None,
    words: str | None = None,
    check_in_id: UUID | None = None,
    read_to: datetime | None = None,
) -> Recorded:
    """Write a call down and let the flags that asked for it know, all or nothing.

    `call_at` is when they asked to be rung again, and belongs to that outcome alone. `read_to` is when the page of
    whoever rang was made. Raises CareHasEnded, CalledMeanwhile, EvidenceSince, WordsOwed and WhenOwed.
    """
    hold(session, episode.id)
    session.refresh(episode)
    if episode.closed_at is not None:
        raise CareHasEnded("care has ended")
    last = newest_call(session, episode.id)
    if last is not None and read_to is not None and last.at > read_to:
        raise CalledMeanwhile(last.staff_member.name, last.at, last.outcome)
    if (outcome is CallOutcome.CALL_LATER) != (call_at is not None) or (call_at is not None and call_at <= now):
        raise WhenOwed("a call for later has a time that lies ahead")
    flags = _called_about(session, episode, now)
    if outcome is CallOutcome.REACHED and any(map(_closes, flags)) and not (words or "").strip():
        raise WordsOwed("a call that closes a flag says what was talked about")
    about = open_check_in(session, episode.id, check_in_id, now) if check_in_id else None
    call = Call(
        patient=episode.patient,
        patient_id=episode.patient_id,
        episode_id=episode.id,
        at=now,
        staff_member_id=by,
        outcome=outcome,
        call_at=call_at,
        check_in_id=about.id if about else None,
        words=(words or "").strip() or None,
    )
    session.add(call)
    session.flush()
    closed = _tell_flags(session, flags, call, session.get_one(StaffMember, by), read_to)
    agreed = outcome is CallOutcome.AGREED_TO_CHECK_IN
    sent = agreed and send_link(session, episode, by, now)
    record(session, Actor("staff", by), f"call {outcome.value}", "episode", episode.id, now=now)
    return Recorded(call, closed, sent, answers_now=agreed and not sent)


def _called_about(session: Session, episode: Episode, now: datetime) -> Sequence[Flag]:
    found = session.scalars(
        sa.select(Flag)
        .where(Flag.episode_id == episode.id, Flag.closed_at.is_(None), Flag.kind.in_((*QUIET, *PROMISED)))
        .options(joinedload(Flag.patient), joinedload(Flag.episode))
        .execution_options(populate_existing=True)
    ).all()
    calls = calls_of(session, [episode.id], now - LOOKS_BACK).get(episode.id, ())
    return [flag for flag in found if is_called_about(flag, flag.events, calls, now)]


def _closes(flag: Flag) -> bool:
    """Whether having spoken settles a flag: one that rests on more than silence asks for more than a talk."""
    return flag.kind is not FlagKind.RELAPSE_SIGNAL or {event.rule for event in flag.events if event.rule} == {Rule.W5}


def _tell_flags(
    session: Session, flags: Sequence[Flag], call: Call, member: StaffMember, read_to: datetime | None
) -> tuple[FlagKind, ...]:
    """Close what having reached them settles; on all else the call stands as one that was made."""
    closed = []
    for flag in flags:
        if call.outcome is CallOutcome.REACHED and _closes(flag):
            outcome = Outcome.FIRST_CONTACT_HELD if flag.kind is FlagKind.RE_ENTRY else Outcome.SPOKE
            close(session, flag, member, outcome, call.words or "", call.at, read_to=read_to)
            closed.append(flag.kind)
        else:
            record_attempt(session, flag, member, ATTEMPTS[call.outcome], call.words or "", call.at)
    return tuple(closed)
