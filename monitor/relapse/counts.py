"""Following the numbers: how many step-downs had their guardrails, and how many people were soon back."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.care.models import Episode, StepAssignment
from monitor.relapse.gate import is_less
from monitor.relapse.guardrail_rules import State
from monitor.relapse.models import Reentry, StepDown

SOON = timedelta(days=90)
"""Rapid re-escalation: more help again within 90 days of a step-down. Local protocol."""


@dataclass(frozen=True)
class StepDownCounts:
    """Step-downs of some teams. `back` of the `followed`, whose 90 days are over, had more help again by then."""

    met: int
    """All eleven guardrails met."""
    excepted: int
    """One or more let go, with a signature."""
    followed: int
    back: int


def step_down_counts(session: Session, team_ids: Collection[UUID], now: datetime) -> StepDownCounts:
    """Return the counts of some teams, in a fixed number of statements."""
    rows = session.scalars(
        sa.select(StepDown).join(Episode, Episode.id == StepDown.episode_id).where(Episode.care_team_id.in_(team_ids))
    ).all()
    excepted = sum(any(each["state"] == State.EXCEPTED for each in row.guardrails) for row in rows)
    over = [row for row in rows if row.at + SOON <= now]
    returns = _returns(session, over)
    back = sum(any(row.at < at <= row.at + SOON for at in returns.get(row.id, ())) for row in over)
    return StepDownCounts(met=len(rows) - excepted, excepted=excepted, followed=len(over), back=back)


def _returns(session: Session, rows: Collection[StepDown]) -> dict[UUID, list[datetime]]:
    """Return when each patient had more help again: a heavier step, a way back, or a new episode after care ended."""
    patients = {row.patient_id for row in rows}
    steps = session.execute(
        sa.select(StepAssignment.episode_id, StepAssignment.step, StepAssignment.from_at).where(
            StepAssignment.episode_id.in_({row.episode_id for row in rows})
        )
    ).all()
    opened = session.execute(
        sa.select(Episode.patient_id, Episode.opened_at).where(Episode.patient_id.in_(patients))
    ).all()
    came = session.execute(sa.select(Reentry.patient_id, Reentry.at).where(Reentry.patient_id.in_(patients))).all()
    return {
        row.id: [
            *(
                at
                for episode_id, step, at in steps
                if episode_id == row.episode_id and row.to_step is not None and is_less(step, row.to_step)
            ),
            *(at for patient_id, at in came if patient_id == row.patient_id),
            *(at for patient_id, at in opened if patient_id == row.patient_id and row.to_step is None),
        ]
        for row in rows
    }
