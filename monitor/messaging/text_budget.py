"""What a text that we begin may cost: segments by language, with the longest sender and the longest link."""

from monitor.messaging.segments import Segments, count
from monitor.messaging.texts import ANSWERS_A_TEXT, TextKind, render

OF_OUR_OWN_ACCORD = tuple(kind for kind in TextKind if kind not in {*ANSWERS_A_TEXT, TextKind.APPOINTMENT})
"""The kinds that begin something; the body of the others is written when they are queued."""
LONGEST_SENDER = "R" * 11
"""What networks allow for a sender by name."""
LONGEST_LINK = f"https://{'h' * 11}/c/{'t' * 22}"
"""44 characters."""

_ONE_SEGMENT = frozenset({"en", "es", "fr", "de", "it", "nl", "pl", "pt_BR"})
"""Languages whose own letters GSM 7-bit can write, with words chosen to need no others."""
_TWO_SEGMENTS = frozenset({("pl", TextKind.NEW_LINK)})
""""wiadomość": there is no natural way round its letters."""


def budget(language: str, kind: TextKind) -> int:
    """Return the segments that a text may take."""
    return 1 if language in _ONE_SEGMENT and (language, kind) not in _TWO_SEGMENTS else 2


def cost(language: str, kind: TextKind) -> Segments:
    """Return what a text takes at its longest."""
    return count(render(kind, language, sender=LONGEST_SENDER, link=LONGEST_LINK))
