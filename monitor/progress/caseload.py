"""The weekly caseload review: one row a patient, whoever was not looked at for longest first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from monitor.access import Viewer
from monitor.care import pathways, roles
from monitor.care.caseload import LOOK_EVERY_DAYS, Look, newest_looks, reviewed_codes
from monitor.care.caseload_words import LISTS, PRESSING
from monitor.care.intake_models import CaseloadLook
from monitor.care.kinds import CareRole
from monitor.care.models import Appointment, Episode
from monitor.care.scope import episodes_visible_to
from monitor.care.staff_words import CARE_ROLES, step_label
from monitor.checkins.models import CheckIn
from monitor.flags.due import Reader
from monitor.flags.models import Flag, FlagEvent
from monitor.flags.rows import CONTACTS, outcome_words
from monitor.i18n import N_
from monitor.people.models import StaffMember
from monitor.people.words import language_name

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Seen:
    """One thing that the last look saw, in words; `presses` where somebody should act on it."""

    words: str
    presses: bool


@dataclass(frozen=True)
class Holder:
    """A care role of the pathway and who holds it now; nobody where it is still to be named."""

    role: CareRole
    label: str
    holder_id: UUID | None
    name: str | None


@dataclass(frozen=True)
class LastLook:
    """What the last look saw and agreed, when, and by whom."""

    id: UUID
    at: datetime
    day: str
    by: str
    engagement: Seen
    medication: Seen
    housing: Seen
    signs: Seen
    signs_words: str
    agreed: str


@dataclass(frozen=True)
class Contacts:
    """What the program itself knows of whether somebody is in touch."""

    last: Mapping[UUID, tuple[datetime, str | None]]
    """By episode: when somebody had to do with them, and what came of it; nothing for an attended appointment."""
    missed: Mapping[UUID, int]
    """By episode: check-ins missed since the last answer."""


@dataclass(frozen=True)
class CaseloadRow:
    """One patient of the weekly review."""

    episode_id: UUID
    patient_id: UUID
    team_id: UUID
    name: str
    language: str
    second_line: str
    accountable: str | None
    since: datetime
    """The last look, or the beginning of care."""
    waits: str
    is_late: bool
    last: LastLook | None
    last_contact: str | None
    missed: str | None
    people: tuple[Holder, ...]


def caseload(session: Session, viewer: Viewer, *, now: datetime, region: str) -> Sequence[CaseloadRow]:
    """Return one row for each patient of the viewer's teams on such a pathway, in a fixed number of statements."""
    episodes = session.scalars(
        episodes_visible_to(viewer)
        .where(Episode.closed_at.is_(None), Episode.pathway.in_(reviewed_codes(session)))
        .options(
            joinedload(Episode.patient),
            joinedload(Episode.care_team),
            joinedload(Episode.accountable),
            selectinload(Episode.steps),
        )
    ).all()
    ids = [episode.id for episode in episodes]
    looks, held, contacts = newest_looks(session, ids), roles.current(session, ids), _contacts(session, ids)
    named = {code: pathways.in_force(session, code).pathway.care_roles for code in {each.pathway for each in episodes}}
    lookers = _names(session, looks.values())
    rows = [
        _row(
            episode,
            looks.get(episode.id),
            contacts,
            _people(named[episode.pathway], held[episode.id], Reader(viewer.language, region, "UTC")),
            lookers,
            now=now,
            reader=Reader(viewer.language, region, episode.care_team.time_zone),
        )
        for episode in episodes
    ]
    return sorted(rows, key=lambda row: (not row.is_late, row.since, row.patient_id))


def _row(
    episode: Episode,
    look: CaseloadLook | None,
    contacts: Contacts,
    people: tuple[Holder, ...],
    lookers: Mapping[UUID, str],
    *,
    now: datetime,
    reader: Reader,
) -> CaseloadRow:
    since = look.at if look else episode.opened_at
    days = (reader.local(now).date() - reader.local(since).date()).days
    missed = contacts.missed.get(episode.id, 0)
    return CaseloadRow(
        episode_id=episode.id,
        patient_id=episode.patient_id,
        team_id=episode.care_team_id,
        name=episode.patient.preferred_name,
        language=episode.patient.language,
        second_line=reader.say(
            N_("%(step)s, week %(week)s · %(spoken)s"),
            step=step_label(episode.step, reader.language),
            week=(now - episode.opened_at).days // 7,
            spoken=language_name(episode.patient.language, reader.language),
        ),
        accountable=episode.accountable.name if episode.accountable else None,
        since=since,
        waits=_waits(days, look is not None, reader),
        is_late=days >= LOOK_EVERY_DAYS,
        last=_last(look, lookers, reader) if look else None,
        last_contact=_contact(contacts.last.get(episode.id), reader),
        missed=reader.ngettext("%(count)s check-in missed", "%(count)s check-ins missed in a row", missed)
        if missed
        else None,
        people=people,
    )


def _waits(days: int, was_looked_at: bool, reader: Reader) -> str:
    """Say how long ago the last look was."""
    if not was_looked_at:
        return reader.ngettext(
            "Not looked at yet, %(count)s day in care", "Not looked at yet, %(count)s days in care", days
        )
    if days >= LOOK_EVERY_DAYS:
        return reader.ngettext("Not looked at for %(count)s day", "Not looked at for %(count)s days", days)
    return reader.ngettext("%(count)s day ago", "%(count)s days ago", days) if days else reader.say(N_("Today"))


def _last(row: CaseloadLook, lookers: Mapping[UUID, str], reader: Reader) -> LastLook:
    look = Look.model_validate_json(row.words)

    def seen(field: str, value: StrEnum) -> Seen:
        return Seen(reader.say(LISTS[field][value]), value in PRESSING)

    return LastLook(
        id=row.id,
        at=row.at,
        day=reader.date(row.at),
        by=lookers[row.staff_member_id],
        engagement=seen("engagement", look.engagement),
        medication=seen("medication", look.medication),
        housing=seen("housing", look.housing),
        signs=seen("signs", look.signs),
        signs_words=look.signs_words,
        agreed=look.agreed,
    )


def _people(named: Sequence[CareRole], held: roles.Holders, reader: Reader) -> tuple[Holder, ...]:
    def holder(role: CareRole) -> Holder:
        found = held.get(role)
        works_here = found is not None and found.staff_member.ended_at is None
        return Holder(
            role=role,
            label=reader.say(CARE_ROLES[role]),
            holder_id=found.staff_member_id if found else None,
            name=found.staff_member.name if found and works_here else None,
        )

    return tuple(holder(role) for role in named)


def _contact(last: tuple[datetime, str | None] | None, reader: Reader) -> str | None:
    if last is None:
        return None
    at, outcome = last
    words = outcome_words(outcome, reader.language) if outcome else reader.say(N_("appointment attended"))
    return reader.say(N_("%(date)s: %(outcome)s"), date=reader.date(at), outcome=words)


def _names(session: Session, looks: Iterable[CaseloadLook]) -> Mapping[UUID, str]:
    wanted = {look.staff_member_id for look in looks}
    return {
        member.id: member.name for member in session.scalars(sa.select(StaffMember).where(StaffMember.id.in_(wanted)))
    }


def _contacts(session: Session, ids: Sequence[UUID]) -> Contacts:
    attended = session.execute(
        sa.select(Appointment.episode_id, sa.func.max(Appointment.attended_at))
        .where(Appointment.episode_id.in_(ids), Appointment.attended_at.is_not(None))
        .group_by(Appointment.episode_id)
    )
    last: dict[UUID, tuple[datetime, str | None]] = {episode_id: (at, None) for episode_id, at in attended if at}
    newest = (
        sa.select(Flag.episode_id, sa.func.max(FlagEvent.at).label("at"))
        .join(FlagEvent, FlagEvent.flag_id == Flag.id)
        .where(Flag.episode_id.in_(ids), FlagEvent.kind.in_(CONTACTS))
        .group_by(Flag.episode_id)
        .subquery()
    )
    done = session.execute(
        sa.select(Flag.episode_id, FlagEvent.at, FlagEvent.outcome)
        .join(FlagEvent, FlagEvent.flag_id == Flag.id)
        .join(newest, sa.and_(newest.c.episode_id == Flag.episode_id, newest.c.at == FlagEvent.at))
        .where(FlagEvent.kind.in_(CONTACTS))
    )
    for episode_id, at, outcome in done:
        if episode_id not in last or at > last[episode_id][0]:
            last[episode_id] = (at, outcome)
    return Contacts(last, _missed(session, ids))


def _missed(session: Session, ids: Sequence[UUID]) -> Mapping[UUID, int]:
    answered = (
        sa.select(CheckIn.episode_id, sa.func.max(CheckIn.due_at).label("due_at"))
        .where(CheckIn.episode_id.in_(ids), CheckIn.completed_at.is_not(None))
        .group_by(CheckIn.episode_id)
        .subquery()
    )
    found = session.execute(
        sa.select(CheckIn.episode_id, sa.func.count(CheckIn.missed_at))
        .outerjoin(answered, answered.c.episode_id == CheckIn.episode_id)
        .where(CheckIn.episode_id.in_(ids), CheckIn.due_at > sa.func.coalesce(answered.c.due_at, _LONG_AGO))
        .group_by(CheckIn.episode_id)
    )
    return {episode_id: count for episode_id, count in found}
