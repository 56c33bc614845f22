"""What staff do with a flag: see it, try, take it on, hand it over, put it off, close it; and take back a slip."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.audit import Actor, record
from monitor.care.pathways import in_force
from monitor.care.promises import hours_of
from monitor.checkins.closing import hold
from monitor.checkins.enrolment import ask_by_phone
from monitor.errors import MonitorError
from monitor.flags.clocks import after_attempt
from monitor.flags.declines import may_decline, write_decline
from monitor.flags.facts import Evidence, Finding
from monitor.flags.kinds import BULK, CLOSES, NEVER_SNOOZED, AttemptOutcome, Outcome, Severity
from monitor.flags.models import Flag, FlagEvent, FlagEventKind
from monitor.flags.notices import Waiting, flag_waits
from monitor.people.models import StaffMember

UNDO_WITHIN = timedelta(minutes=10)
"""Local protocol: long enough to notice a slip, too short to rewrite what was decided."""
CAN_BE_UNDONE = frozenset({FlagEventKind.SEEN, FlagEventKind.SNOOZED, FlagEventKind.HANDED_OVER})
"""What was tried stays written down, and a close is final."""


class OutcomeNotAllowed(MonitorError):
    """This outcome does not close a flag of this kind."""


class EvidenceSince(MonitorError):
    """Evidence has joined the flag that whoever closes it has not read."""


class FlagClosed(MonitorError):
    """Somebody has closed this flag already."""


class SnoozeNotAllowed(MonitorError):
    """A flag of this kind is never put off, or not for so long, or not without a reason."""


class UndoNotAllowed(MonitorError):
    """This cannot be taken back: it was not the last thing done, not done by them, too long ago, or never can be."""


class NotInBulk(MonitorError):
    """Only missed check-ins are worked together; every other reason is read on its own."""


def mark_seen(session: Session, flag: Flag, staff_member: StaffMember, now: datetime) -> FlagEvent | None:
    """Note that a person has read why; None when somebody had already. The clock runs on. Raises FlagClosed."""
    _keep_open(session, flag)
    if flag.seen_at is not None:
        return None
    flag.seen_at = now
    return _done(session, flag, staff_member, FlagEventKind.SEEN, now)


def record_attempt(
    session: Session, flag: Flag, staff_member: StaffMember, outcome: AttemptOutcome, words: str, now: datetime
) -> FlagEvent:
    """Write down what was tried; the flag stays open, and its way to the lead begins anew. Raises FlagClosed."""
    _keep_open(session, flag)
    flag.seen_at = flag.seen_at or now
    flag.acted_at = now
    flag.escalate_at = _after_attempt(session, flag, now)
    return _done(session, flag, staff_member, FlagEventKind.ATTEMPT, now, outcome=outcome, words=words)


def bulk_attempt(
    session: Session,
    flags: Sequence[Flag],
    staff_member: StaffMember,
    outcome: AttemptOutcome,
    words: str,
    now: datetime,
) -> tuple[Flag, ...]:
    """Write the same down on several flags for missed check-ins, each an event of its own.

    Returns those that somebody had closed meanwhile: nothing was written on them. Raises NotInBulk, and then writes
    nothing at all.
    """
    if any(flag.kind not in BULK for flag in flags):
        raise NotInBulk("only missed check-ins are worked together")
    closed = []
    for flag in sorted(
        flags, key=lambda each: each.episode_id
    ):  # one order for all, so that no two wait for each other
        try:
            record_attempt(session, flag, staff_member, outcome, words, now)
        except FlagClosed:
            closed.append(flag)
    return tuple(closed)


def hand_over(
    session: Session, flag: Flag, staff_member: StaffMember, to: StaffMember, words: str, now: datetime
) -> FlagEvent:
    """Give an open flag to another owner; the event keeps who owned it before. Raises FlagClosed."""
    _keep_open(session, flag)
    before, flag.owner_id = flag.owner_id, to.id
    if flag.severity is Severity.URGENT and to.id != staff_member.id:
        flag_waits(session, Waiting(flag.id, flag.kind, to.id), flag.episode.care_team, now)
    return _done(session, flag, staff_member, FlagEventKind.HANDED_OVER, now, outcome=str(before), words=words or None)


def take(session: Session, flag: Flag, staff_member: StaffMember, now: datetime) -> FlagEvent | None:
    """Become the owner of an open flag; None for whoever is already. Raises FlagClosed."""
    _keep_open(session, flag)
    if flag.owner_id == staff_member.id:
        return None
    return hand_over(session, flag, staff_member, staff_member, "", now)


def may_sleep_until(session: Session, flag: Flag, until: datetime, now: datetime) -> bool:
    """Whether a flag may be put off until a moment, by the number of days that its pathway allows."""
    longest = in_force(session, flag.episode.pathway).pathway.flags.snooze_at_most_days
    return now < until <= now + timedelta(days=longest)


def snooze(
    session: Session, flag: Flag, staff_member: StaffMember, until: datetime, reason: str, now: datetime
) -> FlagEvent:
    """Put a flag off until a moment, with a reason; it comes back then, or when evidence joins it.

    Its due time stays as it is. Raises FlagClosed, SnoozeNotAllowed.
    """
    _keep_open(session, flag)
    if flag.kind in NEVER_SNOOZED:
        raise SnoozeNotAllowed("a flag of this kind is never put off")
    if not may_sleep_until(session, flag, until, now) or not reason.strip():
        raise SnoozeNotAllowed("a flag is put off for as many days as its pathway allows at most, and with a reason")
    flag.seen_at = flag.seen_at or now
    flag.snoozed_until = until
    return _done(session, flag, staff_member, FlagEventKind.SNOOZED, now, words=reason)


def close(
    session: Session,
    flag: Flag,
    staff_member: StaffMember,
    outcome: Outcome,
    reason: str,
    now: datetime,
    *,
    read_to: datetime | None = None,
) -> None:
    """Close a flag with what a person did and why that is enough.

    `read_to` is the newest evidence that they had before them. Somebody who wants no more contact about this, after
    several flags about it, has that written down too; with whom another way is agreed is rung from now on. Raises
    FlagClosed, EvidenceSince, OutcomeNotAllowed.
    """
    _keep_open(session, flag)
    newer = sa.select(FlagEvent.id).where(
        FlagEvent.flag_id == flag.id, FlagEvent.evidence.is_not(None), FlagEvent.at > (read_to or now)
    )
    if session.scalar(sa.select(newer.exists())):
        raise EvidenceSince("new evidence has joined this flag since it was read")
    if outcome not in closings(session, flag) or not reason.strip():
        raise OutcomeNotAllowed("this outcome does not close a flag of this kind, or its reason is missing")
    if outcome is Outcome.NO_CONTACT_WANTED and may_decline(session, flag):
        write_decline(session, flag.episode, flag.kind, staff_member, reason, now)
    if outcome is Outcome.OTHER_CHANNEL_AGREED:
        ask_by_phone(session, flag.patient, staff_member_id=staff_member.id, now=now)
    close_held(session, flag, staff_member, outcome, reason, now)


def close_held(
    session: Session, flag: Flag, staff_member: StaffMember, outcome: Outcome, reason: str, now: datetime
) -> None:
    """Close a flag of an episode that is held, whatever the outcome: for what closes flags by its own rules."""
    flag.seen_at, flag.acted_at = flag.seen_at or now, flag.acted_at or now
    flag.snoozed_until = None
    _done(session, flag, staff_member, FlagEventKind.CLOSED, now, outcome=outcome, words=reason)
    flag.reason = reason
    flag.outcome, flag.closed_by_id, flag.closed_at = outcome, staff_member.id, now
    session.flush()


def closings(session: Session, flag: Flag) -> tuple[Outcome, ...]:
    """Return the outcomes that close this very flag, in the order in which a page offers them."""
    outcomes = CLOSES[flag.kind]
    if Outcome.NO_CONTACT_WANTED not in outcomes and may_decline(session, flag):
        return (*outcomes, Outcome.NO_CONTACT_WANTED)
    return outcomes


def undo(session: Session, flag: Flag, staff_member: StaffMember, event_id: UUID, now: datetime) -> FlagEvent:
    """Take back the last thing that was done to a flag, by whoever did it and within ten minutes.

    Both stay written down. Raises FlagClosed, UndoNotAllowed.
    """
    _keep_open(session, flag)
    newest = session.scalars(
        sa.select(FlagEvent).where(FlagEvent.flag_id == flag.id).order_by(FlagEvent.at.desc(), FlagEvent.id.desc())
    ).first()
    if newest is None or newest.id != event_id or newest.kind not in CAN_BE_UNDONE:
        raise UndoNotAllowed("only the last thing that was done can be taken back, and not every thing")
    if newest.staff_member_id != staff_member.id or now - newest.at > UNDO_WITHIN:
        raise UndoNotAllowed("only whoever did it can take it back, within ten minutes")
    if newest.kind is FlagEventKind.SEEN:
        flag.seen_at = None
    elif newest.kind is FlagEventKind.SNOOZED:
        flag.snoozed_until = None
    elif newest.outcome is not None:
        before = session.get_one(StaffMember, UUID(newest.outcome), populate_existing=True)
        if before.ended_at is not None:
            raise UndoNotAllowed("whoever owned it before has left")
        flag.owner_id = before.id
    else:
        raise UndoNotAllowed("it was not written down who owned it before")
    return _done(session, flag, staff_member, FlagEventKind.UNDONE, now, outcome=newest.kind.value)


def _keep_open(session: Session, flag: Flag) -> None:
    """Let nobody close the flag, and no evidence join it, between our look at it and our commit."""
    hold(session, flag.episode_id)
    session.refresh(flag)
    if flag.closed_at is not None:
        raise FlagClosed("somebody has closed this flag already")


def _after_attempt(session: Session, flag: Flag, now: datetime) -> datetime:
    """Return when a flag goes to the next person after an attempt: its own evidence's clock, counted from now."""
    said: list[FlagEvent | None] = [event for event in flag.events if event.evidence]
    policy = in_force(session, flag.episode.pathway).pathway.flags
    hours = hours_of(flag.episode.care_team)
    return min(after_attempt(_finding(flag, event), now, hours, policy) for event in said or [None])


def _finding(flag: Flag, event: FlagEvent | None) -> Finding:
    said = event.evidence or () if event else ()
    evidence = tuple(Evidence(item["code"], item["params"]) for item in said)
    return Finding(flag.kind, (event.rule if event else None) or "", flag.severity, evidence)


def _done(
    session: Session,
    flag: Flag,
    staff_member: StaffMember,
    kind: FlagEventKind,
    now: datetime,
    *,
    outcome: str | None = None,
    words: str | None = None,
) -> FlagEvent:
    event = FlagEvent(
        flag_id=flag.id,
        at=now,
        kind=kind,
        staff_member_id=staff_member.id,
        outcome=outcome,
        patient=flag.patient,
        patient_id=flag.patient_id,
        words=words,
    )
    session.add(event)
    record(session, Actor("staff", staff_member.id), f"flag {kind.value}", "flag", flag.id, now=now)
    return event
