"""How the stand-in for Twilio may be told to behave, and Twilio's own words."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

KEYWORDS = {
    "STOP": frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}),
    "START": frozenset({"START", "YES", "UNSTOP"}),
    "HELP": frozenset({"HELP", "INFO"}),
}
"""Twilio's own words on long codes ("Customize users' opt-in and opt-out experience with Advanced Opt-Out")."""
SHA1, SHA256 = "HMAC_SHA1", "HMAC_SHA256"


@dataclass(frozen=True)
class Reply:
    """How to answer one request."""

    status: int = HTTPStatus.CREATED
    code: int | None = None
    accepts: bool = True
    """Whether the text is taken, whatever is said about it."""
    drops: bool = False
    """Close the connection instead of answering."""
    after_seconds: float = 0.0
    body: str | None = None


def refusal(status: int, code: int | None = None, **more: Any) -> Reply:
    """Return a reply that does not take the text."""
    return Reply(status, code, accepts=False, **more)


ACCEPTED = Reply()
LOST_RECEIPT = Reply(drops=True)
"""Takes the text and closes the connection before it says so."""
TOO_MANY = refusal(HTTPStatus.TOO_MANY_REQUESTS, 20429)
UNAVAILABLE = refusal(HTTPStatus.SERVICE_UNAVAILABLE, 20503)
TAKEN_AND_BROKEN = Reply(HTTPStatus.INTERNAL_SERVER_ERROR, 20500)
"""Takes the text and says that something went wrong."""


@dataclass(frozen=True)
class Manners:
    """How the network behaves unless it is told what to do next: seconds, and shares of 1."""

    sent_after: float = 1.0
    delivered_after: float = 3.0
    list_lag: float = 0.0
    """How long after it was taken a text is missing from the list."""
    lost_receipts: float = 0.0
    too_many: float = 0.0
    unavailable: float = 0.0
    doubled: float = 0.0
    """Calls to us that come twice."""
    lost_calls: float = 0.0
    late: float = 0.0
    """Calls come up to so many seconds late, each by its own time: that is what shuffles them."""
    algorithm: str = SHA1
    answers_stop: bool = False
    """Advanced Opt-Out: the network answers STOP, START and HELP itself and says so by OptOutType."""
