"""Whether the service is alive: for a load balancer and for whoever is on call."""

from datetime import timedelta

import sqlalchemy as sa
from flask import Blueprint
from flask.typing import ResponseReturnValue

from monitor.beats import last_beat
from monitor.db import reading
from monitor.errors import DatabaseUnavailable
from monitor.http import runtime

blueprint = Blueprint("health", __name__)

CLOCK_IS_LATE_AFTER = timedelta(minutes=5)
"""The slowest recurring job runs each minute."""


def anyone() -> None:
    """Let everybody in: the answer says nothing about anyone."""


@blueprint.get("/healthz")
def healthz() -> ResponseReturnValue:
    """Answer 200 when the database answers and the clock has ticked lately, else 503 and which of the two it is."""
    there = runtime()
    try:
        with reading(there.sessions) as session:
            beat = last_beat(session, "tick")
    except (DatabaseUnavailable, sa.exc.SQLAlchemyError):
        return {"database": "down", "clock": "unknown"}, 503
    ticking = beat is not None and abs(there.clock() - beat) < CLOCK_IS_LATE_AFTER
    return {"database": "up", "clock": "ticking" if ticking else "late"}, 200 if ticking else 503
