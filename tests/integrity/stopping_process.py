"""Keeps one check-in again and again, and is killed after each step in turn; run with the link's token and a key.

Prints a line for each step that left something behind, and one at the end.
"""

import sys
from functools import partial
from typing import Any
from uuid import UUID

from monitor.config import Settings, load_settings
from monitor.startup import open_database
from tests.integrity.processes import begin, die, was_killed
from tests.integrity.steps import STEPS, send, stopping_after
from tests.phones import every_row


def die_while_sending(settings: Settings, token: str, key: UUID, step: tuple[Any, str]) -> None:
    """Send, and be killed after a step."""
    with stopping_after(step, die):
        send(open_database(settings), settings, token, key)


def main(token: str, key: str) -> None:
    """Be killed after every step, then send in peace twice."""
    settings = load_settings()
    sessions = open_database(settings)
    before = every_row(sessions)
    for step in STEPS:
        sessions.kw["bind"].dispose()
        if not was_killed(begin(partial(die_while_sending, settings, token, UUID(key), step))):
            print(f"{step[1]}: not reached")
        if every_row(sessions) != before:
            print(f"{step[1]}: left something behind")
    first, again = (send(sessions, settings, token, UUID(key)) for _ in range(2))
    print("kept once" if (first.repeated, again.repeated) == (False, True) else "kept twice")


if __name__ == "__main__":
    main(*sys.argv[1:])
