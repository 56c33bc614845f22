"""The texts that a patient gets: who writes, what for, and a link; never a word about health, a name or a score.

A text shows on lock screens and shared phones, so it says nothing that the sender's name does not say already.
"""

from enum import StrEnum

import phonenumbers

from monitor.i18n import LANGUAGES, N_, translate

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


PROMPTS = frozenset({TextKind.INVITATION, TextKind.REMINDER, TextKind.BY_TEXT, TextKind.NUDGE, TextKind.LAST_NUDGE})
"""They ask for a check-in: one a day, whichever it is."""
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
    # No link: this one goes to phones that open none.
    TextKind.BY_TEXT: N_(
        "%(sender)s: your questions are ready. To begin, reply 1. To end these texts, reply %(stop)s."
    ),
}


class Phrase(StrEnum):
    """What a check-in by text says beside its questions, whose wording is the instrument's own."""

    TO_BEGIN = "to_begin"  # somebody wrote, but nothing has begun
    OPENING = "opening"  # above the first question
    DECLINE = "decline"  # what 7 stands for
    REPEAT = "repeat"  # 8
    BACK = "back"  # 9
    REPEAT_WORDS = "repeat_words"  # what is taken for an 8
    BACK_WORDS = "back_words"  # and for a 9
    NOTICE = "notice"  # above the safety item
    NOTICE_UNCOVERED = "notice_uncovered"  # the same, where nobody can say when it is read
    CORRECTION = "correction"  # to a text that is no answer
    CORRECTION_BETWEEN = "correction_between"  # the same, where the answers are not 0 to 3
    OTHER_WAYS = "other_ways"  # to the third of them; a number and a link follow
    SUPPORTED = "supported"  # help first, after a safety answer above 0
    IN_DANGER = "in_danger"
    LINE_TO_TEXT = "line_to_text"
    LINE_TO_SEND = "line_to_send"
    LINE_TO_PRESS = "line_to_press"
    SEEN_BY = "seen_by"
    SEEN_UNCOVERED = "seen_uncovered"
    GO_ON = "go_on"
    THANKS = "thanks"
    SAVED = "saved"  # in place of the thanks, after a safety answer above 0
    READ_BY = "read_by"
    TAKEN = "taken"  # the check-in was sent by its link
    CLOSED = "closed"  # its time was up
    SIGNS = "signs"  # whether one of the patient's own signs was noticed; never which
    NONE_NOTICED = "none_noticed"
    ONE_NOTICED = "one_noticed"


# Said only to somebody who has just written. The question that an answer belongs to stands in the text before it, so
# none of these says what it is about; where to find help may stand in them (clinical fact sheet, part 3.4).
_PHRASES = {
    Phrase.TO_BEGIN: N_("To begin, reply 1. Nobody reads other words here. In danger now, call %(number)s."),
    Phrase.OPENING: N_("Please answer each question with one number. Nobody reads along live."),
    Phrase.DECLINE: N_("Rather not say"),
    Phrase.REPEAT: N_("Repeat"),
    Phrase.BACK: N_("Back"),
    # Translators: words for "repeat" and "back" that a patient may text, with commas between them; no word for "stop".
    Phrase.REPEAT_WORDS: N_("repeat, again, once more"),
    Phrase.BACK_WORDS: N_("back, go back, previous"),
    Phrase.NOTICE: N_(
        "We ask everyone the next question. Nobody watches your answer live: your team reads it by %(moment)s. "
        "In danger now, call %(number)s."
    ),
    Phrase.NOTICE_UNCOVERED: N_(
        "We ask everyone the next question. Nobody watches your answer live, and we cannot say when your team "
        "reads it. In danger now, call %(number)s."
    ),
    Phrase.CORRECTION: N_(
        "Please reply with one number: 0, 1, 2 or 3. To read the question again, reply 8. "
        "Nobody reads other words here. In danger now, call %(number)s."
    ),
    Phrase.CORRECTION_BETWEEN: N_(
        "Please reply with one number from %(lowest)s to %(highest)s. To read the question again, reply %(again)s. "
        "Nobody reads other words here. In danger now, call %(number)s."
    ),
    Phrase.OTHER_WAYS: N_(
        "You can also answer on this page, or call your team. Nobody reads other words here. "
        "In danger now, call %(number)s."
    ),
    Phrase.SUPPORTED: N_("You deserve support now. You can talk to someone straight away:"),
    Phrase.IN_DANGER: N_("In danger now: %(number)s"),
    Phrase.LINE_TO_TEXT: N_("%(name)s: text %(number)s"),
    Phrase.LINE_TO_SEND: N_("%(name)s: text %(word)s to %(number)s"),
    Phrase.LINE_TO_PRESS: N_("%(name)s: %(number)s, then press %(key)s"),
    Phrase.SEEN_BY: N_("Nobody watches your answer live. Your team sees it by %(moment)s."),
    Phrase.SEEN_UNCOVERED: N_("Nobody watches your answer live. We cannot say when your team sees it."),
    Phrase.GO_ON: N_("Your answer is kept. To go on whenever you like, reply 8."),
    Phrase.THANKS: N_("Thank you. Your answers are in."),
    Phrase.SAVED: N_("All your answers are saved."),
    Phrase.READ_BY: N_("Your team reads them by %(moment)s."),
    Phrase.TAKEN: N_("Your answers have reached us already, thank you. There is nothing more to answer."),
    Phrase.CLOSED: N_("These questions are closed now, and that is fine. There is nothing you need to do."),
    Phrase.SIGNS: N_("Since last time, have you noticed one of the signs in your plan?"),
    Phrase.NONE_NOTICED: N_("No"),
    Phrase.ONE_NOTICED: N_("Yes"),
}


def in_a_line(number: str, language: str) -> str:
    """Return a number as it is dialled, for a line in `language`.

    From right to left a phone would turn its groups round, so none are left: "116 123" would show as "123 116". A plus
    would change sides, so it is written as within its country. A text has no markup against that, and some networks
    print the marks for it.
    """
    if not LANGUAGES[language].rtl:
        return number
    if not number.startswith("+"):
        return number.replace(" ", "")
    within = phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.NATIONAL)
    return "".join(filter(str.isdigit, within))


def render(kind: TextKind, language: str, *, sender: str, link: str) -> str:
    """Return the body of a text in `language`; English where that language has no catalogue.

    With a sender of up to 11 characters and a link of up to 44 it is one segment in the languages that GSM 7-bit can
    write, and two in the others. Raises KeyError for a kind whose body is written when it is queued.
    """
    return translate(language, _TEXTS[kind], domain="texts", sender=sender, stop=STOP_WORD, link=link)


def say(phrase: Phrase, language: str, **params: str) -> str:
    """Return what a check-in by text says, in `language`; English where that language has no catalogue."""
    return translate(language, _PHRASES[phrase], domain="texts", **params)
