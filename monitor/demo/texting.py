"""What became of a text in the past: noted as the delivery would have noted it, and without sending anything."""

from datetime import datetime, timedelta

from monitor.config import Settings
from monitor.messaging.links import check_in_link
from monitor.messaging.models import ACCEPTED, Message, MessageState, SkipReason
from monitor.messaging.segments import count
from monitor.messaging.texts import render

_ERRORS = {MessageState.UNDELIVERED: "30003", MessageState.FAILED: "21211"}
"""Twilio's codes for a phone that is off or out of reach and for a number that does not exist."""


def note_fate(message: Message, fate: MessageState, settings: Settings, now: datetime) -> None:
    """Note that a text went out, or did not, at a moment."""
    patient = message.patient
    if fate is MessageState.SKIPPED:
        message.state, message.skip_reason = fate, SkipReason.NUMBER_FAILED
        return
    if message.check_in_id is None:
        raise ValueError("every text of the demonstration asks for a check-in")
    link = check_in_link(settings.base_url, message.check_in_id, patient.link_generation)
    message.language, message.sent_to = patient.language, patient.number
    message.body = render(message.purpose, patient.language, sender=settings.sender_name, link=link)
    message.segments = count(message.body).segments
    message.state, message.attempt, message.intent_at = fate, 1, now
    message.error_code = _ERRORS.get(fate)
    if fate in ACCEPTED or fate is MessageState.UNDELIVERED:
        message.sent_at = now + timedelta(seconds=1)
        message.provider_id, message.provider_status = f"demo-{message.id}", fate.value
    if fate is MessageState.FAILED:
        patient.number_failed_at = now
