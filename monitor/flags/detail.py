"""One flag in full: what raised it, what was done about it, and what may be done now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.care.models import Episode
from monitor.care.pathways import in_force
from monitor.checkins.models import Mode, Submission
from monitor.flags.due import Due, Reader, due
from monitor.flags.facts import Evidence
from monitor.flags.kinds import CLOSED_BY_REVIEW, NEVER_SNOOZED, AttemptOutcome, FlagKind, Outcome, Rule
from monitor.flags.models import Flag, FlagEvent, FlagEventKind, FlagState
from monitor.flags.rows import CONTACTS, Tag, outcome_words, tag, told
from monitor.flags.taking import CAN_BE_UNDONE, UNDO_WITHIN, closings
from monitor.flags.whom import Choice
from monitor.flags.words import outcome_label, prompt_lines, rule_line, sentence, state_label
from monitor.i18n import N_
from monitor.people.words import language_name

_ANSWERED: Mapping[Mode, str] = {
    Mode.LINK: N_("Answered %(when)s by link, in %(spoken)s."),
    Mode.TEXT: N_("Answered %(when)s by text, in %(spoken)s."),
    Mode.PHONE: N_("Answered %(when)s by phone, in %(spoken)s."),
    Mode.INTERPRETER: N_("Answered %(when)s with an interpreter, in %(spoken)s."),
    Mode.CLINIC: N_("Answered %(when)s at the clinic, in %(spoken)s."),
}
"""A link proves no person, so nothing here says that it was confirmed who answered."""
ENTERED_BY = N_("Entered by %(name)s.")

_HAPPENED: Mapping[FlagEventKind, str] = {
    FlagEventKind.OPENED: N_("Opened"),
    FlagEventKind.EVIDENCE: N_("New evidence joined"),
    FlagEventKind.SEEN: N_("Seen"),
    FlagEventKind.ATTEMPT: N_("Tried"),
    FlagEventKind.HANDED_OVER: N_("Handed over to a colleague"),
    FlagEventKind.SNOOZED: N_("Set aside for a while"),
    FlagEventKind.WOKEN: N_("Back on the list"),
    FlagEventKind.ESCALATED: N_("Its time ran out, and the next person was told"),
    FlagEventKind.UNDONE: N_("Undone"),
    FlagEventKind.CLOSED: N_("Closed"),
}


@dataclass(frozen=True)
class EvidenceLine:
    """One piece of evidence: its first sentence, the others, when and how it came, the rule and its source."""

    lead: str
    rest: str
    came: str
    rule: str


@dataclass(frozen=True)
class Happening:
    """Something that happened to a flag; `words` are a colleague's own."""

    event_id: UUID
    at: datetime
    day: str
    what: str
    who: str | None
    words: str | None
    may_be_undone: bool
    """By the reader, for a few minutes."""


@dataclass(frozen=True)
class FlagDetail:
    """One flag in full, with the outcomes that its kind allows."""

    id: UUID
    patient_id: UUID
    tag: Tag
    state: str
    is_open: bool
    is_seen: bool
    is_safety: bool
    is_own: bool
    """Whether the reader owns it."""
    owner: str
    due: Due
    told: str
    """Who has been told that its time has run out."""
    until: str
    """Until when it is snoozed; nothing while it is not."""
    sleeps: tuple[date, date] | None
    """The first and the last day until which it can be set aside; None when it cannot."""
    by_review: bool
    """Whether a review answers it."""
    support: tuple[str, ...]
    """What to think of besides."""
    opened_at: datetime
    opened_day: str
    outcome: str | None
    reason: str | None
    evidence: tuple[EvidenceLine, ...]
    """The newest of each rule."""
    earlier: tuple[EvidenceLine, ...]
    read_to: datetime
    """The newest evidence on the page: what came in later, its reader has not seen."""
    happenings: tuple[Happening, ...]
    attempts: tuple[Choice, ...]
    closings: tuple[Choice, ...]


def details(
    session: Session, flags: Sequence[Flag], now: datetime, reader: Reader, viewer_id: UUID
) -> tuple[FlagDetail, ...]:
    """Return flags in full, in the order given, in a few statements."""
    events = _events(session, flags)
    submissions = _submissions(session, [event for each in events.values() for event in each])
    longest = {code: in_force(session, code).pathway.flags.snooze_at_most_days for code in _pathways(flags)}
    return tuple(
        _detail(
            flag,
            events.get(flag.id, []),
            submissions,
            _closings(session, flag),
            longest.get(flag.episode.pathway, 0),
            now,
            reader,
            viewer_id,
        )
        for flag in flags
    )


def _pathways(flags: Iterable[Flag]) -> set[str]:
    return {flag.episode.pathway for flag in flags if flag.state is not FlagState.CLOSED}


def _days_to_sleep(now: datetime, longest: int, reader: Reader) -> tuple[date, date]:
    day = timedelta(days=1)
    return reader.local(now + day).date(), reader.local(now + longest * day).date()


def _closings(session: Session, flag: Flag) -> tuple[Outcome, ...]:
    return closings(session, flag) if flag.state is not FlagState.CLOSED else ()


def open_flags_of(session: Session, episode: Episode) -> Sequence[Flag]:
    """Return the open flags of an episode that a viewer was let see, in the order of the worklist."""
    found = session.scalars(
        sa.select(Flag)
        .where(Flag.episode_id == episode.id, Flag.closed_at.is_(None))
        .options(joinedload(Flag.owner), joinedload(Flag.patient))
    )
    return sorted(found, key=lambda flag: list(FlagKind).index(flag.kind))


def all_flags_of(session: Session, episode: Episode) -> Sequence[Flag]:
    """Return every flag of an episode, newest first."""
    return session.scalars(
        sa.select(Flag)
        .where(Flag.episode_id == episode.id)
        .order_by(Flag.opened_at.desc())
        .options(joinedload(Flag.owner), joinedload(Flag.patient))
    ).all()


def _events(session: Session, flags: Sequence[Flag]) -> Mapping[UUID, list[FlagEvent]]:
    found = session.scalars(
        sa.select(FlagEvent)
        .where(FlagEvent.flag_id.in_([flag.id for flag in flags]))
        .order_by(FlagEvent.at, FlagEvent.id)
        .options(joinedload(FlagEvent.staff_member), joinedload(FlagEvent.patient))
    )
    by_flag: dict[UUID, list[FlagEvent]] = {}
    for event in found:
        by_flag.setdefault(event.flag_id, []).append(event)
    return by_flag


def _submissions(session: Session, events: Sequence[FlagEvent]) -> Mapping[UUID, Submission]:
    """Return what was sent in the check-ins that evidence came from, by check-in."""
    ids = {event.check_in_id for event in events if event.check_in_id}
    found = session.scalars(
        sa.select(Submission).where(Submission.check_in_id.in_(ids), Submission.corrects_id.is_(None))
    )
    return {each.check_in_id: each for each in found}


def _detail(
    flag: Flag,
    events: Sequence[FlagEvent],
    submissions: Mapping[UUID, Submission],
    outcomes: Sequence[Outcome],
    longest: int,
    now: datetime,
    reader: Reader,
    viewer_id: UUID,
) -> FlagDetail:
    said = sorted((event for event in events if event.evidence), key=lambda event: event.rule or "")
    said.sort(key=lambda event: event.at, reverse=True)
    newest: dict[str | None, FlagEvent] = {}
    for event in said:
        newest.setdefault(event.rule, event)
    return FlagDetail(
        read_to=max((event.at for event in said), default=flag.opened_at),
        id=flag.id,
        patient_id=flag.patient_id,
        tag=tag(flag, events, reader.language, now),
        state=state_label(flag.state, reader.language),
        is_open=flag.state is not FlagState.CLOSED,
        is_seen=flag.seen_at is not None,
        is_safety=flag.kind is FlagKind.SAFETY,
        is_own=flag.owner_id == viewer_id,
        owner=flag.owner.name,
        due=due(flag.due_at, now, reader, warn_all_day=flag.kind is FlagKind.SAFETY),
        told=told(flag.escalation, reader),
        until=reader.date(flag.snoozed_until) if flag.snoozed_until and flag.snoozed_until > now else "",
        sleeps=None if flag.kind in NEVER_SNOOZED else _days_to_sleep(now, longest, reader),
        by_review=flag.kind in CLOSED_BY_REVIEW,
        support=prompt_lines(flag.kind, reader.language),
        opened_at=flag.opened_at,
        opened_day=reader.date(flag.opened_at),
        outcome=outcome_label(flag.outcome, reader.language) if flag.outcome else None,
        reason=flag.reason,
        evidence=tuple(_evidence(each, submissions, now, reader) for each in newest.values()),
        earlier=tuple(_evidence(each, submissions, now, reader) for each in said if each not in newest.values()),
        happenings=tuple(
            _happening(
                each, now, reader, may_be_undone=each is events[-1] and _may_be_undone(flag, each, now, viewer_id)
            )
            for each in events
        ),
        attempts=_choices(AttemptOutcome, reader.language),
        closings=_choices(outcomes, reader.language),
    )


def _choices(outcomes: type[AttemptOutcome] | Sequence[Outcome], language: str) -> tuple[Choice, ...]:
    return tuple(Choice(outcome.value, outcome_label(outcome, language)) for outcome in outcomes)


def _evidence(event: FlagEvent, submissions: Mapping[UUID, Submission], now: datetime, reader: Reader) -> EvidenceLine:
    said = [
        sentence(Evidence(item["code"], item["params"]), reader.language, reader.region)
        for item in event.evidence or ()
    ]
    return EvidenceLine(
        lead=said[0],
        rest=" ".join(said[1:]),
        came=_came(event, submissions, now, reader),
        rule=rule_line(event.rule, reader.language) if event.rule else "",
    )


_SAID_EARLY = frozenset({Rule.S1, Rule.S2, Rule.S3, Rule.S4, Rule.C1})
"""What a patient may have said before sending, or without ever sending, the rest of a check-in."""


def _came(event: FlagEvent, submissions: Mapping[UUID, Submission], now: datetime, reader: Reader) -> str:
    when = reader.day_and_time(event.at, now)
    submission = submissions.get(event.check_in_id) if event.check_in_id else None
    if submission is None and event.check_in_id and event.rule in _SAID_EARLY:
        return reader.say(N_("Noticed %(when)s, from a check-in that was begun and not sent."), when=when)
    if submission is None:
        return reader.say(N_("Noticed %(when)s."), when=when)
    return answered(submission, now, reader)


def answered(submission: Submission, now: datetime, reader: Reader) -> str:
    """Return when and how a check-in was answered, and in which language."""
    return reader.say(
        _ANSWERED[submission.mode],
        when=reader.day_and_time(submission.submitted_at, now),
        spoken=language_name(submission.language, reader.language),
    )


def _may_be_undone(flag: Flag, event: FlagEvent, now: datetime, viewer_id: UUID) -> bool:
    is_slip = flag.closed_at is None and event.kind in CAN_BE_UNDONE
    return is_slip and event.staff_member_id == viewer_id and now - event.at <= UNDO_WITHIN


def _happening(event: FlagEvent, now: datetime, reader: Reader, *, may_be_undone: bool) -> Happening:
    what = reader.say(_HAPPENED[event.kind])
    if event.outcome and event.kind in CONTACTS:
        words = outcome_words(event.outcome, reader.language)
        what = reader.say(N_("%(what)s: %(outcome)s"), what=what, outcome=words)
    return Happening(
        event_id=event.id,
        at=event.at,
        day=reader.day_and_time(event.at, now),
        what=what,
        who=event.staff_member.name if event.staff_member else None,
        words=event.words,
        may_be_undone=may_be_undone,
    )
