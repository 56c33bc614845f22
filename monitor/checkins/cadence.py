"""How a patient is asked, when that changes: a plan is never edited, another one takes its place."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from monitor.care.models import Episode
from monitor.checkins.models import MonitoringPlan
from monitor.checkins.planning import open_plan, replan


def ask_every(session: Session, episode: Episode, weeks: int | None, now: datetime) -> None:
    """Ask every so many weeks from now on, None: only before appointments. What has been asked already stays.

    The measures stay as they were agreed, and weeks are counted from the same date as before.
    """
    before = open_plan(session, episode.id)
    if before is None or (before.every_weeks == weeks and before.eases_on is None):
        return
    with_appointments = before.before_appointments or weeks is None
    steady = {"eases_on": None, "eases_to": None}
    change_plan(session, episode, before, now, every_weeks=weeks, before_appointments=with_appointments, **steady)


def change_plan(
    session: Session, episode: Episode, before: MonitoringPlan, now: datetime, **changed: Any
) -> MonitoringPlan:
    """End the plan that counts and begin another, alike but for what is named; plan its check-ins anew."""
    before.until_at = now
    session.flush()  # one plan at a time is open
    kept = {
        "instruments": before.instruments,
        "slower": before.slower,
        "every_weeks": before.every_weeks,
        "eases_on": before.eases_on,
        "eases_to": before.eases_to,
        "before_appointments": before.before_appointments,
        "starts_on": before.starts_on,
    }
    after = MonitoringPlan(episode_id=episode.id, episode=episode, from_at=now, planned_until=now, **kept | changed)
    session.add(after)
    session.flush()
    replan(session, episode.patient, now)
    return after
