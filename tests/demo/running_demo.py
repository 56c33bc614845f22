"""The demonstration as a person runs it: the command in a process of its own, and a browser to look at it with."""

import http.client
import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

COMMAND = [sys.executable, "-c", "from monitor.cli import main; main()"]
READY_WITHIN_SECONDS = 240
"""Building takes some 15 seconds; a busy machine several times that."""


def monitor(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the program to its end."""
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, check=False, timeout=READY_WITHIN_SECONDS
    )


def a_free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_answered(port: int) -> bool:
    """Whether somebody listens on a port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass
class Demo:
    """A demonstration that is being served."""

    process: subprocess.Popen[str]
    port: int
    database: Path
    errors: Path
    document: dict[str, Any]

    def patients(self, **wanted: str) -> list[dict[str, Any]]:
        """The patients of the document with these values."""
        return [each for each in self.document["patients"] if wanted.items() <= each.items()]


@contextmanager
def served(folder: Path, database: Path) -> Iterator[Demo]:
    """Run the demonstration on a free port until the test is done with it."""
    port, errors = a_free_port(), folder / "errors.txt"
    arguments = ["demo", "--json", "--port", str(port), "--database", f"sqlite:///{database}"]
    with errors.open("w") as log:
        process = subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, errors.read_text()
        yield Demo(process, port, database, errors, json.loads(line))
    finally:
        process.terminate()
        process.wait(timeout=30)
        if process.stdout is not None:
            process.stdout.close()


def closes(port: int, within: float = 20) -> bool:
    """Whether a port falls silent before long."""
    deadline = time.monotonic() + within
    while is_answered(port):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


@dataclass
class Page:
    """What came back."""

    status: int
    location: str
    text: str


@dataclass
class Browser:
    """A browser without scripts, with its own cookies."""

    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, url: str) -> Page:
        """Open a page."""
        return self._ask("GET", url, None)

    def post(self, url: str, **fields: str) -> Page:
        """Send a form."""
        return self._ask("POST", url, urlencode(fields))

    def _ask(self, method: str, url: str, body: str | None) -> Page:
        place = urlsplit(url)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection(place.netloc, timeout=30)
        try:
            connection.request(method, place.path, body, headers)
            answer = connection.getresponse()
            for cookie in answer.headers.get_all("Set-Cookie") or ():
                name, _, value = cookie.partition(";")[0].partition("=")
                self.cookies[name] = value
            return Page(answer.status, answer.headers.get("Location", ""), answer.read().decode())
        finally:
            connection.close()


def csrf_token(page: Page) -> str:
    """The token that a staff form carries."""
    found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]
