"""A small server on this machine that answers as Twilio's Messages resource does, faults included.

It remembers every text that it took and, like Twilio, takes the same one as often as it is asked to.
"""

import base64
import json
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import parse_qs, urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from wsgiref.types import StartResponse, WSGIEnvironment

from monitor.config import Settings

ACCOUNT, TOKEN = "AC" + "0" * 32, "t" * 32


def settings_for(url: str, **more: Any) -> Settings:
    """Return the settings of a service whose Twilio is at `url`."""
    key = base64.b64encode(bytes(range(32))).decode()
    account: dict[str, Any] = {"twilio_account_sid": ACCOUNT, "twilio_auth_token": TOKEN}
    account |= {"twilio_from": "+447700900000", "twilio_base_url": url} | more
    return Settings(
        environment="demo",
        public_base_url="http://127.0.0.1",
        secret_key="s" * 32,
        data_keys=f"k1:{key}",
        lookup_key=key,
        **account,
    )


@dataclass(frozen=True)
class Reply:
    """How to answer one request."""

    status: int = 201
    code: int | None = None
    accepts: bool = True
    drops: bool = False
    """Close the connection instead of answering."""
    after_seconds: float = 0.0
    body: str | None = None


def refusal(status: int, code: int | None = None, **more: Any) -> Reply:
    """Return a reply that does not take the text."""
    return Reply(status, code, accepts=False, **more)


ACCEPTED = Reply()
LOST_RECEIPT = Reply(drops=True)
"""Takes the text and closes the connection before it says so."""


@dataclass
class StandIn:
    """What the server has taken and seen, and what it is to answer next."""

    accepted: list[dict[str, str]] = field(default_factory=list)
    requests: list[WSGIEnvironment] = field(default_factory=list)
    replies: deque[Reply] = field(default_factory=deque)
    usual: Reply = ACCEPTED
    url: str = ""
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def then(self, *replies: Reply) -> None:
        """Answer the next requests so, one each; the usual way after that."""
        self.replies.extend(replies)

    def references(self) -> list[str]:
        """The ids of the texts that were taken, as their callback addresses carry them."""
        return [parse_qs(urlsplit(form["StatusCallback"]).query)["m"][0] for form in self.accepted]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        self.requests.append(environ)
        reply = self.replies.popleft() if self.replies else self.usual
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        sid = f"SM{next(self._numbers):032x}"
        if reply.accepts:
            self.accepted.append(form)
        time.sleep(reply.after_seconds)
        if reply.drops:
            environ["stand_in.connection"].shutdown(socket.SHUT_RDWR)
        text = _as_json(reply, sid, form) if reply.body is None else reply.body
        start_response(f"{reply.status} As Told", [("Content-Type", "application/json")])
        return [text.encode()]


def _as_json(reply: Reply, sid: str, form: dict[str, str]) -> str:
    if reply.accepts:
        return json.dumps({"sid": sid, "status": "queued", "to": form["To"], "num_segments": "1"})
    # Twilio's own errors quote the number, so ours do too.
    return json.dumps({"code": reply.code, "message": f"The number {form['To']} is no good", "status": reply.status})


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def get_environ(self) -> WSGIEnvironment:
        return super().get_environ() | {"stand_in.connection": self.connection}

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def running(tls: ssl.SSLContext | None = None) -> Iterator[StandIn]:
    """Serve on a free port of 127.0.0.1, over TLS if a context is given."""
    stand_in = StandIn()
    with _Server(("127.0.0.1", 0), _Quiet) as server:
        server.set_app(stand_in)
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        stand_in.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield stand_in
        finally:
            server.shutdown()
            thread.join()
