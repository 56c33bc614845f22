"""Who of the roster shows what besides their course: a pathway of their own, a wish, a flag that was put off."""

from collections.abc import Mapping
from datetime import timedelta

from monitor.flags.wishes import Wish

PATHWAYS: Mapping[int, str] = {
    22: "co_occurring_needs",
    33: "serious_mental_illness",
    56: "serious_mental_illness",
}
"""Whose care follows another pathway than the usual one."""
LOOKED_AT: Mapping[int, timedelta] = {33: timedelta(days=9), 56: timedelta(days=2)}
"""How long ago the weekly look of the team was at them last."""
OPENED_BEFORE: Mapping[int, timedelta] = {12: timedelta(days=5), 35: timedelta(days=19), 50: timedelta(days=9)}
"""Since when those without a step have waited for their first appointment; one of them for too long."""
STEPPED_UP_LATELY: Mapping[int, timedelta] = {2: timedelta(days=5), 53: timedelta(days=6)}
"""Whose new care has been decided and has not begun."""
WISHES: Mapping[int, tuple[Wish, timedelta]] = {
    1: (Wish.REVIEW, timedelta(hours=20)),
    18: (Wish.MORE, timedelta(days=24)),
    31: (Wish.ANOTHER_KIND, timedelta(days=25)),
}
"""What somebody asked for on their own page, and how long ago."""
PUT_OFF = frozenset({32})
"""Whose flag sleeps until they are back."""
PUT_OFF_BEFORE, PUT_OFF_FOR = timedelta(hours=4), timedelta(days=6)
PUT_OFF_BECAUSE = "Told us that they travel this week. We ring when they are back."
DEVIATES_EACH = 8
"""Every so many begin on another step than the rules propose."""
LATE_EACH = 5
"""Of every so many, some reviews were held a day late."""
EXTRA_MEASURE = ("who5", 4)
"""What some are asked besides, and every how many weeks, where their language has it."""
EXTRA_EACH = 3
ANTIDEPRESSANT_EACH = 5
