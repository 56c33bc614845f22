"""Whether a call comes from Twilio: it signs the address that it calls and every field of its form.

A signature says who, not when: a call that is sent again bears a good one, so whatever is done upon it is done once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from pydantic import SecretStr
from twilio.request_validator import HMAC_SHA1, HMAC_SHA256, RequestValidator, get_signature_algorithm

from monitor.config import Settings

SIGNATURE, SIGNED_HOW = "X-Twilio-Signature", "X-Twilio-Webhooks-Signature-Settings"
"""The headers (Twilio, Webhooks security; the second names a shared key and its algorithm, and is seldom there)."""


class Doubt(StrEnum):
    """Why a call is not believed, or not taken."""

    NOT_SET_UP = "not_set_up"
    """Nothing is set up here by which a call signed like that could be believed."""
    UNSIGNED = "unsigned"
    SIGNATURE = "signature"
    ALGORITHM = "algorithm"
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"


@dataclass(frozen=True)
class Signatures:
    """The secrets by which calls to one service are believed, each by its algorithm; two while one is replaced."""

    base_url: str
    secrets: Mapping[str, tuple[str, ...]] = field(repr=False)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Take them from the settings."""
        tokens = _present(settings.twilio_auth_token, settings.twilio_auth_token_previous)
        return cls(settings.base_url, {HMAC_SHA1: tokens, HMAC_SHA256: _present(settings.twilio_webhook_secret)})

    def doubt(self, path: str, query: str, form: object, *, signature: str | None, how: str | None) -> Doubt | None:
        """Return why a call is not believed, or None; `signature` and `how` it was made are its headers.

        `path` and `query` as they came; before them stands the service's public address, whatever the call itself says
        of its host: behind a proxy it is another, and a forger could choose it. `form` may have several values a name.
        """
        if not signature:
            return Doubt.UNSIGNED
        algorithm = get_signature_algorithm(how).upper()
        if algorithm not in self.secrets:
            return Doubt.ALGORITHM
        secrets = self.secrets[algorithm]
        if not secrets:
            return Doubt.NOT_SET_UP
        url = f"{self.base_url}{path}?{query}" if query else f"{self.base_url}{path}"
        if any(RequestValidator(secret).validate(url, form, signature, algorithm) for secret in secrets):
            return None
        return Doubt.SIGNATURE


def _present(*secrets: SecretStr | None) -> tuple[str, ...]:
    return tuple(value for secret in secrets if secret and (value := secret.get_secret_value()))
