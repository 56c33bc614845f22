"""A text as the stand-in for Twilio keeps it, the list of them, and what Twilio finds wrong with a request for one."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from http import HTTPStatus
from urllib.parse import parse_qs, quote, urlsplit

from monitor.demo.phone_network_words import Reply, refusal

SEGMENT = 153
PAGE = 50


@dataclass
class TakenText:
    """A text that the network has taken."""

    sid: str
    account: str
    form: Mapping[str, str]
    taken_at: datetime
    status: str
    updated_at: datetime
    sent_at: datetime | None = None
    error_code: int | None = None

    def become(self, status: str, code: int | None, now: datetime) -> None:
        """Get another status."""
        self.status, self.error_code, self.updated_at = status, code, now
        if status == "sent":
            self.sent_at = now

    @property
    def to(self) -> str:
        """The number that it goes to."""
        return self.form["To"]

    @property
    def body(self) -> str:
        """Its words."""
        return self.form["Body"]

    @property
    def sender(self) -> str:
        """Whom it is from: a number, or a messaging service."""
        return self.form.get("From") or self.form["MessagingServiceSid"]

    @property
    def callback(self) -> str | None:
        """Where to report what becomes of it."""
        return self.form.get("StatusCallback")

    @property
    def reference(self) -> str | None:
        """The sender's own id of it, as the callback address carries it."""
        return parse_qs(urlsplit(self.callback or "").query).get("m", [None])[0]

    def as_resource(self) -> dict[str, object]:
        """Return it as Twilio's Message resource (API 2010-04-01)."""
        uri = f"/2010-04-01/Accounts/{self.account}/Messages/{self.sid}"
        return {
            "sid": self.sid,
            "account_sid": self.account,
            "messaging_service_sid": self.form.get("MessagingServiceSid"),
            "to": self.to,
            "from": self.form.get("From"),
            "body": self.body,
            "status": self.status,
            "direction": "outbound-api",
            "num_segments": str(-(-len(self.body) // SEGMENT)),
            "num_media": "0",
            "error_code": self.error_code,
            "error_message": None,
            "price": None,
            "price_unit": "USD",
            "date_created": format_datetime(self.taken_at),
            "date_updated": format_datetime(self.updated_at),
            "date_sent": format_datetime(self.sent_at) if self.sent_at else None,
            "api_version": "2010-04-01",
            "uri": f"{uri}.json",
            "subresource_uris": {"media": f"{uri}/Media.json"},
        }


def fault_in(form: Mapping[str, str]) -> Reply | None:
    """Return what Twilio says to a form that is not in order, or None (its codes: twilio.com/docs/api/errors)."""
    missing = {"To": 21604, "Body": 21602}
    code = next((code for name, code in missing.items() if not form.get(name)), None)
    if code is None and not (form.get("From") or form.get("MessagingServiceSid")):
        code = 21603
    if code is None and not (form["To"].startswith("+") and form["To"][1:].isdigit()):
        code = 21211
    if code is None and len(form["Body"]) > 1600:
        code = 21617
    if code is None and "StatusCallback" in form and not urlsplit(form["StatusCallback"]).hostname:
        code = 21609
    return refusal(HTTPStatus.BAD_REQUEST, code) if code else None


def page_of(texts: Iterable[TakenText], account: str, query: str) -> dict[str, object]:
    """Return one page of the list of texts, which are given newest first, as a query asks for it."""
    wanted = {name: values[0] for name, values in parse_qs(query).items()}
    found = [text for text in texts if wanted.get("To", text.to) == text.to]
    size, page = int(wanted.get("PageSize", PAGE)), int(wanted.get("Page", 0))
    uri = f"/2010-04-01/Accounts/{account}/Messages.json?PageSize={size}"
    uri += f"&To={quote(wanted['To'])}" if "To" in wanted else ""
    return {
        "messages": [text.as_resource() for text in found[page * size : (page + 1) * size]],
        "page": page,
        "page_size": size,
        "uri": f"{uri}&Page={page}",
        "next_page_uri": f"{uri}&Page={page + 1}" if len(found) > (page + 1) * size else None,
    }
