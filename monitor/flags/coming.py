"""What comes next while nothing waits: the next check-in that closes, and the next review."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.access import Viewer
from monitor.care.models import Episode
from monitor.care.scope import episodes_visible_to
from monitor.checkins.models import OPEN, CheckIn
from monitor.flags.due import Reader

THIS_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Coming:
    """When the next check-in closes and the next review is due, in words, and how many reviews this week has."""

    closes: str | None
    reviews: int
    review: str | None


def coming(session: Session, viewer: Viewer, now: datetime, reader: Reader) -> Coming:
    """Return what comes next for the viewer's teams."""
    ours = episodes_visible_to(viewer).where(Episode.closed_at.is_(None))
    closes = session.scalar(
        sa.select(sa.func.min(CheckIn.closes_at)).where(
            CheckIn.episode_id.in_(ours.with_only_columns(Episode.id)), sa.text(OPEN), CheckIn.opens_at <= now
        )
    )
    reviews, review = session.execute(
        ours.where(Episode.next_review_at <= now + THIS_WEEK).with_only_columns(
            sa.func.count(), sa.func.min(Episode.next_review_at)
        )
    ).one()
    return Coming(
        closes=reader.day_and_time(closes, now) if closes else None,
        reviews=reviews,
        review=reader.day_and_time(review, now) if review else None,
    )
