"""Topics on which a patient wants no more contact: never safety, deterioration or a request of their own."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.audit import Actor, record
from monitor.care.models import Episode
from monitor.care.pathways import in_force
from monitor.flags.kinds import DECLINABLE, FlagKind, Outcome, Severity
from monitor.flags.models import Flag, TopicDecline
from monitor.people.models import StaffMember


def may_decline(session: Session, flag: Flag) -> bool:
    """Whether closing this flag with "no contact wanted" keeps its topic closed: after so many others about it.

    Silence after worsening is not such a topic, whatever came before.
    """
    if flag.kind not in DECLINABLE or flag.severity is Severity.URGENT:
        return False
    closed = sa.select(sa.func.count()).where(
        Flag.episode_id == flag.episode_id,
        Flag.kind == flag.kind,
        Flag.closed_at.is_not(None),
        Flag.outcome != Outcome.RECORDED_IN_ERROR,
        Flag.id != flag.id,
    )
    wanted = in_force(session, flag.episode.pathway).pathway.flags.repeats_before_decline
    return (session.scalar(closed) or 0) >= wanted


def declined_topics(session: Session, episode_id: UUID) -> Mapping[FlagKind, TopicDecline]:
    """Return the topics on which the patient of an episode wants no contact now, with when and how they said so."""
    newest: dict[FlagKind, TopicDecline] = {}
    said = sa.select(TopicDecline).where(TopicDecline.episode_id == episode_id)
    for each in session.scalars(said.order_by(TopicDecline.at, TopicDecline.id)):
        newest[each.kind] = each
    return {kind: each for kind, each in newest.items() if each.declined}


def write_decline(
    session: Session, episode: Episode, kind: FlagKind, staff_member: StaffMember, words: str, now: datetime
) -> TopicDecline:
    """Write down that a patient wants no contact on a topic. The database refuses any kind that is not `DECLINABLE`."""
    return _write(session, episode, kind, staff_member, words, now, declined=True)


def withdraw_decline(
    session: Session, episode: Episode, kind: FlagKind, staff_member: StaffMember, words: str, now: datetime
) -> TopicDecline | None:
    """Write down that a patient wants contact on a topic again; None when they had declined none."""
    if kind not in declined_topics(session, episode.id):
        return None
    return _write(session, episode, kind, staff_member, words, now, declined=False)


def _write(
    session: Session,
    episode: Episode,
    kind: FlagKind,
    staff_member: StaffMember,
    words: str,
    now: datetime,
    *,
    declined: bool,
) -> TopicDecline:
    said = TopicDecline(
        episode_id=episode.id,
        kind=kind,
        declined=declined,
        at=now,
        staff_member_id=staff_member.id,
        patient=episode.patient,
        patient_id=episode.patient_id,
        words=words,
    )
    session.add(said)
    session.flush()
    action = "topic declined" if declined else "topic wanted again"
    record(session, Actor("staff", staff_member.id), action, "episode", episode.id, now=now)
    return said
