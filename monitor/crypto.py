"""What identifies or reveals is sealed in its column, with a key outside the database.

Every patient has a data key of their own, itself sealed by the service's newest key: destroying that one value makes
all that is sealed about the person unreadable, in append-only tables and old backups of other tables too.
A sealed value is bound to its column and its row, so that one cannot be moved over another.
"""

import hashlib
import hmac
import os
from collections.abc import Mapping
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from monitor.errors import MonitorError

NONCE_BYTES = 12
_VERSION = b"\x01"


class Unreadable(MonitorError):
    """A sealed value does not open with the keys at hand."""


def seal(key: bytes, column: str, row: UUID, text: str) -> bytes:
    """Seal `text` (AES-256-GCM) for one column ('table.column') of one row."""
    nonce = os.urandom(NONCE_BYTES)
    return _VERSION + nonce + AESGCM(key).encrypt(nonce, text.encode(), _bound(column, row))


def unseal(key: bytes, column: str, row: UUID, sealed: bytes) -> str:
    """Open what `seal` made. Raises Unreadable on a wrong key, column, row or a changed value."""
    if sealed[:1] != _VERSION:
        raise Unreadable(f"{column}: unknown seal")
    nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, body, _bound(column, row)).decode()
    except (InvalidTag, ValueError):  # ValueError: cut so short that not even the nonce is whole
        raise Unreadable(f"{column}: the key does not open this row") from None


def new_data_key() -> bytes:
    """Return a fresh 256-bit key."""
    return AESGCM.generate_key(256)


class Keyring:
    """The service's own keys: the newest seals, all of them open; and one for keyed hashes."""

    def __init__(self, keys: Mapping[str, bytes], lookup: bytes) -> None:
        """Take the keys by id, newest first, and the look-up key."""
        self._keys = dict(keys)
        self._newest = next(iter(self._keys))
        self._lookup = lookup

    def wrap(self, data_key: bytes) -> bytes:
        """Seal a data key with the newest service key; the id of that key stands in front."""
        nonce = os.urandom(NONCE_BYTES)
        name = self._newest.encode()
        return name + b":" + nonce + AESGCM(self._keys[self._newest]).encrypt(nonce, data_key, b"data key")

    def unwrap(self, wrapped: bytes) -> bytes:
        """Open what `wrap` made, with whichever key made it. Raises Unreadable."""
        name, _, rest = wrapped.partition(b":")
        key = self._keys.get(name.decode("ascii", "replace"))
        if key is None:
            raise Unreadable("a data key was sealed with a service key that is not configured")
        try:
            return AESGCM(key).decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], b"data key")
        except (InvalidTag, ValueError):
            raise Unreadable("a data key does not open with its service key") from None

    def digest(self, purpose: str, text: str) -> bytes:
        """Return the keyed hash by which an exact value is found without being stored."""
        return hmac.digest(self._lookup, f"{purpose}:{text}".encode(), hashlib.sha256)

    @property
    def links(self) -> bytes:
        """The key from which links are derived: never the one of the hashes itself."""
        return self.digest("key", "links")


def _bound(column: str, row: UUID) -> bytes:
    return column.encode() + row.bytes
