"""Who of the roster shows what besides their course: a pathway of their own, a wish, a flag that was put off."""

from collections.abc import Mapping
from datetime import timedelta

from monitor.care.kinds import MiddleReason
from monitor.flags.wishes import Wish
from monitor.relapse.kinds import How

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

PLAN_DUE = frozenset({8, 40})
"""Whose plan for staying well is to be looked at again: its date has just passed."""
DOCTOR_NOT_TOLD = frozenset({9})
"""Who stepped down with an exception that a supervisor signed."""
HALF_WAY: Mapping[int, timedelta] = {1: timedelta(days=6)}
"""Whose step-down has begun, three of the eleven guardrails short, and since when."""
PLAN_DRAFTED: Mapping[int, timedelta] = {19: timedelta(days=7), 36: timedelta(days=8)}
"""Whose plan is a draft, and since when."""
PLAN_AGREED: Mapping[int, timedelta] = {13: timedelta(days=8), 48: timedelta(days=9), 56: timedelta(days=12)}
"""Who agreed on a plan before anybody spoke of stepping down, and since when."""
WRITTEN_TWICE: Mapping[int, timedelta] = {43: timedelta(days=6)}
"""Whose plan two people changed at once."""
NOTICED: Mapping[int, timedelta] = {40: timedelta(days=9)}
"""Who noticed a sign of their plan and said so on their own page."""
CAME_BACK: Mapping[int, tuple[How, timedelta]] = {
    45: (How.PAGE, timedelta(hours=5)),
    59: (How.TEXT, timedelta(hours=20)),
}
"""Who asked to come back, how, and how long ago: nobody has spoken with them yet."""

SLOTS = ((6, 4), (4, 2), (2, 1))
"""How many slots of the middle step each team has: protected ones, and ones that are open to all."""
WAITING_SINCE = timedelta(days=8)
"""Who asked for the middle step this lately still waits for a slot."""
ASKED_FOR_A_SLOT: Mapping[int, tuple[MiddleReason, timedelta]] = {
    11: (MiddleReason.STEP_TWO_FAILED, timedelta(days=6)),
    52: (MiddleReason.STEP_TWO_FAILED, timedelta(days=5)),
    58: (MiddleReason.URGENT_NEED, timedelta(days=9)),
}
"""For whom a slot was asked while they are on another step, why, and how long ago; one goes first."""
BORROWED: Mapping[int, timedelta] = {4: timedelta(days=6), 47: timedelta(days=6)}
"""Who has borrowed a slot for another step than the middle one."""

HAS_NEEDS_EACH = 3
"""Every so many need something in order to be reached and understood."""
DOCTOR_TOLD_EACH = 4
"""Every so many agreed when they came that their own doctor may be told."""
RING_LATER: Mapping[int, timedelta] = {34: timedelta(days=5), 44: timedelta(days=5)}
"""Who picked up and asked us to ring another time."""
HAS_CALENDAR = "aisha@riverside.example"
"""Who reads their dates in a calendar of their own."""
