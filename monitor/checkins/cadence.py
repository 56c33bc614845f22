"""How often a patient is asked, when their step changes: a plan is never edited, another one takes its place."""

from datetime import datetime

from sqlalchemy.orm import Session

from monitor.care.models import Episode
from monitor.checkins.models import MonitoringPlan
from monitor.checkins.planning import open_plan, replan


def ask_every(session: Session, episode: Episode, weeks: int | None, now: datetime) -> None:
    """Ask every so many weeks from now on, None: only before appointments. What has been asked already stays.

    The measures stay as they were agreed, and weeks are counted from the same date as before.
    """
    before = open_plan(session, episode.id)
    if before is None or before.every_weeks == weeks:
        return
    before.until_at = now
    session.flush()  # one plan at a time is open
    session.add(
        MonitoringPlan(
            episode_id=episode.id,
            episode=episode,
            instruments=before.instruments,
            slower=before.slower,
            every_weeks=weeks,
            before_appointments=before.before_appointments or weeks is None,
            starts_on=before.starts_on,
            from_at=now,
            planned_until=now,
        )
    )
    session.flush()
    replan(session, episode.patient, now)
