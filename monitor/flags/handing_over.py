"""One patient goes to a colleague, and whoever was accountable keeps none of their open flags: all of it or nothing."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.care.handing_over import HandedOverMeanwhile, Words, hand_over_episode
from monitor.care.kinds import HandoffReason
from monitor.care.models import Episode
from monitor.checkins.closing import hold
from monitor.flags.models import Flag
from monitor.flags.taking import hand_over as give
from monitor.people.models import CareTeam, StaffMember, TeamMembership


@dataclass(frozen=True)
class Shown:
    """What the form said when it was opened: who was accountable, and in which team."""

    accountable_id: UUID | None
    care_team_id: UUID | None


def hand_over_patient(
    session: Session,
    episode: Episode,
    to: StaffMember,
    to_team: CareTeam,
    reason: HandoffReason,
    words: Words,
    decided_by: StaffMember,
    now: datetime,
    *,
    shown: Shown,
) -> int:
    """Hand an open episode over with its flags; return how many flags went along.

    Raises HandedOverMeanwhile when something else holds than what was shown, CannotTakeOver, NothingToHandOver.
    """
    hold(session, episode.id)
    session.refresh(episode)
    if Shown(episode.accountable_id, episode.care_team_id) != shown:
        raise HandedOverMeanwhile("somebody has changed who is accountable since the form was opened")
    before = episode.accountable_id
    hand_over_episode(session, episode, to, to_team, reason, words, decided_by, now)
    flags = _left_behind(session, episode, {before} if before else set(), to_team.id)
    for flag in flags:
        if flag.owner_id != to.id:
            give(session, flag, decided_by, to, "", now)
    session.flush()
    return len(flags)


def open_flags_that_go(session: Session, episode: Episode) -> int:
    """Return how many open flags the accountable person owns."""
    owned = (Flag.episode_id == episode.id, Flag.owner_id == episode.accountable_id, Flag.closed_at.is_(None))
    return session.scalar(sa.select(sa.func.count()).select_from(Flag).where(*owned)) or 0


def _left_behind(session: Session, episode: Episode, before: Collection[UUID], care_team_id: UUID) -> list[Flag]:
    """Return the open flags of whoever was accountable, and those of anybody who is not in the team now."""
    in_the_team = sa.exists().where(
        TeamMembership.staff_member_id == Flag.owner_id,
        TeamMembership.care_team_id == care_team_id,
        TeamMembership.until_at.is_(None),
    )
    wanted = sa.or_(Flag.owner_id.in_(before), ~in_the_team)
    return list(
        session.scalars(
            sa.select(Flag).where(Flag.episode_id == episode.id, Flag.closed_at.is_(None), wanted).order_by(Flag.id)
        )
    )
