"""What a patient may ask their team for on their own page, and the finding that each wish is. Pure."""

from enum import StrEnum

from monitor.flags.facts import Evidence, Finding
from monitor.flags.kinds import EvidenceCode, FlagKind, Rule, Severity


class Wish(StrEnum):
    """One button of the page."""

    REVIEW = "review"
    """That their step is looked at sooner than planned."""
    CALL = "call"
    MORE = "more"
    LESS = "less"
    ANOTHER_KIND = "another_kind"

    @property
    def is_about_the_step(self) -> bool:
        """Whether a review answers it."""
        return self is not Wish.CALL


def finding_of(wish: Wish) -> Finding:
    """Return what a wish says to the team. Each has a clock; the same wish twice says nothing new."""
    if wish is Wish.CALL:
        return Finding(FlagKind.CALL_REQUESTED, Rule.C1, Severity.HIGH, (Evidence(EvidenceCode.CALL_WANTED),))
    if wish is Wish.REVIEW:
        return Finding(FlagKind.REVIEW_REQUESTED, Rule.R2, Severity.REVIEW, (Evidence(EvidenceCode.REVIEW_WANTED),))
    other = Evidence(EvidenceCode.OTHER_STEP_WANTED, {"wish": wish.value})
    return Finding(FlagKind.REVIEW_REQUESTED, Rule.R3, Severity.REVIEW, (other,))
