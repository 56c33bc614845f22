"""The calls that the stand-in for Twilio makes to us: forms, signed as Twilio signs them (Webhooks security)."""

import base64
import hmac
import http.client
from collections.abc import Callable, Mapping
from http import HTTPStatus
from urllib.parse import urlencode, urlsplit

from monitor.demo.phone_network_words import SHA256

Post = Callable[[str, Mapping[str, str], str], int]
"""Makes a POST: address, headers and body in, the status out. Raises OSError when nobody answers."""
FORM = "application/x-www-form-urlencoded"
SECONDS = 15.0
"""As long as Twilio waits for an answer (Webhooks: Connection Overrides)."""


def signature(secret: str, url: str, form: Mapping[str, str], algorithm: str) -> str:
    """Return the signature of a form: a keyed hash over the address and every name and value, by name."""
    text = url + "".join(f"{name}{form[name]}" for name in sorted(form))
    digest = "sha256" if algorithm == SHA256 else "sha1"
    return base64.b64encode(hmac.digest(secret.encode(), text.encode(), digest)).decode()


def signed(secret: str, url: str, form: Mapping[str, str], algorithm: str) -> dict[str, str]:
    """Return the headers of a call."""
    headers = {"Content-Type": FORM, "X-Twilio-Signature": signature(secret, url, form, algorithm)}
    if algorithm == SHA256:
        headers["X-Twilio-Webhooks-Signature-Settings"] = f"key=stand-in,algorithm={algorithm}"
    return headers


def post(url: str, headers: Mapping[str, str], body: str) -> int:
    """Make one POST over the wire."""
    place = urlsplit(url)
    kind = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
    connection = kind(place.netloc, timeout=SECONDS)
    try:
        path = place._replace(scheme="", netloc="", fragment="").geturl()
        connection.request("POST", path or "/", body.encode(), dict(headers))
        return connection.getresponse().status
    except http.client.HTTPException as error:
        raise ConnectionError(type(error).__name__) from None
    finally:
        connection.close()


def call(send: Post, secret: str, url: str, form: Mapping[str, str], algorithm: str) -> int | None:
    """Call an address, and once more if nobody answers; return the status, or None."""
    headers, body = signed(secret, url, form, algorithm), urlencode(form)
    for _ in range(2):
        try:
            return HTTPStatus(send(url, headers, body))
        except OSError:
            continue
    return None
