"""Senders as processes of their own that are killed at any moment; run with the addresses and for how many seconds.

Prints how many were killed. The time is shifted, so that the run begins at noon, when texts may go.
"""

import logging
import os
import signal
import sys
import time
import traceback
from datetime import datetime, timedelta
from itertools import cycle

import sqlalchemy as sa

from monitor import clock
from monitor.db import reading, unit_of_work
from monitor.ids import new_id
from monitor.messaging.delivery import Courier, claim, deliver
from monitor.messaging.gateway import SmsGateway
from monitor.messaging.jobs import dispatch
from monitor.messaging.models import WAITING, Message, MessageState
from monitor.messaging.twilio_gateway import TwilioGateway
from tests.messaging.outbox_setting import BASE_URL, NOON, SENDER_NAME, nothing_more, open_database, wanted
from tests.messaging.stand_in import settings_for

SENDERS = 3
TIMEOUT = timedelta(seconds=0.5)
LEASE = timedelta(seconds=1.2)
PAUSES = cycle((0.15, 0.31, 0.17, 0.23, 0.19, 0.29))
"""Seconds between two killings: uneven, so that they fall on every part of the work."""
BEGAN = clock.now()
UNDER_WAY = WAITING | {MessageState.SENDING}


def noon_and_on() -> datetime:
    """Tell the time."""
    return NOON + (clock.now() - BEGAN)


def make_courier(database_url: str, gateway: SmsGateway) -> Courier:
    """Open the database, which each process must do for itself."""
    sessions = open_database(database_url)
    return Courier(sessions, gateway, noon_and_on, wanted, nothing_more, BASE_URL, SENDER_NAME, LEASE)


def warm_up(courier: Courier) -> None:
    """Send one text, so that the processes to come find everything read and compiled."""
    with unit_of_work(courier.sessions) as session:
        (text,) = claim(session, owner := new_id(), courier.clock(), limit=1)
    deliver(courier, text, owner)
    courier.sessions.kw["bind"].dispose()


def start_sender(database_url: str, gateway: SmsGateway) -> int:
    """Start a process that sends until it is killed; return its id."""
    process = os.fork()
    if process:
        return process
    try:
        courier = make_courier(database_url, gateway)
        while True:
            dispatch(courier)
            time.sleep(0.02)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def kill(process: int) -> None:
    """End a process as a power cut would. Raises ProcessLookupError if it has died of something else."""
    os.kill(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    if not os.WIFSIGNALED(status):
        raise RuntimeError("a sender died of itself")


def under_way(courier: Courier) -> int:
    """Count the texts that wait or are being sent."""
    with reading(courier.sessions) as session:
        states = sa.select(sa.func.count()).select_from(Message).where(Message.state.in_(UNDER_WAY))
        return session.scalars(states).one()


def main(database_url: str, provider_url: str, seconds: str) -> None:
    """Kill senders, one after the other, for so many seconds; then send what is left in peace."""
    logging.disable(logging.WARNING)  # receipts are meant to be lost
    gateway = TwilioGateway(settings_for(provider_url), callback_base=BASE_URL, timeout=TIMEOUT)
    warm_up(make_courier(database_url, gateway))
    kills, end = 0, time.monotonic() + float(seconds)
    senders = [start_sender(database_url, gateway) for _ in range(SENDERS)]
    while time.monotonic() < end:
        time.sleep(next(PAUSES))
        kill(senders.pop(0))
        kills += 1
        senders.append(start_sender(database_url, gateway))
    for sender in senders:
        kill(sender)
    print(kills + SENDERS)
    courier = make_courier(database_url, gateway)
    while under_way(courier):
        dispatch(courier)
        time.sleep(0.05)


if __name__ == "__main__":
    main(*sys.argv[1:])
