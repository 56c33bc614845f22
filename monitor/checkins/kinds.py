"""What patients say of a whole check-in."""

from enum import StrEnum


class Compared(StrEnum):
    """How a patient says that things are, against the last time: their own word, beside what the scores say.

    A submission has none where they were not asked, or did not say.
    """

    BETTER = "better"
    SAME = "same"
    WORSE = "worse"
