"""Sending texts in processes of their own, on any number of machines."""

import logging

import click

from monitor import clock
from monitor.cli.clock import LOG_FORMAT
from monitor.cli.rules import BadInput
from monitor.config import Dispatcher, load_settings
from monitor.startup import open_database


@click.command("worker")
@click.option(
    "--concurrency", type=click.IntRange(1, 64), default=10, show_default=True, help="Texts on their way at once."
)
def worker_command(concurrency: int) -> None:
    """Send the texts that the clock hands over, until stopped; the texts in hand are finished first.

    Needs MONITOR_DISPATCHER=distributed, PostgreSQL and a `monitor clock` somewhere. Any number may run anywhere.
    """
    settings = load_settings()
    if settings.dispatcher is not Dispatcher.DISTRIBUTED:
        raise BadInput(
            "MONITOR_DISPATCHER is embedded: the clock sends texts itself and hands none over; "
            "set it to distributed for the clock and every worker"
        )
    logging.basicConfig(level=logging.WARNING, format=LOG_FORMAT)
    from monitor.messaging.distributed import run_worker
    from monitor.worker import make_courier

    courier = make_courier(settings, open_database(settings, pool_size=concurrency), clock.now)
    click.echo("The worker is running; stop with Ctrl-C.", err=True)
    run_worker(courier, concurrency)
