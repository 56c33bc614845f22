"""What became of each check-in and its texts, in whole sentences for staff."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from monitor.checkins.models import CancelReason, CheckInKind, CheckInState
from monitor.flags.detail import answered
from monitor.flags.due import Reader
from monitor.i18n import N_
from monitor.messaging.models import Message, MessageState, SkipReason
from monitor.messaging.texts import TextKind
from monitor.progress.record import Asked

CHECK_INS: Mapping[CheckInKind, str] = {
    CheckInKind.FIRST: N_("First check-in"),
    CheckInKind.SCHEDULED: N_("Check-in"),
    CheckInKind.BEFORE_APPOINTMENT: N_("Check-in before an appointment"),
    CheckInKind.REQUESTED: N_("Check-in they asked for"),
}

TEXTS: Mapping[TextKind, str] = {
    TextKind.INVITATION: N_("Invitation"),
    TextKind.REMINDER: N_("Text"),
    TextKind.NUDGE: N_("Nudge"),
    TextKind.LAST_NUDGE: N_("Last nudge"),
    TextKind.NEW_LINK: N_("New link"),
}

STATES: Mapping[MessageState, str] = {
    MessageState.QUEUED: N_("%(text)s waits to go %(when)s."),
    MessageState.ENQUEUED: N_("%(text)s waits to go %(when)s."),
    MessageState.CLAIMED: N_("%(text)s waits to go %(when)s."),
    MessageState.SENDING: N_("%(text)s is on its way since %(when)s."),
    MessageState.UNKNOWN: N_("%(text)s left %(when)s; nobody could confirm it, and it is not sent twice."),
    MessageState.SENT: N_("%(text)s sent %(when)s; the network has not said whether it arrived."),
    MessageState.DELIVERED: N_("%(text)s delivered, sent %(when)s."),
    MessageState.UNDELIVERED: N_("%(text)s did not arrive, sent %(when)s."),
    MessageState.FAILED: N_("%(text)s could not be sent %(when)s."),
    MessageState.CANCELLED: N_("%(text)s was not needed any more."),
    MessageState.ABANDONED: N_("%(text)s may have left %(when)s; a second copy would do more harm than none."),
}

SKIPPED: Mapping[SkipReason, str] = {
    SkipReason.NO_CONSENT: N_("%(text)s not sent: they have not agreed to texts."),
    SkipReason.ANSWERED: N_("%(text)s not sent: they had answered."),
    SkipReason.CHECK_IN_CLOSED: N_("%(text)s not sent: the check-in had closed."),
    SkipReason.EXPIRED: N_("%(text)s not sent: there was no hour left in which texts may go."),
    SkipReason.PAUSED: N_("%(text)s not sent: paused."),
    SkipReason.NO_SAFETY_COVER: N_("%(text)s not sent: nobody is named to read safety answers."),
    SkipReason.NUMBER_FAILED: N_("%(text)s not sent: the network has given the number up."),
    SkipReason.OVER_CAP: N_("%(text)s not sent: they had enough texts that week."),
    SkipReason.EPISODE_CLOSED: N_("%(text)s not sent: care had ended."),
}

CANCELLED: Mapping[CancelReason, str] = {
    CancelReason.NOT_SENT: N_("No text for it went out, so it does not count as missed."),
    CancelReason.NOT_DELIVERED: N_("No text is known to have arrived, so it does not count as missed."),
    CancelReason.PAUSED: N_("Left out: paused."),
    CancelReason.OPTED_OUT: N_("Left out: texts were stopped."),
    CancelReason.PLAN_CHANGED: N_("Left out: the plan changed."),
    CancelReason.SUPERSEDED: N_("Left out: a newer one took its place."),
    CancelReason.EPISODE_CLOSED: N_("Left out: care had ended."),
}

ENDED_WELL = frozenset({MessageState.SENT, MessageState.DELIVERED})


@dataclass(frozen=True)
class AskedRow:
    """One check-in: when it was due, what it was, what became of it; `failed` in bold where a text did not arrive."""

    at: datetime
    day: str
    what: str
    failed: str
    happened: str


def asked_row(asked: Asked, now: datetime, reader: Reader) -> AskedRow:
    """Return one check-in with its texts in words."""
    said = [_text(text, now, reader) for text in asked.texts]
    arrived = any(text.state in ENDED_WELL for text in asked.texts)
    failed = asked.check_in.cancel_reason is CancelReason.NOT_DELIVERED and not arrived
    return AskedRow(
        at=asked.check_in.due_at,
        day=reader.day_and_time(asked.check_in.due_at, now),
        what=reader.say(CHECK_INS[asked.check_in.kind]),
        failed=reader.say(N_("Not delivered.")) if failed else "",
        happened=" ".join([*said, *_end(asked, now, reader)]),
    )


def _text(text: Message, now: datetime, reader: Reader) -> str:
    named = reader.say(TEXTS[text.purpose])
    if text.state is MessageState.SKIPPED and text.skip_reason is not None:
        return reader.say(SKIPPED[text.skip_reason], text=named)
    when = reader.day_and_time(text.sent_at or text.intent_at or text.due_at, now)
    return reader.say(STATES[text.state], text=named, when=when)


def _end(asked: Asked, now: datetime, reader: Reader) -> list[str]:
    check_in, said = asked.check_in, []
    if asked.submission is not None:
        said.append(answered(asked.submission, now, reader))
        if asked.submission.known_device:
            said.append(reader.say(N_("From a phone that was set up as theirs.")))
    elif asked.draft is not None:
        kept = len(asked.draft.answers)
        said.append(
            reader.ngettext("Begun, not sent: %(count)s answer kept.", "Begun, not sent: %(count)s answers kept.", kept)
        )
    match check_in.state(now):
        case CheckInState.MISSED:
            said.append(reader.say(N_("Closed without being sent: missed.")))
        case CheckInState.CANCELLED if check_in.cancel_reason is not None:
            said.append(reader.say(CANCELLED[check_in.cancel_reason]))
        case CheckInState.OPEN:
            said.append(reader.say(N_("Open until %(when)s."), when=reader.day_and_time(check_in.closes_at, now)))
    return said
