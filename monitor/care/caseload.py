"""The weekly look at each patient of a pathway that asks for one: what was seen, and what was agreed."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session, aliased, joinedload

from monitor.audit import Actor, record
from monitor.care import pathways
from monitor.care.intake_models import CaseloadLook
from monitor.care.models import Episode

LOOK_EVERY_DAYS = 7
"""Local protocol: everybody is looked at once a week, counted in days of the team's calendar."""


class Engagement(StrEnum):
    """Whether somebody and their team are in touch."""

    IN_TOUCH = "in_touch"
    HARD_TO_REACH = "hard_to_reach"
    OUT_OF_TOUCH = "out_of_touch"


class Medication(StrEnum):
    """Whether medication goes on as agreed."""

    AS_AGREED = "as_agreed"
    GAPS = "gaps"
    STOPPED = "stopped"
    NONE = "none"
    """None is prescribed."""
    NOT_KNOWN = "not_known"


class Housing(StrEnum):
    """Where somebody lives."""

    SETTLED = "settled"
    UNSETTLED = "unsettled"
    WITHOUT = "without"
    NOT_KNOWN = "not_known"


class Signs(StrEnum):
    """Whether early-warning signs were seen."""

    NONE_SEEN = "none_seen"
    SEEN = "seen"
    NOT_KNOWN = "not_known"


class Look(BaseModel):
    """What one look saw; kept as JSON. Raises pydantic's ValidationError."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    engagement: Engagement
    medication: Medication
    housing: Housing
    signs: Signs
    signs_words: str = ""
    """Which signs."""
    agreed: str
    """What was agreed, and who does it."""


def reviewed_codes(session: Session) -> tuple[str, ...]:
    """Return the pathways whose version in force asks for a weekly look."""
    found = ((code, pathways.in_force(session, code)) for code in pathways.shipped_codes())
    return tuple(code for code, here in found if here.pathway.caseload_review)


def record_look(
    session: Session, episode: Episode, look: Look, *, staff_member_id: UUID, now: datetime
) -> CaseloadLook:
    """Keep what was seen of a patient. The caller holds the episode."""
    row = CaseloadLook(
        episode_id=episode.id,
        at=now,
        staff_member_id=staff_member_id,
        words=look.model_dump_json(),
        patient_id=episode.patient_id,
        patient=episode.patient,
    )
    session.add(row)
    session.flush()
    record(session, Actor("staff", staff_member_id), "caseload look recorded", "episode", episode.id, now=now)
    return row


def newest_looks(session: Session, episode_ids: Iterable[UUID]) -> Mapping[UUID, CaseloadLook]:
    """Return the newest look of each of some episodes that has one."""
    rows = session.scalars(
        sa.select(CaseloadLook)
        .where(CaseloadLook.episode_id.in_(tuple(episode_ids)), ~_newer())
        .options(joinedload(CaseloadLook.patient))
        .order_by(CaseloadLook.at, CaseloadLook.id)
    )
    return {row.episode_id: row for row in rows}


def _newer() -> sa.Exists:
    """Whether the same episode was looked at again later."""
    later = aliased(CaseloadLook)
    return sa.exists().where(later.episode_id == CaseloadLook.episode_id, later.at > CaseloadLook.at)
