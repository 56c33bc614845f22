"""Whom to ring, why, and by when: one entry a patient, worked out in a fixed number of statements."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.access import Viewer
from monitor.care.models import Appointment, Episode
from monitor.care.promises import hours_of
from monitor.checkins.call_models import WAS_REACHED, Call, CallOutcome
from monitor.checkins.models import CheckIn
from monitor.flags.call_facts import PROMISED, QUIET, Known, known_of, wanted
from monitor.flags.kinds import AttemptOutcome, FlagKind, Rule
from monitor.flags.models import Flag, FlagEvent, FlagEventKind
from monitor.flags.outreach_rules import Came, Next, Reason, Stage, Try, next_call
from monitor.messaging.quiet_hours import to_local
from monitor.people.models import Channel, ContactPreference, StaffMember
from monitor.people.needs import NOTHING_SAID, Needs

_TALKED = (AttemptOutcome.SPOKE_NOT_SETTLED, AttemptOutcome.ASKED_TO_RING_LATER)


class Why(StrEnum):
    """Why somebody is to be rung. The order of the members is the order in which a row says it."""

    RE_ENTRY = "re_entry"
    CALL_REQUESTED = "call_requested"
    QUIET_AFTER_STEP_DOWN = "quiet_after_step_down"
    MISSED_CHECK_INS = "missed_check_ins"
    UNREACHABLE = "unreachable"
    MISSED_APPOINTMENT = "missed_appointment"
    CHECK_IN_BY_PHONE = "check_in_by_phone"


_WHY: Mapping[FlagKind, Why] = {
    FlagKind.RE_ENTRY: Why.RE_ENTRY,
    FlagKind.CALL_REQUESTED: Why.CALL_REQUESTED,
    FlagKind.RELAPSE_SIGNAL: Why.QUIET_AFTER_STEP_DOWN,
    FlagKind.MISSED_CHECK_INS: Why.MISSED_CHECK_INS,
    FlagKind.UNREACHABLE: Why.UNREACHABLE,
}


@dataclass(frozen=True)
class Made:
    """One call that was made: when, by whom and what came of it, from here or from the page of a flag."""

    at: datetime
    by: StaffMember | None
    outcome: CallOutcome | AttemptOutcome
    call_at: datetime | None
    words: str | None


@dataclass(frozen=True)
class CallToMake:
    """One patient to be rung."""

    episode: Episode
    reasons: Mapping[Why, Reason]
    """Empty for somebody who is looked up though nothing asks for a call."""
    flags: tuple[Flag, ...]
    """All that are open, whatever they are about: who rings should know."""
    made: tuple[Made, ...]
    """Since the first of the reasons, oldest first."""
    next: Next | None
    check_in: CheckIn | None
    """The check-in that is asked by phone and open now."""
    needs: Needs
    owner: StaffMember | None
    is_rung: bool
    """Whether they are asked by phone."""
    agrees_to_texts: bool


def calls_to_make(session: Session, viewer: Viewer, now: datetime) -> Sequence[CallToMake]:
    """Return whom the viewer's teams have to ring: calls that were promised first, then by when they are due."""
    found = [each for each in _load(session, wanted(session, viewer, now), now) if each.reasons]
    return sorted(found, key=_order)


def call_to(session: Session, episode: Episode, now: datetime) -> CallToMake:
    """Return what is to be known before ringing one patient, whom a viewer was let see, also without a reason."""
    return _load(session, [episode.id], now)[0]


def _order(each: CallToMake) -> tuple[bool, datetime, UUID]:
    if each.next is None:
        raise ValueError("only somebody with a reason stands on the list")
    return each.next.stage is not Stage.PROMISED, each.next.at, each.episode.id


def _load(session: Session, ids: Collection[UUID], now: datetime) -> list[CallToMake]:
    episodes = session.scalars(
        sa.select(Episode)
        .where(Episode.id.in_(ids))
        .options(joinedload(Episode.patient), joinedload(Episode.care_team), joinedload(Episode.accountable))
    ).all()
    known = known_of(session, episodes, now)
    return [_of(episode, known, now) for episode in episodes]


def _of(episode: Episode, known: Known, now: datetime) -> CallToMake:
    wishes = known.wishes.get(episode.patient_id)
    is_rung = wishes is not None and wishes.channel is Channel.PHONE
    check_in = known.check_ins.get(episode.id) if is_rung and not _is_paused(episode, wishes, now) else None
    flags = tuple(known.flags.get(episode.id, ()))
    calls = known.calls.get(episode.id, ())
    called = [flag for flag in flags if is_called_about(flag, known.events.get(flag.id, ()), calls, now)]
    reasons = {_WHY[flag.kind]: Reason(flag.opened_at, flag.due_at, flag.kind in PROMISED) for flag in called}
    missed = known.missed.get(episode.id)
    if missed is not None and not _spoke_since(missed, calls, known.spoke.get(episode.id)):
        at = missed.missed_at or missed.starts_at
        reasons[Why.MISSED_APPOINTMENT] = Reason(at, hours_of(episode.care_team).add_working_days(at, 1))
    if check_in is not None and not _was_asked(check_in, calls):
        reasons[Why.CHECK_IN_BY_PHONE] = Reason(check_in.due_at, check_in.due_at)
    needs = known.needs.get(episode.patient_id, NOTHING_SAID)
    attempts = [event for flag in called for event in known.events.get(flag.id, ())]
    made = _made(calls, attempts, min((each.since for each in reasons.values()), default=now))
    return CallToMake(
        episode=episode,
        reasons={why: reasons[why] for why in Why if why in reasons},
        flags=flags,
        made=made,
        next=next_call(
            list(reasons.values()),
            [Try(each.at, _came(each.outcome), each.call_at) for each in made],
            hours_of(episode.care_team),
            zone=episode.patient.time_zone,
            best=needs.best_time.value,
        )
        if reasons
        else None,
        check_in=check_in,
        needs=needs,
        owner=called[0].owner if called else episode.accountable,
        is_rung=is_rung,
        agrees_to_texts=known.texts.get(episode.patient_id) is True,
    )


def is_called_about(flag: Flag, events: Iterable[FlagEvent], calls: Iterable[Call], now: datetime) -> bool:
    """Return whether an open flag asks for a call: not while it is set aside, nor for scores alone."""
    if flag.snoozed_until is not None and flag.snoozed_until > now:
        return False
    if flag.kind is not FlagKind.RELAPSE_SIGNAL:
        return flag.kind in (*QUIET, *PROMISED)
    quiet = [event.at for event in events if event.rule == Rule.W5]
    return bool(quiet) and not any(call.outcome is CallOutcome.REACHED and call.at >= quiet[-1] for call in calls)


def _is_paused(episode: Episode, wishes: ContactPreference | None, now: datetime) -> bool:
    until = wishes.paused_until_on if wishes else None
    return until is not None and to_local(now, episode.patient.time_zone).date() < until


def _spoke_since(missed: Appointment, calls: Iterable[Call], spoke: datetime | None) -> bool:
    at = missed.missed_at or missed.starts_at
    return (spoke is not None and spoke >= at) or any(call.at >= at and call.outcome in WAS_REACHED for call in calls)


def _was_asked(check_in: CheckIn, calls: Iterable[Call]) -> bool:
    """Whether somebody spoke with them about this check-in and they did not want to answer it now."""
    return any(call.check_in_id == check_in.id and call.outcome is CallOutcome.REACHED for call in calls)


def _made(calls: Sequence[Call], events: Sequence[FlagEvent], since: datetime) -> tuple[Made, ...]:
    """Return the calls, and what was tried from the pages of flags: what a call wrote on them stands there once."""
    found = {
        (call.at, call.staff_member_id): Made(call.at, call.staff_member, call.outcome, call.call_at, call.words)
        for call in calls
    }
    for event in events:
        if event.kind is not FlagEventKind.ATTEMPT or event.staff_member_id is None or event.outcome is None:
            continue
        key = (event.at, event.staff_member_id)
        if key not in found:
            found[key] = Made(event.at, event.staff_member, AttemptOutcome(event.outcome), None, event.words)
    return tuple(sorted((each for each in found.values() if each.at >= since), key=lambda each: each.at))


def _came(outcome: CallOutcome | AttemptOutcome) -> Came:
    if outcome is CallOutcome.CALL_LATER:
        return Came.LATER
    return Came.TALKED if outcome in (*WAS_REACHED, *_TALKED) else Came.NOT_REACHED
