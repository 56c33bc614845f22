"""Which measures a patient is asked: a plan is never edited, another one takes its place."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.audit import Actor, AuditEntry, record
from monitor.care.models import Episode
from monitor.checkins.cadence import change_plan
from monitor.checkins.closing import hold
from monitor.checkins.models import MonitoringPlan
from monitor.checkins.planning import asks_safety_item, open_plan
from monitor.errors import MonitorError
from monitor.people.models import StaffMember

CHOSE = "changed measures"
LEFT_ITEM_9_OUT = "left item 9 out"


@dataclass(frozen=True)
class Chosen:
    """What every check-in asks, and what is asked every so many weeks."""

    instruments: tuple[str, ...]
    slower: Mapping[str, int]


@dataclass
class PlanChanged(MonitorError):
    """The plan that a choice was made from is no longer the one that counts: since when, and by whom if known."""

    at: datetime | None
    by: str | None


def choose(
    session: Session, episode: Episode, chosen: Chosen, *, made_from: UUID | None, by: UUID, now: datetime
) -> None:
    """Ask these measures from now on; what has been asked already stays. Raises PlanChanged."""
    hold(session, episode.id)
    before = open_plan(session, episode.id)
    if before is None or before.id != made_from:
        raise _changed(session, before)
    if (tuple(before.instruments), before.slower) == (chosen.instruments, chosen.slower):
        return
    chosen_lists = {"instruments": list(chosen.instruments), "slower": dict(chosen.slower)}
    after = change_plan(session, episode, before, now, **chosen_lists)
    record(session, Actor("staff", by), CHOSE, "monitoring_plan", after.id, now=now)
    if asks_safety_item(before.instruments) and not asks_safety_item(after.instruments):
        record(session, Actor("staff", by), LEFT_ITEM_9_OUT, "monitoring_plan", after.id, now=now)


def _changed(session: Session, present: MonitoringPlan | None) -> PlanChanged:
    if present is None:
        return PlanChanged(None, None)
    by = session.scalar(
        sa.select(StaffMember)
        .join(AuditEntry, AuditEntry.actor_id == StaffMember.id)
        .where(AuditEntry.subject == "monitoring_plan", AuditEntry.subject_id == present.id)
    )
    return PlanChanged(present.from_at, by.name if by else None)
