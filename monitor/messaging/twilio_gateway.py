"""Twilio, spoken to through its own client. Its words are translated here and appear nowhere else."""

import ssl
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from monitor.config import Settings
from monitor.errors import ConfigurationError
from monitor.messaging.gateway import NotAccepted, OutcomeUnknown, Receipt, RefusalKind, Refused, SendingFailed

TIMEOUT = timedelta(seconds=10)
"""For the connection, and again for the reply: together well within the lease of a sender."""
VALIDITY_SECONDS = (1, 36_000)
"""What Twilio allows for ValidityPeriod (API reference, Message resource)."""
CALLBACK_PATH = "/hooks/twilio/status"

REFUSALS = {
    21211: RefusalKind.NUMBER,  # not a valid number
    21614: RefusalKind.NUMBER,  # not a mobile number
    21635: RefusalKind.NUMBER,  # a landline
    21610: RefusalKind.CONSENT,  # its owner replied STOP
    21617: RefusalKind.CONTENT,  # longer than 1600 characters
    20003: RefusalKind.CONFIGURATION,  # wrong account or token
    21212: RefusalKind.CONFIGURATION,  # not a valid sender
    21408: RefusalKind.CONFIGURATION,  # texts to this country are switched off
    21606: RefusalKind.CONFIGURATION,  # this sender cannot send texts
    21609: RefusalKind.CONFIGURATION,  # not a valid address for status callbacks
    21612: RefusalKind.CONFIGURATION,  # no route from this sender to this number
    21703: RefusalKind.CONFIGURATION,  # the messaging service has no sender
}
"""What Twilio refuses at once, by its error code (twilio.com/docs/api/errors)."""
ACCOUNT_STATUSES = frozenset({401, 403, 404})
"""An unknown code with one of these is about the account; with any other 4xx it is about the text."""
NOT_PROCESSED = frozenset({429, 20429, 21611})
"""Too many requests, and a sender's full queue: Twilio says that it did not process the request."""
REQUEST_TIMEOUT = 408


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


def _validity(valid_for: timedelta) -> int:
    shortest, longest = VALIDITY_SECONDS
    return max(shortest, min(int(valid_for.total_seconds()), longest))


def _failure(status: int, code: int | None) -> SendingFailed:
    """Say what an error reply means for the text: only a clear no is a no."""
    word = str(code or status)
    if status in NOT_PROCESSED or code in NOT_PROCESSED:
        return NotAccepted(word)
    if status == REQUEST_TIMEOUT or not 400 <= status < 500:
        return OutcomeUnknown(word)
    by_status = RefusalKind.CONFIGURATION if status in ACCOUNT_STATUSES else RefusalKind.CONTENT
    return Refused(word, REFUSALS.get(code or 0, by_status))


def _broken(error: Exception) -> SendingFailed:
    """Say what a broken exchange means: only without a connection is it certain that nothing was written."""
    from requests.exceptions import ConnectTimeout
    from urllib3.exceptions import NewConnectionError, SSLError

    reason = getattr(error.args[0], "reason", None) if error.args else None
    refused_certificate = (
        isinstance(reason, SSLError) and reason.args and isinstance(reason.args[0], ssl.SSLCertVerificationError)
    )
    if isinstance(error, ConnectTimeout) or isinstance(reason, NewConnectionError) or refused_certificate:
        return NotAccepted("no connection")
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
