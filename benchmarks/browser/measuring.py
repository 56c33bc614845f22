"""One page opened once on a slow phone: what came over the line, when it could be tapped, and what the tap did."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, StorageState
from playwright.sync_api import TimeoutError as TooLate

from benchmarks.browser.phone import Line, Slowdown, a_phone, slow_line, slow_processor

WATCH = Path(__file__).with_name("watch.js").read_text(encoding="utf-8")
PATIENCE = 120_000
"""Milliseconds: the heaviest peer takes a quarter of that."""
TAP_REGISTERS_WITHIN, LOOKED_AT_EACH = 20_000, 100
RADIO, CHOSEN = "input[type=radio]", "document.querySelector('input[type=radio]:checked') !== null"


@dataclass(frozen=True)
class Subject:
    """A page to measure. `target` is what somebody waits for; `registers` becomes true once a tap on it has worked.

    Without `registers` it is only looked at.
    """

    url: str
    target: str = RADIO
    registers: str | None = CHOSEN
    storage: StorageState | None = None
    """What the phone keeps from before."""


@dataclass(frozen=True)
class Condition:
    """A line and a processor."""

    line: Line
    processor: Slowdown

    @property
    def name(self) -> str:
        """Both in words."""
        return f"{self.line.name}, {self.processor.tier.name}"


@dataclass(frozen=True)
class Sample:
    """What one opening took. Bytes are as they came, headers included; times in milliseconds from navigation.

    `blocked` is what long tasks took beyond 50 ms each, from navigation to the tap. `tap` is the time from the finger
    to the next picture; None when nothing was tapped, or the tap was never answered.
    """

    requests: int
    wire: int
    scripts: int
    paint: float
    ready: float
    blocked: float
    tap: float | None
    registered: bool
    heap: int


class _Traffic:
    """Counts what the browser says of its own requests."""

    def __init__(self, phone: CDPSession) -> None:
        self._kinds: dict[str, str] = {}
        self._bytes: dict[str, int] = {}
        phone.on("Network.requestWillBeSent", self._sent)
        phone.on("Network.loadingFinished", self._finished)

    def _sent(self, event: Mapping[str, Any]) -> None:
        if not event["request"]["url"].startswith("data:"):
            self._kinds[event["requestId"]] = event.get("type", "Other")

    def _finished(self, event: Mapping[str, Any]) -> None:
        self._bytes[event["requestId"]] = int(event["encodedDataLength"])

    @property
    def requests(self) -> int:
        """How many were made."""
        return len(self._kinds)

    def bytes(self, kind: str | None = None) -> int:
        """How much has come over the line: of one kind, or of all."""
        return sum(self._bytes.get(key, 0) for key, found in self._kinds.items() if kind in (None, found))


def measure(browser: Browser, subject: Subject, condition: Condition) -> Sample:
    """Open a page once, on a phone that has not been here before."""
    with a_phone(browser, storage_state=subject.storage) as (page, phone):
        page.add_init_script(
            f"(() => {{ const TARGET = {json.dumps(subject.target)}, PATIENCE = {PATIENCE};\n{WATCH}}})()"
        )
        slow_line(phone, condition.line)
        slow_processor(phone, condition.processor.rate)
        phone.send("Performance.enable")
        traffic = _Traffic(phone)
        page.goto(subject.url, wait_until="commit", timeout=PATIENCE)
        ready = float(page.evaluate("rig.ready"))
        requests, wire, scripts = traffic.requests, traffic.bytes(), traffic.bytes("Script")
        heap = _heap(phone)
        registered = _tap(page, subject.registers) if subject.registers else False
        seen = page.evaluate("rig.seen()")
        return Sample(
            requests=requests,
            wire=wire,
            scripts=scripts,
            paint=seen["paint"] or ready,
            ready=ready,
            blocked=seen["blocked"],
            tap=seen["tap"],
            registered=registered,
            heap=heap,
        )


def _tap(page: Page, registers: str) -> bool:
    """Tap as a finger would, and wait for what should follow: not at each frame, which would slow the answer down."""
    place = page.evaluate("rig.place()")
    page.touchscreen.tap(place["x"], place["y"])
    try:
        page.wait_for_function(registers, timeout=TAP_REGISTERS_WITHIN, polling=LOOKED_AT_EACH)
    except TooLate:
        return False
    page.evaluate("rig.settled()")
    return True


def _heap(phone: CDPSession) -> int:
    metrics = {each["name"]: each["value"] for each in phone.send("Performance.getMetrics")["metrics"]}
    return int(metrics["JSHeapUsedSize"])
