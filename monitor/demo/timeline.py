"""What is still to happen in the past that the demonstration makes up, in the order in which it happens."""

from collections.abc import Callable
from datetime import datetime
from heapq import heappop, heappush
from itertools import count

Event = Callable[[datetime], None]
"""Told the moment at which it happens."""


class Timeline:
    """Events by their moment; those of one moment happen in the order in which they were foreseen."""

    def __init__(self) -> None:
        self._events: list[tuple[datetime, int, Event]] = []
        self._order = count()

    def at(self, moment: datetime, event: Event) -> None:
        """Foresee an event."""
        heappush(self._events, (moment, next(self._order), event))

    def run(self, until: datetime, passed: Callable[[datetime], None]) -> None:
        """Let everything happen up to and including `until`; what lies after it never does. Each moment is told."""
        while self._events and self._events[0][0] <= until:
            moment, _, event = heappop(self._events)
            passed(moment)
            event(moment)
