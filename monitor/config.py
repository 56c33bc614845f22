"""One settings object, read once from the environment; the program does not start half-configured."""

import base64
import binascii
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, HttpUrl, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from monitor.errors import ConfigurationError

PACKAGE = Path(__file__).resolve().parent
_PACKED = PACKAGE / "_resources"
RESOURCES = _PACKED if _PACKED.is_dir() else PACKAGE.parent
"""Where templates/, static/, translations/ and migrations/ lie: inside an installed wheel, else beside the package."""

KEY_BYTES = 32
ITEMS_PER_WEEK = 32
"""Local protocol: the weekly PHQ-9 and GAD-7 with their question on difficulty (17) and the longest measure beside
them, the PHQ-15 (15), just fit: about four minutes at seven seconds a question, twice what our texts promise."""


class Environment(StrEnum):
    """Whether the program may run with keys that anybody can read."""

    DEMO = "demo"
    PRODUCTION = "production"


class Gateway(StrEnum):
    """Where text messages go."""

    CONSOLE = "console"
    TWILIO = "twilio"


class Dispatcher(StrEnum):
    """Who sends the texts that are due."""

    EMBEDDED = "embedded"
    """Whoever has the clock, in its own process."""
    DISTRIBUTED = "distributed"
    """Workers, on any number of machines; the clock only hands texts over to them."""


class Settings(BaseSettings):
    """Everything a deployment may set, as `MONITOR_*` environment variables."""

    model_config = SettingsConfigDict(env_prefix="MONITOR_", frozen=True, extra="ignore")

    environment: Environment = Environment.PRODUCTION
    database_url: str = Field(default="sqlite:///monitor.db", repr=False)  # may hold a password
    public_base_url: HttpUrl
    secret_key: SecretStr = Field(description="signs cookies; at least 32 characters")
    data_keys: SecretStr = Field(description="encrypt columns: 'id:base64' of 32 bytes, newest first, comma-separated")
    lookup_key: SecretStr = Field(description="base64 of 32 bytes: keyed hashes of numbers and e-mails, and links")

    service_name: str = "Monitor"
    sender_name: str = Field(default="Your team", max_length=11, description="the neutral name in texts and on phones")
    default_language: str = "en"
    default_region: str = Field(default="GB", pattern="^[A-Z]{2}$")
    provisional_instruments: Annotated[frozenset[str], NoDecode] = Field(
        default=frozenset(), description="instrument:language pairs that the service has chosen, e.g. gad7:ar,phq9:ar"
    )
    instruments_dir: Path | None = Field(
        default=None,
        description="the service's own folder: wording that needs permission, e.g. wsas/en.json, and recordings of any "
        "question, e.g. phq9/audio/ar/3.mp3",
    )
    items_per_week: int = Field(
        default=ITEMS_PER_WEEK, ge=1, description="questions a week beyond which slower measures wait for another one"
    )
    estimate_totals: bool = Field(default=False, description="allow the published estimate when items are missing")
    resources_file: Path | None = Field(
        default=None, description="a TOML file of the service's own ideas for patients, for each step and language"
    )

    gateway: Gateway = Gateway.CONSOLE
    twilio_account_sid: str | None = None
    twilio_auth_token: SecretStr | None = None
    twilio_auth_token_previous: SecretStr | None = Field(
        default=None, description="still believed in Twilio's calls while the token is being changed"
    )
    twilio_webhook_secret: SecretStr | None = Field(
        default=None, description="the shared key of calls that Twilio signs with HMAC-SHA256"
    )
    twilio_from: str | None = None
    twilio_messaging_service_sid: str | None = None
    twilio_base_url: HttpUrl | None = Field(default=None, description="another address that speaks Twilio's protocol")

    smtp_url: SecretStr | None = Field(
        default=None,
        description="the mail server for notices to staff: smtp://NAME:PASSWORD@HOST:PORT; none prints them",
    )
    mail_from: str = Field(default="", max_length=200, description="the address that notices to staff come from")

    dispatcher: Dispatcher = Field(default=Dispatcher.EMBEDDED, description="who sends the texts that are due")

    spend_per_day: int | None = Field(default=None, ge=1, description="segments of text that may go out on a UTC day")
    spend_per_prefix: int | None = Field(default=None, ge=1, description="the same for each country's calling code")
    spend_per_patient: int = Field(default=120, ge=1, description="the same for each patient")

    allowed_hosts: Annotated[frozenset[str], NoDecode] = Field(
        default=frozenset(), description="host names beside that of public_base_url, comma-separated"
    )
    trusted_proxies: int = Field(default=0, ge=0, le=3)

    @field_validator("provisional_instruments", "allowed_hosts", mode="before")
    @classmethod
    def _between_commas(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("database_url")
    @classmethod
    def _is_a_database_that_we_know(cls, value: str) -> str:
        from sqlalchemy import make_url
        from sqlalchemy.exc import ArgumentError

        try:
            known = make_url(value).get_backend_name() in ("sqlite", "postgresql")
        except (ArgumentError, ValueError):
            known = False
        if not known:
            raise ValueError("must look like sqlite:///monitor.db or postgresql://NAME@HOST/DATABASE")
        return value

    @field_validator("public_base_url")
    @classmethod
    def _is_private_on_its_way(cls, value: HttpUrl, info: ValidationInfo) -> HttpUrl:
        if _is_production(info) and value.scheme != "https":
            raise ValueError("must begin with https:// in production")
        return value

    @field_validator("secret_key")
    @classmethod
    def _is_a_secret(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        secret = value.get_secret_value()
        if _is_production(info) and (len(secret) < KEY_BYTES or len(set(secret)) < 8 or "demo" in secret):
            raise ValueError("is short or a default; make one with: openssl rand -base64 32")
        return value

    @field_validator("data_keys", "lookup_key")
    @classmethod
    def _holds_keys(cls, value: SecretStr, info: ValidationInfo) -> SecretStr:
        text = value.get_secret_value()
        keys = _split_keys(text).values() if info.field_name == "data_keys" else [_decode_key(text)]
        if _is_production(info) and any(len(set(key)) < 8 for key in keys):
            raise ValueError("holds a default; make each key with: openssl rand -base64 32")
        return value

    @field_validator("default_language")
    @classmethod
    def _is_spoken_here(cls, value: str) -> str:
        from monitor.i18n import LANGUAGES

        if value not in LANGUAGES:
            raise ValueError(f"must be one of {', '.join(sorted(LANGUAGES))}")
        return value

    @model_validator(mode="after")
    def _can_send(self) -> Self:
        if self.environment is Environment.PRODUCTION and self.gateway is Gateway.CONSOLE:
            raise ValueError(
                "MONITOR_GATEWAY=console sends nothing, and patients would count as asked who never were; "
                "set it to twilio, or MONITOR_ENVIRONMENT to demo"
            )
        if self.gateway is Gateway.TWILIO and not (
            self.twilio_account_sid
            and self.twilio_auth_token
            and (self.twilio_from or self.twilio_messaging_service_sid)
        ):
            raise ValueError(
                "MONITOR_GATEWAY=twilio needs MONITOR_TWILIO_ACCOUNT_SID, MONITOR_TWILIO_AUTH_TOKEN and "
                "MONITOR_TWILIO_FROM or MONITOR_TWILIO_MESSAGING_SERVICE_SID"
            )
        return self

    @field_validator("smtp_url")
    @classmethod
    def _is_a_mail_server(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value():
            return None
        address = urlsplit(value.get_secret_value())
        try:
            known = address.scheme in ("smtp", "smtps") and address.hostname and address.port != 0
        except ValueError:  # the port is no number
            known = False
        if not known or address.path.strip("/") or address.query or address.fragment:
            raise ValueError("must look like smtp://NAME:PASSWORD@HOST:PORT, or smtps:// where TLS comes first")
        return value

    @model_validator(mode="after")
    def _can_write(self) -> Self:
        name, _, domain = self.mail_from.partition("@")
        if self.smtp_url is not None and not (name and domain and self.mail_from.isprintable()):
            raise ValueError("MONITOR_SMTP_URL needs MONITOR_MAIL_FROM, the address that notices to staff come from")
        return self

    @model_validator(mode="after")
    def _can_share_work(self) -> Self:
        if self.dispatcher is Dispatcher.DISTRIBUTED and self.database_url.startswith("sqlite"):
            raise ValueError(
                "MONITOR_DISPATCHER=distributed shares texts out among machines, which SQLite cannot; "
                "set MONITOR_DATABASE_URL to a postgresql address, or leave MONITOR_DISPATCHER at embedded"
            )
        return self

    @property
    def keys(self) -> dict[str, bytes]:
        """The column keys by id, newest first."""
        return _split_keys(self.data_keys.get_secret_value())

    @property
    def lookup(self) -> bytes:
        """The key of hashes and links."""
        return _decode_key(self.lookup_key.get_secret_value())

    @property
    def base_url(self) -> str:
        """The public address without a closing slash."""
        return str(self.public_base_url).rstrip("/")

    @property
    def staff_url(self) -> str:
        """Where staff sign in, for notices that they get outside the program."""
        return f"{self.base_url}/staff/"

    @property
    def hosts(self) -> frozenset[str]:
        """The host names that requests may carry; empty in a demo, which may be reached by any."""
        if self.environment is Environment.DEMO:
            return frozenset()
        return self.allowed_hosts | {str(self.public_base_url.host), "localhost", "127.0.0.1"}

    @property
    def secure_cookies(self) -> bool:
        """Whether cookies carry `Secure` and the `__Host-` prefix: always, but for a demo on plain http."""
        return self.public_base_url.scheme == "https"


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises ConfigurationError with one line a fault, which names the variable and never its value.
    """
    from pydantic import ValidationError

    try:
        return Settings()
    except ValidationError as error:
        lines = []
        for fault in error.errors(include_input=False, include_url=False):
            name = "".join(f"MONITOR_{str(part).upper()}" for part in fault["loc"][:1])
            message = fault["msg"].removeprefix("Value error, ")
            lines.append(f"{name}: {message}" if name else message)
        raise ConfigurationError("; ".join(lines)) from None


def _is_production(info: ValidationInfo) -> bool:
    return info.data.get("environment") is not Environment.DEMO


def _decode_key(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(f"must be base64 of {KEY_BYTES} bytes")
    return key


def _split_keys(text: str) -> dict[str, bytes]:
    keys = {}
    for pair in text.split(","):
        name, colon, value = pair.strip().partition(":")
        if not colon or not name.isalnum() or not name.isascii() or len(name) > 8 or name in keys:
            raise ValueError("must look like k2:BASE64,k1:BASE64, each key after an id of up to 8 letters or digits")
        keys[name] = _decode_key(value)
    return keys
