"""Why a text that is ready does not go yet: as things stand at a moment, since a row keeps no reason for waiting."""

from datetime import datetime
from enum import StrEnum

from monitor.messaging.models import WAITING, Message
from monitor.messaging.quiet_hours import allowed
from monitor.messaging.texts import ANSWERS_A_TEXT


class Held(StrEnum):
    """What a text waits for."""

    OUTAGE = "outage"
    QUIET_HOURS = "quiet_hours"
    NETWORK = "network"
    """The network did not take it; it is tried again."""
    ENOUGH = "enough"
    """The patient has had as many texts as they get in a day or a week."""


def held_because(message: Message, now: datetime, *, outage: bool) -> Held | None:
    """Return why a text was put back and waits on; None for one that has gone, or that nobody has taken up yet."""
    if message.state not in WAITING or message.attempt == 0 or message.due_at <= now:
        return None
    if outage:
        return Held.OUTAGE
    if message.purpose not in ANSWERS_A_TEXT and not allowed(now, message.patient.time_zone):
        return Held.QUIET_HOURS
    return Held.NETWORK if message.error_code else Held.ENOUGH
