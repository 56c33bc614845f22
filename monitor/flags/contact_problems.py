"""Who cannot be reached by text, and what to do about it: one row a patient, and none of them a missed check-in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from monitor.access import Viewer
from monitor.care.models import Episode
from monitor.care.scope import episodes_visible_to
from monitor.flags.due import Due, Reader, age, due
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag
from monitor.flags.rows import Tag
from monitor.i18n import N_
from monitor.messaging.models import ACCEPTED, Message, MessageState
from monitor.people.models import Channel, Consent, ContactPreference, Party, Patient, Purpose
from monitor.people.start_word import how_to_start
from monitor.people.words import dialled, language_name

LATELY = timedelta(days=14)
"""Local protocol: how long a text that nobody could confirm is a problem, unless a later one is known to have gone."""
GIVEN_UP = sa.text(f"messages.state = '{MessageState.ABANDONED}'")
"""Spelt out, as the condition of an index would be."""


class ContactProblem(StrEnum):
    """Why texts do not reach somebody; the order of the members is the order in which they are said."""

    NUMBER = "number"
    """The network has given the number up."""
    NOT_ARRIVING = "not_arriving"
    STOPPED = "stopped"
    NO_ROUTE = "no_route"
    """Nobody has written down whether they agree to texts."""
    UNCONFIRMED = "unconfirmed"


LABELS: Mapping[ContactProblem, str] = {
    ContactProblem.NUMBER: N_("Number does not work"),
    ContactProblem.NOT_ARRIVING: N_("Texts do not arrive"),
    ContactProblem.STOPPED: N_("Asked us to stop"),
    ContactProblem.NO_ROUTE: N_("No way agreed"),
    ContactProblem.UNCONFIRMED: N_("Text not confirmed"),
}
NEXT: Mapping[ContactProblem, str] = {
    ContactProblem.NUMBER: N_("Check the number, with them or on their file, and change it on their record."),
    ContactProblem.NOT_ARRIVING: N_("Ring them: the phone may be off or out of reach for texts alone."),
    ContactProblem.STOPPED: N_("Ring them and agree another way to keep in touch. Care goes on without texts."),
    ContactProblem.NO_ROUTE: N_("Ask them whether they agree to texts, and write it down on their record."),
    ContactProblem.UNCONFIRMED: N_("Ring them if the text mattered: it may or may not have arrived."),
}
BY_STAFF = N_("Staff wrote this down. If they want texts again, write that down on their record.")
BY_THEMSELVES = N_("If they want texts again, they start them from their own phone. In their language:")

_OF_A_FLAG = {FlagKind.UNREACHABLE: ContactProblem.NOT_ARRIVING, FlagKind.OPTED_OUT: ContactProblem.STOPPED}


@dataclass(frozen=True)
class ContactRow:
    """One patient: what is wrong, since when, who sees to it and by when, and what to do next."""

    patient_id: UUID
    name: str
    language: str
    second_line: str
    tags: tuple[Tag, ...]
    since: datetime
    day: str
    age: str
    owner: str | None
    due: Due | None
    number: str
    dialled: str
    next: tuple[str, ...]
    start: str | None
    """What to tell them so that they can start texts again, in their language."""


def count_contact_problems(session: Session, viewer: Viewer, now: datetime) -> int:
    """Return how many patients of the viewer's teams texts do not reach."""
    found = _found(viewer, now).subquery()
    return session.scalar(sa.select(sa.func.count(sa.distinct(found.c.episode_id)))) or 0


def contact_problems(session: Session, viewer: Viewer, *, now: datetime, region: str) -> Sequence[ContactRow]:
    """Return one row for each of them, longest first, in a fixed number of statements."""
    since: dict[UUID, dict[ContactProblem, datetime]] = {}
    for episode_id, problem, at in session.execute(_found(viewer, now)):
        since.setdefault(episode_id, {})[ContactProblem(problem)] = at
    episodes = session.scalars(
        sa.select(Episode)
        .where(Episode.id.in_(since))
        .options(joinedload(Episode.patient), joinedload(Episode.care_team))
    ).all()
    flags, said = _flags(session, since), _who_said_so(session, [each.patient_id for each in episodes])
    rows = [
        _row(
            episode,
            since[episode.id],
            flags.get(episode.id, ()),
            said.get(episode.patient_id),
            now,
            Reader(viewer.language, region, episode.care_team.time_zone),
        )
        for episode in episodes
    ]
    return sorted(rows, key=lambda row: (row.since, row.patient_id))


def _found(viewer: Viewer, now: datetime) -> sa.CompoundSelect[UUID, str, datetime]:
    """Select episode, problem and since when, from the flags and from what no flag says."""
    ours = (
        episodes_visible_to(viewer).where(Episode.closed_at.is_(None)).with_only_columns(Episode.id).scalar_subquery()
    )
    channel = (
        sa.select(ContactPreference.channel)
        .where(ContactPreference.patient_id == Episode.patient_id)
        .order_by(ContactPreference.from_at.desc(), ContactPreference.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    by_text = sa.func.coalesce(channel, Channel.TEXT) == Channel.TEXT
    asked = sa.select(Consent.id).where(Consent.patient_id == Episode.patient_id, Consent.purpose == Purpose.TEXTS)
    in_care = sa.select(Episode.id).where(Episode.id.in_(ours))
    later = aliased(Message)
    gone = sa.select(later.id).where(
        later.patient_id == Message.patient_id, later.due_at > Message.due_at, later.state.in_(ACCEPTED)
    )
    return sa.union_all(
        *(
            sa.select(Flag.episode_id.label("episode_id"), sa.literal(problem.value), Flag.opened_at).where(
                Flag.closed_at.is_(None), Flag.kind == kind, Flag.episode_id.in_(ours)
            )
            for kind, problem in _OF_A_FLAG.items()
        ),
        in_care.with_only_columns(Episode.id, sa.literal(ContactProblem.NUMBER.value), Patient.number_failed_at)
        .join(Patient, Patient.id == Episode.patient_id)
        .where(Patient.number_failed_at.is_not(None), by_text),
        in_care.with_only_columns(Episode.id, sa.literal(ContactProblem.NO_ROUTE.value), Episode.opened_at).where(
            ~asked.exists(), by_text
        ),
        in_care.with_only_columns(Episode.id, sa.literal(ContactProblem.UNCONFIRMED.value), Message.due_at)
        .join(Message, Message.patient_id == Episode.patient_id)
        .where(GIVEN_UP, Message.due_at > now - LATELY, ~gone.exists()),
    )


def _flags(session: Session, episodes: Mapping[UUID, object]) -> Mapping[UUID, list[Flag]]:
    found = session.scalars(
        sa.select(Flag)
        .where(Flag.episode_id.in_(episodes), Flag.closed_at.is_(None), Flag.kind.in_(_OF_A_FLAG))
        .order_by(Flag.due_at)
        .options(joinedload(Flag.owner))
    )
    by_episode: dict[UUID, list[Flag]] = {}
    for flag in found:
        by_episode.setdefault(flag.episode_id, []).append(flag)
    return by_episode


def _who_said_so(session: Session, patients: Sequence[UUID]) -> Mapping[UUID, Consent]:
    """Return the newest statement about texts of each patient."""
    found = session.scalars(
        sa.select(Consent)
        .where(Consent.patient_id.in_(patients), Consent.purpose == Purpose.TEXTS)
        .order_by(Consent.at, Consent.id)
    )
    return {each.patient_id: each for each in found}


def _row(
    episode: Episode,
    since: Mapping[ContactProblem, datetime],
    flags: Sequence[Flag],
    said: Consent | None,
    now: datetime,
    reader: Reader,
) -> ContactRow:
    patient = episode.patient
    problems = [each for each in ContactProblem if each in since and not _is_said_better(each, since)]
    stopped = ContactProblem.STOPPED in problems and said is not None and not said.granted
    themselves = stopped and said is not None and said.said_by is Party.PATIENT
    begun = min(since[each] for each in problems)
    steps = [NEXT[each] for each in problems]
    if stopped:
        steps.append(BY_THEMSELVES if themselves else BY_STAFF)
    first = flags[0] if flags else None
    return ContactRow(
        patient_id=patient.id,
        name=patient.preferred_name,
        language=patient.language,
        second_line=f"{language_name(patient.language, reader.language)} · {episode.care_team.name}",
        tags=tuple(Tag(episode.id, _kind(each), reader.say(LABELS[each])) for each in problems),
        since=begun,
        day=reader.date(begun),
        age=age(begun, now, reader),
        owner=first.owner.name if first else None,
        due=due(first.due_at, now, reader) if first else None,
        number=patient.number,
        dialled=dialled(patient.number),
        next=tuple(map(reader.say, steps)),
        start=how_to_start(patient.language) if themselves else None,
    )


def _is_said_better(problem: ContactProblem, others: Mapping[ContactProblem, datetime]) -> bool:
    """Whether another reason says the same more exactly: of a number that does not work no text arrives."""
    return problem in (ContactProblem.NOT_ARRIVING, ContactProblem.UNCONFIRMED) and ContactProblem.NUMBER in others


def _kind(problem: ContactProblem) -> FlagKind:
    return FlagKind.OPTED_OUT if problem is ContactProblem.STOPPED else FlagKind.UNREACHABLE
