"""The middle step's slots: how many a team has, who has one, and that none is ever given twice."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.audit import PROGRAM, record
from monitor.care.middle_models import MiddleSlot, SlotBooking
from monitor.care.models import Episode
from monitor.errors import MonitorError
from monitor.people.models import CareTeam


class NoSuchSlot(MonitorError):
    """The team has no such slot, or not any more."""


class SlotTaken(MonitorError):
    """Somebody has this slot; `booking` says who, and in whose name."""

    def __init__(self, booking: SlotBooking) -> None:
        super().__init__("somebody has this slot")
        self.booking = booking


class HasASlot(MonitorError):
    """The patient has a slot already; `booking` says which."""

    def __init__(self, booking: SlotBooking) -> None:
        super().__init__("the patient has a slot already")
        self.booking = booking


class SlotsInUse(MonitorError):
    """More slots are in use than are to stay; `numbers` are those in use."""

    def __init__(self, numbers: Sequence[int]) -> None:
        listed = ", ".join(map(str, numbers))
        super().__init__(f"a slot in use cannot be withdrawn; in use: {listed}")
        self.numbers = tuple(numbers)


def set_slots(session: Session, team: CareTeam, *, protected: int, open_to_all: int, now: datetime) -> None:
    """Give a team so many slots of each kind: new numbers where it has fewer, free ones withdrawn where it has more.

    Nothing is deleted and no number used again. Raises SlotsInUse, and then nothing has changed.
    """
    session.refresh(team, with_for_update={"key_share": True})
    there = session.scalars(_live((team.id,)).with_for_update(key_share=True)).all()
    taken = set(bookings(session, [slot.id for slot in there]))
    last = session.scalar(sa.select(sa.func.max(MiddleSlot.number)).where(MiddleSlot.care_team_id == team.id)) or 0
    for is_protected, wanted in ((True, protected), (False, open_to_all)):
        ours = [slot for slot in there if slot.is_protected is is_protected]
        free = [slot for slot in reversed(ours) if slot.id not in taken]
        too_many = len(ours) - wanted
        if too_many > len(free):
            raise SlotsInUse([slot.number for slot in ours if slot.id in taken])
        for slot in free[: max(too_many, 0)]:
            slot.withdrawn_at = now
        for _ in range(-too_many):
            last += 1
            session.add(MiddleSlot(care_team_id=team.id, number=last, is_protected=is_protected, from_at=now))
    session.flush()
    record(session, PROGRAM, "middle-step slots set", "care_team", team.id, now=now)


def slots(session: Session, team_ids: Collection[UUID]) -> Sequence[MiddleSlot]:
    """Return the slots that some teams have now, by number."""
    return session.scalars(_live(team_ids)).all()


def bookings(session: Session, slot_ids: Collection[UUID]) -> Mapping[UUID, SlotBooking]:
    """Return who has each of some slots now, by slot."""
    found = session.scalars(_open().where(SlotBooking.slot_id.in_(slot_ids)))
    return {each.slot_id: each for each in found}


def booking_of(session: Session, episode_id: UUID) -> SlotBooking | None:
    """Return the slot that somebody has now: for a burst, or borrowed for another step."""
    return session.scalars(_open().where(SlotBooking.episode_id == episode_id)).one_or_none()


def book(
    session: Session,
    slot_id: UUID,
    episode: Episode,
    *,
    by: UUID,
    from_on: date,
    until_on: date,
    now: datetime,
    **of: Any,
) -> SlotBooking:
    """Give a free slot to an episode that is held, up to a date and without it.

    The slot is held before anybody looks whether it is free, so that of many at once one gets it. Raises NoSuchSlot,
    SlotTaken and HasASlot.
    """
    slot = session.scalars(
        sa.select(MiddleSlot)
        .where(MiddleSlot.id == slot_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if slot is None or slot.withdrawn_at is not None or slot.care_team_id != episode.care_team_id:
        raise NoSuchSlot("the team has no such slot")
    own = booking_of(session, episode.id)
    if own is not None:
        raise HasASlot(own)
    holder = bookings(session, (slot_id,)).get(slot_id)
    if holder is not None:
        raise SlotTaken(holder)
    booking = SlotBooking(
        slot_id=slot_id,
        slot=slot,
        episode_id=episode.id,
        episode=episode,
        patient=episode.patient,
        patient_id=episode.patient_id,
        booked_by_id=by,
        booked_at=now,
        from_on=from_on,
        until_on=until_on,
        **of,
    )
    session.add(booking)
    session.flush()
    return booking


def free_again(session: Session, booking: SlotBooking, by: UUID, now: datetime) -> None:
    """Write down that somebody has ended the use of a slot."""
    booking.ended_at, booking.ended_by_id = now, by
    session.flush()


def _live(team_ids: Collection[UUID]) -> sa.Select[MiddleSlot]:
    return (
        sa.select(MiddleSlot)
        .where(MiddleSlot.care_team_id.in_(team_ids), MiddleSlot.withdrawn_at.is_(None))
        .order_by(MiddleSlot.number)
    )


def _open() -> sa.Select[SlotBooking]:
    return (
        sa.select(SlotBooking)
        .where(SlotBooking.ended_at.is_(None))
        .options(
            joinedload(SlotBooking.slot),
            joinedload(SlotBooking.episode),
            joinedload(SlotBooking.patient),
            joinedload(SlotBooking.booked_by),
            joinedload(SlotBooking.extension),
        )
    )
