"""A patient's own phone: set up at the clinic or by a code that staff speak, opened by a PIN that only they choose."""

from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from secrets import randbelow
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy.orm import Session, joinedload

from monitor.audit import Actor, record
from monitor.db import keyring
from monitor.ids import new_token, token_hash
from monitor.people.models import Attempt, Device, DeviceEnrolment, Patient

ENROLMENT_LASTS = timedelta(minutes=10)
"""An out-of-band code is good for ten minutes at most, and once (NIST SP 800-63B-4, out-of-band devices)."""
CODE_DIGITS, PIN_DIGITS = 8, 6
CODE_TRIES, CODE_TRIES_WITHIN = 10, timedelta(minutes=15)
PIN_TRIES = 5
"""Then only staff can help (security research, part 5b): no timed lock that somebody at home could hold shut."""
UNLOCKED_FOR = timedelta(minutes=15)

_KIND = "enrolment"
# A PIN has a million values, so its hash is guessed in a moment whatever it costs; the five tries are what protects it.
# OWASP's smallest argon2id setting, since the try is counted inside the transaction.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class Invitation(NamedTuple):
    """What a staff page shows once: the token inside the QR code, and the digits to speak."""

    token: str
    code: str


class Unlock(StrEnum):
    """What came of a PIN."""

    OPEN = "open"
    WRONG = "wrong"
    LOCKED = "locked"


def begin_enrolment(session: Session, patient: Patient, staff_member_id: UUID | None, now: datetime) -> Invitation:
    """Invite a patient's phone for ten minutes. An earlier invitation of theirs ends."""
    session.execute(
        sa.update(DeviceEnrolment)
        .where(DeviceEnrolment.patient_id == patient.id, DeviceEnrolment.expires_at > now)
        .values(expires_at=now)
    )
    invitation = Invitation(new_token(), f"{randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}")
    row = DeviceEnrolment(
        patient_id=patient.id,
        token_hash=token_hash(invitation.token),
        code_hash=_code_hash(invitation.code),
        staff_member_id=staff_member_id,
        expires_at=now + ENROLMENT_LASTS,
    )
    session.add(row)
    session.flush()
    actor = Actor("staff", staff_member_id) if staff_member_id else Actor("program")
    record(session, actor, "invited_device", "patient", patient.id, now=now)
    return invitation


def invited_by_token(session: Session, token: str, now: datetime) -> DeviceEnrolment | None:
    """Return the invitation behind a QR code, if it is still good."""
    return session.scalars(_good(now).where(DeviceEnrolment.token_hash == token_hash(token))).one_or_none()


def invited_by_code(session: Session, code: str, now: datetime) -> DeviceEnrolment | None:
    """Return the invitation behind spoken digits, if it is still good; none when two people were given the same."""
    found = session.scalars(_good(now).where(DeviceEnrolment.code_hash == _code_hash(code))).all()
    return found[0] if len(found) == 1 else None


def _good(now: datetime) -> sa.Select[DeviceEnrolment]:
    return (
        sa.select(DeviceEnrolment)
        .join(DeviceEnrolment.patient)
        .where(DeviceEnrolment.used_at.is_(None), DeviceEnrolment.expires_at > now, Patient.closed_at.is_(None))
        .options(joinedload(DeviceEnrolment.patient))
    )


def too_many_codes(session: Session, address: str, now: datetime) -> bool:
    """Return whether too many wrong codes came from a network address lately."""
    count = session.scalar(
        sa.select(sa.func.count())
        .select_from(Attempt)
        .where(Attempt.kind == _KIND, Attempt.key_hash == _address_hash(address), Attempt.at > now - CODE_TRIES_WITHIN)
    )
    return (count or 0) >= CODE_TRIES


def count_wrong_code(session: Session, address: str, now: datetime) -> None:
    """Count a code that was no good."""
    session.add(Attempt(kind=_KIND, key_hash=_address_hash(address), at=now))


def enrol(session: Session, invitation: DeviceEnrolment, pin: str, now: datetime) -> str | None:
    """Set up a phone and return the secret that its cookie keeps; None when the invitation was used a moment before.

    A patient has one phone at a time: a lost one, or one whose PIN is forgotten, opens nothing more.
    """
    used = (
        sa.update(DeviceEnrolment)
        .where(DeviceEnrolment.id == invitation.id, DeviceEnrolment.used_at.is_(None))
        .values(used_at=now)
        .returning(DeviceEnrolment.id)
    )
    if session.scalar(used) is None:
        return None
    session.execute(
        sa.update(Device)
        .where(Device.patient_id == invitation.patient_id, Device.ended_at.is_(None))
        .values(ended_at=now)
    )
    token = new_token()
    device = Device(
        patient_id=invitation.patient_id, token_hash=token_hash(token), pin_hash=_hasher.hash(pin), enrolled_at=now
    )
    session.add(device)
    session.flush()
    record(session, Actor("patient", device.patient_id), "enrolled_device", "device", device.id, now=now)
    return token


def known_device(session: Session, token: str | None) -> Device | None:
    """Return the phone that keeps this token, with its patient, while both are with us."""
    if not token:
        return None
    return session.scalars(
        sa.select(Device)
        .join(Device.patient)
        .where(Device.token_hash == token_hash(token), Device.ended_at.is_(None), Patient.closed_at.is_(None))
        .options(joinedload(Device.patient))
    ).one_or_none()


def is_locked(device: Device) -> bool:
    """Return whether the tries are used up, so that even the right PIN opens nothing."""
    return device.tries >= PIN_TRIES


def unlock(session: Session, device: Device, pin: str, now: datetime) -> Unlock:
    """Try a PIN. The row is held, so that tries at the same moment are counted one by one."""
    session.refresh(device, ["tries", "pin_hash"], with_for_update=True)
    if is_locked(device):
        return Unlock.LOCKED
    try:
        _hasher.verify(device.pin_hash, pin)
    except VerifyMismatchError:
        device.tries += 1
        if not is_locked(device):
            return Unlock.WRONG
        record(session, Actor("patient", device.patient_id), "locked_device", "device", device.id, now=now)
        return Unlock.LOCKED
    device.tries = 0
    return Unlock.OPEN


def change_pin(session: Session, device: Device, current: str, pin: str, now: datetime) -> Unlock:
    """Change the PIN for somebody who knows the one that it has; a wrong one counts as a try."""
    result = unlock(session, device, current, now)
    if result is Unlock.OPEN:
        device.pin_hash = _hasher.hash(pin)
        record(session, Actor("patient", device.patient_id), "changed_pin", "device", device.id, now=now)
    return result


def remove(session: Session, device: Device, now: datetime) -> None:
    """Take the patient's pages off this phone."""
    device.ended_at = now
    record(session, Actor("patient", device.patient_id), "removed_device", "device", device.id, now=now)


def is_weak_pin(pin: str, birth_year: str | None = None) -> bool:
    """Return whether a PIN is among the first that anybody would try: a run, a repeat, or the year of birth."""
    digits = [int(digit) for digit in pin]
    steps = {(after - before) % 10 for before, after in pairwise(digits)}
    repeats = any(pin == pin[:length] * (len(pin) // length) for length in (1, 2, 3))
    return repeats or steps in ({1}, {9}) or (birth_year is not None and birth_year in pin)


def _code_hash(code: str) -> bytes:
    return keyring().digest("enrolment code", code)


def _address_hash(address: str) -> bytes:
    return keyring().digest("enrolment address", address)
