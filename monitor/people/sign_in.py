"""Staff sign-in: a password and a one-time code, tries that are counted, and sessions that are rows."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hmac import compare_digest
from uuid import UUID

import pyotp
import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy.orm import Session, joinedload, selectinload

from monitor.audit import Actor, record
from monitor.db import keyring
from monitor.ids import new_token, token_hash
from monitor.people.models import Attempt, StaffMember, StaffSession

ABSOLUTE = timedelta(hours=12)
"""A session ends after this, used or not (ASVS 5.0 7.3.2; security research, part 5b)."""
TRIES, TRIES_WITHIN = 10, timedelta(minutes=15)
"""Failed sign-ins for one account or from one address before a pause (ASVS 5.0 6.3.1)."""
CODE_SECONDS = 30
CODE_STEPS = (-1, 0, 1)
"""A code is good for its own half minute and the ones beside it: phones' clocks differ."""

_KIND = "sign_in"
_hasher = PasswordHasher()


@dataclass(frozen=True)
class Credentials:
    """What the stored half of a sign-in looks like, read before the slow work so that no transaction waits for it."""

    staff_member_id: UUID | None
    password_hash: str
    totp_secret: str
    totp_last_step: int


@dataclass(frozen=True)
class Tries:
    """The two keyed hashes under which tries are counted."""

    account: bytes
    address: bytes

    @classmethod
    def of(cls, email: str, address: str) -> "Tries":
        """Return the hashes for an account and a network address; neither is stored in the clear."""
        return cls(keyring().digest("sign-in account", _folded(email)), keyring().digest("sign-in address", address))


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password."""
    return _hasher.hash(password)


def email_hash(email: str) -> bytes:
    """Return the keyed hash by which a staff member is found."""
    return keyring().digest("email", _folded(email))


def too_many(session: Session, tries: Tries, now: datetime) -> bool:
    """Return whether an account or an address has failed too often lately."""
    counts = session.scalars(
        sa.select(sa.func.count())
        .where(
            Attempt.kind == _KIND, Attempt.key_hash.in_((tries.account, tries.address)), Attempt.at > now - TRIES_WITHIN
        )
        .group_by(Attempt.key_hash)
    )
    return max(counts, default=0) >= TRIES


def look_up(session: Session, email: str) -> Credentials:
    """Return the credentials of an e-mail; for an unknown or ended one, some that nothing matches and take as long."""
    member = session.scalars(
        sa.select(StaffMember).where(StaffMember.email_hash == email_hash(email), StaffMember.ended_at.is_(None))
    ).one_or_none()
    if member is None:
        return Credentials(None, _nobodys_hash(), _nobodys_secret(), 0)
    _nobodys_hash()
    return Credentials(member.id, member.password_hash, member.totp_secret, member.totp_last_step)


def accepted_step(found: Credentials, password: str, code: str, now: datetime) -> int | None:
    """Return the time step of a code that was given with the right password, or None. Both are always checked."""
    right = _matches(found.password_hash, password)
    totp, present = pyotp.TOTP(found.totp_secret), int(now.timestamp()) // CODE_SECONDS
    given = code.replace(" ", "").encode()
    steps = [present + step for step in CODE_STEPS if compare_digest(totp.generate_otp(present + step).encode(), given)]
    fresh = [step for step in steps if step > found.totp_last_step]
    return fresh[0] if right and fresh and found.staff_member_id else None


def admit(session: Session, staff_member_id: UUID, step: int, now: datetime) -> str | None:
    """Open a session and return its token; None when the code was used a moment before, or the person has left."""
    used = session.execute(
        sa.update(StaffMember)
        .where(StaffMember.id == staff_member_id, StaffMember.totp_last_step < step, StaffMember.ended_at.is_(None))
        .values(totp_last_step=step)
        .returning(StaffMember.id)
    ).one_or_none()
    if used is None:
        return None
    token = new_token()
    session.add(
        StaffSession(
            staff_member_id=staff_member_id, token_hash=token_hash(token), started_at=now, expires_at=now + ABSOLUTE
        )
    )
    record(session, Actor("staff", staff_member_id), "signed_in", "staff_member", staff_member_id, now=now)
    return token


def refuse(session: Session, tries: Tries, staff_member_id: UUID | None, now: datetime) -> None:
    """Count a failed try."""
    for key in (tries.account, tries.address):
        session.add(Attempt(kind=_KIND, key_hash=key, at=now))
    record(session, Actor("staff"), "sign_in_refused", "staff_member", staff_member_id, now=now)


def session_of(session: Session, token: str, now: datetime) -> StaffSession | None:
    """Return the running session behind a token, with its staff member and their teams."""
    found = session.scalars(
        sa.select(StaffSession)
        .join(StaffSession.staff_member)
        .where(
            StaffSession.token_hash == token_hash(token),
            StaffSession.ended_at.is_(None),
            StaffSession.expires_at > now,
            StaffMember.ended_at.is_(None),
        )
        .options(joinedload(StaffSession.staff_member).options(selectinload(StaffMember.memberships)))
    )
    return found.one_or_none()


def end(session: Session, staff_session_id: UUID, now: datetime) -> None:
    """End a session."""
    row = session.get_one(StaffSession, staff_session_id)
    row.ended_at = row.ended_at or now
    record(session, Actor("staff", row.staff_member_id), "signed_out", "staff_member", row.staff_member_id, now=now)


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (Argon2Error, InvalidHashError):
        return False


def _folded(email: str) -> str:
    return email.strip().casefold()


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(new_token())


@cache
def _nobodys_secret() -> str:
    return pyotp.random_base32()
