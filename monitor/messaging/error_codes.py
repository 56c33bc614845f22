"""What a provider's error code asks for, as data: error_codes.toml beside this file."""

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files


class Remedy(StrEnum):
    """What has to happen before such a text can arrive; the data file tells more of each."""

    NUMBER = "number"
    NUMBER_AFTER_TWO = "number_after_two"
    CONSENT = "consent"
    CONTENT = "content"
    CONFIGURATION = "configuration"
    ROUTE = "route"
    TRANSIENT_BEFORE = "transient_before"
    TRANSIENT_AFTER = "transient_after"
    UNKNOWN = "unknown"


def remedy(code: str | int | None) -> Remedy:
    """Return what a code asks for: UNKNOWN for what is no code, or not in the file."""
    return _table().get(str(code), Remedy.UNKNOWN)


@cache
def _table() -> Mapping[str, Remedy]:
    kept = tomllib.loads((files("monitor.messaging") / "error_codes.toml").read_text(encoding="utf-8"))
    return {str(code): Remedy(name) for name, codes in kept.items() for code in codes}
