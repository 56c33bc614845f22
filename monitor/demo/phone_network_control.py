"""The stand-in for Twilio in a process of its own: how it is run, told what to do, and asked what it has taken.

    with network_process() as network:      # or by hand: python -m monitor.demo.phone_network_control
        network.then(LOST_RECEIPT)
        network.references()                # the senders' own ids of the texts that it took

It keeps the time itself, from the moment that it is given as `--at`, and ends when its standard input does, so that
it never outlives whoever started it.
"""

import argparse
import base64
import http.client
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from monitor import clock
from monitor.demo.phone_network import ACCOUNT, NUMBER, TOKEN, PhoneNetwork
from monitor.demo.phone_network_server import listening
from monitor.demo.phone_network_words import Manners, Reply

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CONTROL = "/control/"
STEP_SECONDS = 0.05
ANSWERS_WITHIN_SECONDS = 10


@dataclass(frozen=True)
class Controlled:
    """A network that also does what it is told under /control/, by whoever has the account's token."""

    network: PhoneNetwork

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        orders: dict[str, Callable[..., object]] = {
            "texts": self._texts,
            "then": self._then,
            "set": self._set,
            "text_from": self._text_from,
        }
        order = orders.get(environ["PATH_INFO"].removeprefix(CONTROL))
        if order is None or not self.network.is_ours(environ):
            return self.network(environ, start_response)
        said = order(**json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))))
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(said).encode()]

    def _texts(self) -> list[dict[str, object]]:
        return [text.as_resource() | {"reference": text.reference} for text in list(self.network.taken.values())]

    def _then(self, replies: list[dict[str, Any]], look_ups: list[dict[str, Any]]) -> None:
        self.network.then(*(Reply(**each) for each in replies))
        self.network.then_to_look_ups(*(Reply(**each) for each in look_ups))

    def _set(self, **values: Any) -> None:
        if "manners" in values:
            self.network.manners = Manners(**values.pop("manners"))
        if "usual" in values:
            self.network.usual = Reply(**values.pop("usual"))
        for name in values.keys() & {"numbers", "inbound_url"}:
            setattr(self.network, name, values[name])

    def _text_from(self, number: str, body: str) -> None:
        """Let a phone write, and do not wait for its report: whoever asks may be the one that it is made to."""
        heard = self.network.hear(number, body)
        threading.Thread(target=self.network.report, args=(heard,), daemon=True).start()


@dataclass(frozen=True)
class Remote:
    """A network in another process."""

    url: str
    account: str = ACCOUNT
    token: str = TOKEN

    def texts(self) -> list[dict[str, Any]]:
        """Return every text that was taken, oldest first, as Twilio's resource and with its `reference`."""
        return list(self._ask("texts"))

    def references(self) -> list[str]:
        """The senders' own ids of the texts that were taken."""
        return [text["reference"] for text in self.texts() if text["reference"]]

    def then(self, *replies: Reply) -> None:
        """Answer the next requests to send so, one each."""
        self._ask("then", replies=[asdict(reply) for reply in replies], look_ups=[])

    def then_to_look_ups(self, *replies: Reply) -> None:
        """Answer the next requests to fetch or to list so."""
        self._ask("then", replies=[], look_ups=[asdict(reply) for reply in replies])

    def set(self, **values: Any) -> None:
        """Set `manners`, `usual`, `numbers` or `inbound_url`, as a network has them."""
        self._ask("set", **{name: asdict(each) if _is_value(each) else each for name, each in values.items()})

    def text_from(self, number: str, body: str) -> None:
        """Let a phone write; it is reported in a moment."""
        self._ask("text_from", number=number, body=body)

    def _ask(self, what: str, **body: Any) -> Any:
        credentials = base64.b64encode(f"{self.account}:{self.token}".encode()).decode()
        headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/json"}
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=ANSWERS_WITHIN_SECONDS)
        try:
            connection.request("POST", f"{CONTROL}{what}", json.dumps(body), headers)
            return json.load(connection.getresponse())
        finally:
            connection.close()


def _is_value(value: object) -> bool:
    return isinstance(value, Manners | Reply)


@contextmanager
def network_process(**options: object) -> Iterator[Remote]:
    """Run a network in a process of its own; options as on its command line. Raises ChildProcessError if it fails."""
    given = [part for name, value in options.items() for part in (f"--{name.replace('_', '-')}", str(value))]
    command = [sys.executable, "-m", "monitor.demo.phone_network_control", *given]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            url = process.stdout.readline().strip() if process.stdout else ""
            if not url:
                raise ChildProcessError("the stand-in for the phone network did not start")
            yield Remote(url, str(options.get("account", ACCOUNT)), str(options.get("token", TOKEN)))
        finally:
            process.kill()


def main() -> None:
    """Serve a network, say where, and keep its time until standard input ends."""
    parser = argparse.ArgumentParser(description="A stand-in for Twilio, on this machine. Prints its address.")
    parser.add_argument("--port", type=int, default=0, help="0 is a free one")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--account", default=ACCOUNT)
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--own-number", default=NUMBER)
    parser.add_argument("--inbound-url", help="where texts from phones are reported")
    parser.add_argument("--at", type=datetime.fromisoformat, help="the time, with its zone, that its clock shows now")
    given = vars(parser.parse_args())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started it
    port, at, began = given.pop("port"), given.pop("at"), clock.now()
    network = PhoneNetwork(**given, clock=(lambda: at + (clock.now() - began)) if at else clock.now)
    with listening(Controlled(network), port) as url:
        print(url, flush=True)
        over = threading.Event()
        threading.Thread(target=_wait_for_end, args=(over,), daemon=True).start()
        while not over.wait(STEP_SECONDS):
            network.step()


def _wait_for_end(over: threading.Event) -> None:
    sys.stdin.read()
    over.set()


if __name__ == "__main__":
    main()
