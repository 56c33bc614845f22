"""A great many forged calls, by this process and by others at the same time.

As a process of its own it reads what to do from standard input, and prints how its calls were answered.
"""

import io
import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from monitor.demo.phone_network_calls import signed
from monitor.messaging.signatures import SIGNATURE
from tests.messaging.edge import STATUS, Edge
from tests.messaging.outbox_setting import open_database
from tests.messaging.stand_in import TOKEN

Call = tuple[str, dict[str, str]]
"""An address with its query, and a form."""
Request = tuple[dict[str, Any], bytes]


def as_request(edge: Edge, path: str, form: dict[str, str], secret: str) -> Request:
    """Return a call as a web server hands it to an application, which is driven without one here."""
    place, _, query = path.partition("?")
    headers = signed(secret, f"{edge.settings.base_url}{path}", form, "HMAC_SHA1")
    body = urlencode(form).encode()
    environ = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": place,
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": headers["Content-Type"],
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": "127.0.0.1",
        "HTTP_X_TWILIO_SIGNATURE": headers[SIGNATURE],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": io.StringIO(),
    }
    return environ, body


def status_of(edge: Edge, environ: dict[str, Any], body: bytes) -> str:
    """Make a request; return the status that comes back."""
    statuses: list[str] = []

    def start_response(status: str, headers: object, failure: object = None) -> Any:
        statuses.append(status[:3])

    for _ in edge.app(environ | {"wsgi.input": io.BytesIO(body)}, start_response):
        pass
    return statuses[0]


def forged(edge: Edge, calls: Sequence[Call], count: int, chance: random.Random) -> list[Request]:
    """Return so many requests out of some calls, signed with what is not the token."""
    nearly = ("", "another", TOKEN[:-1], TOKEN + TOKEN[0])
    return chance.choices([as_request(edge, *each, secret) for each in calls for secret in nearly], k=count)


def start_forger(edge: Edge, calls: Sequence[Call], count: int, seed: int) -> subprocess.Popen[str]:
    """Let another process forge so many of these calls, to another instance of the same service."""
    url = edge.sessions.kw["bind"].url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.messaging.forgers"]
    forger = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert forger.stdin is not None
    forger.stdin.write(json.dumps([url, calls, count, seed]) + "\n")
    forger.stdin.flush()
    return forger


def result_of(forger: subprocess.Popen[str]) -> dict[str, int]:
    """Wait for a forger; return how its calls were answered."""
    said, errors = forger.communicate(timeout=120)
    assert forger.returncode == 0, errors
    return dict(json.loads(said))


def main() -> None:
    """Forge as told."""
    url, calls, count, seed = json.loads(sys.stdin.readline())
    edge = Edge(open_database(url))
    chance = random.Random(seed)  # noqa: S311  # a run that can be had again
    answered = Counter(status_of(edge, *each) for each in forged(edge, calls, count, chance))
    edge.clock.advance(seconds=2)
    edge.call(STATUS, {}, secret="another")  # counts what is not written yet, and itself
    print(json.dumps(answered))


if __name__ == "__main__":
    main()
