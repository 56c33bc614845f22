"""One flag in full: what raised it, what was done about it, and what may be done now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.access import Viewer
from monitor.care.models import Episode
from monitor.checkins.models import Mode, Submission
from monitor.flags.due import Due, Reader, due
from monitor.flags.facts import Evidence
from monitor.flags.kinds import CLOSES, AttemptOutcome, FlagKind, Outcome, Rule
from monitor.flags.models import Flag, FlagEvent, FlagEventKind, FlagState
from monitor.flags.rows import Tag, outcome_words, tag
from monitor.flags.words import outcome_label, rule_line, sentence, state_label
from monitor.i18n import N_
from monitor.people.models import Patient
from monitor.people.teams import carers
from monitor.people.words import dialled, language_name

_ANSWERED: Mapping[Mode, str] = {
    Mode.LINK: N_("Answered %(when)s by link, in %(spoken)s."),
    Mode.TEXT: N_("Answered %(when)s by text, in %(spoken)s."),
    Mode.PHONE: N_("Answered %(when)s by phone, in %(spoken)s."),
    Mode.INTERPRETER: N_("Answered %(when)s with an interpreter, in %(spoken)s."),
    Mode.CLINIC: N_("Answered %(when)s at the clinic, in %(spoken)s."),
}
"""A link proves no person, so nothing here says that it was confirmed who answered."""

_HAPPENED: Mapping[FlagEventKind, str] = {
    FlagEventKind.OPENED: N_("Opened"),
    FlagEventKind.EVIDENCE: N_("New evidence joined"),
    FlagEventKind.SEEN: N_("Seen"),
    FlagEventKind.ATTEMPT: N_("Tried"),
    FlagEventKind.HANDED_OVER: N_("Handed over to a colleague"),
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

    at: datetime
    day: str
    what: str
    who: str | None
    words: str | None


@dataclass(frozen=True)
class Choice:
    """A value of a form and its label."""

    value: str
    label: str


@dataclass(frozen=True)
class Person:
    """Whom to call: the number as it is dialled and as it is read aloud, the language, what they need."""

    patient_id: UUID
    name: str
    number: str
    dialled: str
    spoken: str
    access_needs: str | None


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
    owner: str
    due: Due
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


def person(patient: Patient, language: str) -> Person:
    """Return whom to call, for a reader of `language`."""
    return Person(
        patient_id=patient.id,
        name=patient.preferred_name,
        number=patient.number,
        dialled=dialled(patient.number),
        spoken=language_name(patient.language, language),
        access_needs=patient.access_needs,
    )


def details(session: Session, flags: Sequence[Flag], now: datetime, reader: Reader) -> tuple[FlagDetail, ...]:
    """Return flags in full, in the order given, in three statements."""
    events = _events(session, flags)
    submissions = _submissions(session, [event for each in events.values() for event in each])
    return tuple(_detail(flag, events.get(flag.id, []), submissions, now, reader) for flag in flags)


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


def colleagues(session: Session, care_team_id: UUID, viewer: Viewer) -> tuple[Choice, ...]:
    """Return the members of a team to whom the viewer can hand a flag over, by name."""
    others = (each for each in carers(session, [care_team_id]) if each.id != viewer.staff_member_id)
    return tuple(Choice(str(each.id), each.name) for each in others)


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
    flag: Flag, events: Sequence[FlagEvent], submissions: Mapping[UUID, Submission], now: datetime, reader: Reader
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
        tag=tag(flag, events, reader.language),
        state=state_label(flag.state, reader.language),
        is_open=flag.state is not FlagState.CLOSED,
        is_seen=flag.seen_at is not None,
        is_safety=flag.kind is FlagKind.SAFETY,
        owner=flag.owner.name,
        due=due(flag.due_at, now, reader, warn_all_day=flag.kind is FlagKind.SAFETY),
        opened_at=flag.opened_at,
        opened_day=reader.date(flag.opened_at),
        outcome=outcome_label(flag.outcome, reader.language) if flag.outcome else None,
        reason=flag.reason,
        evidence=tuple(_evidence(each, submissions, now, reader) for each in newest.values()),
        earlier=tuple(_evidence(each, submissions, now, reader) for each in said if each not in newest.values()),
        happenings=tuple(_happening(each, now, reader) for each in events),
        attempts=_choices(AttemptOutcome, reader.language),
        closings=_choices(CLOSES[flag.kind], reader.language),
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


def _happening(event: FlagEvent, now: datetime, reader: Reader) -> Happening:
    what = reader.say(_HAPPENED[event.kind])
    if event.outcome:
        words = outcome_words(event.outcome, reader.language)
        what = reader.say(N_("%(what)s: %(outcome)s"), what=what, outcome=words)
    return Happening(
        at=event.at,
        day=reader.day_and_time(event.at, now),
        what=what,
        who=event.staff_member.name if event.staff_member else None,
        words=event.words,
    )
