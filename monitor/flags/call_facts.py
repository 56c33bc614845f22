"""What the tables say of those who may have to be rung, in a fixed number of statements however many they are."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from monitor.access import Viewer
from monitor.care.models import Appointment, Episode
from monitor.care.scope import episodes_visible_to
from monitor.checkins.call_models import Call
from monitor.checkins.calls import calls_of
from monitor.checkins.models import OPEN, CheckIn
from monitor.flags.kinds import FlagKind, Outcome
from monitor.flags.models import Flag, FlagEvent, FlagEventKind
from monitor.people.models import Channel, Consent, ContactPreference, Purpose
from monitor.people.needs import Needs, needs_of_all

QUIET = (FlagKind.MISSED_CHECK_INS, FlagKind.UNREACHABLE, FlagKind.RELAPSE_SIGNAL)
"""The flags of silence. Of relapse signals only those that rest on silence (W5) are among them."""
PROMISED = (FlagKind.CALL_REQUESTED, FlagKind.RE_ENTRY)
"""Somebody asked for a call, or was told that one comes."""
LOOKS_BACK = timedelta(days=365)
"""Local protocol: no round of calls is older than that."""
_SPOKE = (Outcome.SPOKE, Outcome.PLAN_UPDATED, Outcome.FIRST_CONTACT_HELD)


def wanted(session: Session, viewer: Viewer, now: datetime) -> Sequence[UUID]:
    """Return the open episodes of the viewer's teams that may have a reason; the list looks closer."""
    ours = episodes_visible_to(viewer).where(Episode.closed_at.is_(None)).with_only_columns(Episode.id)
    ids = ours.scalar_subquery()
    flagged = sa.select(Flag.episode_id).where(
        Flag.closed_at.is_(None), Flag.kind.in_((*QUIET, *PROMISED)), Flag.episode_id.in_(ids)
    )
    missed = _last_missed().with_only_columns(Appointment.episode_id).where(Appointment.episode_id.in_(ids))
    due = sa.select(CheckIn.episode_id).where(
        sa.text(OPEN), CheckIn.due_at <= now, CheckIn.closes_at > now, CheckIn.episode_id.in_(ids), _is_rung(CheckIn)
    )
    return session.scalars(sa.union(flagged, missed, due)).all()


def _is_rung(of: type[CheckIn]) -> sa.ColumnElement[bool]:
    newest = (
        sa.select(ContactPreference.channel)
        .where(ContactPreference.patient_id == of.patient_id)
        .order_by(ContactPreference.from_at.desc(), ContactPreference.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return newest == Channel.PHONE


@dataclass(frozen=True)
class Known:
    """What the tables say of some episodes, by episode or by patient."""

    flags: Mapping[UUID, Sequence[Flag]]
    events: Mapping[UUID, Sequence[FlagEvent]]
    calls: Mapping[UUID, Sequence[Call]]
    missed: Mapping[UUID, Appointment]
    spoke: Mapping[UUID, datetime]
    check_ins: Mapping[UUID, CheckIn]
    wishes: Mapping[UUID, ContactPreference]
    texts: Mapping[UUID, bool]
    needs: Mapping[UUID, Needs]


def known_of(session: Session, episodes: Sequence[Episode], now: datetime) -> Known:
    """Return what is known of some episodes."""
    ids, patients = [each.id for each in episodes], [each.patient_id for each in episodes]
    return Known(
        flags=_flags(session, ids),
        events=_events(session, ids),
        calls=calls_of(session, ids, now - LOOKS_BACK),
        missed=_missed(session, ids),
        spoke=_spoke(session, ids),
        check_ins=_check_ins(session, ids, now),
        wishes=_wishes(session, patients),
        texts=_texts(session, patients),
        needs=needs_of_all(session, patients),
    )


def _flags(session: Session, ids: Collection[UUID]) -> Mapping[UUID, Sequence[Flag]]:
    """Return the open flags, those due first at the front."""
    rows = session.scalars(
        sa.select(Flag)
        .where(Flag.episode_id.in_(ids), Flag.closed_at.is_(None))
        .order_by(Flag.due_at)
        .options(joinedload(Flag.owner))
    )
    found: dict[UUID, list[Flag]] = {}
    for flag in rows:
        found.setdefault(flag.episode_id, []).append(flag)
    return found


def _events(session: Session, ids: Collection[UUID]) -> Mapping[UUID, Sequence[FlagEvent]]:
    """Return what was found and tried on the open flags of episodes, by flag, oldest first."""
    rows = session.scalars(
        sa.select(FlagEvent)
        .join(Flag, Flag.id == FlagEvent.flag_id)
        .where(Flag.episode_id.in_(ids), Flag.closed_at.is_(None))
        .where(sa.or_(FlagEvent.rule.is_not(None), FlagEvent.kind == FlagEventKind.ATTEMPT))
        .order_by(FlagEvent.at, FlagEvent.id)
        .options(joinedload(FlagEvent.staff_member), joinedload(FlagEvent.patient))
    )
    found: dict[UUID, list[FlagEvent]] = {}
    for event in rows:
        found.setdefault(event.flag_id, []).append(event)
    return found


def _last_missed() -> sa.Select[Appointment]:
    """Select the appointments that were missed, unless there was another one after it."""
    later = aliased(Appointment)
    another = sa.exists().where(
        later.episode_id == Appointment.episode_id,
        later.starts_at > Appointment.starts_at,
        sa.or_(later.attended_at.is_not(None), later.missed_at.is_not(None)),
    )
    return sa.select(Appointment).where(Appointment.missed_at.is_not(None), ~another)


def _missed(session: Session, ids: Collection[UUID]) -> Mapping[UUID, Appointment]:
    rows = session.scalars(_last_missed().where(Appointment.episode_id.in_(ids)))
    return {row.episode_id: row for row in rows}


def _spoke(session: Session, ids: Collection[UUID]) -> Mapping[UUID, datetime]:
    """Return when somebody last wrote, closing a flag, that they had spoken with a patient."""
    rows = session.execute(
        sa.select(Flag.episode_id, sa.func.max(Flag.closed_at))
        .where(Flag.episode_id.in_(ids), Flag.closed_at.is_not(None), Flag.outcome.in_(_SPOKE))
        .group_by(Flag.episode_id)
    )
    return {episode_id: at for episode_id, at in rows if at is not None}


def _check_ins(session: Session, ids: Collection[UUID], now: datetime) -> Mapping[UUID, CheckIn]:
    rows = session.scalars(
        sa.select(CheckIn)
        .where(CheckIn.episode_id.in_(ids), sa.text(OPEN), CheckIn.due_at <= now, CheckIn.closes_at > now)
        .order_by(CheckIn.due_at)
    )
    return {row.episode_id: row for row in rows}


def _wishes(session: Session, patients: Collection[UUID]) -> Mapping[UUID, ContactPreference]:
    rows = session.scalars(
        sa.select(ContactPreference)
        .where(ContactPreference.patient_id.in_(patients))
        .order_by(ContactPreference.from_at, ContactPreference.id)
    )
    return {row.patient_id: row for row in rows}  # the newest comes last and stays


def _texts(session: Session, patients: Collection[UUID]) -> Mapping[UUID, bool]:
    rows = session.execute(
        sa.select(Consent.patient_id, Consent.granted)
        .where(Consent.patient_id.in_(patients), Consent.purpose == Purpose.TEXTS)
        .order_by(Consent.at, Consent.id)
    )
    return {patient_id: granted for patient_id, granted in rows}
