"""A sender that stands still between its intent and its request, as when a machine sleeps; run with the addresses.

Stops itself there, goes on when it is told to, and prints what became of the text in its hand.
"""

import os
import signal
import sys
from dataclasses import replace
from datetime import datetime

from monitor.db import unit_of_work
from monitor.ids import new_id
from monitor.messaging.delivery import claim, deliver
from tests.messaging.sending_processes import LEASE, make_courier, noon_and_on

BEFORE_THE_REQUEST = 2
"""The clock is read for the intent, and again just before the request."""


def main(database_url: str, provider_url: str) -> None:
    """Claim one text, write down the intent, stand still, and go on."""
    read = 0

    def stand_still() -> datetime:
        nonlocal read
        read += 1
        if read == BEFORE_THE_REQUEST:
            os.kill(os.getpid(), signal.SIGSTOP)
        return noon_and_on()

    courier = replace(make_courier(database_url, provider_url, LEASE), clock=stand_still)
    with unit_of_work(courier.sessions) as session:
        (text,) = claim(session, owner := new_id(), noon_and_on(), lease=LEASE)
    print(deliver(courier, text, owner))


if __name__ == "__main__":
    main(*sys.argv[1:])
