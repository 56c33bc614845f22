"""Who is asked before a text goes and told what became of it: messaging knows what to ask, others know the answers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from monitor.messaging.models import Message, SkipReason


@dataclass(frozen=True)
class Postpone:
    """Not now: look again at `until`."""

    until: datetime


Obstacle = SkipReason | Postpone | None
Guard = Callable[[Session, Message, datetime], Obstacle]
"""Asked just before a text goes: is it still wanted? Runs with the patient's row locked."""
OnNews = Callable[[Session, Message, datetime], None]
"""Told in the transaction that records the news: when it raises, nothing of the news is kept."""


@dataclass(frozen=True)
class Followers:
    """What others have to say about a text, and want to know of it."""

    guard: Guard
    on_sent: OnNews
    """The provider took it, whenever and however that is learnt: once for each text."""
    on_lost: OnNews
    """It did not arrive: its state is failed, undelivered or abandoned, and its `error_code` says why if anybody does.

    Once for each text. A text given up can still turn out to have been taken; then `on_sent` follows.
    """
