"""The patient surface on a local port, in a process of its own that may be killed many times.

Run with how many times, and with the token and the body of a form to begin with, or two empty strings. Prints the port;
then, when the killing is over, how many were killed. Serves until its input ends.
"""

import logging
import os
import signal
import socket
import sys
import time
from functools import partial
from itertools import cycle
from typing import TYPE_CHECKING, Any

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import Client

from monitor import Surface, compose
from monitor.config import Settings, load_settings
from monitor.startup import open_database
from tests.integrity.processes import begin, was_killed

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

PAUSES = cycle((0.02, 0.15, 0.07, 0.2, 0.04, 0.11))
"""Seconds from the first request to the killing: uneven, so that they fall on every part of the work."""


class Quiet(WSGIRequestHandler):
    """Serves without writing a line for each request."""

    def log(self, type: str, message: str, *args: object) -> None:
        """Say nothing: a connection that the other side gave up is meant to be."""


def warmed_up(settings: Settings, token: str, form: str) -> "WSGIApplication":
    """Return the patient surface when it has kept one check-in, so that later processes find everything read."""
    sessions = open_database(settings)
    application = compose(settings, frozenset({Surface.PATIENT}), sessions=sessions)
    if token:
        reply = Client(application).post(f"/c/{token}", data=form, content_type="application/x-www-form-urlencoded")
        reply.close()
    sessions.kw["bind"].dispose()  # each process opens connections of its own
    return application


def serve(door: socket.socket, application: "WSGIApplication", bell: int) -> None:
    """Serve with a thread for each connection, on a socket that outlives this process; ring at each request."""

    def ringing(environ: Any, start_response: Any) -> Any:
        os.write(bell, b".")
        return application(environ, start_response)

    host, port = door.getsockname()
    make_server(host, port, ringing, threaded=True, request_handler=Quiet, fd=door.fileno()).serve_forever()


def serve_and_be_killed(door: socket.socket, application: "WSGIApplication") -> None:
    """Serve until a moment after the first request."""
    listening, bell = os.pipe()
    server = begin(partial(serve, door, application, bell))
    os.read(listening, 1)
    time.sleep(next(PAUSES))
    os.kill(server, signal.SIGKILL)
    os.close(listening)
    os.close(bell)
    if not was_killed(server):
        raise RuntimeError("a server died of itself")


def main(kills: str, token: str, form: str) -> None:
    """Kill so many servers, one after the other, then leave one in peace until the input ends."""
    logging.disable(logging.ERROR)  # a killed server's last words are meant to be lost
    application = warmed_up(load_settings(), token, form)
    with socket.create_server(("127.0.0.1", 0), backlog=128) as door:
        print(door.getsockname()[1], flush=True)
        for _ in range(int(kills)):
            serve_and_be_killed(door, application)
        print(kills, flush=True)
        with open(os.devnull, "wb") as silence:
            server = begin(partial(serve, door, application, silence.fileno()))
        sys.stdin.read()
        os.kill(server, signal.SIGKILL)
        os.waitpid(server, 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
