"""When each recurring job last ran: the sign that the clock is alive."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from monitor.db import Base


class JobBeat(Base):
    """The last run of one job."""

    __tablename__ = "job_beats"

    job: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    finished_at: Mapped[datetime]


def beat(session: Session, job: str, now: datetime) -> None:
    """Note that `job` has just finished."""
    session.merge(JobBeat(job=job, finished_at=now))


def last_beat(session: Session, job: str) -> datetime | None:
    """Return when `job` last finished."""
    return session.scalar(sa.select(JobBeat.finished_at).where(JobBeat.job == job))
