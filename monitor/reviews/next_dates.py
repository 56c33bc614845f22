"""The date of a review on the episode: no two reviews of one kind share a moment."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.care.kinds import ReviewKind
from monitor.care.models import Episode
from monitor.care.promises import hours_of
from monitor.reviews.dates import DAY, due_at
from monitor.reviews.models import Review


def of_its_own(session: Session, episode: Episode, kind: ReviewKind, on: date) -> datetime:
    """Return the close of a day; a minute earlier where a review that was held early stood there already."""
    at = due_at(on, hours_of(episode.care_team))
    held = sa.select(Review.due_at).where(Review.episode_id == episode.id, Review.kind == kind)
    taken = {*session.scalars(held), episode.next_review_at}
    while at in taken:
        at -= DAY / 1440
    return at
