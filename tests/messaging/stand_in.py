"""The stand-in for Twilio as tests take it into their service: its settings, and its words under one roof."""

import base64
from typing import Any

from monitor.config import Settings
from monitor.demo.phone_network import ACCOUNT, NUMBER, TOKEN, PhoneNetwork, running
from monitor.demo.phone_network_words import (
    ACCEPTED,
    LOST_RECEIPT,
    TAKEN_AND_BROKEN,
    TOO_MANY,
    UNAVAILABLE,
    Manners,
    Reply,
    refusal,
)

__all__ = [
    "ACCEPTED",
    "ACCOUNT",
    "LOST_RECEIPT",
    "NUMBER",
    "TAKEN_AND_BROKEN",
    "TOKEN",
    "TOO_MANY",
    "UNAVAILABLE",
    "Manners",
    "PhoneNetwork",
    "Reply",
    "StandIn",
    "refusal",
    "running",
    "settings_for",
]

StandIn = PhoneNetwork


def settings_for(url: str, **more: Any) -> Settings:
    """Return the settings of a service whose Twilio is at `url`."""
    key = base64.b64encode(bytes(range(32))).decode()
    account: dict[str, Any] = {"twilio_account_sid": ACCOUNT, "twilio_auth_token": TOKEN}
    account |= {"twilio_from": NUMBER, "twilio_base_url": url} | more
    return Settings(
        environment="demo",
        public_base_url="http://127.0.0.1",
        secret_key="s" * 32,
        data_keys=f"k1:{key}",
        lookup_key=key,
        **account,
    )
