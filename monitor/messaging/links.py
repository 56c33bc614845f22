"""The link of a check-in: derived when a text is written, known to the database by its hash alone."""

from uuid import UUID

from monitor.db import keyring
from monitor.ids import derived_token

PATH = "/c/"


def check_in_token(check_in_id: UUID, generation: int) -> str:
    """Return the 22-character token of a check-in for one generation of a patient's links."""
    return derived_token(keyring().links, "check-in", check_in_id, generation)


def check_in_link(base_url: str, check_in_id: UUID, generation: int) -> str:
    """Return the whole link."""
    return f"{base_url}{PATH}{check_in_token(check_in_id, generation)}"
