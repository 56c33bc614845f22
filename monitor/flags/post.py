"""The way out for mail: one small port, a mail server, and a printer for services that have none."""

import smtplib
import ssl
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from ipaddress import ip_address
from typing import Protocol, Self, TextIO
from urllib.parse import unquote, urlsplit
from uuid import UUID

from monitor.errors import MonitorError

PATIENCE_SECONDS = 10.0


class Post(Protocol):
    """Whoever carries mail. It takes the same letter as often as it is asked to."""

    def send(self, to: str, subject: str, body: str, reference: UUID, now: datetime) -> None:
        """Hand over one letter to an address; `reference` is our id of it. Whatever it raises means: try again."""
        ...


class NotTaken(MonitorError):
    """The mail server has not taken a letter. `nobody_there`: it does not even talk to us."""

    def __init__(self, code: str, *, nobody_there: bool) -> None:
        super().__init__(f"no letter was taken: {code}")
        self.code, self.nobody_there = code, nobody_there


@dataclass(frozen=True)
class MailServer:
    """A mail server as an address names it: smtp://name:password@host:port, or smtps:// where TLS comes first."""

    host: str
    port: int
    tls_first: bool
    name: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Read an address. Raises ValueError, which never quotes it."""
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path.strip("/") or parts.query:
            raise ValueError("must look like smtp://NAME:PASSWORD@HOST:PORT, or smtps:// where TLS comes first")
        tls_first = parts.scheme == "smtps"
        name, password = (unquote(each) if each else None for each in (parts.username, parts.password))
        return cls(parts.hostname, parts.port or (465 if tls_first else 587), tls_first, name, password)

    @property
    def is_this_machine(self) -> bool:
        """Whether nobody can listen on the way there."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


class SmtpPost:
    """A mail server. Everything is encrypted on the way, except to this very machine."""

    def __init__(self, server: MailServer, mail_from: str) -> None:
        self._server, self._from = server, mail_from

    def send(self, to: str, subject: str, body: str, reference: UUID, now: datetime) -> None:
        """Hand over one letter. Raises NotTaken."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._from, to, subject
        message["Date"] = format_datetime(now)
        message["Message-ID"] = f"<{reference}@{self._from.rpartition('@')[2].rstrip('>')}>"  # a repeat is recognised
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(body)
        try:
            with self._connected() as server:
                server.send_message(message)
        except smtplib.SMTPResponseException as error:
            raise NotTaken(str(error.smtp_code), nobody_there=isinstance(error, _AT_THE_DOOR)) from None
        except smtplib.SMTPRecipientsRefused:
            raise NotTaken("recipient refused", nobody_there=False) from None
        except (OSError, smtplib.SMTPException) as error:
            raise NotTaken(type(error).__name__, nobody_there=True) from None

    def _connected(self) -> smtplib.SMTP:
        there, context = self._server, ssl.create_default_context()
        if there.tls_first:
            server: smtplib.SMTP = smtplib.SMTP_SSL(there.host, there.port, timeout=PATIENCE_SECONDS, context=context)
        else:
            server = smtplib.SMTP(there.host, there.port, timeout=PATIENCE_SECONDS)
        try:
            if not there.tls_first and not there.is_this_machine:
                server.starttls(context=context)
            if there.name:
                server.login(there.name, there.password or "")
        except BaseException:
            server.close()
            raise
        return server


_AT_THE_DOOR = (smtplib.SMTPConnectError, smtplib.SMTPAuthenticationError, smtplib.SMTPHeloError)


class ConsolePost:
    """Prints instead of sending: the whole letter where everybody is fictional, otherwise only that there was one."""

    def __init__(self, stream: TextIO, *, show_text: bool) -> None:
        self._stream, self._show_text = stream, show_text

    def send(self, to: str, subject: str, body: str, reference: UUID, now: datetime) -> None:
        """Print it; never the address."""
        what = f"\n{body}\n" if self._show_text else ": not sent"
        print(f"notice {reference}{what}", file=self._stream, flush=True)
