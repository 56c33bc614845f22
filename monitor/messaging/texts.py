"""The texts that a patient gets: who writes, what for, and a link; never a word about health, a name or a score.

A text shows on lock screens and shared phones, so it says nothing that the sender's name does not say already.
"""

from enum import StrEnum

from monitor.i18n import N_, translate

# The one word that every network and every Twilio sender obeys, whatever the language; so it is never translated.
STOP_WORD = "STOP"


class TextKind(StrEnum):
    """What a text is for."""

    INVITATION = "invitation"  # the first text a patient gets
    REMINDER = "reminder"  # a check-in has opened
    NUDGE = "nudge"  # it is open still
    LAST_NUDGE = "last_nudge"  # and no other text about it follows
    NEW_LINK = "new_link"  # the patient asked for a link that works
    APPOINTMENT = "appointment"  # when an appointment is
    BY_TEXT = "by_text"  # a check-in has opened that can be answered by text
    QUESTION = "question"  # one item of it
    REPLY = "reply"  # an answer to what the patient wrote
    SUPPORT = "support"  # the same, with where to find help at once


ANSWERS_A_TEXT = frozenset({TextKind.QUESTION, TextKind.REPLY, TextKind.SUPPORT})
"""Their body is written when they are queued. The patient is there: neither quiet hours nor caps hold them back."""


# The link stands last on a line of its own: no full stop sticks to it, and right-to-left text cannot turn it round.
_TEXTS = {
    TextKind.INVITATION: N_(
        "This is %(sender)s. We have a few questions for you, about 2 minutes. "
        "To end these texts, reply %(stop)s.\n%(link)s"
    ),
    TextKind.REMINDER: N_(
        "%(sender)s: your questions are ready. They take about 2 minutes. To end these texts, reply %(stop)s.\n%(link)s"
    ),
    TextKind.NUDGE: N_("%(sender)s: your questions are still open. You can answer them when it suits you.\n%(link)s"),
    TextKind.LAST_NUDGE: N_(
        "%(sender)s: we will not text again about these questions. "
        "They stay open for now if you would like to answer.\n%(link)s"
    ),
    TextKind.NEW_LINK: N_(
        "%(sender)s: here is your new link. If you did not ask for one, you can ignore this text.\n%(link)s"
    ),
}


def render(kind: TextKind, language: str, *, sender: str, link: str) -> str:
    """Return the body of a text in `language`; English where that language has no catalogue.

    With a sender of up to 11 characters and a link of up to 44 it is one segment in the languages that GSM 7-bit can
    write, and two in the others.
    """
    return translate(language, _TEXTS[kind], domain="texts", sender=sender, stop=STOP_WORD, link=link)
