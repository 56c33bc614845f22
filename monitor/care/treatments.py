"""When a treatment began and when it ended: without a beginning no rule can say that it does not help."""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.audit import Actor, record
from monitor.care.intake_models import TreatmentStart
from monitor.care.kinds import Treatment
from monitor.care.models import Episode
from monitor.errors import MonitorError


class NotUnderWay(MonitorError):
    """A treatment that is not under way cannot end."""


def start(
    session: Session, episode: Episode, treatment: Treatment, started_on: date, *, by: UUID, now: datetime
) -> None:
    """Write down the local date on which a treatment began; a later statement takes the place of an earlier one."""
    _state(session, episode, treatment, started_on, "treatment started", by, now)


def stop(session: Session, episode: Episode, treatment: Treatment, *, by: UUID, now: datetime) -> None:
    """Write down that a treatment has ended. Raises NotUnderWay."""
    if treatment not in under_way(session, episode.id):
        raise NotUnderWay(f"no {treatment} treatment is under way")
    _state(session, episode, treatment, None, "treatment ended", by, now)


def under_way(session: Session, episode_id: UUID) -> Mapping[Treatment, date]:
    """Return since when each treatment is under way."""
    newest: dict[Treatment, date | None] = {}
    for row in session.scalars(
        sa.select(TreatmentStart)
        .where(TreatmentStart.episode_id == episode_id)
        .order_by(TreatmentStart.at, TreatmentStart.id)
    ):
        newest[row.treatment] = row.started_on
    return {treatment: on for treatment, on in newest.items() if on is not None}


def _state(
    session: Session, episode: Episode, treatment: Treatment, on: date | None, action: str, by: UUID, now: datetime
) -> None:
    session.add(TreatmentStart(episode_id=episode.id, treatment=treatment, started_on=on, at=now, staff_member_id=by))
    record(session, Actor("staff", by), action, "patient", episode.patient_id, now=now)
