"""The way out to the phone network: one small port, what can come of a sending, and two gateways that send nothing."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, TextIO
from uuid import UUID

from monitor.errors import MonitorError
from monitor.messaging.segments import count


@dataclass(frozen=True)
class Receipt:
    """The provider has taken the text: its own id for it and its own word for where it stands."""

    provider_id: str
    status: str


@dataclass(frozen=True)
class ProviderRecord:
    """A text that the provider has taken, as its own list tells of it."""

    provider_id: str
    status: str
    error_code: str | None
    to: str = field(repr=False)
    body: str = field(repr=False)
    """What is left of it: empty where the provider is told to keep no bodies."""
    created_at: datetime


class SmsGateway(Protocol):
    """Whoever carries texts. It takes the same text as often as it is asked to: two calls are two texts."""

    def send(self, to: str, body: str, reference: UUID, *, valid_for: timedelta) -> Receipt:
        """Hand over one text to a number (E.164); `reference` is our id of it, `valid_for` how long it is of use.

        Raises Refused, NotAccepted or OutcomeUnknown; whatever else it raises means OutcomeUnknown too.
        """
        ...

    def look_up(self, provider_id: str) -> ProviderRecord | None:
        """Return what the provider knows of one text, None when it knows none by this id. Raises NotTold."""
        ...

    def sent_to(self, number: str, since: datetime) -> list[ProviderRecord]:
        """Return what it took for a number (E.164) from a moment on, newest first; it may lag. Raises NotTold."""
        ...


class RefusalKind(StrEnum):
    """What has to change before such a text can go."""

    NUMBER = "number"
    """This number takes no texts."""
    CONSENT = "consent"
    """Its owner has told the provider to stop."""
    CONTENT = "content"
    """This text is not carried as it is."""
    CONFIGURATION = "configuration"
    """The fault is in the service's own account or settings, and mending it lets the text go."""


class SendingFailed(MonitorError):
    """There is no receipt. `code` is the provider's, or a word for what happened on the way."""

    def __init__(self, code: str) -> None:
        super().__init__(f"no receipt for a text: {code}")
        self.code = code


class NotAccepted(SendingFailed):
    """The provider certainly does not have the text and may take it later: sending it again is safe."""


class Refused(SendingFailed):
    """The provider has read the text and certainly will not carry it."""

    def __init__(self, code: str, kind: RefusalKind) -> None:
        super().__init__(code)
        self.kind = kind


class OutcomeUnknown(SendingFailed):
    """The provider may have the text or not: sending it again could send it twice."""


class NotTold(MonitorError):
    """The provider did not say what it has: nothing follows from that. `code` is its own, or a word for it."""

    def __init__(self, code: str) -> None:
        super().__init__(f"the provider did not tell: {code}")
        self.code = code


NO_CONNECTION = "no connection"
"""The code of a text that could not even be offered."""


class ConsoleGateway:
    """Prints instead of sending: the whole text where everybody is fictional, otherwise only that there was one."""

    def __init__(self, stream: TextIO, *, show_text: bool) -> None:
        self._stream = stream
        self._show_text = show_text

    def send(self, to: str, body: str, reference: UUID, *, valid_for: timedelta) -> Receipt:
        """Print it; never the number."""
        what = f"\n{body}\n" if self._show_text else f": not sent, it has {count(body).segments} segments"
        print(f"text {reference}{what}", file=self._stream, flush=True)
        return Receipt(f"console-{reference}", "printed")

    def look_up(self, provider_id: str) -> ProviderRecord | None:
        """Know nothing."""
        return None

    def sent_to(self, number: str, since: datetime) -> list[ProviderRecord]:
        """Know nothing."""
        return []


@dataclass(frozen=True)
class RecordedText:
    """A text as a gateway was given it."""

    to: str = field(repr=False)
    body: str = field(repr=False)
    reference: UUID
    valid_for: timedelta


class RecordingGateway:
    """Keeps what it is given, and fails when it is told to."""

    def __init__(self) -> None:
        self.sent: list[RecordedText] = []
        self._failures: deque[BaseException] = deque()

    def fail_next(self, *failures: BaseException) -> None:
        """Raise these, one a call, before anything is taken again."""
        self._failures.extend(failures)

    def send(self, to: str, body: str, reference: UUID, *, valid_for: timedelta) -> Receipt:
        """Keep it, or raise the next failure."""
        if self._failures:
            raise self._failures.popleft()
        self.sent.append(RecordedText(to, body, reference, valid_for))
        return Receipt(f"recorded-{len(self.sent)}-{reference}", "recorded")

    def look_up(self, provider_id: str) -> ProviderRecord | None:
        """Know nothing."""
        return None

    def sent_to(self, number: str, since: datetime) -> list[ProviderRecord]:
        """Know nothing."""
        return []
