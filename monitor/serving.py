"""What the web server loads: the composed application, and the clock when this process is to have it."""

import logging
import os
from typing import TYPE_CHECKING

from monitor import Surface, clock, compose
from monitor.config import Dispatcher, load_settings
from monitor.startup import clock_lock, open_database

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

SURFACES = "MONITOR_SURFACES"
CLOCK = "MONITOR_CLOCK"


def build() -> "WSGIApplication":
    """Return the application of this process, as the environment describes it."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    settings = load_settings()
    sessions = open_database(settings)
    surfaces = frozenset(Surface(name) for name in os.environ.get(SURFACES, "patient,staff").split(","))
    application = compose(settings, surfaces, sessions=sessions)
    if os.environ.get(CLOCK, "yes") == "yes" and settings.dispatcher is Dispatcher.EMBEDDED:
        from monitor.worker import make_courier, start_clock

        start_clock(make_courier(settings, sessions, clock.now), clock_lock(settings))
    return application


application = build()
