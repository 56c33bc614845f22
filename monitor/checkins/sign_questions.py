"""A patient's own early-warning signs as questions after the measures. Which signs those are, the relapse plan says.

On their own phone, and read aloud by staff, each sign stands in the patient's own words. Those must not stand in a
text, nor behind a link that anybody may open: there one neutral question asks for all of them together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from monitor.checkins.forms import Question
from monitor.checkins.models import SIGNS_BY_TEXT
from monitor.i18n import N_, translate
from monitor.measures.instrument import Option
from monitor.messaging.texts import Phrase, say

NOTICED = N_("Since last time, did you notice this?")
YES, NO = N_("Yes"), N_("No")


@dataclass(frozen=True)
class SignAsked:
    """One sign that check-ins ask for, in the patient's own words."""

    id: UUID
    words: str
    language: str
    """Of the words."""


def sign_questions(signs: Sequence[SignAsked], after: Sequence[Question], language: str) -> tuple[Question, ...]:
    """Return a question for each sign, to be asked after others; `language` is the one of the page."""
    options = tuple(Option(value=value, label=translate(language, said)) for value, said in ((0, NO), (1, YES)))
    stem = translate(language, NOTICED)
    return tuple(
        Question(
            number=len(after) + place,
            instrument="sign",
            item=place,
            stem=stem,
            text=sign.words,
            options=options,
            shows_stem=place == 1,
            sets_scale=place == 1,
            sign=sign.id,
            language=sign.language,
        )
        for place, sign in enumerate(signs, start=1)
    )


def any_sign(after: Sequence[Question], language: str) -> Question:
    """Return the one question without words of theirs, to be asked after others: whether any sign was noticed."""
    instrument, item = SIGNS_BY_TEXT
    said = ((0, Phrase.NONE_NOTICED), (1, Phrase.ONE_NOTICED))
    options = tuple(Option(value=value, label=say(phrase, language)) for value, phrase in said)
    return Question(len(after) + 1, instrument, item, None, say(Phrase.SIGNS, language), options)


def noticed_of_each(answer: int | None, signs: Sequence[SignAsked]) -> Mapping[UUID, bool]:
    """Return what the one question says of each sign: "no" is about them all, "yes" about one that it does not name."""
    if answer == 0:
        return {sign.id: False for sign in signs}
    return {sign.id: True for sign in signs} if answer == 1 and len(signs) == 1 else {}
