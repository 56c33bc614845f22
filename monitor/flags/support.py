"""What to think of beside a flag: a few questions for whoever works it, chosen by the kind of flag alone. Pure.

The idea is that of clinical support tools, which go with feedback on progress: de Jong 2024, and the OQ system. The
choice and the wording are our own (local protocol); they ask a person to think and lead to nothing by themselves.
"""

from collections.abc import Mapping
from enum import StrEnum

from monitor.flags.kinds import FlagKind


class Prompt(StrEnum):
    """A subject to think of."""

    ENGAGEMENT = "engagement"
    ALLIANCE = "alliance"
    MEDICATION = "medication"
    SOCIAL_NEED = "social_need"


SUPPORT: Mapping[FlagKind, tuple[Prompt, ...]] = {
    FlagKind.DETERIORATING: (Prompt.SOCIAL_NEED, Prompt.MEDICATION, Prompt.ALLIANCE, Prompt.ENGAGEMENT),
    FlagKind.RELAPSE_SIGNAL: (Prompt.SOCIAL_NEED, Prompt.MEDICATION, Prompt.ENGAGEMENT),
    FlagKind.RE_ENTRY: (Prompt.SOCIAL_NEED, Prompt.MEDICATION, Prompt.ALLIANCE),
    FlagKind.NOT_IMPROVING: (Prompt.ALLIANCE, Prompt.ENGAGEMENT, Prompt.MEDICATION, Prompt.SOCIAL_NEED),
    FlagKind.MISSED_CHECK_INS: (Prompt.ENGAGEMENT, Prompt.ALLIANCE, Prompt.SOCIAL_NEED),
    FlagKind.OPTED_OUT: (Prompt.ENGAGEMENT, Prompt.ALLIANCE),
}
"""In the order in which to think of them. A safety answer has a page of its own; another wish or a date says enough."""


def prompts(kind: FlagKind) -> tuple[Prompt, ...]:
    """Return what to think of beside a flag of a kind; often nothing."""
    return SUPPORT.get(kind, ())
