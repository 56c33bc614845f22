"""Slower measures: what is asked every so many weeks joins a check-in that is planned anyway, if it has room."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.checkins.burden_rules import Asked, joining
from monitor.checkins.models import CheckIn, MonitoringPlan


def join(session: Session, plan: MonitoringPlan, now: datetime, *, ceiling: int) -> None:
    """Put the slower measures whose turn has come into check-ins that nobody has been asked yet.

    A check-in that was missed or cancelled has asked nothing: its measures come with the next one.
    """
    if not plan.slower:
        return
    session.flush()
    asks = sa.and_(CheckIn.cancelled_at.is_(None), CheckIn.missed_at.is_(None))
    check_ins = session.scalars(
        sa.select(CheckIn).where(CheckIn.episode_id == plan.episode_id, asks).order_by(CheckIn.due_at)
    ).all()
    for check_in in check_ins:
        if not now < check_in.opens_at <= plan.planned_until:  # later ones wait, so that the earlier come first
            continue
        others = [Asked(each.local_date, tuple(each.instruments)) for each in check_ins if each is not check_in]
        own, on = check_in.instruments, check_in.local_date
        check_in.instruments = [*own, *joining(plan, own, on, others, starts_on=plan.starts_on, ceiling=ceiling)]
    session.flush()
