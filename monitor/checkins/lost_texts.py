"""What it means that a text did not arrive, and what ends with it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.checkins.models import DialogueEnd, TextDialogue
from monitor.messaging.models import Message

STOPPED_AT_THE_PROVIDER = "21610"
"""Twilio: the owner of this number has replied STOP (twilio.com/docs/api/errors/21610)."""


class Lost(StrEnum):
    """What a lost text tells us about its patient."""

    STOPPED = "stopped"
    """They have told the provider to stop, before or instead of telling us."""
    NUMBER_FAILED = "number_failed"
    """Their number takes no texts."""
    NOTHING = "nothing"
    """It went to a number that is theirs no more, or the next one may well arrive."""


def meaning(message: Message) -> Lost:
    """Return what follows from a text that did not arrive. One to an earlier number says nothing about this one."""
    if message.sent_to != message.patient.number:
        return Lost.NOTHING
    if message.error_code == STOPPED_AT_THE_PROVIDER:
        return Lost.STOPPED
    return Lost.NOTHING if message.patient.number_failed_at is None else Lost.NUMBER_FAILED


def stop_dialogue(session: Session, patient_id: UUID, now: datetime) -> None:
    """End the check-in by text that a patient is in, because the texts have stopped."""
    session.execute(
        sa.update(TextDialogue)
        .where(TextDialogue.patient_id == patient_id, TextDialogue.ended_at.is_(None))
        .values(ended_at=now, ended=DialogueEnd.STOPPED)
        .execution_options(synchronize_session="fetch")
    )
