"""The secret address of a staff member's calendar: shown once, kept as a hash, ended or replaced at any time."""

from datetime import datetime
from hmac import compare_digest
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from monitor.audit import Actor, record
from monitor.ids import TOKEN_LENGTH, new_token, token_hash
from monitor.people.models import StaffMember
from monitor.people.needs_models import CalendarFeed


def running_feed(session: Session, staff_member_id: UUID) -> CalendarFeed | None:
    """Return the feed that a staff member has now."""
    return session.scalars(_running().where(CalendarFeed.staff_member_id == staff_member_id)).one_or_none()


def make_feed(session: Session, staff_member_id: UUID, now: datetime) -> str:
    """Make a new address and return its token, which nothing here can show again. An earlier one ends with it."""
    session.execute(sa.select(StaffMember.id).where(StaffMember.id == staff_member_id).with_for_update())
    _end(session, staff_member_id, now)
    token = new_token()
    session.add(CalendarFeed(staff_member_id=staff_member_id, token_hash=token_hash(token), made_at=now))
    session.flush()
    record(session, Actor("staff", staff_member_id), "calendar made", "staff_member", staff_member_id, now=now)
    return token


def end_feed(session: Session, staff_member_id: UUID, now: datetime) -> None:
    """End the address: from now on it answers nothing. Without one, nothing is written."""
    if _end(session, staff_member_id, now):
        record(session, Actor("staff", staff_member_id), "calendar ended", "staff_member", staff_member_id, now=now)


def feed_at(session: Session, token: str) -> CalendarFeed | None:
    """Return the running feed of a token, with its staff member and teams; None once the feed or the login ended."""
    wanted = token_hash(token)
    found = session.scalars(
        _running()
        .join(CalendarFeed.staff_member)
        .where(CalendarFeed.token_hash == wanted, StaffMember.ended_at.is_(None))
        .options(joinedload(CalendarFeed.staff_member).options(selectinload(StaffMember.memberships)))
    ).one_or_none()
    # The database finds by the hash, which tells nothing of the token; the comparison itself takes equally long.
    return found if found is not None and compare_digest(found.token_hash, wanted) else None


def looks_like_a_token(text: str) -> bool:
    """Return whether an address could be one of ours at all."""
    return len(text) == TOKEN_LENGTH and text.isascii() and text.isalnum()


def _running() -> sa.Select[CalendarFeed]:
    return sa.select(CalendarFeed).where(CalendarFeed.ended_at.is_(None))


def _end(session: Session, staff_member_id: UUID, now: datetime) -> bool:
    ended = session.scalars(
        sa.update(CalendarFeed)
        .where(CalendarFeed.staff_member_id == staff_member_id, CalendarFeed.ended_at.is_(None))
        .values(ended_at=now)
        .returning(CalendarFeed.id)
    ).all()
    return bool(ended)
