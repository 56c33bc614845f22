"""The demonstration's keys: random, and kept beside a database that is to be opened again."""

import base64
import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

import sqlalchemy as sa

from monitor.config import KEY_BYTES
from monitor.errors import ConfigurationError

NAMES = ("MONITOR_SECRET_KEY", "MONITOR_DATA_KEYS", "MONITOR_LOOKUP_KEY")


def fresh_keys() -> dict[str, str]:
    """Return new keys, as the environment variables that hold them."""
    data, lookup = (base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode() for _ in range(2))
    return dict(zip(NAMES, (secrets.token_urlsafe(KEY_BYTES), f"k1:{data}", lookup), strict=True))


def keys_path(url: sa.URL) -> Path:
    """Return where a database's keys are kept: beside a file, else in the state folder of whoever runs this."""
    if url.get_backend_name() == "sqlite" and url.database:
        return Path(f"{url.database}.keys")
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    whose = hashlib.sha256(url.render_as_string(hide_password=True).encode()).hexdigest()[:16]
    return state / "stepped-care-monitor" / f"demo-{whose}.keys"


def read_keys(path: Path) -> dict[str, str] | None:
    """Return the keys kept in a file; None when there is no such file. Raises ConfigurationError."""
    try:
        kept = json.loads(path.read_text(encoding="ascii"))
        return {name: str(kept[name]) for name in NAMES}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        raise ConfigurationError(f"{path} cannot be read as the keys of a demonstration") from None


def keep_keys(path: Path, keys: Mapping[str, str]) -> None:
    """Write keys to a new file that nobody else may read. Raises ConfigurationError."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            json.dump(dict(keys), file)
    except OSError as error:
        raise ConfigurationError(f"{path}: the demonstration's keys cannot be kept there: {error.strerror}") from None
