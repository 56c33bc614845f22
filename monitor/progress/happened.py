"""What happened beside the scores of one episode: steps, reviews, treatments, and what the patient noted themselves."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.care.intake_models import TreatmentStart
from monitor.care.kinds import ReviewKind, Step, Treatment
from monitor.care.models import Episode
from monitor.messaging.quiet_hours import to_local
from monitor.people import life_events
from monitor.reviews.kinds import Decision
from monitor.reviews.models import Review


class Kind(StrEnum):
    """What sort of thing happened."""

    STEP = "step"
    REVIEW = "review"
    TREATMENT_BEGAN = "treatment_began"
    TREATMENT_ENDED = "treatment_ended"
    NOTED = "noted"
    """The patient noted it."""


@dataclass(frozen=True)
class Happened:
    """One thing on its local day. `step` is the step that began, or the one that a review chose."""

    on: date
    kind: Kind
    step: Step | None = None
    review: ReviewKind | None = None
    decision: Decision | None = None
    treatment: Treatment | None = None
    words: str = ""
    """The patient's own, in any language."""
    id: UUID | None = None
    """Of what the patient noted."""


def happened(session: Session, episode: Episode, zone: str) -> tuple[Happened, ...]:
    """Return what happened in an episode, oldest first, on the days of a time zone."""
    first = to_local(episode.opened_at, zone).date()
    last = to_local(episode.closed_at, zone).date() if episode.closed_at else date.max
    found = [
        *(Happened(to_local(each.from_at, zone).date(), Kind.STEP, step=each.step) for each in episode.steps),
        *_reviews(session, episode, zone),
        *_treatments(session, episode, zone),
        *(
            Happened(each.happened_on, Kind.NOTED, words=each.words, id=each.id)
            for each in life_events.standing(session, episode.patient_id)
            if first <= each.happened_on <= last
        ),
    ]
    return tuple(sorted(found, key=lambda each: each.on))


def _reviews(session: Session, episode: Episode, zone: str) -> Iterator[Happened]:
    held = sa.select(Review.done_at, Review.kind, Review.decision, Review.to_step)
    for done_at, kind, decision, step in session.execute(held.where(Review.episode_id == episode.id)):
        yield Happened(to_local(done_at, zone).date(), Kind.REVIEW, step=step, review=kind, decision=decision)


def _treatments(session: Session, episode: Episode, zone: str) -> Iterator[Happened]:
    """Yield when treatments began and ended: a later statement of a beginning takes the place of an earlier one."""
    since: dict[Treatment, date] = {}
    for row in session.scalars(
        sa.select(TreatmentStart)
        .where(TreatmentStart.episode_id == episode.id)
        .order_by(TreatmentStart.at, TreatmentStart.id)
    ):
        if row.started_on is not None:
            since[row.treatment] = row.started_on
        elif row.treatment in since:
            yield Happened(since.pop(row.treatment), Kind.TREATMENT_BEGAN, treatment=row.treatment)
            yield Happened(to_local(row.at, zone).date(), Kind.TREATMENT_ENDED, treatment=row.treatment)
    for treatment, on in since.items():
        yield Happened(on, Kind.TREATMENT_BEGAN, treatment=treatment)
