"""Twilio, spoken to through its own client. Its words are translated here and appear nowhere else."""

import ssl
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from monitor.config import Settings
from monitor.errors import ConfigurationError
from monitor.messaging.error_codes import Remedy, remedy
from monitor.messaging.gateway import (
    NO_CONNECTION,
    NotAccepted,
    NotTold,
    OutcomeUnknown,
    ProviderRecord,
    Receipt,
    RefusalKind,
    Refused,
    SendingFailed,
)

TIMEOUT = timedelta(seconds=10)
"""For the connection, and again for the reply: together well within the lease of a sender."""
VALIDITY_SECONDS = (1, 36_000)
"""What Twilio allows for ValidityPeriod (API reference, Message resource)."""
CALLBACK_PATH = "/hooks/twilio/status"

REFUSALS = {
    Remedy.NUMBER: RefusalKind.NUMBER,
    Remedy.NUMBER_AFTER_TWO: RefusalKind.NUMBER,
    Remedy.CONSENT: RefusalKind.CONSENT,
    Remedy.CONTENT: RefusalKind.CONTENT,
    Remedy.CONFIGURATION: RefusalKind.CONFIGURATION,
}
"""What Twilio refuses at once, by what its error code asks for."""
MAY_GO_LATER = frozenset({Remedy.TRANSIENT_BEFORE, Remedy.ROUTE})
"""Twilio does not have the text, and may take it once its queue is shorter or its settings are mended."""
ACCOUNT_STATUSES = frozenset({401, 403, 404})
"""An unknown code with one of these is about the account; with any other 4xx it is about the text."""
TOO_MANY_REQUESTS = 429
"""Twilio says that it did not process the request."""
REQUEST_TIMEOUT = 408
NOT_FOUND = 404
PAGE, MOST_RECORDS = 50, 200
"""As many texts to one number are asked for at once, and looked through at most."""


class TwilioGateway:
    """Sends through Twilio's Messages resource, which has no idempotency key: one call here is one request there."""

    def __init__(self, settings: Settings, *, callback_base: str | None = None, timeout: timedelta = TIMEOUT) -> None:
        """Take the account from the settings; `callback_base` is where Twilio is to report what becomes of a text.

        Raises ConfigurationError without an account.
        """
        from twilio.rest import Client

        if settings.twilio_account_sid is None or settings.twilio_auth_token is None:
            raise ConfigurationError("gateway twilio needs twilio_account_sid and twilio_auth_token")
        base_url = str(settings.twilio_base_url) if settings.twilio_base_url else None
        http_client = _OneTry(base_url, timeout)
        token = settings.twilio_auth_token.get_secret_value()
        self._client = Client(settings.twilio_account_sid, token, http_client=http_client)
        self._sender = {"from_": settings.twilio_from, "messaging_service_sid": settings.twilio_messaging_service_sid}
        self._callback_base = callback_base

    def send(self, to: str, body: str, reference: UUID, *, valid_for: timedelta) -> Receipt:
        """Post one text. Errors as `SmsGateway` has them; Twilio's own are dropped, since they quote the number."""
        from requests.exceptions import RequestException
        from twilio.base.exceptions import TwilioRestException, TwilioServiceException

        options: dict[str, Any] = {"validity_period": _validity(valid_for)}
        if self._callback_base:
            options["status_callback"] = f"{self._callback_base}{CALLBACK_PATH}?m={reference}"
        options |= {name: value for name, value in self._sender.items() if value}
        try:
            message = self._client.messages.create(to=to, body=body, **options)
        except (TwilioRestException, TwilioServiceException) as error:
            raise _failure(int(error.status), error.code) from None
        except RequestException as error:
            raise _broken(error) from None
        except Exception as error:
            raise OutcomeUnknown(type(error).__name__) from None
        if not message.sid:
            raise OutcomeUnknown("no id")
        return Receipt(message.sid, message.status or "")

    def look_up(self, provider_id: str) -> ProviderRecord | None:
        """Fetch one text by its id."""
        try:
            return _record(self._client.messages(provider_id).fetch(), datetime.min.replace(tzinfo=UTC))
        except Exception as error:
            if getattr(error, "status", None) == NOT_FOUND:
                return None
            raise _not_told(error) from None

    def sent_to(self, number: str, since: datetime) -> list[ProviderRecord]:
        """List by number only: a filter by date would hide what has not been sent yet."""
        try:
            listed = self._client.messages.stream(to=number, limit=MOST_RECORDS, page_size=PAGE)
            records = (_record(message, since) for message in listed)
            return list(takewhile(lambda record: record.created_at >= since, records))
        except Exception as error:
            raise _not_told(error) from None


def _not_told(error: Exception) -> NotTold:
    """Leave out what the client's error says, which may quote the number."""
    return NotTold(str(getattr(error, "code", None) or getattr(error, "status", None) or type(error).__name__))


def _record(message: Any, without_date: datetime) -> ProviderRecord:
    return ProviderRecord(
        provider_id=message.sid,
        status=message.status or "",
        error_code=str(message.error_code) if message.error_code else None,
        to=message.to or "",
        body=message.body or "",
        created_at=message.date_created or without_date,
    )


def _validity(valid_for: timedelta) -> int:
    shortest, longest = VALIDITY_SECONDS
    return max(shortest, min(int(valid_for.total_seconds()), longest))


def _failure(status: int, code: int | None) -> SendingFailed:
    """Say what an error reply means for the text: only a clear no is a no."""
    word, wanted = str(code or status), remedy(code)
    if status == TOO_MANY_REQUESTS or wanted in MAY_GO_LATER:
        return NotAccepted(word)
    if status == REQUEST_TIMEOUT or not 400 <= status < 500:
        return OutcomeUnknown(word)
    by_status = RefusalKind.CONFIGURATION if status in ACCOUNT_STATUSES else RefusalKind.CONTENT
    return Refused(word, REFUSALS.get(wanted, by_status))


def _broken(error: Exception) -> SendingFailed:
    """Say what a broken exchange means: only without a connection is it certain that nothing was written."""
    from requests.exceptions import ConnectTimeout
    from urllib3.exceptions import NewConnectionError, SSLError

    reason = getattr(error.args[0], "reason", None) if error.args else None
    refused_certificate = (
        isinstance(reason, SSLError) and reason.args and isinstance(reason.args[0], ssl.SSLCertVerificationError)
    )
    if isinstance(error, ConnectTimeout) or isinstance(reason, NewConnectionError) or refused_certificate:
        return NotAccepted(NO_CONNECTION)
    return OutcomeUnknown("no reply")


class _OneTry:
    """Twilio's HTTP client with a time limit, without a second try, and deaf to the environment's proxies and netrc."""

    is_async = False

    def __init__(self, base_url: str | None, timeout: timedelta) -> None:
        from twilio.http.http_client import TwilioHttpClient

        self._inner = TwilioHttpClient(timeout=timeout.total_seconds())
        self._inner.session.trust_env = False
        # A connection that is kept may be closed by the other side just as we write: nobody could tell what it read.
        self._inner.session.headers["Connection"] = "close"
        self._base = urlsplit(base_url) if base_url else None

    def request(self, method: str, url: str, **options: Any) -> Any:
        """Make the request, at another address that speaks Twilio's protocol if there is one."""
        if self._base:
            url = urlsplit(url)._replace(scheme=self._base.scheme, netloc=self._base.netloc).geturl()
        return self._inner.request(method, url, **options)
