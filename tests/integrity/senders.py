"""Phones that send check-ins to a real server, and remember what they were told."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import IO
from urllib.parse import urlencode
from uuid import UUID

from monitor.config import Settings
from monitor.ids import new_id
from tests.builders import answers
from tests.integrity.processes import command, environment_of

NONCE = re.compile(r'nonce="[^"]*"')


@dataclass(frozen=True)
class Form:
    """A filled-in check-in as one page sends it, again and again with the same key."""

    token: str
    phq9: int = 0
    gad7: int = 0
    item9: int = 0
    key: UUID = field(default_factory=new_id)

    @property
    def answers(self) -> Mapping[tuple[str, int], int | None]:
        """The answers, the difficulty question among them."""
        return answers(self.phq9 + self.item9, self.gad7, self.item9) | {("phq9", 0): 1}

    @property
    def body(self) -> str:
        """The form as it is sent."""
        fields = {f"{instrument}_{item}": str(value) for (instrument, item), value in self.answers.items()}
        return urlencode(fields | {"key": str(self.key), "lang": "en"})


@dataclass(frozen=True)
class Reply:
    """What a phone was told."""

    status: int
    page: str

    @property
    def is_receipt(self) -> bool:
        """Whether the patient was told that the answers are kept."""
        return self.status == 200 and ("Your answers are in" in self.page or "You deserve support" in self.page)

    @property
    def shown(self) -> str:
        """The page without what is different each time."""
        return NONCE.sub("", self.page)


def send(port: int, form: Form) -> Reply | None:
    """Send a form once; None when the connection broke before the reply was whole."""
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept-Language": "en"}
        connection.request("POST", f"/c/{form.token}", form.body, headers)
        response = connection.getresponse()
        return Reply(response.status, response.read().decode())
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()


@dataclass
class Server:
    """A serving process."""

    port: int
    _says: IO[str]

    def wait_until_the_killing_is_over(self) -> int:
        """Return how many were killed."""
        return int(self._says.readline())


@contextmanager
def serving(settings: Settings, database_url: str, kills: int = 0, warm_up: Form | None = None) -> Iterator[Server]:
    """Run the patient surface in processes of its own, so many of which are killed; keep one form before."""
    first = (warm_up.token, warm_up.body) if warm_up else ("", "")
    process = subprocess.Popen(
        command("tests.integrity.serving_process", str(kills), *first),
        env=environment_of(settings, database_url),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Server(int(process.stdout.readline()), process.stdout)
        finally:
            process.stdin.close()
            process.wait(timeout=30)
    assert process.returncode == 0
