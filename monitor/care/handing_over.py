"""One patient goes to another accountable person, with what that person has to know."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.audit import Actor, record
from monitor.care.handoffs import CannotTakeOver as CannotTakeOver
from monitor.care.handoffs import check_can_take_over
from monitor.care.intake_models import Handoff
from monitor.care.kinds import HandoffReason
from monitor.care.models import Episode
from monitor.errors import MonitorError
from monitor.people.models import CareTeam, StaffMember


@dataclass(frozen=True)
class Words:
    """What whoever takes over has to know, each in a few sentences."""

    stands: str
    """Where things stand."""
    open: str
    next: str
    told: str
    """What the patient has been told."""

    @classmethod
    def of(cls, handoff: Handoff) -> "Words | None":
        """Read the words of a hand-over; None where the program or the command line handed over."""
        said = json.loads(handoff.words) if handoff.words else None
        return cls(**{each.name: said.get(each.name, "") for each in fields(cls)}) if said else None


class HandedOverMeanwhile(MonitorError):
    """Somebody else has changed who is accountable since the form was opened, or care has ended."""


class NothingToHandOver(MonitorError):
    """They are accountable already, in this very team."""


def hand_over_episode(
    session: Session,
    episode: Episode,
    to: StaffMember,
    to_team: CareTeam,
    reason: HandoffReason,
    words: Words,
    decided_by: StaffMember,
    now: datetime,
) -> Handoff:
    """Make somebody accountable for an open episode that is held. Their flags are not touched.

    Raises CannotTakeOver, HandedOverMeanwhile when care has ended, and NothingToHandOver.
    """
    session.refresh(to, with_for_update=True)  # nobody's login ends between our look at it and our commit
    if episode.closed_at is not None or episode.accountable_id is None:
        raise HandedOverMeanwhile("care has ended: nobody is accountable any more")
    check_can_take_over(session, to, {to_team.id})
    if (to.id, to_team.id) == (episode.accountable_id, episode.care_team_id):
        raise NothingToHandOver("they are accountable already")
    handoff = Handoff(
        episode_id=episode.id,
        at=now,
        from_id=episode.accountable_id,
        to_id=to.id,
        decided_by_id=decided_by.id,
        from_team_id=episode.care_team_id,
        to_team_id=to_team.id,
        reason=reason,
        patient=episode.patient,
        patient_id=episode.patient_id,
    )
    handoff.words = json.dumps(asdict(words), ensure_ascii=False)
    session.add(handoff)
    episode.accountable, episode.care_team = to, to_team
    session.flush()
    record(session, Actor("staff", decided_by.id), "episode handed over", "episode", episode.id, now=now)
    return handoff


def handoffs_of(session: Session, episode_id: UUID) -> Sequence[Handoff]:
    """Return the hand-overs of an episode, newest first."""
    return session.scalars(
        sa.select(Handoff).where(Handoff.episode_id == episode_id).order_by(Handoff.at.desc(), Handoff.id.desc())
    ).all()
