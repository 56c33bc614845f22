"""Granian, and how its workers begin and end: apart from `serve`, since importing it takes a moment."""

import fcntl
import http.client
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from monitor.cli.serve import Address

CONNECTIONS = 1024
"""Granian counts connections, idle ones too: with few, some phones that keep theirs open would shut all others out."""
CLOCK = "MONITOR_CLOCK"
STOP_WITHIN_SECONDS = 10
ANSWERS_WITHIN_SECONDS, WELL_WITHIN_SECONDS = 120, 20

_TO_STANDARD_ERROR = {
    "handlers": {
        "console": {"formatter": "generic", "class": "logging.StreamHandler", "stream": "ext://sys.stderr"},
        "access": {"formatter": "access", "class": "logging.StreamHandler", "stream": "ext://sys.stderr"},
    }
}


def run(address: "Address", workers: int, ready: Callable[[], None]) -> None:
    """Serve until somebody stops it: Ctrl-C, SIGTERM, or the terminal that is closed. No worker outlives this process.

    `ready` is called once the service is well, from a thread. Raises SystemExit when the workers cannot be kept up.
    """
    with ExitStack() as stack:
        clock_file = None
        if workers > 1:
            clock_file = stack.enter_context(tempfile.NamedTemporaryFile(prefix="monitor-clock-")).name
        server = _Server(
            "monitor.serving:application",
            address=address.ip,
            port=address.port,
            interface=Interfaces.WSGI,
            workers=workers,
            blocking_threads=1,  # requests are short; more threads only wait for each other (performance research, 2b)
            backlog=CONNECTIONS,
            backpressure=CONNECTIONS,
            websockets=False,
            respawn_failed_workers=True,
            workers_kill_timeout=STOP_WITHIN_SECONDS,
            log_level=LogLevels.warning,
            log_dictconfig=_TO_STANDARD_ERROR,
        )
        server.when_started = partial(_announce, address, ready)
        server.serve(target_loader=partial(_load, clock_file), wrap_loader=False)


class _Server(MPServer):
    when_started: Callable[[], None]

    def startup(self, spawn_target: Any, target_loader: Any) -> None:
        """Start the workers, and only then a thread: a process that has threads is not safe to fork."""
        super().startup(spawn_target, target_loader)  # type: ignore[no-untyped-call]
        signal.signal(signal.SIGHUP, self.signal_handler_interrupt)
        threading.Thread(target=self.when_started, daemon=True).start()


def _load(clock_file: str | None) -> "WSGIApplication":
    """Return the application; of several workers, one gets the clock with it. Runs in the worker."""
    os.setpgrp()  # Ctrl-C is for the parent alone, which then stops its workers in order
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # until granian sets its own, after this: not the parent's
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # standard output belongs to the command
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if clock_file and not _take(clock_file):
        os.environ[CLOCK] = "no"
    from monitor.serving import application

    return application


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(STOP_WITHIN_SECONDS)
    os._exit(1)


def _take(path: str) -> bool:
    """Take the clock, if no other worker has it; a worker that ends lets go of it, and the next to start takes it."""
    file = os.open(path, os.O_RDONLY)  # never closed: an open file is a held lock
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        return False
    return True


def _announce(address: "Address", ready: Callable[[], None]) -> None:
    """Call `ready` when the service is well; or, when it takes long to be well, as soon as it answers at all."""
    started = time.monotonic()
    while (waited := time.monotonic() - started) < ANSWERS_WITHIN_SECONDS:
        status = _health(address)
        if status == http.client.OK or (status is not None and waited > WELL_WITHIN_SECONDS):
            return ready()
        time.sleep(0.1)


def _health(address: "Address") -> int | None:
    connection = http.client.HTTPConnection(address.reached_at, address.port, timeout=5)
    try:
        connection.request("GET", address.health_path)
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()
