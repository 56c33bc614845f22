"""What a relapse plan and a safety plan say, in the patient's own words. Pure.

The contents of a staying-well plan: the clinical fact sheet, part 4.5. The six steps of a safety plan, in their order:
Stanley and Brown 2012 (Cogn Behav Pract 19:256-264); this is our own page around them, made together before a crisis.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from monitor.relapse.kinds import SignKind

LONGEST = 1000
"""Characters of one field: a page that somebody reads on a bad day is short."""

Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=LONGEST)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Person(_Part):
    """Somebody to turn to: what they are to the patient, and a number where one is known, as it is dialled."""

    name: Line
    who: Line = ""
    number: Line = ""


class Sign(_Part):
    """An early-warning sign in the patient's words, and whether check-ins ask for it."""

    words: Line
    kind: SignKind = SignKind.BEHAVIOUR
    watched: bool = True


class StayingWell(_Part):
    """What a relapse plan says beside its signs. Everything may be empty in a draft."""

    helped: Words = ""
    triggers: Words = ""
    """What may come that makes it harder."""
    keeps: Words = ""
    """What I keep doing every week."""
    first_sign: Words = ""
    """What I do at the first sign, at a lapse, and when I am as unwell as before."""
    lapse: Words = ""
    relapse: Words = ""
    people: tuple[Person, ...] = ()
    medicines: Words = ""
    prescriber: Line = ""
    matters: Words = ""
    """Why it matters to me."""
    number: Line = ""
    """The way back: the service's number and when somebody answers it."""
    hours: Line = ""


class SafetySteps(_Part):
    """The six steps, in their order; each is lines of the patient's own."""

    warning_signs: tuple[Line, ...] = ()
    alone: tuple[Line, ...] = ()
    """What I can do by myself."""
    places: tuple[Line, ...] = ()
    """People and places that take my mind off it."""
    people: tuple[Person, ...] = ()
    """Whom I can ask for help."""
    professionals: tuple[Person, ...] = ()
    surroundings: tuple[Line, ...] = ()
    """How I make my surroundings safer."""
