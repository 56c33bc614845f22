"""A slow phone: the system's Chromium with a slow line and a slow processor, as DevTools would set them."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_OPTIONS = [
    "--no-sandbox",  # root, and most containers, cannot have one
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
SCREEN: Mapping[str, Any] = {
    "viewport": {"width": 360, "height": 640},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
    "locale": "en-GB",
}
INDEX = Path(__file__).with_name("index.js").read_text(encoding="utf-8")
CLOSE_ENOUGH, NEAR, MOST_TRIES = 0.05, 0.15, 6


class NoBrowser(Exception):
    """There is no Chromium on this machine."""


@dataclass(frozen=True)
class Line:
    """A mobile line: milliseconds before each reply, and bytes a second down and up."""

    name: str
    latency: float
    down: float
    up: float


SLOW_4G = Line("slow 4G", 562.5, 1_440_000 / 8, 675_000 / 8)
SLOW_3G = Line("slow 3G", 2_000, 400_000 / 8, 400_000 / 8)
"""The presets of Chromium's DevTools: a reply waits as long as the name, the connection and its keys would take."""


@dataclass(frozen=True)
class Tier:
    """A class of phones by its BenchmarkIndex (the anchors of DevTools' own calibration)."""

    name: str
    index: int


MID_TIER, LOW_TIER = Tier("mid tier", 1000), Tier("low tier", 264)
"""A Pixel 5 and a Moto G Power of 2022."""


@dataclass(frozen=True)
class Slowdown:
    """How many times slower this machine is made for a tier, and the index that it has then."""

    tier: Tier
    rate: float
    index: float

    @property
    def is_near(self) -> bool:
        """Whether that is the tier's index, as nearly as a machine with other work can say."""
        return abs(self.index / self.tier.index - 1) <= NEAR


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium, without a window. Raises NoBrowser."""
    path = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if path is None:
        raise NoBrowser("there is no Chromium on this machine; `make browser` installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


@contextmanager
def a_phone(browser: Browser, **options: Any) -> Iterator[tuple[Page, CDPSession]]:
    """A phone that has never been here, unless its `storage_state` says so."""
    context: BrowserContext = browser.new_context(**SCREEN, **options)
    page = context.new_page()
    try:
        yield page, context.new_cdp_session(page)
    finally:
        context.close()


def slow_line(phone: CDPSession, line: Line) -> None:
    """Put a phone on a line."""
    phone.send("Network.enable")
    phone.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": line.latency,
            "downloadThroughput": line.down,
            "uploadThroughput": line.up,
        },
    )


def slow_processor(phone: CDPSession, rate: float) -> None:
    """Make a phone so many times slower."""
    phone.send("Emulation.setCPUThrottlingRate", {"rate": rate})


def calibrated(index_at: Callable[[float], float], tier: Tier) -> Slowdown:
    """Find the rate at which a machine has a tier's index; 1 for a machine that is no faster than that.

    `index_at` measures the index at a rate. Of all that were tried, the nearest counts.
    """
    rate, tried = 1.0, list[Slowdown]()
    for _ in range(MOST_TRIES):
        tried.append(Slowdown(tier, rate, index_at(rate)))
        off = tried[-1].index / tier.index
        if abs(off - 1) <= CLOSE_ENOUGH or (rate == 1 and off < 1):
            break
        rate = max(1.0, rate * off)
    return min(tried, key=lambda slowdown: abs(slowdown.index - tier.index))


def calibrate(browser: Browser, tier: Tier) -> Slowdown:
    """Calibrate this machine's own Chromium."""
    with a_phone(browser) as (page, phone):

        def index_at(rate: float) -> float:
            slow_processor(phone, rate)
            return float(page.evaluate(INDEX))

        return calibrated(index_at, tier)


def index_of(browser: Browser) -> float:
    """Return the index of this machine as it is."""
    with a_phone(browser) as (page, _):
        return float(page.evaluate(INDEX))
