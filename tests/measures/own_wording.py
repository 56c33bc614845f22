"""A service's own file of words that need permission: invented ones, since the real ones are not ours to print."""

import json
from pathlib import Path
from typing import Any

LEAVE = {"given_by": "The rights holder", "on": "2026-01-05"}
ITEMS = tuple(f"{number} invented item" for number in ("First", "Second", "Third", "Fourth", "Fifth"))


def write_wsas(folder: Path, **changes: Any) -> Path:
    """Write wsas/en.json with some of its parts changed, or left out where they are None."""
    values = [{"value": value, "label": f"{value}, invented"} for value in range(9)]
    wording = {
        "version": "1",
        "provenance": "official",
        "source": "Invented.",
        "note": "Invented.",
        "permission": LEAVE,
        "stem": "Invented stem",
        "items": ITEMS,
        "options": values,
        "item_options": {"1": [*values, {"value": 9, "label": "Does not apply, invented"}]},
    } | changes
    path = folder / "wsas" / "en.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({name: each for name, each in wording.items() if each is not None}), encoding="utf-8")
    return path
