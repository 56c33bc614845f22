"""Texts in words, for staff: what each was for, what became of it, and what a patient's own text was taken for."""

from collections.abc import Mapping
from datetime import datetime

from monitor.i18n import N_, translate
from monitor.messaging.error_codes import Remedy, remedy
from monitor.messaging.held import Held, held_because
from monitor.messaging.models import Message, MessageState, SkipReason, Understood
from monitor.messaging.texts import TextKind
from monitor.messaging.unsent import Unsent

DOMAIN = "staff"

KINDS: Mapping[TextKind, str] = {
    TextKind.INVITATION: N_("Invitation"),
    TextKind.REMINDER: N_("Text"),
    TextKind.NUDGE: N_("Nudge"),
    TextKind.LAST_NUDGE: N_("Last nudge"),
    TextKind.NEW_LINK: N_("New link"),
    TextKind.APPOINTMENT: N_("Appointment reminder"),
    TextKind.BY_TEXT: N_("Offer to answer by text"),
    TextKind.QUESTION: N_("Question by text"),
    TextKind.REPLY: N_("Reply to their text"),
    TextKind.SUPPORT: N_("Reply with help lines"),
}

STATES: Mapping[MessageState, str] = {
    MessageState.QUEUED: N_("%(text)s waits to go %(when)s."),
    MessageState.ENQUEUED: N_("%(text)s waits to go %(when)s."),
    MessageState.CLAIMED: N_("%(text)s waits to go %(when)s."),
    MessageState.SENDING: N_("%(text)s is on its way since %(when)s."),
    MessageState.UNKNOWN: N_("%(text)s left %(when)s; the network is being asked whether it has it."),
    MessageState.SENT: N_("%(text)s sent %(when)s; the network has not said whether it arrived."),
    MessageState.DELIVERED: N_("%(text)s arrived; sent %(when)s."),
    MessageState.UNDELIVERED: N_("%(text)s did not arrive, sent %(when)s."),
    MessageState.FAILED: N_("%(text)s could not be sent %(when)s."),
    MessageState.CANCELLED: N_("%(text)s cancelled: it was not needed any more."),
    MessageState.ABANDONED: N_(
        "%(text)s given up: nobody could confirm that it left %(when)s, and it is not sent twice."
    ),
}
ARRIVED = N_("%(text)s arrived %(when)s.")

SKIPPED: Mapping[SkipReason, str] = {
    SkipReason.NO_CONSENT: N_("%(text)s not sent: they have not agreed to texts."),
    SkipReason.ANSWERED: N_("%(text)s not sent: they had answered."),
    SkipReason.CHECK_IN_CLOSED: N_("%(text)s not sent: the check-in had closed."),
    SkipReason.EXPIRED: N_("%(text)s not sent: no hour was left in which it was allowed and still of use."),
    SkipReason.PAUSED: N_("%(text)s not sent: paused."),
    SkipReason.NO_SAFETY_COVER: N_("%(text)s not sent: nobody is named to read safety answers."),
    SkipReason.NUMBER_FAILED: N_("%(text)s not sent: the network has given the number up."),
    SkipReason.OVER_CAP: N_("%(text)s not sent: they had enough texts that week."),
    SkipReason.EPISODE_CLOSED: N_("%(text)s not sent: care had ended."),
    SkipReason.STALE: N_("%(text)s not sent: a newer one took its place."),
    SkipReason.OVER_SPEND: N_("%(text)s not sent: the limit on what texts may cost was reached."),
    SkipReason.APPOINTMENT_CHANGED: N_("%(text)s not sent: the appointment had changed."),
}

UNDERSTOOD: Mapping[Understood, str] = {
    Understood.ANSWER: N_("Taken as an answer."),
    Understood.BACK: N_("Went back to the question before."),
    Understood.REPEAT: N_("Asked for the question again."),
    Understood.BEGIN: N_("Began to answer by text."),
    Understood.STOP: N_("Asked us to stop texting."),
    Understood.START: N_("Asked for texts again."),
    Understood.HELP: N_("Asked for help, and was told where it is."),
    Understood.PLAN: N_("Asked where their plan is, and was told."),
    Understood.COMING_BACK: N_("Asked to come back."),
    Understood.NOT_UNDERSTOOD: N_("Not understood; they were told so."),
    Understood.NOTHING_OPEN: N_("Written while nothing was open to answer."),
    Understood.UNKNOWN_NUMBER: N_("From a number that is not known."),
}
UNSENT: Mapping[Unsent, str] = {
    Unsent.WAITING: N_("%(count)s still waiting"),
    Unsent.EXPIRED: N_("%(count)s of no use any more before they could go"),
    Unsent.STALE: N_("%(count)s overtaken by a newer one"),
    Unsent.NO_SAFETY_COVER: N_("%(count)s held back since nobody is named to read safety answers"),
    Unsent.OVER_SPEND: N_("%(count)s held back by the limit on what texts may cost"),
}
HELD: Mapping[Held, str] = {
    Held.OUTAGE: N_("No text goes at the moment: the network takes none."),
    Held.QUIET_HOURS: N_("Held: it is evening or night where they are, and texts go from 9:00 to 20:00."),
    Held.NETWORK: N_("Held: the network did not take it, and it is tried again."),
    Held.ENOUGH: N_("Held: they have had enough texts for now, one a day and five a week at most."),
}
NOT_YET_READ = N_("Came in; the program has not looked at it yet.")


WHY: Mapping[Remedy, str] = {
    Remedy.NUMBER: N_("There is no such mobile number; check it with them."),
    Remedy.NUMBER_AFTER_TWO: N_("The network does not know this number, or cannot reach its phone."),
    Remedy.CONSENT: N_("They have texted STOP."),
    Remedy.CONTENT: N_("The network refused it as unwanted; nothing is wrong with the number."),
    Remedy.CONFIGURATION: N_("Our own account could not send it; nothing is wrong with the number."),
    Remedy.ROUTE: N_("Our own account sends no texts to that country or network."),
    Remedy.TRANSIENT_BEFORE: N_("The network was too busy to take it."),
    Remedy.TRANSIENT_AFTER: N_("The network could not deliver it then, for a reason that passes."),
    Remedy.UNKNOWN: N_("The network did not say why."),
}
LANDLINE = N_("The number takes no texts: it may be a landline, which can be rung.")
PHONE_OFF = N_("The phone was off, or out of reach.")
EXACTLY: Mapping[str, str] = {"21614": LANDLINE, "21635": LANDLINE, "30006": LANDLINE, "30003": PHONE_OFF}
"""Codes that tell staff more than what they ask for."""
DID_NOT_ARRIVE = frozenset({MessageState.UNDELIVERED, MessageState.FAILED})


def kind_label(kind: TextKind, language: str) -> str:
    """Return what a text was for."""
    return translate(language, KINDS[kind], DOMAIN)


def moment_of(message: Message) -> datetime:
    """Return the moment that a sentence about a text names: when it arrived, or left, or is to go."""
    arrived = message.reported_at if message.state is MessageState.DELIVERED else None
    return arrived or message.sent_at or message.intent_at or message.due_at


def became(message: Message, when: str, language: str) -> str:
    """Return what became of a text as a sentence; `when` is `moment_of` it in words."""
    text = kind_label(message.purpose, language)
    if message.state is MessageState.SKIPPED and message.skip_reason is not None:
        return translate(language, SKIPPED[message.skip_reason], DOMAIN, text=text)
    arrived = message.state is MessageState.DELIVERED and message.reported_at is not None
    return translate(language, ARRIVED if arrived else STATES[message.state], DOMAIN, text=text, when=when)


def why_not(message: Message, language: str) -> str:
    """Return why a text did not arrive, as far as the network has said so; empty for one that did, or may have."""
    if message.state not in DID_NOT_ARRIVE:
        return ""
    why = EXACTLY.get(message.error_code or "", WHY[remedy(message.error_code)])
    return translate(language, why, DOMAIN)


def network_said(message: Message, language: str) -> tuple[str, ...]:
    """Return in which code and word the network reported on a text; nothing where the sentence says that it arrived."""
    if message.state is MessageState.DELIVERED:
        return ()
    code = translate(language, N_("code %(code)s"), DOMAIN, code=message.error_code) if message.error_code else None
    return tuple(filter(None, [code, message.provider_status]))


def why_held(message: Message, now: datetime, language: str, *, outage: bool) -> str:
    """Return why a text that was taken up waits on; empty for one that does not."""
    held = held_because(message, now, outage=outage)
    return translate(language, HELD[held], DOMAIN) if held else ""


def understood(what: Understood | None, language: str) -> str:
    """Return what a patient's own text was taken for; None while it waits."""
    return translate(language, UNDERSTOOD[what] if what else NOT_YET_READ, DOMAIN)


def unsent_label(reason: Unsent, count: int, language: str) -> str:
    """Return how many texts did not go that should have, and why."""
    return translate(language, UNSENT[reason], DOMAIN, count=count)
