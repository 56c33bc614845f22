"""What became of each check-in and its texts, in whole sentences for staff."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from monitor.checkins.models import CancelReason, CheckIn, CheckInKind, CheckInState
from monitor.flags.detail import ENTERED_BY, answered
from monitor.flags.due import Reader
from monitor.i18n import N_
from monitor.messaging import staff_words
from monitor.messaging.models import Message, MessageState
from monitor.messaging.texts import ANSWERS_A_TEXT
from monitor.progress.record import Asked

CHECK_INS: Mapping[CheckInKind, str] = {
    CheckInKind.FIRST: N_("First check-in"),
    CheckInKind.SCHEDULED: N_("Check-in"),
    CheckInKind.BEFORE_APPOINTMENT: N_("Check-in before an appointment"),
    CheckInKind.REQUESTED: N_("Check-in they asked for"),
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

BECAUSE: Mapping[CancelReason, str] = {
    CancelReason.OPTED_OUT: N_("%(text)s cancelled: texts were stopped."),
    CancelReason.PAUSED: N_("%(text)s cancelled: paused."),
    CancelReason.PLAN_CHANGED: N_("%(text)s cancelled: the plan changed."),
    CancelReason.EPISODE_CLOSED: N_("%(text)s cancelled: care had ended."),
}
"""Why a text was cancelled, where its check-in says so."""

ENDED_WELL = frozenset({MessageState.SENT, MessageState.DELIVERED})
ENDED_BADLY = frozenset({MessageState.UNDELIVERED, MessageState.FAILED, MessageState.ABANDONED, MessageState.UNKNOWN})


@dataclass(frozen=True)
class AskedRow:
    """One check-in: when it was due, what it was, what became of it; `failed` in bold where a text did not arrive."""

    at: datetime
    day: str
    what: str
    failed: str
    happened: str
    submission_id: UUID | None


def asked_row(asked: Asked, now: datetime, reader: Reader) -> AskedRow:
    """Return one check-in with its texts in words."""
    said = [what_became(text, asked.check_in, now, reader) for text in asked.texts if _stands_alone(text)]
    by_text = len(asked.texts) - len(said)
    if by_text:
        said.append(reader.ngettext("%(count)s text of questions.", "%(count)s texts of questions.", by_text))
    arrived = any(text.state in ENDED_WELL for text in asked.texts)
    failed = asked.check_in.cancel_reason is CancelReason.NOT_DELIVERED and not arrived
    return AskedRow(
        at=asked.check_in.due_at,
        day=reader.day_and_time(asked.check_in.due_at, now),
        what=reader.say(_what(asked)),
        failed=reader.say(N_("Not delivered.")) if failed else "",
        happened=" ".join([*said, *_end(asked, now, reader)]),
        submission_id=asked.submission.id if asked.submission else None,
    )


def what_became(text: Message, check_in: CheckIn | None, now: datetime, reader: Reader) -> str:
    """Return what became of a text, and where it is known why, in whole sentences."""
    because = _because(check_in) if text.state is MessageState.CANCELLED and check_in else None
    if because is not None:
        return reader.say(because, text=staff_words.kind_label(text.purpose, reader.language))
    when = reader.day_and_time(staff_words.moment_of(text), now)
    why = staff_words.why_not(text, reader.language)
    return " ".join(filter(None, [staff_words.became(text, when, reader.language), why]))


def _because(check_in: CheckIn) -> str | None:
    if check_in.completed_at is not None:
        return N_("%(text)s cancelled: the check-in was answered.")
    return BECAUSE.get(check_in.cancel_reason) if check_in.cancel_reason else None


def _stands_alone(text: Message) -> bool:
    """Whether a text has a sentence of its own: the questions of a check-in by text are counted, unless one failed."""
    return text.purpose not in ANSWERS_A_TEXT or text.state in ENDED_BADLY


def _what(asked: Asked) -> str:
    if asked.check_in.kind is CheckInKind.REQUESTED and not asked.texts:
        return N_("Extra check-in")  # staff asked, on the phone or at the clinic
    if asked.check_in.kind is CheckInKind.SCHEDULED and not asked.texts:
        return N_("Check-in by phone")
    return CHECK_INS[asked.check_in.kind]


def _end(asked: Asked, now: datetime, reader: Reader) -> list[str]:
    check_in, said = asked.check_in, []
    if asked.submission is not None:
        said.append(answered(asked.submission, now, reader))
        if asked.entered_by:
            said.append(reader.say(ENTERED_BY, name=asked.entered_by))
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
            said.append(reader.say(_why_cancelled(asked, check_in.cancel_reason)))
        case CheckInState.OPEN:
            said.append(reader.say(N_("Open until %(when)s."), when=reader.day_and_time(check_in.closes_at, now)))
    return said


def _why_cancelled(asked: Asked, reason: CancelReason) -> str:
    nobody_asked = reason is CancelReason.NOT_SENT and not asked.texts
    return N_("Nobody asked, so it does not count as missed.") if nobody_asked else CANCELLED[reason]
