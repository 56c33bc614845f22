"""What patients note of their own life beside their course: adding it, taking it away again, and what stands."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.audit import Actor, record
from monitor.errors import MonitorError
from monitor.people.life_models import LifeEvent
from monitor.people.models import Patient

LONGEST = 60
"""Letters: a few words, which fit beside a chart."""
MOST = 20
"""Standing ones: what a page can still show in full."""


class NotNoted(MonitorError):
    """An event was not kept. `why` names the part of it that was wrong: words, day, or many."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"the event was not kept: {why}")


def standing(session: Session, patient_id: UUID) -> tuple[LifeEvent, ...]:
    """Return what a patient has noted and not taken away, oldest day first; `words` are theirs, in any language."""
    return tuple(
        session.scalars(
            sa.select(LifeEvent)
            .where(LifeEvent.patient_id == patient_id, LifeEvent.removed_at.is_(None))
            .order_by(LifeEvent.happened_on, LifeEvent.added_at, LifeEvent.id)
            .options(joinedload(LifeEvent.patient))
        )
    )


def add(
    session: Session, patient: Patient, happened_on: date | None, words: str, *, first: date, today: date, now: datetime
) -> None:
    """Keep one event; the same one noted twice stays one.

    `first` is the local day on which care began, `today` the patient's own today: nothing outside them is kept. Raises
    NotNoted.
    """
    words = " ".join(words.split())
    if not words or len(words) > LONGEST:
        raise NotNoted("words")
    if happened_on is None or not first <= happened_on <= today:
        raise NotNoted("day")
    known = standing(session, patient.id)
    if any(each.happened_on == happened_on and each.words == words for each in known):
        return
    if len(known) >= MOST:
        raise NotNoted("many")
    event = LifeEvent(
        patient=patient, patient_id=patient.id, happened_on=happened_on, words=words, added_at=now, removed_at=None
    )
    session.add(event)
    record(session, Actor("patient", patient.id), "added life event", "life_event", event.id, now=now)


def remove(session: Session, patient: Patient, event_id: UUID, now: datetime) -> None:
    """Take a patient's own event away; one that is gone, or is somebody else's, changes nothing."""
    event = next((each for each in standing(session, patient.id) if each.id == event_id), None)
    if event is not None:
        event.removed_at = now
        record(session, Actor("patient", patient.id), "removed life event", "life_event", event.id, now=now)
