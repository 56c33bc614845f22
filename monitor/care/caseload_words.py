"""What a weekly look saw, in words for staff."""

from collections.abc import Mapping
from enum import StrEnum

from monitor.care.caseload import Engagement, Housing, Medication, Signs
from monitor.i18n import N_

LISTS: Mapping[str, Mapping[StrEnum, str]] = {
    "engagement": {
        Engagement.IN_TOUCH: N_("In touch"),
        Engagement.HARD_TO_REACH: N_("Hard to reach"),
        Engagement.OUT_OF_TOUCH: N_("Out of touch"),
    },
    "medication": {
        Medication.AS_AGREED: N_("Goes on as agreed"),
        Medication.GAPS: N_("Gaps"),
        Medication.STOPPED: N_("Stopped"),
        Medication.NONE: N_("None prescribed"),
        Medication.NOT_KNOWN: N_("Not known"),
    },
    "housing": {
        Housing.SETTLED: N_("Settled"),
        Housing.UNSETTLED: N_("Unsettled"),
        Housing.WITHOUT: N_("Without a home"),
        Housing.NOT_KNOWN: N_("Not known"),
    },
    "signs": {
        Signs.NONE_SEEN: N_("None seen"),
        Signs.SEEN: N_("Some were seen"),
        Signs.NOT_KNOWN: N_("Not known"),
    },
}
"""The closed lists of a look, by field."""

PRESSING: frozenset[StrEnum] = frozenset(
    {
        Engagement.OUT_OF_TOUCH,
        Medication.GAPS,
        Medication.STOPPED,
        Housing.UNSETTLED,
        Housing.WITHOUT,
        Signs.SEEN,
    }
)
"""What stands out in a row, because somebody should act on it."""
