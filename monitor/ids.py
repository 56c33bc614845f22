"""Opaque, time-ordered identifiers and unguessable tokens."""

import hashlib
import hmac
import os
import secrets
import string
import time
from uuid import UUID

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
TOKEN_LENGTH = 22  # log2(62) * 22 = 131 bits


def new_id() -> UUID:
    """Return a UUIDv7 (RFC 9562, 5.7): 48 bits of Unix milliseconds, then random bits.

    The time part only keeps index pages together; no rule reads it.
    """
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


def new_token() -> str:
    """Return 22 random base62 characters (131 bits)."""
    return "".join(secrets.choice(BASE62) for _ in range(TOKEN_LENGTH))


def derived_token(key: bytes, purpose: str, subject: UUID, generation: int) -> str:
    """Return the 22-character token that `key` gives to one subject and purpose.

    A link has to be written into a reminder today and into a nudge three days later, yet must never be stored.
    Deriving it keeps only its hash in the database, and a higher generation kills the old link.
    """
    message = f"{purpose}:{subject}:{generation}".encode()
    number = int.from_bytes(hmac.digest(key, message, "sha256"))
    characters = []
    for _ in range(TOKEN_LENGTH):
        number, remainder = divmod(number, 62)
        characters.append(BASE62[remainder])
    return "".join(characters)


def token_hash(token: str) -> bytes:
    """Return the SHA-256 of a token: enough for 131 random bits (ASVS 5.0 6.5.2)."""
    return hashlib.sha256(token.encode()).digest()
