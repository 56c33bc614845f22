"""What the clock does after somebody stepped down: check-ins that began closer together move apart at their date."""

import logging
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.care.models import Episode
from monitor.checkins.models import MonitoringPlan
from monitor.clock import Clock
from monitor.db import Sessions, reading, unit_of_work
from monitor.relapse.cadence import ease

log = logging.getLogger(__name__)

BATCH = 200
DAY = timedelta(days=1)


def ease_due(sessions: Sessions, clock: Clock) -> int:
    """Ask those less often whose date for it has come; return how many. One commit each."""
    eased, after = 0, None
    while True:
        with reading(sessions) as session:
            due = _due(session, clock(), after)
        for _, episode_id in due:
            try:
                with unit_of_work(sessions) as session:
                    eased += ease(session, _episode(session, episode_id), clock())
            except Exception as error:  # one bad row must not stop the others
                log.error("episode %s: check-ins not eased: %s", episode_id, type(error).__name__)
        if len(due) < BATCH:
            return eased
        after = due[-1]


def _due(session: Session, now: datetime, after: tuple[date, UUID] | None) -> Sequence[tuple[date, UUID]]:
    """Return episodes whose date has come somewhere on earth, in order; the patient's own date decides."""
    found = (
        sa.select(MonitoringPlan.eases_on, MonitoringPlan.episode_id)
        .where(
            MonitoringPlan.until_at.is_(None),
            MonitoringPlan.eases_on.is_not(None),
            MonitoringPlan.eases_on <= now.date() + DAY,
        )
        .order_by(MonitoringPlan.eases_on, MonitoringPlan.episode_id)
        .limit(BATCH)
    )
    if after is not None:
        found = found.where(sa.tuple_(MonitoringPlan.eases_on, MonitoringPlan.episode_id) > sa.tuple_(*after))
    return [(on, episode_id) for on, episode_id in session.execute(found) if on is not None]


def _episode(session: Session, episode_id: UUID) -> Episode:
    return session.scalars(
        sa.select(Episode).where(Episode.id == episode_id).options(joinedload(Episode.patient))
    ).one()
