"""The patient surface on a local port, in a process of its own that may be killed many times; run with how many.

Prints the port; then, when the killing is over, how many were killed while they had work. Serves until its input ends.
"""

import logging
import os
import signal
import socket
import sys
import time
from functools import partial
from itertools import cycle
from typing import TYPE_CHECKING

from werkzeug.serving import WSGIRequestHandler, make_server

from monitor import Surface, compose
from monitor.config import Settings, load_settings
from monitor.startup import open_database
from tests.integrity.processes import begin, was_killed

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

PAUSES = cycle((0.06, 0.13, 0.035, 0.09, 0.05, 0.11, 0.07))
"""Seconds between two killings: uneven, so that they fall on every part of the work."""


class Quiet(WSGIRequestHandler):
    """Serves without writing a line for each request."""

    def log(self, type: str, message: str, *args: object) -> None:
        """Say nothing: a connection that the other side gave up is meant to be."""


def application(settings: Settings) -> "WSGIApplication":
    """Return the patient surface on the database of the settings."""
    return compose(settings, frozenset({Surface.PATIENT}), sessions=open_database(settings))


def serve(door: socket.socket, settings: Settings) -> None:
    """Serve with a thread for each connection, on a socket that outlives this process."""
    host, port = door.getsockname()
    make_server(
        host, port, application(settings), threaded=True, request_handler=Quiet, fd=door.fileno()
    ).serve_forever()


def main(kills: str) -> None:
    """Kill so many servers, one after the other, then leave one in peace until the input ends."""
    logging.disable(logging.ERROR)  # a killed server's last words are meant to be lost
    settings = load_settings()
    application(settings)  # everything is read once, here
    with socket.create_server(("127.0.0.1", 0), backlog=128) as door:
        print(door.getsockname()[1], flush=True)
        for _ in range(int(kills)):
            server = begin(partial(serve, door, settings))
            time.sleep(next(PAUSES))
            os.kill(server, signal.SIGKILL)
            if not was_killed(server):
                raise RuntimeError("a server died of itself")
        print(kills, flush=True)
        server = begin(partial(serve, door, settings))
        sys.stdin.read()
        os.kill(server, signal.SIGKILL)
        os.waitpid(server, 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
