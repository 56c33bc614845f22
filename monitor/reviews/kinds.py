"""The vocabularies of reviews. Pure."""

from enum import StrEnum


class Decision(StrEnum):
    """What a review decides. There is no other way for one to end."""

    CONTINUE = "continue"
    STEP_UP = "step_up"
    STEP_DOWN = "step_down"
    SIDEWAYS = "sideways"
    """The same intensity by another way."""
    DISCHARGE = "discharge"
