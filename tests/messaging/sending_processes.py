"""Senders as processes of their own that are killed at any moment; then what is left is sent in peace.

Run with the addresses of the database and the provider, how often to kill, and the settle time in seconds. The time is
shifted, so that the run begins at noon, when texts may go, and leases are short, so that it does not take all day.
"""

import logging
import os
import sys
import time
import traceback
from datetime import datetime, timedelta

from sqlalchemy import event

from monitor import clock
from monitor.db import unit_of_work
from monitor.ids import new_id
from monitor.messaging.delivery import Courier, claim, deliver
from monitor.messaging.jobs import dispatch
from monitor.messaging.reconcile import reconcile
from monitor.messaging.twilio_gateway import TwilioGateway
from tests.messaging.killing import kill_again_and_again, under_way
from tests.messaging.outbox_setting import BASE_URL, FOLLOWERS, NOON, SENDER_NAME, open_database
from tests.messaging.stand_in import settings_for

TIMEOUT = timedelta(seconds=0.5)
LEASE = timedelta(seconds=1.2)
BEGAN = clock.now()


def noon_and_on() -> datetime:
    """Tell the time."""
    return NOON + (clock.now() - BEGAN)


def make_courier(database_url: str, provider_url: str, settle: timedelta) -> Courier:
    """Return what senders need. A killed process loses nothing that it wrote, so nobody waits for the disk here."""
    sessions = open_database(database_url)
    if database_url.startswith("sqlite"):
        event.listen(sessions.kw["bind"], "connect", lambda one, _: one.execute("PRAGMA synchronous=OFF"))
    gateway = TwilioGateway(settings_for(provider_url), timeout=TIMEOUT)
    return Courier(sessions, gateway, noon_and_on, FOLLOWERS, BASE_URL, SENDER_NAME, lease=LEASE, settle=settle)


def warm_up(courier: Courier) -> None:
    """Send one text, so that the processes to come find everything read and compiled, and no connection."""
    with unit_of_work(courier.sessions) as session:
        (text,) = claim(session, owner := new_id(), courier.clock(), limit=1)
    deliver(courier, text, owner)
    courier.sessions.kw["bind"].dispose()


def start_sender(courier: Courier) -> int:
    """Start a process that sends and looks after what was lost until it is killed; return its id."""
    process = os.fork()
    if process:
        return process
    try:
        while True:
            work(courier)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def work(courier: Courier) -> None:
    """Do once what the clock does again and again."""
    dispatch(courier)
    reconcile(courier)
    time.sleep(0.05)


def main(database_url: str, provider_url: str, kills: str, settle: str) -> None:
    """Kill senders, one after the other; then send what is left."""
    logging.disable(logging.CRITICAL)  # receipts are meant to be lost
    courier = make_courier(database_url, provider_url, timedelta(seconds=float(settle)))
    warm_up(courier)
    kill_again_and_again(lambda: start_sender(courier), kills=int(kills))
    while under_way(courier.sessions):
        work(courier)


if __name__ == "__main__":
    main(*sys.argv[1:])
