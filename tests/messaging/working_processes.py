"""Workers and clocks as processes of their own that are killed at any moment; then what is left is sent in peace.

Run with the addresses of the database and the provider, how often to kill, and the settle time in seconds. Time and
leases are as in `sending_processes`; dead workers are noticed in a second, for the same reason.
"""

import logging
import os
import sys
import time
import traceback
from collections.abc import Callable
from datetime import timedelta
from itertools import cycle

from monitor.messaging.delivery import Courier
from monitor.messaging.distributed import Rhythm, hand_over, run_worker
from monitor.messaging.reconcile import reconcile
from tests.messaging.killing import kill, kill_again_and_again, under_way
from tests.messaging.sending_processes import make_courier, warm_up

RHYTHM = Rhythm(every="* * * * * *", heartbeat=0.2, stalled_after=1)
AT_ONCE = 2


def keep_time(courier: Courier) -> None:
    """Hand over what is due and look after what was lost, again and again."""
    while True:
        hand_over(courier)
        reconcile(courier)
        time.sleep(0.05)


def send(courier: Courier) -> None:
    """Send what is handed over."""
    run_worker(courier, AT_ONCE, RHYTHM)


KINDS: tuple[Callable[[Courier], None], ...] = (keep_time, send, send)
AT_WORK = 2 * len(KINDS)
"""Two clocks and four workers: the eldest is killed and one of its kind takes its place."""


def start(work: Callable[[Courier], None], courier: Courier) -> int:
    """Start a process that works until it is killed; return its id."""
    process = os.fork()
    if process:
        return process
    try:
        work(courier)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def main(database_url: str, provider_url: str, kills: str, settle: str) -> None:
    """Kill clocks and workers, one after the other; then send what is left."""
    logging.disable(logging.CRITICAL)  # receipts are meant to be lost
    courier = make_courier(database_url, provider_url, timedelta(seconds=float(settle)))
    warm_up(courier)
    kinds = cycle(KINDS)
    kill_again_and_again(lambda: start(next(kinds), courier), kills=int(kills), senders=AT_WORK)
    in_peace = [start(work, courier) for work in (keep_time, send, send, send)]
    while under_way(courier.sessions):
        time.sleep(0.2)
    for process in in_peace:
        kill(process)


if __name__ == "__main__":
    main(*sys.argv[1:])
