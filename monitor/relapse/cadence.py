"""Lighter check-ins after stepping down; they go on until a person ends them."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from monitor.care.models import Episode
from monitor.care.pathway import Pathway
from monitor.checkins.cadence import change_plan
from monitor.checkins.closing import hold
from monitor.checkins.planning import open_plan
from monitor.messaging.quiet_hours import to_local
from monitor.relapse.cadence_rules import follow_up_of


def follow_up(session: Session, episode: Episode, pathway: Pathway, phq9: int | None, now: datetime) -> None:
    """Ask as often as somebody is asked who has just stepped down. What has been asked already stays.

    `phq9` is the newest total. Where nobody is asked, an exception about the schedule, nothing begins by itself.
    """
    before, wanted = open_plan(session, episode.id), follow_up_of(pathway, phq9)
    if before is None:
        return
    today = to_local(now, episode.patient.time_zone).date()
    eases_on = today + timedelta(weeks=wanted.for_weeks) if wanted.for_weeks is not None else None
    if (before.every_weeks, before.eases_on, before.eases_to) == (wanted.every_weeks, eases_on, wanted.then_every):
        return
    eases = {"eases_on": eases_on, "eases_to": wanted.then_every}
    change_plan(session, episode, before, now, every_weeks=wanted.every_weeks, **eases)


def ease(session: Session, episode: Episode, now: datetime) -> bool:
    """Ask less often from the local date on which that was due. Once; nothing that was asked already is cancelled."""
    hold(session, episode.id)
    plan = open_plan(session, episode.id)
    today = to_local(now, episode.patient.time_zone).date()
    if plan is None or plan.eases_on is None or plan.eases_on > today:
        return False
    change_plan(session, episode, plan, now, every_weeks=plan.eases_to, eases_on=None, eases_to=None)
    return True
