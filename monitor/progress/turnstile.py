"""How often a door may be tried where looking must change no row: counted in the memory of each process."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

MOST_KEYS = 10_000
"""So many are remembered; when more come at once, all are forgotten rather than memory being used up."""


@dataclass
class Turnstile:
    """Lets each key pass so many times within a span."""

    most: int
    within: timedelta
    _passed: dict[str, deque[datetime]] = field(default_factory=dict, repr=False)

    def lets_pass(self, key: str, now: datetime) -> bool:
        """Return whether a key may pass now, and count it if so."""
        since = now - self.within
        if len(self._passed) >= MOST_KEYS and key not in self._passed:
            self._passed = {each: seen for each, seen in self._passed.items() if seen and seen[-1] > since}
            if len(self._passed) >= MOST_KEYS:
                self._passed.clear()
        seen = self._passed.setdefault(key, deque())
        while seen and seen[0] <= since:
            seen.popleft()
        if len(seen) >= self.most:
            return False
        seen.append(now)
        return True
