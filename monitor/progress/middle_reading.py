"""What the tables say of the middle step in all of a viewer's teams, in a fixed number of statements."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from monitor.access import Viewer
from monitor.care.kinds import RequestEnd, Step
from monitor.care.middle_models import MiddleSlot, SlotBooking, StepRequest
from monitor.care.middle_rules import WAITS_OF_WEEKS
from monitor.care.middle_slots import bookings, slots
from monitor.care.middle_step import queue, unasked
from monitor.care.models import USUAL_PATHWAY, Episode
from monitor.care.pathways import in_force
from monitor.care.scope import episodes_visible_to
from monitor.people.models import CareTeam


@dataclass(frozen=True)
class Found:
    """What the tables say of all of the viewer's teams."""

    teams: Sequence[CareTeam]
    slots: Sequence[MiddleSlot]
    held: Mapping[UUID, SlotBooking]
    """Who has a slot, by slot."""
    ended: Mapping[UUID, datetime]
    """When a slot was last given back, by slot."""
    waits: Sequence[StepRequest]
    unasked: Sequence[Episode]
    started: Sequence[tuple[UUID, timedelta]]
    """How long those waited whose burst began in the last weeks, with their team."""
    requests: Mapping[UUID, StepRequest]
    """What was asked for those who are in a burst, by booking."""
    own: Sequence[Episode]
    """The viewer's own patients on other steps."""
    promise: int
    """In how many days a burst is to begin."""


def found_of(session: Session, viewer: Viewer, now: datetime) -> Found:
    """Read everything that the page of the middle step shows."""
    ids = viewer.team_ids
    there = slots(session, ids)
    held = bookings(session, [slot.id for slot in there])
    return Found(
        teams=session.scalars(sa.select(CareTeam).where(CareTeam.id.in_(ids)).order_by(CareTeam.name)).all(),
        slots=there,
        held=held,
        ended=_ended(session, there),
        waits=queue(session, ids),
        unasked=unasked(session, ids),
        started=_started(session, ids, now),
        requests=_requests(session, held.values()),
        own=_own(session, viewer),
        promise=in_force(session, USUAL_PATHWAY).pathway.clocks.middle_wait_days,
    )


def _ended(session: Session, there: Sequence[MiddleSlot]) -> Mapping[UUID, datetime]:
    last = (
        sa.select(SlotBooking.slot_id, sa.func.max(SlotBooking.ended_at))
        .where(SlotBooking.slot_id.in_([slot.id for slot in there]), SlotBooking.ended_at.is_not(None))
        .group_by(SlotBooking.slot_id)
    )
    return {slot_id: at for slot_id, at in session.execute(last) if at is not None}


def _started(session: Session, team_ids: Iterable[UUID], now: datetime) -> Sequence[tuple[UUID, timedelta]]:
    rows = session.execute(
        sa.select(StepRequest.care_team_id, StepRequest.asked_at, StepRequest.ended_at).where(
            StepRequest.care_team_id.in_(team_ids),
            StepRequest.ended == RequestEnd.STARTED,
            StepRequest.ended_at > now - timedelta(weeks=WAITS_OF_WEEKS),
        )
    )
    return [(team_id, ended_at - asked_at) for team_id, asked_at, ended_at in rows if ended_at is not None]


def _requests(session: Session, held: Iterable[SlotBooking]) -> Mapping[UUID, StepRequest]:
    found = session.scalars(
        sa.select(StepRequest)
        .where(StepRequest.booking_id.in_([each.id for each in held]))
        .options(joinedload(StepRequest.patient))
    )
    return {each.booking_id: each for each in found if each.booking_id is not None}


def _own(session: Session, viewer: Viewer) -> Sequence[Episode]:
    found = session.scalars(
        episodes_visible_to(viewer)
        .where(Episode.closed_at.is_(None), Episode.accountable_id == viewer.staff_member_id)
        .options(joinedload(Episode.patient), selectinload(Episode.steps))
    )
    return [each for each in found if each.step is not Step.MIDDLE]
