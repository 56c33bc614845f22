"""By when somebody rings a patient who noticed a sign or came back: never more than the team can keep."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.care.models import Episode
from monitor.care.promises import has_cover
from monitor.flags.kinds import FlagKind, Rule
from monitor.flags.models import Flag


@dataclass(frozen=True)
class Call:
    """Somebody rings the patient, and by when."""

    who: str
    by: datetime
    is_late: bool
    is_promised: bool
    """Whether somebody is there to keep the time: a named reader, and an owner with a login."""


def promised_calls(session: Session, episode: Episode, now: datetime) -> dict[FlagKind, Call]:
    """Return who rings by when: after a sign that the patient told us of, and after coming back."""
    flags = _open(session, episode)
    covered = bool(flags) and has_cover(session, episode.care_team)
    return {
        flag.kind: _call(flag, covered, now)
        for flag in flags
        if flag.kind is FlagKind.RE_ENTRY or any(event.rule == Rule.W1 for event in flag.events)
    }


def call_after_signs(session: Session, episode: Episode, check_in_id: UUID, now: datetime) -> Call | None:
    """Return who rings by when for the signs that one check-in told us of; None where it told of none."""
    for flag in _open(session, episode):
        if any(event.rule == Rule.W1 and event.check_in_id == check_in_id for event in flag.events):
            return _call(flag, has_cover(session, episode.care_team), now)
    return None


def _open(session: Session, episode: Episode) -> Sequence[Flag]:
    kinds = (FlagKind.RELAPSE_SIGNAL, FlagKind.RE_ENTRY)
    return session.scalars(
        sa.select(Flag).where(Flag.episode_id == episode.id, Flag.closed_at.is_(None), Flag.kind.in_(kinds))
    ).all()


def _call(flag: Flag, covered: bool, now: datetime) -> Call:
    return Call(
        who=flag.owner.name,
        by=flag.due_at,
        is_late=flag.due_at < now,
        is_promised=covered and flag.owner.ended_at is None,
    )
