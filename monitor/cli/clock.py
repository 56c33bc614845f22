"""Keeping time in a process of its own, beside web processes that do not."""

import logging
import signal
import threading

import click

from monitor import clock
from monitor.cli.rules import BadInput
from monitor.config import load_settings
from monitor.startup import clock_lock, open_database

LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"


@click.command("clock")
def clock_command() -> None:
    """Run every job at its time until stopped: plan, send, look after what was lost, close, look at the rules.

    For web processes that have MONITOR_CLOCK=no. With MONITOR_DISPATCHER=distributed texts are handed over to `monitor
    worker`. On PostgreSQL any number of clocks may run: what one has done the others find done.
    """
    from monitor.worker import make_courier, make_dispatch, start_clock

    logging.basicConfig(level=logging.WARNING, format=LOG_FORMAT)
    settings = load_settings()
    courier = make_courier(settings, open_database(settings), clock.now)
    scheduler = start_clock(courier, clock_lock(settings), make_dispatch(settings))
    if scheduler is None:
        raise BadInput("another process has the clock of this database; start that one with MONITOR_CLOCK=no")
    click.echo("The clock is running; stop with Ctrl-C.", err=True)
    wait_for_the_end()
    scheduler.shutdown()


def wait_for_the_end() -> None:
    """Wait for SIGTERM or Ctrl-C."""
    stopped = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stopped.set())
    stopped.wait()
