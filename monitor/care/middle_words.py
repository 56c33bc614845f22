"""The middle step in words, for staff."""

from collections.abc import Iterable, Mapping

from monitor.care.kinds import MiddleReason
from monitor.care.staff_words import DOMAIN
from monitor.i18n import N_, translate

REASONS: Mapping[MiddleReason, str] = {
    MiddleReason.URGENT_NEED: N_("Unmet need of safety or housing"),
    MiddleReason.STEP_TWO_FAILED: N_("Step 2 did not help"),
    MiddleReason.FUNCTION_IMPAIRED: N_("Daily life is hard (WSAS)"),
    MiddleReason.UNMET_NEEDS: N_("Two or more unmet needs"),
    MiddleReason.COORDINATOR_REQUEST: N_("The team asks for it"),
}


def reason_label(reason: MiddleReason, language: str) -> str:
    """Return one reason for the middle step."""
    return translate(language, REASONS[reason], DOMAIN)


def reasons_label(reasons: Iterable[str], language: str) -> str:
    """Return the reasons that a request keeps, in one line."""
    return " · ".join(reason_label(MiddleReason(each), language) for each in reasons)
